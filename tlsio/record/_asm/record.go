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
	set
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

// aadArgs are the additional data in two words, since they have just been made: see nonce.
const aadArgs = ", aadLow, aadHigh uint64, aadLen int"

// record writes one function: the record's text in place, and the tag behind it.
//
// The hash is a polynomial in H over A, C1 ... Cm, L (additional data, text, lengths). Up to 32 items are summed with their own
// powers and reduced once; longer records go in chunks, each of which begins with the sum of the one before. The free lane
// beside a chunk's first item takes L in the last chunk.
func (s set) record(m mode) {
	w := &walk{set: s, mode: m}
	switch m {
	case sealing:
		TEXT("seal"+s.name, NOSPLIT, "func(key *byte, nonce *[12]byte, text *byte, n, inner int"+aadArgs+")")
		Doc("seal" + s.name + " encrypts n bytes of text and the byte inner (where it is not zero) in place and puts the tag behind.")
	case opening:
		TEXT("open"+s.name, NOSPLIT, "func(key *byte, nonce *[12]byte, text *byte, n int"+aadArgs+") (ok uint64)")
		Doc("open" + s.name + " decrypts n bytes of text in place and tells (1 or 0) whether the tag behind them is right.")
	case ready:
		TEXT("sealReady"+s.name, NOSPLIT, "func(key, text *byte, n, inner int"+aadArgs+", stream *byte)")
		Doc("sealReady" + s.name + " is seal" + s.name + " with the keystream that stream" + s.name + " has made, which it clears.")
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

func (w *walk) load() {
	w.key = Load(Param("key"), GP64())
	w.text = Load(Param("text"), GP64())
	w.total = Load(Param("n"), GP64())
	w.bits = Load(Param("aadLen"), GP64())
	SHLQ(U8(3), w.bits)
	VMOVDQU(table(tableReverse), w.v(reverse))
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
	if w.lanes == 2 {
		VINSERTI128(U8(1), x(base), base, base)
	}
	VPXOR(roundKey(w.key, 0), w.v(base), w.v(base))
	VPXOR(x(counter), x(counter), x(counter))
}

// begin starts the sums with the product of last and the power in product. In the record's last chunk L, the lengths, times H
// goes with it, where there are two lanes in the one beside.
func (w *walk) begin(final bool) {
	if !final {
		multiply(w.v(product), w.v(last), w.v(low), w.v(high), w.v(middle), w.v(power), false)
		return
	}
	words := GP64()
	MOVQ(w.total, words)
	SHLQ(U8(3), words)
	VMOVQ(words, x(power))
	VPINSRQ(U8(1), w.bits, x(power), x(power))
	h := at(w.end, -16)
	if w.lanes == 2 {
		VINSERTI128(U8(1), x(power), last, last)
		VINSERTI128(U8(1), h, product, product)
		w.begin(false)
		return
	}
	multiply(h, x(power), x(low), x(high), x(middle), x(key), false)
	multiply(x(product), x(last), x(low), x(high), x(middle), x(key), true)
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
	ADDQ(U8(16), w.power)
	CMPQ(items, U32(16*powerCount))
	JA(LabelRef("long"))
	VMOVDQU(at(w.power, -16), x(product))
	w.begin(true)
	JMP(LabelRef("first"))
	Label("long")
	// A, the first group, and as many whole groups as the powers are enough for.
	first := w.firstVectors() * w.lanes
	LEAQ(at(w.end, -16*(first+(powerCount-1-first)/w.groupItems()*w.groupItems())), w.power)
	VMOVDQU(at(w.power, -16), x(product))
	w.begin(false)
	Label("first")
}

// nextChunk begins with the sum of the one before, which it leaves in last.
func (w *walk) nextChunk() {
	w.reduced(last)
	items := GP64()
	LEAQ(at(w.rest, 15+16), items) // L is one item more
	ANDQ(I8(-16), items)
	CMPQ(items, U32(16*powerCount))
	JA(LabelRef("middle"))
	MOVQ(w.end, w.power)
	SUBQ(items, w.power)
	VMOVDQU(at(w.power, 0), x(product))
	w.begin(true)
	JMP(LabelRef("begun"))
	Label("middle")
	// One group less than there are powers for: something has to be left for the last chunk.
	LEAQ(at(w.end, -16*(powerCount-w.groupItems())), w.power)
	VMOVDQU(at(w.power, 0), x(product))
	w.begin(false)
	Label("begun")
}

// reduced folds the sums to one block, in the low lane of to, whose other lane becomes zero.
func (w *walk) reduced(to VecPhysical) {
	reduce(w.v(low), w.v(high), w.v(middle), w.v(product))
	if w.lanes == 1 {
		VMOVDQU(x(high), x(to))
		return
	}
	VEXTRACTI128(U8(1), high, x(product))
	VPXOR(x(product), x(high), x(to))
}

// firstGroup makes E(J0) and covers the first vectors, or jumps to a tail where there is no more text than those.
func (w *walk) firstGroup() {
	bytes := w.firstVectors() * w.vectorBytes()
	CMPQ(w.rest, U8(bytes))
	JBE(LabelRef("small"))
	w.group(true, w.firstVectors(), true)
	w.forward(bytes)
}

// forward goes on to the next text.
func (w *walk) forward(bytes int) {
	SUBQ(I32(-bytes), w.text)
	SUBQ(I32(-bytes), w.power)
	SUBQ(U32(bytes), w.rest)
}

// groups covers whole groups while more than one is left.
func (w *walk) groups() {
	bytes := groupVectors * w.vectorBytes()
	Label("groups")
	CMPQ(w.power, w.end)
	JNE(LabelRef("whole"))
	w.nextChunk()
	Label("whole")
	CMPQ(w.rest, U32(bytes))
	JBE(LabelRef("rest"))
	w.group(false, groupVectors, true)
	w.forward(bytes)
	JMP(LabelRef("groups"))
}

// tail covers what is left, of which the last vector may be in part: it ends with that vector's cipher text in states[0].
func (w *walk) tail(first bool) {
	name, most := "rest", groupVectors
	if first {
		name, most = "small", w.firstVectors()
	}
	Label(name)
	if first {
		TESTQ(w.rest, w.rest)
		JZ(LabelRef("empty"))
	}
	w.lastVector(name)
	for vectors := 1; vectors <= most; vectors++ {
		next := fmt.Sprint(name, vectors)
		if vectors < most {
			CMPQ(w.rest, U8(w.vectorBytes()*vectors))
			JA(LabelRef(next))
		}
		w.group(first, vectors, false)
		JMP(LabelRef("last"))
		if vectors < most {
			Label(next)
		}
	}
	if first {
		Label("empty")
		w.group(true, 0, false)
		JMP(LabelRef("tag"))
	}
}
