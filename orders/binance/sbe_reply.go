package binance

import (
	"math"
	"strconv"

	"orderwire/orders"
)

// The templates of schema 3 that mean something to us.
const (
	responseTemplate  = 50
	logonTemplate     = 51
	errorTemplate     = 100
	timeTemplate      = 102
	ackTemplate       = 300
	resultTemplate    = 301
	fullTemplate      = 302
	testTemplate      = 303
	orderTemplate     = 304
	cancelTemplate    = 305
	subscribeTemplate = 503
	executionTemplate = 603
	shutdownTemplate  = 610
)

// answer reads one binary message of the order connection.
func answer(message []byte, r *orders.Report) error {
	c := cut{rest: message}
	h := c.header()
	b := block(c.take(h.block))
	if c.fault || h.schema != orderSchema {
		return ErrBinary
	}
	switch h.template {
	case responseTemplate:
		return response(&c, b, r)
	case executionTemplate:
		return execution(&c, b, r)
	case shutdownTemplate:
		at, ok := b.microsAt(0)
		if !ok {
			return ErrValue
		}
		r.Kind, r.VenueNanos = orders.ReportShutdown, at
	}
	return nil
}

// response is the frame around each reply: status, usage, the id of the request, and the reply itself.
func response(c *cut, b block, r *orders.Report) error {
	all, size := c.elements(true)
	id := c.text8()
	body := cut{rest: c.take(c.uint(4))}
	if c.fault || !b.has(1, 2) || size < 19 && len(all) > 0 {
		return ErrBinary
	}
	r.Status = int(b[1]) | int(b[2])<<8
	if len(id) > 0 {
		r.RequestID = id
	}
	usage(all, size, r)
	h := body.header()
	inner := block(body.take(h.block))
	if body.fault || h.schema != orderSchema {
		return ErrBinary
	}
	if h.template == errorTemplate {
		return refusal(&body, inner, r)
	}
	if r.Status >= 500 {
		r.Kind = orders.ReportUnknown
		return nil
	}
	return result(h.template, &body, inner, r)
}

// usage reads the rate limits; see reply.limit for the rule.
func usage(all []byte, size int, r *orders.Report) {
	const requestWeight, orderCount = 2, 3
	shortest := int64(0)
	for ; len(all) > 0; all = all[size:] {
		limit := block(all[:size])
		window := windowOf(limit.byteAt(1)) * int64(limit.byteAt(2))
		most, count := limit.int64At(3), limit.int64At(11)
		if most <= 0 || most > math.MaxInt32 || count < 0 || count > math.MaxInt32 {
			continue
		}
		switch kind := limit.byteAt(0); {
		case kind == requestWeight:
			r.Weight, r.WeightLimit = int32(count), int32(most)
		case kind == orderCount && window > 0 && (shortest == 0 || window < shortest):
			shortest = window
			r.OrderCount, r.OrderCountLimit = int32(count), int32(most)
		}
	}
}

// windowOf is the length of a rate limiter's interval in seconds; 0 for one that is unknown.
func windowOf(interval int) int64 {
	switch interval {
	case 0:
		return 1
	case 1:
		return 60
	case 2:
		return 3600
	case 3:
		return 86400
	}
	return 0
}

// refusal is an error, of the request or of the session.
func refusal(c *cut, b block, r *orders.Report) error {
	text := c.text16()
	if c.fault || !b.has(0, 2) {
		return ErrBinary
	}
	r.Code, r.Text = int(int16(uint16(b[0])|uint16(b[1])<<8)), text
	r.Kind = kindOfError(r.Status, r.Code)
	if r.RequestID == nil && r.Kind != orders.ReportThrottled {
		r.Kind = orders.ReportSessionError
	}
	if at, ok := b.microsAt(2); ok {
		r.VenueNanos = at
	}
	if at, ok := b.microsAt(10); ok {
		r.RetryAtNanos = at
	}
	return nil
}

// result is what a method returned.
func result(template int, c *cut, b block, r *orders.Report) error {
	switch template {
	case testTemplate:
		r.Kind = orders.ReportTested
	case subscribeTemplate:
		r.Kind = orders.ReportSubscribed
	case timeTemplate:
		return stamped(b, 0, orders.ReportTime, r)
	case logonTemplate:
		return stamped(b, 17, orders.ReportLoggedOn, r)
	case ackTemplate:
		c.text8() // the symbol
		r.Kind = orders.ReportAcked
		return named(c, b, 0, 16, r)
	case resultTemplate:
		return placed(c, b, 2, 18, 42, 58, r)
	case fullTemplate:
		c.fills(42)
		c.fills(40)
		return placed(c, b, 2, 18, 42, 58, r)
	case orderTemplate:
		return placed(c, b, 2, 94, 34, 50, r)
	case cancelTemplate:
		return cancelled(c, b, r)
	}
	return nil
}

func stamped(b block, at int, kind orders.ReportKind, r *orders.Report) error {
	nanos, ok := b.microsAt(at)
	if !ok {
		return ErrValue
	}
	r.Kind, r.VenueNanos = kind, nanos
	return nil
}

// fills steps over a group whose elements each have a text behind them: fills and prevented matches of a reply in
// FULL form. Executions are booked from the stream.
func (c *cut) fills(least int) {
	size, count := c.group(false)
	if size < least && count > 0 {
		c.fault = true
	}
	for ; count > 0 && !c.fault; count-- {
		c.take(size)
		c.text8()
	}
}

// placed is an order by its status.
func placed(c *cut, b block, idAt, timeAt, qtyAt, statusAt int, r *orders.Report) error {
	c.text8() // the symbol
	qty, ok := b.decimalAt(qtyAt, b.exponentAt(1))
	if !ok {
		return ErrValue
	}
	r.CumQty = qty
	r.Kind = kindOfOrderStatus(b.byteAt(statusAt))
	return named(c, b, idAt, timeAt, r)
}

// cancelled is the reply to a cancel: of the two client ids the first is the order's.
func cancelled(c *cut, b block, r *orders.Report) error {
	if err := placed(c, b, 2, 18, 42, 58, r); err != nil {
		return err
	}
	if c.text8(); c.fault {
		return ErrBinary
	}
	return nil
}

// named reads the client id that comes next, the venue's id and the time.
func named(c *cut, b block, idAt, timeAt int, r *orders.Report) error {
	client := c.text8()
	at, ok := b.microsAt(timeAt)
	id := b.int64At(idAt)
	switch {
	case c.fault:
		return ErrBinary
	case !ok || id < 0 || len(client) == 0:
		return ErrValue
	}
	r.ClientID, r.VenueNanos = client, at
	r.VenueID = strconv.AppendInt(r.Digits[:0:20], id, 10)
	return nil
}

// kindOfOrderStatus is kindOfStatus of the enum.
func kindOfOrderStatus(status int) orders.ReportKind {
	switch status {
	case 0, 1, 4, 11: // New, PartiallyFilled, PendingCancel, PendingNew
		return orders.ReportAcked
	case 2:
		return orders.ReportFilled
	case 3:
		return orders.ReportCancelled
	case 5:
		return orders.ReportRejected
	case 6, 9: // Expired, ExpiredInMatch
		return orders.ReportExpired
	}
	return orders.ReportOther
}

// execution is one execution report.
func execution(c *cut, b block, r *orders.Report) error {
	const traded, rejected = 4, 5
	c.text8() // the symbol
	client, original := c.text8(), c.text8()
	c.text8() // the asset of the commission
	reason := c.text8()
	if c.fault {
		return ErrBinary
	}
	at, ok := b.microsAt(8)
	qtyExponent := b.exponentAt(17)
	cumulative, qtyOK := b.decimalAt(112, qtyExponent)
	id := b.int64At(35)
	if !ok || !qtyOK || id < 0 || len(client) == 0 {
		return ErrValue
	}
	r.Kind = kindOfOrderStatus(b.byteAt(95))
	r.ClientID, r.VenueNanos, r.CumQty = client, at, cumulative
	if len(original) > 0 {
		r.ClientID = original
	}
	r.VenueID = strconv.AppendInt(r.Digits[:0:20], id, 10)
	if b.byteAt(95) == rejected {
		r.Text = reason
	}
	if b.byteAt(94) != traded {
		return nil
	}
	if r.Kind != orders.ReportFilled {
		r.Kind = orders.ReportTrade
	}
	return booked(b, qtyExponent, r)
}

// booked is the execution itself, whole or refused.
func booked(b block, qtyExponent int8, r *orders.Report) error {
	qty, qtyOK := b.decimalAt(128, qtyExponent)
	price, priceOK := b.decimalAt(136, b.exponentAt(16))
	id := b.int64At(96)
	if !qtyOK || !priceOK || id < 0 || qty.IsZero() {
		return ErrValue
	}
	r.LastQty, r.LastPrice = qty, price
	r.ExecID = strconv.AppendInt(r.Digits[20:20:40], id, 10)
	return nil
}
