package simex_test

import (
	"strings"
	"testing"

	"orderwire/bench/simex"
)

func TestSelftestProvesEveryRuleOfEveryVenue(t *testing.T) {
	for _, kind := range simex.Kinds() {
		t.Run(kind, func(t *testing.T) {
			var out strings.Builder
			if err := simex.Selftest(&out, kind); err != nil {
				t.Errorf("selftest: %v\n%s", err, out.String())
			}
		})
	}
}

func TestSelftestRefusesAnUnknownVenue(t *testing.T) {
	if err := simex.Selftest(&strings.Builder{}, "nowhere"); err == nil {
		t.Error("a venue that does not exist passed the selftest")
	}
}
