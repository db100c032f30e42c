package netpoll

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Resolver answers host names as getaddrinfo would (hosts file, nsswitch, resolv.conf, RFC 6724 order),
// with A and AAAA, and keeps the last good answer through an outage. Control plane; safe for many goroutines.
type Resolver struct {
	config  ResolverConfig
	lookups *net.Resolver
	mu      sync.Mutex
	hosts   map[string]*Answer
}

// ResolverConfig tunes a Resolver. The zero value is a good default.
type ResolverConfig struct {
	// Refresh is the age from which an answer is looked up again in the background. Default 30 s.
	// The standard resolver does not tell a record's TTL; venues' load balancers use 60 s.
	Refresh time.Duration
	// Timeout ends one lookup. Default 5 s.
	Timeout time.Duration
	// Dial connects to a name server in place of the system's. Default: /etc/resolv.conf's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the wall clock. Default time.Now.
	Now func() time.Time
}

const (
	defaultRefresh       = 30 * time.Second
	defaultLookupTimeout = 5 * time.Second
)

// Answer is what is known of a host.
type Answer struct {
	Host    string
	Addrs   []netip.Addr // in order of preference
	At      time.Time    // when it was last confirmed
	Stale   bool         // the last lookup failed; Addrs is the last good set
	LastErr error        // why it is stale

	tried time.Time // when it was last asked for: an outage is not asked about at every Lookup
}

// copied is a with addresses of its own, so that a caller may sort them.
func (a *Answer) copied() Answer {
	c := *a
	c.Addrs = slices.Clone(a.Addrs)
	return c
}

// NewResolver makes a resolver. It starts nothing; Run refreshes in the background.
func NewResolver(c ResolverConfig) *Resolver {
	if c.Refresh <= 0 {
		c.Refresh = defaultRefresh
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultLookupTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Resolver{
		config:  c,
		lookups: &net.Resolver{PreferGo: true, Dial: c.Dial},
		hosts:   make(map[string]*Answer),
	}
}

// Lookup returns all addresses of host. A known host is answered from the cache; a literal address passes.
//
// Errors: *OpError with Cause ErrUnknownHost where the name does not exist, else what the lookup said.
func (r *Resolver) Lookup(ctx context.Context, host string) (Answer, error) {
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return Answer{Host: host, Addrs: []netip.Addr{ip}, At: r.config.Now()}, nil
	}
	r.mu.Lock()
	known, ok := r.hosts[host]
	r.mu.Unlock()
	if ok && r.config.Now().Sub(known.tried) < r.config.Refresh {
		return known.copied(), nil
	}
	return r.refresh(ctx, host)
}

// Refresh looks up every known host again. A host whose lookup fails keeps its last good set, marked stale.
func (r *Resolver) Refresh(ctx context.Context) error {
	r.mu.Lock()
	hosts := make([]string, 0, len(r.hosts))
	for h := range r.hosts {
		hosts = append(hosts, h)
	}
	r.mu.Unlock()
	slices.Sort(hosts)
	var failures []error
	for _, h := range hosts {
		if a, err := r.refresh(ctx, h); err != nil {
			failures = append(failures, err)
		} else if a.Stale {
			failures = append(failures, a.LastErr)
		}
	}
	return errors.Join(failures...)
}

// Run refreshes at half the refresh age until ctx ends, so that Lookup finds fresh answers.
// told hears of failures; it may be nil.
func (r *Resolver) Run(ctx context.Context, told func(error)) {
	tick := time.NewTicker(r.config.Refresh / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := r.Refresh(ctx); err != nil && told != nil && ctx.Err() == nil {
				told(err)
			}
		}
	}
}

// refresh asks the network, and falls back to the last good set.
func (r *Resolver) refresh(ctx context.Context, host string) (Answer, error) {
	bounded, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	addrs, err := r.lookups.LookupNetIP(bounded, "ip", host)
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && len(addrs) > 0 {
		now := r.config.Now()
		a := &Answer{Host: host, Addrs: addrs, At: now, tried: now}
		r.hosts[host] = a
		return a.copied(), nil
	}
	failure := lookupError(host, err)
	known, ok := r.hosts[host]
	if !ok {
		return Answer{}, failure
	}
	stale := *known // At stays that of the confirmation
	stale.Stale, stale.LastErr, stale.tried = true, failure, r.config.Now()
	r.hosts[host] = &stale
	return stale.copied(), nil
}

// lookupError tells a name that does not exist from servers that do not answer.
func lookupError(host string, err error) error {
	e := &OpError{Op: "resolve", Addr: host, Cause: err}
	var dns *net.DNSError
	switch {
	case err == nil:
		e.Cause = ErrUnknownHost
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Cause = ErrUnknownHost
	case errors.As(err, &dns) && dns.IsTimeout:
		e.Cause = &blackHole{os.ErrDeadlineExceeded}
	}
	return e
}
