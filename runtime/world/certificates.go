package world

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"orderwire/bench/simex"
	"orderwire/tlsio"
)

// certificates are the venue's authority and that of a stranger, made once: their keys follow from fixed seeds, and
// Ed25519 signatures have one length, so that no length on the wire depends on chance.
type certificates struct {
	good, strange, expired tls.Certificate
	roots                  *x509.CertPool
}

var makeCertificates = sync.OnceValues(func() (*certificates, error) {
	c := &certificates{}
	for _, one := range []struct {
		into *tls.Certificate
		at   time.Time
		name string
	}{
		{&c.good, time.Unix(0, epochNanos), "venue"},
		{&c.strange, time.Unix(0, epochNanos), "stranger"},
		{&c.expired, time.Unix(0, epochNanos).AddDate(-1, 0, 0), "venue"},
	} {
		authority, err := simex.NewAuthority(bytesFor(1, one.name), one.at, true)
		if err != nil {
			return nil, fmt.Errorf("world: %w", err)
		}
		*one.into = authority.Certificate
		if one.into == &c.good {
			if c.roots, err = tlsio.ParseRoots(authority.PEM); err != nil {
				return nil, fmt.Errorf("world: %w", err)
			}
		}
	}
	return c, nil
})

// serverTLS is the venue's half of TLS.
func (w *world) serverTLS(certificate tls.Certificate) *tls.Config {
	c := &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519},
		NextProtos: []string{"http/1.1"}, Time: func() time.Time { return time.Unix(0, wallAt(w.now)) },
	}
	return c
}

// clientTLS is ours: the real thing, on the world's time.
func (w *world) clientTLS() tlsio.Config {
	return tlsio.Config{
		ServerName: venueHost, Trust: tlsio.Trust{Roots: w.certificates.roots}, Curves: []tls.CurveID{tls.X25519},
		Sessions: w.sessions, Time: func() time.Time { return time.Unix(0, w.hostWall()) },
	}
}
