package orders

import (
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// Position is what was executed in one symbol since the tracker was made, by evidence.
type Position struct {
	Symbol string
	Bought fixed.Number
	Sold   fixed.Number
}

// Net is bought less sold. ok is false where that is no Number.
func (p Position) Net() (net fixed.Number, ok bool) { return p.Bought.Sub(p.Sold) }

// positions are few: found by walking, made when a symbol first executes.
type positions struct {
	all  []Position
	used int
}

// book adds an execution. ok is false where there is no room for the symbol or the sum is no Number.
func (p *positions) book(symbol string, side market.Side, qty fixed.Number) (ok bool) {
	at := p.find(symbol)
	if at < 0 {
		if p.used == len(p.all) {
			return false
		}
		at = p.used
		p.all[at].Symbol = symbol
		p.used++
	}
	total := &p.all[at].Bought
	if side == market.Sell {
		total = &p.all[at].Sold
	}
	sum, ok := total.Add(qty)
	if ok {
		*total = sum
	}
	return ok
}

func (p *positions) find(symbol string) int {
	for i := range p.all[:p.used] {
		if p.all[i].Symbol == symbol {
			return i
		}
	}
	return -1
}
