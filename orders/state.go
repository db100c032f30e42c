package orders

import "orderwire/orders/fixed"

// State is what is known about an order. The names and rules are those of docs/architecture.md, "Order life".
type State uint8

// The states. Filled, Cancelled, Expired, Rejected and NotSent are ends, and are reached by evidence only.
const (
	Armed           State = iota // a template is ready; nothing was pushed
	Pushed                       // handed to the kernel
	Received                     // the venue has it
	Acked                        // its engine accepted
	PartiallyFilled              //
	Filled                       //
	Cancelled                    //
	Expired                      //
	Rejected                     //
	NotSent                      // its last byte was never handed to the kernel: the only state that may be retried
	Unknown                      // no evidence either way; ends by venue evidence only
)

// Receipt tells the strategy and the journal what is now known about one order.
type Receipt struct {
	ID        uint64 // counter of the client id
	Target    uint64 // of a request to cancel: the order it meant
	State     State
	Before    State
	Kind      ReportKind // what caused it
	Code      int        // the venue's error code of a reject
	LastQty   fixed.Number
	LastPrice fixed.Number
	CumQty    fixed.Number
	PushedAt  int64 // loop clock, ns: when its push began
	At        int64 // loop clock, ns: when the message was read
}
