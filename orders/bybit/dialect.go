package bybit

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/scan"
)

// Dialect is Bybit's language. It is a value without state; one serves any number of loops. The zero Dialect
// speaks to the spot market.
type Dialect struct {
	// Category is the market it speaks to. Default: Spot.
	Category Category
	// Depth is how deep the ladder is asked for: 50, 200 or 1000 levels. Default: 50, which comes every 20 ms.
	Depth int
}

// Category is one of the venue's markets.
type Category uint8

// The categories.
const (
	Spot   Category = iota
	Linear          // contracts margined and settled in USDT or USDC
)

// Why a sound JSON message is refused. Each means that what the message says is not known.
var (
	ErrMissing   = errors.New("bybit: a field that this message must have is missing, or not of its form")
	ErrDuplicate = errors.New("bybit: a field comes twice")
	ErrValue     = errors.New("bybit: a field's value cannot be")
	ErrLevels    = errors.New("bybit: more price levels than the event has room for")
	ErrMany      = errors.New("bybit: the message holds more than one: ask for the next")
)

func (c Category) String() string {
	if c == Linear {
		return "linear"
	}
	return "spot"
}

// Venue names the exchange as the config does.
func (d *Dialect) Venue() string { return "bybit" }

// OrderPath is the path of the trade socket.
func (d *Dialect) OrderPath() string { return "/v5/trade" }

// ReportPath is the path of the private socket.
func (d *Dialect) ReportPath() string { return "/v5/private" }

// MarketPath is the path of the public socket. What streams there is asked for by Subscribe.
func (d *Dialect) MarketPath([]string) string { return "/v5/public/" + d.Category.String() }

// topicsMax is how many topics one request may have in the spot market. Source: ws/connect, "Public channel - Args limits".
const topicsMax = 10

// Subscribe asks for trades, best prices and ladders, at most ten topics a message.
func (d *Dialect) Subscribe(step int, symbols []string, _ int64, _ *orders.Signer) ([]byte, error) {
	depth := d.Depth
	if depth == 0 {
		depth = 50
	}
	if depth != 50 && depth != 200 && depth != 1000 {
		return nil, fmt.Errorf("bybit: depth of %d levels: want 50, 200 or 1000", depth)
	}
	var topics []string
	for _, symbol := range symbols {
		if err := checkSymbol(symbol); err != nil {
			return nil, fmt.Errorf("bybit: %w", err)
		}
		topics = append(topics, `"publicTrade.`+symbol+`"`, `"orderbook.1.`+symbol+`"`, fmt.Sprintf(`"orderbook.%d.%s"`, depth, symbol))
	}
	if step < 0 || step*topicsMax >= len(topics) {
		return nil, nil
	}
	some := topics[step*topicsMax : min(len(topics), (step+1)*topicsMax)]
	return []byte(`{"op":"subscribe","req_id":"market-` + fmt.Sprint(step) + `","args":[` + strings.Join(some, ",") + `]}`), nil
}

// Ping keeps a connection alive: the venue cuts one that is silent for ten minutes, and asks for a ping every 20 s.
func (d *Dialect) Ping() (message []byte, everyNanos int64) {
	return []byte(`{"op":"ping"}`), 20_000_000_000
}

// checkSymbol keeps out what would change the meaning of a frame.
func checkSymbol(symbol string) error {
	if symbol == "" || len(symbol) > 64 {
		return fmt.Errorf("symbol must be 1 to 64 bytes long")
	}
	for i := range len(symbol) {
		switch b := symbol[i]; {
		case b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '_', b == '.':
		default:
			return fmt.Errorf("symbol %q must be of A-Z, 0-9, dash, dot and underscore", symbol)
		}
	}
	return nil
}

// nanos turns milliseconds into nanoseconds.
func nanos(millis int64) (int64, bool) {
	if millis < 0 || millis > math.MaxInt64/1_000_000 {
		return 0, false
	}
	return millis * 1_000_000, true
}

// decimal takes a number written as a string, or skips what is none.
func decimal(c *scan.Cursor, m *scan.Marks, into *fixed.Number, field uint64) {
	if n, used := fixed.Quoted(c.Ahead()); used > 0 {
		c.Take(used)
		*into = n
		m.Saw(field)
		return
	}
	c.Skip()
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
