package netpoll_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"orderwire/netpoll"
)

// nameServer is a real DNS server on loopback, whose answers a test changes.
type nameServer struct {
	mu      sync.Mutex
	records map[string][]string // name with its dot -> addresses
	rcode   int                 // answered to everything where not 0
	mute    bool
	asked   int
	addr    string
}

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{records: map[string][]string{}, addr: conn.LocalAddr().String()}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, Handler: s, NotifyStartedFunc: func() { close(started) }}
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown() })
	return s
}

func (s *nameServer) ServeDNS(w dns.ResponseWriter, question *dns.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.mute {
		return
	}
	answer := new(dns.Msg)
	answer.SetRcode(question, s.rcode)
	answer.RecursionAvailable = true
	q := question.Question[0]
	addrs, known := s.records[q.Name]
	if s.rcode == 0 && !known {
		answer.Rcode = dns.RcodeNameError
	}
	for _, text := range addrs {
		ip := netip.MustParseAddr(text)
		head := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 60}
		switch {
		case q.Qtype == dns.TypeA && ip.Is4():
			answer.Answer = append(answer.Answer, &dns.A{Hdr: head, A: ip.AsSlice()})
		case q.Qtype == dns.TypeAAAA && ip.Is6():
			answer.Answer = append(answer.Answer, &dns.AAAA{Hdr: head, AAAA: ip.AsSlice()})
		}
	}
	_ = w.WriteMsg(answer)
}

func (s *nameServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *nameServer) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// resolver asks s only, and lives by a clock of its own.
func (s *nameServer) resolver(t *testing.T, now *time.Time, timeout time.Duration) *netpoll.Resolver {
	return netpoll.NewResolver(netpoll.ResolverConfig{
		Refresh: 30 * time.Second,
		Timeout: timeout,
		Now:     func() time.Time { return *now },
		Dial:    s.dialer(t),
	})
}

// dialer connects to s. At the end of the test it closes what it opened: a lookup that was given up at its
// deadline goes on in the background for seconds, and would look like a leak.
func (s *nameServer) dialer(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	var mu sync.Mutex
	var conns []net.Conn
	ended := false
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		for _, c := range conns {
			_ = c.Close()
		}
	})
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if ended {
			return nil, net.ErrClosed
		}
		var d net.Dialer
		c, err := d.DialContext(ctx, "udp", s.addr)
		if err == nil {
			conns = append(conns, c)
		}
		return c, err
	}
}

func texts(addrs []netip.Addr) []string {
	var all []string
	for _, a := range addrs {
		all = append(all, a.String())
	}
	slices.Sort(all)
	return all
}

func TestResolver(t *testing.T) {
	server := newNameServer(t)
	server.set(func() { server.records["venue.test."] = []string{"192.0.2.1", "192.0.2.2", "2001:db8::1"} })
	now := time.Unix(1_700_000_000, 0)
	r := server.resolver(t, &now, 5*time.Second)
	all := []string{"192.0.2.1", "192.0.2.2", "2001:db8::1"}

	a, err := r.Lookup(t.Context(), "venue.test")
	if err != nil || !slices.Equal(texts(a.Addrs), all) || a.Stale {
		t.Fatalf("first Lookup: %+v, %v", a, err)
	}
	a.Addrs[0] = netip.Addr{} // a caller may do that
	asked := server.questions()
	now = now.Add(29 * time.Second)
	if a, err = r.Lookup(t.Context(), "venue.test"); err != nil || !slices.Equal(texts(a.Addrs), all) {
		t.Errorf("cached Lookup: %+v, %v", a, err)
	}
	if server.questions() != asked {
		t.Error("a fresh answer was asked for again")
	}

	server.set(func() { server.records["venue.test."] = []string{"192.0.2.9"} })
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, err = r.Lookup(t.Context(), "venue.test"); err != nil || !slices.Equal(texts(a.Addrs), []string{"192.0.2.9"}) {
		t.Errorf("after Refresh: %+v, %v", a, err)
	}
	confirmed := a.At

	server.set(func() { server.rcode = dns.RcodeServerFailure })
	now = now.Add(time.Minute)
	a, err = r.Lookup(t.Context(), "venue.test")
	if err != nil || !a.Stale || a.LastErr == nil || !slices.Equal(texts(a.Addrs), []string{"192.0.2.9"}) || !a.At.Equal(confirmed) {
		t.Errorf("in an outage: %+v, %v", a, err)
	}
	asked = server.questions()
	if a, err = r.Lookup(t.Context(), "venue.test"); err != nil || !a.Stale || server.questions() != asked {
		t.Errorf("an outage is asked about at every Lookup: %+v, %v", a, err)
	}
	if err := r.Refresh(t.Context()); err == nil {
		t.Error("Refresh hides the outage")
	}

	server.set(func() { server.rcode = 0 })
	if err := r.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	if a, err = r.Lookup(t.Context(), "venue.test"); err != nil || a.Stale {
		t.Errorf("after the outage: %+v, %v", a, err)
	}
}

func TestResolverFailures(t *testing.T) {
	server := newNameServer(t)
	now := time.Unix(1_700_000_000, 0)
	t.Run("unknown host", func(t *testing.T) {
		_, err := server.resolver(t, &now, 5*time.Second).Lookup(t.Context(), "nobody.test")
		if !errors.Is(err, netpoll.ErrUnknownHost) || err.Error() != "netpoll: resolve nobody.test: no such host" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a host without addresses", func(t *testing.T) {
		server.set(func() { server.records["empty.test."] = nil })
		_, err := server.resolver(t, &now, 5*time.Second).Lookup(t.Context(), "empty.test")
		if !errors.Is(err, netpoll.ErrUnknownHost) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a mute server", func(t *testing.T) {
		server.set(func() { server.mute = true })
		_, err := server.resolver(t, &now, 20*time.Millisecond).Lookup(t.Context(), "venue.test")
		if !errors.Is(err, netpoll.ErrBlackHole) || errors.Is(err, netpoll.ErrUnknownHost) || !strings.Contains(err.Error(), "venue.test") {
			t.Errorf("got %v", err)
		}
	})
}

func TestResolverPassesLiterals(t *testing.T) {
	r := netpoll.NewResolver(netpoll.ResolverConfig{Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("a literal address was looked up")
		return nil, errors.New("no")
	}})
	for text, want := range map[string]string{"192.0.2.7": "192.0.2.7", "[2001:db8::7]": "2001:db8::7", "::1": "::1"} {
		a, err := r.Lookup(t.Context(), text)
		if err != nil || len(a.Addrs) != 1 || a.Addrs[0].String() != want {
			t.Errorf("%s: %+v, %v", text, a, err)
		}
	}
}

func TestResolverRunsUntilCancelled(t *testing.T) {
	server := newNameServer(t)
	server.set(func() { server.records["venue.test."] = []string{"192.0.2.1"} })
	r := netpoll.NewResolver(netpoll.ResolverConfig{
		Refresh: 2 * time.Millisecond,
		Dial:    server.dialer(t),
	})
	if _, err := r.Lookup(t.Context(), "venue.test"); err != nil {
		t.Fatal(err)
	}
	server.set(func() { server.rcode = dns.RcodeServerFailure })
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan error, 64)
	done := make(chan struct{})
	go func() {
		r.Run(ctx, func(err error) {
			select {
			case told <- err:
			default:
			}
		})
		close(done)
	}()
	if err := <-told; err == nil {
		t.Error("told of no error")
	}
	cancel()
	<-done
}
