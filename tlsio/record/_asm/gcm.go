// Command _asm makes gcm_amd64.s: AES-GCM records on VAES and VPCLMULQDQ with two blocks a register, and on AES-NI and
// PCLMULQDQ with one. Run it with go generate in the folder above.
//
// All of it stays within the sixteen registers and the VEX forms of AVX2, so that no CPU needs AVX-512 for it, and within
// 256 bits, because wider registers slow down a core that has just been idle.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	expand128()
	expand256()
	powers()
	for _, set := range []set{{"VAES", 2}, {"AESNI", 1}} {
		set.record(sealing)
		set.record(opening)
		set.record(ready)
		set.stream()
	}
	Generate()
}

// Layout of record.material, which the Go side asserts at compile time.
const (
	roundSlots = 15  // the last round key always stands in slot 14, slots 10 to 13 are for AES-256 only
	powerCount = 32  // H^32 down to H^1, each times x
	atRounds   = 0   // [15][32]byte: each round key twice
	atPowers   = 480 // [32][16]byte
	atLong     = 992 // uint64: not zero for AES-256
)

// set is a set of instructions, by how many blocks a register takes.
type set struct {
	name  string
	lanes int
}

const groupVectors = 4

// v is a vector register in the width of the set.
func (s set) v(r VecPhysical) VecPhysical {
	if s.lanes == 1 {
		return x(r)
	}
	return r
}

// vectorBytes are the bytes of one vector.
func (s set) vectorBytes() int { return 16 * s.lanes }

// groupItems are the blocks that a group covers.
func (s set) groupItems() int { return groupVectors * s.lanes }

// firstVectors of the first group are text: its counters begin with zero, which is nobody's, and one, which is J0's.
func (s set) firstVectors() int { return groupVectors - 2/s.lanes }

// Physical registers: what lives across a whole record.
var (
	key     = Y4
	base    = Y5 // nonce with counter zero, plus the first round key
	counter = Y6 // the group's first counter, in the first word of each lane
	reverse = Y7 // shuffle that reverses the bytes of each lane
	mask0   = X8 // E(J0)
	low     = Y9
	high    = Y10
	middle  = Y11
	product = Y12
	power   = Y13
	keep    = Y14 // which bytes of the last vector are text
	last    = Y15 // the last vector of text
	states  = []VecPhysical{Y0, Y1, Y2, Y3}
)

func x(r VecPhysical) VecPhysical { return r.AsX().(VecPhysical) }

func at(r Register, disp int) Mem { return Mem{Base: r, Disp: disp} }

// roundKey is where key number i lies, twice.
func roundKey(k Register, i int) Mem { return at(k, atRounds+32*i) }
