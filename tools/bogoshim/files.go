package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"orderwire/tlsio"
)

// files holds what was loaded, so that resumed connections present the same authorities and the same certificate: sessions are
// kept apart by them.
type files struct {
	pools map[string]*x509.CertPool
	pairs map[string]*tls.Certificate
}

func (f *files) roots(path string) (*x509.CertPool, error) {
	if pool, ok := f.pools[path]; ok {
		return pool, nil
	}
	pool, err := tlsio.LoadRoots(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errUnimplemented) // keys that Go's x509 does not know
	}
	if f.pools == nil {
		f.pools = map[string]*x509.CertPool{}
	}
	f.pools[path] = pool
	return pool, nil
}

// certificate loads the client's certificate, if there is one.
func (f *files) certificate(o options) (*tls.Certificate, error) {
	if o.certFile == "" {
		return nil, nil
	}
	name := fmt.Sprint(o.certFile, o.keyFile, o.signingPrefs)
	if pair, ok := f.pairs[name]; ok {
		return pair, nil
	}
	pair, err := tls.LoadX509KeyPair(o.certFile, o.keyFile)
	if err != nil {
		return nil, fmt.Errorf("client certificate (%w): %w", err, errUnimplemented) // kinds of keys that Go does not know
	}
	for _, scheme := range o.signingPrefs {
		pair.SupportedSignatureAlgorithms = append(pair.SupportedSignatureAlgorithms, tls.SignatureScheme(scheme))
	}
	if f.pairs == nil {
		f.pairs = map[string]*tls.Certificate{}
	}
	f.pairs[name] = &pair
	return &pair, nil
}

func leafKey(text []byte) (tlsio.SPKI, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return tlsio.SPKI{}, errors.New("no certificate in the file")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return tlsio.SPKI{}, err
	}
	return tlsio.SPKIOf(cert), nil
}
