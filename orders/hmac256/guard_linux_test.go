package hmac256_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"syscall"
	"testing"

	"orderwire/orders/hmac256"
)

// TestGuardPages lays tail and output against pages that cannot be read or written, in front and behind: one byte
// too far is a fault.
func TestGuardPages(t *testing.T) {
	page := os.Getpagesize()
	guarded := func() []byte {
		all, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := syscall.Munmap(all); err != nil {
				t.Error(err)
			}
		})
		for _, border := range [][]byte{all[:page], all[2*page:]} {
			if err := syscall.Mprotect(border, syscall.PROT_NONE); err != nil {
				t.Fatal(err)
			}
		}
		return all[page : 2*page]
	}
	input, output := guarded(), guarded()
	eachRow(t, func(t *testing.T, row string) {
		prefix := hmac256.NewKeyOn(row, []byte("secret")).Prefix(nil)
		for n := range 300 {
			for _, tail := range [][]byte{input[:n], input[page-n:]} {
				mac := hmac.New(sha256.New, []byte("secret"))
				mac.Write(tail)
				want := hex.EncodeToString(mac.Sum(nil))
				for _, text := range [][]byte{output[:hmac256.HexSize], output[page-hmac256.HexSize:]} {
					hmac256.SumHex(prefix, tail, text)
					if string(text) != want {
						t.Fatalf("%d bytes: %s, want %s", n, text, want)
					}
				}
			}
		}
	})
}
