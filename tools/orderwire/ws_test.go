package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"orderwire/bench/simex"
	"orderwire/wsproto"
)

// echoServer echoes by another's WebSocket stack, over TLS where caFile is given.
func echoServer(t *testing.T, secure bool) (url, caFile string) {
	t.Helper()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"shout"}})
		if err != nil {
			return
		}
		conn.SetReadLimit(64 << 20)
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			if err := conn.Write(r.Context(), kind, message); err != nil {
				return
			}
		}
	})
	server := httptest.NewUnstartedServer(handler)
	t.Cleanup(server.Close)
	if !secure {
		server.Start()
		return "ws" + strings.TrimPrefix(server.URL, "http") + "/echo", ""
	}
	caFile = startTLS(t, server)
	return "wss" + strings.TrimPrefix(server.URL, "https") + "/echo", caFile
}

func startTLS(t *testing.T, server *httptest.Server) (caFile string) {
	t.Helper()
	authority, err := simex.NewAuthority(nil, time.Now(), false)
	if err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Certificate}}
	server.StartTLS()
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, authority.PEM, 0o644); err != nil {
		t.Fatal(err)
	}
	return caFile
}

func TestDriveAgainstAnotherStack(t *testing.T) {
	for _, secure := range []bool{false, true} {
		url, caFile := echoServer(t, secure)
		cases := []struct{ n, size string }{
			{"0", "10"},
			{"3", "0"},
			{"1", "1"},
			{"20", "125"},
			{"20", "126"},
			{"20", "999"},
			{"20", "1000"},
			{"5", "65535"},
			{"5", "65536"},
			{"3", "70000"},
			{"2", "3000000"},
		}
		for _, c := range cases {
			t.Run(fmt.Sprintf("tls=%v n=%s size=%s", secure, c.n, c.size), func(t *testing.T) {
				r := call(t, "ws", "drive", url, c.n, c.size, "--ca", caFile, "--subprotocol", "shout")
				r.want(t, exitOK, c.n+" messages of "+c.size+" bytes echoed")
			})
		}
	}
}

// TestEchoAgainstAnotherStack has the other stack drive and judge.
func TestEchoAgainstAnotherStack(t *testing.T) {
	type message struct {
		kind websocket.MessageType
		text []byte
	}
	messages := []message{
		{websocket.MessageText, []byte("")},
		{websocket.MessageText, []byte("hällo")},
		{websocket.MessageBinary, bytes.Repeat([]byte{0, 255, 7}, 5000)},
		{websocket.MessageText, bytes.Repeat([]byte("x"), 125)},
		{websocket.MessageBinary, bytes.Repeat([]byte("y"), 1<<20)},
		{websocket.MessageText, bytes.Repeat([]byte("é"), 70_000)},
	}
	verdict := make(chan error, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verdict <- func() error {
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				return err
			}
			conn.SetReadLimit(4 << 20)
			for i, m := range messages {
				if err := conn.Write(r.Context(), m.kind, m.text); err != nil {
					return err
				}
				kind, back, err := conn.Read(r.Context())
				if err != nil {
					return err
				}
				if kind != m.kind || !bytes.Equal(back, m.text) {
					return fmt.Errorf("message %d came back as %v with %d bytes", i, kind, len(back))
				}
			}
			over := bytes.Repeat([]byte("z"), 1<<20+1)
			if err := conn.Write(r.Context(), websocket.MessageBinary, over); err != nil {
				return err
			}
			_, _, err = conn.Read(r.Context())
			if code := websocket.CloseStatus(err); code != websocket.StatusMessageTooBig {
				return fmt.Errorf("a message over the limit was answered by %w, want 1009", err)
			}
			return nil
		}()
	}))
	t.Cleanup(server.Close)
	caFile := startTLS(t, server)
	r := call(t, "ws", "echo", "wss"+strings.TrimPrefix(server.URL, "https")+"/x?y=1", "--ca", caFile, "--limit", fmt.Sprint(1<<20))
	r.want(t, exitOK, fmt.Sprintf("echoed %d messages", len(messages)), "over the limit")
	if err := <-verdict; err != nil {
		t.Error(err)
	}
}

// rawServer serves one connection by script, over plain TCP.
func rawServer(t *testing.T, script func(net.Conn) error) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			done <- nil // the test ended before anybody came
			return
		}
		err = script(conn)
		if late := conn.Close(); late != nil && !errors.Is(late, net.ErrClosed) {
			err = errors.Join(err, late)
		}
		done <- err
	}()
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Errorf("script: %v", err)
		}
	})
	return "ws://" + listener.Addr().String() + "/"
}

// upgraded answers the opening handshake rightly, then says what follows and closes.
func upgraded(follow ...string) func(net.Conn) error {
	return func(conn net.Conn) error {
		key, err := readKey(conn)
		if err != nil {
			return err
		}
		reply := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + wsproto.Accept(key) + "\r\n\r\n"
		for _, part := range append([]string{reply}, follow...) {
			if _, err := conn.Write([]byte(part)); err != nil {
				return nil // the client had enough: that is what such a script provokes
			}
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			if err := tcp.CloseWrite(); err != nil {
				return nil // as above
			}
		}
		_, err = io.Copy(io.Discard, conn)
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

// readKey reads a request and returns its Sec-WebSocket-Key.
func readKey(conn net.Conn) (string, error) {
	var request []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(request, []byte("\r\n\r\n")) {
		n, err := conn.Read(buf)
		if err != nil {
			return "", fmt.Errorf("request: %w", err)
		}
		request = append(request, buf[:n]...)
	}
	for line := range strings.Lines(string(request)) {
		if key, ok := strings.CutPrefix(line, "Sec-WebSocket-Key: "); ok {
			return strings.TrimSpace(key), nil
		}
	}
	return "", errors.New("no key in the request")
}

// says answers whatever comes with text.
func says(text string) func(net.Conn) error {
	return func(conn net.Conn) error {
		if _, err := readKey(conn); err != nil {
			return err
		}
		_, err := conn.Write([]byte(text))
		return err
	}
}

// TestEchoSurvivesHostileFrames: whatever a server sends once the connection is open, the exit code is 0 and no wait is for ever.
func TestEchoSurvivesHostileFrames(t *testing.T) {
	cases := []struct {
		name   string
		follow []string
		word   string
	}{
		{"nothing", nil, "without a close frame"},
		{"half a header", []string{"\x81"}, "inside a frame"},
		{"half a frame", []string{"\x81\x05hel"}, "inside a frame"},
		{"reserved bits", []string{"\xf1\x00"}, "reserved bit"},
		{"reserved opcode", []string{"\x83\x00"}, "reserved opcode"},
		{"masked frame", []string{"\x81\x80\x01\x02\x03\x04"}, "masked"},
		{"ping of 126 bytes", []string{"\x89\x7e\x00\x7e" + strings.Repeat("x", 126)}, "125"},
		{"lone continuation", []string{"\x80\x00"}, "continuation"},
		{"a text that is not UTF-8", []string{"\x81\x01\xff"}, "UTF-8"},
		{"2^63 bytes", []string{"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"}, "top bit"},
		{"2^62 bytes", []string{"\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00"}, "limit"},
		{"a close code that must not be sent", []string{"\x88\x02\x03\xed"}, "close code"},
		{"close without code", []string{"\x88\x00"}, "code 1005"},
		{"close 1001", []string{"\x88\x02\x03\xe9"}, "code 1001"},
		{"close with control characters", []string{"\x88\x06\x03\xe8a\x1b[b"}, "code 1000"},
		{"data behind the close", []string{"\x88\x02\x03\xe8", strings.Repeat("\x81\x01x", 1000)}, "code 1000"},
		{"many empty fragments", []string{"\x01\x00", strings.Repeat("\x00\x00", 200_000)}, "inside a fragmented message"},
		{"many pings", []string{strings.Repeat("\x89\x01p", 3000)}, "without a close frame"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := call(t, "ws", "echo", rawServer(t, upgraded(c.follow...)))
			r.want(t, exitOK, c.word)
			if strings.ContainsRune(r.report, 0x1b) {
				t.Errorf("a control character of the server is in the report: %q", r.report)
			}
		})
	}
}

// TestRefusedHandshakes: each failure before the connection is open is exit code 1 and one sentence with a remedy.
func TestRefusedHandshakes(t *testing.T) {
	const good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	cases := []struct {
		name  string
		reply string
		words []string
	}{
		{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", []string{"status line", "check the port"}},
		{"wrong accept", good + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", []string{"Accept"}},
		{"no accept", good + "\r\n", []string{"missing"}},
		{"ends in the header", good, []string{"ended inside the upgrade reply"}},
		{"nothing", "", []string{"ended inside the upgrade reply"}},
		{"403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nno way", []string{"403", "no way", "credentials"}},
		{"404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", []string{"404", "path"}},
		{"429", "HTTP/1.1 429 Too Many\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n", []string{"429", "wait 30"}},
		{"302", "HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n", []string{"302", "redirects are not followed"}},
		{"503 with half a body", "HTTP/1.1 503 Down\r\nContent-Length: 100\r\n\r\nmaint\x1b[31menance", []string{"503", "maint", "try again later"}},
		{"200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", []string{"200", "only 101"}},
		{"endless header", good + strings.Repeat("X-A: b\r\n", 3000), []string{"16 KiB"}},
		{"extension", good + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", []string{"extension"}},
	}
	for _, c := range cases {
		for _, command := range []string{"echo", "drive"} {
			t.Run(c.name+" "+command, func(t *testing.T) {
				args := []string{"ws", command, rawServer(t, func(conn net.Conn) error {
					_ = says(c.reply)(conn) // a client that has seen enough hangs up in the middle
					return nil
				})}
				if command == "drive" {
					args = append(args, "1", "1")
				}
				r := call(t, args...)
				r.want(t, exitFailed, c.words...)
				if strings.ContainsRune(r.report, 0x1b) {
					t.Errorf("a control character of the server is in the report: %q", r.report)
				}
			})
		}
	}
}

// TestNobodyAnswers waits for a deadline, a short one: a server that accepts and stays silent, before TLS and before 101.
func TestNobodyAnswers(t *testing.T) {
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			release := make(chan struct{})
			url := rawServer(t, func(net.Conn) error { <-release; return nil })
			defer close(release)
			r := call(t, "ws", "echo", scheme+strings.TrimPrefix(url, "ws"), "--timeout", "150ms")
			r.want(t, exitFailed, "time")
		})
	}
}

// TestEndlessStreamEnds: a server that never stops sending, and never says anything, meets the patience.
func TestEndlessStreamEnds(t *testing.T) {
	for _, c := range []struct{ name, first, rest string }{
		{"empty fragments", "\x01\x00", strings.Repeat("\x00\x00", 30_000)},
		{"bytes behind the close", "\x88\x02\x03\xe8", strings.Repeat("x", 60_000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := rawServer(t, func(conn net.Conn) error {
				return upgraded(append([]string{c.first}, endless(c.rest)...)...)(conn)
			})
			call(t, "ws", "echo", url, "--patience", "200ms").want(t, exitOK)
		})
	}
}

// endless is more than any patience of a test reads.
func endless(part string) []string {
	parts := make([]string, 200_000)
	for i := range parts {
		parts[i] = part
	}
	return parts
}

func TestDriveRefusesWrongEchoes(t *testing.T) {
	cases := []struct {
		name, frame, word string
	}{
		{"other bytes", "\x81\x03abc", "differ"},
		{"other kind", "\x82\x03abc", "binary message came back"},
		{"too long", "\x81\x04abcd", "over the limit"},
		{"close", "\x88\x02\x03\xf0", "code 1008"},
		{"end", "", "ended"},
		{"nonsense", "\xff\xff", "reserved"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			call(t, "ws", "drive", rawServer(t, upgraded(c.frame)), "1", "3").want(t, exitFailed, "ws drive 127.0.0.1", c.word)
		})
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	call(t, "ws", "echo", "ws://"+address).want(t, exitFailed, address, "connection refused", "nothing listens there")
	call(t, "ws", "echo", "ws://no..host/").want(t, exitFailed, "no..host", "check the spelling")
}

// TestInterruptEndsEcho: Ctrl-C while nothing happens.
func TestInterruptEndsEcho(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := rawServer(t, func(conn net.Conn) error {
		key, err := readKey(conn)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(conn, "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n\x89\x00", wsproto.Accept(key))
		if err != nil {
			return err
		}
		pong := make([]byte, 6)
		if _, err := io.ReadFull(conn, pong); err != nil { // it is open: now nobody says anything more
			return err
		}
		cancel()
		_, err = io.Copy(io.Discard, conn)
		return err
	})
	r := callWith(ctx, "", "ws", "echo", url)
	r.want(t, exitOK, "echoed 0 messages")
}
