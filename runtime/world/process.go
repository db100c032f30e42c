package world

import (
	"context"
	"time"
)

// process is a process as its runtime knows it: runtime.Tasks on the world's time, netpoll.Clock on the host's clock.
type process struct {
	s    *stage
	life *life
	host *host
}

// host is the machine that processes live on. Its wall clock may be wrong and may step; its monotonic clock is right.
type host struct{ aheadNanos int64 }

// epochNanos is the wall time at which worlds begin: 2027-01-15 08:00:00 UTC.
const epochNanos = int64(1_800_000_000_000_000_000)

// bootNanos is what the monotonic clock shows then: no time is zero, and a recovered order may be older than the process.
const bootNanos = int64(1_000_000_000_000)

// Now is the monotonic clock.
func (p *process) Clock() hostClock { return hostClock{p.s, p.host} }

// hostClock is netpoll.Clock.
type hostClock struct {
	s    *stage
	host *host
}

// Now is ns of the monotonic clock.
func (c hostClock) Now() int64 { return c.s.now }

// Wall is what the host believes the time to be.
func (c hostClock) Wall(now int64) int64 { return wallAt(now) + c.host.aheadNanos }

// wallAt is the true time at now.
func wallAt(now int64) int64 { return epochNanos + now - bootNanos }

// momentOf is the time of the stage at which the tasks' clock shows t.
func momentOf(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return t.UnixNano() - epochNanos + bootNanos
}

// Now is the time of the tasks. Deadlines are intervals, so that a step of the host's wall clock does not move them: as in
// Go, where a time.Time carries the monotonic clock.
func (p *process) Now() time.Time { return time.Unix(0, wallAt(p.s.now)) }

// Go starts work as a task of the process.
func (p *process) Go(work func()) <-chan struct{} { return p.s.spawn("task", p.life, work).done }

// Thread is Go: there are no threads here.
func (p *process) Thread(work func()) <-chan struct{} {
	t := p.s.spawn("loop", p.life, work)
	return t.done
}

// Wait parks the running task.
func (p *process) Wait(ctx context.Context, until time.Time, bell <-chan struct{}) {
	p.s.park(momentOf(until), func() bool {
		if ctx.Err() != nil {
			return true
		}
		select {
		case <-bell:
			return true
		default:
			return false
		}
	})
}

// Timeout is a context that ends by the world's time. Nothing waits on its Done: waiting is what Wait and connections do.
func (p *process) Timeout(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	t := &timeout{Context: ctx, s: p.s, until: p.s.now + after.Nanoseconds()}
	return t, func() { t.cancelled = true }
}

type timeout struct {
	context.Context
	s         *stage
	until     int64
	cancelled bool
}

func (t *timeout) Deadline() (time.Time, bool) { return time.Unix(0, wallAt(t.until)), true }
func (t *timeout) Done() <-chan struct{}       { return nil }

func (t *timeout) Err() error {
	switch {
	case t.cancelled:
		return context.Canceled
	case t.s.now >= t.until:
		return context.DeadlineExceeded
	}
	return t.Context.Err()
}

// order is a context that ends when somebody says so: the stop signal of a process.
type order struct {
	context.Context
	done   chan struct{}
	follow []func()
}

func newOrder() *order { return &order{Context: context.Background(), done: make(chan struct{})} }

// give ends the context, and all that were derived from it, before it returns.
func (o *order) give() {
	close(o.done)
	for _, f := range o.follow {
		f()
	}
}

func (o *order) Done() <-chan struct{} { return o.done }

func (o *order) Err() error {
	select {
	case <-o.done:
		return context.Canceled
	default:
		return nil
	}
}

// AfterFunc is how package context follows a foreign context without a goroutine of its own.
func (o *order) AfterFunc(f func()) (stop func() bool) {
	o.follow = append(o.follow, f)
	return func() bool { return false }
}
