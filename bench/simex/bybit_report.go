package simex

import "strings"

// publish words the events of a request for the order and execution topics.
//
// Source: docs/v5/websocket/private/{order,execution,fast-execution}.mdx.
func (b *bybit) publish(now int64, origin *Conn, plan *Plan) {
	for i := range b.v.events {
		e := &b.v.events[i]
		for _, sub := range e.order.account.streams {
			base, category, _ := strings.Cut(strings.Replace(sub.topic, "execution.fast", "fast", 1), ".")
			if category != "" && category != e.order.category {
				continue
			}
			text := b.word(now, base, sub.topic, e)
			if text == nil {
				continue
			}
			for range copies(plan) {
				sub.conn.deliver(now, now+plan.ReportDelay, origin, text)
			}
		}
	}
}

// word is one topic's message about an event, or nil.
func (b *bybit) word(now int64, base, topic string, e *event) []byte {
	var data []byte
	switch {
	case base == "order":
		data = b.orderData(nil, e)
	case base == "execution" && e.kind == eventTrade:
		data = b.executionData(nil, e)
	case base == "fast" && e.kind == eventTrade:
		data = b.fastData(nil, e)
	default:
		return nil
	}
	dst := appendInt([]byte(`{"id":"`), b.v.nextReport())
	dst = append(append(append(dst, `","topic":"`...), topic...), `","creationTime":`...)
	dst = append(appendInt(dst, b.v.clock(now)/1e6), `,"data":[`...)
	return append(append(dst, data...), `]}`...)
}

func (b *bybit) millis(dst []byte, at int64) []byte { return appendInt(dst, b.v.clock(at)/1e6) }

// orderData is one order of the order topic and of REST.
func (b *bybit) orderData(dst []byte, e *event) []byte {
	o := e.order
	average := []byte{}
	if e.done > 0 {
		average = e.value.over(e.done).appendShort(nil)
	}
	left := o.qty - e.done
	if e.state > statePartial {
		left = 0
	}
	status, reason, cancelType := bybitStatus(o, e)
	dst = append(append(dst, `{"category":"`...), o.category...)
	dst = append(append(dst, `","symbol":"`...), o.instrument.Symbol...)
	dst = append(append(dst, `","orderId":"`...), o.uid...)
	dst = appendQuoted(append(dst, `","orderLinkId":`...), []byte(o.client))
	dst = append(append(dst, `,"side":"`...), bybitSides[o.side]...)
	dst = append(append(dst, `","orderType":"`...), bybitTypes[o.kind]...)
	dst = o.price.appendShort(append(dst, `","price":"`...))
	dst = o.qty.appendShort(append(dst, `","qty":"`...))
	dst = append(append(dst, `","timeInForce":"`...), bybitTIF(o)...)
	dst = append(append(dst, `","orderStatus":"`...), status...)
	dst = append(append(dst, `","cancelType":"`...), cancelType...)
	dst = append(append(dst, `","rejectReason":"`...), reason...)
	dst = left.appendShort(append(dst, `","leavesQty":"`...))
	dst = e.done.appendShort(append(dst, `","cumExecQty":"`...))
	dst = e.value.appendShort(append(dst, `","cumExecValue":"`...))
	dst = append(append(dst, `","avgPrice":"`...), average...)
	dst = appendBool(append(dst, `","reduceOnly":`...), o.reduce)
	dst = b.millis(append(dst, `,"positionIdx":0,"smpType":"None","createdTime":"`...), o.created)
	return append(b.millis(append(dst, `","updatedTime":"`...), o.updated), `"}`...)
}

func bybitStatus(o *order, e *event) (status, reason, cancelType string) {
	reason, cancelType = "EC_NoError", "UNKNOWN"
	switch e.state {
	case stateNew:
		status = "New"
	case statePartial:
		status = "PartiallyFilled"
	case stateFilled:
		status = "Filled"
	case stateRejected:
		status, reason = "Rejected", o.why
	default:
		status, cancelType = "Cancelled", "CancelByUser"
		if o.category == "spot" && e.done > 0 {
			status = "PartiallyFilledCanceled"
		}
		if e.state == stateExpired {
			cancelType, reason = "UNKNOWN", "EC_NoImmediateQtyToFill"
			if o.post {
				reason = "EC_PostOnlyWillTakeLiquidity"
			}
		}
	}
	return status, reason, cancelType
}

func (b *bybit) executionData(dst []byte, e *event) []byte {
	o := e.order
	dst = append(append(dst, `{"category":"`...), o.category...)
	dst = append(append(dst, `","symbol":"`...), o.instrument.Symbol...)
	dst = append(append(dst, `","orderId":"`...), o.uid...)
	dst = appendQuoted(append(dst, `","orderLinkId":`...), []byte(o.client))
	dst = append(append(dst, `,"side":"`...), bybitSides[o.side]...)
	dst = o.price.appendShort(append(dst, `","orderPrice":"`...))
	dst = o.qty.appendShort(append(dst, `","orderQty":"`...))
	dst = append(append(dst, `","orderType":"`...), bybitTypes[o.kind]...)
	dst = appendExecID(append(dst, `","execId":"`...), e.fill.id, o.side)
	dst = e.fill.price.appendShort(append(dst, `","execPrice":"`...))
	dst = e.fill.qty.appendShort(append(dst, `","execQty":"`...))
	dst = e.fill.price.times(e.fill.qty).appendShort(append(dst, `","execValue":"`...))
	dst = (o.qty - e.done).appendShort(append(dst, `","leavesQty":"`...))
	dst = appendBool(append(dst, `","execType":"Trade","execFee":"0","feeRate":"0","isMaker":`...), e.fill.maker)
	dst = b.millis(append(dst, `,"execTime":"`...), e.fill.at)
	return append(appendInt(append(dst, `","seq":`...), int64(e.fill.id)), '}')
}

// fastData leaves the client id out for maker fills, as the venue does.
func (b *bybit) fastData(dst []byte, e *event) []byte {
	o := e.order
	client := o.client
	if e.fill.maker {
		client = ""
	}
	dst = append(append(dst, `{"category":"`...), o.category...)
	dst = append(append(dst, `","symbol":"`...), o.instrument.Symbol...)
	dst = appendExecID(append(dst, `","execId":"`...), e.fill.id, o.side)
	dst = e.fill.price.appendShort(append(dst, `","execPrice":"`...))
	dst = e.fill.qty.appendShort(append(dst, `","execQty":"`...))
	dst = append(append(dst, `","orderId":"`...), o.uid...)
	dst = appendBool(append(dst, `","isMaker":`...), e.fill.maker)
	dst = appendQuoted(append(dst, `,"orderLinkId":`...), []byte(client))
	dst = append(append(dst, `,"side":"`...), bybitSides[o.side]...)
	dst = b.millis(append(dst, `","execTime":"`...), e.fill.at)
	return append(appendInt(append(dst, `","seq":`...), int64(e.fill.id)), '}')
}

// appendExecID writes an execution id in the form of a UUID: one for each side of a trade.
func appendExecID(dst []byte, id uint64, s side) []byte {
	var raw [16]byte
	for i := range 8 {
		raw[15-i] = byte(id >> (8 * i))
	}
	raw[0], raw[6], raw[8] = byte(s)+1, 0x40, 0x80
	return appendUUID(dst, raw)
}

func bybitTIF(o *order) string {
	if o.post {
		return "PostOnly"
	}
	return binanceTIF[o.tif]
}

var (
	bybitSides = [...]string{"Buy", "Sell"}
	bybitTypes = [...]string{"Limit", "Market"}
)
