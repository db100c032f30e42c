package coinbase

import (
	"errors"
	"fmt"
	"strings"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// Dialect is Coinbase's language. It is a value without state; one serves any number of loops. The zero Dialect
// speaks to the Exchange API.
type Dialect struct {
	// API is which of the two. Default: Exchange.
	API API
	// Host is what requests are addressed to. Default: the venue's production host of the API.
	Host string
	// SelfTrade is what the venue does where an order meets one of ours (Exchange): dc, co, cn or cb. Default: dc,
	// decrease and cancel.
	SelfTrade string
	// Alg is the JWT algorithm of the key (Advanced): ES256 or EdDSA. Default: ES256.
	Alg string
}

// API is one of the venue's interfaces.
type API uint8

// The interfaces.
const (
	Exchange API = iota
	Advanced
)

// Why a sound JSON message is refused. Each means that what the message says is not known.
var (
	ErrMissing   = errors.New("coinbase: a field that this message must have is missing, or not of its form")
	ErrDuplicate = errors.New("coinbase: a field comes twice")
	ErrValue     = errors.New("coinbase: a field's value cannot be")
	ErrLevels    = errors.New("coinbase: more price levels than the event has room for")
	ErrMany      = errors.New("coinbase: the message holds more than one: ask for the next")
)

// Venue names the exchange as the config does.
func (d *Dialect) Venue() string {
	if d.API == Advanced {
		return "coinbase-advanced"
	}
	return "coinbase"
}

// OrderPath is the path of new orders.
func (d *Dialect) OrderPath() string {
	if d.API == Advanced {
		return "/api/v3/brokerage/orders"
	}
	return "/orders"
}

// MarketPath is the path of the market-data feed. What streams there is asked for by Subscribe.
func (d *Dialect) MarketPath([]string) string { return "/" }

// ReportPath is the path of the feed of the user's own orders.
func (d *Dialect) ReportPath() string { return "/" }

func (d *Dialect) host() string {
	switch {
	case d.Host != "":
		return d.Host
	case d.API == Advanced:
		return "api.coinbase.com"
	}
	return "api.exchange.coinbase.com"
}

// products writes symbols as the inside of a JSON list.
func products(symbols []string) (string, error) {
	var quoted []string
	for _, symbol := range symbols {
		if err := checkSymbol(symbol); err != nil {
			return "", fmt.Errorf("coinbase: %w", err)
		}
		quoted = append(quoted, `"`+symbol+`"`)
	}
	return strings.Join(quoted, ","), nil
}

// checkSymbol keeps out what would change the meaning of a frame, of a path or of the signed text.
func checkSymbol(symbol string) error {
	if symbol == "" || len(symbol) > 64 {
		return fmt.Errorf("symbol must be 1 to 64 bytes long")
	}
	for i := range len(symbol) {
		switch b := symbol[i]; {
		case b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '.', b == '_':
		default:
			return fmt.Errorf("symbol %q must be of A-Z, 0-9, dash, dot and underscore", symbol)
		}
	}
	return nil
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

// taker is the aggressor of a trade whose maker had this side.
func taker(maker []byte) market.Side {
	switch string(maker) {
	case "buy", "BUY":
		return market.Sell
	case "sell", "SELL":
		return market.Buy
	}
	return 0
}

var (
	_ orders.Dialect    = (*Dialect)(nil)
	_ orders.Many       = (*Dialect)(nil)
	_ orders.Subscriber = (*Dialect)(nil)
	_ orders.Reporter   = (*Dialect)(nil)
	_ orders.Responder  = (*Dialect)(nil)
)
