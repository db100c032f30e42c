package simex

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ServeConfig says how a venue is served over TLS on loopback.
type ServeConfig struct {
	Venue      Config
	Listen     string // default "127.0.0.1:0"; any host that is not loopback is refused
	CAFile     string // where the authority's certificate is written as PEM; "": nowhere
	TLSVersion uint16 // tls.VersionTLS12 or tls.VersionTLS13 alone; default: both
	Suites     []uint16
	Spin       bool // read without sleeping: a client's send then does not pay for a wake-up. Costs a core
	// SpinRest lets a connection on which nothing came for so long sleep until something comes, so that it does not delay
	// those beside it. 0: never.
	SpinRest time.Duration
	// Arrived is called when bytes have come on a spinning connection, before they are opened: the place for a stamp that
	// RxClock then tells. nil: nothing is called.
	Arrived func()
	Ed25519 bool // certificate key; default ECDSA P-256, which every client hello accepts
	Ready   func(*Server)
}

// Server is a venue behind a listening socket. Each connection has one goroutine that reads, works and writes the
// replies, and one that sleeps until time or another connection has something for its client.
type Server struct {
	venue     *Venue
	listener  net.Listener
	authority *Authority
	tls       *tls.Config
	spin      bool
	rest      time.Duration
	arrived   func()

	bell chan struct{} // rung when a dead man's switch was set
	over chan struct{}

	mu     sync.Mutex
	peers  map[*peer]struct{}
	closed bool
	done   sync.WaitGroup
}

// Serve starts a server. It stops when ctx ends or Close is called.
func Serve(ctx context.Context, config ServeConfig) (*Server, error) {
	venue, err := NewVenue(config.Venue)
	if err != nil {
		return nil, err
	}
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	if err := loopbackOnly(config.Listen); err != nil {
		return nil, err
	}
	authority, err := NewAuthority(nil, time.Now(), config.Ed25519)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return nil, fmt.Errorf("simex: listen: %w", err)
	}
	if config.CAFile != "" {
		if err := os.WriteFile(config.CAFile, authority.PEM, 0o644); err != nil { //nolint:gosec // a public certificate
			return nil, errors.Join(fmt.Errorf("simex: authority file: %w", err), listener.Close())
		}
	}
	s := &Server{
		venue: venue, listener: listener, authority: authority, peers: map[*peer]struct{}{},
		spin: config.Spin, rest: config.SpinRest, arrived: config.Arrived,
		bell: make(chan struct{}, 1), over: make(chan struct{}),
	}
	s.tls = tlsConfig(&config, authority)
	s.done.Add(2)
	go s.accept()
	go s.watch()
	context.AfterFunc(ctx, func() { _ = s.Close() }) // Close reports to its own callers; here nobody waits for it
	if config.Ready != nil {
		config.Ready(s)
	}
	return s, nil
}

func tlsConfig(config *ServeConfig, authority *Authority) *tls.Config {
	settings := &tls.Config{
		Certificates: []tls.Certificate{authority.Certificate}, NextProtos: []string{"http/1.1"},
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13, CipherSuites: config.Suites,
		DynamicRecordSizingDisabled: true,
	}
	if config.TLSVersion != 0 {
		settings.MinVersion, settings.MaxVersion = config.TLSVersion, config.TLSVersion
	}
	return settings
}

// loopbackOnly refuses addresses that another machine could reach.
func loopbackOnly(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("simex: listen address: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("simex: %q is not a loopback address: this exchange takes throw-away keys only", host)
	}
	return nil
}

// Addr is the address in use, host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// CA is the authority's certificate in PEM.
func (s *Server) CA() []byte { return s.authority.PEM }

// Venue is what the connections share.
func (s *Server) Venue() *Venue { return s.venue }

// Counts is what the examiner saw, with the time its own work took.
func (s *Server) Counts() Counts { return s.venue.Counts() }

// Close ends all connections and waits for their goroutines.
func (s *Server) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	for p := range s.peers {
		p.stop()
	}
	s.mu.Unlock()
	var err error
	if !already {
		close(s.over)
		err = s.listener.Close()
	}
	s.done.Wait()
	return err
}

func (s *Server) accept() {
	defer s.done.Done()
	for {
		raw, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, or a client that left in the backlog
			select {
			case <-s.over:
				return
			case <-time.After(acceptPause):
			}
			continue
		}
		tcp, ok := raw.(*net.TCPConn)
		if !ok {
			continue
		}
		var under net.Conn = tcp
		if s.spin {
			if under, err = newSpinConn(tcp, s.rest, s.arrived); err != nil {
				continue // it ended before it began
			}
		}
		p := &peer{server: s, tcp: tcp, tls: tls.Server(under, s.tls), bell: make(chan struct{}, 1), over: make(chan struct{})}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			p.stop()
			return
		}
		s.peers[p] = struct{}{}
		s.done.Add(1)
		s.mu.Unlock()
		go p.run()
	}
}

// watch fires dead man's switches: they must fire when no connection is left.
func (s *Server) watch() {
	defer s.done.Done()
	s.venue.OnAlarm(func() {
		select {
		case s.bell <- struct{}{}:
		default:
		}
	})
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now := time.Now().UnixNano()
		next := s.venue.NextTick()
		if next <= now {
			s.venue.Tick(now)
			continue
		}
		timer.Reset(time.Duration(min(next-now, int64(time.Hour))))
		select {
		case <-s.over:
			return
		case <-s.bell:
		case <-timer.C:
		}
	}
}

// peer is one accepted connection.
type peer struct {
	server *Server
	tcp    *net.TCPConn
	tls    *tls.Conn
	conn   *Conn
	bell   chan struct{} // rung when another goroutine has output for this client
	over   chan struct{} // closed when the reader has left
	armed  atomic.Int64  // when the pump wakes by itself

	writing sync.Mutex // held from Output to the end of the write, so that bytes keep their order
	out     []byte
}

const (
	handshakeTime = 10 * time.Second
	acceptPause   = 10 * time.Millisecond
)

func (p *peer) run() {
	defer p.server.done.Done()
	defer p.server.drop(p)
	defer p.stop()
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	err := p.tls.HandshakeContext(ctx)
	cancel()
	if err != nil {
		return
	}
	p.conn = p.server.venue.Accept(time.Now().UnixNano())
	p.conn.OnOutput(p.ring)
	p.armed.Store(math.MaxInt64)
	var pump sync.WaitGroup
	pump.Go(p.pump)
	p.read()
	close(p.over)
	p.conn.Hangup(time.Now().UnixNano())
	p.stop()
	pump.Wait()
}

// read feeds the connection and writes the replies on the same goroutine.
func (p *peer) read() {
	in := make([]byte, 32<<10)
	for {
		n, err := p.tls.Read(in)
		if n > 0 {
			now := time.Now()
			p.conn.Feed(now.UnixNano(), in[:n])
			if !p.flush(now.UnixNano()) {
				return
			}
			p.server.venue.service.add(int64(time.Since(now)))
			if p.conn.NextTick() < p.armed.Load() {
				p.ring()
			}
		}
		if err != nil {
			return
		}
	}
}

// pump does what time and other connections ask for.
func (p *peer) pump() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now := time.Now().UnixNano()
		next := p.conn.NextTick()
		if next <= now {
			p.conn.Tick(now)
		}
		if !p.flush(now) {
			p.stop()
			return
		}
		if next <= now {
			continue
		}
		p.armed.Store(next)
		timer.Reset(time.Duration(min(next-now, int64(time.Hour))))
		select {
		case <-p.over:
			return
		case <-p.bell:
		case <-timer.C:
		}
		p.armed.Store(math.MaxInt64) // awake: whatever the reader adds now may have been missed, so it rings
	}
}

// flush writes what may leave now and tells whether the connection goes on.
func (p *peer) flush(now int64) bool {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.out = p.conn.Output(now, p.out[:0])
	if len(p.out) > 0 {
		if _, err := p.tls.Write(p.out); err != nil {
			return false
		}
	}
	closed, cause := p.conn.Closed()
	if closed && errors.Is(cause, ErrReset) {
		_ = p.tcp.SetLinger(0) // a failure here only means that the socket is gone already
		_ = p.tcp.Close()
	}
	return !closed
}

func (p *peer) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// stop ends the connection; it may be called often and from anywhere.
func (p *peer) stop() {
	// close_notify is owed to the client, but one that does not read may not hold us up.
	_ = p.tcp.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	_ = p.tls.Close()
}

func (s *Server) drop(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
}
