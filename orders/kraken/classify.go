package kraken

import (
	"bytes"

	"orderwire/orders"
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

// ClassifyNext reads a message of the private connection.
//
//	add_order, success                 ReportAcked; ReportTested where there is no order id (validate)
//	add_order, refused                 by the error's text: ReportThrottled, ReportUnknown, else ReportRejected
//	cancel_order, amend_order, refused ReportCancelRejected (or throttled): no proof of anything; success is ReportOther
//	subscribe, success                 ReportSubscribed; ReportSessionError where refused
//	pong                               ReportTime
//	executions                         by exec_type: pending_new ReportReceived, new ReportAcked, trade ReportTrade,
//	                                   filled ReportFilled, canceled ReportCancelled, expired ReportExpired
//	status, system not online          ReportSessionError, with the word of the venue
//
// The engine's rate counter is Weight, its limit WeightLimit.
func (d *Dialect) ClassifyNext(message []byte, from int, r *orders.Report) (next int, err error) {
	if from > 0 {
		return execution(message, from, r)
	}
	r.Reset()
	p := reply{r: r}
	p.c.Reset(message)
	p.top()
	if err = p.c.End(); err == nil {
		next, err = p.decide(message)
	}
	if err != nil {
		r.Reset()
		return 0, err
	}
	return next, nil
}

const (
	sawMethod = 1 << iota
	sawSuccess
	sawReqID
	sawError
	sawTimeOut
	sawChannel
	sawReplyData
	sawOrderID
	sawClientID
	sawMaxRate
	sawResult
)

type reply struct {
	c scan.Cursor
	m scan.Marks
	r *orders.Report

	method, channel []byte
	success         bool
	timeOut         int64
	maxRate         int64
	data            int
}

func (p *reply) top() {
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "method":
			p.m.Text(&p.c, &p.method, sawMethod)
		case "success":
			p.m.Bool(&p.c, &p.success, sawSuccess)
		case "req_id":
			if p.c.Kind() != scan.Number {
				p.c.Skip()
				continue
			}
			p.r.RequestID = p.c.Number()
			p.m.Saw(sawReqID)
		case "error":
			if p.c.Kind() != scan.String {
				p.c.Skip()
				continue
			}
			p.r.Text = p.c.Raw()
			p.m.Saw(sawError)
		case "time_out":
			stamp(&p.c, &p.m, &p.timeOut, sawTimeOut)
		case "result":
			p.result()
		case "channel":
			p.m.Text(&p.c, &p.channel, sawChannel)
		case "data":
			p.m.Saw(sawReplyData)
			p.data = p.c.At()
			p.c.Skip()
		default:
			p.c.Skip()
		}
	}
}

func (p *reply) result() {
	p.m.Saw(sawResult)
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
		switch string(key) {
		case "order_id":
			p.m.Text(&p.c, &p.r.VenueID, sawOrderID)
		case "cl_ord_id":
			p.m.Text(&p.c, &p.r.ClientID, sawClientID)
		case "maxratecount":
			p.m.Int(&p.c, &p.maxRate, sawMaxRate)
		default:
			p.c.Skip()
		}
	}
}

func (p *reply) decide(message []byte) (next int, err error) {
	if p.m.Twice() {
		return 0, ErrDuplicate
	}
	switch {
	case p.m.Has(sawMethod):
		return 0, p.decideReply()
	case p.m.Has(sawChannel):
		return p.decideChannel(message)
	}
	return 0, nil
}

func (p *reply) decideReply() error {
	p.r.VenueNanos = p.timeOut
	method := string(p.method)
	if method == "pong" {
		p.r.Kind = orders.ReportTime
		if !p.m.Has(sawTimeOut) {
			p.r.Kind = orders.ReportOther
		}
		return nil
	}
	if !p.m.Has(sawSuccess) {
		return nil
	}
	if !p.success {
		return p.refused(method)
	}
	switch method {
	case "add_order":
		p.r.Kind = orders.ReportTested
		if p.m.Has(sawOrderID) {
			p.r.Kind = orders.ReportAcked
		}
		if !p.m.Has(sawResult) {
			return ErrMissing
		}
	case "subscribe":
		p.r.Kind = orders.ReportSubscribed
		if p.maxRate > 0 && p.maxRate < 1<<31 {
			p.r.WeightLimit = int32(p.maxRate)
		}
	}
	return nil
}

// refused is a request that the venue did not carry out, or does not know whether it did.
func (p *reply) refused(method string) error {
	if !p.m.Has(sawError) {
		return ErrMissing
	}
	p.r.Kind = kindOfError(p.r.Text)
	switch method {
	case "add_order", "batch_add":
	case "cancel_order", "amend_order", "edit_order", "batch_cancel", "cancel_all":
		if p.r.Kind != orders.ReportThrottled {
			p.r.Kind = orders.ReportCancelRejected
		}
	default:
		p.r.Kind = orders.ReportSessionError
	}
	return nil
}

// kindOfError tells what is known of a new order that was answered with this text. The service being away says
// nothing about what it did before it went.
func kindOfError(text []byte) orders.ReportKind {
	for _, word := range throttled {
		if bytes.Contains(text, word) {
			return orders.ReportThrottled
		}
	}
	for _, word := range unsure {
		if bytes.HasPrefix(text, word) {
			return orders.ReportUnknown
		}
	}
	return orders.ReportRejected
}

var (
	throttled = [][]byte{[]byte("Rate limit exceeded"), []byte("Exceeded msg rate"), []byte("Temporary lockout"), []byte("Too many requests")}
	unsure    = [][]byte{[]byte("EService:Unavailable"), []byte("EService:Busy"), []byte("EService:Timeout"), []byte("EGeneral:Internal error"), []byte("EGeneral:Unknown error")}
)

// decideChannel begins with the first element of the executions channel.
func (p *reply) decideChannel(message []byte) (next int, err error) {
	p.r.Reset()
	switch string(p.channel) {
	case "executions":
	case "status":
		return 0, p.status(message)
	default:
		return 0, nil
	}
	if !p.m.Has(sawReplyData) {
		return 0, ErrMissing
	}
	first, err := firstOf(message, p.data)
	if err != nil || first == 0 {
		return 0, err
	}
	if next, err = execution(message, first, p.r); err != nil {
		return 0, err
	}
	var probe orders.Report
	for from := next; from > 0; { // all of the others once, before the first is handed on
		if from, err = execution(message, from, &probe); err != nil {
			return 0, err
		}
	}
	return next, nil
}

// firstOf is where the first element of the array at message[data] begins, 0 where it is empty.
func firstOf(message []byte, data int) (int, error) {
	var c scan.Cursor
	c.Reset(message[data:])
	if c.Kind() != scan.Array {
		return 0, ErrMissing
	}
	c.Array()
	if !c.More() {
		return 0, nil
	}
	return data + c.At(), nil
}

// status tells how the venue trades: in all modes but online some or all orders are refused.
func (p *reply) status(message []byte) error {
	if !p.m.Has(sawReplyData) {
		return nil
	}
	first, err := firstOf(message, p.data)
	if err != nil || first == 0 {
		return err
	}
	var c scan.Cursor
	var m scan.Marks
	var system []byte
	c.Reset(message[first:])
	c.Object()
	for {
		key, more := c.Key()
		if !more {
			break
		}
		if string(key) == "system" {
			m.Text(&c, &system, sawResult)
			continue
		}
		c.Skip()
	}
	if m.Has(sawResult) && string(system) != "online" {
		p.r.Kind, p.r.Text = orders.ReportSessionError, system
	}
	return nil
}
