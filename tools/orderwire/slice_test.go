package main_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The embedded recording is a cut of a longer one. This file holds the knife: it imports nothing of ours, so that
// what the demo plays was not made by the code that the demo examines.
const (
	slicePath      = "testdata/binance-spot-btcusdt-20240808-221s-281s.jsonl.gz"
	sliceSource    = "market-data/binance-spot-btcusdt-20240808.jsonl.gz"
	sliceFromNanos = 221_000_000_000 // after the source's first line; the cut holds [from, to)
	sliceToNanos   = 281_000_000_000
	sliceLevels    = 1000    // a side, as many as the venue's own REST snapshot has
	sliceSizeMax   = 400_000 // bytes, gzip
	sweepNotional  = 100_000 // quote units; a sweep is all prints with one (T, m)
	sweepsExpected = 8       // counted by hand in the source's list of 16 sweeps over 346 s
)

var update = flag.Bool("update", false, "rewrite the golden files that are ours")

// line is one recorded frame: `<local receive time, ns since epoch> <raw frame>`.
type line struct {
	recvNanos int64
	frame     []byte
}

// event holds the fields of depth, trade and snapshot frames that the cut needs. Numbers stay as the venue wrote them.
type event struct {
	FirstID  int64       `json:"U"`
	LastID   int64       `json:"u"`
	Bids     [][2]string `json:"b"`
	Asks     [][2]string `json:"a"`
	Price    string      `json:"p"`
	Quantity string      `json:"q"`
	TradedAt int64       `json:"T"`
	Maker    bool        `json:"m"`

	// encoding/json falls back to a name in the other case: without these two, t would land in T and M in m.
	TradeID int64 `json:"t"`
	Ignored bool  `json:"M"`
}

// snapshot is the venue's REST depth answer, in the venue's order of fields.
type snapshot struct {
	LastUpdateID int64       `json:"lastUpdateId"`
	Bids         [][2]string `json:"bids"`
	Asks         [][2]string `json:"asks"`
}

// TestEmbeddedSliceIsTheCut rebuilds the slice from the whole recording and compares it with the committed one.
// Contents are compared, not gzip bytes: another Go release may pack the same text differently.
func TestEmbeddedSliceIsTheCut(t *testing.T) {
	shared := os.Getenv("ORDERWIRE_SHARED")
	if shared == "" {
		t.Skip("ORDERWIRE_SHARED is not set: the whole recording is not here")
	}
	packed, err := os.ReadFile(filepath.Join(shared, sliceSource))
	if err != nil {
		t.Fatal(err)
	}
	fresh := cut(t, readLines(t, packed))
	if *update {
		if err := os.WriteFile(slicePath, pack(t, fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(slicePath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(unpack(t, committed), fresh) {
		t.Fatalf("%s is not the cut of %s; remake it with -update", slicePath, sliceSource)
	}
}

// TestEmbeddedSliceIsWhole asks of the committed file what the demo relies on; it needs nothing else.
func TestEmbeddedSliceIsWhole(t *testing.T) {
	packed, err := os.ReadFile(slicePath)
	if err != nil {
		t.Fatal(err)
	}
	if len(packed) >= sliceSizeMax {
		t.Errorf("slice is %d bytes, want fewer than %d", len(packed), sliceSizeMax)
	}
	lines := readLines(t, packed)
	if span := lines[len(lines)-1].recvNanos - lines[0].recvNanos; span < 59e9 || span > 60e9 {
		t.Errorf("slice spans %d ns, want just under 60 s", span)
	}
	head := decode[snapshot](t, lines[0].frame)
	if len(head.Bids) != sliceLevels || len(head.Asks) != sliceLevels {
		t.Errorf("snapshot has %d bids and %d asks, want %d each", len(head.Bids), len(head.Asks), sliceLevels)
	}
	if len(head.Bids) > 0 && len(head.Asks) > 0 && comparePrices(head.Bids[0][0], head.Asks[0][0]) >= 0 {
		t.Errorf("snapshot is crossed: bid %s, ask %s", head.Bids[0][0], head.Asks[0][0])
	}
	checkChain(t, lines, head.LastUpdateID)
	checkTickers(t, lines, head)
	if got := countSweeps(t, lines); got != sweepsExpected {
		t.Errorf("slice holds %d sweeps of %d quote units or more, want %d", got, sweepNotional, sweepsExpected)
	}
}

// TestCutLeavesFramesAlone gives the knife a small market with a known book, worked out by hand.
func TestCutLeavesFramesAlone(t *testing.T) {
	const second = 1_000_000_000
	depth := func(first, last int, bids, asks string) string {
		return fmt.Sprintf(`{"stream":"x@depth@100ms","data":{"U":%d,"u":%d,"b":[%s],"a":[%s]}}`, first, last, bids, asks)
	}
	source := []line{
		{0, []byte(depth(1, 4, `["9.00","7.00"]`, ``))},                                          // older than the snapshot: dropped
		{1 * second, []byte(depth(5, 6, `["9.00","0.00"]`, `["9.50","4.00"],["10.00","0.00"]`))}, // covers it
		{1 * second, []byte(`{"lastUpdateId":5,"bids":[["9.00","1.00"],["8.50","2.00"]],"asks":[["10.00","3.00"]]}`)},
		{2 * second, []byte(depth(7, 7, `["8.00","1.00"]`, ``))},
		{221 * second, []byte(depth(8, 9, `["1.00","1.00"]`, ``))},
		{281 * second, []byte(depth(10, 10, ``, ``))}, // the end is not in the cut
	}
	want := `221000000000 {"lastUpdateId":7,"bids":[["8.50","2.00"],["8.00","1.00"]],"asks":[["9.50","4.00"]]}` + "\n" +
		"221000000000 " + string(source[4].frame) + "\n"
	if got := string(cut(t, source)); got != want {
		t.Errorf("cut is\n%s\nwant\n%s", got, want)
	}
}

// cut returns the text of the slice: a snapshot at the moment of the cut, then the source's frames byte for byte.
func cut(t *testing.T, source []line) []byte {
	t.Helper()
	from, to := source[0].recvNanos+sliceFromNanos, source[0].recvNanos+sliceToNanos
	var out bytes.Buffer
	start, _ := slices.BinarySearchFunc(source, from, func(l line, at int64) int { return int(min(1, max(-1, l.recvNanos-at))) })
	head, err := json.Marshal(rebuild(t, source[:start]))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "%d %s\n", from, head)
	for _, l := range source[start:] {
		if l.recvNanos < to {
			fmt.Fprintf(&out, "%d %s\n", l.recvNanos, l.frame)
		}
	}
	return out.Bytes()
}

// rebuild plays a snapshot and the diffs around it, as the venue documents it, and returns the book at the end. The
// diff that covers the snapshot's id was received before the snapshot, so the whole past is read twice.
func rebuild(t *testing.T, lines []line) snapshot {
	t.Helper()
	at := slices.IndexFunc(lines, func(l line) bool { return isSnapshot(l.frame) })
	if at < 0 {
		t.Fatal("no snapshot before the cut")
	}
	book := decode[snapshot](t, lines[at].frame)
	bids, asks := map[string]string{}, map[string]string{}
	apply(bids, book.Bids)
	apply(asks, book.Asks)
	for i, l := range lines {
		diff, ok := dataOf(t, l.frame, "@depth")
		if !ok || diff.LastID <= book.LastUpdateID {
			continue
		}
		if diff.FirstID > book.LastUpdateID+1 {
			t.Fatalf("line %d: gap: diff starts at %d after %d", i+1, diff.FirstID, book.LastUpdateID)
		}
		book.LastUpdateID = diff.LastID
		apply(bids, diff.Bids)
		apply(asks, diff.Asks)
	}
	book.Bids = best(bids, func(a, b string) int { return comparePrices(b, a) })
	book.Asks = best(asks, comparePrices)
	return book
}

// apply sets levels; a quantity of zero takes one away.
func apply(side map[string]string, levels [][2]string) {
	for _, level := range levels {
		if strings.Trim(level[1], "0.") == "" {
			delete(side, level[0])
			continue
		}
		side[level[0]] = level[1]
	}
}

func best(side map[string]string, order func(a, b string) int) [][2]string {
	levels := make([][2]string, 0, len(side))
	for price, quantity := range side {
		levels = append(levels, [2]string{price, quantity})
	}
	slices.SortFunc(levels, func(a, b [2]string) int { return order(a[0], b[0]) })
	return levels[:min(len(levels), sliceLevels)]
}

// comparePrices orders decimals of one scale, which the prices of one symbol are.
func comparePrices(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// checkChain asserts that times never fall and that each diff starts where the one before it ended.
func checkChain(t *testing.T, lines []line, last int64) {
	t.Helper()
	diffs := 0
	for i, l := range lines[1:] {
		if l.recvNanos < lines[i].recvNanos {
			t.Errorf("line %d was received before line %d", i+2, i+1)
		}
		diff, ok := dataOf(t, l.frame, "@depth")
		if !ok {
			continue
		}
		if diff.FirstID != last+1 {
			t.Errorf("line %d: diff starts at %d, want %d", i+2, diff.FirstID, last+1)
		}
		last = diff.LastID
		diffs++
	}
	if diffs == 0 {
		t.Error("slice has no depth diff")
	}
}

// checkTickers plays the book and compares it with the venue's own best bid and ask wherever a bookTicker frame has the
// same update id as a diff: that shows that the snapshot at the head is the venue's book and not only well formed.
func checkTickers(t *testing.T, lines []line, head snapshot) {
	t.Helper()
	type quote struct {
		UpdateID    int64  `json:"u"`
		BidPrice    string `json:"b"`
		BidQuantity string `json:"B"`
		AskPrice    string `json:"a"`
		AskQuantity string `json:"A"`
	}
	quotes := map[int64]quote{}
	for _, l := range lines {
		if bytes.Contains(l.frame, []byte("@bookTicker")) {
			q := decode[struct{ Data quote }](t, l.frame).Data
			quotes[q.UpdateID] = q
		}
	}
	bids, asks := map[string]string{}, map[string]string{}
	apply(bids, head.Bids)
	apply(asks, head.Asks)
	compared := 0
	for i, l := range lines {
		diff, ok := dataOf(t, l.frame, "@depth")
		if !ok {
			continue
		}
		apply(bids, diff.Bids)
		apply(asks, diff.Asks)
		want, ok := quotes[diff.LastID]
		if !ok {
			continue
		}
		bid := slices.MaxFunc(slices.Collect(maps.Keys(bids)), comparePrices)
		ask := slices.MinFunc(slices.Collect(maps.Keys(asks)), comparePrices)
		if got := (quote{diff.LastID, bid, bids[bid], ask, asks[ask]}); got != want {
			t.Errorf("line %d: best of the book is %+v, the venue said %+v", i+1, got, want)
		}
		compared++
	}
	if compared < 50 { // 91 of 600 in the slice of 2024
		t.Errorf("only %d diffs could be compared with a bookTicker frame", compared)
	}
}

func countSweeps(t *testing.T, lines []line) int {
	t.Helper()
	type sweep struct {
		tradedAt int64
		maker    bool
	}
	sums := map[sweep]*big.Rat{}
	for _, l := range lines {
		print, ok := dataOf(t, l.frame, "@trade")
		if !ok {
			continue
		}
		price, okPrice := new(big.Rat).SetString(print.Price)
		quantity, okQuantity := new(big.Rat).SetString(print.Quantity)
		if !okPrice || !okQuantity {
			t.Fatalf("not a decimal: %q x %q", print.Price, print.Quantity)
		}
		key := sweep{print.TradedAt, print.Maker}
		if sums[key] == nil {
			sums[key] = new(big.Rat)
		}
		sums[key].Add(sums[key], price.Mul(price, quantity))
	}
	count := 0
	for _, sum := range sums {
		if sum.Cmp(big.NewRat(sweepNotional, 1)) >= 0 {
			count++
		}
	}
	return count
}

func isSnapshot(frame []byte) bool { return bytes.HasPrefix(frame, []byte(`{"lastUpdateId"`)) }

// dataOf decodes the data of a combined-stream frame if its stream's name contains kind.
func dataOf(t *testing.T, frame []byte, kind string) (event, bool) {
	t.Helper()
	name, _, _ := bytes.Cut(frame, []byte(`,"data":`))
	if isSnapshot(frame) || !bytes.Contains(name, []byte(kind)) {
		return event{}, false
	}
	return decode[struct{ Data event }](t, frame).Data, true
}

func decode[T any](t *testing.T, text []byte) T {
	t.Helper()
	var out T
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%v in %.80s", err, text)
	}
	return out
}

func readLines(t *testing.T, packed []byte) []line {
	t.Helper()
	var lines []line
	text := bufio.NewScanner(bytes.NewReader(unpack(t, packed)))
	text.Buffer(nil, 1<<20)
	for text.Scan() {
		stamp, frame, ok := strings.Cut(text.Text(), " ")
		recvNanos, err := strconv.ParseInt(stamp, 10, 64)
		if !ok || err != nil {
			t.Fatalf("line %d is not `<recv ns> <frame>`: %.80s", len(lines)+1, text.Text())
		}
		lines = append(lines, line{recvNanos, []byte(frame)})
	}
	if err := text.Err(); err != nil {
		t.Fatal(err)
	}
	if len(lines) == 0 {
		t.Fatal("recording is empty")
	}
	return lines
}

func unpack(t *testing.T, packed []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// pack leaves name and time out of the header, so that the same text gives the same file.
func pack(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
