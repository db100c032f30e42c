package orders

import (
	"encoding/binary"
	"math/bits"
)

// index finds entries by a 64-bit key: open addressing, fixed capacity, no tombstones. Keys are unique in it.
type index struct {
	cells []cell
	shift uint
	used  int
}

// cell is one place of an index. at is the entry's number plus one: 0 is free.
type cell struct {
	key uint64
	at  int32
}

// newIndex makes room for capacity keys at a load of at most one half.
func newIndex(capacity int) index {
	size := uint(bits.Len(uint(max(capacity, 4)*2 - 1)))
	return index{cells: make([]cell, 1<<size), shift: 64 - (size - 2)}
}

// home is where key would lie alone. Four keys in a row share a cache line, and lines spread evenly: ids are counters, and
// the line of the last order is that of the next one too. Source: Knuth, Fibonacci hashing.
func (x *index) home(key uint64) int { return int(key>>2*0x9e3779b97f4a7c15>>x.shift)<<2 | int(key&3) }

// find returns the entry of key, -1 without.
func (x *index) find(key uint64) int {
	mask := len(x.cells) - 1
	for i := x.home(key); ; i = (i + 1) & mask {
		switch c := &x.cells[i]; {
		case c.at == 0:
			return -1
		case c.key == key:
			return int(c.at) - 1
		}
	}
}

// put adds key, which must not be there.
func (x *index) put(key uint64, at int) {
	mask := len(x.cells) - 1
	i := x.home(key)
	for x.cells[i].at != 0 {
		i = (i + 1) & mask
	}
	x.cells[i] = cell{key: key, at: int32(at) + 1}
	x.used++
}

// drop removes key and moves back what had to lie further on because of it.
func (x *index) drop(key uint64) {
	mask := len(x.cells) - 1
	i := x.home(key)
	for x.cells[i].at == 0 || x.cells[i].key != key {
		if x.cells[i].at == 0 {
			return
		}
		i = (i + 1) & mask
	}
	x.used--
	for j := (i + 1) & mask; x.cells[j].at != 0; j = (j + 1) & mask {
		// The cell at j may move to i unless its home lies behind i on the way to j.
		if home := x.home(x.cells[j].key); (j-home)&mask >= (j-i)&mask {
			x.cells[i] = x.cells[j]
			i = j
		}
	}
	x.cells[i] = cell{}
}

// hashText mixes text into seed. It only has to spread what venues give us: 64 bits that differ.
func hashText(seed uint64, text []byte) uint64 {
	h := seed ^ 0x2545f4914f6cdd1d ^ uint64(len(text))
	for len(text) >= 8 {
		h = mix(h ^ binary.LittleEndian.Uint64(text))
		text = text[8:]
	}
	last := uint64(0)
	for i, b := range text {
		last |= uint64(b) << (8 * i)
	}
	return mix(mix(h ^ last))
}

// mix is a bijection of 64 bits. Source: D. Stafford, "Better Bit Mixing" (2011), variant 13.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
