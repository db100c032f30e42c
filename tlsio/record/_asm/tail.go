package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lastVector reads the last bytes of text, one vector at most, into last, and into keep which bytes those are. It may read up
// to 15 bytes behind the text, where the tag stands or will stand.
func (w *walk) lastVector(name string) {
	LEAQ(at(w.rest, -1), w.part)
	ANDQ(U8(w.vectorBytes()-1), w.part)
	ADDQ(U8(1), w.part)
	ones := GP64()
	LEAQ(table(tableKeep+32), ones)
	SUBQ(w.part, ones)
	VMOVDQU(at(ones, 0), w.v(keep))
	SUBQ(w.part, w.behind)
	w.byWidth(name+"Read", func(v func(VecPhysical) VecPhysical, _ int) { VMOVDQU(at(w.behind, 0), v(last)) })
	if w.mode == opening {
		return
	}
	// One byte less is text where there is an inner type, which takes the last place. Nobody has to store that byte before: a
	// load over a store that has just been made waits.
	last, product, power := w.v(last), w.v(product), w.v(power)
	CMPQ(w.inner, U8(1))
	SBBQ(I8(-1), ones)
	VPAND(at(ones, 0), last, last)
	VMOVQ(w.inner, x(product))
	VPBROADCASTB(x(product), product)
	VPAND(w.v(keep), product, product)
	VMOVDQU(at(ones, 0), power)
	VPANDN(product, power, product)
	VPOR(product, last, last)
}

// byWidth writes code for a last vector of one block, and where the set has wider ones, of two.
func (w *walk) byWidth(name string, write func(v func(VecPhysical) VecPhysical, items int)) {
	if w.lanes == 2 {
		CMPQ(w.part, U8(16))
		JA(LabelRef(name + "Wide"))
	}
	write(x, 1)
	if w.lanes == 2 {
		JMP(LabelRef(name))
		Label(name + "Wide")
		write(w.v, 2)
		Label(name)
	}
}

// finish writes and hashes the last vector, then the tag.
func (w *walk) finish() {
	Label("last")
	cipher, last := w.v(states[0]), w.v(last)
	hashed := cipher
	if w.mode == opening {
		hashed = last
		VPBLENDVB(w.v(keep), cipher, last, cipher) // the tag stays as it is
	} else {
		VPAND(w.v(keep), cipher, cipher)
	}
	w.byWidth("stored", func(v func(VecPhysical) VecPhysical, items int) {
		VMOVDQU(v(states[0]), at(w.behind, 0))
		VMOVDQU(at(w.end, -16*(1+items)), w.v(power)) // L has H^1
	})
	if w.mode == opening {
		VPAND(w.v(keep), last, last)
	}
	VPSHUFB(w.v(reverse), hashed, hashed)
	multiply(w.v(power), hashed, w.v(low), w.v(high), w.v(middle), w.v(product), true)
	ADDQ(w.part, w.behind)
	Label("tag")
	w.reduced(high)
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
