package bybit

import (
	"fmt"
	"strconv"

	"orderwire/orders"
	"orderwire/orders/market"
)

// DefaultWindowMillis is the receive window of orders whose Spec says none. The venue's own default is 5000.
const DefaultWindowMillis = 1000

// MaxWindowMillis bounds the window: longer ones help nobody whose order matters.
const MaxWindowMillis = 60000

// Compile makes the template of spec: one text frame of the trade socket. No order is signed: the connection is
// authenticated once (Login). The request id is the client id.
func (d *Dialect) Compile(spec orders.Spec, ids orders.IDSpace, signer *orders.Signer) (*orders.Template, error) {
	if err := checkSymbol(spec.Symbol); err != nil {
		return nil, fmt.Errorf("bybit: %w", err)
	}
	window := spec.WindowMillis
	if window == 0 {
		window = DefaultWindowMillis
	}
	if window < 1 || window > MaxWindowMillis {
		return nil, fmt.Errorf("bybit: window of %d ms is outside of 1..%d", window, MaxWindowMillis)
	}
	if len(ids.Prefix) > 0 && ids.Width() > 36 {
		return nil, fmt.Errorf("bybit: client ids of %d characters are longer than 36", ids.Width())
	}
	spec.WindowMillis = window // the tracker has to know it: absence is believed only after it
	b := orders.NewTemplateBuilder(orders.FrameText, spec, ids)
	b.IntDigits(min(8, 18-int(min(spec.PriceScale, 17))), min(10, 18-int(min(spec.QtyScale, 17))))
	b.Text(`{"reqId":"`).Field(orders.FieldRequestID, orders.FormID)
	b.Text(`","header":{"X-BAPI-TIMESTAMP":"`).Field(orders.FieldTimeMillis, orders.FormText)
	b.Text(`","X-BAPI-RECV-WINDOW":"` + strconv.Itoa(window) + `"},"op":"`)
	var err error
	switch spec.Action {
	case orders.Place:
		err = d.place(b, spec)
	case orders.Cancel:
		b.Text(`order.cancel","args":[{"category":"` + d.Category.String() + `","symbol":"` + spec.Symbol + `","orderLinkId":"`)
		b.Field(orders.FieldTarget, orders.FormText).Text(`"}]}`)
	case orders.Test:
		err = fmt.Errorf("there is no dry run at this venue")
	case orders.CancelAll:
		err = fmt.Errorf("there is no cancel-all on the trade socket")
	default:
		err = fmt.Errorf("action %d is unknown", spec.Action)
	}
	if err != nil {
		return nil, fmt.Errorf("bybit: %w", err)
	}
	return b.Build(signer)
}

// place writes order.create. marketUnit is said by name: the venue reads the quantity of a spot market buy as
// quote value otherwise. isLeverage 0 keeps a spot order from borrowing.
func (d *Dialect) place(b *orders.TemplateBuilder, spec orders.Spec) error {
	side, kind, tif, err := words(spec)
	if err != nil {
		return err
	}
	b.Text(`order.create","args":[{"category":"` + d.Category.String() + `","symbol":"` + spec.Symbol + `","side":"` + side +
		`","orderType":"` + kind + `","timeInForce":"` + tif + `",`)
	switch {
	case d.Category == Linear:
		b.Text(`"positionIdx":0,`)
	case spec.Type == orders.Market:
		b.Text(`"isLeverage":0,"marketUnit":"baseCoin",`)
	default:
		b.Text(`"isLeverage":0,`)
	}
	b.Text(`"orderLinkId":"`).Field(orders.FieldClientID, orders.FormText)
	b.Text(`","qty":"`).Field(orders.FieldQty, orders.FormQuoted)
	if spec.Type != orders.Market {
		b.Text(`,"price":"`).Field(orders.FieldPrice, orders.FormQuoted)
	}
	b.Text(`}]}`)
	return nil
}

// words are the venue's names for side, type and time in force.
func words(spec orders.Spec) (side, kind, tif string, err error) {
	switch spec.Side {
	case market.Buy:
		side = "Buy"
	case market.Sell:
		side = "Sell"
	default:
		return "", "", "", fmt.Errorf("side %d is unknown", spec.Side)
	}
	switch spec.Type {
	case orders.Limit:
		kind = "Limit"
		switch spec.TIF {
		case 0, orders.GTC:
			tif = "GTC"
		case orders.IOC:
			tif = "IOC"
		case orders.FOK:
			tif = "FOK"
		default:
			return "", "", "", fmt.Errorf("tif %d is unknown", spec.TIF)
		}
		return side, kind, tif, nil
	case orders.PostOnly:
		kind, tif = "Limit", "PostOnly"
	case orders.Market:
		kind, tif = "Market", "IOC"
	default:
		return "", "", "", fmt.Errorf("type %d is unknown", spec.Type)
	}
	if spec.TIF != 0 {
		return "", "", "", fmt.Errorf("tif: only a limit order has one")
	}
	return side, kind, tif, nil
}
