package runtime

import (
	"errors"

	"orderwire/orders"
	"orderwire/wsproto/http1"
)

// Order sessions whose orders are HTTP requests (Coinbase): one order in flight on each, so a venue has a pool of them
// (Config.Standbys), and which order a response answers is known by its connection.

// errHTTPOver ends a connection that the server will not use again.
var errHTTPOver = errors.New("runtime: the server ends this HTTP connection after its response")

// carry notes which order the next response answers.
func (s *session) carry(t *trigger) {
	if s.http != nil {
		s.carrying, s.carried = t.values.ID, t.template.Spec().Action
		s.http.Expect(s.methods[s.carried])
	}
}

// free tells whether a request may be sent on s now.
func (s *session) free() bool { return s.http == nil || s.carrying == 0 && s.http.Ready() }

// respondAll reads every whole response of the plaintext in.
func (l *Loop) respondAll(s *session, in []byte, at int64) error {
	for len(in) > 0 {
		ev, used, err := s.http.Next(in)
		if err != nil {
			return err
		}
		in = in[used:]
		if ev.Kind != http1.EventResponse {
			if used == 0 {
				return nil // the reader keeps what it has
			}
			continue
		}
		l.response(s, &ev, at)
		if ev.Close {
			return errHTTPOver
		}
	}
	return nil
}

// response settles the answer to the request that s carries.
func (l *Loop) response(s *session, ev *http1.Event, at int64) {
	id := s.carrying
	s.carrying = 0
	r := &l.report
	if err := l.responder.Reply(s.carried, ev.Status, ev.Body, r); err != nil {
		l.counts.badMessages++
		r.Reset()
		r.Kind, r.Status = orders.ReportUnknown, ev.Status // an answer that cannot be read is no evidence
	}
	l.bookFor(s, r, id, at)
}
