package coinbase_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"orderwire/orders/coinbase"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

const (
	matchFrame    = `{"type":"match","trade_id":10,"sequence":50,"maker_order_id":"ac928c66-ca53-498f-9c13-a110027a60e8","taker_order_id":"132fb6ae-456b-4654-b4e0-d681ac05cea1","time":"2014-11-07T08:19:27.028459Z","product_id":"BTC-USD","size":"5.23512","price":"400.23","side":"sell"}`
	tickerFrame   = `{"type":"ticker","sequence":37475248783,"product_id":"ETH-USD","price":"1285.22","best_bid":"1285.04","best_bid_size":"0.46688654","best_ask":"1285.27","best_ask_size":"1.56637040","side":"buy","time":"2022-10-19T23:28:22.061769Z","trade_id":370843401,"last_size":"11.4396987"}`
	snapshotFrame = `{"type":"snapshot","product_id":"BTC-USD","bids":[["10101.10","0.45054140"]],"asks":[["10102.55","0.57753524"]],"time":"2022-10-19T23:28:22.061769Z"}`
	updateFrame   = `{"type":"l2update","product_id":"BTC-USD","changes":[["buy","22356.270000","0.00000000"],["sell","22356.30","1.00000000"]],"time":"2022-08-04T15:25:05.010758Z"}`

	tradesMessage = `{"channel":"market_trades","client_id":"","timestamp":"2026-04-07T14:30:02.789012Z","sequence_num":5,"events":[` +
		`{"type":"update","trades":[{"trade_id":"995098700","product_id":"BTC-USD","price":"68900.50","size":"0.00150000","side":"BUY","time":"2026-04-07T14:30:02.789012Z"} , ` +
		`{"trade_id":"995098701","product_id":"BTC-USD","price":"68900.00","size":"0.05","side":"SELL","time":"2026-04-07T14:30:02.8Z"}]},` +
		`{"trades":[],"type":"update"} , {"type":"snapshot","trades":[{"trade_id":"1"}]},` +
		`{"trades":[{"trade_id":"77","product_id":"ETH-USD","price":"3000","size":"1","side":"SELL","time":"2026-04-07T14:30:02Z"}],"type":"update"}]}`
	ladderMessage = `{"channel":"l2_data","client_id":"","timestamp":"2026-04-07T14:30:01.456789Z","sequence_num":1,"events":[` +
		`{"type":"update","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-04-07T14:30:01.456789Z","price_level":"68900.00","new_quantity":"2.00000000"},` +
		`{"side":"offer","event_time":"2026-04-07T14:30:01.456789Z","price_level":"68901.00","new_quantity":"0.00000000"}]},` +
		`{"type":"snapshot","product_id":"ETH-USD","updates":[{"side":"bid","price_level":"3000","new_quantity":"1"}]}]}`
	tickerMessage = `{"channel":"ticker","client_id":"","timestamp":"2026-04-07T14:30:01.456789Z","sequence_num":0,"events":[{"type":"snapshot","tickers":[` +
		`{"type":"ticker","product_id":"BTC-USD","price":"21932.98","best_bid":"21931.98","best_bid_quantity":"8000.21","best_ask":"21933.98","best_ask_quantity":"8038.07770938"}]}]}`
)

func TestMarketExchange(t *testing.T) {
	match := events(t, exchange, matchFrame)[0]
	want := market.Trade{ID: 10, Price: num(40023, 2), Qty: num(523512, 5), TimeNanos: 1415348367028459000, Aggressor: market.Buy}
	if match.Kind != market.KindTrade || match.Trade != want || string(match.Symbol) != "BTC-USD" {
		t.Errorf("%+v", match) // the maker sold, so the taker bought
	}
	ticker := events(t, exchange, tickerFrame)[0]
	if ticker.Kind != market.KindQuote || ticker.Quote != (market.Quote{UpdateID: 37475248783, Bid: num(128504, 2), BidQty: num(46688654, 8), Ask: num(128527, 2), AskQty: num(156637040, 8)}) {
		t.Errorf("%+v", ticker)
	}
	snapshot := events(t, exchange, snapshotFrame)[0]
	if snapshot.Kind != market.KindSnapshot || snapshot.Depth.Bids[0] != (market.Level{Price: num(1010110, 2), Qty: num(45054140, 8)}) || len(snapshot.Depth.Asks) != 1 {
		t.Errorf("%+v", snapshot)
	}
	update := events(t, exchange, updateFrame)[0]
	if update.Kind != market.KindDepth || update.Depth.Bids[0] != (market.Level{Price: num(22356270000, 6), Qty: num(0, 8)}) ||
		update.Depth.Asks[0] != (market.Level{Price: num(2235630, 2), Qty: num(100000000, 8)}) || update.EventNanos == 0 {
		t.Errorf("%+v", update)
	}
	for _, message := range []string{
		edit(t, matchFrame, `"match"`, `"last_match"`), `{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}`,
		`{"type":"subscriptions","channels":[]}`, `{"type":"error","message":"x"}`, `{"type":"novel","size":7}`, `{}`,
	} {
		if other := events(t, exchange, message); len(other) != 1 || other[0].Kind != market.KindOther {
			t.Errorf("%s: %+v", message, other)
		}
	}
}

func TestMarketAdvanced(t *testing.T) {
	trades := events(t, advanced, tradesMessage)
	want := []market.Trade{
		{ID: 995098700, Price: num(6890050, 2), Qty: num(150000, 8), TimeNanos: 1775572202789012000, Aggressor: market.Sell},
		{ID: 995098701, Price: num(6890000, 2), Qty: num(5, 2), TimeNanos: 1775572202800000000, Aggressor: market.Buy},
		{ID: 77, Price: num(3000, 0), Qty: num(1, 0), TimeNanos: 1775572202000000000, Aggressor: market.Buy},
	}
	if len(trades) != len(want) {
		t.Fatalf("%d trades: %+v", len(trades), trades)
	}
	for i := range want {
		if trades[i].Kind != market.KindTrade || trades[i].Trade != want[i] || trades[i].Sequence != 6 || trades[i].EventNanos != 1775572202789012000 {
			t.Errorf("trade %d: %+v", i, trades[i])
		}
	}
	ladders := events(t, advanced, ladderMessage)
	if len(ladders) != 2 || ladders[0].Kind != market.KindDepth || ladders[1].Kind != market.KindSnapshot || string(ladders[1].Symbol) != "ETH-USD" ||
		ladders[0].Depth.Bids[0] != (market.Level{Price: num(6890000, 2), Qty: num(200000000, 8)}) || !ladders[0].Depth.Asks[0].Qty.IsZero() || ladders[0].Sequence != 2 {
		t.Errorf("%+v", ladders)
	}
	ticker := events(t, advanced, tickerMessage)
	if len(ticker) != 1 || ticker[0].Kind != market.KindQuote || ticker[0].Quote.Ask != num(2193398, 2) || ticker[0].Quote.BidQty != num(800021, 2) {
		t.Errorf("%+v", ticker)
	}
	for _, message := range []string{
		`{"channel":"heartbeats","client_id":"","timestamp":"2026-04-07T14:30:10Z","sequence_num":0,"events":[{"current_time":"x","heartbeat_counter":42}]}`,
		`{"channel":"subscriptions","client_id":"","timestamp":"2026-04-07T14:30:10Z","sequence_num":0,"events":[{"subscriptions":{}}]}`,
		`{"type":"error","message":"authentication failure"}`,
		`{"channel":"market_trades","timestamp":"2026-04-07T14:30:10Z","sequence_num":0,"events":[]}`,
		`{"channel":"market_trades","timestamp":"2026-04-07T14:30:10Z","sequence_num":0,"events":[{"type":"update","trades":[]}]}`,
	} {
		if other := events(t, advanced, message); len(other) != 1 || other[0].Kind != market.KindOther {
			t.Errorf("%s: %+v", message, other)
		}
	}
	ev := market.NewEvent(1)
	if err := advanced.Market([]byte(tradesMessage), ev); !errors.Is(err, coinbase.ErrMany) || ev.Kind != market.KindNone {
		t.Errorf("Market of many: %v", err)
	}
}

// TestMarketRecording compares every frame of a real feed with what encoding/json makes of it, and keeps its books.
func TestMarketRecording(t *testing.T) {
	root := os.Getenv("ORDERWIRE_SHARED")
	if root == "" {
		t.Skip("recording coinbase-exchange-20210417.cryptofeed.gz: ORDERWIRE_SHARED is not set")
	}
	file, err := os.Open(filepath.Join(root, "market-data/coinbase-exchange-20210417.cryptofeed.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[market.Kind]int{}
	books := map[string]*market.Book{}
	ev := market.NewEvent(20_000)
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		_, message, found := bytes.Cut(lines.Bytes(), []byte(": {"))
		if !found || bytes.HasPrefix(lines.Bytes(), []byte("wss:")) {
			continue
		}
		message = append([]byte("{"), message...)
		if err := exchange.Market(message, ev); err != nil {
			t.Fatalf("%.200s: %v", message, err)
		}
		counts[ev.Kind]++
		compare(t, message, ev)
		if ev.Kind == market.KindSnapshot || ev.Kind == market.KindDepth {
			symbol := string(ev.Symbol)
			if books[symbol] == nil {
				books[symbol] = market.NewBook(market.BookConfig{InBand: true, Unnumbered: true, Levels: 30_000})
			}
			if books[symbol].Apply(ev) != market.BookGood {
				t.Fatalf("%s: %+v", symbol, books[symbol].Counts())
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	want := map[market.Kind]int{market.KindTrade: 97, market.KindQuote: 107, market.KindSnapshot: 10, market.KindDepth: 9719, market.KindOther: 13}
	for kind, count := range want {
		if counts[kind] != count {
			t.Errorf("kind %d: %d frames, want %d", kind, counts[kind], count)
		}
	}
	if len(books) != 10 {
		t.Errorf("%d books", len(books))
	}
}

// compare reads the frame by encoding/json.
func compare(t *testing.T, message []byte, ev *market.Event) {
	t.Helper()
	var peer struct {
		Type, Side, Size, Price string
		ProductID               string    `json:"product_id"`
		TradeID                 int64     `json:"trade_id"`
		Time                    time.Time `json:"time"`
		BestBid                 string    `json:"best_bid"`
		BestAsk                 string    `json:"best_ask"`
		Bids, Asks              [][2]string
		Changes                 [][3]string
	}
	if err := json.Unmarshal(message, &peer); err != nil {
		t.Fatal(err)
	}
	sound := true
	switch ev.Kind {
	case market.KindTrade:
		aggressor := map[string]market.Side{"buy": market.Sell, "sell": market.Buy}[peer.Side]
		sound = ev.Trade.ID == peer.TradeID && ev.Trade.Price.String() == peer.Price && ev.Trade.Qty.String() == peer.Size &&
			ev.Trade.TimeNanos == peer.Time.UnixNano() && ev.Trade.Aggressor == aggressor
	case market.KindQuote:
		sound = ev.Quote.Bid.String() == peer.BestBid && ev.Quote.Ask.String() == peer.BestAsk
	case market.KindSnapshot:
		sound = sameLevels(ev.Depth.Bids, peer.Bids) && sameLevels(ev.Depth.Asks, peer.Asks)
	case market.KindDepth:
		var bids, asks [][2]string
		for _, change := range peer.Changes {
			if level := [2]string{change[1], change[2]}; change[0] == "buy" {
				bids = append(bids, level)
			} else {
				asks = append(asks, level)
			}
		}
		sound = sameLevels(ev.Depth.Bids, bids) && sameLevels(ev.Depth.Asks, asks)
	case market.KindOther:
		return
	}
	if !sound || string(ev.Symbol) != peer.ProductID {
		t.Fatalf("%.300s: %+v", message, ev)
	}
}

func sameLevels(got []market.Level, want [][2]string) bool {
	return slices.EqualFunc(got, want, func(level market.Level, text [2]string) bool {
		return level.Price.String() == text[0] && level.Qty.String() == text[1]
	})
}

func TestMarketRefuses(t *testing.T) {
	for _, row := range []struct {
		name            string
		d               *coinbase.Dialect
		frame, old, new string
		want            error
	}{
		{"match without price", exchange, matchFrame, `"price":"400.23",`, ``, coinbase.ErrMissing},
		{"match with a float", exchange, matchFrame, `"400.23"`, `400.23`, coinbase.ErrMissing},
		{"match of an unknown side", exchange, matchFrame, `"sell"`, `"none"`, coinbase.ErrValue},
		{"doubled price", exchange, matchFrame, `"sequence":50`, `"price":"1"`, coinbase.ErrDuplicate},
		{"impossible time", exchange, matchFrame, `2014-11-07`, `2014-11-31`, coinbase.ErrMissing},
		{"no product", exchange, matchFrame, `"BTC-USD"`, `""`, coinbase.ErrValue},
		{"ticker without ask", exchange, tickerFrame, `"best_ask":"1285.27",`, ``, coinbase.ErrMissing},
		{"snapshot without asks", exchange, snapshotFrame, `"asks"`, `"bsks"`, coinbase.ErrMissing},
		{"level of three", exchange, snapshotFrame, `"0.45054140"`, `"0.45054140","1"`, coinbase.ErrMissing},
		{"change of two", exchange, updateFrame, `"sell","22356.30",`, `"22356.30",`, coinbase.ErrMissing},
		{"change of an unknown side", exchange, updateFrame, `["sell",`, `["short",`, coinbase.ErrMissing},
		{"too many levels", exchange, snapshotFrame, `["10101.10","0.45054140"]`, `["1","1"],["2","1"],["3","1"],["4","1"]`, coinbase.ErrLevels},
		{"too many changes", exchange, updateFrame, `["sell",`, `["sell","1","1"],["sell","2","1"],["sell","3","1"],["sell",`, coinbase.ErrLevels},
		{"cut", exchange, matchFrame, `"sell"}`, `"sell"`, scan.ErrEnd},
		{"last trade without price", advanced, tradesMessage, `"price":"3000",`, ``, coinbase.ErrMissing},
		{"last trade of an unknown side", advanced, tradesMessage, `"size":"1","side":"SELL"`, `"size":"1","side":"NONE"`, coinbase.ErrValue},
		{"event without a type", advanced, tradesMessage, `"type":"snapshot",`, ``, coinbase.ErrMissing},
		{"event is a list", advanced, tradesMessage, `{"trades":[],"type":"update"}`, `[]`, coinbase.ErrMissing},
		{"trades are an object", advanced, tradesMessage, `"trades":[],`, `"trades":{},`, coinbase.ErrMissing},
		{"no number", advanced, tradesMessage, `"sequence_num":5,`, ``, coinbase.ErrMissing},
		{"negative number", advanced, tradesMessage, `"sequence_num":5`, `"sequence_num":-5`, coinbase.ErrValue},
		{"two lists of events", advanced, tradesMessage, `"client_id":""`, `"events":[]`, coinbase.ErrDuplicate},
		{"ladder of an unknown type", advanced, ladderMessage, `"type":"snapshot"`, `"type":"part"`, coinbase.ErrValue},
		{"ladder of an unknown side", advanced, ladderMessage, `"offer"`, `"ask"`, coinbase.ErrMissing},
		{"cut", advanced, ladderMessage, `"new_quantity":"1"}]}]}`, `"new_quantity":"1"}]}]`, scan.ErrEnd},
	} {
		t.Run(row.name, func(t *testing.T) {
			ev := market.NewEvent(3)
			_, err := row.d.MarketNext([]byte(edit(t, row.frame, row.old, row.new)), 0, ev)
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
	for _, seed := range []string{matchFrame, tickerFrame, snapshotFrame, updateFrame, tradesMessage, ladderMessage, tickerMessage} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		before := slices.Clone(message)
		for _, d := range []*coinbase.Dialect{exchange, advanced} {
			ev := market.NewEvent(16)
			for from := 0; ; {
				next, err := d.MarketNext(message, from, ev)
				if !slices.Equal(before, message) {
					t.Fatal("the message was changed")
				}
				if err != nil {
					if from > 0 {
						t.Fatalf("%q: a message was handed on in part: %v", message, err)
					}
					break
				}
				if !json.Valid(message) || ev.Kind == market.KindNone || next != 0 && next <= from {
					t.Fatalf("%q: kind %d, from %d to %d", message, ev.Kind, from, next)
				}
				if from = next; from == 0 {
					break
				}
			}
		}
	})
}

func TestMarketAllocs(t *testing.T) {
	ev := market.NewEvent(16)
	messages := [][]byte{[]byte(matchFrame), []byte(tickerFrame), []byte(updateFrame), []byte(tradesMessage), []byte(ladderMessage), []byte(`{"channel":"l2_data"}`), []byte(`{`)}
	if allocs := testing.AllocsPerRun(100, func() {
		for _, message := range messages {
			for _, d := range []*coinbase.Dialect{exchange, advanced} {
				for from := 0; ; {
					next, err := d.MarketNext(message, from, ev)
					if from = next; err != nil || from == 0 {
						break
					}
				}
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}

func BenchmarkMarket(b *testing.B) {
	for _, row := range []struct {
		name, message string
		d             *coinbase.Dialect
	}{{"match", matchFrame, exchange}, {"ticker", tickerFrame, exchange}, {"l2update", updateFrame, exchange}, {"advanced_ticker", tickerMessage, advanced}} {
		message := []byte(row.message)
		b.Run("kind="+row.name, func(b *testing.B) {
			ev := market.NewEvent(64)
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if _, err := row.d.MarketNext(message, 0, ev); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("kind="+row.name+"/peer=encoding_json", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				var peer map[string]any
				if err := json.Unmarshal(message, &peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The number runs over all messages of a connection: a heartbeat between two trades is no gap.
func TestHeartbeatsAreCountedToo(t *testing.T) {
	symbols, err := market.NewSymbols([]string{"BTC-USD"})
	if err != nil {
		t.Fatal(err)
	}
	gaps := market.NewGaps(symbols)
	trade := `{"channel":"market_trades","timestamp":"2026-04-07T14:30:10Z","sequence_num":%d,"events":[{"type":"update","trades":[{"trade_id":"%d","product_id":"BTC-USD","price":"1","size":"1","side":"BUY","time":"2026-04-07T14:30:10Z"}]}]}`
	see := func(message string) int64 {
		t.Helper()
		var ev market.Event
		if err := advanced.Market([]byte(message), &ev); err != nil {
			t.Fatal(err)
		}
		return gaps.See(&ev)
	}
	for i, message := range []string{
		fmt.Sprintf(trade, 7, 100), `{"channel":"heartbeats","timestamp":"2026-04-07T14:30:10Z","sequence_num":8,"events":[{"heartbeat_counter":1}]}`,
		`{"channel":"subscriptions","timestamp":"2026-04-07T14:30:10Z","sequence_num":9,"events":[{}]}`, fmt.Sprintf(trade, 10, 101),
	} {
		if missing := see(message); missing != 0 {
			t.Errorf("message %d: %d are missing", i, missing)
		}
	}
	if missing := see(fmt.Sprintf(trade, 13, 102)); missing != 2 {
		t.Errorf("%d are missing, want 2", missing)
	}
}
