package main

import (
	"fmt"
	"time"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/journal"
	"orderwire/runtime"
)

// journalTap is a journal.Log as the loop knows it: what the loop says of an order, it says in records. Loop thread only;
// it allocates nothing.
type journalTap struct {
	log     *journal.Log
	epoch   uint32
	specs   []orders.Spec // by runtime.Armed
	clock   netpoll.Clock
	intent  journal.IntentRecord
	outcome journal.OutcomeRecord
}

var _ runtime.Journal = (*journalTap)(nil)

// newJournalTap checks what a record cannot hold, so that the loop never meets it.
func newJournalTap(log *journal.Log, epoch uint32, specs []orders.Spec, clock netpoll.Clock) (*journalTap, error) {
	for i := range specs {
		if len(specs[i].Symbol) > journal.SymbolMax {
			return nil, fmt.Errorf("armed number %d: the symbol %q is longer than the %d bytes that the journal holds", i+1, specs[i].Symbol, journal.SymbolMax)
		}
	}
	return &journalTap{log: log, epoch: epoch, specs: specs, clock: clock}, nil
}

// Room tells whether a new order can be journalled.
func (j *journalTap) Room() bool { return j.log.Room() }

// Intent records an order, or a cancel (Target is then the order that it means), before its bytes leave. Room was asked
// for an order; a cancel goes whether it finds a place or not.
func (j *journalTap) Intent(id uint64, order runtime.Armed, v *orders.Values, now int64) {
	spec := &j.specs[order]
	wall := j.clock.Wall(now)
	action, until := spec.Action, int64(0)
	if v.Target != 0 {
		action = orders.Cancel
	}
	if spec.WindowMillis > 0 {
		until = wall + int64(spec.WindowMillis)*int64(time.Millisecond)
	}
	j.intent = journal.IntentRecord{
		ID: id, Target: v.Target, Epoch: j.epoch, Armed: uint16(order), Action: action,
		Side: uint8(spec.Side), Type: spec.Type, TIF: spec.TIF,
		Price: journal.Decimal(v.Price), Qty: journal.Decimal(v.Qty),
		WallNanos: wall, UntilWall: until, Symbol: spec.Symbol,
	}
	j.log.Intent(&j.intent)
}

// Outcome records what is now known. What finds no room is counted by the log, and said in its next record.
func (j *journalTap) Outcome(r *orders.Receipt) {
	epoch, id, earlier := runtime.SplitID(r.ID)
	if !earlier {
		epoch = j.epoch
	}
	j.outcome = journal.OutcomeRecord{
		ID: id, Epoch: epoch, State: r.State, Before: r.Before, Kind: r.Kind, Code: int32(r.Code),
		LastQty: journal.Decimal(r.LastQty), LastPrice: journal.Decimal(r.LastPrice), CumQty: journal.Decimal(r.CumQty),
		WallNanos: j.clock.Wall(r.At),
	}
	j.log.Outcome(&j.outcome)
}
