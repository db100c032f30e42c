package bench

import (
	"math"

	"orderwire/orders/fixed"
)

// Sequence is the orders of one run: prices, quantities and the waits before them follow from a seed, so that every client
// that is compared gets the same ones.
//
// Source: splitmix64, Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
type Sequence struct {
	Seed       uint64
	ThinkNanos int64 // mean of the waits
}

// Order is price and quantity of order i.
func (s Sequence) Order(i int) (price, qty fixed.Number) {
	x := splitmix64(s.Seed + uint64(i))
	return fixed.Number{Mantissa: int64(6412345 + x%100000), Scale: 2}, fixed.Number{Mantissa: int64(1000 + (x>>32)%9000), Scale: 5}
}

// Wait is the time from the answer before order i (or the start) to order i: exponential, and clipped to a quarter and to
// four times of the mean, so that no client can know its end. Units: ns.
func (s Sequence) Wait(i int) int64 {
	y := splitmix64(^s.Seed + uint64(i))
	think := float64(s.ThinkNanos)
	wait := think * -math.Log(float64((y>>11)+1)/(1<<53))
	return int64(min(max(wait, think/4), think*4))
}

func splitmix64(state uint64) uint64 {
	z := state + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
