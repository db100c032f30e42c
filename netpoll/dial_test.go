package netpoll_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orderwire/netpoll"
)

// refusingAddr is a loopback port on which nobody listens.
func refusingAddr(t testing.TB) netip.AddrPort {
	t.Helper()
	l := listen(t)
	addr := addrOf(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return addr
}

// silentAddr is a loopback port whose backlog is full: a SYN to it is dropped, as by a firewall.
func silentAddr(t testing.TB) netip.AddrPort {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(sa.(*unix.SockaddrInet4).Port))
	filler, err := netpoll.Dial(t.Context(), netpoll.DialConfig{Addrs: []netip.AddrPort{addr}}) // a backlog of 0 holds one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = filler.Close() })
	return addr
}

func TestDialConnects(t *testing.T) {
	l := listen(t)
	conn, err := netpoll.Dial(t.Context(), netpoll.DialConfig{
		Addrs: []netip.AddrPort{addrOf(l)},
		SocketOptions: netpoll.SocketOptions{
			UserTimeoutMillis: 1500, KeepAliveSeconds: 7, Source: netip.MustParseAddr("127.0.0.2"),
			TOS: 0x10, Priority: 5, Device: loopbackDevice(t), Congestion: "reno",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if got := peer.RemoteAddr().(*net.TCPAddr).IP.String(); got != "127.0.0.2" {
		t.Errorf("the peer sees %s, want the source address 127.0.0.2", got)
	}
	if conn.RemoteAddr().String() != l.Addr().String() || conn.LocalAddr().String() != peer.RemoteAddr().String() {
		t.Errorf("addresses %v -> %v", conn.LocalAddr(), conn.RemoteAddr())
	}
	fd, err := conn.Detach()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for _, row := range []struct {
		name       string
		level, opt int
		want       int
	}{
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{"TCP_QUICKACK", unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1},
		{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 1500},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 7},
		{"IP_TOS", unix.IPPROTO_IP, unix.IP_TOS, 0x10},
		{"SO_PRIORITY", unix.SOL_SOCKET, unix.SO_PRIORITY, 5},
	} {
		got, err := unix.GetsockoptInt(fd, row.level, row.opt)
		if err != nil || got != row.want {
			t.Errorf("%s = %d, %v, want %d", row.name, got, err, row.want)
		}
	}
	if control, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION); err != nil || control != "reno" {
		t.Errorf("congestion control %q, %v", control, err)
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("a detached socket must be non-blocking: flags %#x, %v", flags, err)
	}
}

// loopbackDevice is lo where the process may bind to it, else no device.
func loopbackDevice(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return ""
	}
	return "lo"
}

func TestDialFailures(t *testing.T) {
	refusing, silent := refusingAddr(t), silentAddr(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name   string
		ctx    context.Context
		config netpoll.DialConfig
		is     []error
		says   string
	}{
		{
			"refused", t.Context(),
			netpoll.DialConfig{Addrs: []netip.AddrPort{refusing}},
			[]error{syscall.ECONNREFUSED},
			"netpoll: connect " + refusing.String() + ": connection refused",
		},
		{
			"black hole", t.Context(),
			netpoll.DialConfig{Addrs: []netip.AddrPort{silent}, Timeout: 20 * time.Millisecond},
			[]error{netpoll.ErrBlackHole, os.ErrDeadlineExceeded, syscall.ETIMEDOUT},
			"no answer before the deadline",
		},
		{
			"refused, then a black hole", t.Context(),
			netpoll.DialConfig{Addrs: []netip.AddrPort{refusing, silent}, Timeout: 20 * time.Millisecond},
			[]error{netpoll.ErrBlackHole},
			"none of 2 addresses answered",
		},
		{
			"cancelled", cancelled,
			netpoll.DialConfig{Addrs: []netip.AddrPort{silent}},
			[]error{context.Canceled},
			"context canceled",
		},
		{
			"no address", t.Context(),
			netpoll.DialConfig{},
			[]error{netpoll.ErrNoAddress},
			"netpoll: connect: no address to connect to",
		},
		{
			"source of the other family", t.Context(),
			netpoll.DialConfig{Addrs: []netip.AddrPort{refusing}, SocketOptions: netpoll.SocketOptions{Source: netip.MustParseAddr("::1")}},
			[]error{syscall.EAFNOSUPPORT},
			"address family not supported",
		},
		{
			"source that is not ours", t.Context(),
			netpoll.DialConfig{Addrs: []netip.AddrPort{refusing}, SocketOptions: netpoll.SocketOptions{Source: netip.MustParseAddr("192.0.2.77")}},
			[]error{syscall.EADDRNOTAVAIL},
			"netpoll: bind 192.0.2.77",
		},
		{
			"no such congestion control", t.Context(),
			netpoll.DialConfig{Addrs: []netip.AddrPort{refusing}, SocketOptions: netpoll.SocketOptions{Congestion: "nosuch"}},
			[]error{syscall.ENOENT},
			"netpoll: setsockopt TCP_CONGESTION nosuch",
		},
		{
			"no such device", t.Context(),
			netpoll.DialConfig{Addrs: []netip.AddrPort{refusing}, SocketOptions: netpoll.SocketOptions{Device: "nosuch0"}},
			[]error{syscall.ENODEV},
			"netpoll: bind to device nosuch0",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			conn, err := netpoll.Dial(row.ctx, row.config)
			if err == nil {
				_ = conn.Close()
				t.Fatal("connected")
			}
			for _, want := range row.is {
				if !errors.Is(err, want) {
					t.Errorf("%v is not %v", err, want)
				}
			}
			if !strings.Contains(err.Error(), row.says) {
				t.Errorf("says %q, want %q in it", err, row.says)
			}
			var typed *netpoll.OpError
			if !errors.As(err, &typed) {
				t.Errorf("%T is no OpError", err)
			}
		})
	}
}

// TestDialPassesByTheDead is RFC 8305: an address that stays silent costs one stagger, one that refuses costs nothing.
func TestDialPassesByTheDead(t *testing.T) {
	alive := addrOf(listen(t))
	for _, row := range []struct {
		name    string
		addrs   []netip.AddrPort
		stagger time.Duration
	}{
		{"a refusal leads on at once", []netip.AddrPort{refusingAddr(t), alive}, time.Hour},
		{"silence leads on after a stagger", []netip.AddrPort{silentAddr(t), alive}, time.Millisecond},
		{"a missing family leads on", []netip.AddrPort{netip.MustParseAddrPort("[2001:db8::1]:9"), alive}, time.Millisecond},
		{"a late winner among many", []netip.AddrPort{silentAddr(t), refusingAddr(t), silentAddr(t), alive}, time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			conn, err := netpoll.Dial(t.Context(), netpoll.DialConfig{Addrs: row.addrs, Stagger: row.stagger})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if conn.Remote() != alive {
				t.Errorf("connected to %v, want %v", conn.Remote(), alive)
			}
		})
	}
}

func TestOpErrorIsOneSentence(t *testing.T) {
	for _, row := range []struct {
		err  netpoll.OpError
		want string
	}{
		{netpoll.OpError{Op: "connect", Addr: "192.0.2.1:443", Errno: syscall.ECONNREFUSED}, "netpoll: connect 192.0.2.1:443: connection refused"},
		{netpoll.OpError{Op: "connect", Addr: "a:1", Cause: netpoll.ErrNoAddress, Tried: 3}, "netpoll: connect a:1: no address to connect to (none of 3 addresses answered)"},
		{netpoll.OpError{Op: "poll"}, "netpoll: poll: failed"},
	} {
		if got := row.err.Error(); got != row.want {
			t.Errorf("says %q, want %q", got, row.want)
		}
	}
}

func TestDialInterleavesFamilies(t *testing.T) {
	parse := func(texts ...string) []netip.AddrPort {
		var addrs []netip.AddrPort
		for _, s := range texts {
			addrs = append(addrs, netip.MustParseAddrPort(s))
		}
		return addrs
	}
	got := netpoll.Interleave(parse("[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "192.0.2.1:1", "192.0.2.2:1"))
	want := parse("[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "192.0.2.2:1", "[2001:db8::3]:1")
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("order %v, want %v", got, want)
		}
	}
}

func dialled(t *testing.T) (*netpoll.Conn, *net.TCPConn) {
	t.Helper()
	l := listen(t)
	conn, err := netpoll.Dial(t.Context(), netpoll.DialConfig{Addrs: []netip.AddrPort{addrOf(l)}})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); _ = peer.Close() })
	return conn, peer
}

func TestConnCarriesBothWays(t *testing.T) {
	conn, peer := dialled(t)
	want := pattern(0, 8<<20) // more than the socket buffers hold: Write has to wait
	go func() {
		_, _ = io.Copy(peer, peer)
		_ = peer.Close()
	}()
	wrote := make(chan error, 1)
	go func() {
		n, err := conn.Write(want)
		if n != len(want) && err == nil {
			err = io.ErrShortWrite
		}
		wrote <- err
	}()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("byte %d came back as %d", i, got[i])
		}
	}
	if n, err := conn.Read(nil); n != 0 || err != nil {
		t.Errorf("Read of nothing: %d, %v", n, err)
	}
}

func TestConnDeadlines(t *testing.T) {
	conn, peer := dialled(t)
	if err := conn.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("Read past its deadline: %v", err)
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		result <- err
	}()
	if err := conn.SetReadDeadline(time.Now()); err != nil { // moves the deadline of the Read under way, or of the one to come
		t.Fatal(err)
	}
	if err := <-result; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read whose deadline was moved: %v", err)
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 8)); n != 1 || err != nil {
		t.Errorf("Read after the deadline was lifted: %d, %v", n, err)
	}
}

func TestConnEnds(t *testing.T) {
	t.Run("Close ends a Read", func(t *testing.T) {
		conn, _ := dialled(t)
		result := make(chan error, 1)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			result <- err
		}()
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-result; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read under Close: %v", err)
		}
		if _, err := conn.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write after Close: %v", err)
		}
		if err := conn.SetDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("SetDeadline after Close: %v", err)
		}
		if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("second Close: %v", err)
		}
	})
	t.Run("Detach gives the socket away once", func(t *testing.T) {
		conn, peer := dialled(t)
		fd, err := conn.Detach()
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Close after Detach: %v", err)
		}
		if _, err := conn.Detach(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("second Detach: %v", err)
		}
		if _, err := unix.Write(fd, []byte("hi")); err != nil {
			t.Errorf("the socket must live on: %v", err)
		}
		b := make([]byte, 2)
		if _, err := io.ReadFull(peer, b); err != nil || string(b) != "hi" {
			t.Errorf("peer read %q, %v", b, err)
		}
		_ = unix.Close(fd)
	})
	t.Run("the peer's end is EOF", func(t *testing.T) {
		conn, peer := dialled(t)
		_ = peer.Close()
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("Read: %v", err)
		}
	})
	t.Run("the peer's reset is its errno", func(t *testing.T) {
		conn, peer := dialled(t)
		_ = peer.SetLinger(0)
		_ = peer.Close()
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Read: %v", err)
		}
	})
}
