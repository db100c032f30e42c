package wsproto

import (
	"fmt"
	"io"
)

// maskBytes is the size of one mask key (RFC 6455 §5.3).
const maskBytes = 4

// Masks is a pool of mask keys that were drawn ahead, so that the hot path waits for no random numbers. Each key that
// was drawn is handed out once. One goroutine owns it.
type Masks struct {
	src  io.Reader
	keys []byte // a ring of keys
	next int    // byte offset of the key that Next hands out
	left int    // keys that are drawn and not yet handed out
}

// NewMasks makes an empty pool for n keys; Fill draws them. It keeps src, which must be a cryptographic source
// (crypto/rand.Reader): RFC 6455 §5.3 wants keys that nobody can foretell.
//
// Panics: where n is less than 1 or src is nil.
func NewMasks(src io.Reader, n int) *Masks {
	if n < 1 || src == nil {
		panic("wsproto: mask pool without room or source")
	}
	return &Masks{src: src, keys: make([]byte, n*maskBytes)}
}

// Next hands out one fresh key and forgets it.
//
// Panics: when the pool is empty (callers ask Left first).
func (m *Masks) Next() [4]byte {
	if m.left == 0 {
		panic("wsproto: mask pool is empty")
	}
	slot := m.keys[m.next : m.next+maskBytes]
	key := [4]byte(slot)
	clear(slot)
	m.left--
	m.next += maskBytes
	if m.next == len(m.keys) {
		m.next = 0
	}
	return key
}

// Left tells how many keys can be handed out before the next Fill.
func (m *Masks) Left() int { return m.left }

// Fill draws keys until the pool is full. It reads from the source, so it belongs into idle turns and start-up.
//
// A failed or short read is an error, and no key of that read is handed out.
func (m *Masks) Fill() error {
	for m.left*maskBytes < len(m.keys) {
		from := (m.next + m.left*maskBytes) % len(m.keys)
		to := len(m.keys)
		if from < m.next {
			to = m.next
		}
		if _, err := io.ReadFull(m.src, m.keys[from:to]); err != nil {
			clear(m.keys[from:to])
			return fmt.Errorf("wsproto: mask keys not drawn: %w", err)
		}
		m.left += (to - from) / maskBytes
	}
	return nil
}
