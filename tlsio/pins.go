package tlsio

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// SPKI is the SHA-256 hash of a certificate's SubjectPublicKeyInfo. Source: RFC 7469 §2.4.
type SPKI [sha256.Size]byte

// SPKIOf hashes a certificate's key.
func SPKIOf(c *x509.Certificate) SPKI { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

func (s SPKI) String() string { return "sha256/" + base64.StdEncoding.EncodeToString(s[:]) }

// ParseSPKI reads "sha256/<base64>", plain base64, or 64 hex digits.
func ParseSPKI(text string) (SPKI, error) {
	var s SPKI
	body := strings.TrimPrefix(strings.TrimPrefix(text, "sha256/"), "sha256//")
	raw, err := base64.StdEncoding.DecodeString(body)
	if err != nil || len(raw) != len(s) {
		raw, err = hex.DecodeString(strings.ReplaceAll(body, ":", ""))
	}
	if err != nil || len(raw) != len(s) {
		return s, fmt.Errorf("tlsio: pin %q is not a SHA-256 hash: write sha256/ and 44 base64 characters", text)
	}
	copy(s[:], raw)
	return s, nil
}

// Pin is one known key.
type Pin struct {
	SPKI SPKI
	// Expires, if set, is when the operator means to have replaced this pin: it then still counts, but it is warned about.
	Expires time.Time
	// Intermediate allows the pin to match an intermediate authority. Authorities replace those without notice, so that such
	// a pin breaks the connection one day; it is refused unless this is set.
	Intermediate bool
}

// PinSet holds the pins by host (lower case, no final dot). A host should have at least two: the second is the backup.
type PinSet map[string][]Pin

// For returns the pins of a host.
func (p PinSet) For(host string) []Pin { return p[canonicalHost(host)] }

// Add puts a pin under a host.
func (p PinSet) Add(host string, pin Pin) {
	host = canonicalHost(host)
	p[host] = append(p[host], pin)
}

func canonicalHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// pinWarning is how long before its end a pin is warned about.
const pinWarning = 30 * 24 * time.Hour

// Warnings lists what an operator should know of a host's pins: none for a backup, one that expires.
func (p PinSet) Warnings(host string, now time.Time) []string {
	pins := p.For(host)
	var list []string
	different := map[SPKI]bool{}
	for _, pin := range pins {
		different[pin.SPKI] = true
		switch left := pin.Expires.Sub(now); {
		case pin.Expires.IsZero():
		case left <= 0:
			list = append(list, fmt.Sprintf("pin %v of %s expired on %s: replace it", pin.SPKI, host, pin.Expires.Format(time.DateOnly)))
		case left < pinWarning:
			list = append(list, fmt.Sprintf("pin %v of %s expires on %s", pin.SPKI, host, pin.Expires.Format(time.DateOnly)))
		}
	}
	if len(different) == 1 {
		list = append(list, fmt.Sprintf("%s has one pin and no backup: the next change of its key will lock you out", host))
	}
	return list
}

// PinError: the chain was good, and no pin matched. It names the keys that were seen, so that an operator can judge them.
type PinError struct {
	Host string
	Seen []SPKI // of the verified chain, leaf first
	Why  string
}

func (e *PinError) Error() string {
	seen := make([]string, len(e.Seen))
	for i, s := range e.Seen {
		seen[i] = s.String()
	}
	return fmt.Sprintf("tlsio: %s: %s; keys seen, leaf first: %s", e.Host, e.Why, strings.Join(seen, " "))
}

// check applies the policy's pins to verified chains. It is called for resumed sessions too.
func (t Trust) check(host string, chains [][]*x509.Certificate) error {
	if t.Mode == TrustSystem {
		return nil
	}
	pins := t.Pins.For(host)
	if len(pins) == 0 {
		if t.Mode == TrustHybrid {
			return nil
		}
		return &PinError{Host: host, Seen: spkis(chains), Why: "no pin is known for this host, and the trust mode is pin"}
	}
	onlyIntermediate := false
	for _, chain := range chains {
		for i, c := range chain {
			pin, ok := findPin(pins, SPKIOf(c))
			if !ok {
				continue
			}
			if intermediate := i > 0 && i < len(chain)-1; !intermediate || pin.Intermediate {
				return nil
			}
			onlyIntermediate = true
		}
	}
	why := "no pin matches"
	if onlyIntermediate {
		why = "the only pin that matches is an intermediate authority's, which is refused unless it is forced"
	}
	return &PinError{Host: host, Seen: spkis(chains), Why: why}
}

func findPin(pins []Pin, s SPKI) (Pin, bool) {
	for _, pin := range pins {
		if pin.SPKI == s {
			return pin, true
		}
	}
	return Pin{}, false
}

func spkis(chains [][]*x509.Certificate) []SPKI {
	if len(chains) == 0 {
		return nil
	}
	list := make([]SPKI, len(chains[0]))
	for i, c := range chains[0] {
		list[i] = SPKIOf(c)
	}
	return list
}
