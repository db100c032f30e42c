package tlsio_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"testing"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// TestCoroutine steps a handshake byte by byte, with no goroutine of ours, and with data glued behind it.
func TestCoroutine(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		for _, chunk := range []int{1, 7, 1 << 16} {
			t.Run(version.String(), func(t *testing.T) {
				p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: uint16(version), MaxVersion: uint16(version)}, func(c *tls.Conn) error {
					_, err := c.Write([]byte("glued"))
					return err
				})
				co := tlsio.NewCoroutine(tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}})
				var rest []byte
				for {
					out, used, done := co.Step(rest)
					rest = rest[used:]
					if _, err := p.near.Write(out); err != nil {
						t.Fatal(err)
					}
					if done {
						break
					}
					piece := make([]byte, chunk)
					n, err := p.near.Read(piece)
					if err != nil {
						t.Fatal(err)
					}
					rest = append(rest, piece[:n]...)
				}
				link, err := co.Result()
				if err != nil {
					t.Fatal(err)
				}
				s := newStream(link, p.near, chunk)
				s.buf = append(s.buf, rest...)
				if text, err := s.read(5); err != nil || !bytes.Equal(text, []byte("glued")) {
					t.Fatalf("%q, %v", text, err)
				}
				if _, err := s.next(); err != io.EOF {
					t.Fatalf("%v", err)
				}
			})
		}
	}
}

func TestCoroutineEnds(t *testing.T) {
	co := tlsio.NewCoroutine(tlsio.Config{ServerName: host})
	if out, _, done := co.Step(nil); len(out) == 0 || done {
		t.Fatalf("%d bytes, done %v", len(out), done)
	}
	co.EOF()
	link, err := co.Result()
	wantClass(t, link, err, tlsio.ClassNetwork)
	co = tlsio.NewCoroutine(tlsio.Config{ServerName: host})
	co.Step(nil)
	co.Cancel()
	if link, err := co.Result(); link != nil || err == nil {
		t.Fatalf("after Cancel: %v", err)
	}
	co = tlsio.NewCoroutine(tlsio.Config{ServerName: host})
	co.Cancel()
	if out, used, done := co.Step([]byte("x")); len(out) != 0 || used != 0 || !done {
		t.Fatal("a cancelled handshake went on")
	}
}
