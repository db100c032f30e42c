package world

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"orderwire/bench/simex"
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/journal"
)

// tally counts what the trader did.
type tally struct {
	decisions, sent, reachable, sentReachable int
	cancels                                   int
	dropped                                   [orders.OutcomeCount]int
}

// Report is what a world was found to be.
type Report struct {
	Seed     uint64   `json:"seed"`
	Hash     string   `json:"hash"`
	Failures []string `json:"failures"`

	Decisions       int         `json:"decisions"`
	Orders          int         `json:"orders"` // intents in the journal, cancels not counted
	Executions      int         `json:"executions"`
	Lost            int         `json:"lost"`             // known to the venue, and not to the journal
	Unfilled        int         `json:"unfilled"`         // quantities that the journal does not have
	Duplicates      int         `json:"duplicates"`       // executions beyond what a decision asked for
	WronglyTerminal int         `json:"wrongly_terminal"` // ends that are not the venue's
	Stuck           int         `json:"stuck"`            // orders that have ended, and the journal does not know
	Unknown         int         `json:"unknown"`          // Unknown at the end
	Reachable       int         `json:"reachable"`        // decisions made while the venue could be reached
	Sent            int         `json:"sent"`             // those of them that were sent
	Lives           int         `json:"lives"`
	Faults          FaultCounts `json:"-"` // how often each took effect
	Events          int         `json:"events"`

	Simulated time.Duration `json:"simulated_ns"`
	Took      time.Duration `json:"took_ns"`
}

// Failed tells whether an invariant was broken.
func (r *Report) Failed() bool { return len(r.Failures) > 0 }

// known is what the journal says of one order.
type known struct {
	intent journal.IntentRecord
	state  orders.State
	cum    fixed.Number
}

// check compares the journal with the venue's truth, and nothing else.
func (w *world) check() error {
	said := map[orderKey]*known{}
	last := uint64(0)
	err := journal.Walk(w.dir, func(e journal.Entry) error {
		if e.Carried || e.Seq <= last && (e.Intent != nil || e.Outcome != nil) {
			return nil // a copy, or written again after a write that failed
		}
		last = max(last, e.Seq)
		w.hear(said, &e)
		return nil
	})
	if err != nil {
		return fmt.Errorf("world: %w", err)
	}
	truth := w.peer.venue.Orders()
	w.judge(said, truth)
	return nil
}

func (w *world) hear(said map[orderKey]*known, e *journal.Entry) {
	switch {
	case e.Intent != nil && e.Intent.Action == orders.Place:
		key := orderKey{e.Intent.Epoch, e.Intent.ID}
		if said[key] != nil {
			w.fail("order %v was intended twice", key)
			return
		}
		said[key] = &known{intent: *e.Intent, state: orders.Pushed}
	case e.Outcome != nil:
		k := said[orderKey{e.Outcome.Epoch, e.Outcome.ID}]
		if k == nil {
			return // the answer to a cancel, under the cancel's own id
		}
		k.state = e.Outcome.State
		if cum := fixed.Number(e.Outcome.CumQty); cum.Cmp(k.cum) > 0 {
			k.cum = cum
		}
	}
}

// judge compares what the journal says with what the venue did.
func (w *world) judge(said map[orderKey]*known, truth []simex.OrderTruth) {
	space := orders.IDSpace{Prefix: idPrefix, Form: w.market.form}
	at := map[orderKey][]*simex.OrderTruth{}
	for i := range truth {
		t := &truth[i]
		epoch, id, ours := space.Parse([]byte(t.ClientID))
		if !ours {
			continue // somebody else's
		}
		key := orderKey{epoch, id}
		at[key] = append(at[key], t)
		w.verdict.Executions += len(t.Executions)
		w.record.line("venue %d/%d %s %s of %s at %s", epoch, id, t.State, t.Done, t.Qty, t.Price)
		if said[key] == nil {
			w.verdict.Lost++
			w.fail("lost: the venue has order %v (%s, %s of %s done), the journal has no intent", key, t.State, t.Done, t.Qty)
		}
	}
	keys := make([]orderKey, 0, len(said))
	for key := range said {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b orderKey) int {
		return cmp.Or(cmp.Compare(a.epoch, b.epoch), cmp.Compare(a.id, b.id))
	})
	for _, key := range keys {
		w.verdict.Orders++
		w.compare(key, said[key], at[key])
	}
	w.decided(keys, at)
}

// compare judges one order.
func (w *world) compare(key orderKey, k *known, at []*simex.OrderTruth) {
	w.record.line("known %d/%d %s %s", key.epoch, key.id, k.state, k.cum)
	v := &w.verdict
	if len(at) > 1 {
		v.Duplicates++
		w.fail("duplicate: the venue took order %v %d times", key, len(at))
		return
	}
	if len(at) == 0 {
		switch {
		case k.state == orders.Unknown || k.state == orders.Pushed:
			v.Unknown++
			w.fail("unknown: the venue never had order %v, and it is still %s", key, k.state)
		case k.state != orders.Rejected && k.state != orders.NotSent:
			v.WronglyTerminal++
			w.fail("wrong: order %v is %s, and the venue never had it", key, k.state)
		}
		return
	}
	t := at[0]
	open := t.State == "new" || t.State == "partially_filled"
	switch {
	case k.state == orders.Unknown || k.state == orders.Pushed:
		v.Unknown++
		w.fail("unknown: order %v is %s at the venue, and still %s here", key, t.State, k.state)
	case k.state.Ended() && !slices.Contains(endings[k.state], t.State):
		v.WronglyTerminal++
		w.fail("wrong: order %v is %s, and %s at the venue", key, k.state, t.State)
	case !k.state.Ended() && !open:
		v.Stuck++
		w.fail("stuck: order %v is still %s, and %s at the venue", key, k.state, t.State)
	case k.cum.Cmp(number(t.Done)) != 0:
		v.Unfilled++
		w.fail("unfilled: of order %v (%s) %s is known and %s was done", key, k.state, k.cum, t.Done)
	}
}

// endings are the venue's words for the ends of an order. How it ended without being filled is the venue's manner of speaking.
var endings = map[orders.State][]string{
	orders.Filled:    {"filled"},
	orders.Cancelled: {"cancelled", "expired"},
	orders.Expired:   {"expired", "cancelled"},
	orders.Rejected:  {"rejected"},
}

// number is a decimal text in the least digits.
func number(text string) fixed.Number {
	n, err := fixed.Parse([]byte(text))
	if err != nil {
		panic("world: the venue's own number is none: " + text)
	}
	return n
}

// decided looks for decisions that were executed more than once: under several ids, or more than was asked for.
func (w *world) decided(keys []orderKey, at map[orderKey][]*simex.OrderTruth) {
	taken := map[*decision]int{}
	for _, key := range keys {
		d := w.bound[key]
		if d == nil {
			continue // killed before its push returned
		}
		for _, t := range at[key] {
			if t.State != "rejected" {
				taken[d]++
			}
		}
		if taken[d] > 1 {
			w.verdict.Duplicates++
			w.fail("duplicate: decision %d was taken %d times by the venue, at last as order %v", d.number, taken[d], key)
		}
	}
}

// report sums up.
func (w *world) report(took time.Duration) (Report, error) {
	r := w.verdict
	var err error
	if r.Hash, err = w.record.end(); err != nil {
		return r, err
	}
	r.Seed, r.Failures = w.options.Seed, w.failures
	r.Decisions, r.Reachable, r.Sent = w.tally.decisions, w.tally.reachable, w.tally.sentReachable
	r.Lives, r.Events, r.Faults = w.lives, w.record.n, w.faults.counts
	r.Simulated, r.Took = time.Duration(w.now-bootNanos), took
	return r, nil
}
