package runtime

import (
	"sync/atomic"

	"orderwire/orders"
)

// publishEvery is how many idle turns pass between two publications of the counts.
const publishEvery = 4096

// counts are the loop's own, plain because one thread writes them; published copies them out.
type counts struct {
	marketFrames                                 uint64
	badMessages                                  uint64
	otherMessages                                uint64
	foreignReports                               uint64
	pongs                                        uint64
	births                                       uint64
	idleTurns                                    uint64
	dropped                                      uint64
	switches                                     uint64
	kills                                        uint64
	silences                                     uint64
	rehearsals, rehearsalsRefused, rehearsalsMet uint64
	outcomes                                     [orders.OutcomeCount]uint64
}

// Stats is a copy of the loop's counts. Units: counts since the Engine's start.
type Stats struct {
	MarketFrames      uint64                     // messages of market-data connections
	BadMessages       uint64                     // messages that are not what the dialect knows as well-formed
	OtherMessages     uint64                     // well-formed messages of order connections that concern no order
	ForeignReports    uint64                     // reports about orders that are not ours
	Pongs             uint64                     // pings answered
	Births            uint64                     // connections handed to the loop
	Dropped           uint64                     // timings or receipts that the observer's queues had no room for
	Rehearsals        uint64                     // pushes on the shadow connection
	RehearsalsRefused uint64                     // rehearsals that admit refused: the shadow is not able, and the path not warm
	RehearsalsMet     uint64                     // orders whose trigger came during a rehearsal
	Silences          uint64                     // connections ended because they brought nothing
	Switches          uint64                     // times that another order session took over
	States            [orders.Unknown + 1]uint64 // orders remembered, by state
	Outcomes          [orders.OutcomeCount]uint64
}

// Where the orders by state, and the outcomes, begin among the published fields.
const (
	statesAt   = 13
	outcomesAt = statesAt + int(orders.Unknown) + 1
)

// published is where the loop leaves copies of its counts for other threads.
type published struct {
	fields [outcomesAt + orders.OutcomeCount]atomic.Uint64
}

func (p *published) publish(c *counts, t *orders.Tracker) {
	for s := orders.Armed; s <= orders.Unknown; s++ {
		p.fields[statesAt+int(s)].Store(uint64(t.Count(s)))
	}
	for i, v := range [...]uint64{
		c.marketFrames, c.badMessages, c.otherMessages, c.foreignReports, c.pongs, c.births, c.dropped,
		c.rehearsals, c.rehearsalsRefused, c.rehearsalsMet, c.switches, c.silences,
	} {
		p.fields[i].Store(v)
	}
	for i, v := range c.outcomes {
		p.fields[outcomesAt+i].Store(v)
	}
}

func (p *published) stats() Stats {
	at := func(i int) uint64 { return p.fields[i].Load() }
	s := Stats{
		MarketFrames: at(0), BadMessages: at(1), OtherMessages: at(2), ForeignReports: at(3),
		Pongs: at(4), Births: at(5), Dropped: at(6), Rehearsals: at(7), RehearsalsRefused: at(8), RehearsalsMet: at(9), Switches: at(10), Silences: at(11),
	}
	for i := range s.States {
		s.States[i] = at(statesAt + i)
	}
	for i := range s.Outcomes {
		s.Outcomes[i] = at(outcomesAt + i)
	}
	return s
}

func (l *Loop) observeTiming(t *Timing) {
	if !l.timing.put(t) {
		l.counts.dropped++
	}
}

func (l *Loop) observeReceipt(r *orders.Receipt) {
	if !l.receipt.put(r) {
		l.counts.dropped++
	}
}
