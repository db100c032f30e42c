package binance

import (
	"orderwire/orders"
	"orderwire/orders/market"
)

// General is Market without the short way.
func General(message []byte, ev *market.Event) error {
	ev.Reset()
	return general(message, ev)
}

// Short is the short way alone.
func (d *Dialect) Short(message []byte, ev *market.Event) bool {
	ev.Reset()
	if d.Product == USDM {
		return usdmShapes.short(message, ev)
	}
	return spotShapes.short(message, ev)
}

// Param is a parameter as Compile takes it: the keyhole through which the documentation's own requests, which
// have no client id, run through the same code.
type Param struct {
	Name, Text string
	Literal    bool
	Field      orders.Field
}

// Build is what Compile ends in.
func Build(method string, params []Param, spec orders.Spec, ids orders.IDSpace, signer *orders.Signer) (*orders.Template, error) {
	var list []param
	for _, p := range params {
		list = append(list, param{name: p.Name, text: p.Text, literal: p.Literal, field: p.Field})
	}
	return build(method, list, spec, ids, signer)
}
