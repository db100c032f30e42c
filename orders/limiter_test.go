package orders_test

import (
	"math/rand/v2"
	"testing"

	"orderwire/orders"
)

func newLimiter(t testing.TB, rules ...orders.LimitRule) *orders.Limiter {
	t.Helper()
	l, err := orders.NewLimiter(rules)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func cost(b orders.Budget, n int64) *orders.Cost {
	var c orders.Cost
	c[b] = n
	return &c
}

// TestLimiterNeverPassesTheVenue sends as fast as the limiter admits, at random times, and counts as venues do: in windows
// aligned to any phase of their clock, and in sliding ones.
func TestLimiterNeverPassesTheVenue(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 13))
	for range 200 {
		window := 1_000_000 + random.Int64N(10_000_000)
		most := 1 + random.Int64N(200)
		l := newLimiter(t, orders.LimitRule{Budget: orders.BudgetOrders, Window: window, Max: most})
		var times []int64
		now := random.Int64N(1 << 40)
		for range 3000 {
			now += random.Int64N(1 + window/most/2) // four times what fits
			if l.Room(cost(orders.BudgetOrders, 1), false, now) {
				l.Take(cost(orders.BudgetOrders, 1), now)
				times = append(times, now)
			}
		}
		first := 0
		for i, at := range times {
			for times[first] <= at-window {
				first++
			}
			if n := int64(i - first + 1); n > most {
				t.Fatalf("%d in a window of %d, max %d", n, window, most)
			}
		}
		if spent := times[len(times)-1] - times[0]; int64(len(times)) < most*spent/window*9/10 {
			t.Fatalf("%d sent in %d windows of %d: less than nine tenths of what fits", len(times), spent/window, most)
		}
	}
}

// TestR11CancelsKeepTheirShare, and a ban stops them too.
func TestR11CancelsKeepTheirShare(t *testing.T) {
	for _, shape := range []orders.Shape{orders.ShapeSliding, orders.ShapeBucket} {
		l := newLimiter(t, orders.LimitRule{Budget: orders.BudgetWeight, Shape: shape, Window: 60 * second, Max: 100, Reserve: 20})
		now := 1000 * second
		sent := 0
		for l.Room(cost(orders.BudgetWeight, 1), false, now) {
			l.Take(cost(orders.BudgetWeight, 1), now)
			sent++
		}
		cancels := 0
		for l.Room(cost(orders.BudgetWeight, 1), true, now) {
			l.Take(cost(orders.BudgetWeight, 1), now)
			cancels++
		}
		if sent != 80 || cancels != 20 {
			t.Fatalf("shape %d: %d orders, %d cancels", shape, sent, cancels)
		}
		l = newLimiter(t, orders.LimitRule{Budget: orders.BudgetWeight, Shape: shape, Window: 60 * second, Max: 100, Reserve: 20})
		l.Ban(now + 5)
		l.Ban(now + 3) // the later one stays
		if l.Room(cost(orders.BudgetWeight, 1), true, now+4) || l.Room(&orders.Cost{}, true, now+4) || !l.Room(cost(orders.BudgetWeight, 1), true, now+5) || l.BannedUntil() != now+5 {
			t.Fatal("something passes a ban, or it does not end")
		}
	}
}

func TestLimiterObserves(t *testing.T) {
	l := newLimiter(t, orders.LimitRule{Budget: orders.BudgetOrders, Window: 10 * second, Max: 50}, orders.LimitRule{Budget: orders.BudgetOrders, Window: 86_400 * second, Max: 160_000})
	now := 100_000 * second
	l.Observe(orders.BudgetOrders, 0, 48, 50, now)
	if used, limit := l.Used(orders.BudgetOrders, now); used != 48 || limit != 50 {
		t.Fatalf("%d of %d", used, limit)
	}
	if !l.Room(cost(orders.BudgetOrders, 2), false, now) || l.Room(cost(orders.BudgetOrders, 3), false, now) {
		t.Fatal("the venue's count is not ours")
	}
	l.Observe(orders.BudgetOrders, 0, 10, 50, now) // theirs lags behind ours
	if l.Room(cost(orders.BudgetOrders, 3), false, now) {
		t.Fatal("a lower count made room")
	}
	l.Observe(orders.BudgetOrders, 86_400*second, 159_999, 160_000, now)
	if l.Room(cost(orders.BudgetOrders, 2), false, now) || !l.Room(cost(orders.BudgetOrders, 1), false, now) {
		t.Fatal("the named window was not meant")
	}
	l.GiveBack(orders.BudgetOrders, 1, now)
	if !l.Room(cost(orders.BudgetOrders, 2), false, now) {
		t.Fatal("nothing was given back")
	}
	l.Observe(orders.BudgetOrders, 0, 0, 100, now)
	if _, limit := l.Used(orders.BudgetOrders, now+11*second); limit == 50 {
		t.Fatal("the venue's own limit is not taken over")
	}
	l.Observe(orders.BudgetConnects, 0, 5, 5, now) // no such window: nothing happens
}

// TestLimiterSurvivesRestart: what was used before counts after, as long as the venue may remember it.
func TestLimiterSurvivesRestart(t *testing.T) {
	rules := []orders.LimitRule{
		{Budget: orders.BudgetWeight, Window: 60 * second, Max: 100}, {Budget: orders.BudgetMessages, Shape: orders.ShapeBucket, Window: 10 * second, Max: 30},
	}
	before := newLimiter(t, rules...)
	now, wall := 5000*second, 1_700_000_000*second
	before.Take(&orders.Cost{70, 0, 30, 0}, now)
	before.Ban(now + 90*second)
	state := before.Append(nil, now, wall)
	for _, row := range []struct {
		age          int64
		weight, msgs int64
		banned       bool
	}{{0, 70, 30, true}, {5 * second, 70, 16, true}, {59 * second, 70, 0, true}, {89 * second, 0, 0, true}, {100 * second, 0, 0, false}} {
		l := newLimiter(t, rules...)
		boot := 7 * second // another boot: the loop's clock begins anew
		if err := l.Restore(state, boot, wall+row.age); err != nil {
			t.Fatal(err)
		}
		weight, _ := l.Used(orders.BudgetWeight, boot)
		msgs, _ := l.Used(orders.BudgetMessages, boot)
		if weight != row.weight || msgs != row.msgs || (l.BannedUntil() > boot) != row.banned {
			t.Errorf("after %d s: %d, %d, banned until %d", row.age/second, weight, msgs, l.BannedUntil())
		}
	}
	for cut := range state {
		if err := newLimiter(t, rules...).Restore(state[:cut], 0, wall); err == nil {
			t.Errorf("a state cut at %d is accepted", cut)
		}
	}
	back := newLimiter(t, rules...)
	if err := back.Restore(state, 7*second, wall-3600*second); err != nil {
		t.Fatal(err)
	}
	if weight, _ := back.Used(orders.BudgetWeight, 7*second); weight != 70 {
		t.Errorf("a wall clock that went back made the use forgotten: %d", weight)
	}
}

func TestLimiterRefusesBadRules(t *testing.T) {
	for _, r := range []orders.LimitRule{
		{Budget: 99, Window: second, Max: 1},
		{Shape: 9, Window: second, Max: 1},
		{Window: second},
		{Window: 1, Max: 1},
		{Window: second, Max: 5, Reserve: 5},
		{Window: second, Max: 5, Reserve: -1},
	} {
		if _, err := orders.NewLimiter([]orders.LimitRule{r}); err == nil {
			t.Errorf("%+v is accepted", r)
		}
	}
}

func FuzzLimiterRestore(f *testing.F) {
	rules := []orders.LimitRule{{Budget: orders.BudgetWeight, Window: 60 * second, Max: 100}}
	l, err := orders.NewLimiter(rules)
	if err != nil {
		f.Fatal(err)
	}
	l.Take(cost(orders.BudgetWeight, 7), 100*second)
	f.Add(l.Append(nil, 100*second, second))
	f.Fuzz(func(t *testing.T, state []byte) {
		l := newLimiter(t, rules...)
		if err := l.Restore(state, 100*second, second); err != nil {
			return
		}
		if used, _ := l.Used(orders.BudgetWeight, 100*second); used < 0 {
			t.Fatalf("%d used", used)
		}
	})
}

// TestLimiterKeepsTheReserveInProportion: a venue whose window is narrower than the rule had it still takes new orders.
func TestLimiterKeepsTheReserveInProportion(t *testing.T) {
	for _, row := range []struct{ reserve, most, limit, fits int64 }{
		{100, 1000, 10, 9},
		{100, 1000, 100_000, 90_000},
		{0, 1000, 10, 10},
		{999, 1000, 10, 1},
		{500, 1000, 1, 1},
		{1 << 39, 1 << 40, 1 << 30, 1 << 29},
	} {
		l := newLimiter(t, orders.LimitRule{Budget: orders.BudgetWeight, Window: 60 * second, Max: row.most, Reserve: row.reserve})
		l.Observe(orders.BudgetWeight, 0, 0, row.limit, 100*second)
		most, over := cost(orders.BudgetWeight, row.fits), cost(orders.BudgetWeight, row.fits+1)
		if !l.Room(most, false, 100*second) || l.Room(over, false, 100*second) {
			t.Errorf("reserve %d of %d, then a limit of %d: not exactly %d fit", row.reserve, row.most, row.limit, row.fits)
		}
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := newLimiter(b,
		orders.LimitRule{Budget: orders.BudgetWeight, Window: 60 * second, Max: 1 << 40}, orders.LimitRule{Budget: orders.BudgetOrders, Window: 10 * second, Max: 1 << 40},
		orders.LimitRule{Budget: orders.BudgetOrders, Window: 86_400 * second, Max: 1 << 40}, orders.LimitRule{Budget: orders.BudgetMessages, Window: 300 * second, Max: 1 << 40},
	)
	c, now := orders.Cost{1, 1, 1, 0}, 1000*second
	for b.Loop() {
		now += 100_000
		if l.Room(&c, false, now) {
			l.Take(&c, now)
		}
	}
}
