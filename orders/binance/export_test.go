package binance

import "orderwire/orders"

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
