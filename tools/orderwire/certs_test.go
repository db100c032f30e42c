package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"strings"
	"testing"

	"orderwire/tlsio"
)

// tlsPeer handshakes with whoever comes first, and says nothing about how that ended.
func tlsPeer(t *testing.T, server issued) (address string) {
	t.Helper()
	url := rawServer(t, func(conn net.Conn) error {
		_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{server.leaf}}).HandshakeContext(t.Context())
		return nil
	})
	return strings.TrimSuffix(strings.TrimPrefix(url, "ws://"), "/")
}

func rootPin(t *testing.T, root []byte) string {
	t.Helper()
	block, _ := pem.Decode(root)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return tlsio.SPKIOf(cert).String()
}

func TestCerts(t *testing.T) {
	server := issue(t, false, nil)
	ca, pin := caFile(t, server.root), rootPin(t, server.root)
	r := call(t, "certs", tlsPeer(t, server), "--ca", ca)
	r.want(t, exitOK)
	for _, word := range []string{"verified chain", "leaf", "root", "CN=test authority", "127.0.0.1", pin, "TLS 1.3"} {
		if !strings.Contains(r.out, word) {
			t.Errorf("output does not say %q:\n%s", word, r.out)
		}
	}
	if r = call(t, "certs", tlsPeer(t, server), "--ca", ca, "--trust", "pin", "--pin", pin); r.code != exitOK || !strings.Contains(r.out, "(pinned)") {
		t.Errorf("with the right pin: %+v", r)
	}
	other := rootPin(t, issue(t, false, nil).root)
	call(t, "certs", tlsPeer(t, server), "--ca", ca, "--trust", "pin", "--pin", other).want(t, exitFailed, "pin", pin)
	r = call(t, "certs", tlsPeer(t, server), "--ca", caFile(t, issue(t, false, nil).root))
	r.want(t, exitFailed, "authority")
	if !strings.Contains(r.out, "not verified") || !strings.Contains(r.out, "sha256/") {
		t.Errorf("a refused chain is not shown:\n%s", r.out)
	}
}

func TestCertsRefusals(t *testing.T) {
	for _, bad := range []string{"", "host:0", "host:99999", "https://host", "a b", "x:y:z"} {
		call(t, "certs", bad).want(t, exitUsage, "is not HOST[:PORT]")
	}
	call(t, "certs", "localhost", "--trust", "off").want(t, exitUsage, "none of system, pin, hybrid")
	call(t, "certs", "localhost", "--trust", "pin").want(t, exitUsage, "pins")
	call(t, "certs", "localhost", "--timeout", "1h").want(t, exitUsage, "--timeout")
	call(t, "certs", "127.0.0.1:1").want(t, exitFailed, "connection refused")
}
