package runtime

import (
	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/tlsio/record"
	"orderwire/wsproto"
)

// headRoom is what lies before a payload in its slot (the record's head, then the frame's), tailRoom what lies behind it.
const (
	headRoom = record.MaxHead + wsproto.MaxHeader
	tailRoom = record.MaxTail
)

// trigger is one decision on its way to the wire.
type trigger struct {
	order    Armed
	spec     orders.Spec
	template *orders.Template
	values   orders.Values
	intended int64
	now      int64
}

// armed is one compiled order, and the request that cancels it.
type armed struct {
	spec       orders.Spec
	template   *orders.Template
	cancel     *orders.Template
	cancelSpec orders.Spec
}

// push turns one trigger into one record on its way to the kernel. Loop thread only.
//
// Shape:   slot = [head room | payload | tail room]; the record is built in place around the payload.
// Outcome: Sent, or the reason why not; a refusal leaves no trace on the wire.
//
// All that can fail is asked in admit, before the first byte is written: a record number that was used and
// not sent would kill the connection.
func (s *session) push(t *trigger, now int64) (uint64, orders.Outcome) {
	if why := s.admit(t, now); why != orders.Sent {
		s.ahead.burn()
		return 0, why
	}
	slot, ok := s.arena.Take()
	if !ok {
		s.ahead.burn()
		return 0, orders.NoSlot
	}
	buf := s.arena.Bytes(slot)
	template := t.template
	n, ready := s.ahead.take(t, buf[headRoom:]) // signed while idle: it brings its own id
	if !ready {
		t.values.ID = s.ids.Next()
	}
	s.marks.start(s.timings.place(t.values.ID), t.values.ID, t.order, t.intended, now)

	if !ready {
		n = template.Patch(buf[headRoom:], t.values)
	}
	s.marks.hit(Patched)
	if !ready {
		template.Sign(buf[headRoom:headRoom+n], s.signer)
	}
	s.marks.hit(Signed)
	at, n := frame(template, buf, n, s.masks)
	s.frameBytes = n
	s.marks.hit(Framed)
	from, to := s.link.SealInPlace(buf, at, n)
	s.marks.hit(Sealed)

	s.journal.Intent(t.values.ID, t.order, &t.values, now)
	s.port.Send(s.sock, slot, from, to) // from here the kernel owns slot
	s.port.Submit()
	s.marks.hit(Submitted)
	s.remember(t, slot, now) // nothing of it can be answered before the next turn
	return t.values.ID, orders.Sent
}

// remember makes the order known to the tracker, and to whatever its answer and its slot's return will be matched with. It
// comes after the send because one thread does both: a cold tracker costs 100 ns that the wire need not wait for. The
// journal's intent comes before, since the process may die in between.
func (s *session) remember(t *trigger, slot netpoll.Slot, now int64) {
	s.carry(t)
	s.flight.add(slot, t.values.ID, now)
	if t.spec.Action == orders.Cancel {
		s.track.AddCancel(s.index, t.values.ID, t.values.Target, now)
	} else {
		s.track.AddOn(s.index, t.values.ID, now, t.template, t.values.Price, t.values.Qty)
	}
}

// frame makes a message of the payload at headRoom: a masked text frame, or as it stands (HTTP).
func frame(t *orders.Template, buf []byte, n int, masks *wsproto.Masks) (at, size int) {
	if t.Framing() == orders.FrameHTTP {
		return headRoom, n
	}
	return wsproto.FrameInPlace(buf, headRoom, n, wsproto.OpText, masks.Next())
}

// admit asks all that could stop an order. Each answer names its reason.
func (s *session) admit(t *trigger, now int64) orders.Outcome {
	cancel := t.spec.Action == orders.Cancel
	switch {
	case s.phase != Live && !(cancel && s.phase == Draining && !s.closing):
		return orders.NotLive
	case !t.template.Fits(t.values.Price, t.values.Qty):
		return orders.BadValue
	case !s.port.Room(s.sock):
		return orders.BackPressured
	case !s.track.Room():
		return orders.TrackFull
	case !s.free():
		return orders.BackPressured // HTTP: one order in flight on a connection
	case s.masks.Left() == 0:
		return orders.NoMask
	case s.link.Left() == 0:
		return orders.KeyExhausted
	case s.armedUntil != 0 && now > s.armedUntil:
		return orders.Stale // its token has run out: the venue would refuse it
	case s.link.PendingControl():
		return orders.BackPressured // what the record layer owes its peer goes first
	case !cancel && !s.journal.Room():
		return orders.JournalFull
	}
	if !cancel && s.kill.Latched() != orders.KilledByNobody {
		return orders.Killed
	}
	stamp, known := s.venue.Stamp(now)
	if !known {
		return orders.ClockDoubt
	}
	t.values.WallNanos = stamp
	t.values.ID = s.ahead.choose(t, s.ids, now)
	return s.risk.Check(&t.spec, &t.values, now)
}
