package simex

import (
	"encoding/binary"
	"math"
	"sync"
)

// maskBook remembers masks over all connections of a venue and tells chance from carelessness.
//
// A mask key must be fresh and unpredictable (RFC 6455 §5.3). Of n honest keys about n²/2^33 pairs are equal,
// so repeats are bad only beyond what chance explains.
type maskBook struct {
	mu      sync.Mutex
	slots   []uint32 // open addressing; 0 is free, the key 0 is held apart
	used    int
	zero    bool
	seen    uint64
	repeats uint64
	excused uint64
}

const (
	maskSlotsFirst = 1 << 10
	maskSlotsMax   = 1 << 20 // then the book starts afresh: half a million keys are proof enough
)

// note enters a key and tells whether it is one repeat more than chance allows.
func (b *maskBook) note(mask [4]byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen++
	if !b.enter(binary.LittleEndian.Uint32(mask[:])) {
		return false
	}
	b.repeats++
	if b.excused < chanceRepeats(b.seen) {
		b.excused++
		return false
	}
	return true
}

// enter adds a key and tells whether it was there.
func (b *maskBook) enter(key uint32) bool {
	if key == 0 {
		was := b.zero
		b.zero = true
		return was
	}
	if 2*(b.used+1) > len(b.slots) {
		b.grow()
	}
	at := slotOf(key, len(b.slots))
	for b.slots[at] != 0 {
		if b.slots[at] == key {
			return true
		}
		at = (at + 1) & (len(b.slots) - 1)
	}
	b.slots[at] = key
	b.used++
	return false
}

func (b *maskBook) grow() {
	old := b.slots
	if len(old) >= maskSlotsMax {
		clear(b.slots)
		b.used, b.zero, b.seen, b.excused = 0, false, 0, 0
		return
	}
	b.slots, b.used = make([]uint32, max(maskSlotsFirst, 2*len(old))), 0
	for _, key := range old {
		if key != 0 {
			b.enter(key)
		}
	}
}

// slotOf spreads keys by Fibonacci hashing, since a bad client's keys may be consecutive.
func slotOf(key uint32, size int) int {
	return int(uint64(key)*0x9E3779B97F4A7C15>>40) & (size - 1)
}

// chanceRepeats is how many repeats n random keys may show: more happen by chance less than once in ten million.
func chanceRepeats(n uint64) uint64 {
	mean := float64(n) * float64(n) / (1 << 33)
	term := math.Exp(-mean)
	tail := 1 - term
	allowed := uint64(0)
	if mean < 1e-7 {
		return 0 // 1-exp(-mean) is the mean itself here, and float64 would round it away
	}
	for tail > 1e-7 && allowed < 1000 {
		allowed++
		term *= mean / float64(allowed)
		tail -= term
	}
	return allowed
}

// maskTrail watches one connection for keys that can be foretold: a constant stride between neighbours, read
// in either byte order.
type maskTrail struct {
	frames           int
	little, big      uint32
	stepLittle       uint32
	stepBig          uint32
	runLittle        int
	runBig           int
	reportedAsStride bool
}

// strideRun equal strides in a row convict: by chance that happens once in 2^64 frames.
const strideRun = 2

// note enters the next key and tells whether the keys just became countable; it tells so once a connection.
func (t *maskTrail) note(mask [4]byte) bool {
	little, big := binary.LittleEndian.Uint32(mask[:]), binary.BigEndian.Uint32(mask[:])
	t.frames++
	if t.frames > 1 {
		t.runLittle = runOn(t.runLittle, little-t.little, &t.stepLittle)
		t.runBig = runOn(t.runBig, big-t.big, &t.stepBig)
	}
	t.little, t.big = little, big
	if t.reportedAsStride || t.runLittle < strideRun && t.runBig < strideRun {
		return false
	}
	t.reportedAsStride = true
	return true
}

// runOn counts how many strides in a row equal the one before; a stride of 0 is the other rule's business.
func runOn(run int, step uint32, last *uint32) int {
	if step == 0 || step != *last {
		*last = step
		return 0
	}
	return run + 1
}
