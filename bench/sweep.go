package bench

// sweep is memory that is read and written to drive everything else out of the caches, as an application does between two
// orders.
type sweep []uint64

// cacheLineWords is a cache line in words.
const cacheLineWords = 8

func newSweep(sizeBytes int) sweep { return make(sweep, sizeBytes/8) }

// run touches every cache line of it, and tells whether there was anything to touch.
func (s sweep) run() bool {
	for i := 0; i < len(s); i += cacheLineWords {
		s[i]++
	}
	return len(s) > 0
}
