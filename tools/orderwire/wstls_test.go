package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// issued is a certificate with its key, and the authority that it hangs on.
type issued struct {
	leaf tls.Certificate
	root []byte // PEM
}

// issue makes an authority and a certificate of it for 127.0.0.1; change edits it before it is signed.
func issue(t *testing.T, selfSigned bool, change func(*x509.Certificate)) issued {
	t.Helper()
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(leaf)
	}
	rootKey, leafKey := newKey(t), newKey(t)
	rootDER := certify(t, root, root, rootKey, rootKey)
	leafDER := certify(t, leaf, root, leafKey, rootKey)
	if selfSigned {
		leafDER = certify(t, leaf, leaf, leafKey, leafKey)
	}
	return issued{
		leaf: tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey},
		root: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}),
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certify(t *testing.T, leaf, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// tlsServer handshakes once with config and closes; the client is expected to walk away.
func tlsServer(t *testing.T, config *tls.Config) (url string) {
	t.Helper()
	url = rawServer(t, func(conn net.Conn) error {
		if err := tls.Server(conn, config).HandshakeContext(t.Context()); err == nil {
			return errors.New("the client accepted this server")
		}
		return nil
	})
	return "wss" + strings.TrimPrefix(url, "ws")
}

func caFile(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTLSFailures: each kind ends in exit code 1 and one sentence with a remedy, and never in a connection.
func TestTLSFailures(t *testing.T) {
	good := issue(t, false, nil)
	other := issue(t, false, nil)
	cases := []struct {
		name   string
		server issued
		ca     []byte
		change func(*tls.Config)
		words  []string
	}{
		{"wrong name", issue(t, false, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"elsewhere.example"} }), nil, nil, []string{"127.0.0.1", "check the host name"}},
		{"expired", issue(t, false, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), nil, nil, []string{"expired", "clock"}},
		{"not yet valid", issue(t, false, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }), nil, nil, []string{"clock"}},
		{"self-signed", issue(t, true, nil), nil, nil, []string{"PEM file"}},
		{"another authority", good, other.root, nil, []string{"authority"}},
		{"TLS 1.1", good, nil, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }, []string{"127.0.0.1"}},
		{"CBC suite", good, nil, func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
		}, []string{"127.0.0.1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{c.server.leaf}, NextProtos: []string{"http/1.1"}}
			if c.change != nil {
				c.change(config)
			}
			ca := c.ca
			if ca == nil {
				ca = c.server.root
			}
			call(t, "ws", "echo", tlsServer(t, config), "--ca", caFile(t, ca)).want(t, exitFailed, c.words...)
		})
	}
}

func TestNotTLS(t *testing.T) {
	url := rawServer(t, func(conn net.Conn) error {
		buf := make([]byte, 1024)
		if _, err := conn.Read(buf); err != nil {
			return err
		}
		_, err := conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		return err
	})
	call(t, "ws", "echo", "wss"+strings.TrimPrefix(url, "ws")).want(t, exitFailed, "does not speak TLS", "check the port")
}

func TestRootFiles(t *testing.T) {
	folder := t.TempDir()
	cases := []struct {
		name string
		path string
		text string
		word string
	}{
		{"missing", filepath.Join(folder, "none.pem"), "", "none.pem"},
		{"a folder", folder, "", "directory"},
		{"empty", "", "\n", "empty"},
		{"no PEM", "", "hello", "not PEM"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := c.path
			if path == "" {
				path = caFile(t, []byte(c.text))
			}
			call(t, "ws", "echo", "wss://127.0.0.1:1/", "--ca", path).want(t, exitFailed, path, c.word)
		})
	}
}
