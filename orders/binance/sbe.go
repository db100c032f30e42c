package binance

import (
	"slices"
	"strings"

	"orderwire/orders"
	"orderwire/orders/market"
)

// SBE is Binance Spot in its binary form: market data from stream-sbe, and a WebSocket API that answers in binary.
// Requests stay JSON, so templates and the frames around orders are those of the Dialect.
//
// Market data need an api key of kind Ed25519 in the header X-MBX-APIKEY of the opening handshake.
//
// Source: sbe/schemas/spot_3_5.xml and stream_1_0.xml at commit a5e0bc3d. Blocks are read by the length that each
// message states.
//
// The answers to questions for lists (ReadOrders, ReadTrades) are read in JSON only: ask them on a connection of the
// plain Dialect.
type SBE struct{ Dialect }

// The schemas that are asked for.
const (
	orderSchema, orderVersion   = 3, 5
	streamSchema, streamVersion = 1, 0
)

// OrderPath is the path of the order connection, which asks for binary answers.
func (s *SBE) OrderPath() string {
	path := s.Dialect.OrderPath()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + "responseFormat=sbe&sbeSchemaId=3&sbeSchemaVersion=5"
}

// MarketPath is the path and query of a combined stream.
func (s *SBE) MarketPath(symbols []string) string {
	return streamsOf(symbols, "@trade", "@bestBidAsk", "@depth")
}

// MarketPaths are those of the streams of many symbols, else nil.
func (s *SBE) MarketPaths(symbols []string) (paths []string) {
	if len(symbols) <= symbolsMax {
		return nil
	}
	for some := range slices.Chunk(symbols, symbolsMax) {
		paths = append(paths, s.MarketPath(some))
	}
	return paths
}

// Market is MarketNext for messages that hold one event; of those that hold more it refuses all.
func (s *SBE) Market(message []byte, ev *market.Event) error {
	next, err := s.MarketNext(message, 0, ev)
	if err == nil && next != 0 {
		ev.Reset()
		return ErrMany
	}
	return err
}

// MarketNext reads TradesStreamEvent (one event a trade), BestBidAskStreamEvent, DepthDiffStreamEvent and
// DepthSnapshotStreamEvent, and what comes as JSON on the same connection. Best prices may be skipped by the venue
// under load. What is unknown is KindOther.
func (s *SBE) MarketNext(message []byte, from int, ev *market.Event) (next int, err error) {
	if isText(message) {
		return 0, s.Dialect.Market(message, ev)
	}
	ev.Reset()
	next, err = stream(message, from, ev)
	if err != nil {
		ev.Reset()
		return 0, err
	}
	return next, nil
}

// Classify reads one binary answer or event of the order connection, or JSON, into r: see Dialect.Classify for the
// meaning. Ids are written to r.Digits as the decimal text that the other forms of the API have.
func (s *SBE) Classify(message []byte, r *orders.Report) error {
	if isText(message) {
		return s.Dialect.Classify(message, r)
	}
	r.Reset()
	err := answer(message, r)
	if err != nil {
		r.Reset()
	}
	return err
}

// ClassifyNext is Classify: no binary message holds more than one report.
func (s *SBE) ClassifyNext(message []byte, _ int, r *orders.Report) (next int, err error) {
	return 0, s.Classify(message, r)
}
