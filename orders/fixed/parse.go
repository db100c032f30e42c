package fixed

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// What is wrong with a text. All are refusals: no text is ever read in part.
var (
	ErrSyntax   = errors.New("fixed: not a plain decimal: want digits, or digits, a dot and digits")
	ErrExponent = errors.New("fixed: a decimal in scientific notation is refused")
	ErrSign     = errors.New("fixed: a sign is not allowed here")
	ErrScale    = errors.New("fixed: more than 18 decimals")
	ErrOverflow = errors.New("fixed: more digits than an int64 mantissa holds")
)

// Parse reads a whole text as a plain decimal without sign. The scale is the number of decimals written.
func Parse(text []byte) (Number, error) {
	n, used := Prefix(text)
	if used == 0 || used != len(text) {
		return Number{}, fault(text)
	}
	return n, nil
}

// ParseSigned is Parse that also allows one minus sign in front: fees and differences, never prices.
func ParseSigned(text []byte) (Number, error) {
	if len(text) == 0 || text[0] != '-' {
		return Parse(text)
	}
	n, err := Parse(text[1:])
	n.Mantissa = -n.Mantissa
	return n, err
}

// Quoted reads a JSON string that is a plain decimal: a quote, the digits, a quote. used counts both
// quotes and is 0 where text does not begin so; Parse of the string then tells why.
func Quoted(text []byte) (n Number, used int) {
	if len(text) == 0 || text[0] != '"' {
		return Number{}, 0
	}
	n, used = Prefix(text[1:])
	if used == 0 || used+1 >= len(text) || text[used+1] != '"' {
		return Number{}, 0
	}
	return n, used + 2
}

// Prefix reads the longest plain decimal at the start of text. used is 0 where there is none, or where it
// fits no Number. "1." and "1.x" are used == 0 too: half a decimal is not a decimal.
//
// It takes up to eight digits at a time. Longer runs, and texts that end within a word, go byte by byte.
func Prefix(text []byte) (n Number, used int) {
	if len(text) < 8 {
		return prefixSlow(text)
	}
	whole, wholeDigits := eight(binary.LittleEndian.Uint64(text))
	if wholeDigits == 0 || wholeDigits == 8 {
		return prefixSlow(text)
	}
	if text[wholeDigits] != '.' {
		return Number{Mantissa: int64(whole)}, wholeDigits
	}
	rest := text[wholeDigits+1:]
	if len(rest) < 9 {
		return prefixSlow(text)
	}
	part, partDigits := eight(binary.LittleEndian.Uint64(rest))
	if partDigits == 0 || partDigits == 8 && isDigit(rest[8]) {
		return prefixSlow(text)
	}
	// At most 7 + 8 digits: it fits.
	return Number{int64(whole*powers[partDigits] + part), uint8(partDigits)}, wholeDigits + 1 + partDigits
}

// eight reads the digits at the start of an 8-byte word, the lowest byte first.
func eight(word uint64) (value uint64, digits int) {
	word ^= zeros // digits become 0..9
	// A byte above 9 sets its top bit when 0x76 is added. A carry can only disturb the bytes after it, and
	// only the first one counts.
	foreign := (word + above9 | word) & tops
	digits = bits.TrailingZeros64(foreign) >> 3
	return join(word << uint(64-8*digits)), digits // right-aligned: what is missing in front is zeros
}

const (
	zeros  = 0x3030303030303030
	above9 = 0x7676767676767676
	tops   = 0x8080808080808080
)

// join makes one number of eight digits: pairs first, then fours, then all.
func join(digits uint64) uint64 {
	digits = digits * (10<<8 + 1) >> 8
	digits = (digits & 0x00FF00FF00FF00FF) * (100<<16 + 1) >> 16
	return (digits & 0x0000FFFF0000FFFF) * (10000<<32 + 1) >> 32
}

func prefixSlow(text []byte) (n Number, used int) {
	mantissa, at, fits := digits(text, 0, 0)
	if at == 0 || !fits {
		return Number{}, 0
	}
	if at == len(text) || text[at] != '.' {
		return Number{Mantissa: int64(mantissa)}, at
	}
	from := at + 1
	mantissa, at, fits = digits(text, from, mantissa)
	if at == from || at-from > MaxScale || !fits {
		return Number{}, 0
	}
	return Number{int64(mantissa), uint8(at - from)}, at
}

// digits reads on from text[at] into mantissa, and stops at the first byte that is no digit.
func digits(text []byte, at int, mantissa uint64) (uint64, int, bool) {
	for ; at < len(text) && isDigit(text[at]); at++ {
		if mantissa > math.MaxInt64/10 {
			return 0, at, false
		}
		mantissa = mantissa*10 + uint64(text[at]-'0')
	}
	return mantissa, at, mantissa <= math.MaxInt64
}

// fault tells which rule text breaks. Cold: the text is already known to be refused.
func fault(text []byte) error {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		return ErrSign
	}
	at := run(text, 0)
	end := at
	if at > 0 && at < len(text) && text[at] == '.' {
		end = run(text, at+1)
		if end == at+1 {
			return ErrSyntax
		}
	}
	switch {
	case end > 0 && end < len(text) && text[end]|0x20 == 'e':
		return ErrExponent
	case end == 0 || end < len(text):
		return ErrSyntax
	case end-at-1 > MaxScale:
		return ErrScale
	}
	return ErrOverflow
}

func run(text []byte, at int) int {
	for at < len(text) && isDigit(text[at]) {
		at++
	}
	return at
}

func isDigit(c byte) bool { return c-'0' <= 9 }
