package journal

import (
	"slices"

	"orderwire/orders"
)

// orderKey names an order over all lives of a state folder.
type orderKey struct {
	epoch uint32
	id    uint64
}

// openSet holds every record of each order that has no end yet, as bytes: what a new file begins with, and what recovery
// gives back. Control plane.
type openSet struct {
	byKey map[orderKey][][]byte
}

func newOpenSet() *openSet { return &openSet{byKey: map[orderKey][][]byte{}} }

// applyAll takes whole records, one behind the other, in order.
func (o *openSet) applyAll(records []byte) {
	for ; len(records) > 0; records = records[recordBytes:] {
		o.apply(records[:recordBytes])
	}
}

// apply copies the record. An order that has ended is forgotten; later executions of it stand in the file.
func (o *openSet) apply(b []byte) {
	switch kindOf(b) {
	case KindIntent:
		r := readIntent(b)
		if !r.cancels() {
			o.byKey[orderKey{r.Epoch, r.ID}] = [][]byte{slices.Clone(b)}
		}
	case KindOutcome:
		r := readOutcome(b)
		key := orderKey{r.Epoch, r.ID}
		known, ok := o.byKey[key]
		switch {
		case !ok:
		case terminal(r.State):
			delete(o.byKey, key)
		default:
			o.byKey[key] = append(known, slices.Clone(b))
		}
	}
}

// terminal tells the ends of an order's life.
func terminal(s orders.State) bool {
	switch s {
	case orders.Filled, orders.Cancelled, orders.Expired, orders.Rejected, orders.NotSent:
		return true
	}
	return false
}

// keys are in the order in which the orders were sent.
func (o *openSet) keys() []orderKey {
	keys := make([]orderKey, 0, len(o.byKey))
	for key := range o.byKey {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b orderKey) int {
		if a.epoch != b.epoch {
			return int(int64(a.epoch) - int64(b.epoch))
		}
		if a.id < b.id {
			return -1
		}
		return 1
	})
	return keys
}

// carried is every record of every open order, marked as a copy.
func (o *openSet) carried() []byte {
	var out []byte
	for _, key := range o.keys() {
		for _, b := range o.byKey[key] {
			at := len(out)
			out = append(out, b...)
			copied := out[at:]
			copied[atFlags] |= byte(flagCarried)
			finish(copied)
		}
	}
	return out
}

// orders are the open ones as values.
func (o *openSet) orders() []OpenOrder {
	list := make([]OpenOrder, 0, len(o.byKey))
	for _, key := range o.keys() {
		records := o.byKey[key]
		order := OpenOrder{Intent: readIntent(records[0]), State: orders.Unknown}
		for _, b := range records[1:] {
			outcome := readOutcome(b)
			order.State = outcome.State
			order.Outcomes = append(order.Outcomes, outcome)
		}
		list = append(list, order)
	}
	return list
}
