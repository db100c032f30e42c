package netpoll

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Sink is the far end of a loopback connection inside this process: what a rehearsal sends to. Nobody reads what
// arrives; it is only taken off the socket. One thread, the loop's.
type Sink struct {
	fd  int
	buf []byte
}

// sinkBytes is more than one rehearsal sends.
const sinkBytes = 4 << 10

// NewSink makes a connected pair on loopback, with the options of an order socket: fd is the near end, non-blocking and
// ready for a Port. Control plane.
func NewSink(o SocketOptions) (fd int, sink *Sink, err error) {
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, sinkError("socket", err)
	}
	defer unix.Close(listener)
	loopback := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Bind(listener, loopback); err != nil {
		return 0, nil, sinkError("bind", err)
	}
	if err := unix.Listen(listener, 1); err != nil {
		return 0, nil, sinkError("listen", err)
	}
	name, err := unix.Getsockname(listener)
	if err != nil {
		return 0, nil, sinkError("getsockname", err)
	}
	near, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, sinkError("socket", err)
	}
	far, err := connectPair(listener, near, name, o)
	if err != nil {
		return 0, nil, fmt.Errorf("%w; %w", err, unix.Close(near))
	}
	return near, &Sink{fd: far, buf: make([]byte, sinkBytes)}, nil
}

// connectPair connects near through listener, and makes both ends non-blocking.
func connectPair(listener, near int, name unix.Sockaddr, o SocketOptions) (far int, err error) {
	if err := o.apply(near, unix.AF_INET); err != nil {
		return 0, err
	}
	if err := unix.Connect(near, name); err != nil { // the listener's backlog answers: it does not block
		return 0, sinkError("connect", err)
	}
	far, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	if err != nil {
		return 0, sinkError("accept", err)
	}
	if err := unix.SetNonblock(near, true); err != nil {
		return 0, fmt.Errorf("%w; %w", sinkError("fcntl", err), unix.Close(far))
	}
	return far, nil
}

func sinkError(op string, err error) error {
	errno, _ := err.(syscall.Errno)
	return &OpError{Op: "sink: " + op, Errno: errno}
}

// Drain takes what has arrived off the socket and returns how much it was. Units: bytes. It allocates nothing.
func (s *Sink) Drain() (n int) {
	for {
		got, errno := receiveNow(s.fd, s.buf)
		if errno != 0 || got == 0 {
			return n
		}
		n += got
		if got < len(s.buf) {
			return n
		}
	}
}

// Close closes the far end.
func (s *Sink) Close() error { return unix.Close(s.fd) }
