package orders_test

import (
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

func TestInstrumentBreaks(t *testing.T) {
	number := func(text string) fixed.Number {
		n, err := fixed.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	i := orders.Instrument{
		Symbol: "BTCUSDT", Trading: true, Tick: number("0.05000000"), Step: number("0.00001000"), PriceMin: number("1"), PriceMax: number("1000000"),
		QtyMin: number("0.0001"), QtyMax: number("9000"), NotionalMin: number("5"), NotionalMax: number("9000000"),
	}
	for _, row := range []struct{ price, qty, want string }{
		{"61837.65", "0.001", ""},
		{"61837.65000000", "0.00100000", ""},
		{"61837.63", "0.001", "tick"},
		{"61837.650001", "0.001", "tick"},
		{"0", "0.001", "tick"},
		{"61837.65", "0.000001", "step"},
		{"61837.65", "0", "step"},
		{"0.95", "10", "price_min"},
		{"1000000.05", "1", "price_max"},
		{"61837.65", "0.00009", "qty_min"},
		{"1", "9000.00001", "qty_max"},
		{"49999.95", "0.0001", "notional_min"},
		{"50000", "0.0001", ""},
		{"900000", "10.00001", "notional_max"},
	} {
		if got := i.Breaks(number(row.price), number(row.qty)); got != row.want {
			t.Errorf("%s x %s breaks %q, want %q", row.price, row.qty, got, row.want)
		}
	}
	if i.PriceScale() != 2 || i.QtyScale() != 5 {
		t.Errorf("scales %d and %d", i.PriceScale(), i.QtyScale())
	}
	i.Trading = false
	if got := i.Breaks(number("61837.65"), number("0.001")); got != "trading" {
		t.Errorf("a closed market: %q", got)
	}
	free := orders.Instrument{Trading: true}
	if got := free.Breaks(number("0.123456789"), number("0.000000001")); got != "" {
		t.Errorf("no rules, and %q is broken", got)
	}
}
