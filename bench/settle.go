package bench

import "orderwire/netpoll"

const (
	anchorGood  = 50 // ns
	anchorTries = 10
)

// settleClock steers clock until it agrees with the kernel's, in whose time the far end stamps: an error takes up to a
// second to vanish. It spins.
func settleClock(clock netpoll.AnchoredClock) {
	for range anchorTries {
		if lag := clock.Anchor(); lag > -anchorGood && lag < anchorGood {
			return
		}
		for until := clock.Now() + anchorNanos/5; clock.Now() < until; {
		}
	}
}
