package orders

import (
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// Type is the kind of an order.
type Type uint8

// The order types that every venue here knows. The zero Type is none.
const (
	Limit Type = iota + 1
	Market
	PostOnly // a limit order that is refused or cancelled where it would take
)

// TIF says how long an order stays.
type TIF uint8

// The times in force. The zero TIF is the venue's default for the type.
const (
	GTC TIF = iota + 1
	IOC
	FOK
)

// Action is what a template asks of the venue.
type Action uint8

// The actions.
const (
	Place     Action = iota // a new order
	Test                    // the venue's own dry run of Place: validated and checked, never executed
	Cancel                  // by client id
	CancelAll               // of one symbol
)

// Spec is an order before it is compiled: all that is known when cold. Price, quantity, ids and time are
// given at the trigger (Values).
type Spec struct {
	Action Action
	Symbol string // as the venue writes it
	Side   market.Side
	Type   Type
	TIF    TIF
	// PriceScale and QtyScale are the decimals written, 0..18 (from the venue's tick and step).
	PriceScale uint8
	QtyScale   uint8
	// WindowMillis is how long the venue may take to accept it (recvWindow, deadline). 0: the dialect's default.
	WindowMillis int
}

// Values are what changes from order to order.
type Values struct {
	ID        uint64       // counter of the client id (IDSpace renders it)
	Target    uint64       // the counter of the order that a Cancel means
	Price     fixed.Number // rescaled exactly to the template's scale, or refused in admit (Template.Fits)
	Qty       fixed.Number
	WallNanos int64 // venue time, ns since the Unix epoch
}

// Dialect is one exchange's language. It runs when cold (Compile) and on the loop (Classify, Market),
// where it allocates nothing. It holds no connection, clock or socket.
type Dialect interface {
	// Venue names the exchange as the config does: "binance".
	Venue() string
	// Compile makes the template of spec: bytes, slots and sign plan. ids renders the client ids, signer
	// holds the credentials. Errors name the field and the rule it breaks.
	Compile(spec Spec, ids IDSpace, signer *Signer) (*Template, error)
	// Classify reads one message of the order connection into r, which it resets first. Unknown message
	// types and fields are not errors (r.Kind is ReportOther); broken JSON is.
	Classify(message []byte, r *Report) error
	// Market reads one message of a market-data connection into ev, which it resets first.
	Market(message []byte, ev *market.Event) error
	// MarketPath is the path and query under which symbols' trades, best prices and book changes stream.
	MarketPath(symbols []string) string
	// OrderPath is the path of the order connection.
	OrderPath() string
}
