package orders

import "time"

// Silence is how long a venue's connections may bring nothing before they count as dead, although they are open and answer
// pings (R7). Zero: such silence means nothing.
type Silence struct {
	Orders, Reports, Market time.Duration // without any message, heartbeats included
	Data                    time.Duration // a market connection without market data, whatever else comes on it
	Unheard                 time.Duration // an order that was accepted, and of which the stream of reports tells nothing
}
