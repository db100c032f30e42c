package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// stream writes streamVAES: E(J0) and the keystream of one record, for sealReadyVAES. It runs in idle time, so it is short
// rather than fast.
func stream() {
	TEXT("streamVAES", NOSPLIT, "func(key *byte, nonce *[12]byte, stream *byte, vectors int)")
	Pragma("noescape")
	Doc("streamVAES makes E(J0) and, 32 bytes behind it, vectors times 32 bytes of keystream.")
	w := &walk{mode: ready}
	w.key = Load(Param("key"), GP64())
	w.nonce()
	to := Load(Param("stream"), GP64())
	left := Load(Param("vectors"), GP64())
	VMOVDQU(table(tableReverse), reverse)
	VMOVDQU(table(tableCounter), counter)
	VPSHUFB(reverse, counter, counter)
	VPXOR(table(tableFirst), base, states[0])
	w.encrypt()
	VMOVDQU(x(states[0]), at(to, 0))
	ADDQ(U8(32), to)
	TESTQ(left, left)
	JZ(LabelRef("made"))
	Label("more")
	VPADDD(table(tableTwo), counter, counter)
	VPSHUFB(reverse, counter, states[0])
	VPXOR(base, states[0], states[0])
	w.encrypt()
	VMOVDQU(states[0], at(to, 0))
	ADDQ(U8(32), to)
	SUBQ(U8(1), left)
	JNZ(LabelRef("more"))
	Label("made")
	wipe(Y0, base, counter)
	RET()
}

// encrypt runs the rounds after the first over states[0].
func (w *walk) encrypt() {
	w.labels++
	short := w.label("short") + string(rune('a'+w.labels))
	CMPQ(at(w.key, atLong), U8(0))
	for round := 1; round <= 9; round++ {
		VAESENC(roundKey(w.key, round), states[0], states[0])
	}
	JE(LabelRef(short))
	for round := 10; round <= 13; round++ {
		VAESENC(roundKey(w.key, round), states[0], states[0])
	}
	Label(short)
	VAESENCLAST(roundKey(w.key, roundSlots-1), states[0], states[0])
}
