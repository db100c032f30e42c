package tlsio_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"testing"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// TestInterop speaks with crypto/tls in every version, suite and hello, fed whole and byte by byte, with data that the server
// glues behind its handshake.
func TestInterop(t *testing.T) {
	ca := newAuthority(t, "root")
	ecdsaLeaf, rsaLeaf := ca.issue(t, leafOptions{}), ca.issue(t, leafOptions{rsa: true})
	text := bytes.Repeat([]byte("0123456789abcdef"), 1500) // two records
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		for _, suite := range record.Suites(version) {
			for _, hello := range []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome, tlsio.HelloFirefox} {
				for _, chunk := range []int{0, 1} {
					name := fmt.Sprintf("%v/%v/%s/chunk=%d", version, suite, hello, chunk)
					t.Run(name, func(t *testing.T) {
						server := &tls.Config{
							Certificates: []tls.Certificate{ecdsaLeaf, rsaLeaf},
							MinVersion:   uint16(version), MaxVersion: uint16(version), NextProtos: []string{"http/1.1"},
							CipherSuites: []uint16{uint16(suite)},
						}
						p := serve(t, server, func(c *tls.Conn) error {
							if _, err := c.Write([]byte("glued behind Finished")); err != nil {
								return err
							}
							return echo(c)
						})
						conn := newChunked(p.near, chunk)
						link, err := connectOver(t, conn, tlsio.WithSuite(tlsio.Config{ServerName: host, Hello: hello, Trust: tlsio.Trust{Roots: ca.pool()}}, suite))
						if err != nil {
							t.Fatal(err)
						}
						defer link.Wipe()
						checkInfo(t, link, version, suite, hello)
						s := newStream(link, conn, chunk)
						glued, err := s.read(len("glued behind Finished"))
						if err != nil || string(glued) != "glued behind Finished" {
							t.Fatalf("glued data: %q, %v", glued, err)
						}
						if err := s.send(text); err != nil {
							t.Fatal(err)
						}
						back, err := s.read(len(text))
						if err != nil || !bytes.Equal(back, text) {
							t.Fatalf("echo of %d bytes: got %d, %v", len(text), len(back), err)
						}
						if _, err := conn.Write(link.AppendAlert(nil, record.AlertCloseNotify)); err != nil {
							t.Fatal(err)
						}
						if _, err := s.next(); err != io.EOF || !s.ended {
							t.Fatalf("end: %v, close_notify seen: %v", err, s.ended)
						}
					})
				}
			}
		}
	}
}

func checkInfo(t *testing.T, link *tlsio.Link, version record.Version, suite record.Suite, hello tlsio.Hello) {
	t.Helper()
	info := link.Info
	if info.Version != version || info.Hello != hello || info.ALPN != "http/1.1" || info.Resumed || info.Curve == 0 || info.SealedBy == "" {
		t.Fatalf("info: %+v", info)
	}
	if info.Suite != suite {
		t.Fatalf("suite: %v, want %v", info.Suite, suite)
	}
	if len(info.PeerSPKI) != 2 {
		t.Fatalf("chain: %v", info.PeerSPKI)
	}
}
