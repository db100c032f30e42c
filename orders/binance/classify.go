package binance

import (
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/scan"
)

// Classify reads one message of an order connection into r: a reply, or an event of the user data stream,
// whichever method asked for it. It allocates nothing.
//
//	reply                                     r.Kind
//	result {}                                 ReportTested (order.test)
//	result with an order                      by its status; without one (ACK) ReportAcked
//	result with serverTime, subscriptionId    ReportTime, ReportSubscribed; with authorizedSince ReportLoggedOn
//	status 5xx, code -1000 -1001 -1006 -1007  ReportUnknown: the order may live
//	status 429, 418, code -1003, -1015        ReportThrottled: the request named by RequestID was not executed
//	code -2011, -2013                         ReportCancelRejected, ReportNotFound: no proof of anything
//	any other error                           ReportRejected: the request named by RequestID was not executed
//	error without id                          ReportSessionError
//
//	event                                     r.Kind
//	executionReport, ORDER_TRADE_UPDATE       ReportTrade or ReportFilled for an execution, else by the order's status
//	TRADE_LITE                                ReportTrade
//	serverShutdown                            ReportShutdown
//	eventStreamTerminated, listenKeyExpired   ReportStreamOver: nothing more will be reported here
//
// ReportFilled carries the last execution where ExecID is set. ExecID is the trade id, which is what myTrades
// has too, so that executions of both merge. A reply in FULL form tells CumQty; its fills come by the stream.
// What is unknown is ReportOther, with the ids where there are any.
func (d *Dialect) Classify(message []byte, r *orders.Report) error {
	r.Reset()
	p := reply{r: r}
	p.c.Reset(message)
	p.top()
	if err := p.c.End(); err != nil {
		r.Reset()
		return err
	}
	if err := p.decide(); err != nil {
		r.Reset()
		return err
	}
	return nil
}

// reply is one pass over one message of an order connection.
type reply struct {
	c       scan.Cursor
	r       *orders.Report
	seen    uint32
	doubled uint32

	event, execution, status       []byte // e, x, X or status
	clientID, originalID           []byte
	transactAt, eventAt, retryAt   int64
	serverAt                       int64
	lastQty, lastPrice, cumulative fixed.Number
	tradeID                        int64
	window                         int64 // length of the order-count window in r, seconds
	fields                         int   // of an object result
}

// What was found, as bits of reply.seen.
const (
	sawID = 1 << iota
	sawNullID
	sawStatus
	sawResult
	sawEmptyResult
	sawError
	sawCode
	sawText
	sawEvent
	sawClientID
	sawOriginalID
	sawVenueID
	sawOrderStatus
	sawExecution
	sawTransactAt
	sawEventAt
	sawServerAt
	sawRetryAt
	sawLastQty
	sawLastPrice
	sawCumulative
	sawTradeID
	sawSubscription
	sawAuthorized
	sawReason
)

// top reads the fields of the message itself.
func (p *reply) top() {
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "id":
			p.requestID()
		case "status":
			p.httpStatus()
		case "result":
			p.saw(sawResult)
			p.result()
		case "error":
			p.fault()
		case "rateLimits":
			p.limits()
		case "event": // the wrapper of the user data stream
			p.inner()
		default: // an event without a wrapper, and what we do not know
			p.eventField(key)
		}
	}
}

// inner reads the object of a user data event.
func (p *reply) inner() {
	if p.c.Kind() != scan.Object {
		p.c.Skip()
		return
	}
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			return
		}
		p.eventField(key)
	}
}

// requestID is text, a whole number, or null.
func (p *reply) requestID() {
	p.saw(sawID)
	switch p.c.Kind() {
	case scan.String:
		p.r.RequestID = p.c.Raw()
	case scan.Number:
		p.r.RequestID = p.c.Number()
	case scan.Null:
		p.c.Null()
		p.seen |= sawNullID
	default:
		p.c.Skip()
	}
}

// httpStatus reads the status of the reply.
func (p *reply) httpStatus() {
	if status, ok := p.c.TryInt(); ok && status > 0 && status < 1000 {
		p.r.Status = int(status)
		p.saw(sawStatus)
	}
}

// result reads what a method returned.
func (p *reply) result() {
	if p.c.Kind() != scan.Object {
		p.c.Skip() // a list (openOrders.status, openOrders.cancelAll) is for OpenOrders
		return
	}
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			break
		}
		p.fields++
		p.resultField(key)
	}
	if p.fields == 0 {
		p.seen |= sawEmptyResult
	}
}

func (p *reply) resultField(key []byte) {
	switch string(key) {
	case "clientOrderId":
		p.text(&p.clientID, sawClientID)
	case "origClientOrderId":
		p.text(&p.originalID, sawOriginalID)
	case "orderId":
		p.venueID()
	case "status":
		p.text(&p.status, sawOrderStatus)
	case "executedQty":
		p.decimal(&p.cumulative, sawCumulative)
	case "transactTime":
		p.whole(&p.transactAt, sawTransactAt)
	case "updateTime": // USD-M, and order.status of both
		if p.seen&sawTransactAt == 0 {
			p.whole(&p.transactAt, sawTransactAt)
			return
		}
		p.c.Skip()
	case "serverTime":
		p.whole(&p.serverAt, sawServerAt)
	case "subscriptionId":
		p.mark(sawSubscription)
	case "authorizedSince":
		p.mark(sawAuthorized)
	default:
		p.c.Skip()
	}
}

// mark notes that a number came, whatever it is.
func (p *reply) mark(field uint32) {
	if _, ok := p.c.TryInt(); ok {
		p.saw(field)
	}
}

func (p *reply) venueID() {
	if p.c.Kind() != scan.Number {
		p.c.Skip()
		return
	}
	p.r.VenueID = p.c.Number()
	p.saw(sawVenueID)
}

func (p *reply) saw(field uint32) {
	p.doubled |= p.seen & field
	p.seen |= field
}

func (p *reply) has(fields uint32) bool { return p.seen&fields == fields }

func (p *reply) text(into *[]byte, field uint32) {
	if text, ok := p.c.TryText(); ok {
		*into = text
		p.saw(field)
	}
}

func (p *reply) whole(into *int64, field uint32) {
	if value, ok := p.c.TryInt(); ok {
		*into = value
		p.saw(field)
	}
}

func (p *reply) decimal(into *fixed.Number, field uint32) {
	if n, used := fixed.Quoted(p.c.Ahead()); used > 0 {
		p.c.Take(used)
		*into = n
		p.saw(field)
		return
	}
	p.c.Skip()
}

// decide tells what the message was, and that it is whole.
func (p *reply) decide() error {
	var err error
	switch {
	case p.has(sawError):
		err = p.decideError()
	case p.has(sawEvent):
		err = p.decideEvent()
	case p.has(sawResult) && p.has(sawStatus):
		err = p.decideResult()
	case p.has(sawStatus):
		err = ErrMissing // neither a result nor an error
	}
	if err == nil && p.doubled != 0 && p.r.Kind != orders.ReportOther {
		return ErrDuplicate
	}
	return err
}

func (p *reply) decideResult() error {
	switch {
	case p.r.Status >= 500: // whatever the result says
		p.r.Kind = orders.ReportUnknown
	case p.has(sawEmptyResult):
		p.r.Kind = orders.ReportTested
	case p.has(sawVenueID):
		return p.order()
	case p.has(sawAuthorized):
		p.r.Kind = orders.ReportLoggedOn
		return p.at(p.serverAt, sawServerAt)
	case p.has(sawSubscription):
		p.r.Kind = orders.ReportSubscribed
	case p.has(sawServerAt):
		p.r.Kind = orders.ReportTime
		return p.at(p.serverAt, sawServerAt)
	}
	return nil
}

// order is the reply to order.place, order.cancel or order.status.
func (p *reply) order() error {
	if !p.has(sawClientID) {
		return ErrMissing
	}
	p.r.Kind = orders.ReportAcked
	if p.has(sawOrderStatus) {
		p.r.Kind = kindOfStatus(p.status)
		if !p.has(sawCumulative) {
			return ErrMissing
		}
	}
	p.name()
	p.r.CumQty = p.cumulative
	return p.at(p.transactAt, sawTransactAt)
}

// name sets the order's own id: after a cancel the plain field names the cancel, and the other one the order.
func (p *reply) name() {
	p.r.ClientID = p.clientID
	if len(p.originalID) > 0 {
		p.r.ClientID = p.originalID
	}
}

// at sets the venue's time, where there is one.
func (p *reply) at(stamp int64, field uint32) error {
	if !p.has(field) {
		return nil
	}
	at, ok := nanos(stamp)
	if !ok {
		return ErrValue
	}
	p.r.VenueNanos = at
	return nil
}

// kindOfStatus is what an order's status says. Partial fills are Acked here: executions are booked by id, from
// the messages that have one.
func kindOfStatus(status []byte) orders.ReportKind {
	switch string(status) {
	case "NEW", "PENDING_NEW", "PARTIALLY_FILLED", "PENDING_CANCEL":
		return orders.ReportAcked
	case "FILLED":
		return orders.ReportFilled
	case "CANCELED":
		return orders.ReportCancelled
	case "REJECTED":
		return orders.ReportRejected
	case "EXPIRED", "EXPIRED_IN_MATCH":
		return orders.ReportExpired
	}
	return orders.ReportOther
}
