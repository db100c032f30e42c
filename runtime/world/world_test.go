package world_test

import (
	"os"
	"testing"

	"orderwire/runtime/world"
)

// live runs a world that must keep every invariant. With WORLD_LOG set its event log is printed.
func live(t *testing.T, o world.Options) world.Report {
	t.Helper()
	if os.Getenv("WORLD_LOG") != "" {
		o.Log = os.Stderr
	}
	report, err := world.Run(o)
	if err != nil {
		t.Fatalf("seed %d: %v", o.Seed, err)
	}
	for _, failure := range report.Failures {
		t.Errorf("seed %d: %s", o.Seed, failure)
	}
	return report
}

// TestCalmWorld: where nothing goes wrong every decision is sent, and known to its end.
func TestCalmWorld(t *testing.T) {
	report := live(t, world.Options{Seed: 1, Calm: true})
	if report.Sent != 100 || report.Orders != 100 || report.Executions == 0 {
		t.Errorf("100 decisions: %d sent, %d orders, %d executions", report.Sent, report.Orders, report.Executions)
	}
}

// TestSameSeedSameWorld: the event log follows from the seed alone.
func TestSameSeedSameWorld(t *testing.T) {
	first, again, other := live(t, world.Options{Seed: 7}), live(t, world.Options{Seed: 7}), live(t, world.Options{Seed: 8})
	if first.Hash != again.Hash {
		t.Errorf("seed 7 gave %s, then %s", first.Hash, again.Hash)
	}
	if first.Hash == other.Hash {
		t.Error("seeds 7 and 8 gave the same world")
	}
}
