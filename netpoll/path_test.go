package netpoll_test

import (
	"errors"
	"net/netip"
	goruntime "runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"orderwire/netpoll"
)

func TestHalfOpenRule(t *testing.T) {
	const heartbeat = 1_000_000_000
	for _, row := range []struct {
		name string
		path netpoll.Path
		want bool
	}{
		{"idle for hours", netpoll.Path{SinceAckNanos: 3600e9}, false},
		{"a record under way", netpoll.Path{Unacked: 1, SinceAckNanos: 0.9e9}, false},
		{"a late answer", netpoll.Path{Unacked: 1, SinceAckNanos: 1.4e9}, false},
		{"nobody there", netpoll.Path{Unacked: 1, SinceAckNanos: 1.5e9}, true},
	} {
		if got := row.path.HalfOpen(heartbeat); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

func TestPathOfASocket(t *testing.T) {
	onEach(t, netpoll.PortConfig{}, 64, 512, func(t *testing.T, r *rig) {
		fd, peer := pair(t, netpoll.SocketOptions{})
		s := r.attach(fd, 1)
		r.send(s, []byte("hello"))
		r.port.Submit()
		if _, err := peer.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		prober := r.port.(netpoll.Prober)
		until(t, "the acknowledgement", func() bool {
			r.turn()
			p, errno := prober.Path(s)
			return errno == 0 && p.Unacked == 0
		})
		p, errno := prober.Path(s)
		if errno != 0 || p.State != 1 || p.MinRTTNanos <= 0 || p.RTTNanos < p.MinRTTNanos || p.HalfOpen(1) {
			t.Errorf("path %+v, %v", p, errno)
		}
		if n := testing.AllocsPerRun(50, func() { _, _ = prober.Path(s) }); n != 0 && !netpoll.OwnershipChecked {
			t.Errorf("%v allocations", n)
		}
	})
}

// TestBlackHoleIsFound switches loopback off in a network namespace of its own: what was sent is never
// acknowledged, and nobody says so. The path tells first, TCP_USER_TIMEOUT ends the connection.
func TestBlackHoleIsFound(t *testing.T) {
	goruntime.LockOSThread() // never unlocked: the thread dies with this test, and its namespace with it
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace of our own: %v", err)
	}
	loopback(t, true)
	arena := newArena(t, 64, 512)
	port, err := netpoll.NewDirect(arena, netpoll.NewMonoClock(), netpoll.PortConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	server, ours := rawPair(t)
	defer unix.Close(server)
	if err := unix.SetsockoptInt(ours, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 100); err != nil {
		t.Fatal(err)
	}
	s, err := port.Attach(ours, 1)
	if err != nil {
		t.Fatal(err)
	}
	loopback(t, false)
	slot, _ := arena.Take()
	port.Send(s, slot, 0, 100)
	port.Submit()
	const heartbeat = 20_000_000
	found, ended := false, syscall.Errno(0)
	var out [4]netpoll.Completion
	until(t, "the kernel to give up", func() bool {
		if p, errno := port.(netpoll.Prober).Path(s); errno == 0 && p.HalfOpen(heartbeat) {
			found = true
		}
		for _, c := range out[:port.Reap(out[:])] {
			if c.Kind == netpoll.Received {
				ended = c.Errno
			}
			arena.Put(c.Slot)
		}
		return ended != 0
	})
	if !found {
		t.Error("the path never looked half-open")
	}
	if !errors.Is(ended, syscall.ETIMEDOUT) && !errors.Is(ended, syscall.ENETUNREACH) && !errors.Is(ended, syscall.EHOSTUNREACH) {
		t.Errorf("the connection ended with %v", ended)
	}
}

// loopback switches lo of this thread's namespace on or off.
func loopback(t *testing.T, on bool) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	if on {
		request.SetUint16(unix.IFF_UP)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		t.Fatal(err)
	}
}

// rawPair connects two sockets on this very thread, whose namespace the Go netpoller would not see.
func rawPair(t *testing.T) (server, ours int) {
	t.Helper()
	l, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(l)
	if err := unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(l, 1); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(l)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(sa.(*unix.SockaddrInet4).Port))
	conn, err := netpoll.Dial(t.Context(), netpoll.DialConfig{Addrs: []netip.AddrPort{addr}})
	if err != nil {
		t.Fatal(err)
	}
	server, _, err = unix.Accept(l)
	if err != nil {
		t.Fatal(err)
	}
	ours, err = conn.Detach()
	if err != nil {
		t.Fatal(err)
	}
	return server, ours
}
