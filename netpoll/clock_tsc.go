package netpoll

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// tscClock is a straight line from counter ticks to ns of CLOCK_MONOTONIC, replaced at each Anchor.
type tscClock struct {
	line  atomic.Pointer[line]
	mono  *monoClock
	lines [16]line // drawn in turn, so that Anchor allocates nothing; no reader dawdles through 16 anchors
	drawn uint
	first pair    // where calibration began: the longer ago, the better the slope
	trust float64 // ns per tick by that long baseline
}

// line is now = nanos + (ticks - at) * slope.
type line struct {
	at    uint64
	nanos int64
	slope uint64 // ns per tick in 32.32 fixed point: 0.6 ppb fine at 2.6 GHz
}

// pair is one moment on both clocks.
type pair struct {
	ticks uint64
	nanos int64
}

const (
	slopeBits = 32
	// steerNanos is the time in which Anchor lets a found error vanish. The clock never steps: a stage's
	// duration must not be negative, and a stage lasts microseconds.
	steerNanos = 1e9
	// steerMax bounds how much faster or slower the clock runs while it is steered (50 ppm: 5 ns in 100 us).
	steerMax = 50e-6
	// stepNanos is the error from which steering is hopeless: the machine was suspended or moved.
	stepNanos = 1e6
	// baselineNanos is the least time over which a slope is measured: two pairings, each good to 5 ns,
	// then err by 0.5 ppm at most.
	baselineNanos = 20e6
)

// calibrate measures the counter against mono for at least d.
func calibrate(mono *monoClock, d time.Duration) *tscClock {
	c := &tscClock{mono: mono, first: pairUp(mono)}
	time.Sleep(d) // sleeping measures as well as spinning, and leaves the CPU to others
	last := pairUp(mono)
	c.trust = float64(last.nanos-c.first.nanos) / float64(last.ticks-c.first.ticks)
	c.draw(line{at: last.ticks, nanos: last.nanos, slope: fixedSlope(c.trust)})
	return c
}

// pairUp reads both clocks as closely together as some tries allow.
func pairUp(mono *monoClock) pair {
	best := pair{}
	width := uint64(math.MaxUint64)
	for range 32 {
		before := counter()
		nanos := mono.Now()
		after := counter()
		if after-before < width {
			width = after - before
			best = pair{ticks: before + width/2, nanos: nanos}
		}
	}
	return best
}

func fixedSlope(nanosPerTick float64) uint64 {
	return uint64(nanosPerTick*(1<<slopeBits) + 0.5)
}

// Now is CLOCK_MONOTONIC by the counter. About 10 ns.
func (c *tscClock) Now() int64 { return c.line.Load().nanosAt(counter()) }

// nanosAt is the line's time at ticks.
func (l *line) nanosAt(ticks uint64) int64 {
	if ticks < l.at { // an unordered reading from just before the line was drawn
		return l.nanos
	}
	high, low := bits.Mul64(ticks-l.at, l.slope)
	return l.nanos + int64(high<<(64-slopeBits)|low>>slopeBits)
}

// Wall is the wall time that belongs to now, as of the last Anchor.
func (c *tscClock) Wall(now int64) int64 { return c.mono.Wall(now) }

// Anchor draws a new line from where the clock stands now, so steered that it meets CLOCK_MONOTONIC in a
// second. Only one thread may call it; any may read meanwhile.
func (c *tscClock) Anchor() int64 {
	c.mono.Anchor()
	seen := pairUp(c.mono)
	ours := c.line.Load().nanosAt(seen.ticks)
	lag := seen.nanos - ours
	if lag > stepNanos { // only ever forward; the baseline across the step is worth nothing
		c.first = seen
		c.draw(line{at: seen.ticks, nanos: seen.nanos, slope: fixedSlope(c.trust)})
		return lag
	}
	if seen.nanos-c.first.nanos >= baselineNanos {
		c.trust = float64(seen.nanos-c.first.nanos) / float64(seen.ticks-c.first.ticks)
	}
	steer := min(max(float64(lag)/steerNanos, -steerMax), steerMax)
	c.draw(line{at: seen.ticks, nanos: ours, slope: fixedSlope(c.trust * (1 + steer))})
	return lag
}

// draw makes l the clock's line.
func (c *tscClock) draw(l line) {
	c.drawn++
	next := &c.lines[c.drawn%uint(len(c.lines))]
	*next = l
	c.line.Store(next)
}

// gigahertz is the counter's rate.
func (c *tscClock) gigahertz() float64 { return 1 / c.trust }
