package runtime

import (
	"errors"

	"orderwire/wsproto"
)

// Order lines: which order session is in use, which stand by, and how one leaves without losing an answer.

// ErrStopped ends the connections of a loop that was told to stop.
var ErrStopped = errors.New("runtime: stopped")

// errReplaced ends a connection whose replacement is live.
var errReplaced = errors.New("runtime: replaced before the venue would have cut it")

// errKilled ends a connection that held bytes back when the kill switch was thrown.
var errKilled = errors.New("runtime: kill switch: unsent bytes were aborted with their connection")

// lineOf is the session on which a request about an order may go: the one it was pushed on while that lives, so that a
// cancel cannot overtake its order, else the one in use.
func (l *Loop) lineOf(index uint16, id uint64) *session {
	s := l.sessions[index%sessionMax]
	usable := s != nil && (s.phase == Live || s.phase == Draining && !s.closing)
	if usable && (s.http == nil || s.carrying == id) {
		return s // HTTP: its order is still unanswered there, and admit makes the cancel wait
	}
	if l.orders == nil {
		return nil
	}
	return l.freeLine()
}

// freeLine is the order session for a new request: the one in use, or of a pool of HTTP connections one that is not busy.
func (l *Loop) freeLine() *session {
	if l.orders.free() {
		return l.orders
	}
	for _, s := range l.sessions {
		if s != nil && s.role == OrderRole && s.phase == Live && s.free() {
			return s
		}
	}
	return l.orders
}

// drainNanos is how long a leaving connection waits for acks and for the peer's Close.
const drainNanos = 1_000_000_000

// succeed puts a newly attached session where it belongs: an order session serves at once where none does, else it stands
// by; a replacement takes the place of whom it replaces.
func (l *Loop) succeed(s *session, now int64) {
	old := s.replaces
	s.replaces = nil
	if s.role == ReportRole {
		l.reports = s
	}
	if s.role == OrderRole && (l.orders == nil || l.orders == old) {
		l.orders = s
	}
	if old != nil && old.phase == Live {
		l.retire(old, now)
	}
}

// elect chooses another order session than not, which is no longer to be used: the first live one by place.
func (l *Loop) elect(not *session) {
	l.orders = nil
	for _, s := range l.sessions {
		if s != nil && s != not && s.role == OrderRole && s.phase == Live {
			l.orders = s
			l.counts.switches++
			return
		}
	}
}

// retire takes a session out of use and lets it drain: what it carries is still answered there.
func (l *Loop) retire(s *session, now int64) {
	s.phase.advance(Draining)
	s.closeAt = now + drainNanos
	l.retiring++
	if l.orders == s {
		l.elect(s)
	}
}

// renewal asks for a replacement of s, whose end the venue announced. A standby takes over at once.
func (l *Loop) renewal(s *session) {
	l.renewals.put(&s.index)
	if l.orders != s {
		return
	}
	if l.elect(s); l.orders == nil {
		l.orders = s // better the old line than none
	}
}

// followAll looks after the sessions that are leaving.
func (l *Loop) followAll(now int64) {
	for _, s := range l.sessions {
		if s != nil && s.phase == Draining {
			l.follow(s, now, errReplaced)
		}
	}
}

// follow lets a leaving session go when all its orders are answered, and at the latest when its time is over.
func (l *Loop) follow(s *session, now int64, why error) {
	switch {
	case s.http != nil && s.track.WaitingOn(s.index) == 0:
		l.end(s, why) // HTTP has no closing handshake
	case s.track.WaitingOn(s.index) == 0 && !s.closing:
		s.closing = true
		l.sayClose(s, wsproto.CloseNormal, "", now)
	case now > s.closeAt:
		l.end(s, why)
	}
}
