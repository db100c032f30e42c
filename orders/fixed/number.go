package fixed

import (
	"math"
	"math/bits"
)

// Number is an exact decimal: Mantissa / 10^Scale. Prices, quantities and money are Numbers; no float
// takes part in an order.
//
// Shape: Scale is 0..18. The zero Number is 0. 1.50 (150, 2) and 1.5 (15, 1) are different values of the
// struct and equal by Cmp: the scale is kept because venues demand a number of decimals.
type Number struct {
	Mantissa int64
	Scale    uint8
}

// MaxScale is the largest number of decimals: 10^18 is the last power of ten inside an int64.
const MaxScale = 18

// powers[n] is 10^n. 10^19 is there for one step past MaxScale; it still fits an uint64.
var powers = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// IsZero tells whether n is 0 at any scale.
func (n Number) IsZero() bool { return n.Mantissa == 0 }

// Neg is -n. ok is false for the one mantissa that has no opposite.
func (n Number) Neg() (opposite Number, ok bool) {
	return Number{-n.Mantissa, n.Scale}, n.Mantissa != math.MinInt64
}

// Cmp is -1, 0 or +1 as n is less than, equal to or greater than m, by value and whatever the scales.
func (n Number) Cmp(m Number) int {
	if n.Scale == m.Scale {
		return order(n.Mantissa, m.Mantissa)
	}
	if n.Mantissa < 0 != (m.Mantissa < 0) {
		return order(n.Mantissa, m.Mantissa) // different signs: the scale cannot matter
	}
	// Same sign: the magnitudes at the greater scale are compared in 128 bits, where 2^63 * 10^18 fits.
	nHigh, nLow := magnitude(n.Mantissa), uint64(0)
	mHigh, mLow := magnitude(m.Mantissa), uint64(0)
	if n.Scale < m.Scale {
		nHigh, nLow = bits.Mul64(nHigh, powers[m.Scale-n.Scale])
		mHigh, mLow = 0, mHigh
	} else {
		mHigh, mLow = bits.Mul64(mHigh, powers[n.Scale-m.Scale])
		nHigh, nLow = 0, nHigh
	}
	sign := 1
	if n.Mantissa < 0 {
		sign = -1
	}
	if nHigh != mHigh {
		return sign * order(nHigh, mHigh)
	}
	return sign * order(nLow, mLow)
}

// Rescale is n with scale decimals. exact is false where digits would be lost or the mantissa would not
// fit; the Number is then zero, so that a caller who forgets to ask sends nothing that looks real.
func (n Number) Rescale(scale uint8) (rescaled Number, exact bool) {
	switch {
	case scale == n.Scale:
		return n, true
	case scale > MaxScale:
		return Number{}, false
	case scale > n.Scale:
		high, low := bits.Mul64(magnitude(n.Mantissa), powers[scale-n.Scale])
		return signed(high, low, n.Mantissa < 0, scale)
	}
	power := int64(powers[n.Scale-scale])
	if n.Mantissa%power != 0 {
		return Number{}, false
	}
	return Number{n.Mantissa / power, scale}, true
}

// Trim is n with as few decimals as its value needs.
func (n Number) Trim() Number {
	for n.Scale > 0 && n.Mantissa%10 == 0 {
		n.Mantissa /= 10
		n.Scale--
	}
	return n
}

// Add is n + m at the greater of the two scales. ok is false where that does not fit.
func (n Number) Add(m Number) (sum Number, ok bool) {
	if n.Scale != m.Scale {
		scale := max(n.Scale, m.Scale)
		var nOK, mOK bool
		n, nOK = n.Rescale(scale)
		m, mOK = m.Rescale(scale)
		if !nOK || !mOK {
			return Number{}, false
		}
	}
	total := n.Mantissa + m.Mantissa
	if (n.Mantissa^total)&(m.Mantissa^total) < 0 {
		return Number{}, false
	}
	return Number{total, n.Scale}, true
}

// Sub is n - m at the greater of the two scales. ok is false where that does not fit.
func (n Number) Sub(m Number) (difference Number, ok bool) {
	opposite, ok := m.Neg()
	if !ok {
		return Number{}, false
	}
	return n.Add(opposite)
}

// Mul is n * m. Its scale is the sum of the scales, less the trailing zeros that had to go to make it
// fit. ok is false where the exact product fits no Number.
func (n Number) Mul(m Number) (product Number, ok bool) {
	high, low := bits.Mul64(magnitude(n.Mantissa), magnitude(m.Mantissa))
	scale, negative := n.Scale+m.Scale, n.Mantissa < 0 != (m.Mantissa < 0)
	for {
		if product, ok = signed(high, low, negative, scale); ok && scale <= MaxScale {
			return product, true
		}
		if scale == 0 {
			return Number{}, false
		}
		var rest uint64
		high, low, rest = divide10(high, low)
		if rest != 0 {
			return Number{}, false
		}
		scale--
	}
}

func divide10(high, low uint64) (quotientHigh, quotientLow, rest uint64) {
	quotientHigh, rest = high/10, high%10
	quotientLow, rest = bits.Div64(rest, low, 10)
	return quotientHigh, quotientLow, rest
}

// signed makes a Number of a 128-bit magnitude, if it fits.
func signed(high, low uint64, negative bool, scale uint8) (Number, bool) {
	if high != 0 || low > math.MaxInt64 {
		if negative && high == 0 && low == 1<<63 {
			return Number{math.MinInt64, scale}, true
		}
		return Number{}, false
	}
	mantissa := int64(low)
	if negative {
		mantissa = -mantissa
	}
	return Number{mantissa, scale}, true
}

func magnitude(mantissa int64) uint64 {
	if mantissa < 0 {
		return -uint64(mantissa)
	}
	return uint64(mantissa)
}

func order[T int64 | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
