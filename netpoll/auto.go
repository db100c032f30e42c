package netpoll

import (
	"errors"
	"fmt"
)

// Auto makes the port that measured best (on Linux 6.18): receives by a ring, which spins without system
// calls; one record by sendto; FanOutMin or more by one enter. Where there is no ring it makes a Direct
// port, and why says so. Loop thread only.
func Auto(arena *Arena, clock Clock, c PortConfig) (port Port, why string, err error) {
	r, err := newRingPort(arena, clock, c, without{})
	if errors.Is(err, ErrNoRing) {
		port, directErr := NewDirect(arena, clock, c)
		return port, fmt.Sprintf("direct: %v", err), directErr
	}
	if err != nil {
		return nil, "", err
	}
	if !r.features.TaskrunFlag || !r.features.Multishot {
		// Without the mapped flag, completions come by interrupt: five times the latency of a polled recv.
		had := r.features
		if err := r.Close(); err != nil {
			return nil, "", err
		}
		port, err := NewDirect(arena, clock, c)
		return port, fmt.Sprintf("direct: io_uring here is too old to be polled without interrupts (has: %v)", had), err
	}
	r.name, r.direct = "auto", true
	return r, fmt.Sprintf("auto: receive by io_uring (%v), one record by sendto, %d or more by one enter", r.features, r.fanOut), nil
}
