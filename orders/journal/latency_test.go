package journal_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"orderwire/orders/journal"
)

// BenchmarkIntentPaced writes one intent every few microseconds while the flusher copies and syncs beside it, and reports the
// percentiles of single calls less the cost of reading the clock: what the push pays.
func BenchmarkIntentPaced(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "state")
	state, err := journal.OpenState(dir)
	if err != nil {
		b.Fatal(err)
	}
	epoch, err := state.NextEpoch()
	if err != nil {
		b.Fatal(err)
	}
	log, _, err := journal.OpenLog(state, epoch, journal.Config{Places: 1 << 16})
	if err != nil {
		b.Fatal(err)
	}
	const gap = 20 * time.Microsecond
	intent := journal.IntentRecord{Epoch: epoch, Symbol: "BTCUSDT", Price: journal.Decimal{Mantissa: 6_412_345, Scale: 2}}
	took := make([]int64, 0, b.N)
	clock := make([]int64, 0, b.N)
	start := time.Now()
	b.ResetTimer()
	for i := range b.N {
		for due := time.Duration(i) * gap; time.Since(start) < due; {
		}
		t0 := time.Since(start)
		t1 := time.Since(start)
		intent.ID = uint64(i)
		ok := log.Intent(&intent)
		t2 := time.Since(start)
		if !ok {
			b.Fatal("the ring is full")
		}
		took, clock = append(took, int64(t2-t1)), append(clock, int64(t1-t0))
	}
	b.StopTimer()
	slices.Sort(took)
	slices.Sort(clock)
	floor := clock[len(clock)/2]
	at := func(permille int) float64 {
		return float64(max(took[min(len(took)-1, len(took)*permille/1000)]-floor, 0))
	}
	b.ReportMetric(at(500), "p50-ns")
	b.ReportMetric(at(990), "p99-ns")
	b.ReportMetric(at(999), "p99.9-ns")
	if err := errors.Join(log.Close(), state.Close()); err != nil {
		b.Fatal(err)
	}
}
