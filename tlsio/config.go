package tlsio

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"time"

	"orderwire/tlsio/record"
)

// Hello names the shape of the ClientHello.
type Hello string

// The hellos. A browser's hello is a tool for compatibility with servers that treat unknown clients badly; the policy that is
// enforced after the handshake is the same for all of them.
const (
	HelloGolang  Hello = "golang" // the default: the hello of Go's own stack
	HelloChrome  Hello = "chrome"
	HelloFirefox Hello = "firefox"
)

// Config is all that a handshake may depend on. The zero value of each field is its default; ServerName has none.
type Config struct {
	// ServerName is the host that the certificate must be valid for: a DNS name or an IP address.
	ServerName string

	// Trust decides which chains are good. The zero value is the system's roots.
	Trust Trust

	// Hello is the shape of the ClientHello; default golang.
	Hello Hello

	// MinVersion and MaxVersion bound what is accepted; default TLS 1.2 and TLS 1.3. Nothing below TLS 1.2 is ever spoken.
	MinVersion, MaxVersion record.Version

	// Curves are the groups offered by the golang hello, best first; default utls's own list. A browser's hello keeps its own.
	Curves []tls.CurveID

	// Signatures are the signature schemes offered by the golang hello, best first; default all that RFC 8446 knows but
	// those with SHA-1.
	Signatures []tls.SignatureScheme

	// Exporter keeps what Link.Export needs. Default off: nothing of the handshake is kept that is not needed.
	Exporter bool

	// Sessions, if set, resumes earlier sessions and collects the tickets of new ones. Early data is never sent.
	Sessions *Sessions

	// Certificate, if set, is shown to a server that asks for one.
	Certificate *tls.Certificate

	// Tier limits the kernels of the record layer; default what the CPU has.
	Tier record.Tier

	// KeyLog, if set, gets the secrets of the connection in the NSS format, for a debugger such as Wireshark. See OpenKeyLog:
	// whoever has that text reads and forges the connection. Never set in live mode.
	KeyLog io.Writer

	// Rand is the source of randomness; default crypto/rand. Time is the clock for certificates and tickets; default time.Now.
	Rand io.Reader
	Time func() time.Time

	// Collect runs one garbage collection after the hand-over, so that the hex texts of the secrets, which nobody can wipe, do
	// not stay in the heap of a process that has its collector switched off. Default off.
	Collect bool

	// Log, if set, gets warnings (a pin that expires, a key log in use). Default: none are written.
	Log *slog.Logger

	// Protocols are offered by ALPN, and nothing else is accepted; default http/1.1. An empty list that is not nil offers none.
	Protocols []string

	// seen, if set, is shown the chain before the pins judge it.
	seen func(presented []*x509.Certificate, chains [][]*x509.Certificate)

	// suites narrows the suites that are offered, for tests: servers have no such switch for TLS 1.3, or other names for it.
	suites []record.Suite
}

func (c Config) hello() Hello {
	if c.Hello == "" {
		return HelloGolang
	}
	return c.Hello
}

func (c Config) minVersion() record.Version { return max(c.MinVersion, record.TLS12) }

func (c Config) maxVersion() record.Version {
	if c.MaxVersion == 0 {
		return record.TLS13
	}
	return c.MaxVersion
}

func (c Config) now() time.Time {
	if c.Time == nil {
		return time.Now()
	}
	return c.Time()
}

func (c Config) protocols() []string {
	if c.Protocols != nil {
		return c.Protocols
	}
	return []string{"http/1.1"}
}

func (c Config) signatures() []tls.SignatureScheme {
	if c.Signatures == nil {
		return defaultSignatures
	}
	return c.Signatures
}

func (c Config) warn(text string, args ...any) {
	if c.Log != nil {
		c.Log.Warn(text, args...)
	}
}
