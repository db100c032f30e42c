package fixed

import "encoding/binary"

// Column reads many quoted decimals of like width: the prices, or the sizes, of a ladder. It guesses that a number
// is as wide as the one before it, and checks the guess. The guess is what makes it fast: a processor that
// predicts the check right need not wait for one number's end to begin with the next.
//
// The zero Column is ready, and reads the same numbers as Quoted.
type Column struct{ whole, part int }

// Quoted is Quoted of the package.
func (c *Column) Quoted(text []byte) (n Number, used int) {
	whole, part := c.whole, c.part
	if whole == 0 || len(text) < whole+11 || text[0] != '"' || text[1+whole] != '.' || text[2+whole+part] != '"' {
		return c.guess(text)
	}
	left := (binary.LittleEndian.Uint64(text[1:]) ^ zeros) << uint(64-8*whole)
	right := (binary.LittleEndian.Uint64(text[2+whole:]) ^ zeros) << uint(64-8*part)
	if (left+above9|left|(right+above9)|right)&tops != 0 {
		return c.guess(text)
	}
	return Number{int64(join(left)*powers[part] + join(right)), uint8(part)}, whole + part + 3
}

// guess reads a number of any width and remembers the width, if it is one of at most 7 and 8 digits.
func (c *Column) guess(text []byte) (n Number, used int) {
	n, used = Quoted(text)
	part := int(n.Scale)
	if whole := used - part - 3; part > 0 && part <= 8 && whole > 0 && whole <= 7 {
		c.whole, c.part = whole, part
	}
	return n, used
}
