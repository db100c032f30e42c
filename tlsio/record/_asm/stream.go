package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// stream writes the maker of E(J0) and the keystream of one record for sealReady. It runs in idle time, so it is short
// rather than fast.
func (s set) stream() {
	TEXT("stream"+s.name, NOSPLIT, "func(key *byte, nonce *[12]byte, stream *byte, n int)")
	Pragma("noescape")
	Doc("stream" + s.name + " makes E(J0) and, 32 bytes behind it, the keystream of n bytes.")
	w := &walk{set: s, mode: ready}
	w.key = Load(Param("key"), GP64())
	w.nonce()
	to := Load(Param("stream"), GP64())
	left := Load(Param("n"), GP64()) // in vectors
	ADDQ(U8(s.vectorBytes()-1), left)
	SHRQ(U8(3+s.lanes), left)
	reverse, base, state := w.v(reverse), w.v(base), w.v(states[0])
	VMOVDQU(table(tableReverse), reverse)
	VMOVDQU(table(tableCounter+16*(2-s.lanes)), w.v(counter)) // one vector before block 2
	counter := w.v(counter)
	VPSHUFB(reverse, counter, counter)
	VPXOR(table(tableFirst), base, state)
	w.encrypt()
	VMOVDQU(x(state), at(to, 0))
	ADDQ(U8(32), to)
	TESTQ(left, left)
	JZ(LabelRef("made"))
	Label("more")
	rise := table(tableTwo)
	if s.lanes == 1 {
		rise = table(tableOne)
	}
	VPADDD(rise, counter, counter)
	VPSHUFB(reverse, counter, state)
	VPXOR(base, state, state)
	w.encrypt()
	VMOVDQU(state, at(to, 0))
	ADDQ(U8(s.vectorBytes()), to)
	SUBQ(U8(1), left)
	JNZ(LabelRef("more"))
	Label("made")
	wipe(Y0, base, counter)
	RET()
}

// encrypt runs the rounds after the first over states[0].
func (w *walk) encrypt() {
	w.labels++
	short := fmt.Sprint("short", w.labels)
	state := w.v(states[0])
	CMPQ(at(w.key, atLong), U8(0))
	for round := 1; round <= 9; round++ {
		VAESENC(roundKey(w.key, round), state, state)
	}
	JE(LabelRef(short))
	for round := 10; round <= 13; round++ {
		VAESENC(roundKey(w.key, round), state, state)
	}
	Label(short)
	VAESENCLAST(roundKey(w.key, roundSlots-1), state, state)
}
