package binance

import (
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// ladder reads an array of [price, quantity] behind levels, which never grows.
func (w *walk) ladder(levels []market.Level, field uint32) []market.Level {
	if w.seen&field == 0 {
		if got, used := market.ReadLadder(w.c.Ahead(), levels); used > 0 {
			w.c.Take(used)
			w.saw(field)
			return got
		}
	}
	if w.c.Kind() != scan.Array {
		w.c.Skip()
		return levels
	}
	sound := true
	w.c.Array()
	for w.c.More() {
		level, ok := w.level()
		switch {
		case !ok:
			sound = false
		case len(levels) == cap(levels):
			w.seen |= hasFull
		default:
			levels = append(levels, level)
		}
	}
	if sound {
		w.saw(field)
	}
	return levels
}

// level reads one element of a ladder in any sound form: what comes after the quantity (older frames have an
// empty array there) is skipped.
func (w *walk) level() (level market.Level, ok bool) {
	if w.c.Kind() != scan.Array {
		w.c.Skip()
		return level, false
	}
	var parts [2]fixed.Number
	count, sound := 0, true
	w.c.Array()
	for w.c.More() {
		if n, used := fixed.Quoted(w.c.Ahead()); used > 0 && count < len(parts) {
			w.c.Take(used)
			parts[count] = n
		} else {
			w.c.Skip()
			sound = sound && count >= len(parts)
		}
		count++
	}
	return market.Level{Price: parts[0], Qty: parts[1]}, sound && count >= len(parts)
}
