package world_test

import (
	"os"
	"testing"

	"orderwire/runtime/world"
)

// TestCalmWorld: where nothing goes wrong every decision is sent once and known to its end.
func TestCalmWorld(t *testing.T) {
	o := world.Options{Seed: 1, Calm: true}
	if os.Getenv("WORLD_LOG") != "" {
		o.Log = os.Stderr
	}
	report, err := world.Run(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Failures {
		t.Error(f)
	}
	t.Logf("%+v", report)
	again, err := world.Run(world.Options{Seed: 1, Calm: true})
	if err != nil {
		t.Fatal(err)
	}
	if again.Hash != report.Hash {
		t.Errorf("the same seed gave %s, then %s", report.Hash, again.Hash)
	}
}
