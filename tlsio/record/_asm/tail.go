package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lastVector reads the last 1 to 32 bytes of text into last, and into keep which bytes those are. It may read up to 15 bytes
// behind the text, where the tag stands or will stand.
func (w *walk) lastVector(name string) {
	LEAQ(at(w.rest, -1), w.part)
	ANDQ(U8(31), w.part)
	ADDQ(U8(1), w.part)
	ones := GP64()
	from := GP64()
	LEAQ(table(tableKeep+32), ones)
	SUBQ(w.part, ones)
	VMOVDQU(at(ones, 0), keep)
	MOVQ(w.behind, from)
	SUBQ(w.part, from)
	MOVQ(from, w.behind)
	wide, read := name+"Wide", name+"Read"
	CMPQ(w.part, U8(16))
	JA(LabelRef(wide))
	VMOVDQU(at(from, 0), x(last))
	JMP(LabelRef(read))
	Label(wide)
	VMOVDQU(at(from, 0), last)
	Label(read)
	if w.mode == opening {
		return
	}
	// One byte less is text where there is an inner type, which takes the last place. Nobody has to store that byte before: a
	// load over a store that has just been made waits.
	CMPQ(w.inner, U8(1))
	SBBQ(I8(-1), ones)
	VPAND(at(ones, 0), last, last)
	VMOVQ(w.inner, x(product))
	VPBROADCASTB(x(product), product)
	VPAND(keep, product, product)
	VMOVDQU(at(ones, 0), power)
	VPANDN(product, power, product)
	VPOR(product, last, last)
}

// finish writes and hashes the last vector, then the tag.
func (w *walk) finish() {
	Label(w.label("last"))
	hashed := states[0]
	if w.mode == opening {
		hashed = last
		VPBLENDVB(keep, states[0], last, states[0]) // the tag stays as it is
	} else {
		VPAND(keep, states[0], states[0])
	}
	CMPQ(w.part, U8(16))
	JA(LabelRef(w.label("lastWide")))
	VMOVDQU(x(states[0]), at(w.behind, 0))
	VMOVDQU(at(w.end, -32), power) // H^2 for the last block: L has H^1
	JMP(LabelRef(w.label("lastStored")))
	Label(w.label("lastWide"))
	VMOVDQU(states[0], at(w.behind, 0))
	VMOVDQU(at(w.end, -48), power)
	Label(w.label("lastStored"))
	if w.mode == opening {
		VPAND(keep, last, last)
	}
	VPSHUFB(reverse, hashed, hashed)
	multiply(power, hashed, low, high, middle, product, true)
	ADDQ(w.part, w.behind)
	Label(w.label("tag"))
	reduce(low, high, middle, product)
	VEXTRACTI128(U8(1), high, x(product))
	VPXOR(x(product), x(high), x(high))
	VPSHUFB(x(reverse), x(high), x(high))
	VPXOR(mask0, x(high), x(high))
	if w.mode == opening {
		ok := GP64()
		XORL(ok.As32(), ok.As32())
		VPXOR(at(w.behind, 0), x(high), x(high))
		VPTEST(x(high), x(high))
		SETEQ(ok.As8())
		Store(ok, ReturnIndex(0))
	} else {
		VMOVDQU(x(high), at(w.behind, 0))
	}
	wipe(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15)
	RET()
}
