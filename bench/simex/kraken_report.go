package simex

// executions opens the executions channel: the reply, then the snapshot, then updates.
func (s *krakenSession) executions(call *krakenCall) *refusal {
	doc := &s.c.doc
	flag := func(name string, fallback bool) bool {
		at := doc.find(call.params, name)
		if at < 0 {
			return fallback
		}
		return doc.kind(at) == jsonTrue
	}
	orders, trades := flag("snap_orders", true), flag("snap_trades", false)
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	if why := s.authorise(call); why != nil {
		return why
	}
	s.account.unsubscribe(s.c)
	if s.executing = call.method == "subscribe"; !s.executing {
		s.confirm(call, []byte(`{"channel":"executions"}`))
		return nil
	}
	s.counting = flag("ratecounter", false)
	s.account.subscribe(s.c, "executions")
	s.v.tokens[string(s.string(call.params, "token"))].held = s.c
	dst := appendInt([]byte(`{"channel":"executions","maxratecount":`), int64(s.v.config.Limits.CounterMax/100))
	dst = appendBool(append(dst, `,"snap_orders":`...), orders)
	s.confirm(call, append(appendBool(append(dst, `,"snap_trades":`...), trades), '}'))
	s.c.send(call.now, call.now, s.snapshot(call.now, orders, trades))
	s.beat(call.now)
	return nil
}

// snapshot lists open orders and the last fifty fills.
func (s *krakenSession) snapshot(now int64, orders, trades bool) []byte {
	s.sequence = 1
	dst := []byte(`{"channel":"executions","type":"snapshot","data":[`)
	comma := func() {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
	}
	if orders {
		for _, o := range s.v.openOrders(s.account, nil) {
			if now < o.hiddenUntil {
				continue
			}
			comma()
			dst = append(s.orderFields(append(dst, '{'), &event{kind: eventNew, order: o, done: o.done, value: o.value, state: o.state}), '}')
		}
	}
	if trades {
		fills := s.v.fills(s.account, nil, now)
		for _, f := range fills[max(0, len(fills)-50):] {
			comma()
			dst = append(s.tradeFields(append(dst, '{'), &event{kind: eventTrade, order: f.order, fill: f.execution, done: f.order.done, value: f.order.value, state: f.order.state}), '}')
		}
	}
	return append(appendInt(append(dst, `],"sequence":`...), s.sequence), '}')
}

// publish words events for the executions channel. A new order is told twice, pending_new and new; a fill that completes
// an order is told as a trade of a partially filled order, and then as filled.
//
// Source: websocket-v2/executions.
func (k *kraken) publish(now int64, origin *Conn, plan *Plan) {
	for i := range k.v.events {
		e := &k.v.events[i]
		for _, sub := range e.order.account.streams {
			s, ok := sub.conn.session.(*krakenSession)
			if !ok {
				continue
			}
			for _, data := range s.word(e) {
				for range copies(plan) {
					sub.conn.deliver(now, now+plan.ReportDelay, origin, s.update(data))
				}
			}
		}
	}
}

func (s *krakenSession) update(data []byte) []byte {
	s.sequence++
	dst := append([]byte(`{"channel":"executions","type":"update","data":[`), data...)
	return append(appendInt(append(dst, `],"sequence":`...), s.sequence), '}')
}

// word is the list of updates about one event.
func (s *krakenSession) word(e *event) [][]byte {
	plain := func(execType string) []byte {
		dst := append(append([]byte(`{"exec_type":"`), execType...), '"')
		return append(s.idFields(dst, e), '}')
	}
	switch e.kind {
	case eventNew:
		pending := append(s.orderFields([]byte{'{'}, e), '}')
		return [][]byte{pending, plain("new")}
	case eventTrade:
		trade := append(s.tradeFields([]byte{'{'}, e), '}')
		if e.state == stateFilled {
			return [][]byte{trade, plain("filled")}
		}
		return [][]byte{trade}
	case eventReplaced:
		return [][]byte{append(s.orderFields([]byte{'{'}, e), '}')}
	}
	dst := append(s.idFields([]byte(`{"exec_type":"canceled"`), e), `,"reason":`...)
	return [][]byte{append(appendQuoted(dst, []byte(e.order.why)), '}')}
}

// idFields are what every update carries.
func (s *krakenSession) idFields(dst []byte, e *event) []byte {
	o := e.order
	dst = append(append(append(dst, `,"order_id":"`...), o.uid...), '"')
	if o.client != "" {
		dst = appendQuoted(append(dst, `,"cl_ord_id":`...), []byte(o.client))
	}
	dst = append(append(dst, `,"order_status":"`...), krakenStates[e.state]...)
	dst = e.done.appendShort(append(dst, `","cum_qty":`...))
	dst = e.value.appendShort(append(dst, `,"cum_cost":`...))
	if e.done > 0 {
		dst = e.value.over(e.done).appendShort(append(dst, `,"avg_price":`...))
	}
	dst = appendRFC3339(append(dst, `,"timestamp":"`...), s.v.clock(o.updated))
	dst = append(dst, '"')
	if s.counting {
		m := o.account.meter(o.instrument)
		dst = appendInt(append(dst, `,"ratecount":`...), m.level/100)
	}
	return dst
}

// orderFields describe a whole order: pending_new, snapshots and amendments.
func (s *krakenSession) orderFields(dst []byte, e *event) []byte {
	o := e.order
	execType := "pending_new"
	switch {
	case e.kind == eventReplaced:
		execType = "amended"
	case e.done > 0 || o.state != stateNew && e.kind != eventNew:
		execType = "status"
	}
	dst = append(append(append(dst, `"exec_type":"`...), execType...), '"')
	dst = s.idFields(dst, e)
	dst = append(append(dst, `,"symbol":"`...), o.instrument.Symbol...)
	dst = append(append(dst, `","side":"`...), krakenSides[o.side]...)
	dst = append(append(dst, `","order_type":"`...), krakenTypes[o.kind]...)
	dst = o.qty.appendShort(append(dst, `","order_qty":`...))
	if o.kind == limitOrder {
		dst = o.price.appendShort(append(dst, `,"limit_price":`...))
	}
	dst = append(append(append(dst, `,"time_in_force":"`...), krakenTIF[o.tif]...), '"')
	return appendBool(append(dst, `,"post_only":`...), o.post)
}

func (s *krakenSession) tradeFields(dst []byte, e *event) []byte {
	o, shown := e.order, *e
	if shown.state == stateFilled {
		shown.state = statePartial // the venue says so even of the fill that completes the order
	}
	dst = s.idFields(append(dst, `"exec_type":"trade"`...), &shown)
	dst = append(append(dst, `,"symbol":"`...), o.instrument.Symbol...)
	dst = append(append(dst, `","side":"`...), krakenSides[o.side]...)
	dst = append(append(dst, `","order_type":"`...), krakenTypes[o.kind]...)
	dst = appendExecID(append(dst, `","exec_id":"`...), e.fill.id, o.side)
	dst = appendInt(append(dst, `","trade_id":`...), int64(e.fill.id))
	dst = e.fill.qty.appendShort(append(dst, `,"last_qty":`...))
	dst = e.fill.price.appendShort(append(dst, `,"last_price":`...))
	dst = e.fill.price.times(e.fill.qty).appendShort(append(dst, `,"cost":`...))
	liquidity := "t"
	if e.fill.maker {
		liquidity = "m"
	}
	return append(append(append(dst, `,"liquidity_ind":"`...), liquidity...), `","fees":[]`...)
}

var (
	krakenStates = [...]string{"new", "partially_filled", "filled", "canceled", "canceled", "canceled"}
	krakenSides  = [...]string{"buy", "sell"}
	krakenTypes  = [...]string{"limit", "market"}
	krakenTIF    = [...]string{"gtc", "ioc", "fok"}
)
