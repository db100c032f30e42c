package orders

import (
	"fmt"

	"orderwire/orders/market"
)

// What some venues ask for beyond Dialect. The supervisor looks for these interfaces once, when it plans.

// Many is a Dialect whose messages may hold several events or reports. from is 0 for the first of a message, then
// what the call before returned, until that is 0; ev and r are left as that call left them in between. The first
// call checks the whole message, so that nothing of a broken one is handed on. Both allocate nothing.
//
// Market and Classify of such a dialect refuse a message that holds more than one, instead of losing the rest.
type Many interface {
	MarketNext(message []byte, from int, ev *market.Event) (next int, err error)
	ClassifyNext(message []byte, from int, r *Report) (next int, err error)
}

// Subscriber is a Dialect whose market data is asked for by messages. Cold.
type Subscriber interface {
	// Subscribe is message number step of a market-data connection, nil when there are no more. They may be sent
	// without waiting for an answer, but not faster than the venue takes them.
	Subscribe(step int, symbols []string, wallNanos int64, signer *Signer) ([]byte, error)
}

// Reporter is a Dialect whose reports come on a connection of their own. Classify reads them too. Cold.
type Reporter interface {
	ReportPath() string
	// ReportLogin is message number step of the report connection, nil when there are no more. Each is answered
	// before the next. symbols are those that are traded; most venues report on all.
	ReportLogin(step int, symbols []string, wallNanos int64, signer *Signer) ([]byte, error)
}

// Pinger is a Dialect whose connections the client must keep alive by messages. Cold.
type Pinger interface {
	// Ping is the message, and the longest time between two of them in nanoseconds.
	Ping() (message []byte, everyNanos int64)
}

// Responder is a Dialect whose orders are HTTP requests: a reply is a status and a body, and answers the oldest
// request of its connection that has no answer yet, whose action the caller knows. It allocates nothing.
type Responder interface {
	Reply(action Action, status int, body []byte, r *Report) error
}

// Request is one HTTP request that a dialect wrote, cold: Host, Content-Length and User-Agent are the sender's to
// add. Its fields and body hold credentials, so it does not print.
type Request struct {
	Method string
	Path   string      // with its query
	Fields [][2]string // name and value, in order
	Body   []byte
}

// Format redacts.
func (r Request) Format(f fmt.State, verb rune) { Secret{}.Format(f, verb) }
