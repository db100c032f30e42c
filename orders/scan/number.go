package scan

import "math"

// Int reads a whole number of 64 bits: no fraction, no exponent.
func (c *Cursor) Int() int64 {
	if c.fault != faultNone || !c.value() {
		return 0
	}
	data, at := c.data, c.at
	negative := data[at] == '-'
	if negative {
		at++
	}
	from, value := at, uint64(0)
	for ; at < len(data); at++ {
		digit := data[at] - '0'
		if digit > 9 {
			break
		}
		value = value*10 + uint64(digit)
	}
	// Up to 18 digits cannot have wrapped; what is longer, and all that is wrong, is told apart when cold.
	if digits := at - from; digits == 0 || digits > 18 || data[from] == '0' && digits > 1 || at < len(data) && isNumberTail(data[at]) {
		return c.intSlow()
	}
	c.at = at
	if negative {
		return -int64(value)
	}
	return int64(value)
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
