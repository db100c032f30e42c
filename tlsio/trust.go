package tlsio

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// TrustMode says what makes a server's chain good. In every mode the chain must reach a root, carry the host's name and be in
// time: pins only ever add to that. There is no mode that checks less.
type TrustMode uint8

// The trust modes.
const (
	// TrustSystem: the roots alone decide. The default.
	TrustSystem TrustMode = iota
	// TrustPin: the roots, and a pin of this host must match. A host without pins is refused.
	TrustPin
	// TrustHybrid: like TrustPin where a pin is known for the host, like TrustSystem where none is. A mismatch never falls back.
	TrustHybrid
)

var trustNames = [...]string{"system", "pin", "hybrid"}

func (m TrustMode) String() string {
	if int(m) < len(trustNames) {
		return trustNames[m]
	}
	return "unknown"
}

// ParseTrustMode reads a mode by its name.
func ParseTrustMode(name string) (TrustMode, error) {
	for i, known := range trustNames {
		if known == name {
			return TrustMode(i), nil
		}
	}
	return TrustSystem, fmt.Errorf("tlsio: unknown trust mode %q: use system, pin or hybrid", name)
}

// Trust is the policy for one endpoint.
type Trust struct {
	Mode TrustMode
	// Roots are the authorities that a chain must end at; nil means the system's.
	Roots *x509.CertPool
	// Pins are known keys by host, for TrustPin and TrustHybrid.
	Pins PinSet
}

// maxRootFile bounds what LoadRoots reads: the largest public bundle is a quarter of a megabyte.
const maxRootFile = 16 << 20

// LoadRoots reads a bundle of authorities from a PEM file. The path "system" (or none) stands for the system's own bundle, and
// gives a nil pool, as Trust.Roots takes it.
func LoadRoots(path string) (*x509.CertPool, error) {
	if path == "" || path == "system" {
		return nil, nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("tlsio: root file: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("tlsio: root file %s is a directory: name a PEM file", path)
	case info.Size() > maxRootFile:
		return nil, fmt.Errorf("tlsio: root file %s is larger than %d bytes", path, maxRootFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tlsio: root file: %w", err)
	}
	pool, err := ParseRoots(text)
	if err != nil {
		return nil, fmt.Errorf("tlsio: root file %s: %w", path, err)
	}
	return pool, nil
}

// The ways in which a bundle is no bundle.
var (
	ErrRootsEmpty  = errors.New("empty: put at least one CERTIFICATE block into it")
	ErrRootsNotPEM = errors.New("not PEM: no -----BEGIN CERTIFICATE----- block found (convert DER with openssl x509 -inform der)")
)

// ParseRoots reads a PEM bundle. Every CERTIFICATE block must parse; a private key in the file is refused, because it does not
// belong there.
func ParseRoots(text []byte) (*x509.CertPool, error) {
	blank := true
	for _, c := range text {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			blank = false
			break
		}
	}
	if blank {
		return nil, ErrRootsEmpty
	}
	pool, count := x509.NewCertPool(), 0
	for rest := text; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		switch block.Type {
		case "CERTIFICATE", "TRUSTED CERTIFICATE":
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
			return nil, errors.New("holds a private key: move it elsewhere, a root file is public")
		default:
			continue
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d does not parse: %w", count+1, err)
		}
		pool.AddCert(root)
		count++
	}
	if count == 0 {
		return nil, ErrRootsNotPEM
	}
	return pool, nil
}
