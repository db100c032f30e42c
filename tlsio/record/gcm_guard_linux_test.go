package record_test

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"orderwire/tlsio/record"
)

// TestGCMGuardPages lays text and tag against pages that cannot be read or written, in front and behind: one byte too far is
// a fault.
func TestGCMGuardPages(t *testing.T) {
	page := os.Getpagesize()
	const pages = 6
	all, err := syscall.Mmap(-1, 0, (pages+2)*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Error(err)
		}
	})
	for _, border := range [][]byte{all[:page], all[(pages+1)*page:]} {
		if err := syscall.Mprotect(border, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	inside := all[page : (pages+1)*page]
	eachGCM(t, func(t *testing.T, keyLen int, build func([]byte) record.GCM) {
		random := newSource(3)
		key, text := make([]byte, keyLen), make([]byte, record.MaxGCM)
		random.fill(key)
		random.fill(text)
		for i := range text {
			text[i] |= 1 // zero is no inner type
		}
		kernel, reference := build(key), standardGCM(t, key)
		aad := text[:13]
		for n := 0; n <= record.MaxGCM; n++ {
			if n > 1200 && n < record.MaxGCM-130 && n%97 != 0 {
				continue
			}
			nonce := [12]byte{byte(n), byte(n >> 8)}
			want := reference.Seal(nil, nonce[:], text[:n], aad)
			for _, place := range [][]byte{inside[:n+16], inside[len(inside)-n-16:]} {
				for _, ahead := range []bool{false, n <= record.MaxAhead+1} {
					copy(place, text[:n])
					if ahead {
						kernel.Prepare(&nonce, n)
					}
					if n > 0 { // the last byte as an inner type
						kernel.SealText(&nonce, place, n-1, text[n-1], aad)
					} else {
						kernel.SealText(&nonce, place, 0, 0, aad)
					}
					if !bytes.Equal(place, want) {
						t.Fatalf("%d bytes: sealed text differs", n)
					}
				}
				if got, err := kernel.Open(place[:0], nonce[:], place, aad); err != nil || !bytes.Equal(got, text[:n]) {
					t.Fatalf("%d bytes: opened text differs: %v", n, err)
				}
			}
		}
	})
}
