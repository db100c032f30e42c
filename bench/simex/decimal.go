package simex

import (
	"math/bits"
	"strconv"
)

// amount is an exact decimal in units of 10^-8, which is as fine as any instrument here goes.
type amount int64

const (
	amountDigits = 8
	amountOne    = amount(100_000_000)
)

// numberFault says what is wrong with a number's text.
type numberFault uint8

const (
	numberFine    numberFault = iota
	numberForm                // not ^([0-9]{1,20})(\.[0-9]{1,20})?$
	numberTooFine             // more than eight decimals that are not zero
	numberTooBig
)

// parseAmount reads plain decimal text. Zeros behind the last decimal are fine; signs and exponents are not.
//
// Source: the form that Binance's error -1100 quotes.
func parseAmount(text []byte) (amount, numberFault) {
	whole, fraction := text, []byte(nil)
	for i, c := range text {
		if c == '.' {
			whole, fraction = text[:i], text[i+1:]
			if len(fraction) == 0 {
				return 0, numberForm
			}
			break
		}
	}
	if len(whole) < 1 || len(whole) > 20 || len(fraction) > 20 {
		return 0, numberForm
	}
	var value uint64
	tooBig := false
	for _, c := range whole {
		if c < '0' || c > '9' {
			return 0, numberForm
		}
		high, low := bits.Mul64(value, 10)
		value = low + uint64(c-'0')
		tooBig = tooBig || high != 0 || value > 90_000_000_000
		if tooBig {
			value = 0 // the form is still checked to its end
		}
	}
	tooFine := false
	for i := range max(amountDigits, len(fraction)) {
		digit := byte('0')
		if i < len(fraction) {
			digit = fraction[i]
		}
		if digit < '0' || digit > '9' {
			return 0, numberForm
		}
		if i < amountDigits {
			value = value*10 + uint64(digit-'0')
		} else if digit != '0' {
			tooFine = true
		}
	}
	switch {
	case tooBig:
		return 0, numberTooBig
	case tooFine:
		return 0, numberTooFine
	}
	return amount(value), numberFine
}

// mustAmount reads a number of our own configuration.
func mustAmount(text string) amount {
	value, fault := parseAmount([]byte(text))
	if fault != numberFine {
		panic("simex: bad number in the configuration: " + text)
	}
	return value
}

// times multiplies two amounts, cutting what is finer than 10^-8.
func (a amount) times(b amount) amount {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high >= uint64(amountOne) {
		return amount(1<<63 - 1) // beyond any real order; stays the largest amount
	}
	quotient, _ := bits.Div64(high, low, uint64(amountOne))
	return amount(min(quotient, 1<<63-1))
}

// over divides a by b, cutting what is finer than 10^-8; b must not be zero.
func (a amount) over(b amount) amount {
	high, low := bits.Mul64(uint64(a), uint64(amountOne))
	if high >= uint64(b) {
		return amount(1<<63 - 1)
	}
	quotient, _ := bits.Div64(high, low, uint64(b))
	return amount(min(quotient, 1<<63-1))
}

// appendFixed writes all eight decimals, as Binance does.
func (a amount) appendFixed(dst []byte) []byte {
	dst = strconv.AppendInt(dst, int64(a/amountOne), 10)
	dst = append(dst, '.')
	fraction := int64(a % amountOne)
	for unit := int64(amountOne / 10); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+fraction/unit%10))
	}
	return dst
}

// appendShort writes no more decimals than needed.
func (a amount) appendShort(dst []byte) []byte {
	dst = a.appendFixed(dst)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}
