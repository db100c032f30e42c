//go:build !purego

package record

import (
	"crypto/cipher"
	"unsafe"
)

// WatchGCM shows to watch everything that kernels of ours seal until undo is called: key, nonce, the sealed text, and whether
// its keystream was made ahead.
func WatchGCM(watch func(key, nonce, sealed []byte, ahead bool)) (undo func()) {
	before := kernels
	kernels = append([]kernel(nil), before...)
	for i, row := range before {
		kernels[i].build = func(kind aeadKind, key []byte) (cipher.AEAD, error) {
			aead, err := row.build(kind, key)
			if g, ours := aead.(*gcm); ours {
				secret := append([]byte(nil), key...)
				g.kernel = g.kernel.watched(g.key, func(nonce, sealed []byte, ahead bool) { watch(secret, nonce, sealed, ahead) })
			}
			return aead, err
		}
	}
	return func() { kernels = before }
}

// watched is the kernel with a watcher on what it seals.
func (k *gcmKernel) watched(key *material, watch func(nonce, sealed []byte, ahead bool)) *gcmKernel {
	w := *k
	show := func(nonce *[nonceLen]byte, text *byte, n, inner int, ahead bool) {
		if inner != 0 {
			n++
		}
		// SAFETY: gcm.seal has checked that text has room for n bytes and the tag.
		watch(nonce[:], unsafe.Slice(text, n+tagLen), ahead)
	}
	w.seal = func(first *byte, nonce *[nonceLen]byte, text *byte, n, inner int, aadLow, aadHigh uint64, aadLen int) {
		k.seal(first, nonce, text, n, inner, aadLow, aadHigh, aadLen)
		show(nonce, text, n, inner, false)
	}
	w.ready = func(first, text *byte, n, inner int, aadLow, aadHigh uint64, aadLen int, stream *byte) {
		k.ready(first, text, n, inner, aadLow, aadHigh, aadLen, stream)
		show(&key.nonce, text, n, inner, true)
	}
	return &w
}
