package netpoll

import (
	"errors"
	"strconv"
	"strings"
	"syscall"
)

// OpError is the error of this room: what was tried, on what, and what the kernel or the network said.
//
// Shape: errors.Is finds Errno (syscall.ECONNREFUSED) and Cause (os.ErrDeadlineExceeded, ErrUnknownHost).
type OpError struct {
	Op    string        // "connect", "resolve", "read", "write", "setsockopt TCP_NODELAY", ...
	Addr  string        // host, address or device it was tried on; may be empty
	Errno syscall.Errno // what the kernel said; 0 where it was not the kernel
	Cause error         // what else is known; nil where Errno says it all
	Tried int           // how many addresses were tried, where more than one was
}

// Sentinels that an OpError may wrap.
var (
	ErrUnknownHost = errors.New("no such host")
	ErrBlackHole   = errors.New("no answer before the deadline: the address is filtered, or nobody is there")
	ErrNoAddress   = errors.New("no address to connect to")
)

// Error is one sentence: "netpoll: connect 192.0.2.1:443: connection refused".
func (e *OpError) Error() string {
	var b strings.Builder
	b.WriteString("netpoll: ")
	b.WriteString(e.Op)
	if e.Addr != "" {
		b.WriteByte(' ')
		b.WriteString(e.Addr)
	}
	b.WriteString(": ")
	switch {
	case e.Cause != nil:
		b.WriteString(e.Cause.Error())
	case e.Errno != 0:
		b.WriteString(e.Errno.Error())
	default:
		b.WriteString("failed")
	}
	if e.Tried > 1 {
		b.WriteString(" (none of ")
		b.WriteString(strconv.Itoa(e.Tried))
		b.WriteString(" addresses answered)")
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As both the errno and the cause.
func (e *OpError) Unwrap() []error {
	var inner []error
	if e.Errno != 0 {
		inner = append(inner, e.Errno)
	}
	if e.Cause != nil {
		inner = append(inner, e.Cause)
	}
	return inner
}

// Timeout tells net.Error users that a deadline has passed.
func (e *OpError) Timeout() bool {
	return e.Errno == syscall.ETIMEDOUT || e.Errno == syscall.EAGAIN
}

// Temporary is part of net.Error; nothing here is worth a blind retry.
func (e *OpError) Temporary() bool { return false }

// errnoOf digs the errno out of an x/sys error.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return 0
}
