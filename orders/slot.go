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
	render render
	form   Form
	scale  uint8
	at     int // of the payload
	width  int
	most   uint64 // the largest mantissa that fits
	signed int    // where its text begins in plan.text, -1 where it is not signed on its own
	text   int    // length of that text now; differs from width for decimals only
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
	if s.scale == 0 || s.scale > 8 || mantissa >= 1e8*pow10[s.scale] {
		c.putLong(s, out, mantissa)
		return
	}
	// Both parts are text in one register each, written to two places.
	scale := int(s.scale)
	whole := mantissa / pow10[s.scale]
	text := digits8(uint32(whole))
	n := 8 - min(bits.TrailingZeros64(text)/8, 7)
	text = (text | ascii8) >> (8 * (8 - n) & 63)
	fraction := (digits8(uint32(mantissa-whole*pow10[s.scale])) | ascii8) >> (8 * (8 - scale) & 63)
	putText(out, text, n)
	out[n] = '.'
	putText(out[n+1:], fraction, scale)
	if s.form == FormQuoted {
		out[n+1+scale] = '"'
	}
	if s.signed >= 0 {
		to := c.plan.place(s, n+1+scale)
		putText(to, text, n)
		to[n] = '.'
		putText(to[n+1:], fraction, scale)
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
	}
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

// putSeconds writes 10 digits, by the rule of putDigits13.
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
