package runtime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"orderwire/orders"
	"orderwire/wsproto"
)

// Historian is a dialect whose order connection answers questions about the past. Cold.
type Historian interface {
	OrderStatus(id, symbol, clientID string, signer *orders.Signer, wallNanos int64) ([]byte, error)
	OpenOrders(id, symbol string, signer *orders.Signer, wallNanos int64) ([]byte, error)
	Trades(id, symbol string, sinceNanos int64, signer *orders.Signer, wallNanos int64) ([]byte, error)
	// ReadOrders and ReadTrades read the answers; their reports own their bytes.
	ReadOrders(message []byte) ([]orders.Report, error)
	ReadTrades(message []byte) ([]orders.Report, error)
}

// inquirer finds out what happened while nobody listened, on a connection of its own: so it works while the order lines
// are down, and takes nothing of their time. One goroutine.
//
// A round asks for the status of each doubtful order, for the open orders and for the executions since, of each symbol. A
// report is evidence at once; absence is evidence only together (orders.Absence), and the loop judges it. One "not
// found" proves nothing, so rounds are repeated, slower and slower, until every doubt has ended.
type inquirer struct {
	engine    *Engine
	historian Historian
	doubts    map[uint64]doubt
	told      map[uint64]bool // orders of which the last round had a report
	first     bool            // the first round of this life asks about all symbols
	standing  int             // open orders of ours from earlier lives that the last round saw
	wake      chan doubt
	settled   chan uint64
	bell      bell // wake or settled has something
}

const (
	roundMin  = 50 * time.Millisecond // between two rounds, at first
	roundMax  = 5 * time.Second
	tradesPad = int64(5 * time.Second) // executions are asked for from this long before the oldest doubtful push
)

func newInquirer(e *Engine, h Historian) *inquirer {
	return &inquirer{
		engine: e, historian: h, doubts: map[uint64]doubt{}, told: map[uint64]bool{},
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
	}
	for len(q.settled) > 0 {
		delete(q.doubts, <-q.settled)
	}
}

// pursue asks round after round until no doubt is left.
func (q *inquirer) pursue(ctx context.Context) {
	var w *Wire
	pause := roundMin
	for (len(q.doubts) > 0 || q.first) && ctx.Err() == nil {
		var err error
		if w == nil {
			w, err = q.open(ctx)
		}
		if err == nil {
			err = q.round(w)
		}
		if err != nil && ctx.Err() == nil {
			q.engine.tell(SessionEvent{Role: OrderRole, Phase: Connecting, Err: fmt.Errorf("runtime: reconciliation: %w", err)})
		}
		if err != nil && w != nil {
			_ = w.Close() // it failed already; err says why
			w = nil
		}
		q.rest(ctx, pause)
		pause = min(2*pause, roundMax)
	}
	if w != nil {
		_ = w.Close() // nothing is owed on it
	}
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

// open makes a connection that may ask: the login of an order connection, and nothing more.
func (q *inquirer) open(ctx context.Context) (*Wire, error) {
	v := supervisor{engine: q.engine, role: OrderRole, endpoint: q.engine.plan.Orders, path: q.engine.plan.Dialect.OrderPath()}
	ctx, cancel := q.engine.plan.Tasks.Timeout(ctx, q.engine.plan.ConnectTimeout)
	defer cancel()
	w, err := v.open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := v.login(w); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// round asks everything once and hands the findings to the loop.
func (q *inquirer) round(w *Wire) error {
	if err := w.SetDeadline(q.engine.plan.Tasks.Now().Add(q.engine.plan.ConnectTimeout)); err != nil {
		return err
	}
	clear(q.told)
	q.standing = 0
	asked := q.engine.plan.Clock.Now()
	for _, id := range slices.Sorted(maps.Keys(q.doubts)) {
		if err := q.status(w, q.doubts[id]); err != nil {
			return err
		}
	}
	since := q.symbols()
	for _, symbol := range slices.Sorted(maps.Keys(since)) {
		if err := q.history(w, symbol, since[symbol]); err != nil {
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
	q.find(finding{kind: foundAll})
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

// status asks about one order. "Not found" is no answer yet.
func (q *inquirer) status(w *Wire, d doubt) error {
	text := q.engine.textOf(d.id)
	message, err := q.historian.OrderStatus("ask-"+strconv.FormatUint(d.id, 10), d.symbol, text, q.engine.plan.Signer, q.wall())
	if err != nil {
		return err
	}
	answer, err := q.exchange(w, message)
	if err != nil {
		return err
	}
	var r orders.Report
	if err := q.engine.plan.Dialect.Classify(answer, &r); err != nil {
		return err
	}
	switch r.Kind {
	case orders.ReportNotFound:
		return nil
	case orders.ReportThrottled, orders.ReportSessionError, orders.ReportUnknown, orders.ReportOther:
		return &orders.RejectError{Venue: q.engine.plan.Dialect.Venue(), Code: r.Code, Text: string(r.Text)}
	case orders.ReportRejected:
		if string(r.ClientID) != text {
			return &orders.RejectError{Venue: q.engine.plan.Dialect.Venue(), Code: r.Code, Text: string(r.Text)} // the question was refused
		}
	}
	q.tell(r)
	return nil
}

// history asks for the open orders and the executions of one symbol.
func (q *inquirer) history(w *Wire, symbol string, since int64) error {
	plan := &q.engine.plan
	message, err := q.historian.OpenOrders("open-"+symbol, symbol, plan.Signer, q.wall())
	if err != nil {
		return err
	}
	answer, err := q.exchange(w, message)
	if err != nil {
		return err
	}
	open, err := q.historian.ReadOrders(answer)
	if err != nil {
		return err
	}
	if message, err = q.historian.Trades("trades-"+symbol, symbol, since, plan.Signer, q.wall()); err != nil {
		return err
	}
	if answer, err = q.exchange(w, message); err != nil {
		return err
	}
	trades, err := q.historian.ReadTrades(answer)
	if err != nil {
		return err
	}
	for _, r := range append(open, trades...) {
		q.tell(r)
	}
	return q.leftovers(w, symbol, open)
}

// leftovers deals with open orders of ours from earlier lives, by the start policy. Orders without our prefix are not ours.
func (q *inquirer) leftovers(w *Wire, symbol string, open []orders.Report) error {
	for i := range open {
		epoch, counter, ours := q.engine.plan.IDs.Parse(open[i].ClientID)
		if !ours || epoch == q.engine.plan.IDs.Epoch {
			continue
		}
		q.standing++
		if q.engine.plan.Start != StartCancel {
			continue
		}
		space := q.engine.plan.IDs
		space.Epoch = epoch
		template, err := q.engine.plan.Dialect.Compile(orders.Spec{Action: orders.Cancel, Symbol: symbol, WindowMillis: windowMillis}, space, q.engine.plan.Signer)
		if err != nil {
			return err
		}
		payload := make([]byte, template.Len())
		// The request's own name lies beyond every counter that was used: it never meets an order's.
		template.Patch(payload, orders.Values{ID: orders.CounterMax, Target: counter, WallNanos: q.wall()})
		template.Sign(payload, q.engine.plan.Signer)
		answer, err := q.exchange(w, payload)
		if err != nil {
			return err
		}
		var r orders.Report
		if err := q.engine.plan.Dialect.Classify(answer, &r); err != nil {
			return err
		}
		q.tell(r)
	}
	return nil
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

func (q *inquirer) wall() int64 {
	clock := q.engine.plan.Clock
	return clock.Wall(clock.Now())
}

// exchange sends a question and returns its answer: the next message that is a reply. Events of the user stream, which
// come on the same connection, are told as well.
func (q *inquirer) exchange(w *Wire, message []byte) ([]byte, error) {
	if err := w.Send(wsproto.OpText, message); err != nil {
		return nil, err
	}
	for {
		ev, err := w.Next()
		if err != nil {
			return nil, err
		}
		if ev.Kind == wsproto.EventClose {
			return nil, ev.CloseError()
		}
		answer := slices.Clone(ev.Payload)
		var r orders.Report
		if err := q.engine.plan.Dialect.Classify(answer, &r); err == nil && r.RequestID == nil && r.Kind != orders.ReportOther {
			q.find(finding{kind: foundReport, report: r})
			continue
		}
		return answer, nil
	}
}
