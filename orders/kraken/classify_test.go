package kraken_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"orderwire/orders"
	"orderwire/orders/kraken"
	"orderwire/orders/scan"
)

func show(r orders.Report) string {
	return fmt.Sprintf("%+v %q %q %q %q %q id nil %v", r, r.Text, r.RequestID, r.ClientID, r.VenueID, r.ExecID, r.RequestID == nil)
}

func text(s string) []byte { return []byte(s) }

func TestClassifyReplies(t *testing.T) {
	const stamp = 1777975200125000000 // 2026-05-05T10:00:00.125Z
	for _, row := range []struct {
		name, message string
		want          orders.Report
	}{
		{
			"placed", `{"method":"add_order","req_id":42,"success":true,"time_in":"2026-05-05T10:00:00.123Z","time_out":"2026-05-05T10:00:00.125Z","result":{"order_id":"OABCDE-12345-FGHIJ","cl_ord_id":"ow000070000000042","order_userref":0}}`,
			orders.Report{Kind: orders.ReportAcked, RequestID: text("42"), VenueID: text("OABCDE-12345-FGHIJ"), ClientID: text("ow000070000000042"), VenueNanos: stamp},
		},
		{
			"validated", `{"method":"add_order","req_id":42,"success":true,"result":{},"time_out":"2026-05-05T10:00:00.125Z"}`,
			orders.Report{Kind: orders.ReportTested, RequestID: text("42"), VenueNanos: stamp},
		},
		{
			"refused", `{"method":"add_order","req_id":99,"success":false,"error":"EOrder:Insufficient funds","time_in":"2026-05-05T10:00:00.123Z","time_out":"2026-05-05T10:00:00.125Z"}`,
			orders.Report{Kind: orders.ReportRejected, RequestID: text("99"), Text: text("EOrder:Insufficient funds"), VenueNanos: stamp},
		},
		{
			"too late", `{"method":"add_order","req_id":99,"success":false,"error":"EService:Deadline elapsed"}`,
			orders.Report{Kind: orders.ReportRejected, RequestID: text("99"), Text: text("EService:Deadline elapsed")},
		},
		{
			"throttled", `{"method":"add_order","req_id":99,"success":false,"error":"EOrder:Rate limit exceeded"}`,
			orders.Report{Kind: orders.ReportThrottled, RequestID: text("99"), Text: text("EOrder:Rate limit exceeded")},
		},
		{
			"locked out", `{"method":"add_order","req_id":99,"success":false,"error":"EGeneral:Temporary lockout"}`,
			orders.Report{Kind: orders.ReportThrottled, RequestID: text("99"), Text: text("EGeneral:Temporary lockout")},
		},
		{
			"away", `{"method":"add_order","req_id":99,"success":false,"error":"EService:Unavailable"}`,
			orders.Report{Kind: orders.ReportUnknown, RequestID: text("99"), Text: text("EService:Unavailable")},
		},
		{
			"internal", `{"method":"add_order","req_id":99,"success":false,"error":"EGeneral:Internal error"}`,
			orders.Report{Kind: orders.ReportUnknown, RequestID: text("99"), Text: text("EGeneral:Internal error")},
		},
		{
			"mode", `{"method":"add_order","req_id":99,"success":false,"error":"EService:Market in cancel_only mode"}`,
			orders.Report{Kind: orders.ReportRejected, RequestID: text("99"), Text: text("EService:Market in cancel_only mode")},
		},
		{
			"cancel refused", `{"method":"cancel_order","req_id":7,"success":false,"error":"EOrder:Unknown order"}`,
			orders.Report{Kind: orders.ReportCancelRejected, RequestID: text("7"), Text: text("EOrder:Unknown order")},
		},
		{
			"cancel refused by a service that is away", `{"method":"cancel_order","req_id":7,"success":false,"error":"EService:Unavailable"}`,
			orders.Report{Kind: orders.ReportCancelRejected, RequestID: text("7"), Text: text("EService:Unavailable")},
		},
		{
			"cancelled", `{"method":"cancel_order","req_id":7,"success":true,"result":{"cl_ord_id":"ow000070000000042","order_id":"O1"}}`,
			orders.Report{Kind: orders.ReportOther, RequestID: text("7"), VenueID: text("O1"), ClientID: text("ow000070000000042")},
		},
		{
			"bad token", `{"method":"subscribe","req_id":1,"success":false,"error":"EAPI:Invalid token"}`,
			orders.Report{Kind: orders.ReportSessionError, RequestID: text("1"), Text: text("EAPI:Invalid token")},
		},
		{
			"pong", `{"method":"pong","req_id":42,"time_in":"2023-09-25T09:05:00.123456Z","time_out":"2026-05-05T10:00:00.125Z"}`,
			orders.Report{Kind: orders.ReportTime, RequestID: text("42"), VenueNanos: stamp},
		},
		{"heartbeat", `{"channel":"heartbeat"}`, orders.Report{}},
		{"online", `{"channel":"status","type":"update","data":[{"system":"online","api_version":"v2"}]}`, orders.Report{}},
		{
			"maintenance", `{"channel":"status","type":"update","data":[{"api_version":"v2","system":"maintenance"}]}`,
			orders.Report{Kind: orders.ReportSessionError, Text: text("maintenance")},
		},
		{"new channel", `{"channel":"something","data":[{"a":1}]}`, orders.Report{}},
		{"new method", `{"method":"something","success":true,"result":7}`, orders.Report{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := reports(t, row.message); len(got) != 1 || show(got[0]) != show(row.want) {
				t.Errorf("\n got %s\nwant %s", show(got[0]), show(row.want))
			}
		})
	}
}

func TestClassifyDocumentedFrames(t *testing.T) {
	for _, f := range documented(t) {
		if f.Direction != "server->client" {
			continue
		}
		got := reports(t, string(f.Frame))[0]
		switch f.Name {
		case "resp:subscribe-executions":
			if got.Kind != orders.ReportSubscribed || got.WeightLimit != 125 {
				t.Errorf("%s: %s", f.Name, show(got))
			}
		default:
			if got.Kind != orders.ReportOther {
				t.Errorf("%s: %s", f.Name, show(got))
			}
		}
	}
}

const executionsFrame = `{"channel":"executions","type":"update","data":[` +
	`{"timestamp":"2026-05-05T10:00:00.1Z","order_status":"pending_new","exec_type":"pending_new","order_userref":0,"order_id":"O1","cl_ord_id":"ow000070000000042"},` +
	`{"order_id":"O1","exec_type":"new","order_status":"new","cum_qty":0.0,"timestamp":"2026-05-05T10:00:00.2Z"} , ` +
	`{"order_id":"O1","exec_id":"T1","exec_type":"trade","trade_id":365573,"symbol":"BTC/USD","side":"sell","last_qty":0.10000000,"liquidity_ind":"t","last_price":26599.9,"cost":0.5,"order_status":"partially_filled","cum_qty":0.25,"timestamp":"2026-05-05T10:00:00.3Z","fees":[{"asset":"USD","qty":0.2}]},` +
	`{"order_id":"O1","exec_type":"filled","order_status":"filled","cum_qty":0.35,"timestamp":"2026-05-05T10:00:00.4Z","cl_ord_id":"ow000070000000042"},` +
	`{"order_id":"O2","exec_type":"canceled","reason":"Post only order","order_status":"canceled","cum_qty":0,"timestamp":"2026-05-05T10:00:00.5Z"},` +
	`{"order_id":"O3","exec_type":"expired","order_status":"expired","timestamp":"2026-05-05T10:00:00.6Z"},` +
	`{"order_id":"O4","exec_type":"status","order_status":"partially_filled","cum_qty":1,"timestamp":"2026-05-05T10:00:00.7Z"},` +
	`{"ratecount":12}],"sequence":9}`

func TestClassifyExecutions(t *testing.T) {
	const at = 1777975200000000000
	want := []orders.Report{
		{Kind: orders.ReportReceived, VenueID: text("O1"), ClientID: text("ow000070000000042"), VenueNanos: at + 1e8},
		{Kind: orders.ReportAcked, VenueID: text("O1"), CumQty: num(0, 1), VenueNanos: at + 2e8},
		{Kind: orders.ReportTrade, VenueID: text("O1"), ExecID: text("T1"), LastQty: num(10000000, 8), LastPrice: num(265999, 1), CumQty: num(25, 2), VenueNanos: at + 3e8},
		{Kind: orders.ReportFilled, VenueID: text("O1"), ClientID: text("ow000070000000042"), CumQty: num(35, 2), VenueNanos: at + 4e8},
		{Kind: orders.ReportCancelled, VenueID: text("O2"), Text: text("Post only order"), VenueNanos: at + 5e8},
		{Kind: orders.ReportExpired, VenueID: text("O3"), VenueNanos: at + 6e8},
		{Kind: orders.ReportAcked, VenueID: text("O4"), CumQty: num(1, 0), VenueNanos: at + 7e8},
		{Kind: orders.ReportOther, Weight: 12},
	}
	got := reports(t, executionsFrame)
	if len(got) != len(want) {
		t.Fatalf("%d reports, want %d", len(got), len(want))
	}
	for i := range want {
		if show(got[i]) != show(want[i]) {
			t.Errorf("report %d\n got %s\nwant %s", i, show(got[i]), show(want[i]))
		}
	}
	var r orders.Report
	if err := new(kraken.Dialect).Classify([]byte(executionsFrame), &r); !errors.Is(err, kraken.ErrMany) || show(r) != show(orders.Report{}) {
		t.Errorf("Classify of many: %v", err)
	}
}

func TestClassifyRefuses(t *testing.T) {
	for _, row := range []struct {
		name, old, new string
		want           error
	}{
		{"trade without id", `"exec_id":"T1",`, ``, kraken.ErrMissing},
		{"trade with an empty id", `"T1"`, `""`, kraken.ErrValue},
		{"trade of nothing", `"last_qty":0.10000000`, `"last_qty":0.0`, kraken.ErrValue},
		{"trade with a price as text", `26599.9`, `"26599.9"`, kraken.ErrMissing},
		{"no order id", `"order_id":"O3",`, ``, kraken.ErrMissing},
		{"empty order id", `"order_id":"O3"`, `"order_id":""`, kraken.ErrValue},
		{"doubled status", `"order_userref":0`, `"order_status":"new"`, kraken.ErrDuplicate},
		{"element is a list", `{"ratecount":12}`, `[12]`, kraken.ErrMissing},
		{"data is no list", executionsFrame, `{"channel":"executions","type":"update","data":{}}`, kraken.ErrMissing},
		{"no data", executionsFrame, `{"channel":"executions","type":"update"}`, kraken.ErrMissing},
		{"refused without a reason", executionsFrame, `{"method":"add_order","success":false}`, kraken.ErrMissing},
		{"placed without a result", executionsFrame, `{"method":"add_order","success":true}`, kraken.ErrMissing},
		{"two results", executionsFrame, `{"method":"add_order","success":true,"result":{},"result":{}}`, kraken.ErrDuplicate},
		{"cut", `"sequence":9}`, `"sequence":9`, scan.ErrEnd},
	} {
		t.Run(row.name, func(t *testing.T) {
			var r orders.Report
			message := edit(t, executionsFrame, row.old, row.new)
			if _, err := new(kraken.Dialect).ClassifyNext([]byte(message), 0, &r); !errors.Is(err, row.want) {
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
	f.Add([]byte(executionsFrame))
	f.Add([]byte(`{"method":"add_order","req_id":42,"success":true,"time_out":"2026-05-05T10:00:00.125Z","result":{"order_id":"O","cl_ord_id":"o"}}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		var r orders.Report
		before := slices.Clone(message)
		for from := 0; ; {
			next, err := new(kraken.Dialect).ClassifyNext(message, from, &r)
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
	messages := [][]byte{[]byte(executionsFrame), []byte(`{"channel":"executions","data":[{"exec_type":"new"}]}`), []byte(`{"method":"add_order","success":false,"error":"E"}`)}
	var r orders.Report
	d := new(kraken.Dialect)
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
	for _, row := range []struct{ name, message string }{
		{"ack", `{"method":"add_order","req_id":42,"success":true,"time_in":"2026-05-05T10:00:00.123Z","time_out":"2026-05-05T10:00:00.125Z","result":{"order_id":"OABCDE-12345-FGHIJ","cl_ord_id":"ow000070000000042"}}`},
		{"trade", `{"channel":"executions","type":"update","data":[{"order_id":"O1","exec_id":"T1","exec_type":"trade","last_qty":0.1,"last_price":26599.9,"cum_qty":0.25,"timestamp":"2026-05-05T10:00:00.3Z"}],"sequence":9}`},
	} {
		message := []byte(row.message)
		b.Run("kind="+row.name, func(b *testing.B) {
			var r orders.Report
			b.ReportAllocs()
			for b.Loop() {
				if _, err := new(kraken.Dialect).ClassifyNext(message, 0, &r); err != nil {
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
}
