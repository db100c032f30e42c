package kraken

import (
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/scan"
)

const (
	gotOrderID = 1 << iota
	gotClientID
	gotExecType
	gotStatus
	gotExecID
	gotLastQty
	gotLastPrice
	gotCumulative
	gotTime
	gotReason
	gotRate
)

// record is one element of the executions channel. Only order_id and what changed is there.
type record struct {
	m                                       scan.Marks
	orderID, clientID, kind, status, execID []byte
	reason                                  []byte
	lastQty, lastPrice, cumulative          fixed.Number
	at, rate                                int64
}

// execution reads the element that begins at message[from], of a message that is known to be sound JSON.
func execution(message []byte, from int, r *orders.Report) (next int, err error) {
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
	if err := e.report(r); err != nil {
		r.Reset()
		return 0, err
	}
	return following(message, from+c.At()), nil
}

func (e *record) field(c *scan.Cursor, key []byte) {
	switch string(key) {
	case "order_id":
		e.m.Text(c, &e.orderID, gotOrderID)
	case "cl_ord_id":
		e.m.Text(c, &e.clientID, gotClientID)
	case "exec_type":
		e.m.Text(c, &e.kind, gotExecType)
	case "order_status":
		e.m.Text(c, &e.status, gotStatus)
	case "exec_id":
		e.m.Text(c, &e.execID, gotExecID)
	case "last_qty":
		decimal(c, &e.m, &e.lastQty, gotLastQty)
	case "last_price":
		decimal(c, &e.m, &e.lastPrice, gotLastPrice)
	case "cum_qty":
		decimal(c, &e.m, &e.cumulative, gotCumulative)
	case "timestamp":
		stamp(c, &e.m, &e.at, gotTime)
	case "reason":
		if c.Kind() != scan.String {
			c.Skip()
			return
		}
		e.reason = c.Raw()
		e.m.Saw(gotReason)
	case "ratecount":
		e.m.Int(c, &e.rate, gotRate)
	default:
		c.Skip()
	}
}

func (e *record) report(r *orders.Report) error {
	if e.m.Has(gotRate) && e.rate >= 0 && e.rate < 1<<31 {
		r.Weight = int32(e.rate)
	}
	if !e.m.Any(gotExecType | gotStatus) {
		return nil // the rate counter alone
	}
	switch {
	case !e.m.Has(gotOrderID):
		return ErrMissing
	case len(e.orderID) == 0:
		return ErrValue
	}
	r.VenueID, r.CumQty, r.VenueNanos = e.orderID, e.cumulative, e.at
	if len(e.clientID) > 0 {
		r.ClientID = e.clientID
	}
	if r.Kind = e.kindOf(); r.Kind == orders.ReportTrade {
		return e.trade(r)
	}
	if r.Kind == orders.ReportCancelled || r.Kind == orders.ReportExpired {
		r.Text = e.reason
	}
	return nil
}

// trade is one execution, whole or refused.
func (e *record) trade(r *orders.Report) error {
	switch {
	case !e.m.Has(gotExecID | gotLastQty | gotLastPrice):
		return ErrMissing
	case len(e.execID) == 0 || e.lastQty.IsZero():
		return ErrValue
	}
	r.ExecID, r.LastQty, r.LastPrice = e.execID, e.lastQty, e.lastPrice
	return nil
}

// kindOf goes by exec_type; where that is none or tells of no event (status, in snapshots), by order_status. The
// status of a trade may lag behind: it proves nothing about what is left.
func (e *record) kindOf() orders.ReportKind {
	switch string(e.kind) {
	case "pending_new":
		return orders.ReportReceived
	case "new", "amended", "restated", "iceberg_refill":
		return orders.ReportAcked
	case "trade":
		return orders.ReportTrade
	case "filled":
		return orders.ReportFilled
	case "canceled":
		return orders.ReportCancelled
	case "expired":
		return orders.ReportExpired
	}
	switch string(e.status) {
	case "pending_new":
		return orders.ReportReceived
	case "new", "partially_filled":
		return orders.ReportAcked
	case "filled":
		return orders.ReportFilled
	case "canceled":
		return orders.ReportCancelled
	case "expired":
		return orders.ReportExpired
	}
	return orders.ReportOther
}
