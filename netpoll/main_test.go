package netpoll_test

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"orderwire/netpoll"
)

// TestMain counts what the tests leave behind: a file descriptor or a goroutine that is still there is a leak.
func TestMain(m *testing.M) {
	_, _ = net.Dial("tcp", "127.0.0.1:0") // makes the Go netpoller open its own descriptors before we count
	fdsBefore := openFiles()
	goroutinesBefore := goruntime.NumGoroutine()
	code := m.Run()
	if code == 0 && flag.Lookup("test.fuzz").Value.String() == "" { // a fuzzing run keeps workers of its own
		code = leftBehind(fdsBefore, goroutinesBefore)
	}
	os.Exit(code)
}

// leftBehind gives goroutines of closed peers a bounded time to end, then complains about what is left.
func leftBehind(fdsBefore, goroutinesBefore int) int {
	fds, goroutines := 0, 0
	for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); goruntime.Gosched() {
		fds, goroutines = openFiles(), goruntime.NumGoroutine()
		if fds <= fdsBefore && goroutines <= goroutinesBefore {
			return 0
		}
	}
	fmt.Fprintf(os.Stderr, "leak: %d file descriptors (before: %d), %d goroutines (before: %d)\n",
		fds, fdsBefore, goroutines, goroutinesBefore)
	return 1
}

// openFiles counts this process's descriptors, without that of the folder being read.
func openFiles() int {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(names) - 1
}

func newArena(t testing.TB, slots, slotBytes int) *netpoll.Arena {
	t.Helper()
	a, err := netpoll.NewArena(slots, slotBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// until turns step until it says that it is done. The limit only ends a hang; nothing depends on its length.
func until(t testing.TB, what string, step func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; goruntime.Gosched() {
		if step() {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("still waiting: %s", what)
		}
	}
}

// listen opens a loopback listener.
func listen(t testing.TB) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.(*net.TCPListener)
}

func addrOf(l *net.TCPListener) netip.AddrPort {
	return netip.MustParseAddrPort(l.Addr().String())
}

// pair connects ours to theirs over loopback. The test closes theirs; ours goes to a port.
func pair(t testing.TB, o netpoll.SocketOptions) (fd int, theirs *net.TCPConn) {
	t.Helper()
	l := listen(t)
	defer l.Close()
	conn, err := netpoll.Dial(t.Context(), netpoll.DialConfig{
		Addrs: []netip.AddrPort{addrOf(l)}, SocketOptions: o,
	})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	fd, err = conn.Detach()
	if err != nil {
		t.Fatal(err)
	}
	return fd, peer
}

// pattern is n bytes that tell their place, so that a lost, repeated or swapped byte shows.
func pattern(from, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		at := from + i
		b[i] = byte(at ^ at>>8*31 ^ at>>16*17)
	}
	return b
}

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		got := fmt.Sprint(recover())
		if !strings.Contains(got, want) {
			t.Errorf("panic %q, want one with %q", got, want)
		}
	}()
	f()
}
