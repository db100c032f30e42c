package market_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// levels reads `price:qty price:qty`.
func levels(t testing.TB, text string) (out []market.Level) {
	t.Helper()
	for _, pair := range strings.Fields(text) {
		price, qty, _ := strings.Cut(pair, ":")
		out = append(out, market.Level{Price: num(t, price), Qty: num(t, qty)})
	}
	return out
}

// step is one event and the state that must follow.
type step struct {
	kind                  market.Kind
	first, last, previous int64
	bids, asks            string
	state                 market.BookState
}

func apply(t *testing.T, book *market.Book, s step) {
	t.Helper()
	ev := &market.Event{Kind: s.kind, Depth: market.Depth{
		First: s.first, Last: s.last, Previous: s.previous, Bids: levels(t, s.bids), Asks: levels(t, s.asks),
	}}
	if got := book.Apply(ev); got != s.state || book.State() != s.state {
		t.Fatalf("%+v: state %d, want %d", s, got, s.state)
	}
	if _, _, ok := book.Best(); ok && s.state != market.BookGood {
		t.Fatalf("%+v: a book in state %d shows a price", s, s.state)
	}
}

// shown is the ladder as text, best first.
func shown(book *market.Book) string {
	var out strings.Builder
	bids, asks := book.Depths()
	for i := range bids {
		level, _ := book.Bid(i)
		fmt.Fprintf(&out, "%v:%v ", level.Price, level.Qty)
	}
	out.WriteString("|")
	for i := range asks {
		level, _ := book.Ask(i)
		fmt.Fprintf(&out, " %v:%v", level.Price, level.Qty)
	}
	return out.String()
}

func TestBook(t *testing.T) {
	const waiting, joining, good = market.BookWaiting, market.BookJoining, market.BookGood
	snapshot, change, gap := market.KindSnapshot, market.KindDepth, market.KindGap
	for _, row := range []struct {
		name   string
		config market.BookConfig
		steps  []step
		shows  string
		counts market.BookCounts
	}{
		{
			"snapshot, then a change that joins in its middle",
			market.BookConfig{},
			[]step{
				{kind: snapshot, last: 10, bids: "99:1 98:2", asks: "101:1 102:2", state: joining},
				{kind: change, first: 8, last: 12, bids: "99:0 97:3", asks: "101:5", state: good},
				{kind: change, first: 13, last: 13, bids: "99.5:1", state: good},
			},
			"99.5:1 98:2 97:3 | 101:5 102:2",
			market.BookCounts{Applied: 2},
		},
		{
			"changes that came before their snapshot",
			market.BookConfig{},
			[]step{
				{kind: change, first: 1, last: 5, bids: "1:1", state: waiting},
				{kind: change, first: 6, last: 12, bids: "99:7", state: waiting},
				{kind: change, first: 13, last: 15, asks: "101:0", state: waiting},
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1 102:2", state: good},
			},
			"99:7 | 102:2",
			market.BookCounts{Applied: 2},
		},
		{
			"a snapshot older than what is kept",
			market.BookConfig{},
			[]step{
				{kind: change, first: 20, last: 25, bids: "98:1", state: waiting},
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1", state: waiting},
				{kind: change, first: 26, last: 27, bids: "97:1", state: waiting},
				{kind: snapshot, last: 22, bids: "99:1", asks: "101:1", state: good},
			},
			"99:1 98:1 97:1 | 101:1",
			market.BookCounts{Applied: 2, TooOld: 1},
		},
		{
			"a gap voids at once, and what follows waits",
			market.BookConfig{},
			[]step{
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1", state: joining},
				{kind: change, first: 11, last: 11, bids: "98:1", state: good},
				{kind: change, first: 13, last: 14, bids: "97:1", state: waiting},
				{kind: change, first: 15, last: 15, bids: "96:1", state: waiting},
				{kind: snapshot, last: 13, bids: "99:1", asks: "101:1", state: good},
			},
			"99:1 97:1 96:1 | 101:1",
			market.BookCounts{Applied: 3, Gaps: 1},
		},
		{
			"an overlap after joining is a gap too",
			market.BookConfig{},
			[]step{
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1", state: joining},
				{kind: change, first: 11, last: 12, bids: "98:1", state: good},
				{kind: change, first: 12, last: 13, bids: "97:1", state: waiting},
			},
			"|",
			market.BookCounts{Applied: 1, Gaps: 1},
		},
		{
			"stale changes are passed over",
			market.BookConfig{},
			[]step{
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1", state: joining},
				{kind: change, first: 1, last: 10, bids: "98:1", state: joining},
				{kind: change, first: 11, last: 12, bids: "97:1", state: good},
				{kind: change, first: 11, last: 12, bids: "96:1", state: good},
			},
			"99:1 97:1 | 101:1",
			market.BookCounts{Applied: 1, Stale: 2},
		},
		{
			"numbers that jump are linked by pu",
			market.BookConfig{},
			[]step{
				{kind: snapshot, last: 100, bids: "99:1", asks: "101:1", state: joining},
				{kind: change, first: 150, last: 160, previous: 90, bids: "98:1", state: good},
				{kind: change, first: 190, last: 200, previous: 160, bids: "97:1", state: good},
				{kind: change, first: 201, last: 210, previous: 199, bids: "96:1", state: waiting},
			},
			"|",
			market.BookCounts{Applied: 2, Gaps: 1},
		},
		{
			"snapshots in the stream are good at once",
			market.BookConfig{InBand: true},
			[]step{
				{kind: change, first: 3, last: 3, bids: "1:1", state: waiting},
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1", state: good},
				{kind: change, first: 11, last: 11, bids: "98:1", state: good},
				{kind: snapshot, last: 1, bids: "95:1", asks: "105:1", state: good},
				{kind: change, first: 2, last: 2, bids: "94:1", state: good},
			},
			"95:1 94:1 | 105:1",
			market.BookCounts{Applied: 2},
		},
		{
			"a crossed ladder is void",
			market.BookConfig{},
			[]step{
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1", state: joining},
				{kind: change, first: 11, last: 11, bids: "101:1", state: waiting},
				{kind: snapshot, last: 12, bids: "99:1", asks: "99:1", state: waiting},
			},
			"|",
			market.BookCounts{Applied: 1, Crossed: 2},
		},
		{
			"kept changes that cross",
			market.BookConfig{},
			[]step{
				{kind: change, first: 11, last: 11, bids: "101:1", state: waiting},
				{kind: change, first: 12, last: 12, bids: "98:1", state: waiting},
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1", state: waiting},
			},
			"|",
			market.BookCounts{Applied: 1, Crossed: 1},
		},
		{
			"a gap event voids",
			market.BookConfig{},
			[]step{
				{kind: snapshot, last: 10, bids: "99:1", asks: "101:1", state: joining},
				{kind: change, first: 11, last: 11, state: good},
				{kind: gap, state: waiting},
				{kind: change, first: 12, last: 12, state: waiting},
			},
			"|",
			market.BookCounts{Applied: 1},
		},
		{
			"no room to wait",
			market.BookConfig{PendingEvents: 2},
			[]step{
				{kind: change, first: 1, last: 1, state: waiting},
				{kind: change, first: 2, last: 2, state: waiting},
				{kind: change, first: 3, last: 3, state: waiting},
				{kind: snapshot, last: 2, bids: "99:1", asks: "101:1", state: joining},
			},
			"|",
			market.BookCounts{Overflown: 3},
		},
		{
			"another scale is the same price",
			market.BookConfig{},
			[]step{
				{kind: snapshot, last: 10, bids: "99.10:1", asks: "101:1", state: joining},
				{kind: change, first: 11, last: 11, bids: "99.1:2", asks: "101.00:0 102:1", state: good},
			},
			"99.1:2 | 102:1",
			market.BookCounts{Applied: 1},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			book := market.NewBook(row.config)
			for _, s := range row.steps {
				apply(t, book, s)
			}
			if got := strings.TrimSpace(shown(book)); got != strings.TrimSpace(row.shows) {
				t.Errorf("shows %q, want %q", got, row.shows)
			}
			if book.Counts() != row.counts {
				t.Errorf("%+v, want %+v", book.Counts(), row.counts)
			}
		})
	}
}

// plainBook is the independent rebuild: two maps from price text to quantity text.
type plainBook struct{ bids, asks map[string]string }

func (p *plainBook) apply(side map[string]string, changes [][2]string) {
	for _, change := range changes {
		if strings.Trim(change[1], "0.") == "" {
			delete(side, change[0])
		} else {
			side[change[0]] = change[1]
		}
	}
}

func price(text string) *big.Rat {
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("not a number: " + text)
	}
	return value
}

// check compares the whole ladder of one side.
func (p *plainBook) check(t *testing.T, name string, side map[string]string, nth func(int) (market.Level, bool), known, direction int) {
	t.Helper()
	prices := slices.SortedFunc(maps.Keys(side), func(a, b string) int { return direction * price(a).Cmp(price(b)) })
	if known != len(prices) {
		t.Fatalf("%s: %d levels, want %d", name, known, len(prices))
	}
	for i, text := range prices {
		level, ok := nth(i)
		if !ok || level.Price.String() != text || level.Qty.String() != side[text] {
			t.Fatalf("%s: level %d is %v:%v, want %s:%s", name, i, level.Price, level.Qty, text, side[text])
		}
	}
}

// TestBookWholeRecordings rebuilds the books of the recordings beside maps that encoding/json fills. The best
// prices are compared at every step, whole ladders at every hundredth.
func TestBookWholeRecordings(t *testing.T) {
	for _, row := range []struct {
		file    string
		applied uint64
	}{
		{"binance-spot-btcusdt-20240808.jsonl.gz", 3449}, // of 3451 changes two are older than the snapshot
		{"binance-usdm-btcusdt-20240808-first60000.jsonl.gz", 4578},
	} {
		t.Run(row.file, func(t *testing.T) {
			var (
				dialect binance.Dialect
				ev      = market.NewEvent(1000)
				book    = market.NewBook(market.BookConfig{Levels: 16384})
				plain   = plainBook{map[string]string{}, map[string]string{}}
				waiting []frame
				since   int64 = -1
				steps   int
			)
			record(t, row.file, func(message []byte) {
				if !bytes.Contains(message, []byte(`epthUpdate`)) && !bytes.Contains(message, []byte(`lastUpdateId`)) {
					return
				}
				if err := dialect.Market(message, ev); err != nil {
					t.Fatal(err)
				}
				state := book.Apply(ev)
				f := readFrame(t, message)
				switch {
				case f.Snapshot != nil:
					since = *f.Snapshot
					plain.apply(plain.bids, f.SnapshotBids)
					plain.apply(plain.asks, f.SnapshotAsks)
					for _, w := range waiting {
						plain.change(w, since)
					}
				case since < 0:
					waiting = append(waiting, f)
					return
				default:
					plain.change(f, since)
				}
				if state != market.BookGood {
					t.Fatalf("step %d: the book is in state %d", steps, state)
				}
				steps++
				plain.checkBest(t, book)
				if steps%100 == 1 {
					bids, asks := book.Depths()
					plain.check(t, "bids", plain.bids, book.Bid, bids, -1)
					plain.check(t, "asks", plain.asks, book.Ask, asks, 1)
				}
			})
			if book.Counts() != (market.BookCounts{Applied: row.applied}) || book.State() != market.BookGood {
				t.Errorf("%+v in state %d, want %d applied", book.Counts(), book.State(), row.applied)
			}
		})
	}
}

// frame is a depth frame or snapshot as encoding/json reads it.
type frame struct {
	Data         json.RawMessage `json:"data"`
	Last         int64           `json:"u"`
	First        int64           `json:"U"`
	Bids         [][2]string     `json:"b"`
	Asks         [][2]string     `json:"a"`
	Snapshot     *int64          `json:"lastUpdateId"`
	SnapshotBids [][2]string     `json:"bids"`
	SnapshotAsks [][2]string     `json:"asks"`
}

func readFrame(t *testing.T, message []byte) (f frame) {
	t.Helper()
	if err := json.Unmarshal(message, &f); err != nil {
		t.Fatal(err)
	}
	if f.Data != nil {
		return readFrame(t, f.Data)
	}
	return f
}

func (p *plainBook) change(f frame, since int64) {
	if f.Last > since {
		p.apply(p.bids, f.Bids)
		p.apply(p.asks, f.Asks)
	}
}

func (p *plainBook) checkBest(t *testing.T, book *market.Book) {
	t.Helper()
	bid, ask, ok := book.Best()
	if !ok {
		t.Fatal("no best prices")
	}
	if p.bids[bid.Price.String()] != bid.Qty.String() || p.asks[ask.Price.String()] != ask.Qty.String() {
		t.Fatalf("best %v:%v %v:%v is not in the plain book", bid.Price, bid.Qty, ask.Price, ask.Qty)
	}
	// All prices of a recording have the same decimals, so the longer text, then the later one, is the higher price.
	above := func(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }
	for text := range p.bids {
		if above(text, bid.Price.String()) {
			t.Fatalf("bid %s is above the best %v", text, bid.Price)
		}
	}
	for text := range p.asks {
		if above(ask.Price.String(), text) {
			t.Fatalf("ask %s is below the best %v", text, ask.Price)
		}
	}
}

func record(t *testing.T, name string, each func(message []byte)) {
	t.Helper()
	root := os.Getenv("ORDERWIRE_SHARED")
	if root == "" {
		t.Skipf("recording %s: ORDERWIRE_SHARED is not set", name)
	}
	file, err := os.Open(filepath.Join(root, "market-data", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReaderSize(text, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		_, message, _ := bytes.Cut(line, []byte(" "))
		each(message)
	}
}

// TestBookLosesNothing drops one change in a thousand: each loss must void the book at once, and what a book
// shows between two losses must be what the plain book has.
func TestBookLosesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	book := market.NewBook(market.BookConfig{})
	plain := map[int64]int64{}
	last, lost := int64(0), 0
	for range 60_000 {
		first := last + 1
		last += 1 + random.Int64N(3)
		ev := &market.Event{Kind: market.KindDepth, Depth: market.Depth{First: first, Last: last}}
		for range 1 + random.IntN(3) {
			at, qty := random.Int64N(500), random.Int64N(3)
			ev.Depth.Bids = append(ev.Depth.Bids, market.Level{Price: fixed.Number{Mantissa: at}, Qty: fixed.Number{Mantissa: qty}})
			plain[at] = qty
			if qty == 0 {
				delete(plain, at)
			}
		}
		if random.IntN(1000) == 0 {
			lost++
			continue
		}
		if book.Apply(ev) == market.BookWaiting && random.IntN(10) == 0 {
			snapshot := &market.Event{Kind: market.KindSnapshot, Depth: market.Depth{Last: last}}
			for at, qty := range plain {
				snapshot.Depth.Bids = append(snapshot.Depth.Bids, market.Level{Price: fixed.Number{Mantissa: at}, Qty: fixed.Number{Mantissa: qty}})
			}
			book.Apply(snapshot)
		}
		if book.State() != market.BookGood {
			continue
		}
		highest := int64(-1)
		for at := range plain {
			highest = max(highest, at)
		}
		if best, ok := book.Bid(0); ok != (highest >= 0) || ok && (best.Price.Mantissa != highest || best.Qty.Mantissa != plain[highest]) {
			t.Fatalf("after %d losses the book shows %+v, the plain one %d:%d", lost, best, highest, plain[highest])
		}
	}
	if counts := book.Counts(); lost < 30 || counts.Gaps < uint64(lost)/2 || counts.Applied < 30_000 {
		t.Errorf("%d lost, %+v", lost, counts)
	}
}

// TestBookHorizon overfills a small ladder at random: what it shows must be the best levels, without a hole.
func TestBookHorizon(t *testing.T) {
	for _, window := range []bool{false, true} {
		random := rand.New(rand.NewPCG(9, 10))
		book := market.NewBook(market.BookConfig{Levels: 32, Window: window, InBand: true})
		book.Apply(&market.Event{Kind: market.KindSnapshot, Depth: market.Depth{Last: 1}})
		plain := map[int64]int64{}
		for id := int64(2); id < 6_000; id++ {
			at, qty := random.Int64N(100), random.Int64N(4)
			plain[at] = qty
			if qty == 0 {
				delete(plain, at)
			}
			if window { // such a venue sends only what lies inside, and again what comes back into it
				trim(plain, 32)
			}
			ev := &market.Event{Kind: market.KindDepth, Depth: market.Depth{First: id, Last: id}}
			ev.Depth.Asks = []market.Level{{Price: fixed.Number{Mantissa: at}, Qty: fixed.Number{Mantissa: qty}}}
			book.Apply(ev)
			prices := slices.Sorted(maps.Keys(plain))
			_, known := book.Depths()
			if known > len(prices) || known > 32 {
				t.Fatalf("window %v: %d levels known of %d", window, known, len(prices))
			}
			for i := range known {
				if level, _ := book.Ask(i); level.Price.Mantissa != prices[i] || level.Qty.Mantissa != plain[prices[i]] {
					t.Fatalf("window %v, change %d: level %d is %+v, want %d:%d", window, id, i, level, prices[i], plain[prices[i]])
				}
			}
		}
	}
}

// trim keeps the lowest prices.
func trim(side map[int64]int64, size int) {
	prices := slices.Sorted(maps.Keys(side))
	for _, at := range prices[min(size, len(prices)):] {
		delete(side, at)
	}
}

func TestBookAllocs(t *testing.T) {
	book := market.NewBook(market.BookConfig{Levels: 64, PendingEvents: 4, PendingLevels: 64})
	snapshot := &market.Event{Kind: market.KindSnapshot, Depth: market.Depth{Last: 1, Bids: levels(t, "99:1"), Asks: levels(t, "101:1")}}
	change := &market.Event{Kind: market.KindDepth, Depth: market.Depth{Bids: levels(t, "98:1 97:2"), Asks: levels(t, "102:0 103:1")}}
	gaps := market.NewGaps(set(t, "A"))
	change.Symbol = []byte("A")
	id := int64(1)
	if allocs := testing.AllocsPerRun(100, func() {
		snapshot.Depth.Last = id
		book.Apply(snapshot)
		for range 8 {
			id++
			change.Depth.First, change.Depth.Last = id, id
			book.Apply(change)
			gaps.See(change)
		}
		id += 2 // a gap: the next ones wait
		for range 8 {
			id++
			change.Depth.First, change.Depth.Last = id, id
			book.Apply(change)
			gaps.See(change)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
	if counts := book.Counts(); counts.Applied == 0 || counts.Gaps == 0 || counts.Overflown == 0 {
		t.Errorf("not all paths were measured: %+v", counts)
	}
}

func BenchmarkBook(b *testing.B) {
	for _, size := range []int{100, 1000, 4000} {
		b.Run(fmt.Sprintf("levels=%d", size), func(b *testing.B) {
			book := market.NewBook(market.BookConfig{InBand: true})
			snapshot := &market.Event{Kind: market.KindSnapshot}
			for i := range size {
				snapshot.Depth.Bids = append(snapshot.Depth.Bids, market.Level{Price: fixed.Number{Mantissa: int64(1_000_000 - i)}, Qty: fixed.Number{Mantissa: 1}})
				snapshot.Depth.Asks = append(snapshot.Depth.Asks, market.Level{Price: fixed.Number{Mantissa: int64(1_000_001 + i)}, Qty: fixed.Number{Mantissa: 1}})
			}
			book.Apply(snapshot)
			random := rand.New(rand.NewPCG(1, 1))
			changes := make([]market.Event, 4096)
			for i := range changes { // near the best price, as real changes are
				away := int64(random.ExpFloat64() * 20)
				changes[i] = market.Event{Kind: market.KindDepth, Depth: market.Depth{
					Bids: []market.Level{{Price: fixed.Number{Mantissa: 1_000_000 - away}, Qty: fixed.Number{Mantissa: random.Int64N(2)}}},
				}}
			}
			b.ReportAllocs()
			id := int64(0)
			for b.Loop() {
				id++
				ev := &changes[id%int64(len(changes))]
				ev.Depth.First, ev.Depth.Last = id, id
				book.Apply(ev)
			}
		})
	}
}
