package binance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"orderwire/orders"
	"orderwire/orders/market"
)

// DefaultWindowMillis is the recvWindow of orders whose Spec says none. The venue's own default, 5000, is five
// times as long as an order that matters stays true, and an order whose reply was lost is Unknown for as long.
const DefaultWindowMillis = 1000

// MaxWindowMillis is the longest recvWindow that the venue takes.
const MaxWindowMillis = 60000

// Compile makes the template of spec: one text frame of the WebSocket API. With an HMAC signer each order carries
// the api key and a signature over all other parameters, sorted by name; with any other signer the session is
// taken to be logged on (Logon), and the frame has neither.
//
// The request id is the client id. newOrderRespType is ACK by name, since the venue's default depends on the type
// of order and its FULL replies come later.
func (d *Dialect) Compile(spec orders.Spec, ids orders.IDSpace, signer *orders.Signer) (*orders.Template, error) {
	method, params, err := d.request(spec)
	if err != nil {
		return nil, fmt.Errorf("binance: %w", err)
	}
	return build(method, params, spec, ids, signer)
}

// param is one parameter of a request: text, a JSON literal, or a field of the template.
type param struct {
	name    string
	text    string
	literal bool
	field   orders.Field
}

// request is the method and the parameters of spec, without those of the signature.
func (d *Dialect) request(spec orders.Spec) (method string, params []param, err error) {
	if err := checkSymbol(spec.Symbol); err != nil {
		return "", nil, err
	}
	window := spec.WindowMillis
	if window == 0 {
		window = DefaultWindowMillis
	}
	if window < 1 || window > MaxWindowMillis {
		return "", nil, fmt.Errorf("window of %d ms is outside of 1..%d", window, MaxWindowMillis)
	}
	params = []param{
		{name: "symbol", text: spec.Symbol},
		{name: "recvWindow", text: strconv.Itoa(window), literal: true},
		{name: "timestamp", field: orders.FieldTimeMillis},
	}
	switch spec.Action {
	case orders.Place, orders.Test:
		method = "order.place"
		if spec.Action == orders.Test {
			method = "order.test"
		}
		if d.Product == USDM && spec.Action == orders.Test {
			return "", nil, fmt.Errorf("order.test does not exist on the WebSocket API of USD-M")
		}
		order, err := d.order(spec)
		return method, append(params, order...), err
	case orders.Cancel:
		params = append(params, param{name: "origClientOrderId", field: orders.FieldTarget})
		if d.Product == Spot { // names the cancel: without it the venue makes up a name that is not ours
			params = append(params, param{name: "newClientOrderId", field: orders.FieldClientID})
		}
		return "order.cancel", params, nil
	case orders.CancelAll:
		if d.Product == USDM {
			return "", nil, fmt.Errorf("cancel-all does not exist on the WebSocket API of USD-M")
		}
		return "openOrders.cancelAll", params, nil
	}
	return "", nil, fmt.Errorf("action %d is unknown", spec.Action)
}

// order is what a new order has beside symbol, window and time.
func (d *Dialect) order(spec orders.Spec) ([]param, error) {
	side, err := sideName(spec.Side)
	if err != nil {
		return nil, err
	}
	params := []param{
		{name: "side", text: side},
		{name: "quantity", field: orders.FieldQty},
		{name: "newClientOrderId", field: orders.FieldClientID},
		{name: "newOrderRespType", text: "ACK"},
	}
	price := param{name: "price", field: orders.FieldPrice}
	switch spec.Type {
	case orders.Limit:
		tif, err := tifName(spec.TIF)
		if err != nil {
			return nil, err
		}
		return append(params, price, param{name: "type", text: "LIMIT"}, param{name: "timeInForce", text: tif}), nil
	case orders.Market, orders.PostOnly:
		if spec.TIF != 0 {
			return nil, fmt.Errorf("tif: only a limit order has one")
		}
	default:
		return nil, fmt.Errorf("type %d is unknown", spec.Type)
	}
	switch {
	case spec.Type == orders.Market:
		return append(params, param{name: "type", text: "MARKET"}), nil
	case d.Product == USDM: // good till crossing: refused where it would take
		return append(params, price, param{name: "type", text: "LIMIT"}, param{name: "timeInForce", text: "GTX"}), nil
	}
	return append(params, price, param{name: "type", text: "LIMIT_MAKER"}), nil
}

// build writes the frame and, where the signer signs, the text under the signature: all parameters sorted by
// name, joined as name=value with &, without percent-encoding. Source: web-socket-api.md, "SIGNED request security".
func build(method string, params []param, spec orders.Spec, ids orders.IDSpace, signer *orders.Signer) (*orders.Template, error) {
	if spec.WindowMillis == 0 {
		spec.WindowMillis = DefaultWindowMillis // the tracker has to know it: absence is believed only after it
	}
	signs := signer.Signs()
	if signs {
		params = append(params, param{name: "apiKey"})
	}
	slices.SortFunc(params, func(a, b param) int { return strings.Compare(a.name, b.name) })
	b := orders.NewTemplateBuilder(orders.FrameText, spec, ids)
	b.IntDigits(min(8, 18-int(min(spec.PriceScale, 17))), min(10, 18-int(min(spec.QtyScale, 17))))
	b.Text(`{"id":"`).Field(orders.FieldRequestID, orders.FormID).Text(`","method":"` + method + `","params":{`)
	for i := range params {
		if i > 0 {
			b.Text(",")
		}
		writeParam(b, &params[i], signer)
		if signs {
			canonParam(b, &params[i], i, signer)
		}
	}
	if signs {
		const lead = `,"signature":"`
		// Behind a frame header of 8 bytes the signature begins on a 16-byte boundary of the record's text: the
		// late-signature kernel wants that (crypto.md).
		b.Align(len(lead), 16, 8).Text(lead).Field(orders.FieldSignature, orders.FormHex).Text(`"`)
	}
	return b.Text("}}").Build(signer)
}

// writeParam writes one parameter into the frame.
func writeParam(b *orders.TemplateBuilder, p *param, signer *orders.Signer) {
	b.Text(`"` + p.name + `":`)
	switch {
	case p.name == "apiKey":
		b.Text(`"`).SecretText(signer.APIKey()).Text(`"`)
	case p.field == orders.FieldPrice || p.field == orders.FieldQty:
		b.Text(`"`).Field(p.field, orders.FormQuoted)
	case p.field == orders.FieldTimeMillis:
		b.Field(p.field, orders.FormText)
	case p.field != orders.FieldNone:
		b.Text(`"`).Field(p.field, orders.FormText).Text(`"`)
	case p.literal:
		b.Text(p.text)
	default:
		b.Text(`"`).JSON(p.text).Text(`"`)
	}
}

// canonParam writes one parameter into the signed text.
func canonParam(b *orders.TemplateBuilder, p *param, index int, signer *orders.Signer) {
	if index > 0 {
		b.Canon("&")
	}
	b.Canon(p.name + "=")
	switch {
	case p.name == "apiKey":
		b.Canon(signer.APIKey())
	case p.field != orders.FieldNone:
		b.CanonField(p.field)
	default:
		b.Canon(p.text)
	}
}

// checkSymbol keeps out what would change the meaning of the frame or of the signed text. Symbols may be other
// than ASCII (since 2025-12).
func checkSymbol(symbol string) error {
	if symbol == "" || len(symbol) > 64 || !utf8.ValidString(symbol) {
		return fmt.Errorf("symbol must be 1 to 64 bytes of UTF-8")
	}
	for _, r := range symbol {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`"\&=<>`, r) {
			return fmt.Errorf("symbol %q must not hold spaces, quotes or any of \\&=<>", symbol)
		}
	}
	return nil
}

func sideName(side market.Side) (string, error) {
	switch side {
	case market.Buy:
		return "BUY", nil
	case market.Sell:
		return "SELL", nil
	}
	return "", fmt.Errorf("side %d is unknown", side)
}

func tifName(tif orders.TIF) (string, error) {
	switch tif {
	case 0, orders.GTC:
		return "GTC", nil
	case orders.IOC:
		return "IOC", nil
	case orders.FOK:
		return "FOK", nil
	}
	return "", fmt.Errorf("tif %d is unknown", tif)
}
