package coinbase_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"orderwire/orders"
	"orderwire/orders/coinbase"
	"orderwire/orders/scan"
)

func show(r orders.Report) string {
	return fmt.Sprintf("%+v %q %q %q %q id nil %v", r, r.Text, r.ClientID, r.VenueID, r.ExecID, r.RequestID == nil)
}

func text(s string) []byte { return []byte(s) }

const (
	receivedFrame = `{"type":"received","time":"2014-11-07T08:19:27.028459Z","product_id":"BTC-USD","sequence":10,"order_id":"d50ec984-77a8-460a-b958-66f114b0de9b","size":"1.34","price":"502.1","side":"buy","order_type":"limit","client_oid":"d50ec974-76a2-454b-66f1-35b1ea8c4b4e"}`
	openFrame     = `{"type":"open","time":"2014-11-07T08:19:27.028459Z","product_id":"BTC-USD","sequence":10,"order_id":"d50ec984","price":"200.2","remaining_size":"1.00","side":"sell"}`
	doneFrame     = `{"type":"done","time":"2014-11-07T08:19:27.028459Z","product_id":"BTC-USD","sequence":10,"price":"200.2","order_id":"d50ec984","reason":"filled","side":"sell","remaining_size":"0"}`
	at            = 1415348367028459000

	userMessage = `{"channel":"user","client_id":"","timestamp":"2026-04-07T14:30:06Z","sequence_num":1,"events":[{"type":"snapshot","orders":[` +
		`{"order_id":"a1","client_order_id":"c1","cumulative_quantity":"0","leaves_quantity":"0.001","avg_price":"0","status":"OPEN","product_id":"BTC-USD","cancel_reason":"","reject_reason":""},` +
		`{"order_id":"a2","client_order_id":"","cumulative_quantity":"0.25","status":"CANCELLED","cancel_reason":"User requested cancel","reject_reason":""}]},` +
		`{"type":"update","orders":[{"order_id":"a3","client_order_id":"c3","cumulative_quantity":"1","status":"FAILED","reject_reason":"insufficient funds"}]}]}`
)

func TestClassifyExchange(t *testing.T) {
	for _, row := range []struct {
		name, message string
		want          []orders.Report
	}{
		{"received", receivedFrame, []orders.Report{{Kind: orders.ReportReceived, VenueID: text("d50ec984-77a8-460a-b958-66f114b0de9b"), ClientID: text("d50ec974-76a2-454b-66f1-35b1ea8c4b4e"), VenueNanos: at}}},
		{"received without client id", edit(t, receivedFrame, `,"client_oid":"d50ec974-76a2-454b-66f1-35b1ea8c4b4e"`, ``), []orders.Report{{Kind: orders.ReportReceived, VenueID: text("d50ec984-77a8-460a-b958-66f114b0de9b"), VenueNanos: at}}},
		{"open", openFrame, []orders.Report{{Kind: orders.ReportAcked, VenueID: text("d50ec984"), VenueNanos: at}}},
		{"change", edit(t, openFrame, `"open"`, `"change"`), []orders.Report{{Kind: orders.ReportAcked, VenueID: text("d50ec984"), VenueNanos: at}}},
		{"filled", doneFrame, []orders.Report{{Kind: orders.ReportFilled, VenueID: text("d50ec984"), VenueNanos: at}}},
		{"cancelled", edit(t, doneFrame, `"filled"`, `"canceled"`), []orders.Report{{Kind: orders.ReportCancelled, VenueID: text("d50ec984"), VenueNanos: at}}},
		{"done for a new reason", edit(t, doneFrame, `"filled"`, `"novel"`), []orders.Report{{VenueID: text("d50ec984"), VenueNanos: at}}},
		{
			"match", matchFrame, []orders.Report{
				{Kind: orders.ReportTrade, VenueID: text("132fb6ae-456b-4654-b4e0-d681ac05cea1"), ExecID: text("10"), LastQty: num(523512, 5), LastPrice: num(40023, 2), VenueNanos: at},
				{Kind: orders.ReportTrade, VenueID: text("ac928c66-ca53-498f-9c13-a110027a60e8"), ExecID: text("10"), LastQty: num(523512, 5), LastPrice: num(40023, 2), VenueNanos: at},
			},
		},
		{"subscriptions", `{"type":"subscriptions","channels":[]}`, []orders.Report{{Kind: orders.ReportSubscribed}}},
		{"error", `{"type":"error","message":"Failed to subscribe","reason":"user is not valid"}`, []orders.Report{{Kind: orders.ReportSessionError, Text: text("user is not valid")}}},
		{"error without reason", `{"type":"error","message":"Authentication Failed"}`, []orders.Report{{Kind: orders.ReportSessionError, Text: text("Authentication Failed")}}},
		{"new type", `{"type":"novel","order_id":7}`, []orders.Report{{}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := reports(t, exchange, row.message)
			if len(got) != len(row.want) {
				t.Fatalf("%d reports", len(got))
			}
			for i := range got {
				if show(got[i]) != show(row.want[i]) {
					t.Errorf("\n got %s\nwant %s", show(got[i]), show(row.want[i]))
				}
			}
		})
	}
}

func TestClassifyAdvanced(t *testing.T) {
	const at = 1775572206000000000
	want := []orders.Report{
		{Kind: orders.ReportAcked, VenueID: text("a1"), ClientID: text("c1"), CumQty: num(0, 0), VenueNanos: at},
		{Kind: orders.ReportCancelled, VenueID: text("a2"), CumQty: num(25, 2), VenueNanos: at, Text: text("User requested cancel")},
		{Kind: orders.ReportRejected, VenueID: text("a3"), ClientID: text("c3"), CumQty: num(1, 0), VenueNanos: at, Text: text("insufficient funds")},
	}
	got := reports(t, advanced, userMessage)
	if len(got) != len(want) {
		t.Fatalf("%d reports", len(got))
	}
	for i := range want {
		if show(got[i]) != show(want[i]) {
			t.Errorf("report %d\n got %s\nwant %s", i, show(got[i]), show(want[i]))
		}
	}
	for status, kind := range map[string]orders.ReportKind{
		"PENDING": orders.ReportReceived, "FILLED": orders.ReportFilled, "EXPIRED": orders.ReportExpired, "CANCEL_QUEUED": orders.ReportAcked, "NOVEL": orders.ReportOther,
	} {
		if r := reports(t, advanced, edit(t, userMessage, `"OPEN"`, `"`+status+`"`))[0]; r.Kind != kind || string(r.ClientID) != "c1" {
			t.Errorf("%s: %s", status, show(r))
		}
	}
	for message, kind := range map[string]orders.ReportKind{
		`{"channel":"subscriptions","timestamp":"2026-04-07T14:30:06Z","sequence_num":0,"events":[{"subscriptions":{"user":["x"]}}]}`: orders.ReportSubscribed,
		`{"type":"error","message":"authentication failure"}`:                                                                         orders.ReportSessionError,
		`{"channel":"heartbeats","events":[{}]}`:                                                                                      orders.ReportOther,
	} {
		if r := reports(t, advanced, message)[0]; r.Kind != kind {
			t.Errorf("%s: %s", message, show(r))
		}
	}
	var r orders.Report
	if err := advanced.Classify([]byte(userMessage), &r); !errors.Is(err, coinbase.ErrMany) || show(r) != show(orders.Report{}) {
		t.Errorf("Classify of many: %v", err)
	}
}

func TestReply(t *testing.T) {
	order := string(example(t, "resp:POST /orders (open)"))
	for _, row := range []struct {
		name   string
		d      *coinbase.Dialect
		action orders.Action
		status int
		body   string
		want   orders.Report
	}{
		{"placed", exchange, orders.Place, 200, order, orders.Report{Kind: orders.ReportAcked, Status: 200, VenueID: text("a9625b04-fc66-4999-a876-543c3684d702"), CumQty: num(0, 8), VenueNanos: 1583959726622000000}},
		{"placed and refused", exchange, orders.Place, 200, edit(t, order, `"open"`, `"rejected","reject_reason":"post only"`), orders.Report{Kind: orders.ReportRejected, Status: 200, VenueID: text("a9625b04-fc66-4999-a876-543c3684d702"), CumQty: num(0, 8), VenueNanos: 1583959726622000000, Text: text("post only")}},
		{"placed and filled", exchange, orders.Place, 200, edit(t, order, `"open"`, `"done","done_reason":"filled"`), orders.Report{Kind: orders.ReportFilled, Status: 200, VenueID: text("a9625b04-fc66-4999-a876-543c3684d702"), CumQty: num(0, 8), VenueNanos: 1583959726622000000}},
		{"placed and gone", exchange, orders.Place, 200, edit(t, order, `"open"`, `"done","done_reason":"canceled"`), orders.Report{Kind: orders.ReportCancelled, Status: 200, VenueID: text("a9625b04-fc66-4999-a876-543c3684d702"), CumQty: num(0, 8), VenueNanos: 1583959726622000000}},
		{"refused", exchange, orders.Place, 400, string(example(t, "resp:error")), orders.Report{Kind: orders.ReportRejected, Status: 400, Code: 400, Text: text("Invalid Price")}},
		{"refused by a proxy", exchange, orders.Place, 403, `<html>no</html>`, orders.Report{Kind: orders.ReportRejected, Status: 403, Code: 403}},
		{"throttled", exchange, orders.Place, 429, `{"message":"Public rate limit exceeded"}`, orders.Report{Kind: orders.ReportThrottled, Status: 429, Code: 429, Text: text("Public rate limit exceeded")}},
		{"broken", exchange, orders.Place, 500, `{"message":"Internal server error"}`, orders.Report{Kind: orders.ReportUnknown, Status: 500, Code: 500, Text: text("Internal server error")}},
		{"gateway", exchange, orders.Place, 504, ``, orders.Report{Kind: orders.ReportUnknown, Status: 504, Code: 504}},
		{"timeout", exchange, orders.Place, 408, ``, orders.Report{Kind: orders.ReportUnknown, Status: 408, Code: 408}},
		{"redirect", exchange, orders.Place, 302, ``, orders.Report{Kind: orders.ReportUnknown, Status: 302, Code: 302}},
		{"cancelled", exchange, orders.Cancel, 200, `"a9625b04"`, orders.Report{Status: 200}},
		{"cancel not found", exchange, orders.Cancel, 404, `{"message":"order not found"}`, orders.Report{Kind: orders.ReportCancelRejected, Status: 404, Code: 404, Text: text("order not found")}},
		{"cancel broken", exchange, orders.Cancel, 500, ``, orders.Report{Kind: orders.ReportCancelRejected, Status: 500, Code: 500}},
		{"cancel throttled", exchange, orders.CancelAll, 429, ``, orders.Report{Kind: orders.ReportThrottled, Status: 429, Code: 429}},
		{
			"advanced placed", advanced, orders.Place, 200, `{"success":true,"failure_reason":"UNKNOWN_FAILURE_REASON","success_response":{"order_id":"11111-00000-000000","product_id":"BTC-USD","client_order_id":"0000-00000-000000"},"order_configuration":{}}`,
			orders.Report{Kind: orders.ReportAcked, Status: 200, VenueID: text("11111-00000-000000"), ClientID: text("0000-00000-000000")},
		},
		{
			"advanced refused", advanced, orders.Place, 200, `{"success":false,"error_response":{"error":"INSUFFICIENT_FUND","message":"Insufficient balance in source account","error_details":"","preview_failure_reason":"PREVIEW_INSUFFICIENT_FUND"}}`,
			orders.Report{Kind: orders.ReportRejected, Status: 200, Text: text("INSUFFICIENT_FUND")},
		},
		{"advanced unauthorized", advanced, orders.Place, 401, `Unauthorized`, orders.Report{Kind: orders.ReportRejected, Status: 401, Code: 401}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var r orders.Report
			if err := row.d.Reply(row.action, row.status, []byte(row.body), &r); err != nil || show(r) != show(row.want) {
				t.Errorf("%v\n got %s\nwant %s", err, show(r), show(row.want))
			}
		})
	}
}

// TestReplyUnreadable: a 200 that cannot be read is an error, and the order may live.
func TestReplyUnreadable(t *testing.T) {
	order := string(example(t, "resp:POST /orders (open)"))
	for _, row := range []struct {
		name string
		d    *coinbase.Dialect
		body string
		want error
	}{
		{"no id", exchange, edit(t, order, `"id":"a9625b04-fc66-4999-a876-543c3684d702",`, ``), coinbase.ErrMissing},
		{"empty id", exchange, edit(t, order, `"a9625b04-fc66-4999-a876-543c3684d702"`, `""`), coinbase.ErrValue},
		{"two ids", exchange, edit(t, order, `"max_floor":"4"`, `"id":"x"`), coinbase.ErrDuplicate},
		{"no status", exchange, edit(t, order, `"status":"open",`, ``), coinbase.ErrMissing},
		{"cut", exchange, order[:len(order)-1], scan.ErrEnd},
		{"empty", exchange, ``, scan.ErrEnd},
		{"html", advanced, `<html>`, scan.ErrSyntax},
		{"no success", advanced, `{}`, coinbase.ErrMissing},
		{"success without an id", advanced, `{"success":true,"success_response":{}}`, coinbase.ErrMissing},
	} {
		var r orders.Report
		if err := row.d.Reply(orders.Place, 200, []byte(row.body), &r); !errors.Is(err, row.want) || show(r) != show(orders.Report{Kind: orders.ReportUnknown, Status: 200}) {
			t.Errorf("%s: %v, %s", row.name, err, show(r))
		}
	}
}

func TestClassifyRefuses(t *testing.T) {
	for _, row := range []struct {
		name            string
		d               *coinbase.Dialect
		frame, old, new string
		want            error
	}{
		{"received without order id", exchange, receivedFrame, `"order_id":"d50ec984-77a8-460a-b958-66f114b0de9b",`, ``, coinbase.ErrMissing},
		{"open of no order", exchange, openFrame, `"d50ec984"`, `""`, coinbase.ErrValue},
		{"done without a time", exchange, doneFrame, `"time":"2014-11-07T08:19:27.028459Z",`, ``, coinbase.ErrMissing},
		{"doubled order id", exchange, doneFrame, `"side":"sell"`, `"order_id":"x"`, coinbase.ErrDuplicate},
		{"match of nothing", exchange, matchFrame, `"5.23512"`, `"0.00"`, coinbase.ErrValue},
		{"match without taker", exchange, matchFrame, `"taker_order_id"`, `"taker"`, coinbase.ErrMissing},
		{"match with an id as text", exchange, matchFrame, `"trade_id":10`, `"trade_id":"10"`, coinbase.ErrMissing},
		{"last order without status", advanced, userMessage, `"status":"FAILED",`, ``, coinbase.ErrMissing},
		{"last order with a float", advanced, userMessage, `"cumulative_quantity":"1"`, `"cumulative_quantity":1`, coinbase.ErrMissing},
		{"no order id", advanced, userMessage, `"order_id":"a2"`, `"order_id":""`, coinbase.ErrValue},
		{"orders are an object", advanced, userMessage, `"orders":[{"order_id":"a3","client_order_id":"c3","cumulative_quantity":"1","status":"FAILED","reject_reason":"insufficient funds"}]`, `"orders":{}`, coinbase.ErrMissing},
		{"cut", advanced, userMessage, `]}]}`, `]}`, scan.ErrEnd},
	} {
		t.Run(row.name, func(t *testing.T) {
			var r orders.Report
			message := edit(t, row.frame, row.old, row.new)
			if _, err := row.d.ClassifyNext([]byte(message), 0, &r); !errors.Is(err, row.want) {
				t.Errorf("%s: %v, want %v", message, err, row.want)
			}
			if show(r) != show(orders.Report{}) {
				t.Errorf("a refused message left %s", show(r))
			}
		})
	}
}

func FuzzClassify(f *testing.F) {
	for _, seed := range []string{receivedFrame, openFrame, doneFrame, matchFrame, userMessage} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		before := slices.Clone(message)
		for _, d := range []*coinbase.Dialect{exchange, advanced} {
			var r orders.Report
			for from := 0; ; {
				next, err := d.ClassifyNext(message, from, &r)
				if !slices.Equal(before, message) {
					t.Fatal("the message was changed")
				}
				if err != nil {
					if from > 0 {
						t.Fatalf("%q: a message was handed on in part: %v", message, err)
					}
					break
				}
				if !json.Valid(message) || next != 0 && next <= from {
					t.Fatalf("%q: from %d to %d", message, from, next)
				}
				if r.Kind == orders.ReportTrade && (r.ExecID == nil || r.VenueID == nil || r.LastQty.IsZero()) {
					t.Fatalf("%q: half an execution: %s", message, show(r))
				}
				if from = next; from == 0 {
					break
				}
			}
		}
	})
}

func FuzzReply(f *testing.F) {
	f.Add(200, []byte(`{"id":"a","status":"open","filled_size":"0"}`))
	f.Add(200, []byte(`{"success":true,"success_response":{"order_id":"1"}}`))
	f.Add(400, []byte(`{"message":"Invalid Price"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		for _, d := range []*coinbase.Dialect{exchange, advanced} {
			var r orders.Report
			err := d.Reply(orders.Place, status, body, &r)
			if err != nil && (status != 200 || r.Kind != orders.ReportUnknown) {
				t.Fatalf("%d %q: %v, %s", status, body, err, show(r))
			}
			if r.Kind == orders.ReportAcked && (len(r.VenueID) == 0 || !json.Valid(body)) {
				t.Fatalf("%d %q: %s", status, body, show(r))
			}
			if status >= 500 && r.Kind != orders.ReportUnknown {
				t.Fatalf("%d %q: %s", status, body, show(r))
			}
		}
	})
}

func TestClassifyAllocs(t *testing.T) {
	messages := [][]byte{[]byte(receivedFrame), []byte(matchFrame), []byte(doneFrame), []byte(userMessage), []byte(`{"type":"open"}`), []byte(`{"channel":"user"}`)}
	reply := example(t, "resp:POST /orders (open)")
	var r orders.Report
	if allocs := testing.AllocsPerRun(100, func() {
		for _, message := range messages {
			for _, d := range []*coinbase.Dialect{exchange, advanced} {
				for from := 0; ; {
					next, err := d.ClassifyNext(message, from, &r)
					if from = next; err != nil || from == 0 {
						break
					}
				}
			}
		}
		if exchange.Reply(orders.Place, 200, reply, &r) != nil || advanced.Reply(orders.Place, 500, reply, &r) != nil {
			t.Error("refused")
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}

func BenchmarkClassify(b *testing.B) {
	for _, row := range []struct {
		name, message string
		d             *coinbase.Dialect
	}{{"received", receivedFrame, exchange}, {"match", matchFrame, exchange}, {"advanced_user", userMessage, advanced}} {
		message := []byte(row.message)
		b.Run("kind="+row.name, func(b *testing.B) {
			var r orders.Report
			b.ReportAllocs()
			for b.Loop() {
				if _, err := row.d.ClassifyNext(message, 0, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("kind="+row.name+"/peer=encoding_json", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var peer map[string]any
				if err := json.Unmarshal(message, &peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	reply := example(b, "resp:POST /orders (open)")
	b.Run("kind=reply", func(b *testing.B) {
		var r orders.Report
		b.ReportAllocs()
		for b.Loop() {
			if err := exchange.Reply(orders.Place, 200, reply, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
