package orders

import "orderwire/orders/fixed"

// Instrument is what a venue's list says about one market. A zero Number is a rule that the venue does not have.
type Instrument struct {
	Symbol      string // as orders name it
	Base, Quote string
	Trading     bool // open for all that we send: limit orders that may take
	Tick, Step  fixed.Number
	PriceMin    fixed.Number
	PriceMax    fixed.Number
	QtyMin      fixed.Number
	QtyMax      fixed.Number
	NotionalMin fixed.Number // of price times quantity, in quote units
	NotionalMax fixed.Number
	OrdersMax   int // open orders of the market at once; 0: not stated
}

// PriceScale is how many decimals a price needs.
func (i *Instrument) PriceScale() uint8 { return i.Tick.Trim().Scale }

// QtyScale is how many decimals a quantity needs.
func (i *Instrument) QtyScale() uint8 { return i.Step.Trim().Scale }

// Breaks is the name of the first rule that an order of this price and quantity would break, or "" where it breaks
// none. Steps are checked by value, as venues do.
func (i *Instrument) Breaks(price, qty fixed.Number) string {
	switch {
	case !i.Trading:
		return "trading"
	case price.Mantissa <= 0 || !multiple(price, i.Tick):
		return "tick"
	case qty.Mantissa <= 0 || !multiple(qty, i.Step):
		return "step"
	case below(price, i.PriceMin):
		return "price_min"
	case above(price, i.PriceMax):
		return "price_max"
	case below(qty, i.QtyMin):
		return "qty_min"
	case above(qty, i.QtyMax):
		return "qty_max"
	}
	var notional fixed.Sum
	switch {
	case !notional.AddProduct(price, qty):
		return "notional" // no venue takes an order that large
	case !i.NotionalMin.IsZero() && notional.Cmp(i.NotionalMin) < 0:
		return "notional_min"
	case !i.NotionalMax.IsZero() && notional.Cmp(i.NotionalMax) > 0:
		return "notional_max"
	}
	return ""
}

func below(n, limit fixed.Number) bool { return !limit.IsZero() && n.Cmp(limit) < 0 }
func above(n, limit fixed.Number) bool { return !limit.IsZero() && n.Cmp(limit) > 0 }

// multiple tells whether n is a whole number of steps.
func multiple(n, step fixed.Number) bool {
	step = step.Trim()
	if step.IsZero() {
		return true
	}
	n, exact := n.Rescale(step.Scale)
	return exact && n.Mantissa%step.Mantissa == 0
}
