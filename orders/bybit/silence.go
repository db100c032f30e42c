package bybit

import (
	"time"

	"orderwire/orders"
)

// Silence: level 1 of a ladder is repeated every 3 s where nothing changes, so that market data never cease; our pings are
// answered every 20 s on every connection. Source: websocket/public/orderbook, ws/connect.
func (d *Dialect) Silence() orders.Silence {
	return orders.Silence{Orders: time.Minute, Reports: time.Minute, Market: 15 * time.Second, Data: 15 * time.Second, Unheard: 10 * time.Second}
}
