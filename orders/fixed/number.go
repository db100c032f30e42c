package fixed

// Number is an exact decimal: Mantissa / 10^Scale. Prices, quantities and money are Numbers; no float
// takes part in an order.
//
// Shape: Scale is 0..18. The zero Number is 0. 1.50 (150, 2) and 1.5 (15, 1) are different values of the
// struct and equal by Cmp: the scale is kept because venues demand a number of decimals.
type Number struct {
	Mantissa int64
	Scale    uint8
}
