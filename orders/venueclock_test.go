package orders_test

import (
	"math/rand/v2"
	"testing"

	"orderwire/orders"
)

const millisecond = int64(1_000_000)

// world is a venue whose clock we know and the estimator does not.
type world struct {
	random *rand.Rand
	offset int64 // of the venue's clock
	ppm    int64
	now    int64
}

// venue is the venue's clock at loop time now.
func (w *world) venue(now int64) int64 { return now + w.offset + now/1e6*w.ppm }

// exchange sends a request and feeds the reply: up to worst ns each way, venue time cut to the millisecond.
func (w *world) exchange(c *orders.VenueClock, worst int64) {
	sent := w.now
	read := sent + w.random.Int64N(worst+1)
	received := read + w.random.Int64N(worst+1)
	c.Sample(sent, received, w.venue(read)/millisecond*millisecond, millisecond)
	w.now = received
}

// TestR12ClockBoundHolds: whatever the delays and the drift, the true offset lies inside the bound, and the bound is that of
// the fastest replies, not of the slow ones.
func TestR12ClockBoundHolds(t *testing.T) {
	random := rand.New(rand.NewPCG(14, 15))
	for range 200 {
		w := world{random: random, offset: 1_700_000_000*second + random.Int64N(second), ppm: random.Int64N(81) - 40, now: random.Int64N(1000 * second)}
		c := orders.NewVenueClock(50)
		if _, _, ok := c.Offset(w.now); ok {
			t.Fatal("a clock that knows nothing is sure")
		}
		for i := range 300 {
			worst := 200 * millisecond
			if random.IntN(5) == 0 {
				worst = millisecond
			}
			w.exchange(c, worst)
			w.now += random.Int64N(second)
			offset, bound, ok := c.Offset(w.now)
			truth := w.venue(w.now) - w.now
			if !ok || truth-offset > bound || offset-truth > bound {
				t.Fatalf("sample %d: offset %d ± %d, truth %d, ok %v", i, offset, bound, truth, ok)
			}
			if i > 100 && bound > 3*millisecond {
				t.Fatalf("sample %d: bound %d although fast replies came", i, bound)
			}
		}
		if c.Steps() != 0 {
			t.Fatal("a step was seen where none was")
		}
	}
}

// TestR12Steps: a venue clock that steps by half a second is noticed with the next reply; until the new time is confirmed
// no order is stamped.
func TestR12Steps(t *testing.T) {
	for _, step := range []int64{500 * millisecond, -500 * millisecond} {
		w := world{random: rand.New(rand.NewPCG(16, 17)), offset: 1_700_000_000 * second, now: 100 * second}
		c := orders.NewVenueClock(0)
		for range 20 {
			w.exchange(c, 5*millisecond)
		}
		w.offset += step
		w.exchange(c, 5*millisecond)
		if _, ok := c.Stamp(w.now); ok || !c.Suspects() || c.Covers(w.now, 5*second, 0, second) {
			t.Fatal("an order would be stamped with a time in doubt")
		}
		w.exchange(c, 5*millisecond)
		offset, bound, ok := c.Offset(w.now)
		if truth := w.venue(w.now) - w.now; !ok || c.Steps() != 1 || truth-offset > bound || offset-truth > bound {
			t.Fatalf("offset %d ± %d after the step, truth %d, ok %v", offset, bound, truth, ok)
		}
	}
}

// TestClockOutlier: one wrong time raises doubt and changes nothing.
func TestClockOutlier(t *testing.T) {
	w := world{random: rand.New(rand.NewPCG(18, 19)), offset: 1_700_000_000 * second, now: 100 * second}
	c := orders.NewVenueClock(0)
	for range 20 {
		w.exchange(c, 5*millisecond)
	}
	before, _, _ := c.Offset(w.now)
	c.Sample(w.now, w.now+1000, w.venue(w.now)+3600*second, millisecond)
	if _, _, ok := c.Offset(w.now); ok {
		t.Fatal("no doubt")
	}
	w.exchange(c, 5*millisecond)
	after, _, ok := c.Offset(w.now)
	if !ok || after-before > 5*millisecond || before-after > 5*millisecond || c.Steps() != 0 {
		t.Fatalf("%d, then %d", before, after)
	}
	c.Sample(10, 5, 1, 0)
	c.Sample(5, 10, 0, 0)
	c.Sample(5, 10, 5, -1)
	if c.Suspects() {
		t.Fatal("what proves nothing raised doubt")
	}
}

func TestClockCovers(t *testing.T) {
	c := orders.NewVenueClock(50)
	c.Sample(0, 10*millisecond, second, 0) // ± 5 ms
	for _, row := range []struct {
		name                  string
		now                   int64
		window, flight, ahead int64
		want                  bool
	}{
		{"wide", 10 * millisecond, 100 * millisecond, 10 * millisecond, second, true},
		{"window below the bound", 10 * millisecond, 5 * millisecond, 0, second, false},
		{"flight eats the window", 10 * millisecond, 15 * millisecond, 10 * millisecond, second, false},
		{"could look post-dated", 10 * millisecond, second, 0, 5 * millisecond, false},
		{"old estimate", 1000 * second, 50 * millisecond, 0, second, false}, // 50 ppm of 1000 s are 50 ms
	} {
		if have := c.Covers(row.now, row.window, row.flight, row.ahead); have != row.want {
			t.Errorf("%s: %v", row.name, have)
		}
	}
	if wall, ok := c.Stamp(10 * millisecond); !ok || wall != second+5*millisecond {
		t.Errorf("stamp %d", wall)
	}
}
