package hmac256

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// Sizes of SHA-256, in bytes.
const (
	Size      = sha256.Size
	HexSize   = 2 * Size
	BlockSize = sha256.BlockSize
)

// Key is an HMAC key with both pads already absorbed: what is left of the secret are two SHA-256 states.
// They are as good as the secret to whoever reads them, and Wipe zeroes them.
type Key struct {
	inner, outer state
	kernel       *kernel
}

// state is SHA-256 between two blocks: the chaining value and how many bytes went in.
type state struct {
	words [8]uint32
	bytes uint64
}

// NewKey absorbs secret. It copies nothing of it, and the caller may wipe it afterwards.
//
// Source: RFC 2104 section 2; keys longer than a block are hashed first.
func NewKey(secret []byte) *Key {
	var block [BlockSize]byte
	if len(secret) > BlockSize {
		sum := sha256.Sum256(secret)
		copy(block[:], sum[:])
		clear(sum[:])
	} else {
		copy(block[:], secret)
	}
	key := &Key{kernel: chosen}
	for i := range block {
		block[i] ^= 0x36
	}
	key.inner = absorb(nil, block[:])
	for i := range block {
		block[i] ^= 0x36 ^ 0x5c
	}
	key.outer = absorb(nil, block[:])
	clear(block[:])
	return key
}

// Format shows nothing of the key.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// Wipe forgets the key. Prefixes made from it live on and are wiped by themselves.
func (k *Key) Wipe() { *k = Key{} }

// stateBytes is the length of the standard library's serialized SHA-256: magic, words, pending block, length.
// Source: crypto/sha256, marshaledSize; TestStateLayout fails should it ever change.
const (
	stateMagic = "sha\x03"
	stateBytes = len(stateMagic) + 8*4 + BlockSize + 8
)

// absorb continues from (nil: begins) with text, a whole number of blocks, by the standard library.
func absorb(from *state, text []byte) state {
	digest := sha256.New()
	var image [stateBytes]byte
	if from != nil {
		from.restore(digest, image[:0])
	}
	digest.Write(text) // never fails: hash.Hash
	return saved(digest, image[:0])
}

// restore puts s into a standard digest. scratch has room for stateBytes.
func (s *state) restore(digest hash.Hash, scratch []byte) {
	image := append(scratch[:0], stateMagic...)
	for _, word := range s.words {
		image = binary.BigEndian.AppendUint32(image, word)
	}
	image = append(image, zeroBlock[:]...)
	image = binary.BigEndian.AppendUint64(image, s.bytes)
	if err := digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(image); err != nil {
		panic("hmac256: the standard library refuses its own state: " + err.Error())
	}
}

var zeroBlock [BlockSize]byte

// saved reads the state of a standard digest that stands between two blocks.
func saved(digest hash.Hash, scratch []byte) state {
	image, err := digest.(encoding.BinaryAppender).AppendBinary(scratch[:0])
	if err != nil || len(image) != stateBytes || string(image[:len(stateMagic)]) != stateMagic {
		panic("hmac256: crypto/sha256 serializes its state in a way unknown to this code")
	}
	var s state
	for i := range s.words {
		s.words[i] = binary.BigEndian.Uint32(image[len(stateMagic)+4*i:])
	}
	s.bytes = binary.BigEndian.Uint64(image[stateBytes-8:])
	clear(image)
	return s
}
