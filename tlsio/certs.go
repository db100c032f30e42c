package tlsio

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	utls "github.com/refraction-networking/utls"
)

// ChainReport is what a server showed, and what the policy says of it.
type ChainReport struct {
	Host      string
	Info      *Info // what was negotiated; nil if the handshake was refused
	Presented []CertReport
	Verified  []CertReport // the chain that reached a root, leaf first; empty if none did
	Mode      TrustMode
	Pins      []Pin    // known for this host
	Warnings  []string // of the pins, and of certificates that end soon
	Refused   error    // why the policy refuses the server; nil if it is trusted
}

// CertReport is one certificate of a chain.
type CertReport struct {
	Role      string // leaf, intermediate or root
	Subject   string
	Issuer    string
	Names     []string
	NotBefore time.Time
	NotAfter  time.Time
	Key       string // kind and size
	Signature string
	SPKI      SPKI
	Pinned    bool // a pin of this host names this key
}

// certificateWarning is how long before its end a certificate is warned about.
const certificateWarning = 14 * 24 * time.Hour

// Inspect does a handshake under the policy of c and reports the chain, also where the policy refuses it. The error is for what
// kept the chain from being seen at all; a refusal is in the report. No connection results: the caller closes conn.
func Inspect(ctx context.Context, conn net.Conn, c Config) (*ChainReport, error) {
	report := &ChainReport{Host: c.ServerName, Mode: c.Trust.Mode, Pins: c.Trust.Pins.For(c.ServerName)}
	c.Sessions = nil // a resumed session would show no chain
	c.seen = func(presented []*x509.Certificate, chains [][]*x509.Certificate) {
		report.Presented = report.describe(presented, false)
		if len(chains) > 0 {
			report.Verified = report.describe(chains[0], true)
		}
	}
	link, err := Handshake(ctx, conn, c)
	var verification *utls.CertificateVerificationError
	if errors.As(err, &verification) {
		report.Presented = report.describe(verification.UnverifiedCertificates, false)
	}
	if err != nil && len(report.Presented) == 0 {
		return nil, err
	}
	report.Refused = err
	if link != nil {
		report.Info = &link.Info
		link.Wipe()
	}
	report.Warnings = append(c.Trust.Pins.Warnings(c.ServerName, c.now()), report.ending(c.now())...)
	return report, nil
}

func (r *ChainReport) describe(chain []*x509.Certificate, complete bool) []CertReport {
	list := make([]CertReport, len(chain))
	for i, cert := range chain {
		spki := SPKIOf(cert)
		_, pinned := findPin(r.Pins, spki)
		list[i] = CertReport{
			Role: role(i, len(chain), complete, cert), Subject: cert.Subject.String(), Issuer: cert.Issuer.String(),
			Names: names(cert), NotBefore: cert.NotBefore, NotAfter: cert.NotAfter, Key: keyText(cert),
			Signature: cert.SignatureAlgorithm.String(), SPKI: spki, Pinned: pinned,
		}
	}
	return list
}

func role(i, n int, complete bool, cert *x509.Certificate) string {
	switch {
	case i == 0:
		return "leaf"
	case complete && i == n-1, string(cert.RawIssuer) == string(cert.RawSubject):
		return "root"
	}
	return "intermediate"
}

func names(cert *x509.Certificate) []string {
	list := append([]string(nil), cert.DNSNames...)
	for _, address := range cert.IPAddresses {
		list = append(list, address.String())
	}
	return list
}

func keyText(cert *x509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return cert.PublicKeyAlgorithm.String()
}

func (r *ChainReport) ending(now time.Time) []string {
	var list []string
	for _, cert := range r.Presented {
		if left := cert.NotAfter.Sub(now); left > 0 && left < certificateWarning {
			list = append(list, fmt.Sprintf("the certificate of %s ends on %s", cert.Subject, cert.NotAfter.Format(time.DateOnly)))
		}
	}
	return list
}

// Policy says in one sentence what the policy makes of the chain.
func (r *ChainReport) Policy() string {
	if r.Refused != nil {
		return "refused: " + strings.TrimPrefix(r.Refused.Error(), "tlsio: ")
	}
	switch {
	case r.Mode == TrustSystem:
		return "trusted by its root"
	case len(r.Pins) == 0:
		return "trusted by its root; no pin is known for this host (hybrid)"
	}
	return "trusted by its root and by a pin"
}

// Suggested are the keys to pin: the leaf's and the root's. A root outlives its leaves, and each is the other's backup;
// intermediates are replaced without notice. A chain that reached no root suggests nothing.
func (r *ChainReport) Suggested() []SPKI {
	if len(r.Verified) == 0 {
		return nil
	}
	list := []SPKI{r.Verified[0].SPKI}
	if last := r.Verified[len(r.Verified)-1]; len(r.Verified) > 1 {
		list = append(list, last.SPKI)
	}
	return list
}

// Snippet is the suggestion as TOML text for an endpoint's section; it says why if there is none.
func (r *ChainReport) Snippet() string {
	keys := r.Suggested()
	if len(keys) == 0 {
		return "# no snippet: the chain did not reach a trusted root, so its keys should not be pinned\n"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "trust = \"pin\"\npins = [\n")
	for i, key := range keys {
		what := "the server's own key"
		if i > 0 {
			what = "its root: " + r.Verified[len(r.Verified)-1].Subject
		}
		fmt.Fprintf(&text, "  %q, # %s\n", key.String(), what)
	}
	text.WriteString("]\n")
	return text.String()
}
