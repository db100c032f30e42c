package tlsio_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// recorded is a connection that keeps what it has read.
type recorded struct {
	net.Conn
	mu   sync.Mutex
	read []byte
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = append(r.read, p[:n]...)
	return n, err
}

// TestKeyLogDecrypts records a stream and reads it with nothing but the key log and the standard library.
func TestKeyLogDecrypts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.log")
	t.Setenv("SSLKEYLOGFILE", path)
	keys, err := tlsio.OpenKeyLog(true, false)
	if err != nil || keys == nil {
		t.Fatalf("%v", err)
	}
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}, SessionTicketsDisabled: true}, func(c *tls.Conn) error {
		_, err := c.Write([]byte("what the server said"))
		return err
	})
	var log bytes.Buffer
	wire := &recorded{Conn: p.near}
	link, err := connectOver(t, wire, tlsio.WithSuite(tlsio.Config{
		ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}, KeyLog: keys, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}, record.AES128GCM))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newStream(link, wire, 0).read(20); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "key log") {
		t.Fatalf("no warning: %q", log.String())
	}
	if err := keys.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if got := decrypt(t, wire.read, text); got != "what the server said" {
		t.Fatalf("decrypted %q", got)
	}
}

// decrypt reads the application data of a server's stream of TLS 1.3.
func decrypt(tb testing.TB, stream, keyLog []byte) string {
	tb.Helper()
	var secret []byte
	for _, line := range strings.Split(string(keyLog), "\n") {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "SERVER_TRAFFIC_SECRET_0" {
			var err error
			if secret, err = hex.DecodeString(fields[2]); err != nil {
				tb.Fatal(err)
			}
		}
	}
	aead, iv := gcm13(tb, secret)
	seq, out := uint64(0), ""
	for len(stream) >= 5 {
		n := 5 + int(binary.BigEndian.Uint16(stream[3:5]))
		if n > len(stream) {
			break
		}
		if inner, err := aead.Open(nil, nonce13(iv, seq), stream[5:n], stream[:5]); err == nil {
			seq++
			if inner[len(inner)-1] == 23 {
				out += string(inner[:len(inner)-1])
			}
		}
		stream = stream[n:]
	}
	return out
}

func TestKeyLogIsOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.log")
	t.Setenv("SSLKEYLOGFILE", path)
	if w, err := tlsio.OpenKeyLog(false, false); w != nil || err != nil {
		t.Fatalf("without the option: %v, %v", w, err)
	}
	if w, err := tlsio.OpenKeyLog(true, true); w != nil || !errors.Is(err, tlsio.ErrKeyLogLive) {
		t.Fatalf("in live mode: %v, %v", w, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a file came into being: %v", err)
	}
	t.Setenv("SSLKEYLOGFILE", "")
	if w, err := tlsio.OpenKeyLog(true, false); w != nil || err != nil {
		t.Fatalf("without a name: %v, %v", w, err)
	}
	t.Setenv("SSLKEYLOGFILE", t.TempDir())
	if w, err := tlsio.OpenKeyLog(true, false); w != nil || err == nil {
		t.Fatal("a directory was opened")
	}
}

func FuzzKeyLogLine(f *testing.F) {
	random := strings.Repeat("ab", 32)
	f.Add("CLIENT_TRAFFIC_SECRET_0 " + random + " " + random + "\n")
	f.Add("CLIENT_RANDOM " + random + " " + strings.Repeat("cd", 48))
	f.Add("# comment\n")
	f.Add("A  B\n")
	f.Fuzz(func(t *testing.T, line string) {
		label, clientRandom, secret, err := tlsio.ParseKeyLogLine([]byte(line))
		if err != nil {
			if len(line) > 8 && strings.Contains(err.Error(), line) {
				t.Fatal("the error repeats the line")
			}
			return
		}
		again := fmt.Sprintf("%s %x %x", label, clientRandom, secret)
		if !strings.EqualFold(again, strings.TrimSuffix(line, "\n")) {
			t.Fatalf("%q was read as %q", line, again)
		}
	})
}
