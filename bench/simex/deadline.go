package simex

import "slices"

// deadline is a dead man's switch: at its time all open orders of an account, or of one instrument of it, are
// cancelled. It fires once.
type deadline struct {
	account    *account
	instrument *instrument // nil: all of them
	category   string      // Bybit: orders of this one; "": all
	at         int64
}

// arm sets, renews or (at 0) disarms the switch of an account and instrument. The venue's lock is held.
func (v *Venue) arm(a *account, ins *instrument, at int64) { v.set(deadline{a, ins, "", at}) }

// armCategory is arm for the orders of one category.
func (v *Venue) armCategory(a *account, category string, at int64) {
	v.set(deadline{a, nil, category, at})
}

func (v *Venue) set(next deadline) {
	v.deadlines = slices.DeleteFunc(v.deadlines, func(d deadline) bool {
		return d.account == next.account && d.instrument == next.instrument && d.category == next.category
	})
	if next.at > 0 {
		v.deadlines = append(v.deadlines, next)
	}
	if v.alarm != nil {
		v.alarm()
	}
}

// NextTick is when Venue.Tick has something to do; math.MaxInt64 for never. It is apart from the connections' own
// ticks because a dead man's switch fires when no connection is left.
func (v *Venue) NextTick() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	next := int64(never)
	for _, d := range v.deadlines {
		next = min(next, d.at)
	}
	return next
}

// Tick fires the dead man's switches that are due.
func (v *Venue) Tick(now int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := 0; i < len(v.deadlines); {
		d := v.deadlines[i]
		if d.at > now {
			i++
			continue
		}
		v.deadlines = slices.Delete(v.deadlines, i, i+1)
		for _, o := range v.openOrders(d.account, d.instrument) {
			if d.category != "" && d.category != o.category {
				continue
			}
			o.cancelID = o.client
			v.cancel(now, o, "dead man's switch")
		}
		v.publish(now, nil, &Plan{})
	}
}

// OnAlarm names a function that is called when NextTick may have changed. It must not block or call back.
func (v *Venue) OnAlarm(notify func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.alarm = notify
}
