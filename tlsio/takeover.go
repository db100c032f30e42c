package tlsio

import (
	"crypto/tls"
	"errors"
	"fmt"

	"orderwire/tlsio/record"
)

// Info is what was negotiated, for logs and reports. It holds no secret.
type Info struct {
	Host      string
	Version   record.Version
	Suite     record.Suite
	ALPN      string
	Curve     tls.CurveID // 0 where a TLS 1.2 session was resumed
	Hello     Hello
	Resumed   bool
	Retried   bool                // the server asked for another key share
	PeerSPKI  []SPKI              // of the chain that was verified, leaf first
	SealedBy  string              // the kernel that seals
	Signature tls.SignatureScheme // of the server's handshake signature; 0 where a session was resumed
	Stapled   []byte              // the OCSP response that the server sent along; nobody judges it
	// ExtendedMaster: in TLS 1.2, the extended master secret (RFC 7627) is in use; always true in TLS 1.3.
	ExtendedMaster bool
}

// Link is a connection after the take-over: both directions' keys, and what was negotiated.
type Link struct {
	record.Link
	Info Info

	tickets *digester // nil without a session cache
	export  func(label string, context []byte, length int) ([]byte, error)
}

// takeOver makes the Link from what the library negotiated and the flight counted.
func (a *attempt) takeOver() (*Link, error) {
	var write, read record.Keys
	switch a.flight.version {
	case record.TLS13:
		write = record.Keys{Version: record.TLS13, Suite: a.flight.suite, Secret: a.keys.clientTraffic}
		read = record.Keys{Version: record.TLS13, Suite: a.flight.suite, Secret: a.keys.serverTraffic}
	case record.TLS12:
		// The key log is silent about resumed sessions, so the master secret comes from the library's state.
		var err error
		write, read, err = record.Derive12(a.flight.suite, a.library.HandshakeState.MasterSecret, a.flight.offered.random[:], a.flight.serverRandom[:])
		if err != nil {
			return nil, err
		}
		write.Seq, read.Seq = a.flight.clientOut, a.flight.serverIn
		defer write.Wipe()
		defer read.Wipe()
	default:
		return nil, fmt.Errorf("tlsio: no version was negotiated: %w", ErrPolicy)
	}
	write.Tier, read.Tier = a.config.Tier, a.config.Tier
	inner, err := record.NewLink(write, read)
	if err != nil {
		return nil, err
	}
	link := &Link{Link: *inner, Info: a.info()}
	link.Info.SealedBy = link.Kernel()
	if a.config.Exporter {
		state := a.library.ConnectionState()
		link.export = state.ExportKeyingMaterial
	}
	return link, nil
}

func (a *attempt) info() Info {
	state := a.library.ConnectionState()
	info := Info{
		Host: a.config.ServerName, Version: a.flight.version, Suite: a.flight.suite, ALPN: state.NegotiatedProtocol,
		Curve: tls.CurveID(a.flight.curve), Hello: a.config.hello(), Resumed: state.DidResume, Retried: a.flight.retried,
		PeerSPKI: spkis(state.VerifiedChains), Signature: tls.SignatureScheme(a.flight.signature), Stapled: state.OCSPResponse,
		ExtendedMaster: a.flight.version == record.TLS13 || a.flight.extendedMaster,
	}
	return info
}

// errNoExporter: the connection was made without Config.Exporter.
var errNoExporter = errors.New("tlsio: keying material is exported only where Config.Exporter is set")

// Export derives keying material that is bound to this connection. Source: RFC 5705, RFC 8446 §7.5.
func (l *Link) Export(label string, context []byte, length int) ([]byte, error) {
	if l.export == nil {
		return nil, errNoExporter
	}
	return l.export(label, context, length)
}

// Wipe clears what is ours of the connection's keys, and drops the library's half of it.
func (l *Link) Wipe() {
	l.Link.Wipe()
	l.export = nil
	if l.tickets != nil {
		l.tickets.end()
		l.tickets = nil
	}
}
