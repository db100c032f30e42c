package simex

import (
	"errors"
	"io"
	"net"
	goruntime "runtime"
	"syscall"
	"time"
)

// spinConn reads by asking the socket again and again instead of sleeping. A sleeping reader makes its peer's send pay for
// the wake-up (14 us in place of 2.5 us on loopback), which no network card would: whoever measures a send wants this.
// It costs a whole core while the connection lives.
type spinConn struct {
	*net.TCPConn
	raw     syscall.RawConn
	rest    time.Duration // how long nothing must have come until it sleeps after all; 0: it never does
	arrival func()        // called when bytes have arrived, before anything is done with them; may be nil
	last    time.Time     // of the last arrival
}

func newSpinConn(tcp *net.TCPConn, rest time.Duration, arrival func()) (net.Conn, error) {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &spinConn{TCPConn: tcp, raw: raw, rest: rest, arrival: arrival, last: time.Now()}, nil
}

// spinYield is how many empty reads pass before other goroutines get their turn.
const spinYield = 64

// Read returns what has arrived, or waits for it without sleeping.
func (c *spinConn) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err = c.spin(p)
	if n > 0 {
		if c.rest > 0 {
			c.last = time.Now()
		}
		if c.arrival != nil {
			c.arrival()
		}
	}
	return n, err
}

func (c *spinConn) spin(p []byte) (n int, err error) {
	for tries := 1; ; tries++ {
		var failed error
		// The callback says that it is done in any case, so that the poller never puts this goroutine to sleep.
		err = c.raw.Read(func(fd uintptr) bool {
			n, failed = syscall.Read(int(fd), p)
			return true
		})
		switch {
		case err != nil:
			return 0, err
		case failed == nil && n > 0:
			return n, nil
		case failed == nil:
			return 0, io.EOF
		case !errors.Is(failed, syscall.EAGAIN) && !errors.Is(failed, syscall.EINTR):
			return 0, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: failed}
		}
		if tries%spinYield == 0 {
			if c.rest > 0 && time.Since(c.last) > c.rest {
				return c.TCPConn.Read(p)
			}
			goruntime.Gosched()
		}
	}
}
