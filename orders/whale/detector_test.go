package whale_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/whale"
)

func num(t testing.TB, text string) fixed.Number {
	t.Helper()
	n, err := fixed.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func detector(t testing.TB, change func(*whale.Config)) *whale.Detector {
	t.Helper()
	config := whale.Config{Symbols: []whale.Symbol{{Name: "ETHUSDT", Tick: num(t, "0.01")}, {Name: "BTCUSDT", Tick: num(t, "0.01")}}}
	if change != nil {
		change(&config)
	}
	d, err := whale.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// print is `symbol time side price qty`.
func event(t testing.TB, text string) *market.Event {
	t.Helper()
	var symbol, side, price, qty string
	var at int64
	if _, err := fmt.Sscan(text, &symbol, &at, &side, &price, &qty); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	aggressor := map[string]market.Side{"buy": market.Buy, "sell": market.Sell}[side]
	return &market.Event{
		Kind: market.KindTrade, Symbol: []byte(symbol),
		Trade: market.Trade{Price: num(t, price), Qty: num(t, qty), TimeNanos: at, Aggressor: aggressor},
	}
}

func TestSee(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*whale.Config)
		prints []string // those that trigger are followed by the order they call for
		counts whale.Counts
	}{
		{
			"a sweep triggers once, at the print that reaches the threshold", nil,
			[]string{
				"BTCUSDT 1 buy 50000.00 1.0", "BTCUSDT 1 buy 50000.00 1.0 -> 1 buy 50000.05 0.001", "BTCUSDT 1 buy 50000.00 9.0",
			},
			whale.Counts{Trades: 3, Triggers: 1},
		},
		{
			"one large print is a sweep", nil,
			[]string{"ETHUSDT 1 sell 2000.00 50.0 -> 0 sell 1999.95 0.001"},
			whale.Counts{Trades: 1, Triggers: 1},
		},
		{
			"a hair below the threshold is not reached", nil,
			[]string{"BTCUSDT 1 buy 99999.99 1", "BTCUSDT 1 buy 0.01 0.99999999", "BTCUSDT 1 buy 0.01 0.00000001 -> 1 buy 0.06 0.001"},
			whale.Counts{Trades: 3, Triggers: 1},
		},
		{
			"times, sides and symbols are told apart", nil,
			[]string{
				"BTCUSDT 1 buy 60000.00 1", "BTCUSDT 1 sell 60000.00 1", "ETHUSDT 1 buy 60000.00 1", "BTCUSDT 2 buy 60000.00 1",
			},
			whale.Counts{Trades: 4},
		},
		{
			"both sides of one time may each sweep", nil,
			[]string{
				"BTCUSDT 1 buy 60000.00 1", "BTCUSDT 1 sell 60000.00 1",
				"BTCUSDT 1 buy 60000.00 1 -> 1 buy 60000.05 0.001", "BTCUSDT 1 sell 60000.00 1 -> 1 sell 59999.95 0.001",
			},
			whale.Counts{Trades: 4, Triggers: 2},
		},
		{
			"no cool-down by default", nil,
			[]string{"BTCUSDT 1 buy 60000.00 2 -> 1 buy 60000.05 0.001", "BTCUSDT 2 buy 60000.00 2 -> 1 buy 60000.05 0.001"},
			whale.Counts{Trades: 2, Triggers: 2},
		},
		{
			"a cool-down in trade time, each symbol for itself", func(c *whale.Config) { c.CoolDownNanos = 10 },
			[]string{
				"BTCUSDT 1 buy 60000.00 2 -> 1 buy 60000.05 0.001", "BTCUSDT 10 buy 60000.00 2", "ETHUSDT 10 buy 60000.00 2 -> 0 buy 60000.05 0.001",
				"BTCUSDT 11 buy 60000.00 2 -> 1 buy 60000.05 0.001",
			},
			whale.Counts{Trades: 4, Triggers: 3, Rested: 1},
		},
		{
			"threshold, offset and quantity are configured", func(c *whale.Config) {
				c.Threshold, c.OffsetTicks, c.Qty = num(t, "10.5"), 2, num(t, "0.25")
			},
			[]string{"BTCUSDT 1 buy 10.49 1", "BTCUSDT 2 buy 10.50 1 -> 1 buy 10.52 0.25"},
			whale.Counts{Trades: 2, Triggers: 1},
		},
		{
			"a price off the tick, or too low, makes no order", func(c *whale.Config) { c.Threshold = num(t, "1") },
			[]string{"BTCUSDT 1 buy 10.495 1", "BTCUSDT 2 sell 0.05 100", "BTCUSDT 3 sell 0.06 100 -> 1 sell 0.01 0.001"},
			whale.Counts{Trades: 3, Triggers: 1, Refused: 2},
		},
		{
			"strangers are passed over", nil,
			[]string{"SOLUSDT 1 buy 60000.00 100"},
			whale.Counts{Trades: 1, Foreign: 1},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := detector(t, row.change)
			for _, line := range row.prints {
				text, want, _ := strings.Cut(line, " -> ")
				decision, ok := d.See(event(t, text))
				got := ""
				if ok {
					got = fmt.Sprintf("%d %s %v %v", decision.Symbol, map[market.Side]string{market.Buy: "buy", market.Sell: "sell"}[decision.Side], decision.Price, decision.Qty)
					if decision.Type != orders.Limit || decision.TIF != orders.IOC {
						t.Errorf("%s: type %d, tif %d", text, decision.Type, decision.TIF)
					}
				}
				if got != want {
					t.Errorf("%s: %q, want %q", text, got, want)
				}
			}
			if d.Counts() != row.counts {
				t.Errorf("%+v, want %+v", d.Counts(), row.counts)
			}
		})
	}
}

func TestSeePassesOverOtherKinds(t *testing.T) {
	d := detector(t, nil)
	ev := event(t, "BTCUSDT 1 buy 60000.00 100")
	for kind := market.KindNone; kind <= market.KindShutdown; kind++ {
		ev.Kind = kind
		if _, ok := d.See(ev); ok != (kind == market.KindTrade) {
			t.Errorf("kind %d: %v", kind, ok)
		}
	}
	if d.Counts().Trades != 1 {
		t.Errorf("%+v", d.Counts())
	}
}

func TestNewRefuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*whale.Config)
		says   string
	}{
		{"no symbols", func(c *whale.Config) { c.Symbols = nil }, "symbols"},
		{"too many", func(c *whale.Config) { c.Symbols = make([]whale.Symbol, 257) }, "symbols"},
		{"nameless", func(c *whale.Config) { c.Symbols[0].Name = "" }, "name"},
		{"no tick", func(c *whale.Config) { c.Symbols[0].Tick = fixed.Number{} }, "tick"},
		{"twice", func(c *whale.Config) { c.Symbols[0].Name = c.Symbols[1].Name }, "twice"},
		{"threshold", func(c *whale.Config) { c.Threshold.Mantissa = -1 }, "threshold"},
		{"quantity", func(c *whale.Config) { c.Qty.Mantissa = -1 }, "qty"},
		{"offset", func(c *whale.Config) { c.OffsetTicks = -1 }, "offset"},
		{"cool-down", func(c *whale.Config) { c.CoolDownNanos = -1 }, "cool-down"},
	} {
		config := whale.Config{Symbols: []whale.Symbol{{Name: "A", Tick: num(t, "0.1")}, {Name: "B", Tick: num(t, "0.1")}}}
		row.change(&config)
		if _, err := whale.New(config); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func must(t testing.TB, names ...string) *market.Symbols {
	t.Helper()
	symbols, err := market.NewSymbols(names)
	if err != nil {
		t.Fatal(err)
	}
	return symbols
}

// print is a recorded trade as encoding/json and math/big see it.
type print struct {
	at       int64
	maker    bool
	price    *big.Rat
	notional *big.Rat
}

// recount finds the triggers of a recording with nothing of ours: prints in order, grouped by (T, m) in a map.
func recount(prints []print, threshold *big.Rat) (triggers []print) {
	type key struct {
		at    int64
		maker bool
	}
	sums, fired := map[key]*big.Rat{}, map[key]bool{}
	for _, p := range prints {
		k := key{p.at, p.maker}
		if sums[k] == nil {
			sums[k] = new(big.Rat)
		}
		sums[k].Add(sums[k], p.notional)
		if !fired[k] && sums[k].Cmp(threshold) >= 0 {
			fired[k] = true
			triggers = append(triggers, p)
		}
	}
	return triggers
}

func TestWholeRecording(t *testing.T) {
	root := os.Getenv("ORDERWIRE_SHARED")
	if root == "" {
		t.Skip("recording binance-spot-btcusdt-20240808.jsonl.gz: ORDERWIRE_SHARED is not set")
	}
	file, err := os.Open(filepath.Join(root, "market-data/binance-spot-btcusdt-20240808.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var (
		dialect   binance.Dialect
		symbols   = must(t, "BTCUSDT")
		gaps      = market.NewGaps(symbols)
		d         = detector(t, nil)
		ev        = market.NewEvent(1000)
		prints    []print
		decisions []whale.Decision
	)
	lines := bufio.NewReaderSize(text, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		_, message, _ := bytes.Cut(line, []byte(" "))
		if err := dialect.Market(message, ev); err != nil {
			t.Fatalf("%.200s: %v", message, err)
		}
		gaps.See(ev)
		if decision, ok := d.See(ev); ok {
			decisions = append(decisions, decision)
		}
		var frame struct {
			Data struct {
				T       int64  `json:"T"`
				TradeID int64  `json:"t"`
				Price   string `json:"p"`
				Qty     string `json:"q"`
				Maker   bool   `json:"m"`
				Ignored bool   `json:"M"`
			} `json:"data"`
		}
		if bytes.Contains(message, []byte(`"e":"trade"`)) {
			if err := json.Unmarshal(message, &frame); err != nil {
				t.Fatal(err)
			}
			price, _ := new(big.Rat).SetString(frame.Data.Price)
			qty, _ := new(big.Rat).SetString(frame.Data.Qty)
			prints = append(prints, print{frame.Data.T, frame.Data.Maker, price, new(big.Rat).Mul(price, qty)})
		}
	}
	want := recount(prints, big.NewRat(100_000, 1))
	if len(want) != 16 || len(decisions) != len(want) || d.Counts() != (whale.Counts{Trades: 9757, Triggers: 16}) {
		t.Fatalf("%d decisions, %d recounted, %+v; want 16 of 9757 trades", len(decisions), len(want), d.Counts())
	}
	for i, decision := range decisions {
		offset, side := big.NewRat(5, 100), market.Buy
		if want[i].maker {
			offset, side = big.NewRat(-5, 100), market.Sell
		}
		price := new(big.Rat).Add(want[i].price, offset)
		if got, _ := new(big.Rat).SetString(decision.Price.String()); decision.Side != side || got.Cmp(price) != 0 || decision.Symbol != 1 {
			t.Errorf("decision %d: %+v, want side %d at %s", i, decision, side, price.FloatString(2))
		}
	}
	if counts := gaps.Counts(); counts != (market.GapCounts{Seen: 9757 + 3451}) {
		t.Errorf("%+v, want no gap", counts)
	}
}

func TestSeeAllocs(t *testing.T) {
	d := detector(t, nil)
	ev := event(t, "BTCUSDT 1 buy 60000.00 2")
	triggers := 0
	if allocs := testing.AllocsPerRun(100, func() {
		ev.Trade.TimeNanos++
		if _, ok := d.See(ev); ok {
			triggers++
		}
	}); allocs != 0 || triggers == 0 {
		t.Errorf("%v allocations in %d triggers, want 0", allocs, triggers)
	}
}

func BenchmarkSee(b *testing.B) {
	d := detector(b, nil)
	ev := event(b, "BTCUSDT 1 buy 61837.63000000 0.02000000")
	b.ReportAllocs()
	for b.Loop() {
		ev.Trade.TimeNanos++
		d.See(ev)
	}
}
