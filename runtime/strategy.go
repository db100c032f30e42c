package runtime

import (
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// Strategy decides. Its methods run on the loop thread, between two polls of the sockets, so every
// nanosecond in them is one in which nothing is received: they must not block, lock, log or allocate.
// A strategy that makes garbage belongs in another process and triggers through a queue.
type Strategy interface {
	// Market is called for each market event. ev and all it holds are valid until it returns.
	Market(ev *market.Event, now int64, hand Hand)
	// Receipt is called when something new is known about an order.
	Receipt(r *orders.Receipt, now int64, hand Hand)
	// Turn is called once in each turn of the loop, after what was received was handled.
	Turn(now int64, hand Hand)
}

// Hand is how a strategy acts, valid during the call it was given to.
type Hand interface {
	// Push fires an armed order at once. at is the loop time for which the trigger was intended (the receive
	// time of the market frame, or the planned time of a paced order): latency counts from there.
	Push(order Armed, price, qty fixed.Number, at int64) (id uint64, outcome orders.Outcome)
	// Aim asks that order be signed ahead at price and quantity, and kept fresh, so that a Push of the same needs no
	// signature then. Up to 32 are kept; the oldest gives way. Aiming at what is kept already costs little.
	Aim(order Armed, price, qty fixed.Number)
	// Cancel asks the venue to cancel order id, by its client id. at is as for Push. A cancel passes every gate of ours.
	Cancel(id uint64, at int64) (request uint64, outcome orders.Outcome)
	// Live tells whether a Push would find its order session in state Live.
	Live() bool
}

// Armed names an order that was compiled when cold: the index given by Config.Orders.
type Armed uint16
