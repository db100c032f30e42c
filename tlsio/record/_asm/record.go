package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// mode is which of the three functions over a record is written.
type mode int

const (
	sealing mode = iota
	opening
	ready // sealing with keystream that stream has made before
)

// walk is the state of a record's generator: where things are in general registers.
type walk struct {
	mode   mode
	key    Register
	text   Register // the next byte of text
	rest   Register // how many bytes of text are left, the inner type included
	power  Register // the power of H that belongs to the next block
	end    Register // behind the last power
	stream Register // the next keystream, where it is ready
	bits   Register // of additional data
	total  Register // bytes of text
	inner  Register
	labels int
	behind Register // where the tag goes
	part   Register // bytes of text in the last vector, 1 to 32
}

// middleItems is one group less than there are powers for: something has to be left for the last chunk.
const middleItems = powerCount - groupItems

// aadArgs are the additional data in two words, since they have just been made: see nonce.
const aadArgs = ", aadLow, aadHigh uint64, aadLen int"

// record writes one function: the record's text in place, and the tag behind it.
//
// The hash is a polynomial in H over A, C1 ... Cm, L (additional data, text, lengths). Up to 32 items are summed with their own
// powers and reduced once; longer records go in chunks, each of which begins with the sum of the one before. The free lane
// beside a chunk's first item takes L in the last chunk.
func record(m mode) {
	w := &walk{mode: m}
	switch m {
	case sealing:
		TEXT("sealVAES", NOSPLIT, "func(key *byte, nonce *[12]byte, text *byte, n, inner int"+aadArgs+")")
		Doc("sealVAES encrypts n bytes of text and the byte inner (where it is not zero) in place and puts the tag behind.")
	case opening:
		TEXT("openVAES", NOSPLIT, "func(key *byte, nonce *[12]byte, text *byte, n int"+aadArgs+") (ok uint64)")
		Doc("openVAES decrypts n bytes of text in place and tells (1 or 0) whether the tag behind them is right.")
	case ready:
		TEXT("sealReadyVAES", NOSPLIT, "func(key, text *byte, n, inner int"+aadArgs+", stream *byte)")
		Doc("sealReadyVAES is sealVAES with the keystream that streamVAES has made, which it clears.")
	}
	Pragma("noescape")
	w.load()
	w.firstChunk()
	w.firstGroup()
	w.groups()
	w.tail(false)
	w.tail(true)
	w.finish()
}

func (w *walk) label(name string) string { return fmt.Sprint(name, w.mode) }

func (w *walk) load() {
	w.key = Load(Param("key"), GP64())
	w.text = Load(Param("text"), GP64())
	w.total = Load(Param("n"), GP64())
	w.bits = Load(Param("aadLen"), GP64())
	SHLQ(U8(3), w.bits)
	VMOVDQU(table(tableReverse), reverse)
	if w.mode != opening {
		w.inner = Load(Param("inner"), GP64())
		// One byte more where there is an inner type.
		CMPQ(w.inner, U8(1))
		SBBQ(I8(-1), w.total)
	}
	if w.mode == ready {
		w.stream = Load(Param("stream"), GP64())
		VMOVDQU(at(w.stream, 0), mask0)
		VPXOR(x(key), x(key), x(key))
		VMOVDQU(x(key), at(w.stream, 0))
		ADDQ(U8(32), w.stream)
	} else {
		w.nonce()
	}
	w.rest, w.behind, w.part = GP64(), GP64(), GP64()
	MOVQ(w.total, w.rest)
	LEAQ(Mem{Base: w.text, Index: w.total, Scale: 1}, w.behind)
	w.end = GP64()
	LEAQ(at(w.key, atPowers+16*powerCount), w.end)
	w.power = GP64()
}

// nonce loads just the words that were stored: a wider load over two stores would wait for both.
func (w *walk) nonce() {
	nonce := Load(Param("nonce"), GP64())
	front, back := GP64(), GP64()
	MOVL(at(nonce, 0), front.As32())
	MOVQ(at(nonce, 4), back)
	word := GP64()
	MOVQ(back, word)
	SHLQ(U8(32), word)
	ORQ(front, word)
	SHRQ(U8(32), back)
	VMOVQ(word, x(base))
	VPINSRQ(U8(1), back, x(base), x(base))
	VINSERTI128(U8(1), x(base), base, base)
	VPXOR(roundKey(w.key, 0), base, base)
	VPXOR(x(counter), x(counter), x(counter))
}

// lengths puts the block L beside the first item of the last chunk, whose power in product is given H^1 beside it.
func (w *walk) lengths() {
	words := GP64()
	MOVQ(w.total, words)
	SHLQ(U8(3), words)
	VMOVQ(words, x(power))
	VPINSRQ(U8(1), w.bits, x(power), x(power))
	VINSERTI128(U8(1), x(power), last, last)
	VINSERTI128(U8(1), at(w.end, -16), product, product)
}

// firstChunk begins with A, which stands in last.
func (w *walk) firstChunk() {
	aad := Load(Param("aadLow"), GP64())
	VMOVQ(aad, x(last))
	aad = Load(Param("aadHigh"), GP64())
	VPINSRQ(U8(1), aad, x(last), x(last))
	VPSHUFB(x(reverse), x(last), x(last))
	items := GP64()
	LEAQ(at(w.rest, 15+32), items) // A and L are two items more
	ANDQ(I8(-16), items)
	MOVQ(w.end, w.power)
	SUBQ(items, w.power)
	CMPQ(items, U32(16*powerCount))
	JA(LabelRef(w.label("long")))
	VMOVDQU(at(w.power, 0), x(product))
	w.lengths()
	JMP(LabelRef(w.label("first")))
	Label(w.label("long"))
	// A, the first group, and as many whole groups as the powers are enough for.
	LEAQ(at(w.end, -16*(1+firstItems+(powerCount-1-firstItems)/groupItems*groupItems)), w.power)
	VMOVDQU(at(w.power, 0), x(product))
	Label(w.label("first"))
	ADDQ(U8(16), w.power)
	multiply(product, last, low, high, middle, power, false)
}

// nextChunk begins with the sum of the one before, which it leaves in last.
func (w *walk) nextChunk() {
	reduce(low, high, middle, product)
	VEXTRACTI128(U8(1), high, x(last))
	VPXOR(x(last), x(high), x(last)) // the upper lane becomes zero
	items := GP64()
	LEAQ(at(w.rest, 15+16), items) // L is one item more
	ANDQ(I8(-16), items)
	LEAQ(at(w.end, -16*middleItems), w.power)
	CMPQ(items, U32(16*powerCount))
	JA(LabelRef(w.label("middle")))
	MOVQ(w.end, w.power)
	SUBQ(items, w.power)
	VMOVDQU(at(w.power, 0), x(product))
	w.lengths()
	JMP(LabelRef(w.label("begun")))
	Label(w.label("middle"))
	VMOVDQU(at(w.power, 0), x(product))
	Label(w.label("begun"))
	multiply(product, last, low, high, middle, power, false)
}

// firstGroup makes E(J0) and covers the first three vectors, or jumps to a tail where there are no three whole ones and more.
func (w *walk) firstGroup() {
	CMPQ(w.rest, U8(firstBytes))
	JBE(LabelRef(w.label("small")))
	w.group(true, 3, true)
	ADDQ(U8(firstBytes), w.text)
	ADDQ(U8(firstBytes), w.power)
	SUBQ(U8(firstBytes), w.rest)
}

// groups covers whole groups while more than one is left.
func (w *walk) groups() {
	Label(w.label("groups"))
	CMPQ(w.power, w.end)
	JNE(LabelRef(w.label("whole")))
	w.nextChunk()
	Label(w.label("whole"))
	CMPQ(w.rest, U32(groupBytes))
	JBE(LabelRef(w.label("rest")))
	w.group(false, 4, true)
	SUBQ(I32(-groupBytes), w.text)
	SUBQ(I32(-groupBytes), w.power)
	SUBQ(U32(groupBytes), w.rest)
	JMP(LabelRef(w.label("groups")))
}

// tail covers what is left, of which the last vector may be in part: it ends with that vector's cipher text in states[0].
func (w *walk) tail(first bool) {
	name, most := "rest", 4
	if first {
		name, most = "small", 3
	}
	Label(w.label(name))
	if first {
		TESTQ(w.rest, w.rest)
		JZ(LabelRef(w.label("empty")))
	}
	w.lastVector(w.label(name))
	for vectors := 1; vectors < most; vectors++ {
		next := w.label(fmt.Sprint(name, vectors))
		CMPQ(w.rest, U8(32*vectors))
		JA(LabelRef(next))
		w.group(first, vectors, false)
		JMP(LabelRef(w.label("last")))
		Label(next)
	}
	w.group(first, most, false)
	if first {
		JMP(LabelRef(w.label("last")))
		Label(w.label("empty"))
		w.group(true, 0, false)
		JMP(LabelRef(w.label("tag")))
	} else {
		JMP(LabelRef(w.label("last")))
	}
}
