package runtime

import (
	"context"
	"encoding/binary"
	"io"
	goruntime "runtime"
	"sync"
	"time"
)

// Tasks is how the control plane starts work, waits and reads the time. Goroutines and the host's clock are the default;
// a simulated world brings its own, in which one task runs at a time and time stands still while it does.
//
// So the control plane waits nowhere else but here and in a Conn: whatever it waits for puts something where it is looked
// for, then rings a bell.
type Tasks interface {
	// Go starts work beside the caller; done is closed when it has returned.
	Go(work func()) (done <-chan struct{})
	// Thread is Go on an OS thread that work has for itself.
	Thread(work func()) (done <-chan struct{})
	// Now is the time from which deadlines are reckoned.
	Now() time.Time
	// Wait returns when bell has rung (it takes that) or is closed, when until has come, or when ctx has ended. A nil bell
	// never rings, a zero until never comes.
	Wait(ctx context.Context, until time.Time, bell <-chan struct{})
	// Timeout is context.WithTimeout on this time.
	Timeout(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc)
}

// bell wakes one waiting task. It rings once for any number of reasons, so that whoever hears it looks everywhere.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default: // it rings already
	}
}

// hostTasks are goroutines and real time.
type hostTasks struct{}

func (hostTasks) Go(work func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	return done
}

func (h hostTasks) Thread(work func()) <-chan struct{} {
	return h.Go(func() {
		goruntime.LockOSThread()
		defer goruntime.UnlockOSThread()
		work()
	})
}

func (hostTasks) Now() time.Time { return time.Now() }

// timers are used again: the control plane waits every 2 ms, and a process that collects no garbage must make none.
var timers = sync.Pool{New: func() any { return time.NewTimer(time.Hour) }}

func (hostTasks) Wait(ctx context.Context, until time.Time, bell <-chan struct{}) {
	var due <-chan time.Time
	if !until.IsZero() {
		timer := timers.Get().(*time.Timer)
		timer.Reset(time.Until(until))
		defer timers.Put(timer)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-due:
	case <-bell:
	}
}

func (hostTasks) Timeout(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, after)
}

// jitter is a random part of most, so that many clients of one venue do not act in step.
func (e *Engine) jitter(most time.Duration) time.Duration {
	var raw [8]byte
	if _, err := io.ReadFull(e.plan.Rand, raw[:]); err != nil {
		return most // what needs randomness fails by itself, and says so
	}
	return time.Duration(binary.LittleEndian.Uint64(raw[:]) % uint64(most+1))
}

// await waits for one thing, however long it takes.
func (e *Engine) await(done <-chan struct{}) {
	e.plan.Tasks.Wait(context.Background(), time.Time{}, done)
}
