package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// expand128 writes expandAES128(key, secret). Source: FIPS 197 section 5.2; AESKEYGENASSIST, Intel's reference.
func expand128() {
	TEXT("expandAES128", NOSPLIT, "func(key *byte, secret *byte)")
	Pragma("noescape")
	Doc("expandAES128 fills key.rounds from a secret of 16 bytes.")
	k := Load(Param("key"), GP64())
	VMOVDQU(at(Load(Param("secret"), GP64()), 0), X0)
	storeRound(k, 0, X0)
	constant := uint64(1)
	for round := 1; round <= 10; round++ {
		VAESKEYGENASSIST(U8(constant), X0, X1)
		VPSHUFD(U8(0xff), X1, X1)
		mixKey(X0)
		slot := round
		if round == 10 {
			slot = roundSlots - 1
		}
		storeRound(k, slot, X0)
		constant = constant<<1 ^ (constant>>7)*0x11b
	}
	MOVQ(U32(0), at(k, atLong))
	wipe(Y0, Y1, Y2)
	RET()
}

// expand256 writes expandAES256(key, secret).
func expand256() {
	TEXT("expandAES256", NOSPLIT, "func(key *byte, secret *byte)")
	Pragma("noescape")
	Doc("expandAES256 fills key.rounds from a secret of 32 bytes.")
	k := Load(Param("key"), GP64())
	secret := Load(Param("secret"), GP64())
	VMOVDQU(at(secret, 0), X0)
	VMOVDQU(at(secret, 16), X3)
	storeRound(k, 0, X0)
	storeRound(k, 1, X3)
	for step := range 7 {
		VAESKEYGENASSIST(U8(1<<step), X3, X1)
		VPSHUFD(U8(0xff), X1, X1)
		mixKey(X0)
		storeRound(k, 2+2*step, X0)
		if step == 6 {
			break
		}
		VAESKEYGENASSIST(U8(0), X0, X1)
		VPSHUFD(U8(0xaa), X1, X1)
		mixKey(X3)
		storeRound(k, 3+2*step, X3)
	}
	MOVQ(U32(1), at(k, atLong))
	wipe(Y0, Y1, Y2, Y3)
	RET()
}

// mixKey makes the next four words of the schedule in r, with the transformed word in X1. X2 is scratch.
func mixKey(r VecPhysical) {
	for range 3 {
		VPSLLDQ(U8(4), r, X2)
		VPXOR(X2, r, r)
	}
	VPXOR(X1, r, r)
}

func storeRound(k Register, slot int, r VecPhysical) {
	VMOVDQU(r, roundKey(k, slot))
	VMOVDQU(r, roundKey(k, slot).Offset(16))
}

// powers writes hashPowers(key): H = E(0), then H^1 to H^32, each times x and with its bytes reversed, which is the form that
// multiply and reduce want. Source: NIST SP 800-38D section 6; the form is that of Gueron and Kounavis, "Intel Carry-Less
// Multiplication Instruction and its Usage for Computing the GCM Mode".
func powers() {
	TEXT("hashPowers", NOSPLIT, "func(key, secret *byte)")
	Pragma("noescape")
	Doc("hashPowers fills key.powers from key.rounds; secret is not used.")
	k := Load(Param("key"), GP64())
	VMOVDQU(table(tableReverse), reverse)
	VMOVDQU(roundKey(k, 0), X0)
	CMPQ(at(k, atLong), U8(0))
	for round := 1; round <= 9; round++ {
		VAESENC(roundKey(k, round), X0, X0)
	}
	JE(LabelRef("short"))
	for round := 10; round <= 13; round++ {
		VAESENC(roundKey(k, round), X0, X0)
	}
	Label("short")
	VAESENCLAST(roundKey(k, roundSlots-1), X0, X0)
	VPSHUFB(x(reverse), X0, X0)
	// Times x: shift left by one; what falls out comes back as the polynomial.
	VPSHUFD(U8(0xd3), X0, X1)
	VPSRAD(U8(31), X1, X1)
	VPAND(table(tableDouble), X1, X1)
	VPADDQ(X0, X0, X0)
	VPXOR(X1, X0, X0)
	VMOVDQU(X0, x(power))
	count := GP64()
	MOVQ(U32(powerCount), count)
	to := GP64()
	LEAQ(at(k, atPowers+16*(powerCount-1)), to)
	Label("next")
	VMOVDQU(X0, at(to, 0))
	multiply(x(power), X0, x(low), x(high), x(middle), x(product), false)
	reduce(x(low), x(high), x(middle), x(product))
	VMOVDQU(x(high), X0)
	SUBQ(U8(16), to)
	SUBQ(U8(1), count)
	JNZ(LabelRef("next"))
	wipe(Y0, Y1, low, high, middle, product, power)
	RET()
}

// wipe leaves nothing of the key in registers, and the upper halves clean. It costs the front end only.
func wipe(registers ...VecPhysical) {
	for _, r := range registers {
		VPXOR(x(r), x(r), x(r))
	}
	VZEROUPPER()
}
