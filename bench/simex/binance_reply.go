package simex

import "strconv"

func appendInt(dst []byte, value int64) []byte { return strconv.AppendInt(dst, value, 10) }

func appendHex(dst, raw []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range raw {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

// stamp writes a wall time in the connection's unit.
func (s *binanceSession) stamp(dst []byte, now int64) []byte {
	if s.micros {
		return appendInt(dst, s.v.clock(now)/1e3)
	}
	return appendInt(dst, s.v.clock(now)/1e6)
}

// reply answers 200 with a result.
func (s *binanceSession) reply(call *binanceCall, result []byte) { s.answer(call, result, &Plan{}) }

// ack is the reply to an accepted order: it counts as such unless it is lost.
func (s *binanceSession) ack(call *binanceCall, result []byte, plan *Plan) {
	if !plan.AckLost && !plan.Cut {
		s.v.tally.add(cAcked)
	}
	s.answer(call, result, plan)
}

func (s *binanceSession) answer(call *binanceCall, result []byte, plan *Plan) {
	if s.http != nil {
		s.http.respond(s, call, 200, result, plan)
		return
	}
	dst := append(s.c.text[:0], `{"id":`...)
	dst = append(append(dst, call.id...), `,"status":200,"result":`...)
	dst = append(dst, result...)
	s.c.text = append(s.rateLimits(dst, call), '}')
	s.c.handOver(call.now, s.c.text, plan)
}

// refuse answers with an error.
func (s *binanceSession) refuse(call *binanceCall, why *refusal) {
	if s.http != nil {
		s.http.refuse(s, call, why)
		return
	}
	dst := append(s.c.text[:0], `{"id":`...)
	dst = appendInt(append(append(dst, call.id...), `,"status":`...), int64(why.status))
	dst = appendInt(append(dst, `,"error":{"code":`...), int64(why.code))
	dst = appendQuoted(append(dst, `,"msg":`...), []byte(why.text))
	if why.retryAt > 0 {
		dst = s.stamp(append(dst, `,"data":{"serverTime":`...), call.now)
		dst = append(appendInt(append(dst, `,"retryAfter":`...), why.retryAt), '}')
	}
	s.c.text = append(s.rateLimits(append(dst, '}'), call), '}')
	s.c.send(call.now, call.now, s.c.text)
}

// unknown answers as the venue does when its engine was too slow: the outcome is open.
func (s *binanceSession) unknown(call *binanceCall, plan *Plan) {
	const text = `{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown; execution status unknown."}`
	if s.http != nil {
		s.http.respond(s, call, 500, []byte(text), plan)
		return
	}
	dst := append(s.c.text[:0], `{"id":`...)
	dst = append(append(dst, call.id...), `,"status":500,"error":`+text...)
	s.c.text = append(s.rateLimits(dst, call), '}')
	s.c.handOver(call.now, s.c.text, plan)
}

// handOver sends a reply as the plan wants it.
func (c *Conn) handOver(now int64, text []byte, plan *Plan) {
	switch {
	case plan.Cut:
		c.end(ErrReset)
		return
	case plan.Close != 0:
		c.closeWith(now, plan.Close, "by script")
		return
	case plan.AckLost:
		return
	}
	c.send(now, now+plan.AckDelay, text)
	if plan.AckTwice {
		c.send(now, now+plan.AckDelay, text)
	}
}

// rateLimits appends the usage array, unless the connection asked for none.
func (s *binanceSession) rateLimits(dst []byte, call *binanceCall) []byte {
	if !s.limits || call.method == nil {
		return dst
	}
	limits := &s.v.config.Limits
	dst = append(dst, `,"rateLimits":[`...)
	if call.ordering {
		dst = appendLimit(dst, "ORDERS", "SECOND", 10, limits.OrdersPer10s, call.tens)
		dst = appendLimit(append(dst, ','), "ORDERS", "DAY", 1, limits.OrdersPerDay, call.day)
		dst = append(dst, ',')
	}
	dst = appendLimit(dst, "REQUEST_WEIGHT", "MINUTE", 1, limits.WeightPerMinute, call.weight)
	return append(dst, ']')
}

func appendLimit(dst []byte, kind, interval string, number, limit int, count int64) []byte {
	dst = append(append(append(dst, `{"rateLimitType":"`...), kind...), `","interval":"`...)
	dst = appendInt(append(append(dst, interval...), `","intervalNum":`...), int64(number))
	dst = appendInt(append(dst, `,"limit":`...), int64(limit))
	if count < 0 { // a limit without its use
		return append(dst, '}')
	}
	return append(appendInt(append(dst, `,"count":`...), count), '}')
}

func (s *binanceSession) ping(call *binanceCall) *refusal {
	s.reply(call, []byte("{}"))
	return nil
}

func (s *binanceSession) time(call *binanceCall) *refusal {
	s.reply(call, append(s.stamp([]byte(`{"serverTime":`), call.now), '}'))
	return nil
}

// orderResult is the result of order.place in the form asked for.
func (s *binanceSession) orderResult(o *order, respond string) []byte {
	if s.b.futures {
		s.payload = s.futuresOrder(s.payload[:0], o, respond == "ACK")
		return s.payload
	}
	dst := s.orderHead(s.payload[:0], o)
	dst = appendQuoted(append(dst, `,"clientOrderId":`...), []byte(o.client))
	dst = s.stamp(append(dst, `,"transactTime":`...), o.updated)
	if respond != "ACK" {
		dst = s.orderBody(dst, o)
		dst = s.stamp(append(dst, `,"workingTime":`...), o.created)
		dst = append(dst, `,"selfTradePreventionMode":"`...)
		dst = append(append(dst, binanceSelfTrade[o.stp]...), '"')
	}
	if respond == "FULL" {
		dst = append(appendFills(append(dst, `,"fills":[`...), o), ']')
	}
	if s.v.config.AckRx {
		dst = appendInt(append(dst, `,"rx":`...), o.rx)
	}
	s.payload = append(dst, '}')
	return s.payload
}

func (s *binanceSession) orderHead(dst []byte, o *order) []byte {
	dst = append(append(dst, `{"symbol":"`...), o.instrument.Symbol...)
	dst = appendInt(append(dst, `","orderId":`...), int64(o.id))
	return append(dst, `,"orderListId":-1`...)
}

func (s *binanceSession) orderBody(dst []byte, o *order) []byte {
	dst = o.price.appendFixed(append(dst, `,"price":"`...))
	dst = o.qty.appendFixed(append(dst, `","origQty":"`...))
	dst = o.done.appendFixed(append(dst, `","executedQty":"`...))
	dst = o.value.appendFixed(append(dst, `","origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"`...))
	dst = append(append(dst, `","status":"`...), binanceStates[o.state]...)
	dst = append(append(dst, `","timeInForce":"`...), binanceTIF[o.tif]...)
	dst = append(append(dst, `","type":"`...), binanceType(o)...)
	return append(append(append(dst, `","side":"`...), binanceSides[o.side]...), '"')
}

func appendFills(dst []byte, o *order) []byte {
	for i := range o.executions {
		x := &o.executions[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = x.price.appendFixed(append(dst, `{"price":"`...))
		dst = x.qty.appendFixed(append(dst, `","qty":"`...))
		dst = append(dst, `","commission":"0.00000000","commissionAsset":"BNB","tradeId":`...)
		dst = append(appendInt(dst, int64(x.id)), '}')
	}
	return dst
}

// orderStatus is the result of order.status.
func (s *binanceSession) orderStatus(dst []byte, o *order) []byte {
	if s.b.futures {
		return s.futuresOrder(dst, o, false)
	}
	dst = s.orderHead(dst, o)
	dst = appendQuoted(append(dst, `,"clientOrderId":`...), []byte(o.client))
	dst = s.orderBody(dst, o)
	dst = append(dst, `,"stopPrice":"0.00000000","icebergQty":"0.00000000","time":`...)
	dst = s.stamp(dst, o.created)
	dst = s.stamp(append(dst, `,"updateTime":`...), o.updated)
	dst = append(appendBool(append(dst, `,"isWorking":`...), o.open()), `,"workingTime":`...)
	dst = append(s.stamp(dst, o.created), `,"selfTradePreventionMode":"`...)
	return append(append(dst, binanceSelfTrade[o.stp]...), `"}`...)
}

// cancelResult is one cancel report.
func (s *binanceSession) cancelResult(dst []byte, o *order) []byte {
	if s.b.futures {
		return s.futuresOrder(dst, o, false)
	}
	dst = append(append(dst, `{"symbol":"`...), o.instrument.Symbol...)
	dst = appendQuoted(append(dst, `","origClientOrderId":`...), []byte(o.client))
	dst = append(appendInt(append(dst, `,"orderId":`...), int64(o.id)), `,"orderListId":-1,"clientOrderId":`...)
	dst = appendQuoted(dst, []byte(o.cancelID))
	dst = s.stamp(append(dst, `,"transactTime":`...), o.updated)
	dst = append(s.orderBody(dst, o), `,"selfTradePreventionMode":"`...)
	return append(append(dst, binanceSelfTrade[o.stp]...), `"}`...)
}

func binanceType(o *order) string {
	switch {
	case o.kind == marketOrder:
		return "MARKET"
	case o.post:
		return "LIMIT_MAKER"
	}
	return "LIMIT"
}

var (
	binanceStates    = [...]string{"NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED", "REJECTED"}
	binanceTIF       = [...]string{"GTC", "IOC", "FOK"}
	binanceSides     = [...]string{"BUY", "SELL"}
	binanceSelfTrade = [...]string{"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"}
	binanceExecTypes = [...]string{"NEW", "TRADE", "CANCELED", "EXPIRED", "REJECTED", "REPLACED"}
)
