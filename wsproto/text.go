package wsproto

import (
	"encoding/binary"
	"unicode/utf8"
)

// highBits is set in a word that holds a byte beyond ASCII.
const highBits = 0x8080808080808080

// validText tells whether b is UTF-8. Venues speak ASCII, so it looks for the first byte beyond ASCII a word at a time and
// leaves the rest to the standard library, which alone would take the last words of a text byte by byte (BenchmarkValid).
//
// Source: RFC 3629 §4.
func validText(b []byte) bool {
	rest := b[:len(b):len(b)] // with > below, the compiler need not guard a slice that ends where the array does
	for len(rest) > 32 {
		low := binary.LittleEndian.Uint64(rest[0:8]) | binary.LittleEndian.Uint64(rest[8:16])
		high := binary.LittleEndian.Uint64(rest[16:24]) | binary.LittleEndian.Uint64(rest[24:32])
		if (low|high)&highBits != 0 {
			return utf8.Valid(rest)
		}
		rest = rest[32:]
	}
	for len(rest) > 8 {
		if binary.LittleEndian.Uint64(rest)&highBits != 0 {
			return utf8.Valid(rest)
		}
		rest = rest[8:]
	}
	if len(rest) == 0 {
		return true
	}
	// The last word may reach back into what is known to be ASCII: looking twice is cheaper than looking byte by byte.
	if len(b) >= 8 && binary.LittleEndian.Uint64(b[len(b)-8:])&highBits == 0 {
		return true
	}
	return utf8.Valid(rest)
}

// wholeRunes returns how much of b can be judged now: all of it, or all but a last rune that is cut short and could still
// become valid. A start that cannot become a rune whatever follows (F4 90, ED A0, E0 80) is judged at once.
//
// Source: RFC 3629 §4; RFC 6455 §8.1.
func wholeRunes(b []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		at := len(b) - back
		if utf8.RuneStart(b[at]) {
			if !utf8.FullRune(b[at:]) {
				return at
			}
			break
		}
	}
	return len(b)
}
