package scan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Text reads a string without escapes and returns what is between its quotes.
func (c *Cursor) Text() []byte {
	if c.fault != faultNone || !c.value() {
		return nil
	}
	if c.data[c.at] != '"' {
		c.mismatch()
		return nil
	}
	text, escaped := c.text()
	if escaped {
		c.stop(ErrEscape)
		return nil
	}
	return text
}

// TryText reads the value ahead as Text where it is a string without escapes. Where it is anything else it is
// skipped, with all checks, and ok is false.
func (c *Cursor) TryText() (text []byte, ok bool) {
	if c.Kind() != String {
		c.Skip()
		return nil, false
	}
	text, escaped := c.text()
	return text, !escaped && c.fault == faultNone
}

// Raw reads a string and returns what is between its quotes as it is written, with its escapes if it has any.
func (c *Cursor) Raw() []byte {
	if c.fault != faultNone || !c.value() {
		return nil
	}
	if c.data[c.at] != '"' {
		c.mismatch()
		return nil
	}
	text, _ := c.text()
	return text
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Plain is how many bytes at the start of text stand for themselves in a string: no quote, no backslash, no
// control character, nothing beyond ASCII. Eight are looked over at a time.
func Plain(text []byte) (n int) {
	for len(text)-n >= 8 {
		word := binary.LittleEndian.Uint64(text[n:])
		quote, slash := word^('"'*ones), word^('\\'*ones)
		// Each term marks the lowest byte that it looks for exactly; false marks can only lie above it.
		marks := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((word - ' '*ones) &^ word) | word
		if marks &= highs; marks != 0 {
			return n + bits.TrailingZeros64(marks)>>3
		}
		n += 8
	}
	for n < len(text) && plain[text[n]] {
		n++
	}
	return n
}

// text reads the string whose opening quote is at c.at.
func (c *Cursor) text() (text []byte, escaped bool) {
	data, at := c.data, c.at+1
	from := at
	for {
		at += Plain(data[at:])
		switch {
		case at == len(data):
			c.at = at
			c.stop(ErrEnd)
			return nil, false
		case data[at] == '"':
			c.at = at + 1
			return data[from:at], escaped
		case data[at] == '\\':
			escaped = true
			at = c.escape(at)
		case data[at] >= utf8.RuneSelf:
			at = c.rune(at)
		default:
			at = -1
		}
		if at < 0 {
			c.stop(ErrString)
			return nil, false
		}
	}
}

// escape returns where the escape at data[at] ends, or -1.
func (c *Cursor) escape(at int) int {
	rest := c.data[at:]
	if len(rest) < 2 {
		return -1
	}
	switch rest[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return at + 2
	case 'u':
		if len(rest) >= 6 && isHex(rest[2]) && isHex(rest[3]) && isHex(rest[4]) && isHex(rest[5]) {
			return at + 6
		}
	}
	return -1
}

// rune returns where the UTF-8 sequence at data[at] ends, or -1.
func (c *Cursor) rune(at int) int {
	r, size := utf8.DecodeRune(c.data[at:])
	if r == utf8.RuneError && size <= 1 {
		return -1
	}
	return at + size
}

func isHex(b byte) bool { return b-'0' <= 9 || b|0x20-'a' <= 5 }

// plain tells which bytes stand for themselves in a string.
var plain = func() (table [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		table[b] = b != '"' && b != '\\'
	}
	return table
}()
