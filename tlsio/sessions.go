package tlsio

import (
	"container/list"
	"sync"
	"time"

	utls "github.com/refraction-networking/utls"
)

// Sessions is a cache of TLS sessions that the whole process may share: bounded in number, and nothing lives in it longer than
// maxAge. It is safe for concurrent use. Sessions are kept by host, hello and trust, so that one policy's session never serves
// another's connection.
type Sessions struct {
	mu     sync.Mutex
	most   int
	maxAge time.Duration
	now    func() time.Time
	recent *list.List // of *session, the most recently used first
	byKey  map[string]*list.Element
}

type session struct {
	key   string
	state *utls.ClientSessionState
	until time.Time
}

const (
	defaultSessions   = 256
	defaultSessionAge = 12 * time.Hour
	longestSessionAge = 7 * 24 * time.Hour // RFC 8446 §4.6.1
)

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
	return &Sessions{
		most: most, maxAge: min(maxAge, longestSessionAge), now: now,
		recent: list.New(), byKey: make(map[string]*list.Element),
	}
}

// Len is the number of sessions held, expired ones included until they are met.
func (s *Sessions) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byKey)
}

// Clear forgets every session.
func (s *Sessions) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recent.Init()
	clear(s.byKey)
}

func (s *Sessions) get(key string) (*utls.ClientSessionState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	element, ok := s.byKey[key]
	if !ok {
		return nil, false
	}
	found := element.Value.(*session)
	if s.now().After(found.until) {
		s.drop(element)
		return nil, false
	}
	s.recent.MoveToFront(element)
	return found.state, true
}

// put keeps the newest session of a key; nil forgets it.
func (s *Sessions) put(key string, state *utls.ClientSessionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if element, ok := s.byKey[key]; ok {
		s.drop(element)
	}
	if state == nil {
		return
	}
	for len(s.byKey) >= s.most {
		s.drop(s.recent.Back())
	}
	s.byKey[key] = s.recent.PushFront(&session{key: key, state: state, until: s.now().Add(s.maxAge)})
}

func (s *Sessions) drop(element *list.Element) {
	s.recent.Remove(element)
	delete(s.byKey, element.Value.(*session).key)
}

// view is one connection's window on the cache: the library asks by server name, and gets what belongs to this policy.
type view struct {
	sessions *Sessions
	key      string
	offered  bool // a session was handed to the library
	stored   int  // sessions that the library has put
}

func (v *view) Get(string) (*utls.ClientSessionState, bool) {
	state, ok := v.sessions.get(v.key)
	v.offered = v.offered || ok
	return state, ok
}

func (v *view) Put(_ string, state *utls.ClientSessionState) {
	if state != nil {
		v.stored++
	}
	v.sessions.put(v.key, state)
}
