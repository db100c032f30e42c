package world

import (
	"time"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/journal"
	"orderwire/runtime"
)

// tap is the journal as the loop knows it, with the moments at which a process may be killed.
type tap struct {
	log   *journal.Log
	epoch uint32
	specs []orders.Spec
	clock netpoll.Clock
	life  *life
}

var _ runtime.Journal = (*tap)(nil)

// Room tells whether a new order can be journalled.
func (t *tap) Room() bool { return t.log.Room() }

// Intent records an order or a cancel before its bytes leave.
func (t *tap) Intent(id uint64, armed runtime.Armed, v *orders.Values, now int64) {
	t.life.maybeDie(beforeIntent)
	spec := &t.specs[armed]
	wall := t.clock.Wall(now)
	action := spec.Action
	if v.Target != 0 {
		action = orders.Cancel
	}
	r := journal.IntentRecord{
		ID: id, Target: v.Target, Epoch: t.epoch, Armed: uint16(armed), Action: action,
		Side: uint8(spec.Side), Type: spec.Type, TIF: spec.TIF,
		Price: journal.Decimal(v.Price), Qty: journal.Decimal(v.Qty),
		WallNanos: wall, UntilWall: wall + int64(spec.WindowMillis)*int64(time.Millisecond), Symbol: spec.Symbol,
	}
	if !t.life.w.bug(SkipJournal, action == orders.Place && id%8 == 3) {
		t.log.Intent(&r)
	}
	t.life.w.record.intent(&r)
	t.life.maybeDie(afterIntent)
}

// Outcome records what is now known.
func (t *tap) Outcome(r *orders.Receipt) {
	t.life.maybeDie(beforeOutcome)
	epoch, id, earlier := runtime.SplitID(r.ID)
	if !earlier {
		epoch = t.epoch
	}
	o := journal.OutcomeRecord{
		ID: id, Epoch: epoch, State: r.State, Before: r.Before, Kind: r.Kind, Code: int32(r.Code),
		LastQty: journal.Decimal(r.LastQty), LastPrice: journal.Decimal(r.LastPrice), CumQty: journal.Decimal(r.CumQty),
		WallNanos: t.clock.Wall(r.At),
	}
	t.log.Outcome(&o)
	t.life.w.record.outcome(&o)
	t.life.maybeDie(afterOutcome)
}

// killPoint is a moment of the loop at which a process may be killed; between two turns is one more.
type killPoint uint8

const (
	betweenTurns killPoint = iota
	beforeIntent
	afterIntent // written, and its bytes not yet sent
	afterSend   // its bytes are with the kernel, its push has not returned
	beforeOutcome
	afterOutcome
	killPoints
)
