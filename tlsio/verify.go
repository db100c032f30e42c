package tlsio

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"

	utls "github.com/refraction-networking/utls"
)

// verify adds to the library's verification of the chain: what the leaf's key may be used for, and the pins. The library calls
// it for resumed sessions too, and answers an error with the alert bad_certificate.
func (a *attempt) verify(state utls.ConnectionState) error {
	if a.config.seen != nil {
		a.config.seen(state.PeerCertificates, state.VerifiedChains)
	}
	if len(state.PeerCertificates) == 0 || len(state.VerifiedChains) == 0 {
		return &HandshakeError{Class: ClassCertificate, What: "no verified chain", Err: ErrPolicy}
	}
	leaf := state.PeerCertificates[0]
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return &HandshakeError{
			Class: ClassCertificate, What: "the server's certificate is not for signatures", Err: ErrPolicy,
			Fix: "the server must get a certificate whose key usage allows digital signatures",
		}
	}
	if curve, ok := curveOf(leaf); ok && state.Version == utls.VersionTLS12 && !slices.Contains(a.flight.offered.groups, uint16(curve)) {
		return &HandshakeError{Class: ClassCertificate, What: fmt.Sprintf("the server's key is on curve %v, which was not offered", curve), Err: ErrPolicy}
	}
	return a.config.Trust.check(a.config.ServerName, state.VerifiedChains)
}

// curveOf is the curve of an ECDSA key.
func curveOf(cert *x509.Certificate) (tls.CurveID, bool) {
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return 0, false
	}
	switch key.Curve.Params().BitSize {
	case 256:
		return tls.CurveP256, true
	case 384:
		return tls.CurveP384, true
	case 521:
		return tls.CurveP521, true
	}
	return 0, true // a curve that nobody offers
}

// matches tells that a scheme of TLS 1.3 belongs to the key: there, ECDSA schemes name their curve. Source: RFC 8446 §4.2.3.
func matches(scheme tls.SignatureScheme, cert *x509.Certificate) bool {
	curve, ok := curveOf(cert)
	if !ok {
		return true
	}
	switch scheme {
	case tls.ECDSAWithP256AndSHA256:
		return curve == tls.CurveP256
	case tls.ECDSAWithP384AndSHA384:
		return curve == tls.CurveP384
	case tls.ECDSAWithP521AndSHA512:
		return curve == tls.CurveP521
	}
	return false
}
