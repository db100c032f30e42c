package netpoll_test

import (
	"errors"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"orderwire/netpoll"
)

func TestPin(t *testing.T) {
	done := make(chan struct{})
	go func() { // the thread dies with its goroutine, and its affinity with it
		defer close(done)
		goruntime.LockOSThread()
		cpus, err := netpoll.Affinity()
		if err != nil || len(cpus) == 0 {
			t.Errorf("Affinity: %v, %v", cpus, err)
			return
		}
		last := cpus[len(cpus)-1]
		if err := netpoll.Pin(last); err != nil {
			t.Error(err)
			return
		}
		if got, err := netpoll.Affinity(); err != nil || !slices.Equal(got, []int{last}) {
			t.Errorf("pinned to %d, runs on %v, %v", last, got, err)
		}
		if err := netpoll.Pin(1023); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("pinned to a CPU that is not there: %v", err)
		}
		if err := netpoll.Pin(-1); err == nil {
			t.Error("pinned to CPU -1")
		}
		if err := netpoll.Unpin(cpus); err != nil {
			t.Error(err)
		}
		if got, err := netpoll.Affinity(); err != nil || !slices.Equal(got, cpus) {
			t.Errorf("unpinned, but runs on %v, %v", got, err)
		}
		if err := netpoll.SetTimerSlack(1); err != nil {
			t.Error(err)
		}
		if err := netpoll.NameThread("orderwire-loop-0"); err != nil {
			t.Error(err)
		}
		name, err := os.ReadFile("/proc/thread-self/comm")
		if err != nil || strings.TrimSpace(string(name)) != "orderwire-loop-" {
			t.Errorf("the thread is called %q, %v", name, err)
		}
	}()
	<-done
}
