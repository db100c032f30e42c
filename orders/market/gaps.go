package market

// Gaps counts what is missing in the numbered streams of each symbol: trades (ids rise by 1), aggregated trades
// (likewise) and book changes (U = previous u + 1, or pu = previous u where the venue sends that).
//
// Where a venue numbers all messages of a connection (Event.Sequence), those count too, and one Gaps must see one
// connection only.
//
// It judges the tape only. Whether a ladder may be believed is the Book's business. One loop owns it.
type Gaps struct {
	symbols *Symbols
	last    [][streams]int64
	message int64 // number of the last message of the connection, unseen where there was none
	counts  GapCounts
}

// GapCounts is what was found.
type GapCounts struct {
	Seen     uint64 // events that have a number
	Gaps     uint64 // places where numbers are missing
	Missing  uint64 // the numbers missing there
	Repeated uint64 // events that were there already, or are older
	Foreign  uint64 // of symbols that are not followed
}

const (
	streamTrades = iota
	streamAggregates
	streamDepth
	streams
)

// unseen stands for a stream that has not begun: its first event cannot be a gap.
const unseen = -1

// NewGaps follows the streams of symbols.
func NewGaps(symbols *Symbols) *Gaps {
	g := &Gaps{symbols: symbols, last: make([][streams]int64, symbols.Len())}
	g.Forget()
	return g
}

// See takes one event and tells how many numbers are missing right before it: 0 for none, and for all kinds of
// events that have no number. It allocates nothing.
func (g *Gaps) See(ev *Event) (missing int64) {
	if ev.Sequence > 0 {
		missing = g.connection(ev.Sequence)
	}
	return missing + g.symbol(ev)
}

// connection judges the number that some venues give to all messages of a connection, whatever they are about.
// Several events of one message have the same.
func (g *Gaps) connection(sequence int64) (missing int64) {
	if g.message != unseen && sequence > g.message+1 {
		missing = sequence - g.message - 1
		g.counts.Gaps++
		g.counts.Missing += uint64(missing)
	}
	g.message = max(g.message, sequence)
	return missing
}

func (g *Gaps) symbol(ev *Event) (missing int64) {
	stream, before, last := 0, int64(0), int64(0)
	switch ev.Kind {
	case KindTrade:
		if ev.Trade.ID == 0 { // a venue without numbers
			return 0
		}
		stream, before, last = streamTrades, ev.Trade.ID-1, ev.Trade.ID
		if ev.Trade.Aggregated {
			stream = streamAggregates
		}
	case KindDepth:
		if ev.Depth.Last == 0 { // a venue without numbers
			return 0
		}
		stream, before, last = streamDepth, ev.Depth.before(), ev.Depth.Last
	default:
		return 0
	}
	index := g.symbols.Index(ev.Symbol)
	if index < 0 {
		g.counts.Foreign++
		return 0
	}
	g.counts.Seen++
	known := &g.last[index][stream]
	switch {
	case *known == unseen:
	case last <= *known:
		g.counts.Repeated++
		return 0
	case before > *known:
		missing = before - *known
		g.counts.Gaps++
		g.counts.Missing += uint64(missing)
	}
	*known = last
	return missing
}

// Forget makes the next events of all streams the first ones: after a reconnect that was meant to skip.
func (g *Gaps) Forget() {
	g.message = unseen
	for i := range g.last {
		g.last[i] = [streams]int64{unseen, unseen, unseen}
	}
}

// Counts is what was found so far.
func (g *Gaps) Counts() GapCounts { return g.counts }

// before is the number of the state that the change builds on.
func (d *Depth) before() int64 {
	if d.Previous != 0 {
		return d.Previous
	}
	return d.First - 1
}
