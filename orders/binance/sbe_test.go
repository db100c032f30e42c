package binance_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/market"
)

var (
	_ orders.Dialect = (*binance.SBE)(nil)
	_ orders.Many    = (*binance.SBE)(nil)
)

const sbeNanos = 1_700_000_000_123_456_000

func sbe(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata/sbe", name+".sbe"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func allSBE(t testing.TB) (all [][]byte) {
	t.Helper()
	names, err := filepath.Glob("testdata/sbe/*.sbe")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d frames, %v", len(names), err)
	}
	for _, name := range names {
		all = append(all, sbe(t, strings.TrimSuffix(filepath.Base(name), ".sbe")))
	}
	return all
}

func TestSBEMarket(t *testing.T) {
	d := new(binance.SBE)
	ev := market.NewEvent(8)
	trades := sbe(t, "trades")
	want := []market.Trade{
		{ID: 1001, Price: num(6183763, 2), Qty: num(2000, 5), TimeNanos: sbeNanos - 1_000_000, Aggressor: market.Sell},
		{ID: 1002, Price: num(6183764, 2), Qty: num(500, 5), TimeNanos: sbeNanos - 1_000_000, Aggressor: market.Buy},
	}
	from := 0
	for i := range want {
		next, err := d.MarketNext(trades, from, ev)
		if err != nil || ev.Kind != market.KindTrade || ev.Trade != want[i] || string(ev.Symbol) != "BTCUSDT" || ev.EventNanos != sbeNanos {
			t.Fatalf("trade %d: %+v, %v", i, ev, err)
		}
		if (next == 0) != (i == len(want)-1) {
			t.Fatalf("trade %d: next %d", i, next)
		}
		from = next
	}
	if err := d.Market(trades, ev); !errors.Is(err, binance.ErrMany) || ev.Kind != market.KindNone {
		t.Errorf("Market of two trades: %v", err)
	}
	if err := d.Market(sbe(t, "best"), ev); err != nil || ev.Kind != market.KindQuote ||
		ev.Quote != (market.Quote{UpdateID: 400900217, Bid: num(6183763, 2), BidQty: num(378826, 5), Ask: num(6183764, 2), AskQty: num(154698, 5)}) {
		t.Errorf("%+v, %v", ev, err)
	}
	if err := d.Market(sbe(t, "diff"), ev); err != nil || ev.Kind != market.KindDepth || ev.Depth.First != 157 || ev.Depth.Last != 160 || len(ev.Depth.Asks) != 0 ||
		len(ev.Depth.Bids) != 2 || ev.Depth.Bids[0] != (market.Level{Price: num(6183700, 2), Qty: num(100, 5)}) || !ev.Depth.Bids[1].Qty.IsZero() {
		t.Errorf("%+v, %v", ev, err)
	}
	if err := d.Market(sbe(t, "snapshot"), ev); err != nil || ev.Kind != market.KindSnapshot || ev.Depth.Last != 160 || len(ev.Depth.Bids) != 1 || len(ev.Depth.Asks) != 2 {
		t.Errorf("%+v, %v", ev, err)
	}
	if err := d.Market([]byte(`{"e":"serverShutdown","E":1770123456789}`), ev); err != nil || ev.Kind != market.KindShutdown {
		t.Errorf("JSON among binary: %+v, %v", ev, err)
	}
	unknown := bytes.Clone(sbe(t, "best"))
	binary.LittleEndian.PutUint16(unknown[2:], 10077)
	if err := d.Market(unknown, ev); err != nil || ev.Kind != market.KindOther {
		t.Errorf("unknown template: %+v, %v", ev, err)
	}
}

func TestSBEClassify(t *testing.T) {
	text := func(s string) []byte { return []byte(s) }
	const clientID = "ow000070000000042"
	usage := orders.Report{Status: 200, Weight: 321, WeightLimit: 6000, OrderCount: 12, OrderCountLimit: 50}
	with := func(base orders.Report, change func(*orders.Report)) orders.Report {
		change(&base)
		return base
	}
	report := orders.Report{ClientID: text(clientID), VenueID: text("4293153"), CumQty: num(600, 5), VenueNanos: sbeNanos}
	for name, want := range map[string]orders.Report{
		"ack": with(usage, func(r *orders.Report) {
			r.Kind, r.RequestID, r.ClientID, r.VenueID, r.VenueNanos = orders.ReportAcked, text(clientID), text(clientID), text("12569099453"), sbeNanos
		}),
		"test":       with(usage, func(r *orders.Report) { r.Kind, r.RequestID = orders.ReportTested, text(clientID) }),
		"time":       with(usage, func(r *orders.Report) { r.Kind, r.RequestID, r.VenueNanos = orders.ReportTime, text("t"), sbeNanos }),
		"subscribed": with(usage, func(r *orders.Report) { r.Kind, r.RequestID = orders.ReportSubscribed, text("login-0") }),
		"logon": with(usage, func(r *orders.Report) {
			r.Kind, r.RequestID, r.VenueNanos = orders.ReportLoggedOn, text("login-0"), sbeNanos+1000
		}),
		"rejected": with(usage, func(r *orders.Report) {
			r.Kind, r.Status, r.Code, r.Text, r.RequestID = orders.ReportRejected, 400, -2010, text("no money"), text(clientID)
		}),
		"banned": with(usage, func(r *orders.Report) {
			r.Kind, r.Status, r.Code, r.Text, r.RequestID = orders.ReportThrottled, 418, -1003, text("stop"), text(clientID)
			r.VenueNanos, r.RetryAtNanos = sbeNanos, sbeNanos+60e9
		}),
		"revoked": {Kind: orders.ReportSessionError, Status: 401, Code: -2015, Text: text("key")},
		"result": with(usage, func(r *orders.Report) {
			r.Kind, r.RequestID, r.ClientID, r.VenueID, r.VenueNanos, r.CumQty = orders.ReportAcked, text("r"), text(clientID), text("12569099453"), sbeNanos, num(847, 5)
		}),
		"full": with(usage, func(r *orders.Report) {
			r.Kind, r.RequestID, r.ClientID, r.VenueID, r.VenueNanos, r.CumQty = orders.ReportFilled, text("r"), text(clientID), text("12569099453"), sbeNanos, num(847, 5)
		}),
		"status": with(usage, func(r *orders.Report) {
			r.Kind, r.RequestID, r.ClientID, r.VenueID, r.VenueNanos, r.CumQty = orders.ReportExpired, text("r"), text(clientID), text("12569099453"), sbeNanos, num(847, 5)
		}),
		"cancel": with(usage, func(r *orders.Report) {
			r.Kind, r.RequestID, r.ClientID, r.VenueID, r.VenueNanos, r.CumQty = orders.ReportCancelled, text("r"), text(clientID), text("12569099453"), sbeNanos, num(847, 5)
		}),
		"report-new": with(report, func(r *orders.Report) { r.Kind = orders.ReportAcked }),
		"report-trade": with(report, func(r *orders.Report) {
			r.Kind, r.ExecID, r.LastQty, r.LastPrice = orders.ReportTrade, text("1650422481"), num(400, 5), num(6183763, 2)
		}),
		"report-filled": with(report, func(r *orders.Report) {
			r.Kind, r.ExecID, r.LastQty, r.LastPrice = orders.ReportFilled, text("1650422482"), num(200, 5), num(6183763, 2)
		}),
		"report-cancelled": with(report, func(r *orders.Report) { r.Kind = orders.ReportCancelled }),
		"report-rejected":  with(report, func(r *orders.Report) { r.Kind, r.Text = orders.ReportRejected, text("INSUFFICIENT_BALANCES") }),
		"report-expired":   with(report, func(r *orders.Report) { r.Kind = orders.ReportExpired }),
		"shutdown":         {Kind: orders.ReportShutdown, VenueNanos: sbeNanos},
		"unknown":          {},
	} {
		got := new(orders.Report)
		if err := new(binance.SBE).Classify(sbe(t, name), got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want.Digits = got.Digits // the ids alias it
		if show(*got) != show(want) {
			t.Errorf("%s\n got %s\nwant %s", name, show(*got), show(want))
		}
	}
	var got orders.Report
	if next, err := new(binance.SBE).ClassifyNext([]byte(`{"event":{"e":"serverShutdown","E":1770123456789}}`), 0, &got); err != nil || next != 0 || got.Kind != orders.ReportShutdown {
		t.Errorf("JSON among binary: %v, %s", err, show(got))
	}
}

// TestSBERealPayloads reads captured mainnet payloads, which lie outside the repository. Ids and times of the reports
// were redacted by those who published them. The values were read out by hand with python's struct.
func TestSBERealPayloads(t *testing.T) {
	root := os.Getenv("ORDERWIRE_SHARED")
	if root == "" {
		t.Skip("payloads binance-spot-sbe: ORDERWIRE_SHARED is not set")
	}
	classify := func(name string) *orders.Report {
		raw, err := os.ReadFile(filepath.Join(root, "market-data/binance-spot-sbe", name))
		if err != nil {
			t.Fatal(err)
		}
		r := new(orders.Report)
		if err := new(binance.SBE).Classify(raw, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return r
	}
	const at = 1_700_000_000_000_000_000
	placed := classify("web_socket_response_1.sbe")
	if placed.Status != 200 || string(placed.RequestID) != "ws-place" || placed.Kind != orders.ReportAcked || string(placed.VenueID) != "59208788051" ||
		placed.VenueNanos != 1773628230587800e3 || placed.Weight == 0 || placed.WeightLimit != 6000 || placed.OrderCountLimit != 100 || placed.CumQty != num(0, 8) {
		t.Errorf("placed: %s", show(*placed))
	}
	cancelled := classify("web_socket_response_2.sbe")
	if cancelled.Status != 200 || string(cancelled.RequestID) != "ws-cancel" || cancelled.Kind != orders.ReportCancelled || string(cancelled.VenueID) != "59208788051" {
		t.Errorf("cancelled: %s", show(*cancelled))
	}
	first := classify("execution_report_event_1.sbe")
	if first.Kind != orders.ReportAcked || string(first.VenueID) != "12345678" || len(first.ClientID) != 27 || first.VenueNanos != at {
		t.Errorf("first report: %s", show(*first))
	}
	second := classify("execution_report_event_2.sbe")
	if second.Kind != orders.ReportCancelled || string(second.VenueID) != "12345678" || second.VenueNanos != at {
		t.Errorf("second report: %s", show(*second))
	}
	for _, name := range []string{"outbound_account_position_event_1.sbe", "outbound_account_position_event_2.sbe"} {
		if r := classify(name); r.Kind != orders.ReportOther {
			t.Errorf("%s: %s", name, show(*r))
		}
	}
}

// TestSBEDamaged cuts every frame at every place and breaks its lengths: an event, or a typed error.
func TestSBEDamaged(t *testing.T) {
	d := new(binance.SBE)
	for _, frame := range allSBE(t) {
		for at := range frame {
			checkSBE(t, d, frame[:at])
			for _, b := range []byte{0, 1, 0x7f, 0x80, 0xff} {
				damaged := bytes.Clone(frame)
				damaged[at] = b
				checkSBE(t, d, damaged)
			}
		}
	}
	if err := d.Market(append(sbe(t, "best"), 0), market.NewEvent(1)); !errors.Is(err, binance.ErrBinary) {
		t.Errorf("a byte too many: %v", err)
	}
	if err := d.Market(sbe(t, "snapshot"), market.NewEvent(1)); !errors.Is(err, binance.ErrLevels) {
		t.Errorf("too many levels: %v", err)
	}
}

func checkSBE(t testing.TB, d *binance.SBE, message []byte) {
	t.Helper()
	ev := market.NewEvent(16)
	for from := 0; ; {
		next, err := d.MarketNext(message, from, ev)
		if err != nil {
			if from > 0 {
				t.Fatalf("%x: a message was handed on in part: %v", message, err)
			}
			if ev.Kind != market.KindNone {
				t.Fatalf("%x: %v, and %+v", message, err, ev)
			}
			break
		}
		if ev.Kind == market.KindNone || next != 0 && next <= from || ev.Depth.First > ev.Depth.Last || ev.Trade.Price.Mantissa < 0 {
			t.Fatalf("%x: from %d to %d, %+v", message, from, next, ev)
		}
		if from = next; from == 0 {
			break
		}
	}
	var r orders.Report
	err := d.Classify(message, &r)
	if err != nil && show(r) != show(orders.Report{}) {
		t.Fatalf("%x: %v, and %s", message, err, show(r))
	}
	if r.Kind == orders.ReportTrade && (r.ExecID == nil || r.LastQty.IsZero() || r.ClientID == nil) {
		t.Fatalf("%x: half an execution: %s", message, show(r))
	}
}

func FuzzSBE(f *testing.F) {
	for _, frame := range allSBE(f) {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		before := bytes.Clone(message)
		checkSBE(t, new(binance.SBE), message)
		if !bytes.Equal(before, message) {
			t.Fatal("the message was changed")
		}
	})
}

func TestSBEAllocs(t *testing.T) {
	d := new(binance.SBE)
	ev, r := market.NewEvent(16), new(orders.Report)
	frames := allSBE(t)
	if allocs := testing.AllocsPerRun(100, func() {
		for _, frame := range frames {
			for from := 0; ; {
				next, err := d.MarketNext(frame, from, ev)
				if from = next; err != nil || from == 0 {
					break
				}
			}
			if d.Classify(frame, r) != nil {
				r.Reset()
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}

func TestSBEPaths(t *testing.T) {
	d := &binance.SBE{}
	if got := d.OrderPath(); got != "/ws-api/v3?responseFormat=sbe&sbeSchemaId=3&sbeSchemaVersion=5" {
		t.Error(got)
	}
	d.QuietReplies = true
	if got := d.OrderPath(); got != "/ws-api/v3?returnRateLimits=false&responseFormat=sbe&sbeSchemaId=3&sbeSchemaVersion=5" {
		t.Error(got)
	}
	if got := d.MarketPath([]string{"BTCUSDT"}); got != "/stream?streams=btcusdt@trade/btcusdt@bestBidAsk/btcusdt@depth" {
		t.Error(got)
	}
}

func BenchmarkSBE(b *testing.B) {
	for _, name := range []string{"best", "trades", "diff"} {
		frame := sbe(b, name)
		b.Run("kind="+name, func(b *testing.B) {
			ev := market.NewEvent(16)
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if _, err := new(binance.SBE).MarketNext(frame, 0, ev); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, name := range []string{"ack", "report-trade"} {
		frame := sbe(b, name)
		b.Run("kind="+name, func(b *testing.B) {
			r := new(orders.Report)
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if err := new(binance.SBE).Classify(frame, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
