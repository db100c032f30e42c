package wsproto

import "unicode/utf8"

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
