package tlsio

import (
	"container/list"
	"crypto/tls"
	"crypto/x509"
	"sync"
	"time"

	utls "github.com/refraction-networking/utls"

	"orderwire/tlsio/record"
)

const (
	defaultSessions    = 256
	defaultSessionAge  = 12 * time.Hour
	longestSessionAge  = 7 * 24 * time.Hour // RFC 8446 §4.6.1
	ticketsPerEndpoint = 4
)

// Sessions is a cache of TLS sessions that the whole process may share: bounded in number, and nothing lives in it longer than
// its age. It is safe for concurrent use. Sessions are kept apart by endpoint: one policy's session never serves another's
// connection, and roots and client certificates are told apart by their pointers, so load them once. A ticket of TLS 1.3 is used once (RFC 8446 §C.4), one of TLS 1.2 until it is replaced.
type Sessions struct {
	mu     sync.Mutex
	most   int
	maxAge time.Duration
	now    func() time.Time
	recent *list.List // of *session, the newest first
}

// endpoint separates what must not share sessions. It holds its pointers alive, so that none is ever reused for another pool.
type endpoint struct {
	host        string
	hello       Hello
	mode        TrustMode
	roots       *x509.CertPool
	certificate *tls.Certificate
	lowest, top record.Version
}

func endpointOf(c Config) endpoint {
	return endpoint{c.ServerName, c.hello(), c.Trust.Mode, c.Trust.Roots, c.Certificate, c.minVersion(), c.maxVersion()}
}

type session struct {
	key   endpoint
	state *utls.ClientSessionState
	until time.Time
	once  bool
}

// NewSessions makes a cache of at most most sessions (default 256), each usable for at most maxAge (default 12 h, at most 7 days).
func NewSessions(most int, maxAge time.Duration, now func() time.Time) *Sessions {
	if most <= 0 {
		most = defaultSessions
	}
	if maxAge <= 0 {
		maxAge = defaultSessionAge
	}
	if now == nil {
		now = time.Now
	}
	return &Sessions{most: most, maxAge: min(maxAge, longestSessionAge), now: now, recent: list.New()}
}

// Len is the number of sessions held, expired ones included until they are met.
func (s *Sessions) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recent.Len()
}

// Clear forgets every session.
func (s *Sessions) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recent.Init()
}

// take returns the newest session of an endpoint; it leaves the cache if it may be used only once. The cache is small, and this
// runs once a connection: a walk is enough.
func (s *Sessions) take(key endpoint) (*utls.ClientSessionState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for element, after := s.recent.Front(), (*list.Element)(nil); element != nil; element = after {
		after = element.Next()
		found := element.Value.(*session)
		switch {
		case s.now().After(found.until):
			s.recent.Remove(element)
		case found.key == key:
			if found.once {
				s.recent.Remove(element)
			}
			return found.state, true
		}
	}
	return nil, false
}

// put keeps a session. A reusable one replaces what the endpoint had; of those for one use, the newest few are kept.
func (s *Sessions) put(found session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	room := ticketsPerEndpoint - 1
	if !found.once {
		room = 0
	}
	s.trim(found.key, room)
	for s.recent.Len() >= s.most {
		s.recent.Remove(s.recent.Back())
	}
	found.until = s.now().Add(s.maxAge)
	s.recent.PushFront(&found)
}

// drop forgets all sessions of an endpoint.
func (s *Sessions) drop(key endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trim(key, 0)
}

// trim leaves an endpoint its newest few sessions.
func (s *Sessions) trim(key endpoint, keep int) {
	for element, after := s.recent.Front(), (*list.Element)(nil); element != nil; element = after {
		after = element.Next()
		if element.Value.(*session).key != key {
			continue
		}
		if keep--; keep < 0 {
			s.recent.Remove(element)
		}
	}
}

// view is one connection's window on the cache. The library asks and answers by server name; the view knows the endpoint. What
// the library stores during the handshake waits until the whole handshake has been accepted.
type view struct {
	sessions *Sessions
	key      endpoint
	flight   *flight
	offered  bool // a session was handed to the library
	accepted bool
	waiting  []*utls.ClientSessionState
	stored   int
}

func (v *view) Get(string) (*utls.ClientSessionState, bool) {
	state, ok := v.sessions.take(v.key)
	v.offered = v.offered || ok
	return state, ok
}

// Put is the library's. A nil state means that the handshake failed; attempt.refuse decides what that means for the sessions.
func (v *view) Put(_ string, state *utls.ClientSessionState) {
	if state == nil {
		return
	}
	v.waiting = append(v.waiting, state)
	if v.accepted {
		v.accept()
	}
}

// accept moves what waits into the cache.
func (v *view) accept() {
	v.accepted = true
	for _, state := range v.waiting {
		v.sessions.put(session{key: v.key, state: state, once: v.flight.version == record.TLS13})
		v.stored++
	}
	v.waiting = nil
}
