package netpoll

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Clock tells the loop's time: nanoseconds of CLOCK_MONOTONIC. Everything above netpoll gets time as an
// argument or from such a Clock, so that tests and the simulated world can hold it.
type Clock interface {
	// Now is the reading for decisions and stage marks. Units: ns of CLOCK_MONOTONIC. Allocates nothing.
	Now() int64
	// Wall is the local wall time that belongs to a reading of Now. Units: ns since the Unix epoch.
	// It only stamps orders; intervals are never taken from it.
	Wall(now int64) int64
}

// AnchoredClock is a Clock that has to be compared with the kernel's from time to time.
type AnchoredClock interface {
	Clock
	// Anchor compares the clock with CLOCK_MONOTONIC and the wall, and steers it. Call it in idle turns,
	// about once a second: two counters of the same machine drift apart by up to a microsecond in that time.
	// Units: the error found, ns. Cost: about 0.3 us.
	Anchor() (errorNanos int64)
}

// NewClock makes the best clock of this host and says which and why: the time stamp counter where the
// kernel itself trusts it, else the Go runtime's monotonic clock. Cold: it sleeps 20 ms to calibrate.
func NewClock() (clock AnchoredClock, how string) {
	mono := newMonoClock()
	if why := counterUnfit(); why != "" {
		return mono, "nanotime (" + why + ")"
	}
	tsc := calibrate(mono, 20*time.Millisecond)
	return tsc, fmt.Sprintf("tsc (%.6f GHz, calibrated against CLOCK_MONOTONIC)", tsc.gigahertz())
}

// NewMonoClock makes the fallback: the Go runtime's monotonic clock, 22 to 40 ns a reading.
func NewMonoClock() AnchoredClock { return newMonoClock() }

// monoClock reads CLOCK_MONOTONIC through the Go runtime, which reads the vDSO: a system call would cost 160 ns.
type monoClock struct {
	base   time.Time
	offset int64        // CLOCK_MONOTONIC at base
	wall   atomic.Int64 // wall time at CLOCK_MONOTONIC 0
}

func newMonoClock() *monoClock {
	c := &monoClock{base: time.Now()}
	// The runtime tells no absolute CLOCK_MONOTONIC. Of a few paired readings the tightest fixes the offset.
	best := int64(math.MaxInt64)
	for range 16 {
		before := int64(time.Since(c.base))
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			panic("netpoll: no CLOCK_MONOTONIC: " + err.Error()) // Linux has had it since 2.6; a sandbox without it is no host
		}
		after := int64(time.Since(c.base))
		if after-before < best {
			best = after - before
			c.offset = ts.Nano() - before - best/2
		}
	}
	c.Anchor()
	return c
}

// Now is CLOCK_MONOTONIC.
func (c *monoClock) Now() int64 { return c.offset + int64(time.Since(c.base)) }

// Wall is the wall time that belongs to now, as of the last Anchor.
func (c *monoClock) Wall(now int64) int64 { return c.wall.Load() + now }

// Anchor takes over what the wall clock was set to. The monotonic part cannot be wrong.
func (c *monoClock) Anchor() int64 {
	before := c.Now()
	wall := time.Now().UnixNano()
	after := c.Now()
	c.wall.Store(wall - before - (after-before)/2)
	return 0
}
