package bybit_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/bybit"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

var (
	_ orders.Dialect    = (*bybit.Dialect)(nil)
	_ orders.Many       = (*bybit.Dialect)(nil)
	_ orders.Subscriber = (*bybit.Dialect)(nil)
	_ orders.Reporter   = (*bybit.Dialect)(nil)
	_ orders.Pinger     = (*bybit.Dialect)(nil)
)

// frame is one example of the documentation.
type frame struct {
	Name      string          `json:"name"`
	Direction string          `json:"direction"`
	Frame     json.RawMessage `json:"frame"`
}

func documented(t testing.TB) []frame {
	t.Helper()
	text, err := os.ReadFile("testdata/docs/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var frames []frame
	if err := json.Unmarshal(text, &frames); err != nil {
		t.Fatal(err)
	}
	return frames
}

func example(t testing.TB, name string) []byte {
	t.Helper()
	for _, f := range documented(t) {
		if f.Name == name {
			return f.Frame
		}
	}
	t.Fatalf("testdata/docs/frames.json has no frame %q", name)
	return nil
}

// edit replaces, and fails the test where there is nothing to replace.
func edit(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in %s", pairs[i], text)
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// capture calls each with the frames of the recorded ladder, which lies outside the repository.
func capture(t *testing.T, each func(message []byte)) {
	t.Helper()
	const name = "bybit-v5-orderbook500-xrpusdt-20241201.jsonl.gz"
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
	lines := bufio.NewReader(text)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			each(line)
		}
		if err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func num(mantissa int64, scale uint8) fixed.Number {
	return fixed.Number{Mantissa: mantissa, Scale: scale}
}

// events reads all of a market message.
func events(t testing.TB, d *bybit.Dialect, message []byte) (all []market.Event) {
	t.Helper()
	ev := market.NewEvent(1000)
	for from := 0; ; {
		next, err := d.MarketNext(message, from, ev)
		if err != nil {
			t.Fatalf("%s: %v", message, err)
		}
		if next != 0 && next <= from {
			t.Fatalf("%s: from %d to %d", message, from, next)
		}
		own := *ev
		own.Depth.Bids = append([]market.Level(nil), ev.Depth.Bids...)
		own.Depth.Asks = append([]market.Level(nil), ev.Depth.Asks...)
		all = append(all, own)
		if from = next; from == 0 {
			return all
		}
	}
}

// reports reads all of a message about orders.
func reports(t testing.TB, message []byte) (all []orders.Report) {
	t.Helper()
	var r orders.Report
	for from := 0; ; {
		next, err := new(bybit.Dialect).ClassifyNext(message, from, &r)
		if err != nil {
			t.Fatalf("%s: %v", message, err)
		}
		if next != 0 && next <= from {
			t.Fatalf("%s: from %d to %d", message, from, next)
		}
		all = append(all, r)
		if from = next; from == 0 {
			return all
		}
	}
}
