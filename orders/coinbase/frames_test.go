package coinbase_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/coinbase"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// frame is one example of the documentation.
type frame struct {
	Exchange string          `json:"exchange"`
	Name     string          `json:"name"`
	Frame    json.RawMessage `json:"frame"`
}

func example(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/docs/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var frames []frame
	if err := json.Unmarshal(text, &frames); err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if f.Name == name {
			return f.Frame
		}
	}
	t.Fatalf("testdata/docs/frames.json has no frame %q", name)
	return nil
}

type vector struct {
	ID           string          `json:"id"`
	Key          string          `json:"key"`
	Payload      string          `json:"payload_utf8"`
	Signature    string          `json:"signature"`
	Token        string          `json:"token"`
	SigningInput string          `json:"signing_input"`
	Header       json.RawMessage `json:"header"`
}

func vectorOf(t testing.TB, id string) vector {
	t.Helper()
	text, err := os.ReadFile("testdata/docs/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.ID == id {
			return v
		}
	}
	t.Fatalf("testdata/docs/vectors.json has no vector %q", id)
	return vector{}
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

func num(mantissa int64, scale uint8) fixed.Number {
	return fixed.Number{Mantissa: mantissa, Scale: scale}
}

var (
	exchange = &coinbase.Dialect{}
	advanced = &coinbase.Dialect{API: coinbase.Advanced}
)

// events reads all of a market message.
func events(t testing.TB, d *coinbase.Dialect, message string) (all []market.Event) {
	t.Helper()
	ev := market.NewEvent(16)
	for from := 0; ; {
		next, err := d.MarketNext([]byte(message), from, ev)
		if err != nil {
			t.Fatalf("%s: %v", message, err)
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
func reports(t testing.TB, d *coinbase.Dialect, message string) (all []orders.Report) {
	t.Helper()
	var r orders.Report
	for from := 0; ; {
		next, err := d.ClassifyNext([]byte(message), from, &r)
		if err != nil {
			t.Fatalf("%s: %v", message, err)
		}
		all = append(all, r)
		if from = next; from == 0 {
			return all
		}
	}
}

// exchangeKey and its passphrase are invented; the vectors carry the same.
func exchangeSigner(t testing.TB, secret string) *orders.Signer {
	t.Helper()
	s, err := orders.NewEncodedHMACSigner("key", orders.NewSecret([]byte(secret)), orders.SecretBase64)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.WithPassphrase(orders.NewSecret([]byte("passphrase"))); err != nil {
		t.Fatal(err)
	}
	return s
}
