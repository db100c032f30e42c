package market

import "orderwire/orders/fixed"

// ReadLadder reads the form in which venues send ladders of text, `[["1.0","2.0"],["3.0","4.0"]]` without
// white space, to its end. used is 0 where text is anything else, or where it does not fit; levels is then as
// it was, and the general way finds out why.
func ReadLadder(text []byte, levels []Level) (got []Level, used int) {
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
		got = append(got, Level{Price: price, Qty: qty})
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
