package tlsio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	goruntime "runtime"
	"time"

	utls "github.com/refraction-networking/utls"

	"orderwire/tlsio/record"
)

// Handshake runs the TLS handshake over conn and takes the connection over from the library: afterwards the Link seals and opens
// records, no byte of the stream is left in the library, and conn, whose reading position is exactly behind the handshake,
// remains the caller's. Handshake never closes conn. It sets its deadline from ctx and clears it again.
//
// A failure is a *HandshakeError; the server has got the alert that belongs to it, as far as the connection allows.
func Handshake(ctx context.Context, conn net.Conn, c Config) (*Link, error) {
	if c.ServerName == "" {
		return nil, &HandshakeError{Host: "?", Class: ClassConfig, What: "no server name was given", Fix: "set ServerName to the host to verify"}
	}
	if c.minVersion() > c.maxVersion() {
		return nil, &HandshakeError{Host: c.ServerName, Class: ClassConfig, What: "the lowest version is above the highest"}
	}
	for _, warning := range c.Trust.Pins.Warnings(c.ServerName, c.now()) {
		c.warn(warning)
	}
	if c.KeyLog != nil {
		c.warn("TLS secrets are being written to a key log: whoever reads it reads and forges the connection", "host", c.ServerName)
	}
	release, err := bound(ctx, conn)
	if err != nil {
		return nil, explain(c.ServerName, err)
	}
	a := newAttempt(conn, c)
	link, err := a.run()
	if late := release(); late != nil {
		err = late
	}
	if err != nil {
		if link != nil {
			link.Wipe()
		}
		return nil, named(c.ServerName, explain(c.ServerName, err))
	}
	if c.Collect {
		goruntime.GC()
	}
	return link, nil
}

// named fills in the host where an inner step did not know it.
func named(host string, err error) error {
	var e *HandshakeError
	if errors.As(err, &e) && e.Host == "" {
		e.Host = host
	}
	return err
}

// bound ties conn's deadline to ctx. release unties it and returns ctx's error if that has struck.
func bound(ctx context.Context, conn net.Conn) (release func() error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Time{}
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, fmt.Errorf("tlsio: deadline: %w", err)
	}
	struck := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(struck)
		_ = conn.SetDeadline(time.Unix(1, 0)) // a failure shows in the blocked call itself
	})
	return func() error {
		if !stop() {
			<-struck
			return ctx.Err()
		}
		return conn.SetDeadline(time.Time{})
	}, nil
}

// attempt is one handshake on one connection.
type attempt struct {
	config   Config
	gate     *gate
	flight   *flight
	keys     *secrets
	sessions *view
	library  *utls.UConn
}

func newAttempt(conn net.Conn, c Config) *attempt {
	keys := &secrets{copyTo: c.KeyLog}
	f := &flight{keys: keys, tier: c.Tier, minimum: c.minVersion(), limit: c.maxVersion(), parrot: c.hello() != HelloGolang}
	a := &attempt{config: c, gate: &gate{conn: conn, flight: f}, flight: f, keys: keys}
	if c.Sessions != nil {
		a.sessions = &view{sessions: c.Sessions, key: endpointOf(c), flight: f}
	}
	return a
}

// run does the steps of a handshake in their order.
func (a *attempt) run() (*Link, error) {
	defer a.keys.wipe()
	defer a.flight.wipe()
	if err := a.shake(); err != nil {
		return nil, a.refuse(err)
	}
	if !a.gate.whole() {
		return nil, fmt.Errorf("%w: the library has unsent or unread bytes", ErrTrailing)
	}
	link, err := a.takeOver()
	if err != nil {
		return nil, err
	}
	if err := a.flight.ended(); err != nil {
		_, _ = a.gate.conn.Write(link.AppendAlert(nil, record.AlertUnexpectedMessage)) // the handshake has failed in any case
		return link, err
	}
	if err := a.enforce(link); err != nil {
		return link, err
	}
	link.tickets, err = a.park()
	return link, err
}

// shake lets the library do its handshake. It can panic on hellos that it did not foresee; that ends this attempt, not the process.
func (a *attempt) shake() (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(value)
		}
	}()
	lib := libraryConfig(a.config, a.keys)
	lib.VerifyConnection = a.verify
	if a.sessions != nil {
		lib.ClientSessionCache = a.sessions
	}
	a.library, err = newClient(a.gate, a.config, lib)
	if err != nil {
		return err
	}
	return a.library.HandshakeContext(context.Background()) // ctx works through the deadline: the library would close conn
}

// refuse handles a failed handshake: it sends the flight's alert where the flight refused (the library has sent its own), and
// forgets the session that was offered.
func (a *attempt) refuse(err error) error {
	if a.sessions != nil && a.sessions.offered && !unreachable(a.gate.failed) {
		a.sessions.sessions.drop(a.sessions.key) // it may be the sessions that the server chokes on
	}
	var no *refusal
	if errors.As(a.gate.failed, &no) {
		a.alert(no.alert)
		return no
	}
	if a.gate.failed != nil {
		return fmt.Errorf("%w", a.gate.failed)
	}
	return err
}

// unreachable tells an end of the connection from an answer that was wrong.
func unreachable(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// alert sends a fatal alert in the protection that the server expects at this moment.
func (a *attempt) alert(code uint8) {
	f := a.flight
	keys := record.Keys{Version: record.TLS13, Suite: f.suite, Secret: a.keys.clientHandshake, Tier: f.tier}
	switch {
	case f.version == record.TLS13 && len(keys.Secret) > 0:
	case f.clientCCS && len(a.keys.master) > 0:
		client, _, err := record.Derive12(f.suite, a.keys.master, f.offered.random[:], f.serverRandom[:])
		if err != nil {
			return
		}
		keys, keys.Seq = client, f.clientOut
	default:
		_, _ = a.gate.conn.Write([]byte{typeAlert, 3, 3, 0, 2, alertFatal, code}) // the handshake has failed in any case
		return
	}
	sealer, err := record.NewSealer(keys)
	if err != nil {
		return
	}
	var out []byte
	if f.version == record.TLS13 && !f.compatible && len(f.offered.sessionID) > 0 {
		out = append(out, typeCCS, 3, 3, 0, 1, 1) // RFC 8446 §D.4; the library still had it in its buffer
	}
	_, _ = a.gate.conn.Write(sealer.AppendAlert(out, code)) // as above
	sealer.Wipe()
}

// enforce applies the policy to what was negotiated. The flight has seen versions and suites already: this is the other side of
// the same check, on what the library believes.
func (a *attempt) enforce(link *Link) error {
	state := a.library.ConnectionState()
	info := &link.Info
	if record.Version(state.Version) != info.Version || record.Suite(state.CipherSuite) != info.Suite {
		return &HandshakeError{Class: ClassLibrary, What: "library and wire disagree about version or suite", Err: ErrPolicy}
	}
	if !info.Resumed && info.Version == record.TLS13 && !matches(info.Signature, state.PeerCertificates[0]) {
		_, _ = a.gate.conn.Write(link.AppendAlert(nil, record.AlertIllegalParameter)) // the handshake has failed in any case
		return &HandshakeError{Class: ClassProtocol, What: "the server signed with a scheme that is not its key's", Err: ErrPolicy}
	}
	allowed := info.ALPN == ""
	for _, protocol := range a.config.protocols() {
		allowed = allowed || protocol == info.ALPN
	}
	if !allowed {
		_, _ = a.gate.conn.Write(link.AppendAlert(nil, record.AlertNoApplicationProtocol)) // the handshake has failed in any case
		return &HandshakeError{Class: ClassProtocol, What: fmt.Sprintf("the server chose the protocol %q", info.ALPN), Err: ErrPolicy}
	}
	return nil
}
