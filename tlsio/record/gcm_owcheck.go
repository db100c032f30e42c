//go:build owcheck

package record

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// witness seals each record once more with the standard library, and panics where the kernel gave something else. Its memory is
// made at the start, so that tests of allocation hold.
type witness struct {
	reference cipher.AEAD
	work      *witnessWork
}

type witnessWork struct {
	sealed     [maxGCM + tagLen]byte
	additional [aesBlock]byte
}

func (w *witness) start(secret []byte) error {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return err
	}
	w.work = new(witnessWork)
	w.reference, err = cipher.NewGCM(block)
	return err
}

// before keeps what is going to be sealed.
func (w *witness) before(text []byte, inner byte) []byte {
	seen := append(w.work.sealed[:0], text...)
	if inner != 0 {
		seen = append(seen, inner)
	}
	return seen
}

// after compares.
func (w *witness) after(seen []byte, nonce *[nonceLen]byte, sealed []byte, aad additional) {
	block := &w.work.additional
	binary.LittleEndian.PutUint64(block[:8], aad.low)
	binary.LittleEndian.PutUint64(block[8:], aad.high)
	want := w.reference.Seal(seen[:0], nonce[:], seen, block[:aad.size])
	if !bytes.Equal(want, sealed) {
		panic("record: a kernel and the standard library sealed different records")
	}
}
