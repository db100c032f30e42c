package tlsio_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

const host = "exchange.test"

// authority is a private certificate authority, made at run time.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// leafOptions shapes one certificate.
type leafOptions struct {
	names     []string
	from, to  time.Time
	rsa       bool
	ca        bool
	selfMade  bool
	commonTag string
	// forEncryption: the key may encrypt, and nothing else.
	forEncryption bool
}

var serial = struct {
	sync.Mutex
	n int64
}{n: 1}

func nextSerial() *big.Int {
	serial.Lock()
	defer serial.Unlock()
	serial.n++
	return big.NewInt(serial.n)
}

var rsaKey = sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newKey(tb testing.TB, useRSA bool) crypto.Signer {
	tb.Helper()
	if useRSA {
		key, err := rsaKey()
		if err != nil {
			tb.Fatal(err)
		}
		return key
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func newAuthority(tb testing.TB, name string) *authority {
	tb.Helper()
	a := &authority{key: newKey(tb, false)}
	a.cert = a.issueCert(tb, leafOptions{ca: true, selfMade: true, commonTag: name}, a.key)
	return a
}

func (a *authority) issueCert(tb testing.TB, o leafOptions, key crypto.Signer) *x509.Certificate {
	tb.Helper()
	now := time.Now()
	if o.from.IsZero() {
		o.from = now.Add(-time.Hour)
	}
	if o.to.IsZero() {
		o.to = now.Add(24 * time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: nextSerial(), Subject: pkix.Name{CommonName: "orderwire test " + o.commonTag},
		NotBefore: o.from, NotAfter: o.to, BasicConstraintsValid: true, DNSNames: o.names,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if o.forEncryption {
		template.KeyUsage = x509.KeyUsageKeyEncipherment
	}
	if o.ca {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
		template.ExtKeyUsage = nil
	}
	parent, signer := a.cert, a.key
	if o.selfMade {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return cert
}

// issue makes a leaf for the test host.
func (a *authority) issue(tb testing.TB, o leafOptions) tls.Certificate {
	tb.Helper()
	if o.names == nil {
		o.names = []string{host}
	}
	key := newKey(tb, o.rsa)
	cert := a.issueCert(tb, o, key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// intermediate makes an authority below this one.
func (a *authority) intermediate(tb testing.TB, name string) *authority {
	tb.Helper()
	below := &authority{key: newKey(tb, false)}
	below.cert = a.issueCert(tb, leafOptions{ca: true, commonTag: name}, below.key)
	return below
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// peer runs a crypto/tls server on the far end of a loopback connection. Whatever it does ends with the test.
type peer struct {
	near net.Conn
	done chan error
}

// serve starts a server that hands the connection to talk after the handshake.
func serve(tb testing.TB, config *tls.Config, talk func(*tls.Conn) error) *peer {
	tb.Helper()
	near, far := loopback(tb)
	p := &peer{near: near, done: make(chan error, 1)}
	go func() {
		server := tls.Server(far, config)
		err := server.Handshake()
		if err == nil && talk != nil {
			err = talk(server)
		}
		if err == nil {
			_ = server.Close()
		}
		_ = far.Close()
		p.done <- err
	}()
	tb.Cleanup(func() {
		_ = near.Close()
		<-p.done
		close(p.done)
	})
	return p
}

// loopback makes a connected pair of sockets.
func loopback(tb testing.TB) (near, far net.Conn) {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	near, err = net.Dial("tcp", listener.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	far, err = listener.Accept()
	if err != nil {
		tb.Fatal(err)
	}
	return near, far
}

// connect runs our handshake against a peer.
func (p *peer) connect(tb testing.TB, c tlsio.Config) (*tlsio.Link, error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return tlsio.Handshake(ctx, p.near, c)
}

// stream drives a Link over a blocking connection: what the event loop does, in its plainest form.
type stream struct {
	link    *tlsio.Link
	conn    net.Conn
	buf     []byte
	chunk   int // bytes a read, for 1-byte feeding
	tickets int
	updates int
	ended   bool
}

func newStream(link *tlsio.Link, conn net.Conn, chunk int) *stream {
	return &stream{link: link, conn: conn, chunk: chunk}
}

func (s *stream) send(text []byte) error {
	for len(text) > 0 {
		n := min(len(text), record.MaxPlaintext)
		buf := make([]byte, record.MaxHead+n+record.MaxTail)
		copy(buf[record.MaxHead:], text[:n])
		from, to := s.link.SealInPlace(buf, record.MaxHead, n)
		if _, err := s.conn.Write(buf[from:to]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// next returns the next application data, or io.EOF after close_notify.
func (s *stream) next() ([]byte, error) {
	for {
		ev, used, err := s.link.Next(s.buf)
		if err != nil {
			if alert := s.link.AppendError(nil, err); len(alert) > 0 {
				_, _ = s.conn.Write(alert)
			}
			return nil, err
		}
		if used > 0 {
			data := append([]byte(nil), ev.Data...)
			s.buf = append(s.buf[:0], s.buf[used:]...)
			switch ev.Kind {
			case record.EventData:
				return data, nil
			case record.EventCloseNotify:
				s.ended = true
				return nil, io.EOF
			case record.EventTicket:
				s.tickets++
				if err := s.link.Ticket(data); err != nil {
					return nil, err
				}
			case record.EventKeyUpdate:
				s.updates++
			}
			if err := s.control(); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// untilUpdate reads until the peer has changed its key n times, and nothing else has come.
func (s *stream) untilUpdate(n int) error {
	for s.updates < n {
		ev, used, err := s.link.Next(s.buf)
		switch {
		case err != nil:
			return err
		case ev.Kind == record.EventData:
			return fmt.Errorf("%d bytes of data instead of a key update", len(ev.Data))
		case ev.Kind == record.EventKeyUpdate:
			s.updates++
		}
		s.buf = append(s.buf[:0], s.buf[used:]...)
		if used > 0 {
			continue
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
	return s.control()
}

func (s *stream) control() error {
	if !s.link.PendingControl() {
		return nil
	}
	out, err := s.link.AppendControl(nil)
	if err != nil {
		return err
	}
	_, err = s.conn.Write(out)
	return err
}

func (s *stream) fill() error {
	size := s.chunk
	if size == 0 {
		size = 4096
	}
	piece := make([]byte, size)
	n, err := s.conn.Read(piece)
	s.buf = append(s.buf, piece[:n]...)
	if err != nil && n == 0 {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w", s.link.End())
		}
		return err
	}
	return nil
}

// read collects exactly n bytes of application data.
func (s *stream) read(n int) ([]byte, error) {
	var all []byte
	for len(all) < n {
		data, err := s.next()
		if err != nil {
			return all, err
		}
		all = append(all, data...)
	}
	return all, nil
}

// echo returns every byte that it gets.
func echo(c *tls.Conn) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return nil // the client has ended the connection, as it does
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return err
		}
	}
}
