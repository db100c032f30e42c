package wsproto_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"

	"orderwire/wsproto"
)

// coderServer is an echo server of another maker: it answers in fragments and pings on its own.
type coderServer struct {
	pings chan error // what each of its pings came to
	read  chan error // why its reading ended
	leave bool       // it closes by itself after the first message
}

func (s *coderServer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	conn, err := websocket.Accept(w, request, &websocket.AcceptOptions{Subprotocols: []string{"v1"}})
	if err != nil {
		s.read <- err
		return
	}
	conn.SetReadLimit(-1)
	for {
		kind, payload, err := conn.Read(request.Context())
		if err != nil {
			s.read <- err
			return
		}
		go func() { s.pings <- conn.Ping(context.WithoutCancel(request.Context())) }()
		if s.leave {
			s.read <- conn.Close(4001, "had enough ☃")
			return
		}
		if err := echoInFragments(request.Context(), conn, kind, payload); err != nil {
			s.read <- err
			return
		}
	}
}

// echoInFragments writes in three pieces, cut inside of runes.
func echoInFragments(ctx context.Context, conn *websocket.Conn, kind websocket.MessageType, payload []byte) error {
	writer, err := conn.Writer(ctx, kind)
	if err != nil {
		return err
	}
	third := len(payload) / 3
	for _, piece := range [][]byte{payload[:third], payload[third : 2*third], payload[2*third:]} {
		if _, err := writer.Write(piece); err != nil {
			return err
		}
	}
	return writer.Close()
}

func startCoder(t *testing.T, leave bool) (*coderServer, *peer) {
	t.Helper()
	server := &coderServer{pings: make(chan error, 100), read: make(chan error, 1), leave: leave}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	host := listener.Listener.Addr().String()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // a second close of a dead socket says nothing
	p, subprotocol, err := join(conn, &wsproto.Upgrade{Host: host, Path: "/echo", Subprotocols: []string{"v2", "v1"}})
	if err != nil || subprotocol != "v1" {
		t.Fatalf("upgrade: %v, subprotocol %q", err, subprotocol)
	}
	return server, p
}

// TestAgainstCoder: handshake, echoes in fragments, pings, and a close from our side.
func TestAgainstCoder(t *testing.T) {
	server, p := startCoder(t, false)
	var pings int
	p.talk(t, &pings)
	got, err := p.hangUp(wsproto.CloseGoingAway, "client leaves")
	if err != nil || got != bye(wsproto.CloseGoingAway, "") && got != bye(wsproto.CloseGoingAway, "client leaves") {
		t.Fatalf("close: %v, %v", got, err)
	}
	if err := <-server.read; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the server read %v, want our code 1001", err)
	}
	if pings == 0 {
		t.Error("the server never pinged")
	}
	answered := 0
	for range 20 { // one ping a message; the last may have met our close instead of our pong
		if err := <-server.pings; err == nil {
			answered++
		}
	}
	if answered < pings {
		t.Errorf("the server saw %d of our %d pongs", answered, pings)
	}
}

// TestCoderCloses: a close from the server's side is heard with code and reason, and our echo ends the handshake.
func TestCoderCloses(t *testing.T) {
	server, p := startCoder(t, true)
	if err := p.send(wsproto.OpText, "anything"); err != nil {
		t.Fatal(err)
	}
	var pings int
	got, err := p.next(&pings)
	if err != nil || got != bye(4001, "had enough ☃") {
		t.Fatalf("heard %v, %v", got, err)
	}
	if err := p.send(wsproto.OpClose, string(wsproto.AppendClose(nil, got.code, ""))); err != nil {
		t.Fatal(err)
	}
	if err := <-server.read; err != nil {
		t.Errorf("the server's close: %v", err)
	}
	if err := p.reader.End(); err != nil {
		t.Errorf("end: %v", err)
	}
}

// TestPlainServerRefuses: a server without WebSockets is a typed refusal.
func TestPlainServerRefuses(t *testing.T) {
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "come back later", http.StatusServiceUnavailable)
	}))
	t.Cleanup(listener.Close)
	host := listener.Listener.Addr().String()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // nothing hangs on it any more
	_, _, err = join(conn, &wsproto.Upgrade{Host: host})
	status, ok := err.(*wsproto.StatusError)
	if !ok || status.Status != 503 || status.RetryAfterSeconds != 7 || status.Body != "come back later" {
		t.Fatalf("%#v", err)
	}
}
