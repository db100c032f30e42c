package bench

import (
	"errors"

	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// Contract is the language that a foreign harness speaks with everybody whom it times: Binance's order.place with just the
// parameters that such a harness checks, and an ack that tells what the harness saw. It is a dialect like any other, so
// that what is timed is the product's own way from template to wire.
//
//	-> {"id":"0000000001","method":"order.place","params":{"apiKey":..,"newClientOrderId":"ow-0000000001","price":"64123.45",..,"signature":".."}}
//	<- {"id":..,"status":200,"result":{"symbol":..,"orderId":..,"rx":NS,"bad":B,"rec":R,"seg":S,"len":L}}
//
// One loop owns it: the last ack lies in it.
type Contract struct {
	Last Ack
	// Path is the path of the order connection.
	Path string

	client   [3 + 10]byte
	binance  binance.Dialect
	loggedOn bool
}

// Ack is what a harness says beside that it took the order. What it leaves out is 0.
type Ack struct {
	RX  int64 // when it had read the order's bytes: CLOCK_MONOTONIC, ns
	Bad int64 // orders that it found wrong so far
	Rec int64 // records, segments and bytes in which the order came
	Seg int64
	Len int64
}

// ContractIDs is how the contract writes client ids.
var ContractIDs = orders.IDSpace{Prefix: "ow-", Form: orders.IDBare}

// ContractOrder is the contract's order: its price has 2 decimals and its quantity 5.
var ContractOrder = orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.GTC, PriceScale: 2, QtyScale: 5}

// ErrContract is an answer that is none of the contract's.
var ErrContract = errors.New("bench: contract: the answer has neither id nor status")

// Venue is "contract".
func (c *Contract) Venue() string { return "contract" }

// OrderPath is the path of the order connection.
func (c *Contract) OrderPath() string { return c.Path }

// MarketPath is not used: feeds are asked for by their own paths.
func (c *Contract) MarketPath([]string) string { return "/" }

// Market reads Binance's market data.
func (c *Contract) Market(message []byte, ev *market.Event) error {
	return c.binance.Market(message, ev)
}

// StampsByHost says that the examiner runs on this host and tells no time (runtime.HostTime).
func (c *Contract) StampsByHost() {}

// Login logs a session on whose orders carry no signature. Those that sign need none.
func (c *Contract) Login(step int, wallNanos int64, signer *orders.Signer) ([]byte, error) {
	if step > 0 || signer.Signs() {
		return nil, nil
	}
	return c.binance.Logon("login-0", signer, wallNanos)
}

// contractParam is one parameter: text, or a field.
type contractParam struct {
	name, text string
	field      orders.Field
	form       orders.Form
}

// contractParams are the parameters under the signature, sorted by name.
var contractParams = [...]contractParam{
	{name: "apiKey"},
	{name: "newClientOrderId", field: orders.FieldClientID, form: orders.FormText},
	{name: "price", field: orders.FieldPrice, form: orders.FormQuoted},
	{name: "quantity", field: orders.FieldQty, form: orders.FormQuoted},
	{name: "side", text: "BUY"},
	{name: "symbol", text: "BTCUSDT"},
	{name: "timeInForce", text: "GTC"},
	{name: "timestamp", field: orders.FieldTimeMillis, form: orders.FormText},
	{name: "type", text: "LIMIT"},
}

// Compile makes the contract's one order. Requests to cancel it are compiled because an Engine asks for them, and never sent.
func (c *Contract) Compile(spec orders.Spec, ids orders.IDSpace, signer *orders.Signer) (*orders.Template, error) {
	spec.WindowMillis = 0 // the contract knows none
	b := orders.NewTemplateBuilder(orders.FrameText, spec, ids)
	if spec.Action != orders.Place {
		b.Text(`{"cancel":"`).Field(orders.FieldTarget, orders.FormText).Text(`"}`)
		return b.Build(signer)
	}
	b.IntDigits(5, 1)
	b.Text(`{"id":"`).Field(orders.FieldRequestID, orders.FormText).Text(`","method":"order.place","params":{`)
	params, signs := contractParams[:], signer.Signs()
	if !signs {
		params = params[1:] // the session has logged on: neither key nor signature
	}
	for i := range params {
		if i > 0 {
			b.Text(",")
		}
		params[i].write(b, signer)
		if signs {
			params[i].sign(b, signer, i > 0)
		}
	}
	if signs {
		const lead = `,"signature":"`
		b.Align(len(lead), 16, 8).Text(lead).Field(orders.FieldSignature, orders.FormHex).Text(`"`)
	}
	return b.Text("}}").Build(signer)
}

// ContractRecordBytes is the length of the TLS record in which a signed order of the contract leaves, for an API key of
// key's length.
func ContractRecordBytes(key string) (int, error) {
	signer, err := orders.NewHMACSigner(key, orders.NewSecret([]byte("length only")[:6]))
	if err != nil {
		return 0, err
	}
	var c Contract
	t, err := c.Compile(ContractOrder, ContractIDs, signer)
	if err != nil {
		return 0, err
	}
	const frameHead, recordHead, innerType, tag = 8, 5, 1, 16 // RFC 6455 section 5.2 for 126 bytes and more; RFC 8446 section 5.2
	return t.Len() + frameHead + recordHead + innerType + tag, nil
}

// write adds the parameter to the frame.
func (p *contractParam) write(b *orders.TemplateBuilder, signer *orders.Signer) {
	b.Text(`"` + p.name + `":`)
	switch {
	case p.field == orders.FieldTimeMillis:
		b.Field(p.field, p.form)
	case p.form == orders.FormQuoted:
		b.Text(`"`).Field(p.field, p.form)
	case p.field != orders.FieldNone:
		b.Text(`"`).Field(p.field, p.form).Text(`"`)
	case p.name == "apiKey":
		b.Text(`"`).SecretText(signer.APIKey()).Text(`"`)
	default:
		b.Text(`"` + p.text + `"`)
	}
}

// sign adds the parameter to the signed text.
func (p *contractParam) sign(b *orders.TemplateBuilder, signer *orders.Signer, more bool) {
	if more {
		b.Canon("&")
	}
	b.Canon(p.name + "=")
	switch {
	case p.field != orders.FieldNone:
		b.CanonField(p.field)
	case p.name == "apiKey":
		b.Canon(signer.APIKey())
	default:
		b.Canon(p.text)
	}
}

// Classify reads one answer. An order that was taken counts as filled: nothing rests at a harness, and a tracker that
// remembered a hundred thousand open orders would be timed instead of the push.
func (c *Contract) Classify(message []byte, r *orders.Report) error {
	r.Reset()
	c.Last, c.loggedOn = Ack{}, false
	var cursor scan.Cursor
	cursor.Reset(message)
	cursor.Object()
	for {
		key, more := cursor.Key()
		if !more {
			break
		}
		switch string(key) {
		case "id":
			c.requestID(&cursor, r)
		case "status":
			status, _ := cursor.TryInt()
			r.Status = int(status)
		case "result":
			c.result(&cursor, r)
		default:
			cursor.Skip()
		}
	}
	if err := cursor.End(); err != nil {
		r.Reset()
		return err
	}
	if r.RequestID == nil || r.Status == 0 {
		r.Reset()
		return ErrContract
	}
	switch {
	case r.Status != 200:
		r.Kind = orders.ReportRejected
	case c.loggedOn:
		r.Kind = orders.ReportLoggedOn
	default:
		r.Kind = orders.ReportFilled
	}
	r.ClientID = c.clientOf(r.RequestID)
	return nil
}

// requestID is the counter, in quotes or as a number.
func (c *Contract) requestID(cursor *scan.Cursor, r *orders.Report) {
	switch cursor.Kind() {
	case scan.String:
		r.RequestID = cursor.Raw()
	case scan.Number:
		r.RequestID = cursor.Number()
	default:
		cursor.Skip()
	}
}

func (c *Contract) result(cursor *scan.Cursor, r *orders.Report) {
	if cursor.Kind() != scan.Object {
		cursor.Skip()
		return
	}
	cursor.Object()
	for {
		key, more := cursor.Key()
		if !more {
			return
		}
		var into *int64
		switch string(key) {
		case "rx":
			into = &c.Last.RX
		case "bad":
			into = &c.Last.Bad
		case "rec":
			into = &c.Last.Rec
		case "seg":
			into = &c.Last.Seg
		case "len":
			into = &c.Last.Len
		case "authorizedSince":
			c.loggedOn = true
		case "orderId":
			if cursor.Kind() == scan.Number {
				r.VenueID = cursor.Number()
				continue
			}
		}
		if into == nil {
			cursor.Skip()
			continue
		}
		*into, _ = cursor.TryInt()
	}
}

// clientOf is the client id that belongs to a request id: the contract's answers name only the latter.
func (c *Contract) clientOf(request []byte) []byte {
	if counter, ok := orders.ParseCounter(request); ok {
		return ContractIDs.AppendText(c.client[:0], counter)
	}
	return nil
}
