package coinbase

import (
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/scan"
)

// Classify is ClassifyNext for messages that hold one report; of those that hold more it refuses all.
func (d *Dialect) Classify(message []byte, r *orders.Report) error {
	next, err := d.ClassifyNext(message, 0, r)
	if err == nil && next != 0 {
		r.Reset()
		return ErrMany
	}
	return err
}

// ClassifyNext reads a message of the user's feed.
//
//	Exchange   received ReportReceived (the only one with the client id), open and change ReportAcked,
//	           match two ReportTrade (taker's order, then maker's), done ReportFilled or ReportCancelled
//	Advanced   each order by its status, with CumQty
//	both       subscriptions ReportSubscribed, error ReportSessionError
func (d *Dialect) ClassifyNext(message []byte, from int, r *orders.Report) (next int, err error) {
	r.Reset()
	if d.API == Advanced {
		next, err = advancedReport(message, from, r)
	} else {
		next, err = exchangeReport(message, from, r)
	}
	if err != nil {
		r.Reset()
		return 0, err
	}
	return next, nil
}

const (
	toldType = 1 << iota
	toldOrderID
	toldClientID
	toldMaker
	toldTaker
	toldTradeID
	toldSize
	toldPrice
	toldTime
	toldReason
	toldText
)

// told is one message of the Exchange user feed.
type told struct {
	c scan.Cursor
	m scan.Marks

	kind, orderID, clientID, maker, taker, reason, text []byte
	tradeID                                             []byte
	size, price                                         fixed.Number
	at                                                  int64
}

func exchangeReport(message []byte, from int, r *orders.Report) (next int, err error) {
	var t told
	t.c.Reset(message)
	t.top()
	if err := t.c.End(); err != nil {
		return 0, err
	}
	r.VenueNanos = t.at
	switch string(t.kind) {
	case "received":
		r.Kind, r.ClientID = orders.ReportReceived, t.clientID
		return 0, t.order(r)
	case "open", "change", "activate":
		r.Kind = orders.ReportAcked
		return 0, t.order(r)
	case "done":
		switch string(t.reason) {
		case "filled":
			r.Kind = orders.ReportFilled
		case "canceled":
			r.Kind = orders.ReportCancelled
		}
		return 0, t.order(r)
	case "match":
		return t.match(len(message), from, r)
	case "subscriptions":
		r.Kind = orders.ReportSubscribed
	case "error":
		r.Kind, r.Text = orders.ReportSessionError, t.text
		if len(t.reason) > 0 {
			r.Text = t.reason
		}
	}
	return 0, nil
}

func (t *told) top() {
	t.c.Object()
	for {
		key, more := t.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "type":
			t.m.Text(&t.c, &t.kind, toldType)
		case "order_id":
			t.m.Text(&t.c, &t.orderID, toldOrderID)
		case "client_oid":
			t.m.Text(&t.c, &t.clientID, toldClientID)
		case "maker_order_id":
			t.m.Text(&t.c, &t.maker, toldMaker)
		case "taker_order_id":
			t.m.Text(&t.c, &t.taker, toldTaker)
		case "trade_id":
			t.number()
		case "size":
			decimal(&t.c, &t.m, &t.size, toldSize)
		case "price":
			decimal(&t.c, &t.m, &t.price, toldPrice)
		case "time":
			stamp(&t.c, &t.m, &t.at, toldTime)
		case "reason":
			t.m.Text(&t.c, &t.reason, toldReason)
		case "message":
			if t.c.Kind() != scan.String {
				t.c.Skip()
				continue
			}
			t.text = t.c.Raw()
			t.m.Saw(toldText)
		default:
			t.c.Skip()
		}
	}
}

// number keeps the trade id as it is written.
func (t *told) number() {
	if t.c.Kind() != scan.Number {
		t.c.Skip()
		return
	}
	t.tradeID = t.c.Number()
	t.m.Saw(toldTradeID)
}

func (t *told) order(r *orders.Report) error {
	switch {
	case !t.m.Has(toldOrderID | toldTime):
		return ErrMissing
	case t.m.Twice():
		return ErrDuplicate
	case len(t.orderID) == 0:
		return ErrValue
	}
	r.VenueID = t.orderID
	if len(r.ClientID) == 0 {
		r.ClientID = nil
	}
	return nil
}

// match is two executions, of which one is ours, or both: first the taker's, then the maker's, whose place in the
// message is its end.
func (t *told) match(size, from int, r *orders.Report) (next int, err error) {
	const needs = toldMaker | toldTaker | toldTradeID | toldSize | toldPrice | toldTime
	switch {
	case !t.m.Has(needs):
		return 0, ErrMissing
	case t.m.Twice():
		return 0, ErrDuplicate
	case t.size.IsZero() || len(t.maker) == 0 || len(t.taker) == 0:
		return 0, ErrValue
	}
	r.Kind, r.ExecID, r.LastQty, r.LastPrice = orders.ReportTrade, t.tradeID, t.size, t.price
	if from == size {
		r.VenueID = t.maker
		return 0, nil
	}
	r.VenueID = t.taker
	return size, nil
}

// advancedReport reads the user channel of Advanced.
func advancedReport(message []byte, from int, r *orders.Report) (next int, err error) {
	var e envelope
	var text []byte
	if err := e.read(message, &text); err != nil {
		return 0, err
	}
	switch {
	case string(e.kind) == "error":
		r.Kind, r.Text = orders.ReportSessionError, text
		return 0, nil
	case e.channel == channelSubscriptions:
		r.Kind = orders.ReportSubscribed
		return 0, nil
	case e.channel != channelUser:
		return 0, nil
	}
	if from > 0 {
		return e.order(message, from, r)
	}
	if from, err = e.start(message); err != nil || from == 0 {
		return 0, err
	}
	if next, err = e.order(message, from, r); err != nil || next == 0 {
		return next, err
	}
	for at := next; at > 0; { // all of the others once, before the first is handed on
		if at, err = e.order(message, at, r); err != nil {
			return 0, err
		}
	}
	_, err = e.order(message, from, r)
	return next, err
}

const (
	orderID = 1 << iota
	orderClientID
	orderStatus
	orderFilled
	orderReject
	orderCancel
)

// order reads the order at message[from] and returns where the next one begins.
func (e *envelope) order(message []byte, from int, r *orders.Report) (next int, err error) {
	var (
		c                scan.Cursor
		m                scan.Marks
		status           []byte
		rejected, cancel []byte
	)
	r.Reset()
	c.Reset(message[from:])
	c.Object()
	for {
		key, more := c.Key()
		if !more {
			break
		}
		switch string(key) {
		case "order_id":
			m.Text(&c, &r.VenueID, orderID)
		case "client_order_id":
			m.Text(&c, &r.ClientID, orderClientID)
		case "status":
			m.Text(&c, &status, orderStatus)
		case "cumulative_quantity":
			decimal(&c, &m, &r.CumQty, orderFilled)
		case "reject_reason":
			m.Text(&c, &rejected, orderReject)
		case "cancel_reason":
			m.Text(&c, &cancel, orderCancel)
		default:
			c.Skip()
		}
	}
	switch {
	case !c.Sound() || !m.Has(orderID|orderClientID|orderStatus|orderFilled):
		return 0, ErrMissing
	case m.Twice():
		return 0, ErrDuplicate
	case len(r.VenueID) == 0:
		return 0, ErrValue
	}
	if len(r.ClientID) == 0 {
		r.ClientID = nil
	}
	r.VenueNanos = e.at
	switch r.Kind = kindOfOrder(status); {
	case r.Kind == orders.ReportRejected && len(rejected) > 0:
		r.Text = rejected
	case r.Kind == orders.ReportCancelled && len(cancel) > 0:
		r.Text = cancel
	}
	return e.next(message, from, from+c.At())
}

func kindOfOrder(status []byte) orders.ReportKind {
	switch string(status) {
	case "PENDING":
		return orders.ReportReceived
	case "OPEN", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED":
		return orders.ReportAcked
	case "FILLED":
		return orders.ReportFilled
	case "CANCELLED":
		return orders.ReportCancelled
	case "EXPIRED":
		return orders.ReportExpired
	case "FAILED":
		return orders.ReportRejected
	}
	return orders.ReportOther
}
