package netpoll

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// DialConfig says where and how to connect. Addrs is all that is needed.
type DialConfig struct {
	// Addrs are tried in this order, after the families were interleaved (RFC 8305 section 4).
	Addrs []netip.AddrPort
	// Timeout ends the whole attempt. Default 10 s; the context may end it earlier.
	Timeout time.Duration
	// Stagger is how long an address may stay silent before the next one is tried beside it.
	// Default 250 ms (RFC 8305 section 5); negative: one address after the other, each to its end.
	Stagger time.Duration

	SocketOptions
}

const (
	defaultDialTimeout = 10 * time.Second
	defaultStagger     = 250 * time.Millisecond
)

// Dial connects to the first of the addresses that answers. It blocks its goroutine; sockets are
// non-blocking from birth. Control plane.
//
// Errors: *OpError, with Errno ECONNREFUSED and the like where the kernel said so, with Cause
// ErrBlackHole (and os.ErrDeadlineExceeded) where nobody answered, and with the context's error where that ended it.
func Dial(ctx context.Context, c DialConfig) (*Conn, error) {
	if len(c.Addrs) == 0 {
		return nil, &OpError{Op: "connect", Cause: ErrNoAddress}
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultDialTimeout
	}
	if c.Stagger == 0 {
		c.Stagger = defaultStagger
	}
	wake, err := newWake()
	if err != nil {
		return nil, err
	}
	defer wake.close()
	defer context.AfterFunc(ctx, wake.fire)()
	d := dialing{
		config:   c,
		todo:     interleave(c.Addrs),
		wake:     wake,
		deadline: time.Now().Add(c.Timeout),
	}
	if t, ok := ctx.Deadline(); ok && t.Before(d.deadline) {
		d.deadline = t
	}
	defer d.abandon()
	return d.run(ctx)
}

// dialing is one Dial under way: connects in flight, and addresses still to try.
type dialing struct {
	config   DialConfig
	todo     []netip.AddrPort
	flights  []flight
	failures []*OpError
	wake     *wake
	next     time.Time // when the next address is due; zero: now
	deadline time.Time
}

type flight struct {
	fd   int
	addr netip.AddrPort
}

func (d *dialing) run(ctx context.Context) (*Conn, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, d.verdict(err)
		}
		now := time.Now()
		if !now.Before(d.deadline) {
			return nil, d.verdict(os.ErrDeadlineExceeded)
		}
		if len(d.todo) > 0 && (len(d.flights) == 0 || (d.config.Stagger > 0 && !now.Before(d.next))) {
			if conn, err := d.start(now); conn != nil || err != nil {
				return conn, err
			}
			continue
		}
		if len(d.flights) == 0 {
			return nil, d.verdict(nil)
		}
		if conn, err := d.await(); conn != nil || err != nil {
			return conn, err
		}
	}
}

// start begins the next address. A connect that succeeds at once is already the winner.
func (d *dialing) start(now time.Time) (*Conn, error) {
	addr := d.todo[0]
	d.todo = d.todo[1:]
	d.next = now.Add(d.config.Stagger)
	sa, family, err := sockaddrOf(addr)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		d.failed(addr, errnoOf(err)) // a kernel without this family is like an address that does not answer
		return nil, nil
	}
	if err := d.config.apply(fd, family); err != nil {
		_ = unix.Close(fd)
		if errnoOf(err) == unix.EAFNOSUPPORT { // the source address has the other family
			d.failed(addr, unix.EAFNOSUPPORT)
			return nil, nil
		}
		return nil, err
	}
	switch err := unix.Connect(fd, sa); err {
	case nil:
		return newConn(fd, addr)
	case unix.EINPROGRESS, unix.EINTR: // after EINTR the connect goes on by itself
		d.flights = append(d.flights, flight{fd, addr})
	default:
		_ = unix.Close(fd)
		d.failed(addr, errnoOf(err))
	}
	return nil, nil
}

// await sleeps until a connect has ended, the next address is due, or time is up.
func (d *dialing) await() (*Conn, error) {
	fds := make([]unix.PollFd, 0, len(d.flights)+1)
	for _, f := range d.flights {
		fds = append(fds, unix.PollFd{Fd: int32(f.fd), Events: unix.POLLOUT})
	}
	fds = append(fds, unix.PollFd{Fd: int32(d.wake.fd), Events: unix.POLLIN})
	until := d.deadline
	if len(d.todo) > 0 && d.config.Stagger > 0 && d.next.Before(until) {
		until = d.next
	}
	if _, err := pollUntil(fds, until); err != nil {
		return nil, err
	}
	for i := len(d.flights) - 1; i >= 0; i-- {
		if fds[i].Revents == 0 {
			continue
		}
		f := d.flights[i]
		d.flights = slices.Delete(d.flights, i, i+1)
		code, err := unix.GetsockoptInt(f.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code == 0 {
			return newConn(f.fd, f.addr)
		}
		if err != nil {
			code = int(errnoOf(err))
		}
		_ = unix.Close(f.fd)
		d.failed(f.addr, syscall.Errno(code))
		d.next = time.Time{} // a failure lets the next address start at once (RFC 8305 section 5)
	}
	return nil, nil
}

func (d *dialing) failed(addr netip.AddrPort, errno syscall.Errno) {
	d.failures = append(d.failures, &OpError{Op: "connect", Addr: addr.String(), Errno: errno})
}

// verdict is the one error that tells most: silence until the deadline, else what a host itself said,
// else what our own host said.
func (d *dialing) verdict(ended error) error {
	tried := len(d.failures) + len(d.flights)
	if ended != nil {
		e := &OpError{Op: "connect", Addr: d.config.Addrs[0].String(), Cause: ended, Tried: tried}
		if len(d.flights) > 0 {
			e.Addr = d.flights[0].addr.String()
		}
		if ended != context.Canceled {
			e.Errno, e.Cause = unix.ETIMEDOUT, &blackHole{ended}
		}
		return e
	}
	best := d.failures[0]
	for _, f := range d.failures {
		if f.Errno == unix.ECONNREFUSED || f.Errno == unix.ECONNRESET || f.Errno == unix.ETIMEDOUT {
			best = f
			break
		}
	}
	best.Tried = tried
	return best
}

// abandon closes what is still in flight.
func (d *dialing) abandon() {
	for _, f := range d.flights {
		_ = unix.Close(f.fd)
	}
	d.flights = nil
}

// blackHole is ErrBlackHole that also unwraps to the deadline which ended the wait.
type blackHole struct{ deadline error }

func (b *blackHole) Error() string { return ErrBlackHole.Error() }
func (b *blackHole) Unwrap() []error {
	return []error{ErrBlackHole, os.ErrDeadlineExceeded, b.deadline}
}

// interleave orders addresses so that the families take turns, beginning with the family of the first.
func interleave(addrs []netip.AddrPort) []netip.AddrPort {
	var first, second []netip.AddrPort
	for _, a := range addrs {
		if a.Addr().Unmap().Is4() == addrs[0].Addr().Unmap().Is4() {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	mixed := make([]netip.AddrPort, 0, len(addrs))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			mixed = append(mixed, first[i])
		}
		if i < len(second) {
			mixed = append(mixed, second[i])
		}
	}
	return mixed
}
