package main

import (
	"math/big"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// constants are the first 32 bits of the fractional parts of the cube roots of the first 64 primes, computed here in
// integers. Source: FIPS 180-4 section 4.2.2.
func constants() Mem {
	table := GLOBL("roundConstants", RODATA|NOPTR)
	n := 0
	for p := int64(2); n < 64; p++ {
		if big.NewInt(p).ProbablyPrime(20) {
			DATA(4*n, U32(cubeRootFraction(p)))
			n++
		}
	}
	return table
}

// cubeRootFraction is the low word of floor(cbrt(p * 2^96)), found by bisection.
func cubeRootFraction(p int64) uint32 {
	target := new(big.Int).Lsh(big.NewInt(p), 96)
	low, high := big.NewInt(0), new(big.Int).Lsh(big.NewInt(8), 32)
	one := big.NewInt(1)
	for new(big.Int).Sub(high, low).Cmp(one) > 0 {
		middle := new(big.Int).Rsh(new(big.Int).Add(low, high), 1)
		cube := new(big.Int).Exp(middle, big.NewInt(3), nil)
		if cube.Cmp(target) <= 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return uint32(low.Uint64())
}

// swapMask reverses the bytes of each 32-bit word.
func swapMask() Mem {
	mask := GLOBL("swapMask", RODATA|NOPTR)
	DATA(0, U64(0x0405060700010203))
	DATA(8, U64(0x0c0d0e0f08090a0b))
	return mask
}

// outerPadding is what follows the inner digest in the outer block: one bit, zeros, and 96 bytes as a count of bits.
func outerPadding() Mem {
	padding := GLOBL("outerPadding", RODATA|NOPTR)
	DATA(0, U32(0x80000000))
	for at := 4; at < 28; at += 4 {
		DATA(at, U32(0))
	}
	DATA(28, U32(96*8))
	return padding
}

var hexNibbles, hexDigits Mem

// hexTables are the mask of a nibble and the digits.
func hexTables() (nibbles, digits Mem) {
	if hexNibbles.Base == nil {
		hexNibbles = GLOBL("hexNibbles", RODATA|NOPTR)
		DATA(0, U64(0x0f0f0f0f0f0f0f0f))
		DATA(8, U64(0x0f0f0f0f0f0f0f0f))
		hexDigits = GLOBL("hexDigits", RODATA|NOPTR)
		DATA(0, String("0123456789abcdef"))
	}
	return hexNibbles, hexDigits
}
