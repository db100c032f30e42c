package bench

import (
	"context"
	goruntime "runtime"
	"time"
)

// JitterSpan is how long an empty spin is watched where nothing else is asked for.
const JitterSpan = 2 * time.Second

// Gaps from which on a turn of an empty loop counts as one: a turn takes some 20 ns, a timer tick some microseconds, a
// preemption tens of them.
const (
	smallGapNanos = 1_000
	largeGapNanos = 20_000
	// cancelEvery is how many turns pass between two looks at the context.
	cancelEvery = 1 << 14
)

// Jitter is what an empty loop lost while it only read the clock: the floor under every percentile of the same run.
type Jitter struct {
	SpanNanos     int64   `json:"span_ns"`
	Turns         int64   `json:"turns"`
	Over1us       int64   `json:"over_1us"`
	Over20us      int64   `json:"over_20us"`
	MaxNanos      int64   `json:"max_ns"`
	StolenPercent float64 `json:"stolen_pct"` // share of the span that lies in gaps over 1 us
}

// Spin reads now in an empty loop for span (or until ctx ends) and reports its gaps. The calling goroutine is locked
// to its thread meanwhile; who wants it on a certain CPU pins before. Units: now gives ns of any steady clock.
func Spin(ctx context.Context, now func() int64, span time.Duration) Jitter {
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	var j Jitter
	stolen := int64(0)
	start := now()
	last := start
	for end := start + span.Nanoseconds(); last < end; j.Turns++ {
		if j.Turns%cancelEvery == cancelEvery-1 {
			if ctx.Err() != nil {
				break
			}
			last = now() // the look itself is no jitter
		}
		at := now()
		gap := at - last
		last = at
		if gap <= smallGapNanos {
			continue
		}
		j.Over1us++
		stolen += gap
		j.MaxNanos = max(j.MaxNanos, gap)
		if gap > largeGapNanos {
			j.Over20us++
		}
	}
	j.SpanNanos = last - start
	if j.SpanNanos > 0 {
		j.StolenPercent = 100 * float64(stolen) / float64(j.SpanNanos)
	}
	return j
}
