package hmac256

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
)

// Prefix is a key with the constant front of its messages absorbed: of every message that begins with that
// text only the tail is left to hash. One goroutine owns it, because it also holds the work space.
type Prefix struct {
	inner, outer state
	absorbed     int // bytes of the prefix text that are in inner, a multiple of BlockSize
	work         work
}

// work is what the standard library's row needs so that a Sum allocates nothing.
type work struct {
	digest hash.Hash
	image  [stateBytes]byte
	sum    [Size]byte
}

// Prefix absorbs the whole blocks at the front of text. Absorbed tells how many bytes went in; the rest is the
// beginning of every tail.
func (k *Key) Prefix(text []byte) *Prefix {
	whole := len(text) / BlockSize * BlockSize
	p := &Prefix{inner: k.inner, outer: k.outer, absorbed: whole}
	if whole > 0 {
		p.inner = absorb(&k.inner, text[:whole])
	}
	p.work.digest = sha256.New()
	return p
}

// Absorbed is how many bytes of the message the prefix already holds.
func (p *Prefix) Absorbed() int { return p.absorbed }

// Sum writes the HMAC of the prefix's absorbed bytes followed by tail. Allocates nothing.
func Sum(p *Prefix, tail []byte, dst *[Size]byte) {
	sumStandard(p, tail, dst)
}

// SumHex is Sum in lower-case hex.
//
// Panics: on a dst shorter than HexSize.
func SumHex(p *Prefix, tail, dst []byte) {
	var sum [Size]byte
	Sum(p, tail, &sum)
	hex.Encode(dst[:HexSize], sum[:])
}

// Wipe forgets the key material.
func (p *Prefix) Wipe() { *p = Prefix{} }

// sumStandard is the reference row: crypto/sha256 continued from both midstates.
func sumStandard(p *Prefix, tail []byte, dst *[Size]byte) {
	w := &p.work
	p.inner.restore(w.digest, w.image[:0])
	w.digest.Write(tail)
	inner := w.digest.Sum(w.sum[:0])
	p.outer.restore(w.digest, w.image[:0])
	w.digest.Write(inner)
	copy(dst[:], w.digest.Sum(w.sum[:0]))
}

// Base64Size is the length of a sum in standard base64 with padding.
const Base64Size = (Size + 2) / 3 * 4

// SumBase64 is Sum in standard base64 with padding.
//
// Panics: on a dst shorter than Base64Size.
func SumBase64(p *Prefix, tail, dst []byte) {
	var sum [Size]byte
	Sum(p, tail, &sum)
	base64.StdEncoding.Encode(dst[:Base64Size], sum[:])
}
