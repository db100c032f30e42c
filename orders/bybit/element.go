package bybit

import (
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/scan"
)

// What an element of the topics order and execution has, as marks.
const (
	hasOrderID = 1 << iota
	hasLinkID
	hasStatus
	hasReason
	hasCumulative
	hasUpdated
	hasExecID
	hasExecPrice
	hasExecQty
	hasExecType
	hasExecTime

	needsOrder     = hasOrderID | hasLinkID | hasStatus | hasCumulative | hasUpdated
	needsExecution = hasOrderID | hasLinkID | hasExecID | hasExecPrice | hasExecQty | hasExecTime
)

// record is one element. Orders and executions have no field in common that means two things, so one pass reads
// either, and what it has tells which it is: only executions have an execId, only orders an orderStatus.
type record struct {
	m                              scan.Marks
	orderID, linkID, status        []byte
	reason, execID, execType       []byte
	cumulative, execPrice, execQty fixed.Number
	updatedMillis, execMillis      int64
}

// element reads the element that begins at message[from], of a message that is known to be sound JSON.
func element(message []byte, from int, r *orders.Report) (next int, err error) {
	r.Reset()
	var c scan.Cursor
	var e record
	c.Reset(message[from:])
	c.Object()
	for {
		key, more := c.Key()
		if !more {
			break
		}
		e.field(&c, key)
	}
	if !c.Sound() {
		return 0, ErrMissing
	}
	if e.m.Twice() {
		return 0, ErrDuplicate
	}
	if e.m.Has(hasExecID) {
		err = e.execution(r)
	} else {
		err = e.order(r)
	}
	if err != nil {
		return 0, err
	}
	return following(message, from+c.At()), nil
}

func (e *record) field(c *scan.Cursor, key []byte) {
	switch string(key) {
	case "orderId":
		e.m.Text(c, &e.orderID, hasOrderID)
	case "orderLinkId":
		e.m.Text(c, &e.linkID, hasLinkID)
	case "orderStatus":
		e.m.Text(c, &e.status, hasStatus)
	case "rejectReason":
		e.m.Text(c, &e.reason, hasReason)
	case "cumExecQty":
		decimal(c, &e.m, &e.cumulative, hasCumulative)
	case "updatedTime":
		e.m.Quoted(c, &e.updatedMillis, hasUpdated)
	case "execId":
		e.m.Text(c, &e.execID, hasExecID)
	case "execPrice":
		decimal(c, &e.m, &e.execPrice, hasExecPrice)
	case "execQty":
		decimal(c, &e.m, &e.execQty, hasExecQty)
	case "execType":
		e.m.Text(c, &e.execType, hasExecType)
	case "execTime":
		e.m.Quoted(c, &e.execMillis, hasExecTime)
	default:
		c.Skip()
	}
}

// execution is one trade of an order. execution.fast has no execType: it tells trades only.
func (e *record) execution(r *orders.Report) error {
	if e.m.Has(hasExecType) && string(e.execType) != "Trade" {
		r.Kind = orders.ReportOther // funding, liquidation, settlement
		return nil
	}
	at, ok := nanos(e.execMillis)
	switch {
	case !e.m.Has(needsExecution):
		return ErrMissing
	case !ok || len(e.execID) == 0 || len(e.orderID) == 0 || e.execQty.IsZero():
		return ErrValue
	}
	*r = orders.Report{
		Kind: orders.ReportTrade, ClientID: unempty(e.linkID), VenueID: e.orderID, ExecID: e.execID,
		LastQty: e.execQty, LastPrice: e.execPrice, VenueNanos: at,
	}
	return nil
}

// order is the state of an order.
func (e *record) order(r *orders.Report) error {
	at, ok := nanos(e.updatedMillis)
	switch {
	case !e.m.Has(needsOrder):
		return ErrMissing
	case !ok || len(e.orderID) == 0:
		return ErrValue
	}
	*r = orders.Report{
		Kind: kindOfStatus(e.status), ClientID: unempty(e.linkID), VenueID: e.orderID, CumQty: e.cumulative, VenueNanos: at,
	}
	if r.Kind == orders.ReportRejected || r.Kind == orders.ReportCancelled {
		r.Text = unempty(e.reason)
	}
	return nil
}

// kindOfStatus is what an order's status says. A cancelled order may have been filled in part: CumQty tells.
func kindOfStatus(status []byte) orders.ReportKind {
	switch string(status) {
	case "New", "PartiallyFilled", "Untriggered":
		return orders.ReportAcked
	case "Filled":
		return orders.ReportFilled
	case "Cancelled", "PartiallyFilledCanceled", "Deactivated":
		return orders.ReportCancelled
	case "Rejected":
		return orders.ReportRejected
	}
	return orders.ReportOther
}
