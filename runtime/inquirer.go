package runtime

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"orderwire/orders"
)

// inquirer finds out what happened while nobody listened, on a connection of its own: so it works while the order lines
// are down, and takes nothing of their time. One goroutine.
//
// A round asks for the status of each doubtful order, for the open orders and for the executions since, of each symbol. A
// report is evidence at once; absence is evidence only together (orders.Absence), and the loop judges it. One "not
// found" proves nothing, so rounds are repeated, slower and slower, until every doubt has ended.
type inquirer struct {
	engine   *Engine
	archive  archive
	doubts   map[uint64]doubt
	told     map[uint64]bool // orders of which the last round had a report
	first    bool            // the first round of this life asks about all symbols
	number   uint64          // of the last doubt that was taken up
	standing int             // open orders of ours from earlier lives that the last round saw
	wake     chan doubt
	settled  chan uint64
	bell     bell // wake or settled has something
}

const (
	roundMin  = 50 * time.Millisecond // between two rounds, at first
	roundMax  = 5 * time.Second
	tradesPad = int64(5 * time.Second) // executions are asked for from this long before the oldest doubtful push
)

func newInquirer(e *Engine, a archive) *inquirer {
	return &inquirer{
		engine: e, archive: a, doubts: map[uint64]doubt{}, told: map[uint64]bool{},
		wake: make(chan doubt, 4096), settled: make(chan uint64, 4096), bell: newBell(),
	}
}

// run serves until ctx ends.
func (q *inquirer) run(ctx context.Context) {
	if q.first = q.engine.plan.Reconcile; q.first {
		q.pursue(ctx)
	}
	for ctx.Err() == nil {
		q.engine.plan.Tasks.Wait(ctx, time.Time{}, q.bell)
		q.collect()
		q.pursue(ctx)
	}
}

// collect takes what has come up: doubts first, since only what was doubted is settled.
func (q *inquirer) collect() {
	for len(q.wake) > 0 {
		d := <-q.wake
		q.doubts[d.id] = d
		q.number = max(q.number, d.number)
	}
	for len(q.settled) > 0 {
		delete(q.doubts, <-q.settled)
	}
}

// pursue asks round after round until no doubt is left.
func (q *inquirer) pursue(ctx context.Context) {
	pause := roundMin
	for (len(q.doubts) > 0 || q.first) && ctx.Err() == nil {
		err := q.archive.connect(ctx)
		if err == nil {
			err = q.round(ctx)
		}
		if err != nil && ctx.Err() == nil {
			q.engine.tell(SessionEvent{Role: OrderRole, Phase: Connecting, Err: fmt.Errorf("runtime: reconciliation: %w", err)})
		}
		if err != nil {
			q.archive.close()
		}
		q.rest(ctx, pause)
		pause = min(2*pause, roundMax)
	}
	q.archive.close()
}

// rest waits for the next round, and takes what comes up meanwhile.
func (q *inquirer) rest(ctx context.Context, pause time.Duration) {
	tasks := q.engine.plan.Tasks
	until := tasks.Now().Add(pause)
	for (len(q.doubts) > 0 || q.first) && ctx.Err() == nil && tasks.Now().Before(until) {
		tasks.Wait(ctx, until, q.bell)
		q.collect()
	}
}

// round asks everything once and hands the findings to the loop.
func (q *inquirer) round(ctx context.Context) error {
	clear(q.told)
	number := q.number
	q.standing = 0
	asked := q.engine.plan.Clock.Now()
	for _, id := range slices.Sorted(maps.Keys(q.doubts)) {
		d := q.doubts[id]
		found, err := q.archive.status(ctx, &d, q.engine.textOf(id))
		if err != nil {
			return err
		}
		q.tellAll(found)
	}
	since := q.symbols()
	oldest := int64(math.MaxInt64)
	for _, at := range since {
		oldest = min(oldest, at)
	}
	for _, symbol := range slices.Sorted(maps.Keys(since)) {
		if q.archive.wide() {
			if err := q.history(ctx, symbol, oldest); err != nil {
				return err
			}
			break // that was all of the account
		}
		if err := q.history(ctx, symbol, since[symbol]); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(q.doubts)) {
		if q.told[id] {
			delete(q.doubts, id) // what else becomes of it the streams tell
			continue
		}
		q.find(finding{kind: foundAbsent, id: id, proof: orders.Absence{
			AskedAt: asked, Status: true, OpenOrders: true, Fills: true, SettleNanos: q.engine.plan.Settle.Nanoseconds(),
		}})
	}
	if q.engine.plan.Start == StartRefuse && q.standing > 0 {
		return fmt.Errorf("runtime: %d open orders of earlier lives stand at the venue, and the start policy is to refuse: cancel them, or start with adopt or cancel", q.standing)
	}
	q.first = false
	q.find(finding{kind: foundAll, id: number})
	return nil
}

// symbols are those of the doubtful orders, with the time from which executions matter.
func (q *inquirer) symbols() map[string]int64 {
	since := map[string]int64{}
	clock := q.engine.plan.Clock
	if q.first {
		for i := range q.engine.plan.Armed {
			since[q.engine.plan.Armed[i].Symbol] = q.wall() - tradesPad
		}
	}
	for _, d := range q.doubts {
		symbol := d.symbol
		at := clock.Wall(d.pushedAt) - tradesPad
		if first, known := since[symbol]; !known || at < first {
			since[symbol] = at
		}
	}
	return since
}

// history asks for the open orders and the executions of one symbol.
func (q *inquirer) history(ctx context.Context, symbol string, since int64) error {
	open, err := q.archive.standing(ctx, symbol)
	if err != nil {
		return err
	}
	q.tellAll(open)
	trades, err := q.archive.trades(ctx, symbol, since)
	q.tellAll(trades) // what was read before an error is evidence too
	if err != nil {
		return err
	}
	return q.leftovers(ctx, symbol, open)
}

// leftovers deals with open orders of ours from earlier lives, by the start policy. Orders without our prefix are not ours.
func (q *inquirer) leftovers(ctx context.Context, symbol string, open []orders.Report) error {
	for i := range open {
		epoch, counter, ours := q.engine.plan.IDs.Parse(open[i].ClientID)
		if !ours || epoch == q.engine.plan.IDs.Epoch {
			continue
		}
		q.standing++
		if q.engine.plan.Start != StartCancel {
			continue
		}
		if d, known := q.doubts[EarlierID(epoch, counter)]; known {
			symbol = d.symbol // a list of the whole account does not say it in the words of orders
		}
		found, err := q.archive.cancel(ctx, symbol, epoch, counter, string(open[i].VenueID))
		if err != nil {
			return err
		}
		q.tellAll(found)
	}
	return nil
}

func (q *inquirer) tellAll(list []orders.Report) {
	for _, r := range list {
		q.tell(r)
	}
}

// tell hands a report to the loop and remembers whose it was.
func (q *inquirer) tell(r orders.Report) {
	if epoch, id, ours := q.engine.plan.IDs.Parse(r.ClientID); ours {
		if epoch != q.engine.plan.IDs.Epoch {
			id = EarlierID(epoch, id)
		}
		q.told[id] = true
	}
	q.find(finding{kind: foundReport, report: r})
}

// find waits for room in the loop's queue: a finding is never dropped.
func (q *inquirer) find(f finding) {
	tasks := q.engine.plan.Tasks
	for !q.engine.loop.findings.put(&f) {
		tasks.Wait(context.Background(), tasks.Now().Add(time.Millisecond), nil) // control plane: the loop empties it in microseconds
	}
}

func (q *inquirer) wall() int64 { return q.engine.wallNow() }
