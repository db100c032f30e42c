package hmac256

import (
	"crypto/fips140"
	"fmt"
)

// kernel is one way to compute the sum: from p's midstates over tail into p.sum and p.hex.
type kernel struct {
	name      string
	tier      string // the least ORDERWIRE_CPU under which it runs
	available bool
	missing   string // the CPU feature it lacks, where it is not available
	standard  bool
	mac       func(p *Prefix, tail []byte)
}

// kernels are all rows, best first; the standard library is the last and always there.
var kernels = append(archKernels(), kernel{name: "standard", tier: "generic", available: true, standard: true, mac: macStandard})

// tiers in rising order. A tier allows its own kernels and those of all below it.
var tiers = []string{"generic", "shani", "vaes256", "avx512"}

var chosen = choose(len(tiers) - 1)

// KernelName is the kernel that new keys use: "shani" or "standard".
func KernelName() string { return chosen.name }

// Force limits new keys to the kernels of a tier: generic, shani, vaes256 or avx512; empty lifts the limit. It is
// called once, before the first key, with what ORDERWIRE_CPU says. A CPU that lacks the tier is an error.
func Force(tier string) error {
	if tier == "" {
		chosen = choose(len(tiers) - 1)
		return nil
	}
	rank := rankOf(tier)
	if rank < 0 {
		return fmt.Errorf("hmac256: CPU tier %q is unknown: use generic, shani, vaes256 or avx512", tier)
	}
	for i := range kernels {
		if k := &kernels[i]; k.tier == tier && !k.available {
			return fmt.Errorf("hmac256: this CPU or build has no %s for tier %s", k.missing, tier)
		}
	}
	chosen = choose(rank)
	return nil
}

// choose is the best available kernel up to a tier. In FIPS 140 mode only the standard library runs.
func choose(rank int) *kernel {
	for i := range kernels {
		k := &kernels[i]
		if k.available && rankOf(k.tier) <= rank && (k.standard || !fips140.Enabled()) {
			return k
		}
	}
	panic("hmac256: no kernel")
}

func rankOf(tier string) int {
	for rank, name := range tiers {
		if name == tier {
			return rank
		}
	}
	return -1
}
