//go:build giouring

package netpoll_test

import "orderwire/netpoll"

// tagged are the backends that this build has besides.
var tagged = []backend{{"giouring", func(a *netpoll.Arena, clock netpoll.Clock, c netpoll.PortConfig) (netpoll.Port, error) {
	p, _, err := netpoll.Open("giouring", a, clock, c)
	return p, err
}}}
