package fixed

import "math/bits"

// Sum is an exact running total of products of non-negative Numbers: notional. It is 128 bits wide, since
// a price and a quantity of eight decimals each leave an int64 only 922 quote units.
//
// The zero Sum is 0.
type Sum struct {
	high, low uint64
	scale     uint8
}

// AddProduct adds price * qty. ok is false, and s is as it was, where a factor is negative or the exact
// total does not fit.
func (s *Sum) AddProduct(price, qty Number) (ok bool) {
	if price.Mantissa|qty.Mantissa < 0 {
		return false
	}
	product := Sum{scale: price.Scale + qty.Scale}
	product.high, product.low = bits.Mul64(uint64(price.Mantissa), uint64(qty.Mantissa))
	total := *s
	if total.scale != product.scale && (!total.raise(product.scale) || !product.raise(total.scale)) {
		return false
	}
	var carry uint64
	total.low, carry = bits.Add64(total.low, product.low, 0)
	total.high, carry = bits.Add64(total.high, product.high, carry)
	if carry != 0 {
		return false
	}
	*s = total
	return true
}

// Cmp is -1, 0 or +1 as s is less than, equal to or greater than n.
func (s *Sum) Cmp(n Number) int {
	if n.Mantissa < 0 {
		return 1
	}
	left, right := *s, Sum{low: uint64(n.Mantissa), scale: n.Scale}
	// What cannot be written at the other's scale is larger than anything that is there already.
	if !left.raise(right.scale) {
		return 1
	}
	if !right.raise(left.scale) {
		return -1
	}
	if left.high != right.high {
		return order(left.high, right.high)
	}
	return order(left.low, right.low)
}

// raise makes the scale at least scale. ok is false where that does not fit; s is then void.
func (s *Sum) raise(scale uint8) (ok bool) {
	for s.scale < scale {
		step := min(scale-s.scale, uint8(len(powers)-1))
		over, high := bits.Mul64(s.high, powers[step])
		carried, low := bits.Mul64(s.low, powers[step])
		sum, carry := bits.Add64(high, carried, 0)
		if over != 0 || carry != 0 {
			return false
		}
		s.high, s.low = sum, low
		s.scale += step
	}
	return true
}
