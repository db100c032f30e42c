package record

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxAhead is the longest text for which PrepareNext makes keystream, in bytes: orders are 300 to 500.
const MaxAhead = 1024

// gcm is AES-GCM for records on a kernel of our own: the text lies in place, the tag goes behind it, the nonce has 12 bytes and
// the additional data at most 16 (TLS needs 5 or 13). As a cipher.AEAD it does the same through slices.
//
// Keystream made ahead is bound to one nonce, one length and application data. The next seal takes it if all three agree and
// wipes it if not; there is no third way, and no way to seal past it.
type gcm struct {
	kernel *gcmKernel
	key    *material
	ahead  int // bytes under the keystream that is ready, the inner type included; 0: none is
	witness
}

// material is all that is secret of one key. The kernels know its layout (_asm/gcm.go). It holds no pointer, so that it gets a
// cache line of its own to begin with.
type material struct {
	rounds [15][2][aesBlock]byte // each round key twice; the last one always stands at 14
	powers [32][aesBlock]byte    // H^32 down to H^1, each times x, bytes reversed
	long   uint64                // 1 for AES-256
	_      [24]byte
	stream [32 + (MaxAhead+1+31)/32*32]byte // E(J0) of the next record, and from 32 on its keystream
	nonce  [nonceLen]byte                   // the record that stream is for
}

const (
	aesBlock = 16
	maxGCM   = MaxPlaintext + maxExpansion12 // what a peer may send is refused for its length only when it is open
)

// gcmKernel is one implementation in assembly. key points at a material. All of them run without a branch or an address that
// depends on secret bytes, and take one record at most (18 KiB), since assembly cannot be preempted.
type gcmKernel struct {
	expand128, expand256, powers func(key, secret *byte)

	seal   func(key *byte, nonce *[nonceLen]byte, text *byte, n, inner int, aadLow, aadHigh uint64, aadLen int)
	open   func(key *byte, nonce *[nonceLen]byte, text *byte, n int, aadLow, aadHigh uint64, aadLen int) (ok uint64)
	ready  func(key *byte, text *byte, n, inner int, aadLow, aadHigh uint64, aadLen int, stream *byte)
	stream func(key *byte, nonce *[nonceLen]byte, stream *byte, n int)
}

// additional is what a record authenticates beside its text, in the two words of a cipher block, as memory would hold them: a
// load over bytes that have just been stored waits, a word in a register does not.
type additional struct {
	low, high uint64
	size      int
}

// build makes a row's AEAD.
func (k *gcmKernel) build(kind aeadKind, secret []byte) (cipher.AEAD, error) {
	if len(secret) != kind.keyLen() {
		return nil, fmt.Errorf("record: key of %d bytes for a cipher that takes %d", len(secret), kind.keyLen())
	}
	g := &gcm{kernel: k, key: new(material)}
	first := &g.key.rounds[0][0][0]
	switch kind {
	case kindAES128GCM:
		k.expand128(first, &secret[0])
	case kindAES256GCM:
		k.expand256(first, &secret[0])
	default:
		return nil, fmt.Errorf("record: no kernel of AES-GCM for cipher %d", kind)
	}
	k.powers(first, nil)
	return g, g.witness.start(secret)
}

// seal protects text[:n], and the byte inner behind it where that is not zero, and writes the tag behind both. Application data
// takes keystream that is ready for it.
//
// Panics: if text is shorter than all that.
func (g *gcm) seal(nonce *[nonceLen]byte, text []byte, n int, inner byte, data bool, aad additional) {
	total := n
	if inner != 0 {
		total++
	}
	if len(text) < total+tagLen || n < 0 {
		panic("record: no room for the tag")
	}
	if total > maxGCM {
		panic("record: text longer than a record")
	}
	seen := g.witness.before(text[:n], inner)
	key := g.key
	if g.ahead != 0 && data && g.ahead == total && sameNonce(&key.nonce, nonce) {
		g.ahead = 0
		g.kernel.ready(&key.rounds[0][0][0], &text[0], n, int(inner), aad.low, aad.high, aad.size, &key.stream[0])
	} else {
		g.forget()
		g.kernel.seal(&key.rounds[0][0][0], nonce, &text[0], n, int(inner), aad.low, aad.high, aad.size)
	}
	g.witness.after(seen, nonce, text[:total+tagLen], aad)
}

// prepare makes the keystream of one record of total bytes ahead. What was ready before is gone.
func (g *gcm) prepare(nonce *[nonceLen]byte, total int) {
	key := g.key
	if g.ahead == total && sameNonce(&key.nonce, nonce) {
		return
	}
	g.forget()
	key.nonce = *nonce
	g.kernel.stream(&key.rounds[0][0][0], nonce, &key.stream[0], total)
	g.ahead = total
}

// sameNonce compares the words in which a nonce is stored (Sealer.setNonce): a load over two stores would wait for both.
func sameNonce(a, b *[nonceLen]byte) bool {
	return binary.LittleEndian.Uint64(a[4:]) == binary.LittleEndian.Uint64(b[4:]) &&
		binary.LittleEndian.Uint32(a[:4]) == binary.LittleEndian.Uint32(b[:4])
}

// forget wipes keystream that is ready.
func (g *gcm) forget() {
	if g.ahead != 0 {
		clear(g.key.stream[:])
		g.ahead = 0
	}
}

// wipe forgets the key. The next call panics.
func (g *gcm) wipe() {
	*g.key = material{}
	*g = gcm{key: g.key}
}

// wipeAEAD wipes what can be wiped of an AEAD: the standard library's cannot.
func wipeAEAD(aead cipher.AEAD) {
	if g, ours := aead.(*gcm); ours {
		g.wipe()
	}
}

// NonceSize is that of TLS.
func (g *gcm) NonceSize() int { return nonceLen }

// Overhead is the tag.
func (g *gcm) Overhead() int { return tagLen }

// Seal is cipher.AEAD's.
//
// Panics: on a nonce that has not 12 bytes, or more than 16 bytes of additional data.
func (g *gcm) Seal(dst, nonce, plaintext, additionalData []byte) []byte {
	at := len(dst)
	out := append(dst, plaintext...) // where it is in place already, this moves nothing
	out = append(out, zeroTag[:]...)
	g.seal((*[nonceLen]byte)(nonce), out[at:], len(plaintext), 0, false, words(additionalData))
	return out
}

// Open is cipher.AEAD's. It decrypts in place only if dst is ciphertext[:0]; otherwise it works in memory of its own.
//
// Panics: as Seal.
func (g *gcm) Open(dst, nonce, ciphertext, additionalData []byte) ([]byte, error) {
	n := len(ciphertext) - tagLen
	if n < 0 || n > maxGCM {
		return nil, errOpen
	}
	work, inPlace := ciphertext, cap(dst) > 0 && &dst[:1][0] == &ciphertext[0]
	if !inPlace {
		work = append([]byte(nil), ciphertext...)
	}
	aad := words(additionalData)
	ok := g.kernel.open(&g.key.rounds[0][0][0], (*[nonceLen]byte)(nonce), &work[0], n, aad.low, aad.high, aad.size)
	if ok != 1 {
		clear(work[:n]) // nobody sees text that nobody vouches for
		return nil, errOpen
	}
	if inPlace {
		return work[:n], nil
	}
	return append(dst, work[:n]...), nil
}

var (
	zeroTag [tagLen]byte
	errOpen = errors.New("record: message authentication failed")
)

// words loads additional data.
func words(data []byte) additional {
	if len(data) > aesBlock {
		panic("record: more additional data than TLS has")
	}
	var block [aesBlock]byte
	copy(block[:], data)
	return additional{binary.LittleEndian.Uint64(block[:8]), binary.LittleEndian.Uint64(block[8:]), len(data)}
}
