package main

import "io"

// inbox holds received bytes that were not used yet, in one buffer of fixed size. Bytes are moved to the front only
// when the room behind them is used up, so that the cost of a byte does not depend on how the stream is cut.
type inbox struct {
	buf      []byte
	from, to int
}

func newInbox(size int) inbox { return inbox{buf: make([]byte, size)} }

// bytes is what is there. It lives until the next put or read.
func (b *inbox) bytes() []byte { return b.buf[b.from:b.to] }

// take drops n bytes from the front.
func (b *inbox) take(n int) {
	b.from += n
	if b.from == b.to {
		b.from, b.to = 0, 0
	}
}

// room makes at least n bytes free behind what is there.
//
// Panics: where the inbox is too small: its size is chosen so that its user always uses some bytes before.
func (b *inbox) room(n int) []byte {
	if len(b.buf)-b.to < n {
		b.to = copy(b.buf, b.buf[b.from:b.to])
		b.from = 0
	}
	if len(b.buf)-b.to < n {
		panic("orderwire: inbox is full of bytes that nobody uses")
	}
	return b.buf[b.to:]
}

// put copies p behind what is there.
func (b *inbox) put(p []byte) {
	b.to += copy(b.room(len(p)), p)
}

// read adds what r has.
func (b *inbox) read(r io.Reader) error {
	n, err := r.Read(b.room(1))
	b.to += n
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}
