package record

import "errors"

// Link is both directions of one connection after the take-over, and the rule that ties them together: a KeyUpdate that the
// peer asked for leaves before our next data record.
//
// The loop's contract, before a data record and in idle turns:
//
//	if link.PendingControl() { out, err = link.AppendControl(out[:0]); send(out) } // through the same send owner as data
//
// It is best asked when the received bytes are used up, not after each record: several requests are then answered once.
//
// A Link is not safe for concurrent use.
type Link struct {
	Sealer
	Opener
	answer bool // the peer asked for a KeyUpdate of ours
	asked  bool // we asked the peer for one, in this epoch of its key
}

// NewLink makes a connection from its two directions' keys. It borrows both; the caller wipes them.
func NewLink(write, read Keys) (*Link, error) {
	l := new(Link)
	if err := l.Sealer.start(write); err != nil {
		return nil, err
	}
	if err := l.Opener.start(read); err != nil {
		return nil, err
	}
	l.reserve()
	return l, nil
}

// SealInPlace is Sealer.SealInPlace for application data.
//
// Panics: also while a control record is pending, because data may not overtake it (callers ask PendingControl first).
func (l *Link) SealInPlace(buf []byte, at, n int) (from, to int) {
	if l.answer {
		panic("record: data may not overtake the KeyUpdate that the peer asked for")
	}
	return l.Sealer.SealInPlace(buf, at, n)
}

// Next is Opener.Next; it also remembers a KeyUpdate that the peer asks for.
func (l *Link) Next(in []byte) (ev Event, used int, err error) {
	ev, used, err = l.Opener.Next(in)
	if ev.Kind == EventKeyUpdate {
		l.asked = false
		// Several requests before our answer are answered once: RFC 8446 §4.6.3.
		l.answer = l.answer || ev.Respond && !l.finished
	}
	return ev, used, err
}

// PendingControl tells that a control record must leave: the answer to a KeyUpdate, or a KeyUpdate of our own because a key
// nears its limit. The first kind comes before the next data record, the second may wait for a quiet moment.
func (l *Link) PendingControl() bool {
	if l.finished || l.Sealer.version != TLS13 {
		return false
	}
	return l.answer || l.Sealer.Due() || l.Opener.Due() && !l.asked
}

// AppendControl seals the pending control record behind dst and returns the longer slice; without one it returns dst.
// dst needs ControlRoom bytes of free capacity, else it grows.
func (l *Link) AppendControl(dst []byte) ([]byte, error) {
	if !l.PendingControl() {
		return dst, nil
	}
	request := l.Opener.Due() && !l.asked
	dst, err := l.AppendKeyUpdate(dst, request)
	l.answer, l.asked = false, l.asked || request
	return dst, err
}

// WantsReconnect tells that our TLS 1.2 key, which nothing can renew, nears its limit: open a new connection and drop this one.
func (l *Link) WantsReconnect() bool {
	return l.Sealer.version == TLS12 && l.Sealer.Due()
}

// AppendError seals the alert that err asks for behind dst; it returns dst if err asks for none, or after a closing alert.
func (l *Link) AppendError(dst []byte, err error) []byte {
	var alert *AlertError
	if !errors.As(err, &alert) || !alert.Sent || l.finished {
		return dst
	}
	return l.AppendAlert(dst, alert.Code)
}

// Finished tells that a closing alert of ours was sealed: nothing may be sealed after it.
func (l *Link) Finished() bool { return l.finished }

// Version of the protocol.
func (l *Link) Version() Version { return l.Sealer.version }

// Suite of the connection.
func (l *Link) Suite() Suite { return l.Sealer.suite }

// Wipe clears what is ours of both directions' keys.
func (l *Link) Wipe() {
	l.Sealer.Wipe()
	l.Opener.Wipe()
}
