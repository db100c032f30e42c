package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// group encrypts and hashes some vectors of text. In a tail (not whole) the last of them is not finished here: its cipher text
// is left in states[0], where its text stood in last. The first group also makes E(J0).
func (w *walk) group(first bool, vectors int, whole bool) {
	text := vectorsOf(vectors, whole)
	hashed := len(text)
	if !whole && vectors > 0 {
		hashed--
	}
	if w.mode == opening { // the hash is over what comes in
		w.hash(text[:hashed])
	}
	if w.mode == ready {
		w.take(text, whole)
	} else {
		w.cipher(first, text, whole)
	}
	if w.mode != opening {
		w.hash(text[:hashed])
	}
}

// vectorsOf gives the states of a group's vectors in the order of the text.
func vectorsOf(vectors int, whole bool) []VecPhysical {
	if whole {
		return states[:vectors]
	}
	if vectors == 0 {
		return nil
	}
	return append(append([]VecPhysical(nil), states[1:vectors]...), states[0])
}

// cipher runs AES over the counters of text's vectors and puts the result over the text.
func (w *walk) cipher(first bool, text []VecPhysical, whole bool) {
	all, from := text, base
	counters := table(tableCounter)
	if first {
		all = append([]VecPhysical{states[3]}, text...)
	} else {
		from = product
		VPADDD(table(tableEight), counter, counter)
		VPSHUFB(reverse, counter, product)
		VPXOR(base, product, product)
	}
	for i, state := range all {
		block := counters.Offset(32 * i)
		if first && i == 0 {
			block = table(tableFirst)
		}
		VPXOR(block, from, state)
	}
	rounds := func(from, to int) {
		for round := from; round <= to; round++ {
			VMOVDQU(roundKey(w.key, round), key)
			for _, state := range all {
				VAESENC(key, state, state)
			}
		}
	}
	rounds(1, 9)
	CMPQ(at(w.key, atLong), U8(0))
	short := w.label(fmt.Sprintf("short%v%d%v", first, len(text), whole))
	JE(LabelRef(short))
	rounds(10, 13)
	Label(short)
	VMOVDQU(roundKey(w.key, roundSlots-1), key)
	if first {
		VAESENCLAST(key, states[3], states[3])
		VMOVDQU(x(states[3]), mask0)
	}
	for i, state := range text {
		if !whole && i == len(text)-1 {
			VPXOR(last, key, product)
			VAESENCLAST(product, state, state)
			break
		}
		VPXOR(at(w.text, 32*i), key, product) // the last round adds its key: let it add the text at once
		VAESENCLAST(product, state, state)
		VMOVDQU(state, at(w.text, 32*i))
	}
}

// take puts the keystream that is ready over the text, and zeros in its place.
func (w *walk) take(text []VecPhysical, whole bool) {
	VPXOR(x(key), x(key), x(key))
	for i, state := range text {
		VMOVDQU(at(w.stream, 32*i), state)
		VMOVDQU(key, at(w.stream, 32*i))
		if !whole && i == len(text)-1 {
			VPXOR(last, state, state)
			break
		}
		VPXOR(at(w.text, 32*i), state, state)
		VMOVDQU(state, at(w.text, 32*i))
	}
	ADDQ(U8(32*len(text)), w.stream)
}

// hash adds whole vectors of cipher text, which stand in states or (opening) still in the text, to the sums.
func (w *walk) hash(text []VecPhysical) {
	for i, state := range text {
		if w.mode == opening {
			VMOVDQU(at(w.text, 32*i), state)
		}
		VPSHUFB(reverse, state, state)
		VMOVDQU(at(w.power, 32*i), power)
		multiply(power, state, low, high, middle, product, true)
	}
}
