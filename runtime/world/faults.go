package world

import (
	"net/netip"
	"syscall"

	"orderwire/bench/simex"
)

// faults is what goes wrong in a world.
type faults struct {
	w *world
}

func (f *faults) lookup(host string) ([]netip.Addr, error, int64) {
	if host != venueHost {
		return nil, errNotFound(host), lookupNanos
	}
	return []netip.Addr{venueAddr}, nil, lookupNanos
}

func (f *faults) connect() (errno syscall.Errno, silent bool) { return 0, false }
func (f *faults) connected(k *link)                           {}
func (f *faults) request(n *line)                             {}
func (f *faults) script(n uint64, intent simex.Intent) simex.Plan {
	return simex.Plan{}
}

type mangle struct{ truncated bool }

func (n *line) say(out []byte) { n.send(out) }
