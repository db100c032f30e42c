package host_test

import (
	"errors"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"orderwire/netpoll"
	"orderwire/netpoll/host"
)

func TestTameCollector(t *testing.T) {
	restore := host.TameCollector(1 << 40)
	gauge := host.NewMemoryGauge()
	before := gauge.Read()
	if before.LimitBytes != 1<<40 || before.Near || before.UsedBytes == 0 {
		t.Errorf("state %+v", before)
	}
	var garbage []byte
	for range 64 {
		garbage = make([]byte, 1<<20)
	}
	if after := gauge.Read(); after.Cycles != before.Cycles {
		t.Errorf("%d cycles under the limit (%d bytes lately)", after.Cycles-before.Cycles, len(garbage))
	}
	restore()
	restore = host.TameCollector(int64(before.UsedBytes))
	if m := gauge.Read(); !m.Near {
		t.Errorf("at the limit, and not near it: %+v", m)
	}
	restore()
}

func TestSetProcsNeverLowers(t *testing.T) {
	before := goruntime.GOMAXPROCS(0)
	defer goruntime.GOMAXPROCS(before)
	if got := host.SetProcs(before + 3); got < before+4 || goruntime.GOMAXPROCS(0) != got {
		t.Errorf("%d procs for %d loops", got, before+3)
	}
	now := goruntime.GOMAXPROCS(0)
	if got := host.SetProcs(0); got != now {
		t.Errorf("lowered from %d to %d", now, got)
	}
}

func TestCanSpin(t *testing.T) {
	done := make(chan struct{})
	go func() { // the thread ends with its affinity
		defer close(done)
		goruntime.LockOSThread()
		cpus, err := netpoll.Affinity()
		if err != nil {
			t.Error(err)
			return
		}
		if len(cpus) > 1 {
			if err := host.CanSpin(1); err != nil {
				t.Errorf("one loop on %d CPUs: %v", len(cpus), err)
			}
		}
		if err := host.CanSpin(len(cpus)); err == nil {
			t.Errorf("%d loops on %d CPUs", len(cpus), len(cpus))
		}
		if err := netpoll.Pin(cpus[0]); err != nil {
			t.Error(err)
			return
		}
		if err := host.CanSpin(1); !errors.Is(err, host.ErrOneCPU) {
			t.Errorf("a loop on the only CPU: %v", err)
		}
	}()
	<-done
}

func TestSafeScheduler(t *testing.T) {
	for _, row := range []struct {
		name   string
		policy uint32
		limit  int64
		known  bool
		want   error
	}{
		{"ordinary", unix.SCHED_NORMAL, 950_000, true, nil},
		{"fifo, no throttle", unix.SCHED_FIFO, -1, true, nil},
		{"fifo under the throttle", unix.SCHED_FIFO, 950_000, true, host.ErrThrottled},
		{"round robin under the throttle", unix.SCHED_RR, 950_000, true, host.ErrThrottled},
		{"fifo, throttle hidden", unix.SCHED_FIFO, 0, false, host.ErrThrottled},
	} {
		if got := host.SafeSchedulerWith(row.policy, row.limit, row.known); !errors.Is(got, row.want) {
			t.Errorf("%s: %v", row.name, got)
		}
	}
	if err := host.SafeScheduler(); err != nil {
		t.Errorf("this very thread: %v", err)
	}
}

func TestLockMemory(t *testing.T) {
	if err := host.LockMemory(); err != nil {
		t.Skip(err)
	}
	if err := host.UnlockMemory(); err != nil {
		t.Error(err)
	}
}

func TestPrefaultKeepsContent(t *testing.T) {
	b := make([]byte, 3*os.Getpagesize()+17)
	for i := range b {
		b[i] = byte(i)
	}
	host.Prefault(b)
	host.Prefault(nil)
	for i := range b {
		if b[i] != byte(i) {
			t.Fatalf("byte %d became %d", i, b[i])
		}
	}
}

func TestHoldLatency(t *testing.T) {
	held, err := host.HoldLatency()
	if err != nil {
		t.Skip(err)
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
}

func TestInterruptsOf(t *testing.T) {
	const table = "            CPU0       CPU1       \n" +
		"   9:          5          7   IO-APIC   9-fasteoi   acpi\n" +
		" LOC:       1000       2000   Local timer interrupts\n" +
		" RES:         30         40   Rescheduling interrupts\n" +
		" CAL:          1          2   Function call interrupts\n" +
		" TLB:          3          4   TLB shootdowns\n" +
		" ERR:          0\n"
	got := host.InterruptsOf(table, 1)
	for name, want := range map[string]uint64{"LOC": 2000, "RES": 40, "CAL": 2, "TLB": 4} {
		if got[name] != want {
			t.Errorf("%s = %d, want %d", name, got[name], want)
		}
	}
	if got := host.InterruptsOf(table, 7); len(got) != 0 {
		t.Errorf("a CPU that is not there: %v", got)
	}
}

func TestCoalescingRow(t *testing.T) {
	for _, row := range []struct {
		text, value string
		verdict     host.Verdict
	}{
		{"Coalesce parameters for eth0:\nAdaptive RX: off\nrx-usecs:\t0\n", "0", host.Pass},
		{"rx-usecs: 50\n", "50", host.Warn},
		{"rx-usecs: n/a\n", "n/a", host.Pass},
		{"nothing\n", "the driver has none", host.Pass},
	} {
		if got := host.CoalescingRow("x", "eth0", []byte(row.text), "why"); got.Value != row.value || got.Verdict != row.verdict {
			t.Errorf("%q: %+v", row.text, got)
		}
	}
}

func TestPickCPUs(t *testing.T) {
	root := t.TempDir()
	for cpu, siblings := range map[string]string{"2": "2,6", "6": "2,6", "3": "3,7", "7": "3,7"} {
		dir := filepath.Join(root, "sys/devices/system/cpu/cpu"+cpu+"/topology")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "thread_siblings_list"), []byte(siblings), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(root, "sys/devices/system/node/node1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cpulist"), []byte("4-5"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name                 string
		candidates, isolated []int
		node, n              int
		want                 []int
	}{
		{"the last of two", []int{0, 1}, nil, -1, 1, []int{1}},
		{"isolated first", []int{0, 1, 4, 5}, []int{1}, -1, 2, []int{1, 5}},
		{"near the card", []int{0, 1, 2, 4, 5, 8}, nil, 1, 2, []int{5, 4}},
		{"no siblings", []int{0, 2, 3, 6, 7}, nil, -1, 2, []int{7, 6}},
		{"siblings where it must be", []int{2, 3, 6, 7}, nil, -1, 3, []int{7, 6, 3}},
	} {
		got, why, err := host.Pick(root, row.candidates, row.isolated, row.node, row.n)
		if err != nil || !slices.Equal(got, row.want) || why == "" {
			t.Errorf("%s: %v (%s), %v, want %v", row.name, got, why, err, row.want)
		}
	}
	if got, _, err := host.Pick(root, []int{0, 1}, nil, -1, 2); err == nil {
		t.Errorf("two loops on two CPUs: %v", got)
	}
	if cpus, why, err := host.PickCPUs(host.Config{}, 1); err == nil {
		t.Logf("this host: %v (%s)", cpus, why)
	}
}
