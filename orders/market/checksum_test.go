package market_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"orderwire/orders/market"
)

// TestChecksumDocumented is the worked example of Kraken's guide (docs.kraken.com, guides/spot-ws-book-v2).
func TestChecksumDocumented(t *testing.T) {
	const asks = "45285.2:0.00100000 45286.4:1.54571953 45286.6:1.54571109 45289.6:1.54560911 45290.2:0.15890660 " +
		"45291.8:1.54553491 45294.7:0.04454749 45296.1:0.35380000 45297.5:0.09945542 45299.5:0.18772827"
	const bids = "45283.5:0.10000000 45283.4:1.54582015 45282.1:0.10000000 45281.0:0.10000000 45280.3:1.54592586 " +
		"45279.0:0.07990000 45277.6:0.03310103 45277.5:0.30000000 45277.3:1.54602737 45276.6:0.15445238"
	for _, row := range []struct {
		name     string
		checksum uint32
		state    market.BookState
		mismatch uint64
	}{{"right", 3310070434, market.BookGood, 0}, {"wrong", 3310070435, market.BookWaiting, 1}} {
		book := market.NewBook(market.BookConfig{InBand: true, Unnumbered: true, Window: true, Levels: 10})
		ev := &market.Event{Kind: market.KindSnapshot, Depth: market.Depth{
			Bids: levels(t, bids), Asks: levels(t, asks), Checked: true, Checksum: row.checksum,
		}}
		if state := book.Apply(ev); state != row.state || book.Counts().Mismatch != row.mismatch {
			t.Errorf("%s: state %d, %+v", row.name, state, book.Counts())
		}
	}
}

// TestWindowIsCutAfterTheMessage: a level that falls out within a message comes back within it.
func TestWindowIsCutAfterTheMessage(t *testing.T) {
	book := market.NewBook(market.BookConfig{InBand: true, Unnumbered: true, Window: true, Levels: 8})
	apply(t, book, step{kind: market.KindSnapshot, bids: "18:1 17:1 16:1 15:1 14:1 13:1 12:1 11:1", state: market.BookGood})
	apply(t, book, step{kind: market.KindDepth, bids: "19:1 18:0", state: market.BookGood})
	apply(t, book, step{kind: market.KindDepth, bids: "20:1", state: market.BookGood})
	if got := shown(book); got != "20:1 19:1 17:1 16:1 15:1 14:1 13:1 12:1 |" {
		t.Errorf("shows %q", got)
	}
}

// TestChecksumWholeRecording keeps ten real books by their changes; each change carries the venue's checksum.
// The recording is of the first API version, so encoding/json reads it here: only the book is under test.
func TestChecksumWholeRecording(t *testing.T) {
	root := os.Getenv("ORDERWIRE_SHARED")
	if root == "" {
		t.Skip("recording kraken-v1-book-20210417.cryptofeed.gz: ORDERWIRE_SHARED is not set")
	}
	file, err := os.Open(filepath.Join(root, "market-data/kraken-v1-book-20210417.cryptofeed.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	books := map[string]*market.Book{}
	checked := 0
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		_, message, found := bytes.Cut(lines.Bytes(), []byte(": ["))
		if !found {
			continue
		}
		symbol, ev := kraken1(t, append([]byte("["), message...))
		if books[symbol] == nil {
			books[symbol] = market.NewBook(market.BookConfig{InBand: true, Unnumbered: true, Window: true, Levels: 1000})
		}
		if state := books[symbol].Apply(ev); state != market.BookGood {
			t.Fatalf("%s after %d checksums: state %d, %+v", symbol, checked, state, books[symbol].Counts())
		}
		if ev.Depth.Checked {
			checked++
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(books) != 10 || checked != 4269 {
		t.Errorf("%d books, %d checksums; want 10 and 4269", len(books), checked)
	}
}

// kraken1 reads a message of the first API version: [channel, {...}, ({...},) "book-1000", pair].
func kraken1(t *testing.T, message []byte) (symbol string, ev *market.Event) {
	t.Helper()
	var parts []json.RawMessage
	if err := json.Unmarshal(message, &parts); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(parts[len(parts)-1], &symbol); err != nil {
		t.Fatal(err)
	}
	ev = &market.Event{Kind: market.KindDepth}
	for _, part := range parts[1 : len(parts)-2] {
		var sides struct {
			B, A, Bs, As [][]string
			C            string
		}
		if err := json.Unmarshal(part, &sides); err != nil {
			t.Fatal(err)
		}
		if sides.Bs != nil || sides.As != nil {
			ev.Kind = market.KindSnapshot
		}
		for _, level := range append(sides.Bs, sides.B...) {
			ev.Depth.Bids = append(ev.Depth.Bids, market.Level{Price: num(t, level[0]), Qty: num(t, level[1])})
		}
		for _, level := range append(sides.As, sides.A...) {
			ev.Depth.Asks = append(ev.Depth.Asks, market.Level{Price: num(t, level[0]), Qty: num(t, level[1])})
		}
		if sides.C != "" {
			sum, err := strconv.ParseUint(sides.C, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			ev.Depth.Checked, ev.Depth.Checksum = true, uint32(sum)
		}
	}
	return symbol, ev
}
