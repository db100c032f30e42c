package tlsio_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"orderwire/tlsio"
)

// TestSecretsAreWiped looks at the memory that held a handshake's secrets once it is over, and at what a Link prints.
func TestSecretsAreWiped(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}, MaxVersion: version, MinVersion: version}, nil)
			link, held, err := tlsio.HandshakeHolding(p.near, tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}, Exporter: true})
			if err != nil || len(held) == 0 {
				t.Fatalf("%d secrets, %v", len(held), err)
			}
			for i, secret := range held {
				if !bytes.Equal(secret, make([]byte, len(secret))) {
					t.Fatalf("secret %d of the handshake is still there", i)
				}
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
				if text := fmt.Sprintf(verb, link); !strings.Contains(text, "[redacted]") || len(text) > 60 {
					t.Fatalf("%s prints %s", verb, text)
				}
			}
			link.Wipe()
		})
	}
}
