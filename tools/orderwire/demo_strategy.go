package main

import (
	"sync/atomic"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/whale"
	"orderwire/runtime"
)

// The armed orders of a demo: what the whale strategy fires, then the paced background.
const (
	whaleBuy runtime.Armed = iota
	whaleSell
	pacedBuy
	pacedSell
)

// demoStrategy listens for sweeps and follows them; beside that it pushes background orders at a steady pace, so that the
// percentiles of the table mean something. Loop thread only, but for the counters read by others.
type demoStrategy struct {
	detector  *whale.Detector
	sequences *market.Gaps

	paceNanos int64 // between two background orders
	paceLeft  int   // background orders still to come
	nextAt    int64 // loop time for which the next is intended, 0 before the first
	price     fixed.Number
	quantity  fixed.Number

	trades   atomic.Int64
	frames   atomic.Int64
	triggers atomic.Int64
	gaps     atomic.Int64
	pushed   atomic.Int64
	refused  atomic.Int64
	left     atomic.Int64
}

func newDemoStrategy(detector *whale.Detector, sequences *market.Gaps, background int, paceNanos int64) *demoStrategy {
	s := &demoStrategy{
		detector: detector, sequences: sequences, paceNanos: paceNanos, paceLeft: background,
		quantity: fixed.Number{Mantissa: 1, Scale: 3},
	}
	s.left.Store(int64(background))
	return s
}

// Market counts what was received and fires at sweeps.
func (s *demoStrategy) Market(ev *market.Event, now int64, hand runtime.Hand) {
	s.frames.Add(1)
	if s.sequences.See(ev) > 0 {
		s.gaps.Add(1)
	}
	if ev.Kind != market.KindTrade {
		return
	}
	s.trades.Add(1)
	s.price = ev.Trade.Price
	if s.detector == nil {
		return
	}
	d, fire := s.detector.See(ev)
	if !fire {
		return
	}
	s.triggers.Add(1)
	order := whaleBuy
	if d.Side == market.Sell {
		order = whaleSell
	}
	s.push(order, d.Price, d.Qty, now, hand)
}

// Turn pushes the background orders that are due. Their latency counts from the time for which they were planned, so that a
// stall is not hidden.
func (s *demoStrategy) Turn(now int64, hand runtime.Hand) {
	if s.paceLeft == 0 || s.price.Mantissa == 0 || !hand.Live() {
		return
	}
	if s.nextAt == 0 {
		s.nextAt = now
	}
	if now < s.nextAt {
		return
	}
	order := pacedBuy
	if s.paceLeft%2 == 1 {
		order = pacedSell
	}
	s.push(order, s.spread(), s.quantity, s.nextAt, hand)
	s.nextAt += s.paceNanos
	s.paceLeft--
	s.left.Store(int64(s.paceLeft))
}

// spreadTicks is over how many prices the background orders are spread, and spreadStep the distance of two: after a stall
// they come in one burst, and the gate rightly refuses an order that is like the one before.
const spreadTicks = 64

var spreadStep = fixed.Number{Mantissa: 1, Scale: 2}

// spread is the price of the next background order: the last print's, moved by up to spreadTicks.
func (s *demoStrategy) spread() fixed.Number {
	moved, ok := s.price.Add(fixed.Number{Mantissa: spreadStep.Mantissa * int64(s.paceLeft%spreadTicks), Scale: spreadStep.Scale})
	if !ok {
		return s.price
	}
	return moved
}

func (s *demoStrategy) push(order runtime.Armed, price, qty fixed.Number, at int64, hand runtime.Hand) {
	if _, outcome := hand.Push(order, price, qty, at); outcome == orders.Sent {
		s.pushed.Add(1)
		return
	}
	s.refused.Add(1)
}

// Receipt needs no answer: the demo counts receipts off the loop.
func (s *demoStrategy) Receipt(*orders.Receipt, int64, runtime.Hand) {}
