package kraken

import (
	"errors"
	"fmt"

	"orderwire/orders"
	"orderwire/orders/market"
)

// DefaultWindowMillis is the deadline of orders whose Spec says none.
const DefaultWindowMillis = 1000

// The venue takes deadlines from 500 ms to 60 s ahead.
const (
	MinWindowMillis = 500
	MaxWindowMillis = 60000
)

// clientIDMax is how long a client id may be that is no UUID.
const clientIDMax = 18

// Compile makes the template of spec: one text frame of the private connection. No order is signed: the session's
// token is a parameter, so templates are compiled anew for each connection. The request id is the order's counter,
// since the venue wants a number.
func (d *Dialect) Compile(spec orders.Spec, ids orders.IDSpace, signer *orders.Signer) (*orders.Template, error) {
	if err := checkSymbol(spec.Symbol); err != nil {
		return nil, fmt.Errorf("kraken: %w", err)
	}
	if signer == nil || signer.Token().Empty() {
		return nil, errors.New("kraken: orders need the session's token")
	}
	if ids.Form != orders.IDUUID && ids.Width() > clientIDMax {
		return nil, fmt.Errorf("kraken: client ids of %d characters are longer than %d", ids.Width(), clientIDMax)
	}
	if spec.WindowMillis == 0 {
		spec.WindowMillis = DefaultWindowMillis
	}
	if spec.WindowMillis < MinWindowMillis || spec.WindowMillis > MaxWindowMillis {
		return nil, fmt.Errorf("kraken: window of %d ms is outside of %d..%d", spec.WindowMillis, MinWindowMillis, MaxWindowMillis)
	}
	b := orders.NewTemplateBuilder(orders.FrameText, spec, ids)
	b.IntDigits(min(8, 18-int(min(spec.PriceScale, 17))), min(10, 18-int(min(spec.QtyScale, 17))))
	switch spec.Action {
	case orders.Place, orders.Test:
		if err := place(b, spec); err != nil {
			return nil, fmt.Errorf("kraken: %w", err)
		}
	case orders.Cancel:
		b.Text(`{"method":"cancel_order","params":{"cl_ord_id":["`).Field(orders.FieldTarget, orders.FormText).Text(`"]`)
	case orders.CancelAll:
		return nil, errors.New("kraken: cancel_all is account-wide: there is none of one symbol")
	default:
		return nil, fmt.Errorf("kraken: action %d is unknown", spec.Action)
	}
	b.Text(`,"token":"`).SecretText(string(signer.Token().Reveal()))
	return b.Text(`"},"req_id":`).Field(orders.FieldRequestID, orders.FormBare).Text(`}`).Build(signer)
}

// place writes add_order up to the token.
func place(b *orders.TemplateBuilder, spec orders.Spec) error {
	side, terms, err := words(spec)
	if err != nil {
		return err
	}
	b.Text(`{"method":"add_order","params":{"symbol":"` + spec.Symbol + `","side":"` + side + `",` + terms)
	if spec.Action == orders.Test {
		b.Text(`"validate":true,`)
	}
	b.Text(`"cl_ord_id":"`).Field(orders.FieldClientID, orders.FormText)
	b.Text(`","deadline":"`).Field(orders.FieldDeadline, orders.FormText)
	b.Text(`","order_qty":`).Field(orders.FieldQty, orders.FormBare)
	if spec.Type != orders.Market {
		b.Text(`,"limit_price":`).Field(orders.FieldPrice, orders.FormBare)
	}
	return nil
}

// words are the venue's names for side, type and time in force.
func words(spec orders.Spec) (side, terms string, err error) {
	switch spec.Side {
	case market.Buy:
		side = "buy"
	case market.Sell:
		side = "sell"
	default:
		return "", "", fmt.Errorf("side %d is unknown", spec.Side)
	}
	if spec.Type != orders.Limit && spec.TIF != 0 {
		return "", "", errors.New("tif: only a limit order has one")
	}
	switch spec.Type {
	case orders.Market:
		return side, `"order_type":"market",`, nil
	case orders.PostOnly:
		return side, `"order_type":"limit","time_in_force":"gtc","post_only":true,`, nil
	case orders.Limit:
		switch spec.TIF {
		case 0, orders.GTC:
			return side, `"order_type":"limit","time_in_force":"gtc",`, nil
		case orders.IOC:
			return side, `"order_type":"limit","time_in_force":"ioc",`, nil
		case orders.FOK:
			return side, `"order_type":"limit","time_in_force":"fok",`, nil
		}
		return "", "", fmt.Errorf("tif %d is unknown", spec.TIF)
	}
	return "", "", fmt.Errorf("type %d is unknown", spec.Type)
}
