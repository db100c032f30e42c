package simex_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"orderwire/bench/simex"
)

// handMarket is a market of a few frames: a snapshot, two changes, a quote, a trade.
const handMarket = `1000 {"lastUpdateId":10,"bids":[["100.00","1.0"],["99.00","2.0"]],"asks":[["101.00","1.5"],["102.00","3.0"]]}
2000 {"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":11,"u":12,"b":[["100.00","0.0"],["98.00","4.0"]],"a":[["101.50","0.7"]]}}
3000 {"stream":"btcusdt@bookTicker","data":{"u":12,"s":"BTCUSDT","b":"99.00","B":"2.0","a":"101.00","A":"1.5"}}
4000 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":77,"p":"101.00","q":"0.02000000","T":1723161255342,"m":false,"M":true}}
`

// replayed subscribes on a connection of a kind and returns all frames of the recording.
func replayed(t *testing.T, recording *simex.Recording, kind, path, subscribe string) []map[string]any {
	t.Helper()
	worded, err := recording.As(kind)
	if err != nil {
		t.Fatal(err)
	}
	v := newVenue(t, simex.Config{Kind: kind, Market: worded, ReplayHold: true, PingEvery: -1})
	c := join(t, v, path)
	c.take()
	c.text(subscribe)
	for before := uint64(0); ; {
		c.c.Tick(c.now)
		c.read()
		if now := v.Counts().MarketFrames; now == before {
			break
		} else {
			before = now
		}
	}
	clean(t, v)
	var frames []map[string]any
	for _, text := range c.take() {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var frame map[string]any
		if err := decoder.Decode(&frame); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		frames = append(frames, frame)
	}
	return frames
}

func readMarket(t *testing.T, text string) *simex.Recording {
	t.Helper()
	recording, err := simex.ReadRecording(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return recording
}

func TestEveryVenueWordsTheSameMarket(t *testing.T) {
	for _, row := range []struct {
		kind, path, subscribe string
		parts                 []string
	}{
		{
			"bybit", "/v5/public/spot", `{"op":"subscribe","args":["publicTrade.BTCUSDT","orderbook.1.BTCUSDT","orderbook.50.BTCUSDT"]}`,
			[]string{
				`"topic":"orderbook.50.BTCUSDT","type":"snapshot"`, `"b":[["100","1"],["99","2"]]`, `"type":"delta"`, `["100","0"]`, `["98","4"]`, `["101.5","0.7"]`,
				`"topic":"orderbook.1.BTCUSDT"`, `"b":[["99","2"]],"a":[["101","1.5"]]`, `"S":"Buy","v":"0.02000000","p":"101.00"`,
			},
		},
		{
			"binance-usdm", "/public/ws", `{"method":"SUBSCRIBE","params":["btcusdt@depth@0ms"],"id":1}`,
			[]string{
				`{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","T":1723161255208,"pu":0,"E":1723161255208,"s":"BTCUSDT","U":11,"u":12,"b":[["100.00","0.0"]`,
				`{"e":"bookTicker","u":12,"s":"BTCUSDT","b":"99.00","B":"2.0","a":"101.00","A":"1.5","T":1723161255208,"E":1723161255208}`,
				`{"e":"trade","E":1723161255343,"T":1723161255342,"s":"BTCUSDT","t":77,"p":"101.00","q":"0.02000000","m":false,"X":"MARKET"}`,
			},
		},
		{
			"kraken", "/v2", `{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}`,
			[]string{`{"symbol":"BTC/USD","side":"buy","price":101,"qty":0.02,"ord_type":"market","trade_id":77,"timestamp":"2024-08-08T23:54:15.343000Z"}`},
		},
		{
			"kraken", "/v2", `{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}}`,
			[]string{`"type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":100.00,"qty":1.00000000}`, `"bids":[{"price":100.00,"qty":0.00000000},{"price":98.00,"qty":4.00000000}]`},
		},
		{
			"coinbase", "/", `{"type":"subscribe","product_ids":["BTC-USD"],"channels":["matches","ticker","level2_batch"]}`,
			[]string{`{"type":"snapshot","product_id":"BTC-USD"`, `"changes":[["buy","100","0"],["buy","98","4"],["sell","101.5","0.7"]]`, `"best_bid":"99"`, `"type":"match","trade_id":77`, `"side":"sell"`},
		},
		{
			"coinbase-advanced", "/", `{"type":"subscribe","product_ids":["BTC-USD"],"channel":"market_trades"}`,
			[]string{`"sequence_num":0,"events":[{"subscriptions"`, `"sequence_num":1,"events":[{"type":"update","trades":[{"trade_id":"77"`, `"side":"SELL"`},
		},
		{
			"coinbase-advanced", "/", `{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}`,
			[]string{`"channel":"l2_data"`, `"type":"snapshot"`, `{"side":"offer","event_time":"2024-08-08T23:54:15.208000Z","price_level":"101.5","new_quantity":"0.7"}`},
		},
	} {
		t.Run(row.kind+" "+row.subscribe, func(t *testing.T) {
			worded, err := readMarket(t, handMarket).As(row.kind)
			if err != nil {
				t.Fatal(err)
			}
			v := newVenue(t, simex.Config{Kind: row.kind, Market: worded, ReplayHold: true})
			c := join(t, v, row.path)
			c.text(row.subscribe)
			c.pass(1)
			all := strings.ReplaceAll(strings.Join(c.take(), "\n"), `["101","1.5"],["102","3"]`, "")
			for _, part := range row.parts {
				if !strings.Contains(all, part) {
					t.Errorf("%s is not in\n%s", part, all)
				}
			}
			clean(t, v)
		})
	}
}

func TestAWordingThatDoesNotExistIsRefused(t *testing.T) {
	if _, err := readMarket(t, handMarket).As("nowhere"); err == nil {
		t.Error("a venue that does not exist has words")
	}
}

// sideBook is one side of a book as a client of Kraken or Bybit keeps it: price text to quantity text.
type sideBook map[string]string

func (s sideBook) best(n int, descending bool) []string {
	prices := make([]string, 0, len(s))
	for price := range s {
		prices = append(prices, price)
	}
	value := func(text string) (v float64) { _, _ = fmt.Sscan(text, &v); return v }
	sort.Slice(prices, func(i, j int) bool { return (value(prices[i]) < value(prices[j])) != descending })
	return prices[:min(n, len(prices))]
}

// TestKrakenChecksumsHoldOverTheSharedRecording rebuilds the ladder as a client does and recomputes every checksum from
// the text that was sent.
func TestKrakenChecksumsHoldOverTheSharedRecording(t *testing.T) {
	recording := sharedRecording(t)
	const depth = 10
	book := map[string]sideBook{"bids": {}, "asks": {}}
	checked := 0
	for _, frame := range replayed(t, recording, "kraken", "/v2", `{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}}`) {
		if frame["channel"] != "book" {
			continue
		}
		data := frame["data"].([]any)[0].(map[string]any) //nolint:forcetypeassert // a test may panic
		if frame["type"] == "snapshot" {
			book = map[string]sideBook{"bids": {}, "asks": {}}
		}
		for _, side := range []string{"bids", "asks"} {
			for _, entry := range data[side].([]any) { //nolint:forcetypeassert // a test may panic
				level := entry.(map[string]any) //nolint:forcetypeassert // a test may panic
				price, qty := fmt.Sprint(level["price"]), fmt.Sprint(level["qty"])
				if strings.Trim(qty, "0.") == "" {
					delete(book[side], price)
				} else {
					book[side][price] = qty
				}
			}
			kept := sideBook{}
			for _, price := range book[side].best(depth, side == "bids") {
				kept[price] = book[side][price]
			}
			book[side] = kept
		}
		var text strings.Builder
		for _, side := range []string{"asks", "bids"} {
			for _, price := range book[side].best(10, side == "bids") {
				for _, number := range []string{price, book[side][price]} {
					text.WriteString(strings.TrimLeft(strings.ReplaceAll(number, ".", ""), "0"))
				}
			}
		}
		if want := fmt.Sprint(crc32.ChecksumIEEE([]byte(text.String()))); want != fmt.Sprint(data["checksum"]) {
			t.Fatalf("frame %d: checksum is %v, the ladder gives %s", checked, data["checksum"], want)
		}
		checked++
	}
	if checked < 1000 {
		t.Errorf("only %d ladders were checked", checked)
	}
}

// TestBybitLaddersFollowEachOther rebuilds the 50-level ladder: u rises by one, and what is deleted stood there.
func TestBybitLaddersFollowEachOther(t *testing.T) {
	recording := sharedRecording(t)
	book := map[string]sideBook{"b": {}, "a": {}}
	last, checked := int64(0), 0
	for _, frame := range replayed(t, recording, "bybit", "/v5/public/spot", `{"op":"subscribe","args":["orderbook.50.BTCUSDT"]}`) {
		data, ok := frame["data"].(map[string]any)
		if !ok {
			continue
		}
		u, err := data["u"].(json.Number).Int64() //nolint:forcetypeassert // a test may panic
		if err != nil || frame["type"] == "delta" && u != last+1 {
			t.Fatalf("u is %v after %d", data["u"], last)
		}
		last = u
		for side, levels := range book {
			for _, entry := range data[side].([]any) { //nolint:forcetypeassert // a test may panic
				pair := entry.([]any) //nolint:forcetypeassert // a test may panic
				price, qty := fmt.Sprint(pair[0]), fmt.Sprint(pair[1])
				if qty != "0" {
					levels[price] = qty
					continue
				}
				if _, stood := levels[price]; !stood {
					t.Fatalf("u %d deletes %s, which did not stand", u, price)
				}
				delete(levels, price)
			}
			if len(levels) > 50 {
				t.Fatalf("u %d leaves %d levels", u, len(levels))
			}
		}
		checked++
	}
	if checked < 1000 {
		t.Errorf("only %d ladders were checked", checked)
	}
}

func sharedRecording(t *testing.T) *simex.Recording {
	t.Helper()
	shared := os.Getenv("ORDERWIRE_SHARED")
	if shared == "" {
		t.Skip("ORDERWIRE_SHARED is not set: the recordings are elsewhere")
	}
	file, err := os.Open(filepath.Join(shared, "market-data", "binance-spot-btcusdt-20240808.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // read only
	recording, err := simex.ReadRecording(file)
	if err != nil {
		t.Fatal(err)
	}
	return recording
}
