package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// multiply adds the carry-less product of by and block (where add is not set: begins with it). spare is scratch; where the
// product is the first, it may be the same as none of the sums.
func multiply(by, block Op, low, high, middle, spare Register, add bool) {
	block2 := block.(VecPhysical)
	if !add {
		VPCLMULQDQ(U8(0x00), by, block2, low)
		VPCLMULQDQ(U8(0x01), by, block2, middle)
		VPCLMULQDQ(U8(0x10), by, block2, spare)
		VPXOR(spare, middle, middle)
		VPCLMULQDQ(U8(0x11), by, block2, high)
		return
	}
	for _, part := range []struct {
		halves uint8
		sum    Register
	}{{0x00, low}, {0x01, middle}, {0x10, middle}, {0x11, high}} {
		VPCLMULQDQ(U8(part.halves), by, block2, spare)
		VPXOR(spare, part.sum, part.sum)
	}
}

// reduce folds the 256 bits of (high, middle, low) to 128 in high, lane by lane. Source: as powers; the two folds multiply by
// the upper half of the polynomial, which makes the shift by middle free.
func reduce(low, high, middle, spare Register) {
	poly := table(tablePoly)
	// The constant comes first in the product, so it must be in a register.
	fold := func(from, to Register) {
		VMOVDQU(poly, spare)
		VPCLMULQDQ(U8(0x01), from, spare, spare)
		VPSHUFD(U8(0x4e), from, from)
		VPXOR(from, to, to)
		VPXOR(spare, to, to)
	}
	fold(low, middle)
	fold(middle, high)
}
