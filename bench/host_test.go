package bench_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orderwire/bench"
)

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestHostReadsWhatIsThere(t *testing.T) {
	root := t.TempDir()
	write(t, root, "proc/cpuinfo", "processor\t: 0\nmodel name\t: Foo CPU @ 3GHz: fast\nflags\t\t: fpu sha_ni vaes hypervisor\n\nprocessor\t: 1\nmodel name\t: Bar\n")
	write(t, root, "proc/sys/kernel/osrelease", "6.18.1-test\n")
	h := bench.ReadHost(root)
	if h.CPU != "Foo CPU @ 3GHz: fast" || h.Kernel != "6.18.1-test" || !h.Virtualised {
		t.Errorf("host is %+v", h)
	}
	if want := []string{"vaes", "sha_ni", "hypervisor"}; !slices.Equal(h.Flags, want) {
		t.Errorf("flags are %v, want %v", h.Flags, want)
	}
	if h.Governor != "missing" || h.ClockSource != "missing" {
		t.Errorf("governor %q clocksource %q, want both missing", h.Governor, h.ClockSource)
	}
}

func TestHostWithoutProc(t *testing.T) {
	h := bench.ReadHost(t.TempDir())
	if h.CPU != "missing" || h.Kernel != "missing" || h.Virtualised || len(h.Flags) != 0 {
		t.Errorf("host is %+v", h)
	}
}

func TestHostHere(t *testing.T) {
	h := bench.ReadHost("/")
	if h.Kernel == "missing" || h.CPUs < 1 || !strings.HasPrefix(h.Go, "go") {
		t.Errorf("host is %+v", h)
	}
}

func TestStealMeter(t *testing.T) {
	root := t.TempDir()
	write(t, root, "proc/stat", "cpu  100 0 50 800 0 0 0 50 7 7\ncpu0 1 1 1 1\n")
	meter := bench.StartSteal(root)
	write(t, root, "proc/stat", "cpu  150 0 50 880 0 0 0 120 9 9\n") // +50 user, +80 idle, +70 steal
	if got := meter.Percent(); got != 35 {
		t.Errorf("stolen %v %%, want 35", got)
	}
	write(t, root, "proc/stat", "rubbish here\n")
	if got := meter.Percent(); got != 0 {
		t.Errorf("stolen %v %% from rubbish, want 0", got)
	}
}

// TestSpinSeesPlantedGaps drives the meter by a clock of which every reading is known.
func TestSpinSeesPlantedGaps(t *testing.T) {
	gaps := map[int]int64{100: 1_001, 200: 20_000, 300: 20_001, 400: 500_000}
	at, reading := int64(0), 0
	now := func() int64 {
		step := int64(100)
		if gap, ok := gaps[reading]; ok {
			step = gap
		}
		at += step
		reading++
		return at
	}
	j := bench.Spin(context.Background(), now, time.Millisecond)
	if j.Over1us != 4 || j.Over20us != 2 || j.MaxNanos != 500_000 {
		t.Errorf("over 1 us %d, over 20 us %d, max %d; want 4 2 500000", j.Over1us, j.Over20us, j.MaxNanos)
	}
	if want := 100 * float64(1_001+20_000+20_001+500_000) / float64(j.SpanNanos); j.StolenPercent != want {
		t.Errorf("stolen %v %%, want %v", j.StolenPercent, want)
	}
}

func TestSpinEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	at := int64(0)
	j := bench.Spin(ctx, func() int64 { at++; return at }, time.Hour)
	if j.Turns > 1<<15 {
		t.Errorf("spun %d turns after its context had ended", j.Turns)
	}
}

func TestResultKeepsTheContract(t *testing.T) {
	r := bench.Result{Stages: map[string]bench.Summary{"Patched": {}}}
	if _, err := r.Encode(); err == nil || !strings.Contains(err.Error(), "bad_signatures") {
		t.Fatalf("a result without examiner counts gives %v", err)
	}
	r.Examiner = bench.Examiner{"bad_signatures": 0, "bad_frames": 0, "bad_json": 0, "unexpected": 0}
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	paths := []string{
		"triggers", "allocs_per_push", "gc_cycles", "backend", "kernel.sha256", "kernel.seal", "host.cpu", "host.kernel",
		"orders.pushed", "orders.acked", "orders.filled", "orders.rejected", "orders.unknown", "orders.lost", "orders.duplicates",
		"examiner.bad_signatures", "examiner.bad_frames", "examiner.bad_json", "examiner.unexpected",
		"market.frames", "market.trades", "market.gaps",
		"stages.Patched.mean_ns", "stages.Patched.p50_ns", "stages.Patched.p99_ns", "stages.Patched.p999_ns", "stages.Patched.max_ns", "stages.Patched.n",
		"tick_to_trade_ns.mean_ns", "tick_to_trade_ns.p50_ns", "tick_to_trade_ns.p99_ns", "tick_to_trade_ns.p999_ns", "tick_to_trade_ns.max_ns", "tick_to_trade_ns.n",
	}
	for _, path := range paths {
		var at any = tree
		for _, name := range strings.Split(path, ".") {
			node, ok := at.(map[string]any)
			if !ok {
				t.Fatalf("%s: %s is no object", path, name)
			}
			if at, ok = node[name]; !ok {
				t.Errorf("%s is missing", path)
				break
			}
		}
	}
}
