package binance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// peer is a market message as encoding/json reads it: the oracle. Its numbers stay text until big.Rat has them.
type peer struct {
	Data         json.RawMessage `json:"data"`
	Event        string          `json:"e"`
	EventTime    int64           `json:"E"`
	Symbol       string          `json:"s"`
	Time         int64           `json:"T"`
	TradeID      int64           `json:"t"`
	First        int64           `json:"U"`
	Last         int64           `json:"u"`
	Previous     int64           `json:"pu"`
	SnapshotID   *int64          `json:"lastUpdateId"`
	Price        string          `json:"p"`
	Qty          string          `json:"q"`
	Maker        bool            `json:"m"`
	MarketMaker  json.RawMessage `json:"M"` // encoding/json ignores case: it must have a place of its own
	B            json.RawMessage `json:"b"`
	BidQty       string          `json:"B"`
	A            json.RawMessage `json:"a"`
	AskQty       string          `json:"A"`
	Bids         [][2]string     `json:"bids"`
	Asks         [][2]string     `json:"asks"`
	SellerOrder  json.RawMessage `json:"X"`
	FirstTradeID json.RawMessage `json:"f"`
	LastTradeID  json.RawMessage `json:"l"`
}

func readPeer(t testing.TB, message []byte) peer {
	t.Helper()
	var p peer
	if err := json.Unmarshal(message, &p); err != nil {
		t.Fatalf("%s: %v", message, err)
	}
	if p.Data != nil {
		return readPeer(t, p.Data)
	}
	return p
}

func equal(t testing.TB, n fixed.Number, text string) {
	t.Helper()
	want, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("oracle: %q is no number", text)
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n.Scale)), nil)
	if got := new(big.Rat).SetFrac(big.NewInt(n.Mantissa), power); got.Cmp(want) != 0 || n.String() != text {
		t.Fatalf("%q was read as %+v", text, n)
	}
}

func equalLevels(t testing.TB, levels []market.Level, want [][2]string) {
	t.Helper()
	if len(levels) != len(want) {
		t.Fatalf("%d levels, want %d", len(levels), len(want))
	}
	for i := range want {
		equal(t, levels[i].Price, want[i][0])
		equal(t, levels[i].Qty, want[i][1])
	}
}

// checkMarket compares an event with what encoding/json and math/big make of the same message.
func checkMarket(t testing.TB, message []byte, ev *market.Event) {
	t.Helper()
	p := readPeer(t, message)
	if string(ev.Symbol) != p.Symbol || ev.EventNanos != p.EventTime*1_000_000 {
		t.Fatalf("%s: symbol %q, time %d", message, ev.Symbol, ev.EventNanos)
	}
	var text string
	switch {
	case p.Event == "trade":
		aggressor := map[bool]market.Side{true: market.Sell, false: market.Buy}[p.Maker]
		if ev.Kind != market.KindTrade || ev.Trade.ID != p.TradeID || ev.Trade.TimeNanos != p.Time*1_000_000 || ev.Trade.Aggressor != aggressor {
			t.Fatalf("%s: %+v", message, ev)
		}
		equal(t, ev.Trade.Price, p.Price)
		equal(t, ev.Trade.Qty, p.Qty)
	case p.SnapshotID != nil:
		if ev.Kind != market.KindSnapshot || ev.Depth.Last != *p.SnapshotID {
			t.Fatalf("%.100s: %+v", message, ev.Kind)
		}
		equalLevels(t, ev.Depth.Bids, p.Bids)
		equalLevels(t, ev.Depth.Asks, p.Asks)
	case p.Event == "depthUpdate":
		if ev.Kind != market.KindDepth || ev.Depth.First != p.First || ev.Depth.Last != p.Last || ev.Depth.Previous != p.Previous {
			t.Fatalf("%s: %+v", message, ev.Depth)
		}
		var bids, asks [][2]string
		if json.Unmarshal(p.B, &bids) != nil || json.Unmarshal(p.A, &asks) != nil {
			t.Fatalf("oracle: %s", message)
		}
		equalLevels(t, ev.Depth.Bids, bids)
		equalLevels(t, ev.Depth.Asks, asks)
	default:
		if ev.Kind != market.KindQuote || ev.Quote.UpdateID != p.Last {
			t.Fatalf("%s: %+v", message, ev)
		}
		for _, side := range []struct {
			price    json.RawMessage
			qty      string
			gotPrice fixed.Number
			gotQty   fixed.Number
		}{{p.B, p.BidQty, ev.Quote.Bid, ev.Quote.BidQty}, {p.A, p.AskQty, ev.Quote.Ask, ev.Quote.AskQty}} {
			if json.Unmarshal(side.price, &text) != nil {
				t.Fatalf("oracle: %s", message)
			}
			equal(t, side.gotPrice, text)
			equal(t, side.gotQty, side.qty)
		}
	}
}

func TestMarketRecordedFrames(t *testing.T) {
	var d binance.Dialect
	ev := market.NewEvent(64)
	for _, name := range []string{"spot.txt", "usdm.txt"} {
		for _, message := range recorded(t, name) {
			for _, form := range [][]byte{message, readPeerData(t, message), spaced(t, message), reordered(t, message)} {
				if err := d.Market(form, ev); err != nil {
					t.Fatalf("%s: %v", form, err)
				}
				checkMarket(t, form, ev)
			}
		}
	}
}

// readPeerData is the frame as a raw stream would send it.
func readPeerData(t testing.TB, message []byte) []byte {
	t.Helper()
	var wrapper struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(message, &wrapper); err != nil {
		t.Fatal(err)
	}
	return wrapper.Data
}

func spaced(t testing.TB, message []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, message, " ", "\t"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// reordered is the same message with its keys in alphabetical order: the venue promises none.
func reordered(t testing.TB, message []byte) []byte {
	t.Helper()
	var any map[string]any
	decoder := json.NewDecoder(bytes.NewReader(message))
	decoder.UseNumber()
	if err := decoder.Decode(&any); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(any)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMarketWholeRecordings(t *testing.T) {
	for _, row := range []struct {
		name                                 string
		quotes, trades, depths, snapshots    int
		firstTrade, lastTrade, tradesMissing int64
	}{
		{name: "binance-spot-btcusdt-20240808.jsonl.gz", quotes: 28040, trades: 9757, depths: 3451, snapshots: 1},
		{name: "binance-usdm-btcusdt-20240808-first60000.jsonl.gz", quotes: 43954, trades: 11463, depths: 4582, snapshots: 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			var d binance.Dialect
			ev := market.NewEvent(1000)
			counts := map[market.Kind]int{}
			recording(t, row.name, func(message []byte) {
				if err := d.Market(message, ev); err != nil {
					t.Fatalf("%.200s: %v", message, err)
				}
				counts[ev.Kind]++
				checkMarket(t, message, ev)
			})
			want := map[market.Kind]int{
				market.KindQuote: row.quotes, market.KindTrade: row.trades, market.KindDepth: row.depths, market.KindSnapshot: row.snapshots,
			}
			for kind, count := range want {
				if counts[kind] != count {
					t.Errorf("kind %d: %d frames, want %d", kind, counts[kind], count)
				}
			}
			if len(counts) != len(want) {
				t.Errorf("kinds: %v", counts)
			}
		})
	}
}

func TestMarketDocumentedFrames(t *testing.T) {
	for name, want := range map[string]market.Kind{
		"stream:trade":             market.KindTrade,
		"stream:aggTrade":          market.KindTrade,
		"stream:bookTicker":        market.KindQuote,
		"stream:depthUpdate":       market.KindDepth,
		"stream:depthN":            market.KindSnapshot,
		"stream:serverShutdown":    market.KindShutdown,
		"stream:!serverShutdown":   market.KindShutdown,
		"stream:sub-ack":           market.KindOther,
		"stream:kline":             market.KindOther,
		"stream:24hrTicker":        market.KindOther,
		"stream:24hrMiniTicker":    market.KindOther,
		"stream:1hTicker":          market.KindOther,
		"stream:avgPrice":          market.KindOther,
		"stream:referencePrice":    market.KindOther,
		"stream:blockTrade":        market.KindOther,
		"event:executionReport":    market.KindOther,
		"resp:418-banned":          market.KindOther,
		"event:externalLockUpdate": market.KindOther,
	} {
		t.Run(name, func(t *testing.T) {
			var d binance.Dialect
			ev := market.NewEvent(8)
			if err := d.Market(example(t, name), ev); err != nil || ev.Kind != want {
				t.Errorf("kind %d, %v; want %d", ev.Kind, err, want)
			}
		})
	}
}

func TestMarketAggTrade(t *testing.T) {
	var d binance.Dialect
	ev := market.NewEvent(8)
	if err := d.Market(example(t, "stream:aggTrade"), ev); err != nil {
		t.Fatal(err)
	}
	want := market.Trade{ID: 12345, Price: fixed.Number{Mantissa: 1, Scale: 3}, Qty: fixed.Number{Mantissa: 100}, TimeNanos: 1672515782136e6, Aggressor: market.Sell, Aggregated: true}
	if ev.Trade != want || string(ev.Symbol) != "BNBBTC" {
		t.Errorf("%+v", ev.Trade)
	}
}

const (
	tradeFrame = `{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}`
	quoteFrame = `{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}`
	depthFrame = `{"e":"depthUpdate","E":1723161258209,"s":"BTCUSDT","U":50093241262,"u":50093241266,"b":[["61824.00000000","0.32726000"]],"a":[["61840.18000000","0.04959000"]]}`
)

func TestMarketRefuses(t *testing.T) {
	for _, row := range []struct {
		name, frame, old, new string
		want                  error
	}{
		{"no price", tradeFrame, `"p":"61837.63000000",`, ``, binance.ErrMissing},
		{"price is a number", tradeFrame, `"61837.63000000"`, `61837.63`, binance.ErrMissing},
		{"price with an exponent", tradeFrame, `61837.63000000`, `6e4`, binance.ErrMissing},
		{"negative price", tradeFrame, `61837.63000000`, `-1.0`, binance.ErrMissing},
		{"price too long", tradeFrame, `61837.63000000`, `61837.63000000000000000000`, binance.ErrMissing},
		{"negative id", tradeFrame, `3735683259`, `-1`, binance.ErrMissing},
		{"id beyond 64 bits", tradeFrame, `3735683259`, `99999999999999999999`, binance.ErrMissing},
		{"id is a float", tradeFrame, `3735683259`, `1.5`, binance.ErrMissing},
		{"maker is text", tradeFrame, `"m":true`, `"m":"true"`, binance.ErrMissing},
		{"symbol is null", tradeFrame, `"BTCUSDT"`, `null`, binance.ErrMissing},
		{"symbol is empty", tradeFrame, `"BTCUSDT"`, `""`, binance.ErrValue},
		{"symbol with an escape", tradeFrame, `"BTCUSDT"`, `"BTC\u0055SDT"`, binance.ErrMissing},
		{"time of no unit", tradeFrame, `1723161255342`, `17231612553421`, binance.ErrValue},
		{"doubled price", tradeFrame, `"q":`, `"p":"1","q":`, binance.ErrDuplicate},
		{"doubled maker", tradeFrame, `"m":true`, `"m":true,"m":false`, binance.ErrDuplicate},
		{"cut", tradeFrame, `,"M":true}`, ``, scan.ErrEnd},
		{"trailing", tradeFrame, `"M":true}`, `"M":true}{}`, scan.ErrTrailing},
		{"bad literal in a field we skip", tradeFrame, `"M":true`, `"M":troe`, scan.ErrSyntax},
		{"bad text in a field we skip", tradeFrame, `"M":true`, "\"M\":\"\xff\"", scan.ErrString},
		{"quote without ask", quoteFrame, `"a":"61837.64000000",`, ``, binance.ErrMissing},
		{"quote with a ladder", quoteFrame, `"61837.64000000"`, `[]`, binance.ErrMissing},
		{"depth backwards", depthFrame, `50093241262`, `50093241267`, binance.ErrValue},
		{"depth without bids", depthFrame, `"b":[["61824.00000000","0.32726000"]],`, ``, binance.ErrMissing},
		{"level of one", depthFrame, `["61824.00000000","0.32726000"]`, `["61824.00000000"]`, binance.ErrMissing},
		{"level is a number", depthFrame, `["61824.00000000","0.32726000"]`, `[1,2]`, binance.ErrMissing},
		{"level is flat", depthFrame, `["61824.00000000","0.32726000"]`, `"61824.00000000","0.32726000"`, binance.ErrMissing},
		{"doubled ladder", depthFrame, `"a":`, `"b":[],"a":`, binance.ErrDuplicate},
		{"too many levels", depthFrame, `"b":[`, `"b":[["1","1"],["2","1"],["3","1"],`, binance.ErrLevels},
		{"field beside the wrapper", tradeFrame, tradeFrame, `{"p":"1.0","data":` + tradeFrame + `}`, binance.ErrDuplicate},
		{"two wrapped", tradeFrame, tradeFrame, `{"data":` + tradeFrame + `,"data":` + tradeFrame + `}`, binance.ErrDuplicate},
		{"half outside the wrapper", tradeFrame, tradeFrame, `{"data":` + strings.Replace(tradeFrame, `"p":"61837.63000000",`, ``, 1) + `,"p":"1.0"}`, binance.ErrMissing},
		{"not an object", tradeFrame, tradeFrame, `[]`, scan.ErrKind},
		{"empty", tradeFrame, tradeFrame, ``, scan.ErrEnd},
	} {
		t.Run(row.name, func(t *testing.T) {
			message := strings.Replace(row.frame, row.old, row.new, 1)
			if message == row.frame {
				t.Fatal("the row changes nothing")
			}
			var d binance.Dialect
			ev := market.NewEvent(3)
			if err := d.Market([]byte(message), ev); !errors.Is(err, row.want) {
				t.Errorf("%s: %v, want %v", message, err, row.want)
			}
			if ev.Kind != market.KindNone || ev.Symbol != nil || len(ev.Depth.Bids)+len(ev.Depth.Asks) > 0 {
				t.Errorf("a refused message left %+v", ev)
			}
		})
	}
}

func TestMarketMicroseconds(t *testing.T) {
	var d binance.Dialect
	ev := market.NewEvent(4)
	message := strings.ReplaceAll(tradeFrame, "1723161255342,", "1723161255342987,")
	if err := d.Market([]byte(message), ev); err != nil || ev.Trade.TimeNanos != 1723161255342987000 || ev.EventNanos != 1723161255343000000 {
		t.Errorf("%v, %+v", err, ev)
	}
}

// checkShort holds the short way to the general one: where it reads a message, both read the same.
func checkShort(t testing.TB, d *binance.Dialect, message []byte) (short bool) {
	t.Helper()
	quick, slow := market.NewEvent(16), market.NewEvent(16)
	if !d.Short(message, quick) {
		return false
	}
	if err := binance.General(message, slow); err != nil {
		t.Fatalf("%q: the short way reads what the general one refuses: %v", message, err)
	}
	if !reflect.DeepEqual(quick, slow) {
		t.Fatalf("%q:\nshort   %+v\ngeneral %+v", message, quick, slow)
	}
	return true
}

// TestShortWay: every recorded frame takes it, whole and damaged ones read the same in both ways.
func TestShortWay(t *testing.T) {
	for name, product := range map[string]binance.Product{"spot.txt": binance.Spot, "usdm.txt": binance.USDM} {
		d := &binance.Dialect{Product: product}
		for _, message := range recorded(t, name) {
			if len(readPeer(t, message).B) > 1000 {
				continue // more levels than the events of this test have room for
			}
			if !checkShort(t, d, message) || !checkShort(t, d, readPeerData(t, message)) {
				t.Errorf("%s does not take the short way", message)
			}
			for at := range message {
				checkShort(t, d, message[:at])
				for _, b := range []byte(`"\{}[],:.0e- ` + "\x00\xff") {
					damaged := bytes.Clone(message)
					damaged[at] = b
					checkShort(t, d, damaged)
					checkShort(t, d, append(append(bytes.Clone(message[:at]), b), message[at:]...))
				}
			}
		}
	}
}

func FuzzMarket(f *testing.F) {
	for _, name := range []string{"spot.txt", "usdm.txt"} {
		for _, message := range recorded(f, name) {
			f.Add(message)
		}
	}
	for _, example := range documented(f) {
		f.Add([]byte(example.Frame))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		before := bytes.Clone(message)
		ev := market.NewEvent(16)
		for _, product := range []binance.Product{binance.Spot, binance.USDM} {
			checkShort(t, &binance.Dialect{Product: product}, message)
		}
		var d binance.Dialect
		err := d.Market(message, ev)
		if !bytes.Equal(before, message) {
			t.Fatal("the message was changed")
		}
		if err != nil {
			if ev.Kind != market.KindNone {
				t.Fatalf("%v, and kind %d", err, ev.Kind)
			}
			return
		}
		if !json.Valid(message) {
			t.Fatalf("%q is not JSON", message)
		}
		var c scan.Cursor
		c.Reset(message)
		c.Skip()
		if c.End() != nil {
			t.Fatalf("%q: accepted, but %v", message, c.End())
		}
		if ev.Kind == market.KindNone || ev.Depth.First > ev.Depth.Last {
			t.Fatalf("%q: %+v", message, ev)
		}
	})
}

func TestMarketAllocs(t *testing.T) {
	var d binance.Dialect
	ev := market.NewEvent(64)
	messages := append(recorded(t, "spot.txt"), []byte(`{"e":"trade"}`), []byte(`{"e":`))
	failed := 0
	if allocs := testing.AllocsPerRun(100, func() {
		for _, message := range messages {
			if d.Market(message, ev) != nil {
				failed++
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
	if failed == 0 {
		t.Error("the refusing paths were not measured")
	}
}

// depth217 has the 217 bytes of the shape in which the parser's figure is stated.
const depth217 = `{"e":"depthUpdate","E":1723161258209,"s":"BTCUSDT","U":5009324121,"u":5009324126,"b":[["9824.00000000","0.32726000"],["9799.50000000","0.06470000"]],"a":[["9840.18000000","0.04959000"],["9840.19000000","0.00000000"]]}`

func BenchmarkMarket(b *testing.B) {
	spot := recorded(b, "spot.txt")
	for _, row := range []struct {
		name    string
		message []byte
	}{
		{"depth217", []byte(depth217)},
		{"depth", spot[13]},
		{"trade", spot[1]},
		{"bookTicker", spot[0]},
	} {
		b.Run("kind="+row.name, func(b *testing.B) {
			var d binance.Dialect
			ev := market.NewEvent(64)
			b.ReportAllocs()
			b.SetBytes(int64(len(row.message)))
			for b.Loop() {
				if err := d.Market(row.message, ev); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("kind="+row.name+"/peer=encoding_json", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(row.message)))
			for b.Loop() {
				var p struct {
					Data *peer `json:"data"`
					peer
				}
				if err := json.Unmarshal(row.message, &p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
