package hmac256

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// Prefix is a key with the constant front of its messages absorbed: of every message that begins with that
// text only the tail is left to hash. One goroutine owns it, because it also holds the work space.
type Prefix struct {
	inner, outer state
	kernel       *kernel
	work         work
	sum          [Size]byte
	hex          [HexSize]byte
}

// work is what a Sum needs so that it allocates nothing.
type work struct {
	last   [2 * BlockSize]byte // the end of a message with its padding
	digest hash.Hash
	image  [stateBytes]byte
}

// Prefix absorbs the whole blocks at the front of text. Absorbed tells how many bytes went in; the rest is the
// beginning of every tail.
func (k *Key) Prefix(text []byte) *Prefix {
	whole := len(text) / BlockSize * BlockSize
	p := &Prefix{inner: k.inner, outer: k.outer, kernel: k.kernel}
	if whole > 0 {
		p.inner = absorb(&k.inner, text[:whole])
	}
	p.work.digest = sha256.New()
	return p
}

// Extend makes into a prefix of p's text followed by the whole blocks at the front of more: what becomes known before
// the trigger need not be hashed at it. into's own text is forgotten. It allocates nothing and is not fast: idle work.
//
// Shape: into was made by Key.Prefix, of whichever key.
func (p *Prefix) Extend(more []byte, into *Prefix) {
	into.inner, into.outer, into.kernel = p.inner, p.outer, p.kernel
	if whole := len(more) / BlockSize * BlockSize; whole > 0 {
		w := &into.work
		p.inner.restore(w.digest, w.image[:0])
		w.digest.Write(more[:whole])
		into.inner = saved(w.digest, w.image[:0])
	}
}

// Absorbed is how many bytes of the message the prefix already holds.
func (p *Prefix) Absorbed() int { return int(p.inner.bytes) - BlockSize }

// Sum writes the HMAC of the prefix's absorbed bytes followed by tail. It allocates nothing.
func Sum(p *Prefix, tail []byte, dst *[Size]byte) {
	p.kernel.mac(p, tail)
	*dst = p.sum
}

// SumHex is Sum in lower-case hex.
//
// Panics: on a dst shorter than HexSize.
func SumHex(p *Prefix, tail, dst []byte) {
	p.kernel.mac(p, tail)
	*(*[HexSize]byte)(dst) = p.hex
}

// Base64Size is the length of a sum in standard base64 with padding.
const Base64Size = (Size + 2) / 3 * 4

// SumBase64 is Sum in standard base64 with padding.
//
// Panics: on a dst shorter than Base64Size.
func SumBase64(p *Prefix, tail, dst []byte) {
	p.kernel.mac(p, tail)
	base64.StdEncoding.Encode(dst[:Base64Size], p.sum[:])
}

// Format shows nothing of the key material.
func (p *Prefix) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// Wipe forgets the key material.
func (p *Prefix) Wipe() {
	if p.work.digest != nil {
		p.work.digest.Reset()
	}
	*p = Prefix{}
}

// macStandard is the reference row: crypto/sha256 continued from both midstates.
func macStandard(p *Prefix, tail []byte) {
	w := &p.work
	p.inner.restore(w.digest, w.image[:0])
	w.digest.Write(tail)
	inner := w.digest.Sum(p.sum[:0])
	p.outer.restore(w.digest, w.image[:0])
	w.digest.Write(inner)
	w.digest.Sum(p.sum[:0])
	hex.Encode(p.hex[:], p.sum[:])
}
