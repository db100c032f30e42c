package runtime

import (
	"context"
	"testing"
	"time"

	"orderwire/orders"
)

// handTasks is time that passes only while somebody waits.
type handTasks struct {
	hostTasks
	now time.Time
}

func (h *handTasks) Now() time.Time { return h.now }

func (h *handTasks) Wait(_ context.Context, until time.Time, _ <-chan struct{}) { h.now = until }

// A venue is asked no faster than it wants: a burst, then one question every so often; what was not used adds up to a burst
// and no further.
func TestArchiveKeepsThePace(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	tasks := &handTasks{now: start}
	a := newRESTArchive(&Engine{plan: Config{Tasks: tasks}}, nil, orders.Inquiry{Burst: 3, Every: 5 * time.Second})
	ask := func(want time.Duration) {
		t.Helper()
		if err := a.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := tasks.now.Sub(start); got != want {
			t.Errorf("asked after %s, want %s", got, want)
		}
	}
	for _, want := range []time.Duration{0, 0, 0, 5 * time.Second, 10 * time.Second} {
		ask(want)
	}
	tasks.now = start.Add(time.Hour)
	for _, want := range []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour + 5*time.Second} {
		ask(want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.wait(ctx); err == nil {
		t.Error("waited on behind the end of its context")
	}
}
