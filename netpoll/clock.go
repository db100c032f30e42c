package netpoll

// Clock tells the loop's time: nanoseconds of CLOCK_MONOTONIC. Everything above netpoll gets time as an
// argument or from such a Clock, so that tests and the simulated world can hold it.
type Clock interface {
	// Now is the reading for decisions and stage marks. Units: ns of CLOCK_MONOTONIC. Allocates nothing.
	Now() int64
	// Wall is the local wall time that belongs to a reading of Now. Units: ns since the Unix epoch.
	// It only stamps orders; intervals are never taken from it.
	Wall(now int64) int64
}
