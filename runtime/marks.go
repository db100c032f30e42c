package runtime

import "orderwire/netpoll"

// Stage is a point on an order's way, named as in code, histograms, JSON and docs.
type Stage uint8

// The stages, in order. Each mark is a clock reading; a stage's duration is the time since the mark before it.
const (
	Triggered Stage = iota // the strategy called Push
	Patched                // admitted, and the values are in the payload
	Signed                 // the signature is in the payload
	Framed                 // masked, with its WebSocket header
	Sealed                 // one TLS record
	Submitted              // the call that hands it to the kernel has returned
	Completed              // the kernel reported the send (ring only)
	Acked                  // the venue's first answer was read
	StageCount
)

var stageNames = [StageCount]string{
	"Triggered", "Patched", "Signed", "Framed", "Sealed", "Submitted", "Completed", "Acked",
}

// String is the stage's name.
func (s Stage) String() string { return stageNames[s] }

// Timing is the life of one push in marks. Units: ns of the loop's clock; 0 where a mark was not reached.
type Timing struct {
	ID       uint64
	Order    Armed
	Intended int64 // the time for which the trigger was meant: a market frame's receive call, or a planned time
	At       [StageCount]int64
	// RehearsalWait is how long the trigger waited for a rehearsal that was under way, 0 where it met none.
	RehearsalWait int64
}

// marks writes the stage marks of the push under way into its Timing.
type marks struct {
	clock netpoll.Clock
	now   *Timing
}

func (m *marks) start(t *Timing, id uint64, order Armed, intended, now int64) {
	*t = Timing{ID: id, Order: order, Intended: intended}
	t.At[Triggered] = now
	m.now = t
}

func (m *marks) hit(s Stage) { m.now.At[s] = m.clock.Now() }

// timings remembers the marks of the last orders by id, from their push to their ack.
//
// Shape: a power of two of places; an id that is older than that many pushes has lost its place, and its ack is not timed.
type timings struct {
	places []Timing
	mask   uint64
}

func newTimings(places int) timings {
	n := 1
	for n < places {
		n <<= 1
	}
	return timings{places: make([]Timing, n), mask: uint64(n - 1)}
}

func (t *timings) place(id uint64) *Timing { return &t.places[id&t.mask] }

// find returns the marks of id, or nil where they were overwritten.
func (t *timings) find(id uint64) *Timing {
	if p := t.place(id); p.ID == id {
		return p
	}
	return nil
}
