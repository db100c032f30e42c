package simex

// ParseJSON and the others are the keyhole for tests that hold the room's own parsers against the standard library.
func ParseJSON(text []byte) error {
	var d document
	return d.parse(text)
}

// ParseAmount returns the value in units of 10^-8, or ok false.
func ParseAmount(text []byte) (value int64, ok bool) {
	a, fault := parseAmount(text)
	return int64(a), fault == numberFine
}

// Times multiplies in units of 10^-8.
func Times(a, b int64) int64 { return int64(amount(a).times(amount(b))) }

// Over divides in units of 10^-8.
func Over(a, b int64) int64 { return int64(amount(a).over(amount(b))) }

// FixedText writes all eight decimals.
func FixedText(a int64) string { return string(amount(a).appendFixed(nil)) }

// ChanceRepeats is how many equal masks among n are no fault.
func ChanceRepeats(n uint64) uint64 { return chanceRepeats(n) }
