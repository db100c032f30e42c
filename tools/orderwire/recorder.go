package main

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"orderwire/bench"
	"orderwire/orders"
	"orderwire/runtime"
	"orderwire/wsproto"
)

// recorder is the observer of demo and run: histograms of every push, and counts of what became of the orders. Its methods
// are called by one goroutine of the control plane; the atomics are read by the demo's own.
type recorder struct {
	log    io.Writer
	stages *bench.Stages
	tick   *bench.Histogram

	strict bool // a connection that ends before its time has failed the run

	acked, filled, rejected, unknown, tested int64
	longestWait                              int64        // of a trigger for a rehearsal, ns
	settled                                  atomic.Int64 // orders with a first answer, or an end
	markets                                  int          // market connections that are live
	live                                     atomic.Bool
	marketEnded                              atomic.Bool

	mu     sync.Mutex
	failed error
	kernel string
}

func newRecorder(log io.Writer, strict bool) *recorder {
	return &recorder{log: log, strict: strict, stages: bench.NewStages(), tick: bench.NewHistogram()}
}

// Timing takes one push from its trigger to its ack.
func (d *recorder) Timing(t *runtime.Timing) {
	at := [bench.MarkCount]int64(t.At)
	d.stages.Add(&at)
	d.longestWait = max(d.longestWait, t.RehearsalWait)
	if t.Order == whaleBuy || t.Order == whaleSell {
		d.tick.Record(t.At[runtime.Submitted] - t.Intended)
	}
}

// Receipt counts what became of an order.
func (d *recorder) Receipt(r *orders.Receipt) {
	switch r.Kind {
	case orders.ReportTested:
		d.tested++
		d.settled.Add(1)
	case orders.ReportRejected:
		d.rejected++
		d.settled.Add(1)
	default:
		// Acked by whatever said so first: some venues tell a fill before, or in place of, the acceptance.
		if accepted(r.State) && !accepted(r.Before) {
			d.acked++
			d.settled.Add(1)
		}
	}
	switch {
	case r.State == orders.Filled && r.Before != orders.Filled:
		d.filled++
	case r.State == orders.Unknown && r.Before != orders.Unknown:
		d.unknown++
	}
}

// accepted tells whether an order in state s was accepted by the venue's engine.
func accepted(s orders.State) bool {
	switch s {
	case orders.Acked, orders.PartiallyFilled, orders.Filled, orders.Cancelled, orders.Expired:
		return true
	}
	return false
}

// Session logs the life of a connection.
func (d *recorder) Session(e runtime.SessionEvent) {
	switch {
	case e.Phase == runtime.Live:
		fmt.Fprintf(d.log, "%-7s live: %s\n", e.Role, e.Note)
		d.mu.Lock()
		d.kernel = e.Kernel
		d.mu.Unlock()
		if e.Role == runtime.MarketRole {
			d.markets++
			d.live.Store(true)
		}
	case e.Phase == runtime.Ended && e.Role == runtime.MarketRole && d.live.Load():
		if d.markets--; closedNormally(e.Err) {
			d.marketEnded.Store(d.markets == 0)
			return
		}
		d.fail(fmt.Errorf("the market connection ended: %w", e.Err))
	case e.Phase == runtime.Ended && e.Role == runtime.ReportRole && closedNormally(e.Err):
		fmt.Fprintf(d.log, "%-7s ended with the replay\n", e.Role) // Coinbase's user channel is on its feed
	case e.Phase == runtime.Ended && e.Err != nil && !errors.Is(e.Err, runtime.ErrStopped):
		d.fail(fmt.Errorf("the %s connection to %s ended: %w", e.Role, e.Peer, e.Err))
	}
}

// fail ends a strict run; where connections are made again, their ends are news.
func (d *recorder) fail(err error) {
	if !d.strict {
		fmt.Fprintln(d.log, sentence(err))
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil {
		d.failed = err
	}
}

func closedNormally(err error) bool {
	var closed *wsproto.CloseError
	return errors.As(err, &closed) && closed.Code == wsproto.CloseNormal
}

func (d *recorder) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

func (d *recorder) sealedBy() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kernel
}

// known is how many orders the exchange is known to have. After the engine's end.
func (d *recorder) known() int64 { return d.acked }

func (d *recorder) fill(o *bench.Orders) {
	o.Acked, o.Filled, o.Rejected, o.Unknown, o.Tested = d.acked, d.filled, d.rejected, d.unknown, d.tested
}

// examinerLine is the exchange's list of wrongs, those above zero first.
func examinerLine(e bench.Examiner) string {
	names := make([]string, 0, len(e))
	for name := range e {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		if (e[names[i]] > 0) != (e[names[j]] > 0) {
			return e[names[i]] > 0
		}
		return names[i] < names[j]
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s %d", name, e[name])
	}
	return strings.Join(parts, ", ")
}

// failingWriter remembers the first error, so that a table is written without a check a line.
type failingWriter struct {
	w   io.Writer
	err error
}

func (f *failingWriter) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.w.Write(p)
	f.err = err
	return n, err
}

func (f *failingWriter) keep(err error) {
	if f.err == nil {
		f.err = err
	}
}
