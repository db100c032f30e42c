package binance

import "errors"

// Dialect is Binance's language. It is a value without state; one serves any number of loops.
type Dialect struct{}

// Why a sound JSON message is refused. Each means that what the message says is not known, so the connection
// that sent it is in doubt: a wrong number would be worse than none.
var (
	ErrMissing   = errors.New("binance: a field that this message must have is missing, or not of its form")
	ErrDuplicate = errors.New("binance: a field comes twice")
	ErrValue     = errors.New("binance: a field's value cannot be")
	ErrLevels    = errors.New("binance: more price levels than the event has room for")
)

// Venue names the exchange as the config does.
func (d *Dialect) Venue() string { return "binance" }

// nanos turns the venue's time into nanoseconds: milliseconds, or microseconds where the connection asked for
// them (timeUnit=MICROSECOND). They cannot be mistaken: 1e14 ms is the year 5138, 1e14 us is 1973.
func nanos(stamp int64) (int64, bool) {
	switch {
	case stamp < 0:
		return 0, false
	case stamp <= 9_000_000_000_000:
		return stamp * 1_000_000, true
	case stamp > 100_000_000_000_000 && stamp <= 9_000_000_000_000_000:
		return stamp * 1_000, true
	}
	return 0, false
}
