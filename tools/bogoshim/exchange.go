package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

const (
	patience         = 30 * time.Second // longer than any wait of the runner
	defaultReadSize  = 512              // of BoringSSL's own shim
	alertSentOnOrder = 30               // decompression_failure, what -send-alert means
)

// exchange is one connection to the runner.
type exchange struct {
	options options
	resumed bool
	config  tlsio.Config
	conn    net.Conn // as the handshake and the stream see it
	socket  *net.TCPConn
	link    *tlsio.Link
	in      []byte // received and not yet used
	before  int    // sessions held when the handshake was over
}

func newExchange(o options, files *files, sessions *tlsio.Sessions, resumed bool, delaySeconds int) (*exchange, error) {
	x := &exchange{options: o, resumed: resumed}
	if o.noTicket {
		sessions = nil
	}
	c := tlsio.Config{
		ServerName: "test", Hello: tlsio.Hello(o.backend), Sessions: sessions, Protocols: []string{}, Exporter: o.exportLen > 0,
		Time: func() time.Time { return time.Now().Add(time.Duration(delaySeconds) * time.Second) },
	}
	if o.hostName != "" {
		c.ServerName = o.hostName
	}
	var err error
	if c.MinVersion, c.MaxVersion, err = o.versions(); err != nil {
		return nil, err
	}
	if c.Hello != tlsio.HelloGolang && (o.curves != nil || o.verifyPrefs != nil) {
		return nil, fmt.Errorf("a browser's hello keeps its curves and signatures: %w", errUnimplemented)
	}
	for _, curve := range o.curves {
		if !slices.Contains(knownCurves, tls.CurveID(curve)) {
			return nil, fmt.Errorf("curve %d: %w", curve, errUnimplemented)
		}
		c.Curves = append(c.Curves, tls.CurveID(curve))
	}
	for _, scheme := range o.verifyPrefs {
		c.Signatures = append(c.Signatures, tls.SignatureScheme(scheme))
	}
	for rest := o.advertiseALPN; rest != ""; {
		n := 1 + int(rest[0])
		c.Protocols, rest = append(c.Protocols, rest[1:n]), rest[n:]
	}
	if c.Trust.Roots, err = files.roots(o.trustCert); err != nil {
		return nil, err
	}
	if o.verifyFail { // no switch makes our verification fail, but a pin of nobody does
		c.Trust.Mode = tlsio.TrustPin
		c.Trust.Pins = tlsio.PinSet{}
		c.Trust.Pins.Add(c.ServerName, tlsio.Pin{})
	}
	if c.Certificate, err = files.certificate(o); err != nil {
		return nil, err
	}
	x.config = c
	return x, nil
}

var knownCurves = []tls.CurveID{tls.CurveP256, tls.CurveP384, tls.CurveP521, tls.X25519, tls.X25519MLKEM768}

// versions narrows to what the flags allow; a client that would have to speak TLS 1.1 is not implemented.
func (o options) versions() (low, high record.Version, err error) {
	low, high = max(record.TLS12, record.Version(o.minVersion)), record.Version(o.maxVersion)
	if o.noTLS13 {
		high = min(high, record.TLS12)
	}
	if o.noTLS12 {
		low = record.TLS13
	}
	if low > high || high > record.TLS13 {
		return 0, 0, fmt.Errorf("versions: %w", errUnimplemented)
	}
	return low, high, nil
}

// run does what the flags say, and ends the connection in order, so that the runner sees an alert and not a reset.
func (x *exchange) run() error {
	if err := x.connect(); err != nil {
		return err
	}
	defer x.part()
	if err := x.handshake(); err != nil {
		return err
	}
	defer x.link.Wipe()
	x.before = 0
	if x.config.Sessions != nil {
		x.before = x.config.Sessions.Len()
	}
	if err := x.expectations(); err != nil {
		return err
	}
	if err := x.talk(); err != nil {
		return x.tell(err)
	}
	return x.newSession()
}

func (x *exchange) connect() error {
	address := "127.0.0.1"
	if x.options.ipv6 {
		address = "::1"
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(address, strconv.Itoa(x.options.port)), patience)
	if err != nil {
		return err
	}
	x.socket = conn.(*net.TCPConn)
	if _, err := conn.Write(binary.LittleEndian.AppendUint64(nil, x.options.shimID)); err != nil {
		return err
	}
	x.conn = conn
	if x.options.async {
		x.conn = byteByByte{conn}
	}
	return nil
}

// byteByByte is a connection that gives one byte a read.
type byteByByte struct{ net.Conn }

func (b byteByByte) Read(p []byte) (int, error) { return b.Conn.Read(p[:min(len(p), 1)]) }

func (x *exchange) handshake() (err error) {
	switch x.options.driver {
	case "goroutine":
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		x.link, err = tlsio.Handshake(ctx, x.conn, x.config)
	case "coroutine":
		x.link, err = x.step()
	default:
		return fmt.Errorf("driver %q: %w", x.options.driver, errUnimplemented)
	}
	var failure *tlsio.HandshakeError
	if errors.As(err, &failure) && failure.Again { // the runner counts connections, so that the second try has no place
		return fmt.Errorf("%w: %w", errUnimplemented, err)
	}
	return err
}

// step drives the handshake as a coroutine; the bytes behind it are the connection's.
func (x *exchange) step() (*tlsio.Link, error) {
	co := tlsio.NewCoroutine(x.config)
	for {
		out, used, done := co.Step(x.in)
		x.in = x.in[used:]
		if _, err := x.conn.Write(out); err != nil {
			co.Cancel()
			return nil, err
		}
		if done {
			return co.Result()
		}
		if err := x.fill(); err != nil {
			co.EOF()
			return co.Result()
		}
	}
}

// expectations compares what was negotiated with what the flags expect. Curve and signature are not remembered in sessions.
func (x *exchange) expectations() error {
	o, info := x.options, x.link.Info
	switch {
	case o.expectVersion != 0 && int(info.Version) != o.expectVersion:
		return fmt.Errorf("version %v, expected %04x", info.Version, o.expectVersion)
	case info.Resumed != (x.resumed && !o.expectSessionMiss):
		return fmt.Errorf("resumed: %v", info.Resumed)
	case info.ALPN != o.expectALPN:
		return fmt.Errorf("protocol %q, expected %q", info.ALPN, o.expectALPN)
	case o.expectCurve != 0 && !info.Resumed && int(info.Curve) != o.expectCurve:
		return fmt.Errorf("curve %d, expected %d", info.Curve, o.expectCurve)
	case o.expectSignature != 0 && !info.Resumed && int(info.Signature) != o.expectSignature:
		return fmt.Errorf("signature %04x, expected %04x", info.Signature, o.expectSignature)
	case o.expectCipher != 0 && int(info.Suite) != o.expectCipher:
		return fmt.Errorf("suite %v, expected %04x", info.Suite, o.expectCipher)
	case o.expectHRR && !info.Retried, o.expectNoHRR && info.Retried:
		return fmt.Errorf("HelloRetryRequest: %v", info.Retried)
	case o.expectExtendedMaster && !info.ExtendedMaster:
		return errors.New("no extended master secret")
	case o.expectRenegotiations != 0:
		return fmt.Errorf("renegotiation: %w", errUnimplemented)
	case o.expectOCSP != nil && !bytes.Equal(info.Stapled, o.expectOCSP):
		return errors.New("another OCSP response than expected")
	}
	return x.peerCertificate()
}

// peerCertificate compares the server's leaf with a file.
func (x *exchange) peerCertificate() error {
	if x.options.expectPeerCert == "" {
		return nil
	}
	text, err := os.ReadFile(x.options.expectPeerCert)
	if err != nil {
		return err
	}
	spki, err := leafKey(text)
	if err != nil {
		return err
	}
	if seen := x.link.Info.PeerSPKI; len(seen) == 0 || seen[0] != spki {
		return errors.New("another server certificate than expected")
	}
	return nil
}

// newSession checks, at the end, whether tickets of TLS 1.3 became sessions as the flags expect.
func (x *exchange) newSession() error {
	if x.link.Info.Version != record.TLS13 || x.options.shimShutsDown || x.options.sendAlert || x.config.Sessions == nil {
		return nil
	}
	if got := x.config.Sessions.Len() > x.before; got == x.options.expectNoSession {
		return fmt.Errorf("a new session: %v", got)
	}
	return nil
}

// tell sends the alert that err owes the runner.
func (x *exchange) tell(err error) error {
	if alert := x.link.AppendError(nil, err); len(alert) > 0 {
		if _, failed := x.socket.Write(alert); failed != nil {
			return errors.Join(err, failed)
		}
	}
	return err
}

// part ends the connection: nothing more from us, then whatever the runner still says, then the close.
func (x *exchange) part() {
	_ = x.socket.CloseWrite()
	_ = x.socket.SetReadDeadline(time.Now().Add(patience))
	_, _ = io.Copy(io.Discard, x.socket)
	_ = x.socket.Close()
}
