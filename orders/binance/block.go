package binance

import (
	"encoding/binary"
	"errors"
	"math"

	"orderwire/orders/fixed"
)

// ErrBinary is a binary message that ends too early, or whose header is of another schema than was asked for.
var ErrBinary = errors.New("binance: malformed binary message")

// header begins each SBE message. Block lengths come from here and never from a table: an older peer sends a
// shorter block, a newer one a longer one.
type header struct {
	block, template, schema, version int
}

// block is the fixed part of a message or of an element of a group: fields by offset. A field that lies past its
// end does not exist in the peer's version.
type block []byte

// cut is what a message consists of, read from front to back. The first fault latches.
type cut struct {
	rest  []byte
	fault bool
}

func (c *cut) take(size int) []byte {
	if size < 0 || size > len(c.rest) {
		c.fault = true
		c.rest = nil
		return nil
	}
	taken := c.rest[:size:size]
	c.rest = c.rest[size:]
	return taken
}

func (c *cut) uint(size int) int {
	switch raw := c.take(size); len(raw) {
	case 1:
		return int(raw[0])
	case 2:
		return int(binary.LittleEndian.Uint16(raw))
	case 4:
		return int(binary.LittleEndian.Uint32(raw))
	}
	return 0
}

func (c *cut) header() header {
	return header{c.uint(2), c.uint(2), c.uint(2), c.uint(2)}
}

// text8 and text16 are varString8 and varString.
func (c *cut) text8() []byte  { return c.take(c.uint(1)) }
func (c *cut) text16() []byte { return c.take(c.uint(2)) }

// group is the dimension of a repeating group: groupSizeEncoding, or groupSize16Encoding where narrow.
func (c *cut) group(narrow bool) (size, count int) {
	size = c.uint(2)
	if narrow {
		return size, c.uint(2)
	}
	return size, c.uint(4)
}

// elements takes a whole group whose elements have no data behind them.
func (c *cut) elements(narrow bool) (all []byte, size int) {
	size, count := c.group(narrow)
	if count > len(c.rest) || size*count > len(c.rest) { // both before they are multiplied into something too large
		c.fault = true
		return nil, size
	}
	return c.take(size * count), size
}

func (b block) has(at, size int) bool { return at+size <= len(b) }

func (b block) byteAt(at int) int {
	if !b.has(at, 1) {
		return -1
	}
	return int(b[at])
}

// int64At is a number, or math.MinInt64 (null) where there is none.
func (b block) int64At(at int) int64 {
	if !b.has(at, 8) {
		return math.MinInt64
	}
	return int64(binary.LittleEndian.Uint64(b[at:]))
}

// decimalAt is a mantissa under an exponent that lies elsewhere. ok is false for null and negative numbers, and
// where no Number can say it.
func (b block) decimalAt(at int, exponent int8) (n fixed.Number, ok bool) {
	mantissa := b.int64At(at)
	switch {
	case mantissa < 0 || exponent < -fixed.MaxScale:
		return fixed.Number{}, false
	case exponent <= 0:
		return fixed.Number{Mantissa: mantissa, Scale: uint8(-exponent)}, true
	}
	for ; exponent > 0; exponent-- {
		if mantissa > math.MaxInt64/10 {
			return fixed.Number{}, false
		}
		mantissa *= 10
	}
	return fixed.Number{Mantissa: mantissa}, true
}

// exponentAt is the exponent of decimals; it is required, so a block without it has an impossible one.
func (b block) exponentAt(at int) int8 {
	if !b.has(at, 1) {
		return math.MinInt8
	}
	return int8(b[at])
}

// microsAt is a time. ok is false where there is none.
func (b block) microsAt(at int) (nanos int64, ok bool) {
	micros := b.int64At(at)
	if micros < 0 || micros > math.MaxInt64/1000 {
		return 0, false
	}
	return micros * 1000, true
}

// isText tells whether a message of a binary connection is JSON all the same: the venue sends serverShutdown so. A
// block of 8827 bytes or more would be needed to be mistaken for it.
func isText(message []byte) bool {
	if len(message) < 2 || message[0] != '{' {
		return false
	}
	switch message[1] {
	case '"', '}', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}
