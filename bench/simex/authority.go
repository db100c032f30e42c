package simex

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"time"
)

// Authority is a throw-away certificate authority and the one certificate it has signed, for loopback only.
type Authority struct {
	PEM         []byte          // the authority's certificate: what clients pin
	Certificate tls.Certificate // the server's, for 127.0.0.1, ::1 and localhost
}

// NewAuthority makes both with fresh keys: Ed25519, whose signatures have one length, or ECDSA P-256.
// With Ed25519 and a given source the keys follow from the source alone.
func NewAuthority(source io.Reader, now time.Time, useEd25519 bool) (*Authority, error) {
	if source == nil {
		source = rand.Reader
	}
	rootKey, err := newSigner(source, useEd25519)
	if err != nil {
		return nil, err
	}
	leafKey, err := newSigner(source, useEd25519)
	if err != nil {
		return nil, err
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "simex throw-away authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "simex"},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	rootDER, err := x509.CreateCertificate(source, root, root, rootKey.Public(), rootKey)
	if err != nil {
		return nil, fmt.Errorf("simex: authority: %w", err)
	}
	leafDER, err := x509.CreateCertificate(source, leaf, root, leafKey.Public(), rootKey)
	if err != nil {
		return nil, fmt.Errorf("simex: certificate: %w", err)
	}
	return &Authority{
		PEM:         pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}),
		Certificate: tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey},
	}, nil
}

func newSigner(source io.Reader, useEd25519 bool) (crypto.Signer, error) {
	if !useEd25519 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), source)
		if err != nil {
			return nil, fmt.Errorf("simex: key: %w", err)
		}
		return key, nil
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(source, seed); err != nil {
		return nil, fmt.Errorf("simex: key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
