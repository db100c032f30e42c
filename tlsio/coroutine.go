package tlsio

import (
	"context"
	"io"
	"iter"
	"net"
	"os"
	"time"
)

// Coroutine is a handshake without a connection of its own: its caller feeds it bytes and sends what comes out. It is a driver
// for tests and tools that own their sockets' bytes; everybody else calls Handshake in a goroutine off the loop. A handshake
// costs a fraction of a millisecond of CPU: never step one on a live loop.
type Coroutine struct {
	wire *feed
	next func() (struct{}, bool)
	stop func()
	link *Link
	err  error
	done bool
}

// NewCoroutine prepares a handshake. Nothing runs before the first Step.
func NewCoroutine(c Config) *Coroutine {
	co := &Coroutine{wire: &feed{}}
	co.next, co.stop = iter.Pull(func(yield func(struct{}) bool) {
		co.wire.wait = func() bool { return yield(struct{}{}) }
		co.link, co.err = Handshake(context.Background(), co.wire, c)
	})
	return co
}

// Step gives the handshake more bytes (it borrows in) and runs it until it needs more. out is what must be sent now, valid until
// the next Step; used is how much of in belonged to the handshake: the rest is the connection's first records. After done,
// Result has the outcome.
func (co *Coroutine) Step(in []byte) (out []byte, used int, done bool) {
	co.wire.in, co.wire.out = in, co.wire.out[:0]
	if !co.done {
		if _, more := co.next(); !more {
			co.done = true
			co.stop()
		}
	}
	used = len(in) - len(co.wire.in)
	co.wire.in = nil
	return co.wire.out, used, co.done
}

// EOF tells the handshake that no more bytes will come, and ends it.
func (co *Coroutine) EOF() {
	co.wire.eof = true
	for !co.done {
		co.Step(nil)
	}
}

// Cancel ends the handshake where it stands.
func (co *Coroutine) Cancel() {
	co.stop()
	co.done = true
}

// Result is the outcome of a handshake that is done.
func (co *Coroutine) Result() (*Link, error) { return co.link, co.err }

// feed is the net.Conn of a Coroutine: reading from it suspends the handshake when there is nothing to read.
type feed struct {
	in   []byte
	out  []byte
	eof  bool
	wait func() bool
}

func (f *feed) Read(p []byte) (int, error) {
	for len(f.in) == 0 {
		if f.eof {
			return 0, io.EOF
		}
		if !f.wait() { // Cancel
			f.eof = true
			return 0, os.ErrClosed
		}
	}
	n := copy(p, f.in)
	f.in = f.in[n:]
	return n, nil
}

func (f *feed) Write(p []byte) (int, error) {
	f.out = append(f.out, p...)
	return len(p), nil
}

func (f *feed) Close() error                     { f.eof = true; return nil }
func (f *feed) LocalAddr() net.Addr              { return feedAddr{} }
func (f *feed) RemoteAddr() net.Addr             { return feedAddr{} }
func (f *feed) SetDeadline(time.Time) error      { return nil }
func (f *feed) SetReadDeadline(time.Time) error  { return nil }
func (f *feed) SetWriteDeadline(time.Time) error { return nil }

type feedAddr struct{}

func (feedAddr) Network() string { return "coroutine" }
func (feedAddr) String() string  { return "coroutine" }
