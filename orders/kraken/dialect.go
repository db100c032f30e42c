package kraken

import (
	"errors"
	"fmt"
	"strings"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/scan"
)

// Dialect is Kraken's language. It is a value without state; one serves any number of loops.
type Dialect struct {
	// Depth is how deep the ladder is asked for: 10, 25, 100, 500 or 1000 levels a side. Default: 100. The Book
	// must be one of that many Levels, with Window, InBand and Unnumbered.
	Depth int
}

// Why a sound JSON message is refused. Each means that what the message says is not known.
var (
	ErrMissing   = errors.New("kraken: a field that this message must have is missing, or not of its form")
	ErrDuplicate = errors.New("kraken: a field comes twice")
	ErrValue     = errors.New("kraken: a field's value cannot be")
	ErrLevels    = errors.New("kraken: more price levels than the event has room for")
	ErrMany      = errors.New("kraken: the message holds more than one: ask for the next")
)

// Venue names the exchange as the config does.
func (d *Dialect) Venue() string { return "kraken" }

// OrderPath is the path of the private connection.
func (d *Dialect) OrderPath() string { return "/v2" }

// MarketPath is the path of the public connection. What streams there is asked for by Subscribe.
func (d *Dialect) MarketPath([]string) string { return "/v2" }

// Subscribe asks for trades, best prices and ladders, one channel a message. Trades that happened before are not
// asked for.
func (d *Dialect) Subscribe(step int, symbols []string, _ int64, _ *orders.Signer) ([]byte, error) {
	depth := d.Depth
	if depth == 0 {
		depth = 100
	}
	switch depth {
	case 10, 25, 100, 500, 1000:
	default:
		return nil, fmt.Errorf("kraken: depth of %d levels: want 10, 25, 100, 500 or 1000", depth)
	}
	var quoted []string
	for _, symbol := range symbols {
		if err := checkSymbol(symbol); err != nil {
			return nil, fmt.Errorf("kraken: %w", err)
		}
		quoted = append(quoted, `"`+symbol+`"`)
	}
	channels := []string{
		`"channel":"trade","snapshot":false`,
		`"channel":"ticker","event_trigger":"bbo","snapshot":true`,
		fmt.Sprintf(`"channel":"book","depth":%d,"snapshot":true`, depth),
	}
	if step < 0 || step >= len(channels) {
		return nil, nil
	}
	return fmt.Appendf(nil, `{"method":"subscribe","params":{%s,"symbol":[%s]},"req_id":%d}`, channels[step], strings.Join(quoted, ","), step+1), nil
}

// Ping keeps a connection alive that has nothing subscribed, and tells the venue's clock.
func (d *Dialect) Ping() (message []byte, everyNanos int64) {
	return []byte(`{"method":"ping"}`), 30_000_000_000
}

// checkSymbol keeps out what would change the meaning of a frame.
func checkSymbol(symbol string) error {
	if symbol == "" || len(symbol) > 64 {
		return fmt.Errorf("symbol must be 1 to 64 bytes long")
	}
	for i := range len(symbol) {
		switch b := symbol[i]; {
		case b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '/', b == '.', b == '-', b == '_':
		default:
			return fmt.Errorf("symbol %q must be of letters, digits, slash, dot, dash and underscore", symbol)
		}
	}
	return nil
}

// decimal takes a plain JSON number, not negative, with the decimals that were written; or skips what is none.
func decimal(c *scan.Cursor, m *scan.Marks, into *fixed.Number, field uint64) {
	if c.Kind() != scan.Number {
		c.Skip()
		return
	}
	if n, err := fixed.Parse(c.Number()); err == nil {
		*into = n
		m.Saw(field)
	}
}

// stamp takes an RFC 3339 time, or skips what is none.
func stamp(c *scan.Cursor, m *scan.Marks, into *int64, field uint64) {
	text, ok := c.TryText()
	if !ok {
		return
	}
	if nanos, ok := scan.Time(text); ok {
		*into = nanos
		m.Saw(field)
	}
}

// following is where the next element of an array begins, behind one that ended at data[at]; 0 where the array
// ends. The message is known to be sound.
func following(data []byte, at int) int {
	for at < len(data) {
		switch data[at] {
		case ',':
			return at + 1
		case ']':
			return 0
		}
		at++
	}
	return 0
}
