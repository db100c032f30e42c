package orders

import (
	"encoding/binary"
	"math/bits"

	"orderwire/orders/fixed"
)

// Form is how a field is written.
type Form uint8

// The forms. Each field allows some of them (allowed).
const (
	formNone Form = iota
	// FormText is fixed text of the field's own width: counters in 10 digits, client ids, times, deadlines.
	FormText
	// FormID is a request id written as the client id.
	FormID
	// FormQuoted is a decimal inside a JSON string whose opening quote stands before the slot: digits, closing
	// quote, white space.
	FormQuoted
	// FormBare is a JSON number followed by white space.
	FormBare
	// FormHex is a signature in lower-case hex.
	FormHex
	// FormBase64 is a signature in standard base64 with padding.
	FormBase64
)

// The widths of signatures, in bytes.
const (
	hexWidth    = 64
	base64Width = 44
)

// slot is one place that changes.
type slot struct {
	render     render
	form       Form
	scale      uint8
	at         int // of the payload
	width      int
	most       uint64 // the largest mantissa that fits
	pow        uint64 // 10^scale
	tail       uint64 // what follows a number: closing quote and spaces, or spaces
	short      bool   // numbers up to shortBelow are written from registers
	shortBelow uint64
	inverse    uint64 // of 10^scale
	shift      uint8
	signed     int          // where its text begins in plan.text, -1 where it is not signed on its own
	last       fixed.Number // what stands in the image; its first value is none that exists
	text       int          // length of that text now; differs from width for decimals only
}

// render is what Patch does for a slot: field and form, resolved when the template is built.
type render uint8

const (
	renderCounter  render = iota // 10 digits of Values.ID
	renderTarget                 // 10 digits of Values.Target
	renderPrice                  //
	renderQty                    //
	renderMillis                 //
	renderSecs                   //
	renderDeadline               //
	renderBareID                 // Values.ID as a JSON number
	renderUUID                   // the 20 last characters of a UUID, of Values.ID
	renderUUIDTarget
)

// counterText keeps the digits of a counter that is written in several slots.
type counterText struct {
	low  uint64
	high uint16
}

// make renders counter.
//
// Panics: past CounterMax.
func (c *counterText) make(counter uint64) {
	if counter > CounterMax {
		panic("orders: id counter is past its 10 digits")
	}
	high := uint32(counter / 1e8)
	c.high = uint16(high/10) | uint16(high%10)<<8 | 0x3030
	c.low = digits8(uint32(counter%1e8)) | ascii8
}

// put writes the 10 digits.
func (c *counterText) put(out []byte) {
	_ = out[9]
	binary.LittleEndian.PutUint16(out, c.high)
	binary.LittleEndian.PutUint64(out[2:], c.low)
}

// putNumber writes a decimal and, in a string, its closing quote; and the number alone into the signed text.
func (c *compiled) putNumber(s *slot, out []byte, v *fixed.Number) {
	mantissa, ok := uint64(v.Mantissa), true
	if v.Scale != s.scale || v.Mantissa < 0 {
		mantissa, ok = rescaled(*v, int(s.scale))
	}
	if !ok || mantissa > s.most {
		panic("orders: a value does not fit its slot: Fits was not asked")
	}
	scale := int(s.scale)
	s.last = *v
	if !s.short || mantissa >= s.shortBelow {
		c.putLong(s, out, mantissa)
		return
	}
	// The number is put together in two registers and stored whole: piecemeal stores would be read back by the hash
	// before they are done.
	whole, _ := bits.Mul64(mantissa, s.inverse)
	whole >>= s.shift & 63 // mantissa / 10^scale without a division
	text := digits8(uint32(whole))
	n := 8 - min(bits.TrailingZeros64(text)/8, 7)
	fraction := '.' | ((digits8(uint32(mantissa-whole*s.pow))|ascii8)>>(8*(8-scale)&63))<<8
	low := (text|ascii8)>>(8*(8-n)&63) | fraction<<(8*n)
	high := fraction >> (8 * (8 - n) & 63)
	length := n + 1 + scale
	if s.signed >= 0 {
		put16(c.plan.place(s, length), low, high, length)
	}
	// Behind it the closing quote, or a first space, and spaces to the end of the slot.
	tail := s.tail
	if length < 8 {
		low |= tail << (8 * length & 63)
		tail = blanks
		length = 8
	}
	high |= tail << (8 * (length - 8) & 63)
	put16(out, low, high, s.width)
	put16(c.image[s.at:], low, high, s.width)
}

// putMillis writes a time of 13 digits.
func (c *compiled) putMillis(s *slot, out []byte, ms int64) {
	text := millisOf(uint64(ms))
	text.put(out)
	text.put(c.image[s.at:])
	if s.signed >= 0 {
		text.put(c.plan.text[s.signed:])
	}
	s.last.Mantissa = ms
}

// blanks are eight spaces.
const blanks = 0x2020202020202020

// put16 writes the n low bytes of low and high, and nothing behind them.
//
// Shape: n <= 16, len(dst) >= n.
func put16(dst []byte, low, high uint64, n int) {
	if n < 8 {
		putText(dst, low, n)
		return
	}
	_ = dst[n-1]
	shift := uint(8 * (n - 8))
	binary.LittleEndian.PutUint64(dst[n-8:], low>>shift|high<<(64-shift))
	binary.LittleEndian.PutUint64(dst, low)
}

// prepare sets what putNumber needs for short numbers: at most 8 digits before the dot, 1 to 7 behind it, and a slot
// that two registers hold.
func (s *slot) prepare() {
	s.last = fixed.Number{Mantissa: -1, Scale: 255}
	s.pow, s.tail = pow10[s.scale], blanks
	if s.form == FormQuoted {
		s.tail = blanks&^0xff | '"'
	}
	s.short = s.scale >= 1 && s.scale <= 7 && s.width >= 8 && s.width <= 16
	s.shortBelow = 1e8 * s.pow
	// inverse = ceil(2^(64+shift) / 10^scale), exact for every mantissa up to 2^63: its error times mantissa stays below
	// 2^(64+shift) / 10^scale. Source: T. Granlund, P. Montgomery, "Division by Invariant Integers" (1994), theorem 4.2.
	s.shift = uint8(bits.Len64(s.pow) - 1)
	if s.short {
		quotient, rest := bits.Div64(1<<s.shift, 0, s.pow)
		if s.inverse = quotient; rest > 0 {
			s.inverse++
		}
	}
}

// putLong is putNumber for whole numbers and for more than 8 digits on a side of the dot.
func (c *compiled) putLong(s *slot, out []byte, mantissa uint64) {
	n := putDecimal(out, mantissa, int(s.scale))
	if s.signed >= 0 {
		copy(c.plan.place(s, n), out)
	}
	if s.form == FormQuoted {
		out[n] = '"'
		n++
	}
	for i := n; i < len(out); i++ {
		out[i] = ' ' // the image may hold a longer number
	}
	copy(c.image[s.at:], out)
}

// rescaled is v's mantissa at scale. ok is false for negative numbers, for digits that would be lost and for
// what an int64 does not hold.
func rescaled(v fixed.Number, scale int) (mantissa uint64, ok bool) {
	if v.Mantissa < 0 || int(v.Scale) >= len(pow10) {
		return 0, false
	}
	mantissa = uint64(v.Mantissa)
	if by := scale - int(v.Scale); by > 0 {
		if mantissa > (1<<63-1)/pow10[by] {
			return 0, false
		}
		return mantissa * pow10[by], true
	} else if by < 0 {
		return mantissa / pow10[-by], mantissa%pow10[-by] == 0
	}
	return mantissa, true
}

// putRare writes the slots that only some venues have.
func (c *compiled) putRare(s *slot, out []byte, v *Values) {
	switch s.render {
	case renderSecs:
		putSeconds(out, v.WallNanos)
	case renderDeadline:
		c.stamp.put(out, v.WallNanos+int64(c.spec.WindowMillis)*1e6)
	case renderBareID:
		if v.ID > CounterMax {
			panic("orders: id counter is past its 10 digits")
		}
		putDecimal(out, v.ID, 0)
	case renderUUID:
		putUUIDCounter(out, v.ID)
	case renderUUIDTarget:
		putUUIDCounter(out, v.Target)
	default:
		panic("orders: a slot of no kind")
	}
	if s.signed >= 0 {
		copy(c.plan.place(s, s.width), out)
	}
}

// putSeconds writes 10 digits, by the rule of millisOf.
func putSeconds(out []byte, wallNanos int64) {
	second := uint64(wallNanos) / 1e9
	if second-1e9 >= 9e9 {
		panic("orders: time of an order is outside of 2001 to 2286")
	}
	putDigits10(out, second)
}

// uuidStem is how many characters of a UUID do not depend on the counter: up to its 17th, "xxxxxxxx-xxxx-8xx".
const uuidStem = 17

// putUUIDCounter writes the tail "c-8ccc-cccccccccccc".
func putUUIDCounter(out []byte, counter uint64) {
	const hexDigits = "0123456789abcdef"
	_ = out[uuidWidth-uuidStem-1]
	out[0] = hexDigits[counter>>60]
	out[1], out[2] = '-', '8'
	for i := range 3 {
		out[3+i] = hexDigits[counter>>(56-4*i)&15]
	}
	out[6] = '-'
	for i := range 12 {
		out[7+i] = hexDigits[counter>>(44-4*i)&15]
	}
}
