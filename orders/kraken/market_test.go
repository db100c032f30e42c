package kraken_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"orderwire/orders/kraken"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

const (
	tradesFrame = `{"channel":"trade","type":"update","data":[` +
		`{"symbol":"BTC/USD","side":"buy","price":105944.2,"qty":0.00027625,"ord_type":"limit","trade_id":10218208,"timestamp":"2023-10-06T17:35:55.440295Z"},` +
		`{"symbol":"BTC/USD","side":"sell","price":105910.50,"qty":0.0001246,"ord_type":"market","trade_id":10218209,"timestamp":"2023-10-06T17:35:56.123456Z"}]}`
	tickerFrame = `{"channel":"ticker","type":"update","data":[{"symbol":"ALGO/USD","bid":0.10025,"bid_qty":740.0,"ask":0.10036,"ask_qty":1361.44813783,"last":0.10035,"volume":997038.98383185,"change":-0.00017,"change_pct":-0.17}]}`
	bookFrame   = `{"channel":"book","type":"update","data":[{"symbol":"MATIC/USD","bids":[{"price":0.5657,"qty":1098.39470000},{"qty":0.00000000,"price":0.5656}],"asks":[],"checksum":2114181697,"timestamp":"2023-10-06T17:35:55.440295Z"}]}`
)

// guideAsks and guideBids are the worked example of Kraken's guide (docs.kraken.com, guides/spot-ws-book-v2).
const (
	guideAsks = "45285.2:0.00100000 45286.4:1.54571953 45286.6:1.54571109 45289.6:1.54560911 45290.2:0.15890660 " +
		"45291.8:1.54553491 45294.7:0.04454749 45296.1:0.35380000 45297.5:0.09945542 45299.5:0.18772827"
	guideBids = "45283.5:0.10000000 45283.4:1.54582015 45282.1:0.10000000 45281.0:0.10000000 45280.3:1.54592586 " +
		"45279.0:0.07990000 45277.6:0.03310103 45277.5:0.30000000 45277.3:1.54602737 45276.6:0.15445238"
)

func guideSide(text string) string {
	var levels []string
	for _, pair := range strings.Fields(text) {
		price, qty, _ := strings.Cut(pair, ":")
		levels = append(levels, fmt.Sprintf(`{"price":%s,"qty":%s}`, price, qty))
	}
	return "[" + strings.Join(levels, ",") + "]"
}

func TestMarketTrades(t *testing.T) {
	got := events(t, tradesFrame)
	want := []market.Trade{
		{ID: 10218208, Price: num(1059442, 1), Qty: num(27625, 8), TimeNanos: 1696613755440295000, Aggressor: market.Buy},
		{ID: 10218209, Price: num(10591050, 2), Qty: num(1246, 7), TimeNanos: 1696613756123456000, Aggressor: market.Sell},
	}
	if len(got) != len(want) {
		t.Fatalf("%d events", len(got))
	}
	for i := range want {
		if got[i].Kind != market.KindTrade || got[i].Trade != want[i] || string(got[i].Symbol) != "BTC/USD" || got[i].EventNanos != want[i].TimeNanos {
			t.Errorf("trade %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	ev := market.NewEvent(1)
	if err := new(kraken.Dialect).Market([]byte(tradesFrame), ev); !errors.Is(err, kraken.ErrMany) || ev.Kind != market.KindNone {
		t.Errorf("Market of two trades: %v", err)
	}
	if old := events(t, edit(t, tradesFrame, `"update"`, `"snapshot"`)); len(old) != 1 || old[0].Kind != market.KindOther {
		t.Errorf("trades of a snapshot: %+v", old)
	}
}

func TestMarketQuote(t *testing.T) {
	got := events(t, tickerFrame)[0]
	want := market.Quote{Bid: num(10025, 5), BidQty: num(7400, 1), Ask: num(10036, 5), AskQty: num(136144813783, 8)}
	if got.Kind != market.KindQuote || got.Quote != want || string(got.Symbol) != "ALGO/USD" {
		t.Errorf("%+v", got)
	}
}

func TestMarketBook(t *testing.T) {
	got := events(t, bookFrame)[0]
	if got.Kind != market.KindDepth || !got.Depth.Checked || got.Depth.Checksum != 2114181697 || len(got.Depth.Asks) != 0 || len(got.Depth.Bids) != 2 ||
		got.Depth.Bids[0] != (market.Level{Price: num(5657, 4), Qty: num(109839470000, 8)}) || !got.Depth.Bids[1].Qty.IsZero() {
		t.Errorf("%+v", got)
	}
}

// TestGuideChecksum: the numbers keep the decimals that were sent, so the ladder has the guide's checksum.
func TestGuideChecksum(t *testing.T) {
	snapshot := `{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":` + guideSide(guideBids) + `,"asks":` + guideSide(guideAsks) + `,"checksum":3310070434}]}`
	book := market.NewBook(market.BookConfig{Levels: 10, Window: true, InBand: true, Unnumbered: true})
	ev := events(t, snapshot)[0]
	if book.Apply(&ev) != market.BookGood {
		t.Errorf("state %d, %+v", book.State(), book.Counts())
	}
	change := events(t, `{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":45285.2,"qty":0.002}],"checksum":3310070434}]}`)[0]
	if book.Apply(&change) != market.BookWaiting || book.Counts().Mismatch != 1 {
		t.Errorf("a wrong ladder is in state %d, %+v", book.State(), book.Counts())
	}
}

func TestMarketOther(t *testing.T) {
	for _, message := range []string{
		`{"channel":"heartbeat"}`,
		`{"channel":"status","type":"update","data":[{"system":"online","api_version":"v2","connection_id":1,"version":"2.0.0"}]}`,
		`{"method":"subscribe","result":{"channel":"trade","symbol":"BTC/USD"},"success":true,"time_in":"2023-09-26T13:09:48.463201Z"}`,
		`{"method":"pong","req_id":42,"time_in":"2023-09-25T09:05:00.123456Z"}`,
		`{"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[]}}`,
		`{"channel":"trade","type":"update","data":[]}`,
		`{}`,
	} {
		if got := events(t, message); len(got) != 1 || got[0].Kind != market.KindOther {
			t.Errorf("%s: %+v", message, got)
		}
	}
	for _, f := range documented(t) {
		if got := events(t, string(f.Frame)); len(got) != 1 || got[0].Kind != market.KindOther {
			t.Errorf("%s: %+v", f.Name, got)
		}
	}
}

func TestMarketRefuses(t *testing.T) {
	for _, row := range []struct {
		name, frame, old, new string
		want                  error
	}{
		{"second trade without price", tradesFrame, `"price":105910.50,`, ``, kraken.ErrMissing},
		{"price as text", tradesFrame, `105910.50`, `"105910.50"`, kraken.ErrMissing},
		{"negative price", tradesFrame, `105910.50`, `-105910.50`, kraken.ErrMissing},
		{"price with an exponent", tradesFrame, `105910.50`, `1.059e5`, kraken.ErrMissing},
		{"price that is no JSON number", tradesFrame, `105910.50`, `0105910.50`, scan.ErrNumber},
		{"unknown side", tradesFrame, `"sell"`, `"Sell"`, kraken.ErrValue},
		{"no id", tradesFrame, `10218209`, `0`, kraken.ErrValue},
		{"impossible time", tradesFrame, `2023-10-06T17:35:56`, `2023-13-06T17:35:56`, kraken.ErrMissing},
		{"doubled price", tradesFrame, `"ord_type":"market"`, `"price":1`, kraken.ErrDuplicate},
		{"unknown type", tradesFrame, `"update"`, `"delta"`, kraken.ErrValue},
		{"no type", tradesFrame, `"type":"update",`, ``, kraken.ErrMissing},
		{"two channels", tradesFrame, `"type"`, `"channel":"book","type"`, kraken.ErrDuplicate},
		{"data is an object", tradesFrame, tradesFrame, `{"channel":"trade","type":"update","data":{}}`, kraken.ErrMissing},
		{"quote without ask", tickerFrame, `"ask":0.10036,`, ``, kraken.ErrMissing},
		{"book without checksum", bookFrame, `"checksum":2114181697,`, ``, kraken.ErrMissing},
		{"checksum beyond 32 bits", bookFrame, `2114181697`, `4294967296`, kraken.ErrValue},
		{"book without asks", bookFrame, `"asks":[],`, ``, kraken.ErrMissing},
		{"level without size", bookFrame, `{"price":0.5657,"qty":1098.39470000}`, `{"price":0.5657}`, kraken.ErrMissing},
		{"level of two prices", bookFrame, `"qty":0.00000000,`, `"qty":0.0,"price":1,`, kraken.ErrMissing},
		{"too many levels", bookFrame, `{"price":0.5657,`, `{"price":1,"qty":1},{"price":2,"qty":1},{"price":0.5657,`, kraken.ErrLevels},
		{"no symbol", bookFrame, `"MATIC/USD"`, `""`, kraken.ErrValue},
		{"cut", bookFrame, `]}`, ``, scan.ErrEnd},
	} {
		t.Run(row.name, func(t *testing.T) {
			ev := market.NewEvent(3)
			_, err := new(kraken.Dialect).MarketNext([]byte(edit(t, row.frame, row.old, row.new)), 0, ev)
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
	for _, seed := range []string{tradesFrame, tickerFrame, bookFrame} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		ev := market.NewEvent(16)
		before := slices.Clone(message)
		for from := 0; ; {
			next, err := new(kraken.Dialect).MarketNext(message, from, ev)
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
	d := new(kraken.Dialect)
	ev := market.NewEvent(16)
	messages := [][]byte{[]byte(tradesFrame), []byte(tickerFrame), []byte(bookFrame), []byte(`{"channel":"trade","type":"update","data":[{}]}`), []byte(`{`)}
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
	d := &kraken.Dialect{Depth: 25}
	var got []string
	for step := 0; ; step++ {
		message, err := d.Subscribe(step, []string{"BTC/USD", "ETH/USD"}, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if message == nil {
			break
		}
		if !json.Valid(message) {
			t.Fatalf("%s", message)
		}
		got = append(got, string(message))
	}
	want := []string{
		`{"method":"subscribe","params":{"channel":"trade","snapshot":false,"symbol":["BTC/USD","ETH/USD"]},"req_id":1}`,
		`{"method":"subscribe","params":{"channel":"ticker","event_trigger":"bbo","snapshot":true,"symbol":["BTC/USD","ETH/USD"]},"req_id":2}`,
		`{"method":"subscribe","params":{"channel":"book","depth":25,"snapshot":true,"symbol":["BTC/USD","ETH/USD"]},"req_id":3}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if _, err := (&kraken.Dialect{Depth: 11}).Subscribe(0, nil, 0, nil); err == nil {
		t.Error("a depth of 11 was taken")
	}
	if _, err := d.Subscribe(0, []string{`X"]`}, 0, nil); err == nil {
		t.Error("a symbol that ends its string was taken")
	}
	if d.MarketPath(nil) != "/v2" || d.OrderPath() != "/v2" || d.Venue() != "kraken" {
		t.Error("paths")
	}
	if message, every := d.Ping(); string(message) != `{"method":"ping"}` || every <= 0 {
		t.Errorf("%s every %d", message, every)
	}
}

func BenchmarkMarket(b *testing.B) {
	one := tradesFrame[:strings.Index(tradesFrame, `,{"symbol":"BTC/USD","side":"sell"`)] + "]}"
	for _, row := range []struct{ name, frame string }{{"trade", one}, {"ticker", tickerFrame}, {"book", bookFrame}} {
		message := []byte(row.frame)
		b.Run("kind="+row.name, func(b *testing.B) {
			ev := market.NewEvent(64)
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if _, err := new(kraken.Dialect).MarketNext(message, 0, ev); err != nil {
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
