package binance

import (
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// ladder reads an array of [price, quantity] behind levels, which never grows.
func (w *walk) ladder(levels []market.Level, field uint32) []market.Level {
	if w.seen&field == 0 {
		if got, used := compactLadder(w.c.Ahead(), levels); used > 0 {
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

// compactLadder reads the form in which the venue sends every ladder, `[["1.0","2.0"],["3.0","4.0"]]` without
// white space, to its end. used is 0 where text is anything else, or where it does not fit; levels is then as
// it was, and the general way finds out why.
func compactLadder(text []byte, levels []market.Level) (got []market.Level, used int) {
	if len(text) < 2 || text[0] != '[' {
		return levels, 0
	}
	if text[1] == ']' {
		return levels, 2
	}
	at := 1
	var prices, sizes fixed.Column
	for got = levels; len(got) < cap(got); at++ {
		if at >= len(text) || text[at] != '[' {
			return levels, 0
		}
		price, width := prices.Quoted(text[at+1:])
		at += 1 + width
		if width == 0 || at >= len(text) || text[at] != ',' {
			return levels, 0
		}
		qty, width := sizes.Quoted(text[at+1:])
		at += 1 + width
		if width == 0 || at+1 >= len(text) || text[at] != ']' {
			return levels, 0
		}
		got = append(got, market.Level{Price: price, Qty: qty})
		at++
		if text[at] == ']' {
			return got, at + 1
		}
		if text[at] != ',' {
			return levels, 0
		}
	}
	return levels, 0
}
