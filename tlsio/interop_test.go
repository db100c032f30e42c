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

// TestEveryCurve meets servers that know one curve only: what a hello offers must work.
func TestEveryCurve(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		for _, hello := range []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome, tlsio.HelloFirefox} {
			for _, curve := range []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.X25519MLKEM768} {
				if curve == tls.X25519MLKEM768 && (version == record.TLS12 || hello == tlsio.HelloFirefox) {
					continue // not a curve of TLS 1.2; that Firefox is older than it
				}
				t.Run(fmt.Sprintf("%v/%s/%v", version, hello, curve), func(t *testing.T) {
					p := serve(t, &tls.Config{
						Certificates: []tls.Certificate{leaf}, CurvePreferences: []tls.CurveID{curve}, MaxVersion: uint16(version),
					}, nil)
					link, err := p.connect(t, tlsio.Config{ServerName: host, Hello: hello, Trust: tlsio.Trust{Roots: ca.pool()}})
					if err != nil || link.Info.Curve != curve {
						t.Fatalf("%v", err)
					}
					link.Wipe()
				})
			}
		}
	}
}

// TestVersionBounds checks that a browser's hello names no version outside the bounds, and that a newer server then speaks the older one.
func TestVersionBounds(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, hello := range []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome, tlsio.HelloFirefox} {
		for _, version := range []record.Version{record.TLS12, record.TLS13} {
			t.Run(string(hello)+"/"+version.String(), func(t *testing.T) {
				p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}}, nil)
				link, err := p.connect(t, tlsio.Config{
					ServerName: host, Hello: hello, Trust: tlsio.Trust{Roots: ca.pool()}, MinVersion: version, MaxVersion: version, Exporter: true,
				})
				if err != nil || link.Info.Version != version {
					t.Fatalf("%v", err)
				}
				material, err := link.Export("EXPERIMENTAL orderwire", nil, 32)
				if err != nil || len(material) != 32 {
					t.Fatalf("%d bytes, %v", len(material), err)
				}
				link.Wipe()
				if _, err := link.Export("EXPERIMENTAL orderwire", nil, 32); err == nil {
					t.Fatal("a wiped link exports")
				}
			})
		}
	}
}
