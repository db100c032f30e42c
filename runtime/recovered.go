package runtime

import "orderwire/orders"

// Orders of earlier lives of this process. Their counters begin at 1 in each life, so that here their ids are told apart by
// the boot epoch: an id is a counter of this life, or epoch and counter of an earlier one.

// epochShift is where the epoch stands in the id of an earlier life: a counter has less than 34 bits.
const epochShift = 34

const _ = uint64(1<<epochShift - 1 - orders.CounterMax) // a counter fits below the epoch

// EarlierID is the id under which receipts name an order of an earlier life.
func EarlierID(epoch uint32, counter uint64) uint64 { return (uint64(epoch)+1)<<epochShift | counter }

// SplitID takes an id apart. earlier is false for orders of this life, whose epoch is then 0.
func SplitID(id uint64) (epoch uint32, counter uint64, earlier bool) {
	if id>>epochShift == 0 {
		return 0, id, false
	}
	return uint32(id>>epochShift - 1), id & (1<<epochShift - 1), true
}

// Recovered is an order that an earlier life left without an end, as the journal has it.
type Recovered struct {
	Epoch     uint32
	Counter   uint64
	State     orders.State
	Spec      orders.Spec
	Values    orders.Values // price and quantity
	WallNanos int64         // when it was sent
	UntilWall int64         // when its window ended; 0: it had none
	VenueID   string
}

// StartPolicy says what is done with open orders of ours that an earlier life left at the venue.
type StartPolicy uint8

// The policies. Orders without our own prefix are never touched.
const (
	StartAdopt  StartPolicy = iota // follow them to their end
	StartCancel                    // cancel them
	StartRefuse                    // do not go Live while there is one
)

// restore remembers the orders of earlier lives. Before the loop runs.
func (e *Engine) restore() {
	now := e.plan.Clock.Now()
	wall := e.plan.Clock.Wall(now)
	for i := range e.plan.Recovered {
		r := &e.plan.Recovered[i]
		id := EarlierID(r.Epoch, r.Counter)
		window := int64(0)
		if r.UntilWall > 0 {
			window = r.UntilWall - r.WallNanos
		}
		pushedAt := now - (wall - r.WallNanos)
		e.track.Restore(orders.Info{
			ID: id, State: r.State, Action: r.Spec.Action, Symbol: r.Spec.Symbol, Side: r.Spec.Side,
			Price: r.Values.Price, Qty: r.Values.Qty, PushedAt: pushedAt, VenueID: r.VenueID,
		}, window)
		if e.inquirer != nil {
			e.inquirer.doubts[id] = doubt{id: id, symbol: r.Spec.Symbol, venueID: r.VenueID, pushedAt: pushedAt}
		}
	}
	// Even where nothing is known to be open the venue is asked once: a host crash can have lost the last intents.
	e.loop.reconciling = e.loop.asks && e.plan.Reconcile
}

// textOf is an id as the venue knows it.
func (e *Engine) textOf(id uint64) string {
	space := e.plan.IDs
	epoch, counter, earlier := SplitID(id)
	if earlier {
		space.Epoch = epoch
	}
	return space.Text(counter)
}
