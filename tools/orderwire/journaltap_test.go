package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/journal"
	"orderwire/orders/market"
)

// fixedClock is a wall clock that stands beside the loop's.
type fixedClock struct{}

func (fixedClock) Now() int64           { return 0 }
func (fixedClock) Wall(now int64) int64 { return 1_700_000_000_000_000_000 + now }

func TestJournalTapWritesWhatTheLoopSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	state, err := journal.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := state.NextEpoch()
	if err != nil {
		t.Fatal(err)
	}
	log, _, err := journal.OpenLog(state, epoch, journal.Config{Places: 1 << 13})
	if err != nil {
		t.Fatal(err)
	}
	specs := []orders.Spec{{Symbol: "BTCUSDT"}, {Symbol: "ETHUSDT", Side: market.Sell, Type: orders.Limit, TIF: orders.IOC, WindowMillis: 1000}}
	tap, err := newJournalTap(log, epoch, specs, fixedClock{})
	if err != nil {
		t.Fatal(err)
	}
	if !tap.Room() {
		t.Fatal("no room in a fresh journal")
	}
	values := orders.Values{Price: fixed.Number{Mantissa: 240_017, Scale: 2}, Qty: fixed.Number{Mantissa: 15, Scale: 1}}
	tap.Intent(1, 1, &values, 5)
	tap.Outcome(&orders.Receipt{ID: 1, State: orders.PartiallyFilled, Before: orders.Acked, Kind: orders.ReportTrade, LastQty: fixed.Number{Mantissa: 5, Scale: 1}, At: 9})
	tap.Intent(2, 1, &orders.Values{Target: 1}, 6)
	receipt := orders.Receipt{ID: 3, State: orders.Rejected, Code: -2010}
	if n := testing.AllocsPerRun(100, func() { tap.Intent(3, 0, &values, 7); tap.Outcome(&receipt) }); n != 0 {
		t.Errorf("%v allocations an order", n)
	}
	if err := errors.Join(log.Close(), state.Close()); err != nil {
		t.Fatal(err)
	}
	r := call(t, "journal", "show", "--state-dir", dir)
	r.want(t, exitOK)
	for _, word := range []string{
		"place sell ETHUSDT qty 1.5 price 2400.17 order 1 of epoch 1",
		"last 0.5 order 1 of epoch 1",
		"cancel sell ETHUSDT qty 0 price 0 order 2 of epoch 1 meaning 1",
		"order 3 of epoch 1 code -2010",
	} {
		if !strings.Contains(r.out, word) {
			t.Errorf("the journal does not say %q:\n%.800s", word, r.out)
		}
	}
	if _, err := newJournalTap(log, epoch, []orders.Spec{{Symbol: strings.Repeat("X", 25)}}, fixedClock{}); err == nil {
		t.Error("a symbol that no record holds was taken")
	}
}
