package bybit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"orderwire/orders"
	"orderwire/orders/bybit"
	"orderwire/orders/scan"
)

func show(r orders.Report) string {
	return fmt.Sprintf("%+v %q %q %q %q id nil %v", r, r.Text, r.ClientID, r.VenueID, r.ExecID, r.RequestID == nil)
}

// TestClassifyDocumentedFrames reads each server frame of the documentation. A frame without a row must be Other.
func TestClassifyDocumentedFrames(t *testing.T) {
	text := func(s string) []byte { return []byte(s) }
	want := map[string]orders.Report{
		"trade:auth#2": {Kind: orders.ReportLoggedOn},
		"trade:order.create#2": {
			Kind: orders.ReportReceived, RequestID: text("test-005"), VenueID: text("a4c1718e-fe53-4659-a118-1f6ecce04ad9"),
			VenueNanos: 1711001595209e6, OrderCount: 1, OrderCountLimit: 10,
		},
		"trade:pong":     {Kind: orders.ReportTime, VenueNanos: 1711002002529e6},
		"connect:auth#2": {Kind: orders.ReportLoggedOn},
		"connect:pong":   {Kind: orders.ReportTime, VenueNanos: 1672916271846e6},
		"connect:pong#2": {Kind: orders.ReportTime, RequestID: text("test"), VenueNanos: 1675418560633e6},
		"connect:subscribe#3": {
			Kind: orders.ReportSubscribed,
		},
		"connect:subscribe#4": {Kind: orders.ReportSubscribed, RequestID: text("10001")},
		"connect:subscribe#5": {Kind: orders.ReportSubscribed},
		"order:order": {
			Kind: orders.ReportFilled, VenueID: text("5cf98598-39a7-459e-97bf-76ca765ee020"), CumQty: num(1, 0), VenueNanos: 1672364262457e6,
		},
		"execution:execution": {
			Kind: orders.ReportTrade, VenueID: text("9aac161b-8ed6-450d-9cab-c5cc67c21784"), ExecID: text("0ab1bdf7-4219-438b-b30a-32ec863018f7"),
			LastQty: num(5, 1), LastPrice: num(959001, 1), VenueNanos: 1746270400353e6,
		},
		"execution.fast:execution.fast": {
			Kind: orders.ReportTrade, ClientID: text("test-00001"), VenueID: text("443d63fa-b4c3-4297-b7b1-23bca88b04dc"),
			ExecID: text("3510f361-0add-5c7b-a2e7-9679810944fc"), LastQty: num(3000, 0), LastPrice: num(12015, 3), VenueNanos: 1716800399334e6,
		},
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
		got := reports(t, f.Frame)
		if !named { // what is about no order may still have an id and a clock
			expected = orders.Report{RequestID: got[0].RequestID, VenueNanos: got[0].VenueNanos, OrderCount: got[0].OrderCount, OrderCountLimit: got[0].OrderCountLimit}
		}
		if f.Name == "connect:ping" || f.Name == "connect:ping#2" || f.Name == "trade:order.create-batch#2" {
			expected.Text = got[0].Text
		}
		if f.Name == "trade:order.create-batch#2" { // an answer we never ask for
			expected.Kind = got[0].Kind
		}
		if len(got) != 1 || show(got[0]) != show(expected) {
			t.Errorf("%s\n got %s\nwant %s", f.Name, show(got[0]), show(expected))
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d rows found their frame", seen, len(want))
	}
}

func TestClassifyCodes(t *testing.T) {
	for _, row := range []struct {
		op   string
		code int
		want orders.ReportKind
	}{
		{"order.create", 0, orders.ReportReceived},
		{"order.create", 10001, orders.ReportRejected},
		{"order.create", 10002, orders.ReportRejected},
		{"order.create", 110072, orders.ReportRejected},
		{"order.create", 10000, orders.ReportUnknown},
		{"order.create", 10016, orders.ReportUnknown},
		{"order.create", 170007, orders.ReportUnknown},
		{"order.create", 10006, orders.ReportThrottled},
		{"order.create", 10403, orders.ReportThrottled},
		{"order.create", 10429, orders.ReportThrottled},
		{"order.create", 10019, orders.ReportRejected},
		{"order.create", 20006, orders.ReportRejected},
		{"order.cancel", 0, orders.ReportOther},
		{"order.cancel", 110001, orders.ReportCancelRejected},
		{"order.cancel", 10016, orders.ReportCancelRejected},
		{"order.cancel", 10006, orders.ReportThrottled},
		{"auth", 0, orders.ReportLoggedOn},
		{"auth", 20001, orders.ReportLoggedOn},
		{"auth", 10004, orders.ReportSessionError},
		{"something.new", 0, orders.ReportOther},
		{"something.new", 10001, orders.ReportSessionError},
	} {
		message := fmt.Sprintf(`{"reqId":"ow000070000000042","retCode":%d,"retMsg":"why","op":%q,"data":{"orderId":"o","orderLinkId":"c"},"retExtInfo":{},`+
			`"header":{"X-Bapi-Limit":"10","X-Bapi-Limit-Status":"3","X-Bapi-Limit-Reset-Timestamp":"1711001595999","Timenow":"1711001595209"},"connId":"x"}`, row.code, row.op)
		r := reports(t, []byte(message))[0]
		if r.Kind != row.want || r.Code != row.code || string(r.RequestID) != "ow000070000000042" || string(r.ClientID) != "c" || r.VenueNanos != 1711001595209e6 {
			t.Errorf("%s %d: %s, want kind %d", row.op, row.code, show(r), row.want)
		}
		if r.OrderCount != 7 || r.OrderCountLimit != 10 || (r.RetryAtNanos != 0) != (row.want == orders.ReportThrottled) {
			t.Errorf("%s %d: usage %s", row.op, row.code, show(r))
		}
	}
	bare := `{"retCode":10001,"retMsg":"params","op":"order.create"}`
	if r := reports(t, []byte(bare))[0]; r.RequestID != nil || r.Kind != orders.ReportRejected || string(r.Text) != "params" {
		t.Errorf("a reply without its id: %s", show(r))
	}
	refused := `{"success":false,"ret_msg":"no","op":"auth","conn_id":"x"}`
	if r := reports(t, []byte(refused))[0]; r.Kind != orders.ReportSessionError || string(r.Text) != "no" {
		t.Errorf("a refused logon: %s", show(r))
	}
}

const orderTopic = `{"id":"1","topic":"order.spot","creationTime":1672364262474,"data":[` +
	`{"symbol":"BTCUSDT","orderId":"A","side":"Buy","orderStatus":"New","orderLinkId":"ow000070000000042","cumExecQty":"0","avgPrice":"","rejectReason":"EC_NoError","updatedTime":"1672364262457"},` +
	`{"orderLinkId":"ow000070000000043","orderId":"B","orderStatus":"Cancelled","cumExecQty":"0.5","rejectReason":"EC_PostOnlyWillTakeLiquidity","updatedTime":"1672364262458"} ]}`

func TestClassifyOrderStatus(t *testing.T) {
	got := reports(t, []byte(orderTopic))
	if len(got) != 2 || got[0].Kind != orders.ReportAcked || got[1].Kind != orders.ReportCancelled || string(got[1].ClientID) != "ow000070000000043" ||
		got[1].CumQty != num(5, 1) || string(got[1].Text) != "EC_PostOnlyWillTakeLiquidity" || got[1].VenueNanos != 1672364262458e6 || got[0].Text != nil {
		t.Errorf("%+v", got)
	}
	var r orders.Report
	if err := new(bybit.Dialect).Classify([]byte(orderTopic), &r); !errors.Is(err, bybit.ErrMany) || r.Kind != orders.ReportOther {
		t.Errorf("Classify of two orders: %v", err)
	}
	for status, want := range map[string]orders.ReportKind{
		"PartiallyFilled": orders.ReportAcked, "Untriggered": orders.ReportAcked, "Filled": orders.ReportFilled, "Rejected": orders.ReportRejected,
		"PartiallyFilledCanceled": orders.ReportCancelled, "Deactivated": orders.ReportCancelled, "Triggered": orders.ReportOther, "Novel": orders.ReportOther,
	} {
		r := reports(t, []byte(edit(t, orderTopic, `"New"`, `"`+status+`"`)))[0]
		if r.Kind != want || string(r.ClientID) != "ow000070000000042" {
			t.Errorf("%s: %s, want kind %d", status, show(r), want)
		}
	}
}

func TestClassifyExecutionsThatAreNoTrade(t *testing.T) {
	message := edit(t, string(example(t, "execution:execution")), `"execType":"Trade"`, `"execType":"Funding"`)
	if r := reports(t, []byte(message))[0]; r.Kind != orders.ReportOther || r.ExecID != nil {
		t.Errorf("%s", show(r))
	}
}

func TestClassifyRefuses(t *testing.T) {
	execution := string(example(t, "execution.fast:execution.fast"))
	reply := string(example(t, "trade:order.create#2"))
	for _, row := range []struct {
		name, frame, old, new string
		want                  error
	}{
		{"received without an order id", reply, `"orderId":"a4c1718e-fe53-4659-a118-1f6ecce04ad9",`, ``, bybit.ErrMissing},
		{"code beyond 32 bits", reply, `"retCode":0`, `"retCode":99999999999`, bybit.ErrValue},
		{"two codes", reply, `"retMsg"`, `"retCode":1,"retMsg"`, bybit.ErrDuplicate},
		{"second order without status", orderTopic, `"orderStatus":"Cancelled",`, ``, bybit.ErrMissing},
		{"second order with a float", orderTopic, `"0.5"`, `0.5`, bybit.ErrMissing},
		{"order without id", orderTopic, `"orderId":"A"`, `"orderId":""`, bybit.ErrValue},
		{"doubled status", orderTopic, `"side":"Buy"`, `"orderStatus":"New"`, bybit.ErrDuplicate},
		{"data is an object", orderTopic, orderTopic, `{"topic":"order","data":{"list":[]}}`, bybit.ErrMissing},
		{"execution of nothing", execution, `"execQty":"3000"`, `"execQty":"0"`, bybit.ErrValue},
		{"execution without price", execution, `"execPrice":"12.015",`, ``, bybit.ErrMissing},
		{"execution with an empty id", execution, `"3510f361-0add-5c7b-a2e7-9679810944fc"`, `""`, bybit.ErrValue},
		{"cut", execution, `]}`, `]`, scan.ErrEnd},
	} {
		t.Run(row.name, func(t *testing.T) {
			var r orders.Report
			message := edit(t, row.frame, row.old, row.new)
			if _, err := new(bybit.Dialect).ClassifyNext([]byte(message), 0, &r); !errors.Is(err, row.want) {
				t.Errorf("%s: %v, want %v", message, err, row.want)
			}
			if show(r) != show(orders.Report{}) {
				t.Errorf("a refused message left %s", show(r))
			}
		})
	}
}

func FuzzClassify(f *testing.F) {
	for _, example := range documented(f) {
		f.Add([]byte(example.Frame))
	}
	f.Add([]byte(orderTopic))
	f.Fuzz(func(t *testing.T, message []byte) {
		var r orders.Report
		before := slices.Clone(message)
		for from := 0; ; {
			next, err := new(bybit.Dialect).ClassifyNext(message, from, &r)
			if !slices.Equal(before, message) {
				t.Fatal("the message was changed")
			}
			if err != nil {
				if from > 0 {
					t.Fatalf("%q: a message was handed on in part: %v", message, err)
				}
				return
			}
			if !json.Valid(message) || next != 0 && next <= from {
				t.Fatalf("%q: from %d to %d", message, from, next)
			}
			if r.Kind == orders.ReportTrade && (r.ExecID == nil || r.VenueID == nil || r.LastQty.IsZero()) {
				t.Fatalf("%q: half an execution: %s", message, show(r))
			}
			if from = next; from == 0 {
				return
			}
		}
	})
}

func TestClassifyAllocs(t *testing.T) {
	messages := [][]byte{[]byte(orderTopic), []byte(`{"topic":"order","data":[{}]}`)}
	for _, f := range documented(t) {
		messages = append(messages, f.Frame)
	}
	var r orders.Report
	d := new(bybit.Dialect)
	if allocs := testing.AllocsPerRun(100, func() {
		for _, message := range messages {
			for from := 0; ; {
				next, err := d.ClassifyNext(message, from, &r)
				if from = next; err != nil || from == 0 {
					break
				}
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}

func BenchmarkClassify(b *testing.B) {
	for _, name := range []string{"trade:order.create#2", "order:order", "execution.fast:execution.fast"} {
		message := example(b, name)
		b.Run("kind="+name, func(b *testing.B) {
			var r orders.Report
			b.ReportAllocs()
			for b.Loop() {
				if _, err := new(bybit.Dialect).ClassifyNext(message, 0, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("kind="+name+"/peer=encoding_json", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var peer map[string]any
				if err := json.Unmarshal(message, &peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
