package coinbase

import (
	"time"

	"orderwire/orders"
)

// Silence: the heartbeat channels tell something every second, on the market feed and, at Exchange, on the user's.
func (d *Dialect) Silence() orders.Silence {
	s := orders.Silence{Market: 5 * time.Second, Data: time.Minute, Unheard: 10 * time.Second}
	if d.API == Exchange {
		s.Reports = 5 * time.Second
	}
	return s
}
