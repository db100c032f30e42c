package bybit

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

// ClassifyNext reads a message of the trade socket or of the private one.
//
//	order.create, retCode 0              ReportReceived: the engine has not spoken
//	order.create, retCode 10000 10016 …  ReportUnknown: the venue does not know
//	any op, retCode 10006 10403 10429 …  ReportThrottled: not executed
//	order.create, any other retCode      ReportRejected
//	order.cancel, any other retCode      ReportCancelRejected: no proof of anything; 0 is ReportOther
//	auth, subscribe, pong                ReportLoggedOn, ReportSubscribed, ReportTime; ReportSessionError where refused
//	topic order                          by orderStatus, with CumQty
//	topic execution, execution.fast      ReportTrade; executions that are no trade are ReportOther
//
// A reply may lack its request id (RequestID nil): then only its place in the order of sending tells whose it is.
func (d *Dialect) ClassifyNext(message []byte, from int, r *orders.Report) (next int, err error) {
	if from > 0 {
		return element(message, from, r)
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

// What the top of a message has, as marks.
const (
	sawID = 1 << iota
	sawRetCode
	sawSuccess
	sawOp
	sawTopic
	sawData
	sawLimit
	sawRemaining
	sawReset
	sawNow
	sawOrderID
	sawClientID
	sawPong
)

type reply struct {
	c scan.Cursor
	m scan.Marks
	r *orders.Report

	op, topic               []byte
	retCode                 int64
	success                 bool
	data                    int // where the data of a topic begins
	limit, remaining, reset int64
	now                     int64
}

func (p *reply) top() {
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "reqId", "req_id":
			p.m.Text(&p.c, &p.r.RequestID, sawID)
		case "retCode":
			p.m.Int(&p.c, &p.retCode, sawRetCode)
		case "retMsg", "ret_msg":
			p.message()
		case "success":
			p.m.Bool(&p.c, &p.success, sawSuccess)
		case "op":
			p.m.Text(&p.c, &p.op, sawOp)
		case "topic":
			p.m.Text(&p.c, &p.topic, sawTopic)
		case "header":
			p.header()
		case "data":
			p.body()
		case "args":
			p.pong()
		default:
			p.c.Skip()
		}
	}
}

func (p *reply) message() {
	if p.c.Kind() != scan.String {
		p.c.Skip()
		return
	}
	p.r.Text = p.c.Raw()
}

// header holds the usage of limits and the venue's clock, as text.
func (p *reply) header() {
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
		case "X-Bapi-Limit":
			p.m.Quoted(&p.c, &p.limit, sawLimit)
		case "X-Bapi-Limit-Status":
			p.m.Quoted(&p.c, &p.remaining, sawRemaining)
		case "X-Bapi-Limit-Reset-Timestamp":
			p.m.Quoted(&p.c, &p.reset, sawReset)
		case "Timenow":
			p.m.Quoted(&p.c, &p.now, sawNow)
		default:
			p.c.Skip()
		}
	}
}

// body is the result of a request, the elements of a topic, or the time of a pong.
func (p *reply) body() {
	p.m.Saw(sawData)
	p.data = p.c.At()
	switch p.c.Kind() {
	case scan.Array:
		p.pong() // of a topic, whose elements are objects, this skips all
	case scan.Object:
		p.result()
	default:
		p.c.Skip()
	}
}

func (p *reply) result() {
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "orderId":
			p.m.Text(&p.c, &p.r.VenueID, sawOrderID)
		case "orderLinkId":
			p.m.Text(&p.c, &p.r.ClientID, sawClientID)
		default:
			p.c.Skip()
		}
	}
}

// pong is a list of one time, as text.
func (p *reply) pong() {
	if p.c.Kind() != scan.Array {
		p.c.Skip()
		return
	}
	p.c.Array()
	for count := 0; p.c.More(); count++ {
		if count > 0 {
			p.c.Skip()
			continue
		}
		p.m.Quoted(&p.c, &p.now, sawPong)
	}
}

// decide tells what the message was, and reads the first of its elements.
func (p *reply) decide(message []byte) (next int, err error) {
	p.r.ClientID, p.r.VenueID = unempty(p.r.ClientID), unempty(p.r.VenueID)
	p.r.RequestID = unempty(p.r.RequestID)
	if p.m.Twice() {
		return 0, ErrDuplicate
	}
	switch {
	case p.m.Has(sawTopic):
		return p.decideTopic(message)
	case p.m.Has(sawOp | sawRetCode):
		return 0, p.decideReply()
	case p.m.Has(sawOp | sawSuccess):
		p.decideSession(p.success)
	case p.m.Has(sawOp|sawPong) && string(p.op) == "pong":
		return 0, p.time()
	}
	return 0, nil
}

// unempty makes an empty text none: the venue writes "" where it means nothing.
func unempty(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	return text
}

// decideReply is an answer of the trade socket.
func (p *reply) decideReply() error {
	if p.retCode != int64(int32(p.retCode)) {
		return ErrValue
	}
	p.r.Code = int(p.retCode)
	if err := p.usage(); err != nil {
		return err
	}
	switch string(p.op) {
	case "order.create":
		p.r.Kind = kindOfCode(p.r.Code)
		if p.r.Kind == orders.ReportReceived && !p.m.Has(sawOrderID) {
			return ErrMissing
		}
	case "order.cancel", "order.amend":
		switch p.r.Kind = kindOfCode(p.r.Code); p.r.Kind {
		case orders.ReportReceived:
			p.r.Kind = orders.ReportOther // the request was received: what became of the order is told elsewhere
		case orders.ReportRejected, orders.ReportUnknown:
			p.r.Kind = orders.ReportCancelRejected
		}
	case "pong":
		return p.time()
	default:
		p.decideSession(p.r.Code == 0 || p.r.Code == codeLoggedOnAlready)
	}
	if p.r.Code == 0 {
		p.r.Text = nil // "OK"
	}
	return nil
}

// usage turns what is left into what was used.
func (p *reply) usage() error {
	if p.m.Has(sawNow) {
		at, ok := nanos(p.now)
		if !ok {
			return ErrValue
		}
		p.r.VenueNanos = at
	}
	if p.m.Has(sawLimit|sawRemaining) && p.limit < 1<<31 && p.remaining <= p.limit {
		p.r.OrderCount, p.r.OrderCountLimit = int32(p.limit-p.remaining), int32(p.limit)
	}
	if p.m.Has(sawReset) && kindOfCode(p.r.Code) == orders.ReportThrottled {
		at, ok := nanos(p.reset)
		if !ok {
			return ErrValue
		}
		p.r.RetryAtNanos = at
	}
	return nil
}

func (p *reply) time() error {
	if !p.m.Has(sawPong) {
		return nil
	}
	at, ok := nanos(p.now)
	if !ok {
		return ErrValue
	}
	p.r.Kind, p.r.VenueNanos, p.r.Text = orders.ReportTime, at, nil
	return nil
}

// decideSession is an answer about the connection itself.
func (p *reply) decideSession(accepted bool) {
	switch op := string(p.op); {
	case !accepted:
		p.r.Kind = orders.ReportSessionError
	case op == "auth":
		p.r.Kind = orders.ReportLoggedOn
	case op == "subscribe":
		p.r.Kind = orders.ReportSubscribed
	}
	if accepted {
		p.r.Text = nil
	}
}

// The venue's codes that decide what we do. Source: docs/v5/error, and websocket/trade/guideline.
const (
	codeServerTimeout     = 10000
	codeTooManyVisits     = 10006
	codeServerError       = 10016
	codeIPLimited         = 10403
	codeSystemProtection  = 10429
	codeLoggedOnAlready   = 20001
	codeTooFrequent       = 20003
	codeSpotTimeout       = 170007
	codeSpotTooMany       = 170005
	codeSpotCreateTimeout = 170146
	codeSpotCancelTimeout = 170147
)

// kindOfCode tells what is known of a request that was answered with this code.
func kindOfCode(code int) orders.ReportKind {
	switch code {
	case 0:
		return orders.ReportReceived
	case codeServerTimeout, codeServerError, codeSpotTimeout, codeSpotCreateTimeout, codeSpotCancelTimeout:
		return orders.ReportUnknown
	case codeTooManyVisits, codeIPLimited, codeSystemProtection, codeTooFrequent, codeSpotTooMany:
		return orders.ReportThrottled
	}
	return orders.ReportRejected
}

// decideTopic begins with the first element of a topic that is about orders.
func (p *reply) decideTopic(message []byte) (next int, err error) {
	p.r.Reset()
	if kindOfTopic(p.topic) == topicOther {
		return 0, nil
	}
	if !p.m.Has(sawData) {
		return 0, ErrMissing
	}
	var c scan.Cursor
	c.Reset(message[p.data:])
	if c.Kind() != scan.Array {
		return 0, ErrMissing
	}
	c.Array()
	if !c.More() {
		return 0, nil
	}
	if next, err = element(message, p.data+c.At(), p.r); err != nil {
		return 0, err
	}
	var probe orders.Report
	for from := next; from > 0; { // all of the others once, before the first is handed on
		if from, err = element(message, from, &probe); err != nil {
			return 0, err
		}
	}
	return next, nil
}

type topic uint8

const (
	topicOther topic = iota
	topicOrder
	topicExecution
)

// kindOfTopic knows "order", "execution" and their forms for one category, "order.spot", "execution.fast.linear".
func kindOfTopic(name []byte) topic {
	switch {
	case string(name) == "order", bytes.HasPrefix(name, []byte("order.")):
		return topicOrder
	case string(name) == "execution", bytes.HasPrefix(name, []byte("execution.")):
		return topicExecution
	}
	return topicOther
}
