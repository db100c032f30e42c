package bybit_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"orderwire/orders/bybit"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

const (
	tradesFrame = `{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[` +
		`{"T":1672304486865,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"16578.50","L":"PlusTick","i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false,"seq":1783284617} , ` +
		`{"i":"x","s":"BTCUSDT","p":"16578.00","v":"2","S":"Sell","T":1672304486866,"BT":true},` +
		`{"i":"y","s":"BTCUSDT","p":"16577.50","v":"3","S":"Sell","T":1672304486867,"RPI":true}]}`
	deltaFrame    = `{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1687940967466,"data":{"s":"BTCUSDT","b":[["30247.20","30.028"],["30240.00","0"]],"a":[],"u":177400507,"seq":66544703342},"cts":1687940967464}`
	snapshotFrame = `{"topic":"orderbook.50.BTCUSDT","ts":1687940967466,"type":"snapshot","data":{"u":18521288,"s":"BTCUSDT","a":[["16611.00","0.029"]],"b":[["16493.50","0.006"]],"seq":7961638724},"cts":1}`
	levelOneFrame = `{"topic":"orderbook.1.BTCUSDT","ts":1687940967466,"type":"snapshot","data":{"s":"BTCUSDT","b":[["16493.50","0.006"]],"a":[["16611.00","0.029"]],"u":18521288,"seq":7961638724}}`
)

func TestMarketTrades(t *testing.T) {
	got := events(t, new(bybit.Dialect), []byte(tradesFrame))
	want := []market.Trade{
		{Price: num(1657850, 2), Qty: num(1, 3), TimeNanos: 1672304486865e6, Aggressor: market.Buy},
		{Price: num(1657800, 2), Qty: num(2, 0), TimeNanos: 1672304486866e6, Aggressor: market.Sell},
		{Price: num(1657750, 2), Qty: num(3, 0), TimeNanos: 1672304486867e6, Aggressor: market.Sell},
	}
	kinds := []market.Kind{market.KindTrade, market.KindOther, market.KindTrade} // the second one is a block trade
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Kind != kinds[i] || got[i].Trade != want[i] || string(got[i].Symbol) != "BTCUSDT" || got[i].EventNanos != 1672304486868e6 {
			t.Errorf("trade %d: %+v, want kind %d of %+v", i, got[i], kinds[i], want[i])
		}
	}
	ev := market.NewEvent(1)
	if err := new(bybit.Dialect).Market([]byte(tradesFrame), ev); !errors.Is(err, bybit.ErrMany) || ev.Kind != market.KindNone {
		t.Errorf("Market of three trades: %v, %+v", err, ev)
	}
}

func TestMarketLadders(t *testing.T) {
	delta := events(t, new(bybit.Dialect), []byte(deltaFrame))[0]
	if delta.Kind != market.KindDepth || delta.Depth.First != 177400507 || delta.Depth.Last != 177400507 || len(delta.Depth.Bids) != 2 ||
		delta.Depth.Bids[0] != (market.Level{Price: num(3024720, 2), Qty: num(30028, 3)}) || !delta.Depth.Bids[1].Qty.IsZero() || len(delta.Depth.Asks) != 0 {
		t.Errorf("%+v", delta)
	}
	snapshot := events(t, new(bybit.Dialect), []byte(snapshotFrame))[0]
	if snapshot.Kind != market.KindSnapshot || snapshot.Depth.Last != 18521288 || snapshot.Depth.Asks[0] != (market.Level{Price: num(1661100, 2), Qty: num(29, 3)}) {
		t.Errorf("%+v", snapshot)
	}
	restarted := events(t, new(bybit.Dialect), []byte(edit(t, deltaFrame, `"u":177400507`, `"u":1`)))[0]
	if restarted.Kind != market.KindSnapshot || restarted.Depth.Last != 1 {
		t.Errorf("u == 1: %+v", restarted)
	}
	quote := events(t, new(bybit.Dialect), []byte(levelOneFrame))[0]
	want := market.Quote{UpdateID: 18521288, Bid: num(1649350, 2), BidQty: num(6, 3), Ask: num(1661100, 2), AskQty: num(29, 3)}
	if quote.Kind != market.KindQuote || quote.Quote != want {
		t.Errorf("%+v", quote)
	}
	oneSided := events(t, new(bybit.Dialect), []byte(edit(t, levelOneFrame, `[["16493.50","0.006"]]`, `[]`)))[0]
	if oneSided.Kind != market.KindQuote || !oneSided.Quote.Bid.IsZero() || oneSided.Quote.Ask != want.Ask {
		t.Errorf("%+v", oneSided)
	}
}

func TestMarketDocumentedFrames(t *testing.T) {
	for _, f := range documented(t) {
		want := market.KindOther
		switch f.Name {
		case "publicTrade:publicTrade.BTCUSDT":
			want = market.KindTrade
		case "orderbook:orderbook.50.BTCUSDT":
			want = market.KindDepth
		}
		if got := events(t, new(bybit.Dialect), f.Frame); len(got) != 1 || got[0].Kind != want {
			t.Errorf("%s: %+v, want kind %d", f.Name, got, want)
		}
	}
}

// TestBookOfCapture rebuilds the recorded ladder beside one that encoding/json fills.
func TestBookOfCapture(t *testing.T) {
	book := market.NewBook(market.BookConfig{InBand: true})
	gaps := 0
	bids, asks := map[string]string{}, map[string]string{}
	steps := 0
	capture(t, func(message []byte) {
		ev := events(t, new(bybit.Dialect), message)[0]
		if book.Apply(&ev) != market.BookGood {
			gaps++
		}
		var peer struct {
			Type string
			Data struct{ B, A [][2]string }
		}
		if err := json.Unmarshal(message, &peer); err != nil {
			t.Fatal(err)
		}
		if peer.Type == "snapshot" {
			clear(bids)
			clear(asks)
		}
		apply(bids, peer.Data.B)
		apply(asks, peer.Data.A)
		compare(t, steps, bids, book.Bid, true)
		compare(t, steps, asks, book.Ask, false)
		steps++
	})
	bidsKnown, asksKnown := book.Depths()
	if steps != 50 || gaps != 0 || bidsKnown != 500 || asksKnown != 500 {
		t.Errorf("%d steps, %d gaps, %d and %d levels; want 50, 0, 500 and 500", steps, gaps, bidsKnown, asksKnown)
	}
	bid, ask, _ := book.Best()
	if bid.Price != num(19537, 4) || ask.Price != num(19538, 4) {
		t.Errorf("best %v and %v, want 1.9537 and 1.9538", bid.Price, ask.Price)
	}
}

func apply(side map[string]string, changes [][2]string) {
	for _, change := range changes {
		if side[change[0]] = change[1]; change[1] == "0" {
			delete(side, change[0])
		}
	}
}

func compare(t *testing.T, step int, side map[string]string, nth func(int) (market.Level, bool), descending bool) {
	t.Helper()
	var prices []string
	for price := range side {
		prices = append(prices, price)
	}
	slices.Sort(prices) // all of one length
	if descending {
		slices.Reverse(prices)
	}
	for i, price := range prices {
		if level, ok := nth(i); !ok || level.Price.String() != price || level.Qty.String() != side[price] {
			t.Fatalf("step %d: level %d is %+v, want %s:%s", step, i, level, price, side[price])
		}
	}
	if _, more := nth(len(prices)); more {
		t.Fatalf("step %d: more than %d levels", step, len(prices))
	}
}

func TestMarketRefuses(t *testing.T) {
	for _, row := range []struct {
		name, frame, old, new string
		want                  error
	}{
		{"no time", tradesFrame, `"ts":1672304486868,`, ``, bybit.ErrMissing},
		{"impossible time", tradesFrame, `"ts":1672304486868`, `"ts":-1`, bybit.ErrValue},
		{"last trade without price", tradesFrame, `"p":"16577.50",`, ``, bybit.ErrMissing},
		{"last trade with a float", tradesFrame, `"16577.50"`, `16577.50`, bybit.ErrMissing},
		{"unknown side", tradesFrame, `"S":"Buy"`, `"S":"buy"`, bybit.ErrValue},
		{"doubled price", tradesFrame, `"L":"PlusTick"`, `"p":"1"`, bybit.ErrDuplicate},
		{"a trade is a list", tradesFrame, `{"i":"x"`, `[],{"i":"x"`, bybit.ErrMissing},
		{"trades are an object", tradesFrame, tradesFrame, `{"topic":"publicTrade.X","type":"snapshot","ts":1,"data":{}}`, bybit.ErrMissing},
		{"ladder without u", deltaFrame, `"u":177400507,`, ``, bybit.ErrMissing},
		{"ladder without asks", deltaFrame, `"a":[],`, ``, bybit.ErrMissing},
		{"ladder of an unknown type", deltaFrame, `"delta"`, `"diff"`, bybit.ErrValue},
		{"level of three", deltaFrame, `["30240.00","0"]`, `["30240.00","0","1"]`, bybit.ErrMissing},
		{"negative price", deltaFrame, `"30240.00"`, `"-1"`, bybit.ErrMissing},
		{"doubled ladder", deltaFrame, `"a":[]`, `"a":[],"a":[]`, bybit.ErrDuplicate},
		{"too many levels", deltaFrame, `["30240.00","0"]`, `["1","0"],["2","0"],["3","1"]`, bybit.ErrLevels},
		{"level one with two levels", levelOneFrame, `["16493.50","0.006"]`, `["16493.50","0.006"],["1","1"]`, bybit.ErrValue},
		{"cut", deltaFrame, `"cts":1687940967464}`, ``, scan.ErrEnd},
		{"not an object", deltaFrame, deltaFrame, `[]`, scan.ErrKind},
	} {
		t.Run(row.name, func(t *testing.T) {
			ev := market.NewEvent(3)
			_, err := new(bybit.Dialect).MarketNext([]byte(edit(t, row.frame, row.old, row.new)), 0, ev)
			if !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
			if ev.Kind != market.KindNone || ev.Symbol != nil || len(ev.Depth.Bids)+len(ev.Depth.Asks) != 0 {
				t.Errorf("a refused message left %+v", ev)
			}
		})
	}
}

func FuzzMarket(f *testing.F) {
	for _, seed := range []string{tradesFrame, deltaFrame, snapshotFrame, levelOneFrame} {
		f.Add([]byte(seed))
	}
	for _, example := range documented(f) {
		f.Add([]byte(example.Frame))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		ev := market.NewEvent(16)
		before := slices.Clone(message)
		for from, count := 0, 0; ; count++ {
			next, err := new(bybit.Dialect).MarketNext(message, from, ev)
			if !slices.Equal(before, message) {
				t.Fatal("the message was changed")
			}
			if err != nil {
				if from > 0 {
					t.Fatalf("%q: a message was handed on in part: %v", message, err)
				}
				return
			}
			if !json.Valid(message) || ev.Kind == market.KindNone || next != 0 && next <= from {
				t.Fatalf("%q: kind %d, from %d to %d", message, ev.Kind, from, next)
			}
			if from = next; from == 0 {
				return
			}
		}
	})
}

func TestMarketAllocs(t *testing.T) {
	d := new(bybit.Dialect)
	ev := market.NewEvent(16)
	messages := [][]byte{[]byte(tradesFrame), []byte(deltaFrame), []byte(levelOneFrame), []byte(`{"topic":"publicTrade.X"}`), []byte(`{`)}
	if allocs := testing.AllocsPerRun(100, func() {
		for _, message := range messages {
			for from := 0; ; {
				next, err := d.MarketNext(message, from, ev)
				if from = next; err != nil || from == 0 {
					break
				}
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}

func TestSubscribe(t *testing.T) {
	d := &bybit.Dialect{Category: bybit.Linear, Depth: 200}
	var topics []string
	for step := 0; ; step++ {
		message, err := d.Subscribe(step, []string{"BTCUSDT", "ETHUSDT", "XRPUSDT", "SOLUSDT"}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if message == nil {
			break
		}
		var request struct {
			Op   string
			Args []string
		}
		if err := json.Unmarshal(message, &request); err != nil || request.Op != "subscribe" || len(request.Args) > 10 {
			t.Fatalf("%s: %v", message, err)
		}
		topics = append(topics, request.Args...)
	}
	want := strings.Fields("publicTrade.BTCUSDT orderbook.1.BTCUSDT orderbook.200.BTCUSDT publicTrade.ETHUSDT orderbook.1.ETHUSDT orderbook.200.ETHUSDT " +
		"publicTrade.XRPUSDT orderbook.1.XRPUSDT orderbook.200.XRPUSDT publicTrade.SOLUSDT orderbook.1.SOLUSDT orderbook.200.SOLUSDT")
	if !reflect.DeepEqual(topics, want) {
		t.Errorf("%v, want %v", topics, want)
	}
	for _, bad := range []*bybit.Dialect{{Depth: 7}, {}} {
		if _, err := bad.Subscribe(0, []string{`X","y":"`}, 0, nil); err == nil {
			t.Error("a bad subscription was written")
		}
	}
	if d.MarketPath(nil) != "/v5/public/linear" || new(bybit.Dialect).MarketPath(nil) != "/v5/public/spot" {
		t.Error("paths")
	}
}

func BenchmarkMarket(b *testing.B) {
	trade := edit(b, tradesFrame, tradesFrame[strings.Index(tradesFrame, " , {"):], "]}")
	for _, row := range []struct{ name, frame string }{{"trade", trade}, {"depth", deltaFrame}, {"quote", levelOneFrame}} {
		message := []byte(row.frame)
		b.Run("kind="+row.name, func(b *testing.B) {
			ev := market.NewEvent(64)
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if _, err := new(bybit.Dialect).MarketNext(message, 0, ev); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("kind="+row.name+"/peer=encoding_json", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				var peer struct {
					Topic, Type string
					Ts          int64
					Data        any
				}
				if err := json.Unmarshal(message, &peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
