package netpoll

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// wake is an eventfd by which one goroutine ends another's poll. Control plane only.
type wake struct {
	mu sync.Mutex // fire and close come from different goroutines, and a closed number may be another's file
	fd int
}

func newWake() (*wake, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, &OpError{Op: "eventfd", Errno: errnoOf(err)}
	}
	return &wake{fd: fd}, nil
}

// fire makes the present or next poll return. EAGAIN would mean that it is fired 2^64-2 times already.
func (w *wake) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := [8]byte{0: 1, 7: 1} // not zero, in either byte order
	_, _ = unix.Write(w.fd, one[:])
}

// drain forgets what was fired.
func (w *wake) drain() {
	var b [8]byte
	_, _ = unix.Read(w.fd, b[:]) // EAGAIN: it was not fired
}

func (w *wake) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fd >= 0 {
		_ = unix.Close(w.fd) // an eventfd has nothing to flush, so nothing can be lost here
		w.fd = -1
	}
}

// pollUntil waits for events on fds until deadline (zero: for ever) and returns how many are ready.
func pollUntil(fds []unix.PollFd, deadline time.Time) (int, error) {
	for {
		var limit *unix.Timespec
		if !deadline.IsZero() {
			left := max(time.Until(deadline), 0)
			ts := unix.NsecToTimespec(int64(left))
			limit = &ts
		}
		n, err := unix.Ppoll(fds, limit, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, &OpError{Op: "poll", Errno: errnoOf(err)}
		}
		return n, nil
	}
}
