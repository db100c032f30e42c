package binance

import (
	"orderwire/orders"
	"orderwire/orders/scan"
)

// eventField reads one field of a user data event. Spot has them in the event itself, USD-M under "o".
func (p *reply) eventField(key []byte) {
	if len(key) != 1 {
		p.c.Skip()
		return
	}
	switch key[0] {
	case 'e':
		p.text(&p.event, sawEvent)
	case 'E':
		p.whole(&p.eventAt, sawEventAt)
	case 'o': // the order's type in Spot, the order itself in USD-M
		p.inner()
	case 'c':
		p.text(&p.clientID, sawClientID)
	case 'C':
		p.text(&p.originalID, sawOriginalID)
	case 'x':
		p.text(&p.execution, sawExecution)
	case 'X':
		p.text(&p.status, sawOrderStatus)
	case 'i':
		p.venueID()
	case 'l':
		p.decimal(&p.lastQty, sawLastQty)
	case 'L':
		p.decimal(&p.lastPrice, sawLastPrice)
	case 'z':
		p.decimal(&p.cumulative, sawCumulative)
	case 't':
		p.execID()
	case 'T':
		if p.seen&sawTransactAt != 0 { // USD-M has it twice: of the message, and of the order
			p.c.Skip()
			return
		}
		p.whole(&p.transactAt, sawTransactAt)
	case 'r':
		p.reason()
	default:
		p.c.Skip()
	}
}

// execID keeps the trade id as it is written; -1 is none.
func (p *reply) execID() {
	if p.c.Kind() != scan.Number {
		p.c.Skip()
		return
	}
	text := p.c.Ahead()
	before := p.c.At()
	id, ok := p.c.TryInt()
	if !ok {
		return
	}
	p.tradeID = id
	p.r.ExecID = text[:p.c.At()-before]
	p.saw(sawTradeID)
}

// reason is why an order was rejected, as Spot says it.
func (p *reply) reason() {
	if p.c.Kind() != scan.String {
		p.c.Skip()
		return
	}
	p.r.Text = p.c.Raw()
	p.saw(sawReason)
}

func (p *reply) decideEvent() error {
	var err error
	switch string(p.event) {
	case "executionReport", "ORDER_TRADE_UPDATE":
		err = p.executionReport()
	case "TRADE_LITE":
		err = p.tradeLite()
	case "serverShutdown":
		p.plain(orders.ReportShutdown)
		err = p.at(p.eventAt, sawEventAt)
	case "eventStreamTerminated", "listenKeyExpired":
		p.plain(orders.ReportStreamOver)
		p.r.Text = p.event
		err = p.at(p.eventAt, sawEventAt)
	default:
		p.plain(orders.ReportOther) // letters mean other things there
	}
	return err
}

// plain is a report about no order.
func (p *reply) plain(kind orders.ReportKind) {
	*p.r = orders.Report{Kind: kind, RequestID: p.r.RequestID}
}

func (p *reply) executionReport() error {
	const needs = sawClientID | sawExecution | sawOrderStatus | sawVenueID | sawCumulative | sawTransactAt
	if !p.has(needs) {
		return ErrMissing
	}
	p.r.Kind = kindOfStatus(p.status)
	p.name()
	p.r.CumQty = p.cumulative
	if p.r.Kind != orders.ReportRejected {
		p.r.Text = nil
	}
	if string(p.execution) == "TRADE" {
		if err := p.booking(); err != nil {
			return err
		}
		if p.r.Kind != orders.ReportFilled {
			p.r.Kind = orders.ReportTrade
		}
	} else {
		p.r.ExecID = nil
	}
	return p.at(p.transactAt, sawTransactAt)
}

// booking is one execution, whole or refused.
func (p *reply) booking() error {
	if !p.has(sawLastQty|sawLastPrice|sawTradeID) || p.tradeID < 0 {
		return ErrMissing
	}
	if p.lastQty.IsZero() {
		return ErrValue
	}
	p.r.LastQty, p.r.LastPrice = p.lastQty, p.lastPrice
	return nil
}

// tradeLite is USD-M's early word of an execution: no status and no total. ORDER_TRADE_UPDATE repeats it.
func (p *reply) tradeLite() error {
	if !p.has(sawClientID | sawVenueID | sawTransactAt) {
		return ErrMissing
	}
	if err := p.booking(); err != nil {
		return err
	}
	p.r.Kind = orders.ReportTrade
	p.name()
	return p.at(p.transactAt, sawTransactAt)
}
