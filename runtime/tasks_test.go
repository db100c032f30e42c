package runtime

import (
	"context"
	"testing"
	"time"
)

func TestWaitingAllocatesNothing(t *testing.T) {
	var tasks hostTasks
	past := time.Now()
	if allocs := testing.AllocsPerRun(100, func() { tasks.Wait(context.Background(), past, nil) }); allocs >= 1 {
		t.Errorf("a wait makes %v allocations", allocs)
	}
}

func TestWaitEndsByItsBell(t *testing.T) {
	b := newBell()
	b.ring()
	b.ring()
	hostTasks{}.Wait(context.Background(), time.Now().Add(time.Hour), b)
	if len(b) != 0 {
		t.Error("the bell still rings after it was heard")
	}
}
