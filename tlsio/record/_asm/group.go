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
	text := w.vectorsOf(vectors, whole)
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
func (w *walk) vectorsOf(vectors int, whole bool) (list []VecPhysical) {
	for i := range vectors {
		if !whole { // states[0] comes last
			i = (i + 1) % vectors
		}
		list = append(list, w.v(states[i]))
	}
	return list
}

// textAt is vector i of a group's text.
func (w *walk) textAt(i int) Mem { return at(w.text, w.vectorBytes()*i) }

// cipher runs AES over the counters of text's vectors and puts the result over the text.
func (w *walk) cipher(first bool, text []VecPhysical, whole bool) {
	all, from, counters := text, w.v(base), table(tableCounter)
	if first {
		j0 := w.v(states[groupVectors-1])
		all = append([]VecPhysical{j0}, text...)
		VPXOR(table(tableFirst), from, j0)
		counters = counters.Offset(16 * 2)
	} else {
		from = w.v(product)
		rise := table(tableEight)
		if w.lanes == 1 {
			rise = table(tableFour)
		}
		VPADDD(rise, w.v(counter), w.v(counter))
		VPSHUFB(w.v(reverse), w.v(counter), from)
		VPXOR(w.v(base), from, from)
	}
	for i, state := range text {
		VPXOR(counters.Offset(w.vectorBytes()*i), from, state)
	}
	key, product := w.v(key), w.v(product)
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
	short := fmt.Sprintf("short%v%d%v", first, len(text), whole)
	JE(LabelRef(short))
	rounds(10, 13)
	Label(short)
	VMOVDQU(roundKey(w.key, roundSlots-1), key)
	if first {
		VAESENCLAST(key, all[0], all[0])
		VMOVDQU(x(all[0]), mask0)
	}
	for i, state := range text {
		if !whole && i == len(text)-1 {
			VPXOR(w.v(last), key, product)
			VAESENCLAST(product, state, state)
			break
		}
		VPXOR(w.textAt(i), key, product) // the last round adds its key: let it add the text at once
		VAESENCLAST(product, state, state)
		VMOVDQU(state, w.textAt(i))
	}
}

// take puts the keystream that is ready over the text, and zeros in its place.
func (w *walk) take(text []VecPhysical, whole bool) {
	key := w.v(key)
	VPXOR(key, key, key)
	for i, state := range text {
		VMOVDQU(at(w.stream, w.vectorBytes()*i), state)
		VMOVDQU(key, at(w.stream, w.vectorBytes()*i))
		if !whole && i == len(text)-1 {
			VPXOR(w.v(last), state, state)
			break
		}
		VPXOR(w.textAt(i), state, state)
		VMOVDQU(state, w.textAt(i))
	}
	ADDQ(U8(w.vectorBytes()*len(text)), w.stream)
}

// hash adds whole vectors of cipher text, which stand in states or (opening) still in the text, to the sums.
func (w *walk) hash(text []VecPhysical) {
	power := w.v(power)
	for i, state := range text {
		if w.mode == opening {
			VMOVDQU(w.textAt(i), state)
		}
		VPSHUFB(w.v(reverse), state, state)
		VMOVDQU(at(w.power, w.vectorBytes()*i), power)
		multiply(power, state, w.v(low), w.v(high), w.v(middle), w.v(product), true)
	}
}
