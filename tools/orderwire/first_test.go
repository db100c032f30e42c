package main

import (
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// refusingAddress is one at which nobody listens.
func refusingAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// mute accepts connections and never says a word.
func mute(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// blackHole is a listener whose queue is full: the kernel drops what comes.
func blackHole(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	filler, err := net.Dial("tcp", address) // a queue of length 0 takes one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { filler.Close() })
	return address
}

// answering is a TLS server that gives every request one status, and its certificate as a file.
func answering(t *testing.T, status int) (address, ca string) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(s.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return s.Listener.Addr().String(), ca
}

// TestWhatEndsARunBeforeItsFirstLive: what cannot heal is one sentence and exit code 1; the run does not try for ever.
func TestWhatEndsARunBeforeItsFirstLive(t *testing.T) {
	x := openExchange(t, nil)
	other := openExchange(t, nil)
	forbidden, forbiddenCA := answering(t, http.StatusForbidden)
	otherCA := other.text[strings.Index(other.text, `roots_file = "`)+len(`roots_file = "`):]
	otherCA = otherCA[:strings.IndexByte(otherCA, '"')]
	address := x.server.Addr()
	orders := func(fresh string) func(string) string {
		return func(text string) string {
			text = strings.Replace(text, "wss://"+address, "wss://"+fresh, 1)
			return strings.Replace(text, "[loop]", "[loop]\nbackoff_min_ms = 1\nconnect_timeout_ms = 300", 1)
		}
	}
	cases := []struct {
		name  string
		edit  func(text string) string
		words []string
	}{
		{"TLS trust", func(text string) string {
			at := strings.Index(text, `roots_file = "`)
			end := at + strings.Index(text[at:], "\n")
			return text[:at] + `roots_file = "` + otherCA + `"` + text[end:]
		}, []string{"orders connection to wss://" + address, "authority is not among the roots"}},
		{"a path that is not there", orders(address + "/nowhere"), []string{"404", "check the path"}},
		{"HTTP 403", func(text string) string {
			at := strings.Index(text, `roots_file = "`)
			end := at + strings.Index(text[at:], "\n")
			return orders(forbidden)(text[:at] + `roots_file = "` + forbiddenCA + `"` + text[end:])
		}, []string{"403", "check the credentials"}},
		{"refused connection", orders(refusingAddress(t)), []string{"connection refused", "3 times", "nothing listens there"}},
		{"black hole", orders(blackHole(t)), []string{"was never live", "check the address and the firewalls"}},
		{"silent server", orders(mute(t)), []string{"did not end in time"}},
		{"unknown host", func(text string) string {
			return strings.Replace(orders("no..host")(text), `profile = "sim"`, `profile = "test"`, 1)
		}, []string{"no..host", "check the spelling of the host"}},
		{"market data from a path that is not there", func(text string) string {
			at := strings.Index(text, "[market]")
			return text[:at] + strings.Replace(text[at:], address, address+"/nowhere", 1)
		}, []string{"the market connection", "404"}},
		{"refused credentials", func(text string) string { return strings.Replace(text, "TEST_API_KEY", "TEST_OTHER_KEY", 1) }, []string{"refuses us", "check the key"}},
	}
	t.Setenv("TEST_OTHER_KEY", "AnotherKey")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, strings.Replace(c.edit(x.text), x.state, filepath.Join(t.TempDir(), "state"), 1)).end(false)
			if r.code != exitFailed {
				t.Fatalf("exit code %d: %s", r.code, r.report)
			}
			lines := strings.Split(strings.TrimSpace(r.report), "\n")
			last := lines[len(lines)-1]
			if !strings.HasPrefix(last, "orderwire: the ") {
				t.Errorf("the last line is %q", last)
			}
			for _, word := range c.words {
				if !strings.Contains(last, word) {
					t.Errorf("%q does not say %q", last, word)
				}
			}
			leaks(t, c.name, r.report)
		})
	}
}

// TestARunThatWasLiveTriesForEver, whatever it meets then: here nobody speaks TLS any more where the exchange was.
func TestARunThatWasLiveTriesForEver(t *testing.T) {
	x := openExchange(t, nil)
	text := strings.Replace(x.text, "[loop]", "[loop]\nbackoff_min_ms = 1\nbackoff_max_ms = 5", 1)
	run := start(t, text)
	status(t, x.state, pushed(3))
	address := x.server.Addr()
	if err := x.server.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("skipped: the exchange's port is taken: %v", err)
	}
	defer l.Close()
	for range 5 * firstTries {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")); err != nil {
			t.Log(err) // it may have gone already
		}
		c.Close()
	}
	if r := run.end(true); r.code != exitOK {
		t.Errorf("ended with %d: %s", r.code, r.report)
	}
}
