package main

import (
	"errors"
	"fmt"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/runtime"
)

// PacedConfig is the strategy that pushes the armed orders in turn, at a steady pace: a load for tests and measurements, and
// never for a live exchange.
type PacedConfig struct {
	Orders      int    `toml:"orders" comment:"how many; 0: without end"`
	EveryUS     int    `toml:"every_us"`
	Quantity    string `toml:"quantity"`
	AwayPPM     int64  `toml:"away_ppm" comment:"how far from the last price orders that may rest are placed, in millionths"`
	CancelAfter int    `toml:"cancel_after" comment:"an order that may rest is cancelled so many turns later; 0: never"`
}

func (p *PacedConfig) finish() error {
	if p.Quantity == "" {
		p.Quantity = "0.001"
	}
	if _, err := positive(p.Quantity); err != nil {
		return fmt.Errorf("paced.quantity = %q %w", p.Quantity, err)
	}
	return within([]wholeNumber{
		{"paced.orders", int64(p.Orders), 0, countMax},
		{"paced.every_us", int64(p.EveryUS), 1, 3_600_000_000},
		{"paced.away_ppm", p.AwayPPM, 0, millionths / 2},
		{"paced.cancel_after", int64(p.CancelAfter), 0, pacedRests},
	})
}

// pacedRests bounds how many resting orders are kept in mind.
const pacedRests = 1 << 10

// pacedStrategy pushes armed order after armed order, and cancels what rests. Loop thread only.
type pacedStrategy struct {
	*demoStrategy
	specs    []orders.Spec
	left     int // -1: without end
	every    int64
	next     int64
	turn     int
	qty      fixed.Number
	away     int64
	after    int
	resting  [pacedRests]restingOrder // a ring
	restFrom int
	restNext int
}

func newPacedStrategy(c *PacedConfig, base *demoStrategy, specs []orders.Spec) (*pacedStrategy, error) {
	if len(specs) == 0 {
		return nil, usage("paced needs armed orders")
	}
	qty, err := positive(c.Quantity)
	if err != nil {
		return nil, err
	}
	p := &pacedStrategy{
		demoStrategy: base, specs: specs, left: c.Orders, every: int64(c.EveryUS) * 1000, qty: qty, away: c.AwayPPM, after: c.CancelAfter,
	}
	if c.Orders == 0 {
		p.left = -1
	}
	return p, nil
}

// restingOrder is an order that may rest, and the turn in which it was pushed.
type restingOrder struct {
	id   uint64
	turn int
}

// errPacedLive is a load that would cost money.
var errPacedLive = errors.New("[paced] is a load for tests: it is refused at a live exchange")

// Turn is part of runtime.Strategy.
func (p *pacedStrategy) Turn(now int64, hand runtime.Hand) {
	if p.left == 0 || p.price.Mantissa == 0 || !hand.Live() {
		return
	}
	if p.next == 0 {
		p.next = now
	}
	if now < p.next {
		return
	}
	p.cancelOld(now, hand)
	order := p.turn % len(p.specs)
	p.turn++
	spec := &p.specs[order]
	id, outcome := hand.Push(runtime.Armed(order), p.placed(spec), p.qty, p.next)
	p.next += p.every
	if p.next < now {
		p.next = now // a load that was held up does not catch up in a burst
	}
	if outcome != orders.Sent {
		p.refused.Add(1)
		return
	}
	p.pushed.Add(1)
	if p.left > 0 {
		p.left--
	}
	if rests(spec) && p.after > 0 {
		p.resting[p.restNext%pacedRests] = restingOrder{id, p.turn}
		p.restNext++
	}
}

func rests(spec *orders.Spec) bool { return spec.TIF == orders.GTC || spec.Type == orders.PostOnly }

// placed is the price of an order: the last one, or away from it where it is to rest.
func (p *pacedStrategy) placed(spec *orders.Spec) fixed.Number {
	price := p.price
	if rests(spec) {
		by := price.Mantissa / millionths * p.away
		if spec.Side == market.Buy {
			by = -by
		}
		price.Mantissa += by
	}
	for price.Scale > spec.PriceScale { // venues quote with more zeros than the tick has decimals
		price.Mantissa, price.Scale = price.Mantissa/10, price.Scale-1
	}
	return price
}

// cancelOld cancels the oldest order that has rested long enough.
func (p *pacedStrategy) cancelOld(now int64, hand runtime.Hand) {
	if p.restFrom == p.restNext {
		return
	}
	oldest := p.resting[p.restFrom%pacedRests]
	if p.turn-oldest.turn < p.after {
		return
	}
	if _, outcome := hand.Cancel(oldest.id, now); outcome == orders.Sent {
		p.restFrom++
	}
}
