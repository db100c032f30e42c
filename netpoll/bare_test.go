package netpoll_test

import (
	"bytes"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"orderwire/netpoll"
)

func TestBareSendsAndReceives(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	bare, err := netpoll.DialBare(t.Context(), netip.MustParseAddrPort(listener.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	peer, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()

	buf := make([]byte, 64)
	if n, errno := bare.Receive(buf); n != 0 || errno != syscall.EAGAIN {
		t.Errorf("nothing was sent, and Receive says %d, %v", n, errno)
	}
	text := []byte("an order")
	if n, errno := bare.Send(text); n != len(text) || errno != 0 {
		t.Fatalf("Send: %d, %v", n, errno)
	}
	if n, err := peer.Read(buf); err != nil || !bytes.Equal(buf[:n], text) {
		t.Fatalf("the peer read %q, %v", buf[:n], err)
	}
	if _, err := peer.Write(text); err != nil {
		t.Fatal(err)
	}
	got := 0
	for got < len(text) {
		n, errno := bare.Receive(buf[got:])
		if errno != 0 && errno != syscall.EAGAIN {
			t.Fatal(errno)
		}
		got += n
	}
	if !bytes.Equal(buf[:got], text) {
		t.Errorf("received %q", buf[:got])
	}
	if allocs := testing.AllocsPerRun(100, func() { bare.Receive(buf) }); allocs != 0 {
		t.Errorf("Receive allocates %v times", allocs)
	}
	if err := bare.Close(); err != nil {
		t.Error(err)
	}
}
