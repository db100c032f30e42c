package simex

import (
	"slices"
	"sync"
)

// serviceRing keeps how long the last requests took from read to written.
type serviceRing struct {
	mu   sync.Mutex
	took [4096]int64
	n    uint64
	max  int64
}

func (r *serviceRing) add(took int64) {
	r.mu.Lock()
	r.took[r.n%uint64(len(r.took))] = took
	r.n++
	r.max = max(r.max, took)
	r.mu.Unlock()
}

func (r *serviceRing) spread() Spread {
	r.mu.Lock()
	kept := slices.Clone(r.took[:min(r.n, uint64(len(r.took)))])
	spread := Spread{N: r.n, Max: r.max}
	r.mu.Unlock()
	if len(kept) == 0 {
		return spread
	}
	slices.Sort(kept)
	at := func(permille int) int64 { return kept[min(len(kept)-1, len(kept)*permille/1000)] }
	spread.P50, spread.P99, spread.P999 = at(500), at(990), at(999)
	return spread
}
