package binance

import (
	"time"

	"orderwire/orders"
)

// Silence: order connections may be silent for ever, and neither market has heartbeats. USD-M's old addresses complete the
// handshake and then send nothing (since 2026-04-23), so that its market data are watched more closely.
func (d *Dialect) Silence() orders.Silence {
	s := orders.Silence{Data: time.Minute, Unheard: 10 * time.Second}
	if d.Product == USDM {
		s.Data = 30 * time.Second
	}
	return s
}
