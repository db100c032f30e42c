package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Offsets in the one table of constants, which is one so that few cache lines are cold at the trigger.
const (
	tableReverse = 0   // 32 bytes: reverse the bytes of each lane
	tableFirst   = 32  // 32 bytes: counters 1 (J0) and 0 (not used)
	tableCounter = 64  // 4 times 32 bytes: counters 0 to 7
	tableKeep    = 192 // 32 bytes of ones, 32 of zeros
	tableEight   = 256 // 32 bytes: what the counter rises by in a group of two lanes
	tablePoly    = 288 // 32 bytes: the field's polynomial, reflected
	tableTwo     = 320 // 32 bytes: what it rises by in one vector of two lanes
	tableDouble  = 352 // 16 bytes: the polynomial with the carry between the halves
	tableFour    = 368 // 16 bytes: what the counter rises by in a group of one lane
	tableOne     = 384 // 16 bytes: what it rises by in one vector of one lane
	tableSize    = 400
)

var tableMem *Mem

// table gives the constant at an offset.
func table(offset int) Mem {
	if tableMem == nil {
		m := GLOBL("gcmTable", RODATA|NOPTR)
		tableMem = &m
		fill()
	}
	return tableMem.Offset(offset)
}

// fill lays the constants down in rising order, as the assembler wants them.
func fill() {
	var words [tableSize / 8]uint64
	set := func(offset int, low, high uint64) { words[offset/8], words[offset/8+1] = low, high }
	// count is a counter in the last byte, big endian.
	count := func(offset int, counter uint64) { set(offset, 0, counter<<56) }
	count(tableFirst, 1)
	for i := range 8 {
		count(tableCounter+16*i, uint64(i))
	}
	for lane := range 2 {
		set(tableReverse+16*lane, 0x08090a0b0c0d0e0f, 0x0001020304050607)
		set(tableKeep+16*lane, ^uint64(0), ^uint64(0))
		set(tableEight+16*lane, 8, 0)
		set(tableTwo+16*lane, 2, 0)
		set(tablePoly+16*lane, 1, 0xc200000000000000)
	}
	set(tableFour, 4, 0)
	set(tableOne, 1, 0)
	set(tableDouble, 1, 0xc200000000000001)
	for i, word := range words {
		DATA(8*i, U64(word))
	}
}
