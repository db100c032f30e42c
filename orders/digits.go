package orders

import "encoding/binary"

// Decimal digits without tables: a 4-digit table is 40 KB, and at the trigger its lines are cold (kernel.md,
// "cold path"). Eight digits take three multiplications in one register instead.

// digits8 is the 8 decimal digits of v as bytes 0..9, the first digit in the lowest byte.
//
// Shape:  v < 1e8.
// Source: P. Khuong, "How to print integers really fast" (2017).
func digits8(v uint32) uint64 {
	lanes := uint64(v/10000) | uint64(v%10000)<<32
	hundreds := lanes * 10486 >> 20 & 0x0000007f_0000007f // x*10486>>20 == x/100 for x < 10000
	pairs := hundreds | (lanes-hundreds*100)<<16
	tens := pairs * 103 >> 10 & 0x000f_000f_000f_000f // x*103>>10 == x/10 for x < 100
	return tens | (pairs-tens*10)<<8
}

// ascii8 makes digits8 text.
const ascii8 = 0x3030303030303030

// putDigits10 writes v in exactly 10 digits.
//
// Shape: v <= CounterMax, len(dst) >= 10.
func putDigits10(dst []byte, v uint64) {
	_ = dst[9]
	high := uint32(v / 1e8)
	binary.LittleEndian.PutUint16(dst, uint16(high/10)|uint16(high%10)<<8|0x3030)
	binary.LittleEndian.PutUint64(dst[2:], digits8(uint32(v%1e8))|ascii8)
}

// millis is a time of exactly 13 digits as text: milliseconds since the Unix epoch, 2001-09-09 to 2286-11-20.
type millis struct{ high, low uint64 }

// millisOf renders v.
//
// Panics: on a time outside of those years: the clock is broken, and an order so stamped is worse than none.
func millisOf(v uint64) millis {
	if v-1e12 >= 9e12 {
		panic("orders: time of an order is outside of 2001 to 2286")
	}
	return millis{digits8(uint32(v/1e8)) | ascii8, digits8(uint32(v%1e8)) | ascii8}
}

// put writes the 13 digits.
func (m millis) put(dst []byte) {
	_ = dst[12]
	binary.LittleEndian.PutUint64(dst, m.high>>24) // five digits, and three bytes that the next store replaces
	binary.LittleEndian.PutUint64(dst[5:], m.low)
}

// putText writes the n low bytes of text and nothing behind them.
//
// Shape: 1 <= n <= 8, len(dst) >= n.
func putText(dst []byte, text uint64, n int) {
	switch {
	case n == 8:
		binary.LittleEndian.PutUint64(dst, text)
	case n >= 4:
		binary.LittleEndian.PutUint32(dst[n-4:], uint32(text>>(8*(n-4)&63)))
		binary.LittleEndian.PutUint32(dst, uint32(text))
	case n >= 2:
		binary.LittleEndian.PutUint16(dst[n-2:], uint16(text>>(8*(n-2)&63)))
		binary.LittleEndian.PutUint16(dst, uint16(text))
	default:
		dst[0] = byte(text)
	}
}

// pow10 holds what an int64 can: 10^0 to 10^18.
var pow10 = [19]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// putDecimal writes mantissa/10^scale in plain decimal, the long way, and returns its length.
//
// Shape: mantissa < 1e18, scale 0..17, len(dst) >= the length.
func putDecimal(dst []byte, mantissa uint64, scale int) int {
	whole := mantissa / pow10[scale]
	n := digitCount(whole)
	putUnsigned(dst, whole, n)
	if scale == 0 {
		return n
	}
	dst[n] = '.'
	putUnsigned(dst[n+1:], mantissa-whole*pow10[scale], scale)
	return n + 1 + scale
}

// digitCount is how many decimal digits v has, 1 for 0.
func digitCount(v uint64) int {
	n := 1
	for n < len(pow10) && v >= pow10[n] {
		n++
	}
	return n
}

// putUnsigned writes v in exactly n digits, with zeros in front.
//
// Shape: v < 10^n, 1 <= n <= 18, len(dst) >= n.
func putUnsigned(dst []byte, v uint64, n int) {
	for n > 8 {
		binary.LittleEndian.PutUint64(dst[n-8:], digits8(uint32(v%1e8))|ascii8)
		v /= 1e8
		n -= 8
	}
	putText(dst, (digits8(uint32(v))|ascii8)>>(8*(8-n)&63), n)
}
