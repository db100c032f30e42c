package netpoll_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orderwire/netpoll"
)

func monotonic(t *testing.T) int64 {
	t.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		t.Fatal(err)
	}
	return ts.Nano()
}

// TestClocksTellMonotonicTime brackets each reading between two of the kernel's: whatever the host was
// doing meanwhile, the clock must lie between them, but for the error of its calibration.
func TestClocksTellMonotonicTime(t *testing.T) {
	best, how := netpoll.NewClock()
	t.Log(how)
	for name, clock := range map[string]netpoll.AnchoredClock{"best": best, "fallback": netpoll.NewMonoClock()} {
		t.Run(name, func(t *testing.T) {
			const slack = 20_000 // ns: 1 s at 20 ppm, far above what calibration leaves
			last := int64(0)
			for i := range 2000 {
				before := monotonic(t)
				now := clock.Now()
				after := monotonic(t)
				if now < before-slack || now > after+slack {
					t.Fatalf("reading %d is %d, outside %d..%d", i, now, before, after)
				}
				if now < last {
					t.Fatalf("reading %d went back by %d ns", i, last-now)
				}
				last = now
				if i%100 == 0 {
					clock.Anchor()
				}
			}
			wallBefore := time.Now().UnixNano()
			clock.Anchor()
			wall := clock.Wall(clock.Now())
			wallAfter := time.Now().UnixNano()
			if wall < wallBefore-slack || wall > wallAfter+slack {
				t.Errorf("wall %d outside %d..%d", wall, wallBefore, wallAfter)
			}
		})
	}
}

func TestClockAllocatesNothing(t *testing.T) {
	clock, _ := netpoll.NewClock()
	sum := int64(0)
	if n := testing.AllocsPerRun(100, func() {
		now := clock.Now()
		sum += clock.Wall(now) + clock.Anchor()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAnchorSteersWithoutStepping(t *testing.T) {
	clock, ok := netpoll.SlowedClock(100_000) // 0.1 ms behind
	if !ok {
		t.Skip("no time stamp counter clock on this host")
	}
	before := clock.Now()
	lag := clock.Anchor()
	after := clock.Now()
	if lag < 90_000 || lag > 200_000 {
		t.Errorf("Anchor found a lag of %d ns, want about 100,000", lag)
	}
	if after < before {
		t.Error("the clock went back")
	}
	if jump, ok := netpoll.SlowedClock(50_000_000); ok { // 50 ms: a suspended machine
		if lag := jump.Anchor(); lag < 40_000_000 {
			t.Errorf("found a lag of %d ns", lag)
		}
		if left := jump.Anchor(); left > 1_000_000 {
			t.Errorf("still %d ns behind after the step", left)
		}
	}
}

func BenchmarkClock(b *testing.B) {
	best, how := netpoll.NewClock()
	b.Log(how)
	for name, clock := range map[string]netpoll.Clock{"best": best, "fallback": netpoll.NewMonoClock()} {
		b.Run(name, func(b *testing.B) {
			sum := int64(0)
			for range b.N {
				sum += clock.Now()
			}
			if sum == 0 {
				b.Fatal("no time passed")
			}
		})
	}
}
