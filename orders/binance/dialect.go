package binance

import (
	"errors"
	"slices"
	"strings"
)

// Dialect is Binance's language. It is a value without state; one serves any number of loops. The zero Dialect
// speaks to Spot.
type Dialect struct {
	// Product is the market it speaks to. Default: Spot.
	Product Product
	// QuietReplies asks the venue to leave its usage of limits out of replies: they are then a third as long, and
	// our limiter counts alone. Default: false.
	QuietReplies bool
	// AggregateTrades listens on USD-M to aggTrade instead of trade: it is documented, and up to 100 ms late. Default:
	// false, trade at once.
	AggregateTrades bool
}

// Product is one of the venue's markets.
type Product uint8

// The products.
const (
	Spot Product = iota
	USDM         // USD-M futures
)

// Why a sound JSON message is refused. Each means that what the message says is not known, so the connection
// that sent it is in doubt: a wrong number would be worse than none.
var (
	ErrMissing   = errors.New("binance: a field that this message must have is missing, or not of its form")
	ErrDuplicate = errors.New("binance: a field comes twice")
	ErrValue     = errors.New("binance: a field's value cannot be")
	ErrLevels    = errors.New("binance: more price levels than the event has room for")
	ErrMany      = errors.New("binance: the message holds more than one: ask for the next")
)

// Venue names the exchange as the config does.
func (d *Dialect) Venue() string {
	if d.Product == USDM {
		return "binance-usdm"
	}
	return "binance"
}

// OrderPath is the path of the order connection.
func (d *Dialect) OrderPath() string {
	path := "/ws-api/v3"
	if d.Product == USDM {
		path = "/ws-fapi/v1"
	}
	if d.QuietReplies {
		path += "?returnRateLimits=false"
	}
	return path
}

// MarketPath is the path and query of a combined stream with the trades, best prices and book changes of symbols.
func (d *Dialect) MarketPath(symbols []string) string {
	if d.Product == USDM {
		return "/public" + streamsOf(symbols, "@trade", "@bookTicker", "@depth@0ms")
	}
	return streamsOf(symbols, "@trade", "@bookTicker", "@depth@100ms")
}

// symbolsMax is how many symbols one market connection serves: it takes 1024 streams, and the names of more make a request
// line that proxies refuse.
const symbolsMax = 100

// MarketPaths are the paths of the market connections where one is not enough, else nil: the streams of many symbols, and on
// USD-M those of different kinds. Best prices, book changes and the undocumented trade come under /public there, aggTrade
// under /market; on the wrong one the venue says nothing at all. All is asked for in the path: a market socket takes five
// frames a second, PONGs among them (R22).
//
// Source: Important WebSocket Change Notice (2026-03-06); where trade is served was measured by others: BYTEX-TRADE/bytex
// issue 7 (2026-09-18), ccxt/ccxt issue 28083.
func (d *Dialect) MarketPaths(symbols []string) (paths []string) {
	apart := d.Product == USDM && d.AggregateTrades
	if len(symbols) <= symbolsMax && !apart {
		return nil
	}
	for some := range slices.Chunk(symbols, symbolsMax) {
		if !apart {
			paths = append(paths, d.MarketPath(some))
			continue
		}
		paths = append(paths, "/public"+streamsOf(some, "@bookTicker", "@depth@0ms"), "/market"+streamsOf(some, "@aggTrade"))
	}
	return paths
}

// streamsOf is a combined stream of some kinds for each symbol.
func streamsOf(symbols []string, kinds ...string) string {
	var names []string
	for _, symbol := range symbols {
		for _, kind := range kinds {
			names = append(names, escaped(strings.ToLower(symbol))+kind)
		}
	}
	return "/stream?streams=" + strings.Join(names, "/")
}

// escaped is name as part of a URL: some symbols are not ASCII.
func escaped(name string) string {
	var out strings.Builder
	for i := range len(name) {
		switch b := name[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '_', b == '-', b == '.':
			out.WriteByte(b)
		default:
			const digits = "0123456789ABCDEF"
			out.Write([]byte{'%', digits[b>>4], digits[b&15]})
		}
	}
	return out.String()
}

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
