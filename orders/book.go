package orders

import (
	"math/bits"

	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// Position is what was executed in one symbol since the tracker was made, by evidence, and what is still open.
type Position struct {
	Symbol     string
	Bought     fixed.Number
	Sold       fixed.Number
	OpenBuy    fixed.Number // quantity of orders without an end that has not executed, Unknown ones among them
	OpenSell   fixed.Number
	OpenOrders int
}

// Net is bought less sold. ok is false where that is no Number.
func (p Position) Net() (net fixed.Number, ok bool) { return p.Bought.Sub(p.Sold) }

// value is a quote amount: price mantissa times quantity mantissa, 128 bits wide, since a price and a quantity of eight
// decimals each leave 64 bits only 1844 quote units.
type value struct{ high, low uint64 }

func product(price, qty uint64) (v value) {
	v.high, v.low = bits.Mul64(price, qty)
	return v
}

// plus is v + w, and all ones where that does not fit: more than any limit.
func (v value) plus(w value) value {
	low, carry := bits.Add64(v.low, w.low, 0)
	high, carry := bits.Add64(v.high, w.high, carry)
	if carry != 0 {
		return value{^uint64(0), ^uint64(0)}
	}
	return value{high, low}
}

// minus is v - w, at least 0.
func (v value) minus(w value) value {
	if w.above(v) {
		return value{}
	}
	low, borrow := bits.Sub64(v.low, w.low, 0)
	high, _ := bits.Sub64(v.high, w.high, borrow)
	return value{high, low}
}

func (v value) above(w value) bool { return v.high > w.high || v.high == w.high && v.low > w.low }

// book is all that the tracker adds up for one symbol. Open quantities and values are mantissas at the scales of the
// first template: int64 arithmetic for the risk gate.
type book struct {
	symbol               string
	priceScale, qtyScale uint8
	inexact              bool // something could not be written at these scales: the gate trusts nothing then
	bought, sold         fixed.Number
	openBuy, openSell    uint64
	openValue            value
	openOrders           int
}

// books are found by symbol, and by number from there on.
type books struct {
	all    []book
	used   int
	byName index
}

func newBooks(capacity int) books {
	return books{all: make([]book, capacity), byName: newIndex(capacity)}
}

// find is the number of symbol's book, -1 without.
func (b *books) find(symbol string) int { return b.byName.find(nameKey(symbol)) }

// open is find that makes the book where there is none; -1 without room.
func (b *books) open(spec *Spec) int {
	if at := b.find(spec.Symbol); at >= 0 || b.used == len(b.all) {
		return at
	}
	at := b.used
	b.all[at] = book{symbol: spec.Symbol, priceScale: spec.PriceScale, qtyScale: spec.QtyScale}
	b.byName.put(nameKey(spec.Symbol), at)
	b.used++
	return at
}

// nameKey hashes a symbol. Two symbols of one venue with the same 64 bits do not happen; names are short and its own.
func nameKey(symbol string) uint64 {
	h := uint64(len(symbol))
	for i := 0; i < len(symbol); i += 8 {
		word := uint64(0)
		for j := range min(8, len(symbol)-i) {
			word |= uint64(symbol[i+j]) << (8 * j)
		}
		h = mix(h ^ word)
	}
	return h
}

// fill adds an execution. ok is false where the sum is no Number.
func (b *book) fill(side market.Side, qty fixed.Number) (ok bool) {
	total := &b.bought
	if side == market.Sell {
		total = &b.sold
	}
	sum, ok := total.Add(qty)
	if ok {
		*total = sum
	}
	return ok
}

// reserve makes e's share of the open quantities and values what it is now. Zero price: only the quantity counts.
func (b *book) reserve(e *entry) {
	qty, worth := uint64(0), value{}
	if !e.over(e.state) {
		qty = b.remaining(e)
		price, exact := rescaled(e.price, int(b.priceScale))
		b.inexact = b.inexact || !exact
		worth = product(price, qty)
	}
	open := &b.openBuy
	if e.side == market.Sell {
		open = &b.openSell
	}
	*open += qty - e.openQty
	b.openValue = b.openValue.minus(e.openValue).plus(worth)
	e.openQty, e.openValue = qty, worth
}

// remaining is what may still execute, rounded up where the venue has more decimals than the book.
func (b *book) remaining(e *entry) uint64 {
	left, ok := e.qty.Sub(e.executed())
	if !ok || left.Mantissa <= 0 {
		b.inexact = b.inexact || !ok
		return 0
	}
	if left.Scale > b.qtyScale {
		by := pow10[left.Scale-b.qtyScale]
		return (uint64(left.Mantissa) + by - 1) / by
	}
	mantissa, exact := rescaled(left, int(b.qtyScale))
	b.inexact = b.inexact || !exact
	return mantissa
}

func (b *book) position() Position {
	return Position{
		Symbol: b.symbol, Bought: b.bought, Sold: b.sold, OpenOrders: b.openOrders,
		OpenBuy: fixed.Number{Mantissa: int64(b.openBuy), Scale: b.qtyScale}, OpenSell: fixed.Number{Mantissa: int64(b.openSell), Scale: b.qtyScale},
	}
}
