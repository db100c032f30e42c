package simex

import (
	"encoding/json"
	"sync/atomic"
)

// Counts is what an examiner saw. The first block is what happened to lawful orders, the second is
// what clients did wrong: in an honest run every figure of the second block is zero.
//
// A request that breaks a rule is counted under that rule alone, never under Rejected as well.
type Counts struct {
	Accepted        uint64 `json:"accepted"`         // orders that the engine took
	Acked           uint64 `json:"acked"`            // positive replies to orders that were handed to a connection
	Filled          uint64 `json:"filled"`           // orders wholly filled
	PartiallyFilled uint64 `json:"partially_filled"` // orders that ended with a part filled
	Executions      uint64 `json:"executions"`       // single executions
	Cancelled       uint64 `json:"cancelled"`        // orders cancelled on request
	Expired         uint64 `json:"expired"`          // orders ended by their own terms (IOC rest, FOK, self-trade)
	Rejected        uint64 `json:"rejected"`         // lawful orders that the venue refused
	Tested          uint64 `json:"tested"`           // dry-run orders that passed every check
	Requests        uint64 `json:"requests"`         // messages and REST requests read
	Connections     uint64 `json:"connections"`
	Upgrades        uint64 `json:"upgrades"`
	Pings           uint64 `json:"pings"`         // PINGs sent by the venue
	Pongs           uint64 `json:"pongs"`         // matching PONGs
	MarketFrames    uint64 `json:"market_frames"` // replayed frames
	Faults          uint64 `json:"faults"`        // scripted faults that took effect
	SlowClosed      uint64 `json:"slow_closed"`   // connections cut because the client did not read

	Duplicates    uint64 `json:"duplicates"`     // client order ids seen before, open or closed
	BadSignatures uint64 `json:"bad_signatures"` // a signature, token or passphrase that does not fit
	BadKeys       uint64 `json:"bad_keys"`       // an API key that the venue does not know
	BadFrames     uint64 `json:"bad_frames"`     // RFC 6455 framing
	BadJSON       uint64 `json:"bad_json"`       // RFC 8259 grammar, or a name given twice
	BadMasks      uint64 `json:"bad_masks"`      // masks missing, fixed, repeating or countable
	BadNumbers    uint64 `json:"bad_numbers"`    // number form, tick, step
	BadIDs        uint64 `json:"bad_ids"`        // alphabet or length of ids
	BadWindow     uint64 `json:"bad_window"`     // timestamp, expiry, receive window
	BadNonce      uint64 `json:"bad_nonce"`      // a nonce that does not rise, a request id used twice
	BadParams     uint64 `json:"bad_params"`     // missing, unknown or illegal parameters
	BadPong       uint64 `json:"bad_pong"`       // PONG with another payload, or none in time
	BadHTTP       uint64 `json:"bad_http"`       // HTTP/1.1 grammar and the opening handshake
	OverLimit     uint64 `json:"over_limit"`     // weights, order counts, inbound messages, connects
	Unexpected    uint64 `json:"unexpected"`     // unknown path or method, or one that the state forbids

	Service Spread `json:"service_ns"` // bytes read to replies written, over the last ring of requests
}

// Spread summarises a set of durations. Units: nanoseconds.
type Spread struct {
	N    uint64 `json:"n"`
	P50  int64  `json:"p50_ns"`
	P99  int64  `json:"p99_ns"`
	P999 int64  `json:"p999_ns"`
	Max  int64  `json:"max_ns"`
}

// Violation is one rule's name and how often it was broken.
type Violation struct {
	Name string
	N    uint64
}

// Violations lists every rule counter, broken or not, in the order of the struct.
func (c Counts) Violations() []Violation {
	list := make([]Violation, 0, len(counterTable))
	for at := firstViolation; at < counterCount; at++ {
		list = append(list, Violation{counterTable[at].name, *counterTable[at].field(&c)})
	}
	return list
}

// Bad is the sum of all violations: zero after an honest run.
func (c Counts) Bad() uint64 {
	var sum uint64
	for _, violation := range c.Violations() {
		sum += violation.N
	}
	return sum
}

// appendJSON is the body of GET /counts.
func (c *Counts) appendJSON(dst []byte) []byte {
	text, err := json.Marshal(c)
	if err != nil {
		panic("simex: counts cannot be marshalled: " + err.Error()) // plain integers: only a bug can fail here
	}
	return append(dst, text...)
}

// counter names one figure of Counts.
type counter uint8

const (
	cAccepted counter = iota
	cAcked
	cFilled
	cPartiallyFilled
	cExecutions
	cCancelled
	cExpired
	cRejected
	cTested
	cRequests
	cConnections
	cUpgrades
	cPings
	cPongs
	cMarketFrames
	cFaults
	cSlowClosed
	cDuplicates
	cBadSignatures
	cBadKeys
	cBadFrames
	cBadJSON
	cBadMasks
	cBadNumbers
	cBadIDs
	cBadWindow
	cBadNonce
	cBadParams
	cBadPong
	cBadHTTP
	cOverLimit
	cUnexpected
	counterCount

	firstViolation = cDuplicates
)

// tally holds the live figures. Reader goroutines add to it without the venue's lock.
type tally [counterCount]atomic.Uint64

func (t *tally) add(which counter) { t[which].Add(1) }

func (t *tally) counts() Counts {
	var c Counts
	for at := range counterTable {
		*counterTable[at].field(&c) = t[at].Load()
	}
	return c
}

var counterTable = [counterCount]struct {
	name  string
	field func(*Counts) *uint64
}{
	cAccepted:        {"accepted", func(c *Counts) *uint64 { return &c.Accepted }},
	cAcked:           {"acked", func(c *Counts) *uint64 { return &c.Acked }},
	cFilled:          {"filled", func(c *Counts) *uint64 { return &c.Filled }},
	cPartiallyFilled: {"partially_filled", func(c *Counts) *uint64 { return &c.PartiallyFilled }},
	cExecutions:      {"executions", func(c *Counts) *uint64 { return &c.Executions }},
	cCancelled:       {"cancelled", func(c *Counts) *uint64 { return &c.Cancelled }},
	cExpired:         {"expired", func(c *Counts) *uint64 { return &c.Expired }},
	cRejected:        {"rejected", func(c *Counts) *uint64 { return &c.Rejected }},
	cTested:          {"tested", func(c *Counts) *uint64 { return &c.Tested }},
	cRequests:        {"requests", func(c *Counts) *uint64 { return &c.Requests }},
	cConnections:     {"connections", func(c *Counts) *uint64 { return &c.Connections }},
	cUpgrades:        {"upgrades", func(c *Counts) *uint64 { return &c.Upgrades }},
	cPings:           {"pings", func(c *Counts) *uint64 { return &c.Pings }},
	cPongs:           {"pongs", func(c *Counts) *uint64 { return &c.Pongs }},
	cMarketFrames:    {"market_frames", func(c *Counts) *uint64 { return &c.MarketFrames }},
	cFaults:          {"faults", func(c *Counts) *uint64 { return &c.Faults }},
	cSlowClosed:      {"slow_closed", func(c *Counts) *uint64 { return &c.SlowClosed }},
	cDuplicates:      {"duplicates", func(c *Counts) *uint64 { return &c.Duplicates }},
	cBadSignatures:   {"bad_signatures", func(c *Counts) *uint64 { return &c.BadSignatures }},
	cBadKeys:         {"bad_keys", func(c *Counts) *uint64 { return &c.BadKeys }},
	cBadFrames:       {"bad_frames", func(c *Counts) *uint64 { return &c.BadFrames }},
	cBadJSON:         {"bad_json", func(c *Counts) *uint64 { return &c.BadJSON }},
	cBadMasks:        {"bad_masks", func(c *Counts) *uint64 { return &c.BadMasks }},
	cBadNumbers:      {"bad_numbers", func(c *Counts) *uint64 { return &c.BadNumbers }},
	cBadIDs:          {"bad_ids", func(c *Counts) *uint64 { return &c.BadIDs }},
	cBadWindow:       {"bad_window", func(c *Counts) *uint64 { return &c.BadWindow }},
	cBadNonce:        {"bad_nonce", func(c *Counts) *uint64 { return &c.BadNonce }},
	cBadParams:       {"bad_params", func(c *Counts) *uint64 { return &c.BadParams }},
	cBadPong:         {"bad_pong", func(c *Counts) *uint64 { return &c.BadPong }},
	cBadHTTP:         {"bad_http", func(c *Counts) *uint64 { return &c.BadHTTP }},
	cOverLimit:       {"over_limit", func(c *Counts) *uint64 { return &c.OverLimit }},
	cUnexpected:      {"unexpected", func(c *Counts) *uint64 { return &c.Unexpected }},
}
