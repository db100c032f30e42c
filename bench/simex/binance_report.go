package simex

// publish sends an executionReport for each event to each connection that listens to the account.
//
// Source: user-data-stream.md, Order Update. On a cancel c is the cancel's id and C the order's.
func (b *binance) publish(now int64, origin *Conn, plan *Plan) {
	if b.futures {
		b.publishFutures(now, origin, plan)
		return
	}
	for i := range b.v.events {
		e := &b.v.events[i]
		for _, sub := range e.order.account.streams {
			s, ok := sub.conn.session.(*binanceSession)
			if !ok {
				continue
			}
			dst := appendInt([]byte(`{"subscriptionId":`), int64(sub.id))
			dst = append(s.executionReport(append(dst, `,"event":`...), now, e), '}')
			for range copies(plan) {
				sub.conn.deliver(now, now+plan.ReportDelay, origin, dst)
			}
		}
	}
}

func copies(plan *Plan) int {
	if plan.ReportTwice {
		return 2
	}
	return 1
}

func (s *binanceSession) executionReport(dst []byte, now int64, e *event) []byte {
	o := e.order
	name, original := o.client, ""
	if e.kind == eventCancelled {
		name, original = o.cancelID, o.client
	}
	dst = s.stamp(append(dst, `{"e":"executionReport","E":`...), now)
	dst = append(append(dst, `,"s":"`...), o.instrument.Symbol...)
	dst = appendQuoted(append(dst, `","c":`...), []byte(name))
	dst = append(append(dst, `,"S":"`...), binanceSides[o.side]...)
	dst = append(append(dst, `","o":"`...), binanceType(o)...)
	dst = append(append(dst, `","f":"`...), binanceTIF[o.tif]...)
	dst = o.qty.appendFixed(append(dst, `","q":"`...))
	dst = o.price.appendFixed(append(dst, `","p":"`...))
	dst = appendQuoted(append(dst, `","P":"0.00000000","F":"0.00000000","g":-1,"C":`...), []byte(original))
	dst = append(append(dst, `,"x":"`...), binanceExecTypes[e.kind]...)
	dst = append(append(dst, `","X":"`...), binanceStates[e.state]...)
	dst = appendInt(append(dst, `","r":"NONE","i":`...), int64(o.id))
	dst = e.fill.qty.appendFixed(append(dst, `,"l":"`...))
	dst = e.done.appendFixed(append(dst, `","z":"`...))
	dst = e.fill.price.appendFixed(append(dst, `","L":"`...))
	dst = s.stamp(append(dst, `","n":"0","N":null,"T":`...), o.updated)
	trade := int64(-1)
	if e.kind == eventTrade {
		trade = int64(e.fill.id)
	}
	dst = appendInt(append(dst, `,"t":`...), trade)
	dst = appendInt(append(dst, `,"I":`...), s.v.nextReport())
	dst = appendBool(append(dst, `,"w":`...), e.state <= statePartial)
	dst = appendBool(append(dst, `,"m":`...), e.fill.maker)
	dst = s.stamp(append(dst, `,"M":false,"O":`...), o.created)
	dst = e.value.appendFixed(append(dst, `,"Z":"`...))
	dst = e.fill.price.times(e.fill.qty).appendFixed(append(dst, `","Y":"`...))
	dst = s.stamp(append(dst, `","Q":"0.00000000","W":`...), o.created)
	return append(append(append(dst, `,"V":"`...), binanceSelfTrade[o.stp]...), `"}`...)
}

// nextReport numbers the reports of a venue. The lock is held.
func (v *Venue) nextReport() int64 {
	v.reports++
	return v.reports
}
