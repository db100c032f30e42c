package market

// Arbiter makes one stream of the same stream received twice: of each numbered event the first arrival counts,
// whichever connection brought it, and how far it was ahead is measured. One loop owns it.
//
// It is for trades, aggregated trades, best prices and numbered book changes. What has no number cannot be told
// apart, and is passed on from path 0 only.
type Arbiter struct {
	symbols *Symbols
	streams [][arbitrated]arrivals
	counts  [PathsMax]PathCounts
}

// PathsMax is how many connections may bring the same streams.
const PathsMax = 4

// PathCounts is how one connection did.
type PathCounts struct {
	Won       uint64 // events that it brought first
	Lost      uint64 // events that another had brought already
	Late      uint64 // events that only it brought, after newer ones: nothing can be done with them
	Alone     uint64 // events that it brought first and that no other has brought since, as far as is remembered
	LeadNanos int64  // sum, over the events it won that came again: how much earlier it was
	LeadMax   int64
}

// Verdict is what is to be done with an event.
type Verdict uint8

// The verdicts.
const (
	Fresh    Verdict = iota // the first of its number: use it
	Repeated                // it was there already
	Overdue                 // it was not there, and newer ones were: a gap that came too late to be mended
	Ignored                 // it cannot be arbitrated, and does not come from path 0
)

const (
	arbitrated = streams + 1 // and best prices
	streamBest = streams
	remembered = 1 << 10 // arrivals a stream; the slower connection may lag by as many events
)

// arrivals remembers the last events of one stream.
type arrivals struct {
	last  int64
	slots [remembered]arrival
}

type arrival struct {
	number, at int64
	path       uint8
	again      bool
}

// NewArbiter makes an arbiter for the streams of symbols.
func NewArbiter(symbols *Symbols) *Arbiter {
	return &Arbiter{symbols: symbols, streams: make([][arbitrated]arrivals, symbols.Len())}
}

// See judges one event that arrived over path at a time of the loop's clock. It allocates nothing.
//
// Panics: on a path of PathsMax or above.
func (a *Arbiter) See(ev *Event, path int, at int64) Verdict {
	own := &a.counts[path]
	stream, number := numberOf(ev)
	index := -1
	if number > 0 {
		index = a.symbols.Index(ev.Symbol)
	}
	if index < 0 {
		if path == 0 {
			return Fresh
		}
		return Ignored
	}
	s := &a.streams[index][stream]
	slot := &s.slots[slotOf(number)]
	switch {
	case slot.number == number && slot.path == uint8(path):
		return Repeated // the same connection said it twice: no race
	case slot.number == number:
		own.Lost++
		a.lead(slot, at)
		return Repeated
	case number > s.last:
		s.last = number
	case slot.number > number: // it was overwritten: too old to know
		own.Lost++
		return Repeated
	default:
		own.Late++
		*slot = arrival{number: number, at: at, path: uint8(path), again: true}
		return Overdue
	}
	own.Won++
	if slot.number != 0 && !slot.again {
		a.counts[slot.path].Alone++
	}
	*slot = arrival{number: number, at: at, path: uint8(path)}
	return Fresh
}

// lead books how much earlier the winner was.
func (a *Arbiter) lead(slot *arrival, at int64) {
	winner := &a.counts[slot.path]
	winner.LeadNanos += at - slot.at
	winner.LeadMax = max(winner.LeadMax, at-slot.at)
	slot.again = true
}

// Counts is how the connection did so far.
func (a *Arbiter) Counts(path int) PathCounts { return a.counts[path] }

// numberOf is what tells an event from the others of its stream; 0 where it has no number.
func numberOf(ev *Event) (stream int, number int64) {
	switch ev.Kind {
	case KindTrade:
		if ev.Trade.Aggregated {
			return streamAggregates, ev.Trade.ID
		}
		return streamTrades, ev.Trade.ID
	case KindQuote:
		return streamBest, ev.Quote.UpdateID
	case KindDepth:
		return streamDepth, ev.Depth.Last
	}
	return 0, 0
}

// slotOf spreads numbers that jump and keeps those that count apart.
func slotOf(number int64) int {
	return int(uint64(number) * 0x9E3779B97F4A7C15 >> (64 - 10))
}

const _ = uint(remembered - 1<<10) // slotOf keeps as many bits as there are slots
