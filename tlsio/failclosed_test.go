package tlsio_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// wantClass checks that a handshake failed, in the expected way, with a sentence that names the host.
func wantClass(tb testing.TB, link *tlsio.Link, err error, class tlsio.Class) *tlsio.HandshakeError {
	tb.Helper()
	var failure *tlsio.HandshakeError
	if link != nil || !errors.As(err, &failure) {
		tb.Fatalf("no typed failure: %v", err)
	}
	if failure.Class != class {
		tb.Fatalf("class %v, want %v: %v", failure.Class, class, err)
	}
	if !strings.Contains(err.Error(), host) || strings.ContainsAny(err.Error(), "\n\r") {
		tb.Fatalf("the sentence is not one, or does not name the host: %q", err)
	}
	return failure
}

func TestFailsClosed(t *testing.T) {
	ca, other := newAuthority(t, "root"), newAuthority(t, "other root")
	middle := ca.intermediate(t, "middle")
	good, goodRSA := ca.issue(t, leafOptions{}), ca.issue(t, leafOptions{rsa: true})
	leaf := func(o leafOptions) tls.Certificate { return ca.issue(t, o) }
	trust := tlsio.Trust{Roots: ca.pool()}
	wrongPins := tlsio.PinSet{}
	wrongPins.Add(host, tlsio.Pin{SPKI: tlsio.SPKIOf(other.cert)})
	wrongPins.Add(host, tlsio.Pin{SPKI: tlsio.SPKIOf(newAuthority(t, "third").cert)})
	rows := []struct {
		name   string
		server *tls.Config
		client tlsio.Config
		class  tlsio.Class
	}{
		{"wrong name", &tls.Config{Certificates: []tls.Certificate{leaf(leafOptions{names: []string{"elsewhere.test"}})}}, tlsio.Config{Trust: trust}, tlsio.ClassName},
		{"expired", &tls.Config{Certificates: []tls.Certificate{leaf(leafOptions{from: time.Now().Add(-48 * time.Hour), to: time.Now().Add(-24 * time.Hour)})}}, tlsio.Config{Trust: trust}, tlsio.ClassExpired},
		{"not yet valid", &tls.Config{Certificates: []tls.Certificate{leaf(leafOptions{from: time.Now().Add(24 * time.Hour), to: time.Now().Add(48 * time.Hour)})}}, tlsio.Config{Trust: trust}, tlsio.ClassNotYetValid},
		{"self-signed", &tls.Config{Certificates: []tls.Certificate{leaf(leafOptions{selfMade: true})}}, tlsio.Config{Trust: trust}, tlsio.ClassSelfSigned},
		{"wrong CA", &tls.Config{Certificates: []tls.Certificate{good}}, tlsio.Config{Trust: tlsio.Trust{Roots: other.pool()}}, tlsio.ClassUnknownAuthority},
		{"system roots do not know a private CA", &tls.Config{Certificates: []tls.Certificate{good}}, tlsio.Config{}, tlsio.ClassUnknownAuthority},
		{"missing intermediate", &tls.Config{Certificates: []tls.Certificate{middle.issue(t, leafOptions{})}}, tlsio.Config{Trust: trust}, tlsio.ClassUnknownAuthority},
		{"wrong pin", &tls.Config{Certificates: []tls.Certificate{good}}, tlsio.Config{Trust: tlsio.Trust{Roots: ca.pool(), Mode: tlsio.TrustPin, Pins: wrongPins}}, tlsio.ClassPin},
		{"wrong pin, hybrid never falls back", &tls.Config{Certificates: []tls.Certificate{good}}, tlsio.Config{Trust: tlsio.Trust{Roots: ca.pool(), Mode: tlsio.TrustHybrid, Pins: wrongPins}}, tlsio.ClassPin},
		{"pin mode without a pin", &tls.Config{Certificates: []tls.Certificate{good}}, tlsio.Config{Trust: tlsio.Trust{Roots: ca.pool(), Mode: tlsio.TrustPin}}, tlsio.ClassPin},
		{"TLS 1.1", &tls.Config{Certificates: []tls.Certificate{goodRSA}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, tlsio.Config{Trust: trust}, tlsio.ClassVersion},
		{"TLS 1.2 where 1.3 is asked for", &tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12}, tlsio.Config{Trust: trust, MinVersion: record.TLS13}, tlsio.ClassVersion},
		{"CBC", &tls.Config{Certificates: []tls.Certificate{goodRSA}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}}, tlsio.Config{Trust: trust}, tlsio.ClassAlert},
		{"CBC offered by chrome", &tls.Config{Certificates: []tls.Certificate{goodRSA}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}}, tlsio.Config{Trust: trust, Hello: tlsio.HelloChrome}, tlsio.ClassSuite},
		{"RSA key exchange", &tls.Config{Certificates: []tls.Certificate{goodRSA}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, tlsio.Config{Trust: trust}, tlsio.ClassAlert},
		{"RSA key exchange offered by chrome", &tls.Config{Certificates: []tls.Certificate{goodRSA}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, tlsio.Config{Trust: trust, Hello: tlsio.HelloChrome}, tlsio.ClassSuite},
		{"no common protocol", &tls.Config{Certificates: []tls.Certificate{good}, NextProtos: []string{"smtp"}}, tlsio.Config{Trust: trust, Hello: tlsio.HelloFirefox}, tlsio.ClassAlert},
		{"unknown hello", &tls.Config{Certificates: []tls.Certificate{good}}, tlsio.Config{Trust: trust, Hello: "netscape"}, tlsio.ClassConfig},
		{"client certificate missing", &tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert}, tlsio.Config{Trust: trust}, tlsio.ClassAlert},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := serve(t, row.server, nil)
			row.client.ServerName = host
			link, err := p.connect(t, row.client)
			failure := wantClass(t, link, err, row.class)
			t.Log(failure)
		})
	}
}

// TestSystemTrust reaches the system's verifier: the same chain is good once its root is named.
func TestGoodChains(t *testing.T) {
	ca := newAuthority(t, "root")
	middle := ca.intermediate(t, "middle")
	leaf := middle.issue(t, leafOptions{})
	leaf.Certificate = append(leaf.Certificate, middle.cert.Raw)
	pinned := func(mode tlsio.TrustMode, pins ...tlsio.Pin) tlsio.Trust {
		set := tlsio.PinSet{}
		for _, pin := range pins {
			set.Add(host, pin)
		}
		return tlsio.Trust{Roots: ca.pool(), Mode: mode, Pins: set}
	}
	root, leafPin := tlsio.Pin{SPKI: tlsio.SPKIOf(ca.cert)}, tlsio.Pin{SPKI: tlsio.SPKIOf(leaf.Leaf)}
	between := tlsio.Pin{SPKI: tlsio.SPKIOf(middle.cert)}
	forced := between
	forced.Intermediate = true
	rows := []struct {
		name  string
		trust tlsio.Trust
		good  bool
	}{
		{"roots", tlsio.Trust{Roots: ca.pool()}, true},
		{"root pin", pinned(tlsio.TrustPin, root), true},
		{"leaf pin", pinned(tlsio.TrustPin, leafPin), true},
		{"backup pin", pinned(tlsio.TrustPin, tlsio.Pin{SPKI: tlsio.SPKI{1}}, root), true},
		{"hybrid without pins", tlsio.Trust{Roots: ca.pool(), Mode: tlsio.TrustHybrid}, true},
		{"hybrid with a pin", pinned(tlsio.TrustHybrid, root), true},
		{"intermediate pin", pinned(tlsio.TrustPin, between), false},
		{"intermediate pin, forced", pinned(tlsio.TrustPin, forced), true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}}, nil)
			link, err := p.connect(t, tlsio.Config{ServerName: host, Trust: row.trust})
			if !row.good {
				failure := wantClass(t, link, err, tlsio.ClassPin)
				var pin *tlsio.PinError
				if !errors.As(failure, &pin) || len(pin.Seen) != 3 || !strings.Contains(err.Error(), between.SPKI.String()) {
					t.Fatalf("the error does not name the keys seen: %v", err)
				}
				return
			}
			if err != nil || len(link.Info.PeerSPKI) != 3 || link.Info.PeerSPKI[0] != leafPin.SPKI {
				t.Fatalf("%v", err)
			}
			link.Wipe()
		})
	}
}

// TestNotTLS meets servers that are no TLS servers, or that end too early.
func TestNotTLS(t *testing.T) {
	ca := newAuthority(t, "root")
	rows := []struct {
		name  string
		reply []byte
		class tlsio.Class
	}{
		{"HTTP", []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), tlsio.ClassNotTLS},
		{"nothing", nil, tlsio.ClassNetwork},
		{"half a header", []byte{22, 3}, tlsio.ClassNetwork},
		{"half a record", []byte{22, 3, 3, 0, 100, 2, 0, 0}, tlsio.ClassNetwork},
		{"an oversized record", []byte{22, 3, 3, 0xff, 0xff}, tlsio.ClassProtocol},
		{"a fatal alert", []byte{21, 3, 3, 0, 2, 2, 40}, tlsio.ClassAlert},
		{"data", []byte{23, 3, 3, 0, 2, 2, 40}, tlsio.ClassNotTLS},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			near, far := loopback(t)
			defer func() { _ = near.Close() }()
			go func() {
				hello := make([]byte, 5)
				_, _ = io.ReadFull(far, hello)
				_, _ = io.CopyN(io.Discard, far, int64(hello[3])<<8|int64(hello[4]))
				_, _ = far.Write(row.reply)
				_ = far.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, far) // the client closes first, so that nothing is reset
				_ = far.Close()
			}()
			link, err := connectOver(t, near, tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}})
			wantClass(t, link, err, row.class)
		})
	}
}

// TestDeadline meets a server that never answers: a context that ends must end the handshake, and nothing else.
func TestDeadline(t *testing.T) {
	near, far := loopback(t)
	defer func() { _ = near.Close() }()
	defer func() { _ = far.Close() }()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.ReadFull(far, make([]byte, 5)) // the hello is on its way: now the client only waits
		cancel()
	}()
	link, err := tlsio.Handshake(ctx, near, tlsio.Config{ServerName: host})
	wantClass(t, link, err, tlsio.ClassTimeout)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the cause is lost: %v", err)
	}
	if err := errors.Join(near.SetDeadline(time.Time{}), writeAll(near, []byte("the connection stays the caller's"))); err != nil {
		t.Fatal(err)
	}
	gone, stop := context.WithCancel(context.Background())
	stop()
	link, err = tlsio.Handshake(gone, near, tlsio.Config{ServerName: host})
	wantClass(t, link, err, tlsio.ClassTimeout)
}

func writeAll(w io.Writer, text []byte) error {
	_, err := w.Write(text)
	return err
}

// panicking breaks the library from inside.
type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("a canary of the library's own") }

func TestLibraryPanics(t *testing.T) {
	near, far := loopback(t)
	defer func() { _ = near.Close() }()
	defer func() { _ = far.Close() }()
	link, err := connectOver(t, near, tlsio.Config{ServerName: host, Rand: panicking{}})
	wantClass(t, link, err, tlsio.ClassLibrary)
}

func TestConfigFailures(t *testing.T) {
	near, far := loopback(t)
	defer func() { _ = near.Close() }()
	defer func() { _ = far.Close() }()
	for name, c := range map[string]tlsio.Config{
		"no name":  {},
		"versions": {ServerName: host, MinVersion: record.TLS13, MaxVersion: record.TLS12},
	} {
		t.Run(name, func(t *testing.T) {
			var failure *tlsio.HandshakeError
			if _, err := connectOver(t, near, c); !errors.As(err, &failure) || failure.Class != tlsio.ClassConfig {
				t.Fatalf("%v", err)
			}
		})
	}
}

// TestClientCertificate shows one to a server that asks, in both versions.
func TestClientCertificate(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf, mine := ca.issue(t, leafOptions{}), ca.issue(t, leafOptions{names: []string{"desk.test"}})
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		for _, hello := range []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome} {
			t.Run(version.String()+"/"+string(hello), func(t *testing.T) {
				seen := make(chan []*x509.Certificate, 1)
				p := serve(t, &tls.Config{
					Certificates: []tls.Certificate{leaf}, MinVersion: uint16(version), MaxVersion: uint16(version),
					ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(),
				}, func(c *tls.Conn) error {
					seen <- c.ConnectionState().PeerCertificates
					return nil
				})
				link, err := p.connect(t, tlsio.Config{ServerName: host, Hello: hello, Trust: tlsio.Trust{Roots: ca.pool()}, Certificate: &mine})
				if err != nil {
					t.Fatal(err)
				}
				link.Wipe()
				if got := <-seen; len(got) != 1 || !got[0].Equal(mine.Leaf) {
					t.Fatalf("the server saw %d certificates", len(got))
				}
			})
		}
	}
}
