package kraken_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/kraken"
	"orderwire/orders/market"
)

var (
	_ orders.Dialect    = (*kraken.Dialect)(nil)
	_ orders.Many       = (*kraken.Dialect)(nil)
	_ orders.Subscriber = (*kraken.Dialect)(nil)
	_ orders.Pinger     = (*kraken.Dialect)(nil)
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

// events reads all of a market message.
func events(t testing.TB, message string) (all []market.Event) {
	t.Helper()
	ev := market.NewEvent(16)
	for from := 0; ; {
		next, err := new(kraken.Dialect).MarketNext([]byte(message), from, ev)
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
func reports(t testing.TB, message string) (all []orders.Report) {
	t.Helper()
	var r orders.Report
	for from := 0; ; {
		next, err := new(kraken.Dialect).ClassifyNext([]byte(message), from, &r)
		if err != nil {
			t.Fatalf("%s: %v", message, err)
		}
		all = append(all, r)
		if from = next; from == 0 {
			return all
		}
	}
}

func signer(t testing.TB) *orders.Signer {
	t.Helper()
	const secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==" // the documentation's example
	s, err := orders.NewLogonSigner("api-key", orders.AlgHMACSHA512, orders.NewSecret([]byte(secret)), "base64")
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.WithToken(orders.NewSecret([]byte("TOKEN+token/="))); err != nil {
		t.Fatal(err)
	}
	return s
}
