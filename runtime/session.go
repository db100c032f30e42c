package runtime

import (
	"fmt"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/tlsio"
	"orderwire/tlsio/record"
	"orderwire/wsproto"
	"orderwire/wsproto/http1"
)

// Role is what a connection is for.
type Role uint8

// The roles.
const (
	OrderRole  Role = iota + 1
	MarketRole      // market data
	ReportRole      // reports of our orders, where the venue has a connection of its own for them
)

// String is the role's name in logs.
func (r Role) String() string {
	switch r {
	case OrderRole:
		return "orders"
	case MarketRole:
		return "market"
	case ReportRole:
		return "reports"
	}
	return "role?"
}

// Phase is where a connection stands.
//
//	Cold ─► Connecting ─► Live ─► Draining ─► Ended ─► Connecting
//	            └────────────────────────────► Ended
type Phase uint8

// The phases. Only Live takes new orders.
const (
	Cold Phase = iota
	Connecting
	Live
	Draining // a Close was sent or received; replies are still read
	Ended
)

var phaseNames = [...]string{"cold", "connecting", "live", "draining", "ended"}

// String is the phase's name in logs.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "phase?"
}

var phaseNext = [...][]Phase{
	Cold:       {Connecting},
	Connecting: {Live, Ended},
	Live:       {Draining, Ended},
	Draining:   {Ended},
	Ended:      {Connecting},
}

// advance is the only way in which a phase changes.
func (p *Phase) advance(to Phase) {
	for _, next := range phaseNext[*p] {
		if next == to {
			*p = to
			return
		}
	}
	panic(fmt.Sprintf("runtime: phase %s cannot become %s", *p, to))
}

// session is one connection after its hand-over: the loop's half. Loop thread only.
type session struct {
	index uint16
	role  Role
	phase Phase
	sock  netpoll.Sock

	arena  *netpoll.Arena
	port   netpoll.Port
	link   *tlsio.Link
	reader *wsproto.Reader
	http   *http1.Reader // in place of reader, where orders are HTTP requests
	masks  *wsproto.Masks
	cipher stream // bytes of a record that has not arrived whole
	plain  stream // bytes of a frame that has not arrived whole

	signer  *orders.Signer
	ids     *orders.IDs
	track   *orders.Tracker
	journal Journal
	risk    Risk
	kill    *orders.Kill
	venue   *orders.VenueClock
	ahead   *ahead
	marks   marks
	timings *timings
	flight  flight
	watch   watch

	handover   handover // until it is attached
	replaces   *session // whom it follows, until it is attached
	cause      error    // why it is ending
	carrying   uint64   // HTTP: the order whose response is to come, 0 for none
	carried    orders.Action
	methods    [orders.CancelAll + 1]string // HTTP method of each action
	touched    uint64                       // by warm: reading it brought its line into the cache
	primed     int                          // the armed order that warm primed last
	frameBytes int                          // of the last order's message: what warm prepares keystream for
	ping       []byte                       // keeps the connection alive, where the venue wants that from us
	pingNanos  int64
	pingAt     int64
	armed      []armed // compiled for this connection's credentials
	armedUntil int64   // loop clock, ns: they are not good any more; 0: they stay good
	closing    bool    // our Close was sent
	closeAt    int64   // when a Draining session is ended at the latest; 0: not draining
}

// flight remembers which order each slot in the kernel's hands carries, and since when.
type flight struct {
	ids    []uint64 // by slot; 0: no order
	since  []int64
	oldest int64 // since of the oldest slot that waits, 0 for none; a lower bound between sends
	count  int
}

func newFlight(slots int) flight {
	return flight{ids: make([]uint64, slots+1), since: make([]int64, slots+1)}
}

func (f *flight) add(slot netpoll.Slot, id uint64, now int64) {
	f.ids[slot], f.since[slot] = id, now
	if f.count == 0 {
		f.oldest = now
	}
	f.count++
}

// done forgets slot and returns the order it carried, 0 for none.
func (f *flight) done(slot netpoll.Slot) uint64 {
	id := f.ids[slot]
	if f.since[slot] != 0 {
		f.ids[slot], f.since[slot] = 0, 0
		f.count--
	}
	if f.count == 0 {
		f.oldest = 0
	}
	return id
}

// stream keeps the bytes of something that has not arrived whole.
type stream struct {
	buf []byte // fixed capacity
}

// keep replaces what is kept by rest (which may alias buf) and tells whether it fitted.
func (st *stream) keep(rest []byte) bool {
	if len(rest) > cap(st.buf) {
		return false
	}
	st.buf = st.buf[:copy(st.buf[:cap(st.buf)], rest)]
	return true
}

// join appends in and tells whether it fitted.
func (st *stream) join(in []byte) bool {
	if len(st.buf)+len(in) > cap(st.buf) {
		return false
	}
	st.buf = append(st.buf, in...)
	return true
}

// control sends one control frame. It takes the same gate as orders: slot, frame, seal, send.
//
// Shape: payload is at most 125 bytes (RFC 6455 §5.5) and may alias what was received.
func (s *session) control(op wsproto.Opcode, payload []byte, now int64) bool {
	if s.http != nil {
		return true // HTTP has no control frames
	}
	if s.masks.Left() == 0 || s.link.Left() == 0 || !s.port.Room(s.sock) {
		return false
	}
	slot, ok := s.arena.Take()
	if !ok {
		return false
	}
	buf := s.arena.Bytes(slot)
	n := copy(buf[headRoom:], payload)
	at, n := wsproto.FrameInPlace(buf, headRoom, n, op, s.masks.Next())
	from, to := s.link.SealInPlace(buf, at, n)
	s.flight.add(slot, 0, now)
	s.port.Send(s.sock, slot, from, to)
	s.port.Submit()
	return true
}

// flushControl sends what the record layer owes its peer (a KeyUpdate answer, an alert), before any later data.
func (s *session) flushControl(now int64) bool {
	if !s.link.PendingControl() {
		return true
	}
	if !s.port.Room(s.sock) {
		return false
	}
	slot, ok := s.arena.Take()
	if !ok {
		return false
	}
	out, err := s.link.AppendControl(s.arena.Bytes(slot)[:0])
	if err != nil {
		s.arena.Put(slot)
		return false
	}
	s.sendRecord(slot, len(out), now)
	return true
}

// alert tells the peer why its record was refused, as far as there is room.
func (s *session) alert(err error, now int64) {
	if !s.port.Room(s.sock) {
		return
	}
	slot, ok := s.arena.Take()
	if !ok {
		return
	}
	if out := s.link.AppendError(s.arena.Bytes(slot)[:0], err); len(out) > 0 {
		s.sendRecord(slot, len(out), now)
		return
	}
	s.arena.Put(slot)
}

// farewell sends close_notify (RFC 8446 §6.1), as far as there is room. Nothing can be sealed after it.
func (s *session) farewell(now int64) {
	if s.link.Finished() || !s.port.Room(s.sock) {
		return
	}
	if slot, ok := s.arena.Take(); ok {
		out := s.link.AppendAlert(s.arena.Bytes(slot)[:0], record.AlertCloseNotify)
		s.sendRecord(slot, len(out), now)
	}
}

// sendRecord hands over a whole record that lies at the start of slot.
func (s *session) sendRecord(slot netpoll.Slot, n int, now int64) {
	s.flight.add(slot, 0, now)
	s.port.Send(s.sock, slot, 0, n)
	s.port.Submit()
}
