package record_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"orderwire/tlsio/record"
)

// eachGCM runs a test for every kernel of ours and both key sizes.
func eachGCM(t *testing.T, run func(t *testing.T, keyLen int, build func(key []byte) record.GCM)) {
	t.Helper()
	found := false
	record.GCMRows(func(name, skip string, build func([]byte) (record.GCM, error)) {
		found = true
		for _, keyLen := range []int{16, 32} {
			t.Run(fmt.Sprintf("%s/aes%d", name, 8*keyLen), func(t *testing.T) {
				if skip != "" {
					t.Skip(skip)
				}
				run(t, keyLen, func(key []byte) record.GCM {
					g, err := build(key)
					if err != nil {
						t.Fatal(err)
					}
					return g
				})
			})
		}
	})
	if !found {
		t.Skip("no kernel of AES-GCM in this build")
	}
}

// standardGCM is the reference.
func standardGCM(tb testing.TB, key []byte) cipher.AEAD {
	tb.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	return aead
}

// source is a seeded stream of test bytes.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 17))} }

func (s source) fill(b []byte) {
	for i := 0; i < len(b); i += 8 {
		word := s.Uint64()
		for j := i; j < len(b) && j < i+8; j++ {
			b[j] = byte(word >> (8 * (j - i)))
		}
	}
}

// length draws mostly the sizes of orders and market frames, and every size at times.
func (s source) length() int {
	switch s.IntN(16) {
	case 0:
		return s.IntN(record.MaxPlaintext + 1)
	case 1, 2, 3:
		return s.IntN(2048)
	case 4:
		return s.IntN(40)
	}
	return s.IntN(600)
}

// TestGCMRandom seals and opens a million random texts at random alignments on each kernel, ten million with ORDERWIRE_LONG
// set, a third of them on keystream made ahead, and compares each byte with crypto/cipher.
func TestGCMRandom(t *testing.T) {
	trials := 1_000_000 / 2 // of each key size
	switch {
	case os.Getenv("ORDERWIRE_LONG") != "":
		trials *= 10
	case testing.Short():
		trials /= 20
	}
	eachGCM(t, func(t *testing.T, keyLen int, build func([]byte) record.GCM) {
		random := newSource(uint64(keyLen))
		pool := make([]byte, 1<<16)
		random.fill(pool)
		scratch, want := make([]byte, record.MaxGCM+256), make([]byte, 0, record.MaxGCM+256)
		var kernel record.GCM
		var reference cipher.AEAD
		for trial := range trials {
			if trial%50 == 0 {
				key := make([]byte, keyLen)
				random.fill(key)
				kernel, reference = build(key), standardGCM(t, key)
			}
			n, inner, from := random.length(), byte(0), random.IntN(64)
			if random.IntN(2) == 0 {
				inner = byte(1 + random.IntN(255))
			}
			aad := pool[random.IntN(1<<10):][:random.IntN(17)]
			nonce := [12]byte(pool[random.IntN(1<<15):])
			text := pool[random.IntN(len(pool)-n):][:n]
			want = append(want[:0], text...)
			if inner != 0 {
				want = append(want, inner)
			}
			total := len(want)
			want = reference.Seal(want[:0], nonce[:], want, aad)
			copy(scratch[from:], text)
			after := scratch[from+total+16]
			if random.IntN(3) == 0 && total <= record.MaxAhead+1 {
				kernel.Prepare(&nonce, total)
			}
			kernel.SealText(&nonce, scratch[from:], n, inner, aad)
			if !bytes.Equal(scratch[from:from+total+16], want) || scratch[from+total+16] != after {
				t.Fatalf("trial %d: %d bytes, inner type %d, aad %d, at %d: sealed text differs", trial, n, inner, len(aad), from)
			}
			sealed := scratch[from : from+total+16]
			got, err := kernel.Open(sealed[:0], nonce[:], sealed, aad)
			if err != nil || !bytes.Equal(got[:n], text) || inner != 0 && got[n] != inner {
				t.Fatalf("trial %d: %d bytes, aad %d, at %d: opened text differs: %v", trial, n, len(aad), from, err)
			}
		}
	})
}

// TestGCMEveryLength covers each length that a record can have, with what TLS 1.3 and 1.2 put beside the text.
func TestGCMEveryLength(t *testing.T) {
	eachGCM(t, func(t *testing.T, keyLen int, build func([]byte) record.GCM) {
		random := newSource(1)
		key, text := make([]byte, keyLen), make([]byte, record.MaxGCM)
		random.fill(key)
		random.fill(text)
		kernel, reference := build(key), standardGCM(t, key)
		got := make([]byte, record.MaxGCM+16)
		want := make([]byte, 0, record.MaxGCM+16)
		for n := 0; n <= record.MaxGCM; n++ {
			aad := text[n/2 : n/2+5+8*(n%2)]
			nonce := [12]byte{byte(n), byte(n >> 8), 1}
			want = reference.Seal(want[:0], nonce[:], text[:n], aad)
			copy(got, text[:n])
			if n <= record.MaxAhead && n%3 == 0 {
				kernel.Prepare(&nonce, n)
			}
			kernel.SealText(&nonce, got, n, 0, aad)
			if !bytes.Equal(got[:n+16], want) {
				t.Fatalf("%d bytes: sealed text differs", n)
			}
			back, err := kernel.Open(got[:0], nonce[:], got[:n+16], aad)
			if err != nil || !bytes.Equal(back, text[:n]) {
				t.Fatalf("%d bytes: opened text differs: %v", n, err)
			}
		}
	})
}

// TestGCMTamper flips every bit of tag and additional data and some of the text: each is refused, no text is left, and the
// tag behind it is as it came.
func TestGCMTamper(t *testing.T) {
	eachGCM(t, func(t *testing.T, keyLen int, build func([]byte) record.GCM) {
		kernel := build(make([]byte, keyLen))
		for _, n := range []int{0, 1, 15, 16, 17, 31, 32, 33, 96, 97, 128, 224, 321, 480, 481, 600} {
			text := bytes.Repeat([]byte("secret order "), 50)[:n]
			aad := []byte{23, 3, 3, 1, 80}
			nonce := make([]byte, 12)
			sealed := kernel.Seal(nil, nonce, text, aad)
			refused := func(what string, damaged, nonce, aad []byte) {
				t.Helper()
				tag := append([]byte(nil), damaged[n:]...)
				if got, err := kernel.Open(damaged[:0], nonce, damaged, aad); err == nil || got != nil {
					t.Fatalf("%d bytes, %s: accepted", n, what)
				}
				if !bytes.Equal(damaged[:n], make([]byte, n)) || !bytes.Equal(damaged[n:], tag) {
					t.Fatalf("%d bytes, %s: left %x", n, what, damaged)
				}
			}
			flip := func(b []byte, bit int) []byte {
				c := append([]byte(nil), b...)
				c[bit/8] ^= 1 << (bit % 8)
				return c
			}
			for bit := range 8 * 16 {
				refused(fmt.Sprintf("tag bit %d", bit), flip(sealed, 8*n+bit), nonce, aad)
			}
			for bit := 0; bit < 8*n; bit += 7 {
				refused(fmt.Sprintf("text bit %d", bit), flip(sealed, bit), nonce, aad)
			}
			for bit := range 8 * len(aad) {
				refused(fmt.Sprintf("aad bit %d", bit), append([]byte(nil), sealed...), nonce, flip(aad, bit))
			}
			for bit := range 8 * len(nonce) {
				refused(fmt.Sprintf("nonce bit %d", bit), append([]byte(nil), sealed...), flip(nonce, bit), aad)
			}
			if _, err := kernel.Open(nil, nonce, sealed, append(aad, 0)); err == nil {
				t.Fatal("longer additional data accepted")
			}
		}
		if _, err := kernel.Open(nil, make([]byte, 12), make([]byte, 15), nil); err == nil {
			t.Fatal("less than a tag accepted")
		}
	})
}

// TestGCMShape: what cannot be right is refused before a byte is touched.
func TestGCMShape(t *testing.T) {
	eachGCM(t, func(t *testing.T, keyLen int, build func([]byte) record.GCM) {
		kernel := build(make([]byte, keyLen))
		var nonce [12]byte
		big := make([]byte, record.MaxGCM+64)
		rows := []struct {
			name string
			call func()
		}{
			{"no room for the tag", func() { kernel.SealText(&nonce, big[:25], 10, 0, nil) }},
			{"no room for the inner type", func() { kernel.SealText(&nonce, big[:26], 10, 23, nil) }},
			{"longer than a record", func() { kernel.SealText(&nonce, big, record.MaxGCM+1, 0, nil) }},
			{"negative", func() { kernel.SealText(&nonce, big, -1, 0, nil) }},
			{"additional data of two blocks", func() { kernel.Seal(nil, nonce[:], nil, big[:17]) }},
			{"short nonce", func() { kernel.Seal(nil, nonce[:11], nil, nil) }},
		}
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Fatal("no panic")
					}
					if !bytes.Equal(big, make([]byte, len(big))) {
						t.Fatal("the refused call wrote something")
					}
				}()
				row.call()
			})
		}
		if _, err := kernel.Open(nil, nonce[:], make([]byte, record.MaxGCM+17), nil); err == nil {
			t.Fatal("opened more than a record")
		}
	})
}

// TestGCMBinding: keystream serves the nonce and the length that it was made for, and once.
func TestGCMBinding(t *testing.T) {
	eachGCM(t, func(t *testing.T, keyLen int, build func([]byte) record.GCM) {
		key, aad := make([]byte, keyLen), []byte{23, 3, 3, 1, 60}
		kernel, reference := build(key), standardGCM(t, key)
		made, due := [12]byte{11: 1}, [12]byte{11: 2}
		text := bytes.Repeat([]byte("order "), 50)
		for _, row := range []struct {
			name  string
			made  [12]byte
			total int
			seal  [12]byte
		}{
			{"as made", made, 300, made},
			{"the same once more", made, 300, made},
			{"another nonce", made, 300, due},
			{"shorter", due, 299, due},
			{"longer", due, 301, due},
		} {
			kernel.Prepare(&row.made, row.total)
			buf := append(bytes.Clone(text), make([]byte, 16)...)
			kernel.SealText(&row.seal, buf, len(text), 0, aad)
			if want := reference.Seal(nil, row.seal[:], text, aad); !bytes.Equal(buf, want) {
				t.Fatalf("%s: %x, want %x", row.name, buf, want)
			}
			if !isZero(kernel.Stream()) {
				t.Fatalf("%s: keystream is left", row.name)
			}
		}
	})
}
