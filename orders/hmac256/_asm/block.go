// Command _asm makes block_amd64.s: HMAC-SHA256 on the SHA extensions. Run it with go generate in the folder above.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	mac()
	Generate()
}

// registers of the compression. XMM0 is the implicit operand of SHA256RNDS2.
type registers struct {
	key    VecPhysical // message words plus constants: XMM0
	abef   VecVirtual
	cdgh   VecVirtual
	words  [4]VecVirtual
	spare  VecVirtual
	swap   VecVirtual
	consts Mem
}

// mac writes macSHANI(inner, outer, text, whole, last, blocks, sum, hex).
func mac() {
	TEXT("macSHANI", NOSPLIT, "func(inner, outer *[8]uint32, text *byte, whole int, last *byte, blocks int, sum *[32]byte, hex *[64]byte)")
	Pragma("noescape")
	Doc("macSHANI hashes whole blocks of text and then blocks blocks of last (padded) from inner, and the digest from outer.")
	r := &registers{key: X0, abef: XMM(), cdgh: XMM(), spare: XMM(), swap: XMM(), consts: constants()}
	for i := range r.words {
		r.words[i] = XMM()
	}
	saveABEF, saveCDGH := XMM(), XMM()
	inner := Load(Param("inner"), GP64())
	text := Load(Param("text"), GP64())
	whole := Load(Param("whole"), GP64())
	last := Load(Param("last"), GP64())
	blocks := Load(Param("blocks"), GP64())
	MOVOU(swapMask(), r.swap)
	r.loadState(inner)

	TESTQ(whole, whole)
	JNZ(LabelRef("block"))
	MOVQ(last, text)
	Label("block")
	MOVO(r.abef, saveABEF)
	MOVO(r.cdgh, saveCDGH)
	for i := range r.words {
		MOVOU(Mem{Base: text, Disp: 16 * i}, r.words[i])
		PSHUFB(r.swap, r.words[i])
	}
	r.rounds()
	PADDD(saveABEF, r.abef)
	PADDD(saveCDGH, r.cdgh)
	ADDQ(U8(64), text)
	SUBQ(U8(1), whole)
	JG(LabelRef("block"))
	JNE(LabelRef("padding"))
	MOVQ(last, text) // the whole blocks are done
	JMP(LabelRef("block"))
	Label("padding")
	SUBQ(U8(1), blocks)
	JNZ(LabelRef("block"))

	// The inner digest is the first half of the outer block; the second half is padding for 64 + 32 bytes.
	low, high := r.storeState()
	MOVO(low, r.words[0])
	MOVO(high, r.words[1])
	padding := outerPadding()
	MOVOU(padding.Offset(0), r.words[2])
	MOVOU(padding.Offset(16), r.words[3])
	outer := Load(Param("outer"), GP64())
	r.loadState(outer)
	MOVO(r.abef, saveABEF)
	MOVO(r.cdgh, saveCDGH)
	r.rounds()
	PADDD(saveABEF, r.abef)
	PADDD(saveCDGH, r.cdgh)
	low, high = r.storeState()
	PSHUFB(r.swap, low)
	PSHUFB(r.swap, high)
	sum := Load(Param("sum"), GP64())
	MOVOU(low, Mem{Base: sum})
	MOVOU(high, Mem{Base: sum, Disp: 16})
	hex := Load(Param("hex"), GP64())
	r.hex(low, hex, 0)
	r.hex(high, hex, 32)
	for _, wiped := range []VecVirtual{r.words[0], r.words[1], saveABEF, saveCDGH} {
		PXOR(wiped, wiped) // no key material stays in registers
	}
	RET()
}

// loadState reads eight words and puts them in the order of the instructions.
func (r *registers) loadState(state Register) {
	MOVOU(Mem{Base: state}, r.spare)
	MOVOU(Mem{Base: state, Disp: 16}, r.cdgh)
	PSHUFD(U8(0xB1), r.spare, r.spare) // CDAB
	PSHUFD(U8(0x1B), r.cdgh, r.cdgh)   // EFGH
	MOVO(r.spare, r.abef)
	PALIGNR(U8(8), r.cdgh, r.abef)
	PBLENDW(U8(0xF0), r.spare, r.cdgh)
}

// storeState is loadState undone: the words a..d and e..h.
func (r *registers) storeState() (low, high VecVirtual) {
	PSHUFD(U8(0x1B), r.abef, r.spare)
	PSHUFD(U8(0xB1), r.cdgh, r.cdgh)
	MOVO(r.spare, r.abef)
	PBLENDW(U8(0xF0), r.cdgh, r.abef)
	PALIGNR(U8(8), r.spare, r.cdgh)
	return r.abef, r.cdgh
}

// rounds are the 64 rounds of one block, the message schedule interleaved. Source: FIPS 180-4 section 6.2; Intel SHA
// extensions, instruction set reference.
func (r *registers) rounds() {
	for group := range 16 {
		now := r.words[group%4]
		before := r.words[(group+3)%4]
		next := r.words[(group+1)%4]
		MOVO(now, r.key)
		PADDD(r.consts.Offset(16*group), r.key)
		SHA256RNDS2(r.key, r.abef, r.cdgh)
		if group >= 3 && group < 15 {
			MOVO(now, r.spare)
			PALIGNR(U8(4), before, r.spare)
			PADDD(r.spare, next)
			SHA256MSG2(now, next)
		}
		PSHUFD(U8(0x0E), r.key, r.key)
		SHA256RNDS2(r.key, r.cdgh, r.abef)
		if group >= 1 && group < 13 {
			SHA256MSG1(now, before)
		}
	}
}

// hex writes 16 bytes as 32 lower-case digits.
func (r *registers) hex(from VecVirtual, to Register, at int) {
	nibbles, digits := hexTables()
	high, low, odd := XMM(), XMM(), XMM()
	MOVO(from, low)
	MOVO(from, high)
	PSRLQ(U8(4), high)
	PAND(nibbles, high)
	PAND(nibbles, low)
	MOVOU(digits, odd)
	text := XMM()
	MOVO(odd, text)
	PSHUFB(high, text)
	PSHUFB(low, odd)
	MOVO(text, low)
	PUNPCKLBW(odd, low)
	PUNPCKHBW(odd, text)
	MOVOU(low, Mem{Base: to, Disp: at})
	MOVOU(text, Mem{Base: to, Disp: at + 16})
}
