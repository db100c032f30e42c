package simex

import (
	"fmt"
	"strconv"
)

// order is the venue's own record of one order: the truth that a client's belief is measured against.
type order struct {
	account     *account
	instrument  *instrument
	id          uint64
	client      string
	uid         string // the venue's textual id, where it has one
	category    string // Bybit: spot, linear ...
	cancelID    string // Binance: the client id of the cancel
	side        side
	kind        orderKind
	tif         timeInForce
	post        bool
	reduce      bool
	stp         selfTrade
	state       orderState
	price, qty  amount
	done        amount // executed so far
	value       amount // executed so far, in quote
	created     int64
	updated     int64
	rx          int64
	hiddenUntil int64
	counted     bool   // among the account's unfilled orders (Binance)
	why         string // why it expired or was rejected
	executions  []execution
}

// execution is one fill.
type execution struct {
	id    uint64
	price amount
	qty   amount
	maker bool
	at    int64
	other *order // the counterpart; nil when it came from outside
}

type side uint8

const (
	buy side = iota
	sell
)

type orderKind uint8

const (
	limitOrder orderKind = iota
	marketOrder
)

type timeInForce uint8

const (
	goodTillCancel timeInForce = iota
	immediateOrCancel
	fillOrKill
)

// selfTrade is what happens when an order meets one of its own account.
type selfTrade uint8

const (
	selfAllowed selfTrade = iota
	selfCancelTaker
	selfCancelMaker
	selfCancelBoth
	selfDecrement // Coinbase "dc": the smaller is cancelled, the larger shrinks
)

type orderState uint8

const (
	stateNew orderState = iota
	statePartial
	stateFilled
	stateCancelled
	stateExpired
	stateRejected
)

func (s orderState) String() string {
	return [...]string{"new", "partially_filled", "filled", "cancelled", "expired", "rejected"}[s]
}

// open tells whether the order can still trade.
func (o *order) open() bool { return o.state <= statePartial }

func (o *order) left() amount { return o.qty - o.done }

// instrument is a parsed Instrument with its resting orders and the last replayed quote.
type instrument struct {
	Instrument
	tick, step, minQty, maxQty, minNotional, mark amount

	bids, asks []*order // best first, then oldest first
	quote      quote
	sequence   int64 // Coinbase: of the product
}

// quote is the best of the replayed market; zero prices mean none.
type quote struct{ bid, bidQty, ask, askQty amount }

func newInstrument(spec Instrument) (*instrument, error) {
	ins := &instrument{Instrument: spec}
	orElse := func(text, fallback string) string {
		if text == "" {
			return fallback
		}
		return text
	}
	fields := []struct {
		name, text string
		into       *amount
	}{
		{"tick", spec.Tick, &ins.tick},
		{"step", spec.Step, &ins.step},
		{"minimum quantity", orElse(spec.MinQty, spec.Step), &ins.minQty},
		{"maximum quantity", orElse(spec.MaxQty, "9000000"), &ins.maxQty},
		{"minimum notional", orElse(spec.MinNotional, "0"), &ins.minNotional},
		{"mark", orElse(spec.Mark, "0"), &ins.mark},
	}
	for _, f := range fields {
		value, fault := parseAmount([]byte(f.text))
		if fault != numberFine {
			return nil, fmt.Errorf("simex: instrument %q: bad %s %q", spec.Symbol, f.name, f.text)
		}
		*f.into = value
	}
	if spec.Symbol == "" || ins.tick == 0 || ins.step == 0 {
		return nil, fmt.Errorf("simex: instrument %q: symbol, tick and step are needed", spec.Symbol)
	}
	return ins, nil
}

// instrument finds a symbol; nil when it is not traded here.
func (v *Venue) instrument(symbol []byte) *instrument {
	for _, ins := range v.instruments {
		if ins.Symbol == string(symbol) {
			return ins
		}
	}
	return nil
}

// OrderTruth is one order as the venue knows it. Numbers are decimal text.
type OrderTruth struct {
	ClientID   string           `json:"client_id"`
	OrderID    uint64           `json:"order_id"`
	UID        string           `json:"uid,omitempty"`
	Account    string           `json:"account"`
	Symbol     string           `json:"symbol"`
	Side       string           `json:"side"`
	State      string           `json:"state"`
	Why        string           `json:"why,omitempty"`
	Price      string           `json:"price"`
	Qty        string           `json:"qty"`
	Done       string           `json:"done"`
	CreatedAt  int64            `json:"created_ns"`
	Rx         int64            `json:"rx_ns"`
	Executions []ExecutionTruth `json:"executions"`
}

// ExecutionTruth is one fill of an OrderTruth.
type ExecutionTruth struct {
	ID    uint64 `json:"id"`
	Price string `json:"price"`
	Qty   string `json:"qty"`
	At    int64  `json:"at_ns"`
}

// Orders is the venue's truth: every order it ever took or refused in its engine, oldest first.
func (v *Venue) Orders() []OrderTruth {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := make([]OrderTruth, 0, len(v.orders))
	for _, o := range v.orders {
		list = append(list, o.truth())
	}
	return list
}

func (o *order) truth() OrderTruth {
	t := OrderTruth{
		ClientID: o.client, OrderID: o.id, UID: o.uid, Account: o.account.name, Symbol: o.instrument.Symbol,
		Side: "buy", State: o.state.String(), Why: o.why, Price: o.price.String(), Qty: o.qty.String(),
		Done: o.done.String(), CreatedAt: o.created, Rx: o.rx, Executions: []ExecutionTruth{},
	}
	if o.side == sell {
		t.Side = "sell"
	}
	for _, x := range o.executions {
		t.Executions = append(t.Executions, ExecutionTruth{x.id, x.price.String(), x.qty.String(), x.at})
	}
	return t
}

func (a amount) String() string { return string(a.appendShort(nil)) }

// parseID reads a venue order id.
func parseID(text []byte) (uint64, bool) {
	if !allDigits(text) || len(text) > 19 {
		return 0, false
	}
	id, err := strconv.ParseUint(string(text), 10, 64)
	return id, err == nil
}
