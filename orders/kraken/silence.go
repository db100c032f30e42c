package kraken

import (
	"time"

	"orderwire/orders"
)

// Silence: a heartbeat comes every second where nothing else does, on every connection with a subscription, and after 5 s
// without any message the venue wants us to connect anew. A pair may be quiet for longer than that.
// Source: guides/websockets/reconnection.
func (d *Dialect) Silence() orders.Silence {
	return orders.Silence{Orders: 5 * time.Second, Market: 5 * time.Second, Data: 2 * time.Minute, Unheard: 10 * time.Second}
}
