package scan

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Int reads a whole number of 64 bits: no fraction, no exponent.
func (c *Cursor) Int() int64 {
	if c.fault != faultNone || !c.value() {
		return 0
	}
	rest := c.data[c.at:]
	negative := rest[0] == '-'
	if negative {
		rest = rest[1:]
	}
	value, used := Digits(rest)
	// What is longer, and all that is wrong, is told apart when cold.
	if used == 0 || used < len(rest) && isNumberTail(rest[used]) {
		return c.intSlow()
	}
	c.at = len(c.data) - len(rest) + used
	if negative {
		return -value
	}
	return value
}

// Digits reads the whole number without sign at the start of text, as JSON writes it. used is 0 where there is
// none, where it has a zero in front, and where it has more than 18 digits. What follows is the caller's to check.
func Digits(text []byte) (value int64, used int) {
	if len(text) < 16 {
		return digitsSlow(text)
	}
	high, used := eight(binary.LittleEndian.Uint64(text))
	if used == 8 {
		low, more := eight(binary.LittleEndian.Uint64(text[8:]))
		if more == 8 {
			return digitsSlow(text)
		}
		high = high*powers[more] + low
		used += more
	}
	if text[0] == '0' && used > 1 {
		return 0, 0
	}
	return int64(high), used
}

var powers = [8]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}

// eight reads the digits at the start of an 8-byte word, the lowest byte first. orders/fixed has the same trick,
// and says how it works.
func eight(word uint64) (value uint64, digits int) {
	word ^= '0' * ones
	foreign := (word + 0x76*ones | word) & highs
	digits = bits.TrailingZeros64(foreign) >> 3
	word <<= uint(64 - 8*digits)
	word = word * (10<<8 + 1) >> 8
	word = (word & 0x00FF00FF00FF00FF) * (100<<16 + 1) >> 16
	word = (word & 0x0000FFFF0000FFFF) * (10000<<32 + 1) >> 32
	return word, digits
}

func digitsSlow(text []byte) (value int64, used int) {
	for used < len(text) && text[used]-'0' <= 9 {
		value = value*10 + int64(text[used]-'0')
		if used++; used > 18 {
			return 0, 0
		}
	}
	if used > 1 && text[0] == '0' {
		return 0, 0
	}
	return value, used
}

// TryInt reads the value ahead as Int where it is a whole number of 64 bits. Where it is anything else it is
// skipped, with all checks, and ok is false: for fields that mean another thing in another message.
func (c *Cursor) TryInt() (value int64, ok bool) {
	if c.Kind() == Number {
		before := c.at
		if value = c.Int(); c.fault != ErrRange {
			return value, c.fault == faultNone
		}
		c.at, c.fault = before, faultNone
	}
	c.Skip()
	return 0, false
}

func (c *Cursor) intSlow() int64 {
	if kinds[c.data[c.at]] != Number {
		c.mismatch()
		return 0
	}
	text := c.number()
	if c.fault != faultNone {
		return 0
	}
	limit := uint64(math.MaxInt64)
	negative := text[0] == '-'
	if negative {
		text = text[1:]
		limit++
	}
	value := uint64(0)
	for _, b := range text {
		digit := uint64(b - '0')
		if digit > 9 || value > (limit-digit)/10 {
			c.stop(ErrRange)
			return 0
		}
		value = value*10 + digit
	}
	if negative {
		return -int64(value)
	}
	return int64(value)
}

// Number reads a JSON number and returns it as it is written.
func (c *Cursor) Number() []byte {
	if c.fault != faultNone || !c.value() {
		return nil
	}
	if kinds[c.data[c.at]] != Number {
		c.mismatch()
		return nil
	}
	return c.number()
}

// number reads the number at c.at: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
func (c *Cursor) number() []byte {
	data, at := c.data, c.at
	if data[at] == '-' {
		at++
	}
	from := at
	at = digits(data, at)
	sound := at > from && (data[from] != '0' || at == from+1)
	if at < len(data) && data[at] == '.' {
		from = at + 1
		at = digits(data, from)
		sound = sound && at > from
	}
	if at < len(data) && data[at]|0x20 == 'e' {
		from = at + 1
		if from < len(data) && (data[from] == '+' || data[from] == '-') {
			from++
		}
		at = digits(data, from)
		sound = sound && at > from
	}
	if !sound {
		c.stop(ErrNumber)
		return nil
	}
	text := data[c.at:at]
	c.at = at
	return text
}

func digits(data []byte, at int) int {
	for at < len(data) && data[at]-'0' <= 9 {
		at++
	}
	return at
}

// isNumberTail tells whether b, right behind digits, makes them the beginning of a longer number.
func isNumberTail(b byte) bool { return b == '.' || b|0x20 == 'e' }
