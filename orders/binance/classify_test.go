package binance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/scan"
)

func num(mantissa int64, scale uint8) fixed.Number {
	return fixed.Number{Mantissa: mantissa, Scale: scale}
}

// TestClassifyDocumentedFrames reads each server frame of the documentation. A frame without a row must be Other.
func TestClassifyDocumentedFrames(t *testing.T) {
	text := func(s string) []byte { return []byte(s) }
	want := map[string]orders.Report{
		"resp:order.place-ACK": {
			Kind: orders.ReportAcked, Status: 200, RequestID: text("56374a46-3061-486b-a311-99ee972eb648"),
			ClientID: text("4d96324ff9d44481926157ec08158a40"), VenueID: text("12569099453"), VenueNanos: 1660801715639e6,
			Weight: 1, WeightLimit: 6000, OrderCount: 1, OrderCountLimit: 50,
		},
		"resp:order.place-RESULT": {
			Kind: orders.ReportAcked, Status: 200, RequestID: text("e2a85d9f-07a5-4f94-8d5f-789dc3deb097"),
			ClientID: text("a097fe6304b20a7e4fc436"), VenueID: text("12510053279"), VenueNanos: 1655716096505e6, CumQty: num(0, 8),
			Weight: 321, WeightLimit: 6000, OrderCount: 12, OrderCountLimit: 50,
		},
		"resp:order.place-FULL": {
			Kind: orders.ReportFilled, Status: 200, RequestID: text("56374a46-3061-486b-a311-99ee972eb648"),
			ClientID: text("4d96324ff9d44481926157ec08158a40"), VenueID: text("12569099453"), VenueNanos: 1660801715793e6, CumQty: num(847000, 8),
			Weight: 1, WeightLimit: 6000, OrderCount: 1, OrderCountLimit: 50,
		},
		"resp:order.place-rejected-2010": {
			Kind: orders.ReportRejected, Status: 400, Code: -2010, RequestID: text("e2a85d9f-07a5-4f94-8d5f-789dc3deb097"),
			Text: text("Account has insufficient balance for requested action."), Weight: 322, WeightLimit: 6000, OrderCount: 13, OrderCountLimit: 50,
		},
		"resp:order.test-ok": {
			Kind: orders.ReportTested, Status: 200, RequestID: text("922bcc6e-9de8-440d-9e84-7c80933a8d0d"), Weight: 1, WeightLimit: 6000,
		},
		"resp:order.cancel": {
			Kind: orders.ReportCancelled, Status: 200, RequestID: text("5633b6a2-90a9-4192-83e7-925c90b6a2fd"),
			ClientID: text("4d96324ff9d44481926157"), VenueID: text("12569099453"), VenueNanos: 1684804350068e6, CumQty: num(1000, 8),
			Weight: 1, WeightLimit: 6000,
		},
		"resp:openOrders.cancelAll": {
			Kind: orders.ReportOther, Status: 200, RequestID: text("778f938f-9041-4b88-9914-efbf64eeacc8"), Weight: 1, WeightLimit: 6000,
		},
		"resp:409-cancelReplace-partial": {
			Kind: orders.ReportUnknown, Status: 409, Code: -2021, RequestID: text("b220edfe-f3c4-4a3a-9d13-b35473783a25"),
			Text: text("Order cancel-replace partially failed."), Weight: 1, WeightLimit: 6000, OrderCount: 1, OrderCountLimit: 50,
		},
		"resp:418-banned": {
			Kind: orders.ReportThrottled, Status: 418, Code: -1003, RequestID: text("fc93a61a-a192-4cf4-bb2a-a8f0f0c51e06"),
			Text:       text("Way too much request weight used; IP banned until 1659146400000. Please use WebSocket Streams for live updates to avoid bans."),
			VenueNanos: 1659142907531e6, RetryAtNanos: 1659146400000e6, Weight: 2411, WeightLimit: 6000,
		},
		"resp:401-session-revoked": {
			Kind: orders.ReportSessionError, Status: 401, Code: -2015, Text: text("Invalid API-key, IP, or permissions for action."),
		},
		"resp:time": {
			Kind: orders.ReportTime, Status: 200, RequestID: text("7069b743-f477-4ae3-81db-db9b8df085d2"), VenueNanos: 1656400526260e6,
			Weight: 70, WeightLimit: 6000,
		},
		"resp:session.logon": {
			Kind: orders.ReportLoggedOn, Status: 200, RequestID: text("c174a2b1-3f51-4580-b200-8528bd237cb7"), VenueNanos: 1649729878630e6,
		},
		"resp:userDataStream.subscribe": {
			Kind: orders.ReportSubscribed, Status: 200, RequestID: text("d3df8a21-98ea-4fe0-8f4e-0fcea5d418b7"),
		},
		"event:executionReport": {
			Kind: orders.ReportAcked, ClientID: text("mUvoqJxFIILMdfAW5iGSOW"), VenueID: text("4293153"), CumQty: num(0, 8), VenueNanos: 1499405658657e6,
		},
		"event:serverShutdown":        {Kind: orders.ReportShutdown, VenueNanos: 1770123456789e6},
		"stream:serverShutdown":       {Kind: orders.ReportShutdown, VenueNanos: 1770123456789e6},
		"event:eventStreamTerminated": {Kind: orders.ReportStreamOver, Text: text("eventStreamTerminated"), VenueNanos: 1728973001334e6},
		"stream:sub-ack":              {Kind: orders.ReportOther, RequestID: text("1")},
	}
	seen := 0
	for _, f := range documented(t) {
		if f.Direction != "server->client" {
			continue
		}
		expected, named := want[f.Name]
		if named {
			seen++
		}
		for _, message := range [][]byte{f.Frame, spaced(t, f.Frame), reordered(t, f.Frame)} {
			var got orders.Report
			if err := new(binance.Dialect).Classify(message, &got); err != nil {
				t.Fatalf("%s: %s: %v", f.Name, message, err)
			}
			if fmt.Sprintf("%q", show(got)) != fmt.Sprintf("%q", show(expected)) {
				t.Errorf("%s\n got %q\nwant %q", f.Name, show(got), show(expected))
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d rows found their frame", seen, len(want))
	}
}

// show makes a report comparable: nil and empty text differ here, since nil means that the venue left it out.
func show(r orders.Report) string {
	return fmt.Sprintf("%+v id nil %v", r, r.RequestID == nil)
}

const executionReport = `{"subscriptionId":0,"event":{"e":"executionReport","E":1499405658658,"s":"ETHBTC","c":"ow000070000000042","S":"BUY","o":"LIMIT","f":"GTC",` +
	`"q":"1.00000000","p":"0.10264410","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"NEW","X":"NEW","r":"NONE","i":4293153,"l":"0.00000000",` +
	`"z":"0.00000000","L":"0.00000000","n":"0","N":null,"T":1499405658657,"t":-1,"v":3,"I":8641984,"w":true,"m":false,"M":false,"O":1499405658657,` +
	`"Z":"0.00000000","Y":"0.00000000","Q":"0.00000000","W":1499405658657,"V":"NONE"}}`

// edit replaces, and fails the test where there is nothing to replace.
func edit(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in %s", pairs[i], text)
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func TestClassifyExecutionReports(t *testing.T) {
	trade := []string{`"x":"NEW"`, `"x":"TRADE"`, `"l":"0.00000000"`, `"l":"0.40000000"`, `"z":"0.00000000"`, `"z":"0.60000000"`, `"L":"0.00000000"`, `"L":"0.10264410"`, `"t":-1`, `"t":1650422481`}
	base := orders.Report{ClientID: []byte("ow000070000000042"), VenueID: []byte("4293153"), CumQty: num(0, 8), VenueNanos: 1499405658657e6}
	traded := base
	traded.ExecID, traded.LastQty, traded.LastPrice, traded.CumQty = []byte("1650422481"), num(40000000, 8), num(10264410, 8), num(60000000, 8)
	for _, row := range []struct {
		name  string
		pairs []string
		kind  orders.ReportKind
		from  orders.Report
		alter func(*orders.Report)
	}{
		{name: "new", kind: orders.ReportAcked, from: base},
		{name: "partial", pairs: append(trade, `"X":"NEW"`, `"X":"PARTIALLY_FILLED"`), kind: orders.ReportTrade, from: traded},
		{name: "filled", pairs: append(trade, `"X":"NEW"`, `"X":"FILLED"`), kind: orders.ReportFilled, from: traded},
		{name: "trade of a state we do not know", pairs: append(trade, `"X":"NEW"`, `"X":"SOMETHING"`), kind: orders.ReportTrade, from: traded},
		{name: "expired", pairs: []string{`"x":"NEW"`, `"x":"EXPIRED"`, `"X":"NEW"`, `"X":"EXPIRED"`}, kind: orders.ReportExpired, from: base},
		{name: "expired in match", pairs: []string{`"x":"NEW"`, `"x":"TRADE_PREVENTION"`, `"X":"NEW"`, `"X":"EXPIRED_IN_MATCH"`}, kind: orders.ReportExpired, from: base},
		{
			name: "cancelled by a named cancel", pairs: []string{`"c":"ow000070000000042"`, `"c":"ow000070000000050"`, `"C":""`, `"C":"ow000070000000042"`, `"x":"NEW"`, `"x":"CANCELED"`, `"X":"NEW"`, `"X":"CANCELED"`},
			kind: orders.ReportCancelled, from: base,
		},
		{
			name: "rejected", pairs: []string{`"x":"NEW"`, `"x":"REJECTED"`, `"X":"NEW"`, `"X":"REJECTED"`, `"r":"NONE"`, `"r":"INSUFFICIENT_BALANCES"`},
			kind: orders.ReportRejected, from: base, alter: func(r *orders.Report) { r.Text = []byte("INSUFFICIENT_BALANCES") },
		},
		{name: "replaced", pairs: []string{`"x":"NEW"`, `"x":"REPLACED"`}, kind: orders.ReportAcked, from: base},
		{name: "unknown state", pairs: []string{`"x":"NEW"`, `"x":"HELD"`, `"X":"NEW"`, `"X":"HELD"`}, kind: orders.ReportOther, from: base},
		{name: "microseconds", pairs: []string{`"T":1499405658657`, `"T":1499405658657123`}, kind: orders.ReportAcked, from: base, alter: func(r *orders.Report) { r.VenueNanos = 1499405658657123e3 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			want := row.from
			want.Kind = row.kind
			if row.alter != nil {
				row.alter(&want)
			}
			wrapped := edit(t, executionReport, row.pairs...)
			bare := strings.TrimSuffix(strings.TrimPrefix(wrapped, `{"subscriptionId":0,"event":`), "}")
			for _, message := range []string{wrapped, bare} {
				var got orders.Report
				if err := new(binance.Dialect).Classify([]byte(message), &got); err != nil {
					t.Fatalf("%s: %v", message, err)
				}
				if show(got) != show(want) {
					t.Errorf("%s\n got %s\nwant %s", message, show(got), show(want))
				}
			}
		})
	}
}

// USD-M's forms, after its documentation: the order under "o", and the early word of a trade.
const (
	orderTradeUpdate = `{"e":"ORDER_TRADE_UPDATE","E":1568879465651,"T":1568879465650,"o":{"s":"BTCUSDT","c":"ow000070000000042","S":"BUY","o":"LIMIT","f":"GTC",` +
		`"q":"0.002","p":"7100.50","ap":"7100.50","sp":"0","x":"TRADE","X":"PARTIALLY_FILLED","i":8886774,"l":"0.001","z":"0.001","L":"7100.50","N":"USDT",` +
		`"n":"0.01","T":1568879465650,"t":12345678,"b":"0","a":"0","m":true,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"NONE"}}`
	tradeLite = `{"e":"TRADE_LITE","E":1568879465651,"T":1568879465650,"s":"BTCUSDT","q":"0.002","p":"7100.50","m":true,"c":"ow000070000000042","S":"BUY","L":"7100.50","l":"0.001","t":12345678,"i":8886774}`
)

func TestClassifyUSDM(t *testing.T) {
	want := orders.Report{
		Kind: orders.ReportTrade, ClientID: []byte("ow000070000000042"), VenueID: []byte("8886774"), ExecID: []byte("12345678"),
		LastQty: num(1, 3), LastPrice: num(710050, 2), CumQty: num(1, 3), VenueNanos: 1568879465650e6,
	}
	d := &binance.Dialect{Product: binance.USDM}
	var got orders.Report
	if err := d.Classify([]byte(orderTradeUpdate), &got); err != nil || show(got) != show(want) {
		t.Errorf("%v\n got %s\nwant %s", err, show(got), show(want))
	}
	want.CumQty = fixed.Number{}
	if err := d.Classify([]byte(tradeLite), &got); err != nil || show(got) != show(want) {
		t.Errorf("%v\n got %s\nwant %s", err, show(got), show(want))
	}
	if err := d.Classify([]byte(`{"e":"listenKeyExpired","E":1568879465651,"listenKey":"x"}`), &got); err != nil || got.Kind != orders.ReportStreamOver {
		t.Errorf("%v, %s", err, show(got))
	}
}

func TestClassifyErrors(t *testing.T) {
	for _, row := range []struct {
		name, id     string
		status, code int
		want         orders.ReportKind
	}{
		{"unknown outcome", `"7"`, 400, -1007, orders.ReportUnknown},
		{"unexpected response", `"7"`, 400, -1006, orders.ReportUnknown},
		{"unknown error", `"7"`, 400, -1000, orders.ReportUnknown},
		{"disconnected", `"7"`, 400, -1001, orders.ReportUnknown},
		{"5xx with any code", `"7"`, 503, -1, orders.ReportUnknown},
		{"5xx that looks like a reject", `"7"`, 500, -2010, orders.ReportUnknown},
		{"overloaded is not executed", `"7"`, 503, -1008, orders.ReportRejected},
		{"too much weight", `"7"`, 429, -1003, orders.ReportThrottled},
		{"weight by code", `"7"`, 400, -1003, orders.ReportThrottled},
		{"too many orders", `"7"`, 429, -1015, orders.ReportThrottled},
		{"throttled without id", `null`, 429, -1003, orders.ReportThrottled},
		{"cancel refused", `"7"`, 400, -2011, orders.ReportCancelRejected},
		{"not found", `"7"`, 400, -2013, orders.ReportNotFound},
		{"filter", `"7"`, 400, -1013, orders.ReportRejected},
		{"illegal characters", `"7"`, 400, -1100, orders.ReportRejected},
		{"clock", `"7"`, 400, -1021, orders.ReportRejected},
		{"signature", `"7"`, 400, -1022, orders.ReportRejected},
		{"firewall", `"7"`, 403, -1, orders.ReportRejected},
		{"key", `"7"`, 401, -2015, orders.ReportRejected},
		{"key, of the session", `null`, 401, -2015, orders.ReportSessionError},
		{"half replaced", `"7"`, 409, -2021, orders.ReportUnknown},
		{"both failed", `"7"`, 400, -2022, orders.ReportRejected},
		{"a number as id", `7`, 400, -2010, orders.ReportRejected},
	} {
		t.Run(row.name, func(t *testing.T) {
			message := fmt.Sprintf(`{"id":%s,"status":%d,"error":{"code":%d,"msg":"why \"not\""}}`, row.id, row.status, row.code)
			var r orders.Report
			if err := new(binance.Dialect).Classify([]byte(message), &r); err != nil {
				t.Fatal(err)
			}
			if r.Kind != row.want || r.Code != row.code || r.Status != row.status || string(r.Text) != `why \"not\"` {
				t.Errorf("%s: %s, want kind %d", message, show(r), row.want)
			}
			if got := strings.Trim(row.id, `"`); (r.RequestID == nil) != (got == "null") || r.RequestID != nil && string(r.RequestID) != got {
				t.Errorf("%s: id %q", message, r.RequestID)
			}
		})
	}
}

func TestClassifyRefuses(t *testing.T) {
	const ack = `{"id":"7","status":200,"result":{"symbol":"BTCUSDT","orderId":1,"orderListId":-1,"clientOrderId":"c","transactTime":1660801715639}}`
	const refusal = `{"id":"7","status":400,"error":{"code":-2010,"msg":"no"}}`
	partial := edit(t, orderTradeUpdate)
	for _, row := range []struct {
		name, frame, old, new string
		want                  error
	}{
		{"ack without client id", ack, `"clientOrderId":"c",`, ``, binance.ErrMissing},
		{"client id with an escape", ack, `"c"`, `"\u0063"`, binance.ErrMissing},
		{"client id twice", ack, `"symbol":"BTCUSDT"`, `"clientOrderId":"d"`, binance.ErrDuplicate},
		{"two results", ack, `"status":200,`, `"status":200,"result":{},`, binance.ErrDuplicate},
		{"two ids", ack, `"id":"7"`, `"id":"7","id":"8"`, binance.ErrDuplicate},
		{"impossible time", ack, `1660801715639`, `-5`, binance.ErrValue},
		{"status without executed quantity", ack, `"orderListId":-1`, `"status":"FILLED"`, binance.ErrMissing},
		{"neither result nor error", ack, `"result"`, `"outcome"`, binance.ErrMissing},
		{"error without code", refusal, `"code":-2010,`, ``, binance.ErrMissing},
		{"error code is text", refusal, `-2010`, `"-2010"`, binance.ErrMissing},
		{"error code beyond 32 bits", refusal, `-2010`, `-20100000000`, binance.ErrMissing},
		{"error without text", refusal, `,"msg":"no"`, ``, binance.ErrMissing},
		{"impossible retry time", refusal, `"msg":"no"`, `"msg":"no","data":{"retryAfter":-1}`, binance.ErrValue},
		{"trade without quantity", partial, `"l":"0.001",`, ``, binance.ErrMissing},
		{"trade of nothing", partial, `"l":"0.001"`, `"l":"0.000"`, binance.ErrValue},
		{"trade without id", partial, `"t":12345678`, `"t":-1`, binance.ErrMissing},
		{"trade with a float price", partial, `"L":"7100.50"`, `"L":7100.50`, binance.ErrMissing},
		{"trade with two prices", partial, `"L":"7100.50"`, `"L":"7100.50","L":"1"`, binance.ErrDuplicate},
		{"report without status", partial, `"X":"PARTIALLY_FILLED",`, ``, binance.ErrMissing},
		{"report without total", partial, `"z":"0.001",`, ``, binance.ErrMissing},
		{"cut", ack, `}}`, `}`, scan.ErrEnd},
		{"not JSON", ack, `"id"`, `id`, scan.ErrSyntax},
		{"a list", ack, ack, `[]`, scan.ErrKind},
		{"empty", ack, ack, ``, scan.ErrEnd},
	} {
		t.Run(row.name, func(t *testing.T) {
			message := edit(t, row.frame, row.old, row.new)
			var r orders.Report
			if err := new(binance.Dialect).Classify([]byte(message), &r); !errors.Is(err, row.want) {
				t.Errorf("%s: %v, want %v", message, err, row.want)
			}
			if show(r) != show(orders.Report{}) {
				t.Errorf("a refused message left %s", show(r))
			}
		})
	}
}

// TestClassifyNewThings: what the venue may add at any time must not stop the stream.
func TestClassifyNewThings(t *testing.T) {
	for _, message := range []string{
		`{}`,
		`{"e":"somethingNew","E":"not a number","c":1,"X":{}}`,
		`{"subscriptionId":0,"event":{"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"-1.0","T":1573200697068}}`,
		`{"id":"7","status":200,"result":{"newThing":[1,2]}}`,
		`{"id":"7","status":200,"result":null}`,
		`{"id":{"a":1},"status":200,"result":[]}`,
		`{"id":"7","status":200,"result":{"orderId":"text"},"rateLimits":"none"}`,
		`{"id":"7","status":200,"result":[],"rateLimits":[1,{"rateLimitType":"NEW","interval":"WEEK","intervalNum":1,"limit":-1,"count":0},{}]}`,
	} {
		var r orders.Report
		if err := new(binance.Dialect).Classify([]byte(message), &r); err != nil || r.Kind != orders.ReportOther {
			t.Errorf("%s: %v, kind %d", message, err, r.Kind)
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, example := range documented(f) {
		f.Add([]byte(example.Frame))
	}
	for _, seed := range []string{executionReport, orderTradeUpdate, tradeLite} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		before := bytes.Clone(message)
		var r orders.Report
		err := new(binance.Dialect).Classify(message, &r)
		if !bytes.Equal(before, message) {
			t.Fatal("the message was changed")
		}
		if err != nil {
			if show(r) != show(orders.Report{}) {
				t.Fatalf("%v, and %s", err, show(r))
			}
			return
		}
		if !json.Valid(message) {
			t.Fatalf("%q is not JSON", message)
		}
		if executed := r.Kind == orders.ReportTrade; executed && (r.ExecID == nil || r.LastQty.IsZero() || r.ClientID == nil) {
			t.Fatalf("%q: half an execution: %s", message, show(r))
		}
		if r.LastQty.Mantissa < 0 || r.CumQty.Mantissa < 0 || r.VenueNanos < 0 {
			t.Fatalf("%q: %s", message, show(r))
		}
	})
}

func TestClassifyAllocs(t *testing.T) {
	var messages [][]byte
	for _, f := range documented(t) {
		messages = append(messages, f.Frame)
	}
	messages = append(messages, []byte(executionReport), []byte(`{"id":`), []byte(`{"id":"7","status":400,"error":{}}`))
	var r orders.Report
	d := new(binance.Dialect)
	if allocs := testing.AllocsPerRun(100, func() {
		for _, message := range messages {
			if d.Classify(message, &r) != nil {
				r.Reset()
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}

func BenchmarkClassify(b *testing.B) {
	for _, row := range []struct {
		name    string
		message []byte
	}{
		{"ack", example(b, "resp:order.place-ACK")},
		{"reject", example(b, "resp:order.place-rejected-2010")},
		{"full", example(b, "resp:order.place-FULL")},
		{"executionReport", []byte(executionReport)},
	} {
		b.Run("kind="+row.name, func(b *testing.B) {
			var r orders.Report
			b.ReportAllocs()
			b.SetBytes(int64(len(row.message)))
			for b.Loop() {
				if err := new(binance.Dialect).Classify(row.message, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("kind="+row.name+"/peer=encoding_json", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(row.message)))
			for b.Loop() {
				var reply struct {
					ID     string
					Status int
					Result struct{ ClientOrderID, Status, ExecutedQty string }
					Error  struct {
						Code int
						Msg  string
					}
					Event struct {
						C, X, L, Z string
					}
					RateLimits []struct {
						RateLimitType, Interval   string
						IntervalNum, Limit, Count int
					}
				}
				if err := json.Unmarshal(row.message, &reply); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
