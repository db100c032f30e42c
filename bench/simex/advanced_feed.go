package simex

import "bytes"

// advancedSession is one WebSocket: market data and the user channel alike.
type advancedSession struct {
	b         *advanced
	v         *Venue
	c         *Conn
	market    *marketSession
	deadline  int64 // something must be subscribed by then; 0 once it is
	heartbeat int64
	beats     int64
	sequence  int64
	account   *account
}

func (b *advanced) open(c *Conn, now int64, r *request) (session, *reply) {
	if string(r.path) != "/" {
		b.v.tally.add(cUnexpected)
		return nil, coinbaseFault(404, "NotFound")
	}
	if b.v.maintained(now) {
		return nil, coinbaseFault(503, "Service Unavailable")
	}
	if status := b.v.admitConnect(now, 0); status != 0 {
		return nil, coinbaseFault(429, "Too many connections")
	}
	s := &advancedSession{b: b, v: b.v, c: c, market: newMarketSession(c), deadline: now + coinbaseSubscribeNanos}
	s.market.waits = true
	s.market.restamp = s.renumber
	c.startPings(now, 0, 0, 0)
	return s, nil
}

func (s *advancedSession) next() int64 {
	next := s.market.next()
	if s.deadline > 0 {
		next = min(next, s.deadline)
	}
	if s.heartbeat > 0 {
		next = min(next, s.heartbeat)
	}
	return next
}

func (s *advancedSession) tick(now int64) {
	if s.deadline > 0 && now >= s.deadline {
		s.v.tally.add(cUnexpected)
		s.c.closeWith(now, 1008, "nothing subscribed in time")
		return
	}
	if s.heartbeat > 0 && now >= s.heartbeat {
		s.heartbeat = now + 1e9
		dst := appendRFC3339([]byte(`{"current_time":"`), s.v.clock(now))
		dst = append(appendInt(append(dst, `","heartbeat_counter":`...), s.beats), '}')
		s.beats++
		s.v.mu.Lock()
		s.c.send(now, now, s.wrap(now, "heartbeats", dst))
		s.v.mu.Unlock()
	}
	s.market.tick(now)
}

// wrap puts one event into a message. The sequence runs over all messages of a connection: the venue's lock guards it.
func (s *advancedSession) wrap(now int64, channel string, event []byte) []byte {
	dst := append(append([]byte(`{"channel":"`), channel...), `","client_id":"","timestamp":"`...)
	dst = appendInt(append(appendRFC3339(dst, s.v.clock(now)), `","sequence_num":`...), s.sequence)
	s.sequence++
	return append(append(append(dst, `,"events":[`...), event...), `]}`...)
}

// renumber gives a replayed message the connection's next number.
func (s *advancedSession) renumber(dst, payload []byte) []byte {
	const name = `"sequence_num":`
	at := bytes.Index(payload, []byte(name))
	if at < 0 {
		return append(dst, payload...)
	}
	at += len(name)
	dst = appendInt(append(dst, payload[:at]...), s.sequence)
	s.sequence++
	for at < len(payload) && payload[at] >= '0' && payload[at] <= '9' {
		at++
	}
	return append(dst, payload[at:]...)
}

func (b *advanced) notice(*Conn, int64) {}

func (b *advanced) expire(c *Conn, now int64) { c.closeWith(now, 1008, "key revoked") }

func (s *advancedSession) message(now int64, text []byte) {
	doc := &s.c.doc
	if doc.parse(text) != nil || doc.kind(0) != jsonObject {
		s.v.tally.add(cBadJSON)
		s.fail(now, "malformed JSON")
		return
	}
	kind := doc.member("type")
	if kind != "subscribe" && kind != "unsubscribe" {
		s.v.tally.add(cUnexpected)
		s.fail(now, "unknown type")
		return
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	if why := s.subscribe(now, kind == "subscribe"); why != nil {
		why.count(s.v)
		s.fail(now, why.text)
	}
}

func (s *advancedSession) fail(now int64, reason string) {
	s.c.send(now, now, append(appendQuoted([]byte(`{"type":"error","message":`), []byte(reason)), '}'))
}

// subscribe takes one channel; each message needs a token of its own, where it has one.
func (s *advancedSession) subscribe(now int64, on bool) *refusal {
	doc := &s.c.doc
	channel := doc.member("channel")
	if !hasWord(" heartbeats user market_trades level2 ticker ticker_batch status candles ", channel) {
		return &refusal{cBadParams, 0, 0, "unknown channel", 0}
	}
	if at := doc.find(0, "jwt"); at >= 0 {
		token, why := s.v.verifyJWT(now, doc.str(at))
		if why != nil {
			return why
		}
		if _, used := s.b.nonces[token.nonce]; used {
			return &refusal{cBadNonce, 0, 0, "authentication failure", 0}
		}
		s.b.nonces[token.nonce] = struct{}{}
		s.account = token.key.account
	} else if channel == "user" {
		return &refusal{cBadSignatures, 0, 0, "authentication failure", 0}
	}
	products, why := (&coinbaseSession{v: s.v, c: s.c}).productsOf(doc.find(0, "product_ids"))
	if why != nil {
		return why
	}
	s.deadline = 0
	dst := appendNames(append(append([]byte(`{"subscriptions":{"`), channel...), `":`...), products)
	s.c.send(now, now, s.wrap(now, "subscriptions", append(dst, '}', '}')))
	switch channel {
	case "heartbeats":
		if s.heartbeat = 0; on {
			s.heartbeat = now + 1e9
		}
		return nil
	case "user":
		s.account.unsubscribe(s.c)
		if on {
			s.account.subscribe(s.c, "user")
			s.c.send(now, now, s.wrap(now, "user", s.snapshot(now)))
		}
		return nil
	}
	var names []string
	for _, product := range products {
		names = append(names, channel+":"+product)
	}
	s.market.follow(names, on)
	s.market.waits = false
	return nil
}

// snapshot lists the open orders.
func (s *advancedSession) snapshot(now int64) []byte {
	dst := []byte(`{"type":"snapshot","orders":[`)
	for _, o := range s.v.openOrders(s.account, nil) {
		if now < o.hiddenUntil {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = s.userOrder(dst, &event{order: o, done: o.done, value: o.value, state: o.state})
	}
	return append(dst, `]}`...)
}

// publish words events for the user channel.
func (b *advanced) publish(now int64, origin *Conn, plan *Plan) {
	for i := range b.v.events {
		e := &b.v.events[i]
		for _, sub := range e.order.account.streams {
			s, ok := sub.conn.session.(*advancedSession)
			if !ok {
				continue
			}
			text := append(s.userOrder([]byte(`{"type":"update","orders":[`), e), `]}`...)
			text = s.wrap(now, "user", text)
			for range copies(plan) {
				sub.conn.deliver(now, now+plan.ReportDelay, origin, text)
			}
		}
	}
}

// userOrder is an order as the user channel shows it.
func (s *advancedSession) userOrder(dst []byte, e *event) []byte {
	o := e.order
	average, left := amount(0), o.qty-e.done
	if e.done > 0 {
		average = e.value.over(e.done)
	}
	reason := ""
	if e.state > stateFilled {
		reason = o.why
	}
	dst = append(append(dst, `{"order_id":"`...), o.uid...)
	dst = appendQuoted(append(dst, `","client_order_id":`...), []byte(o.client))
	dst = e.done.appendShort(append(dst, `,"cumulative_quantity":"`...))
	dst = left.appendShort(append(dst, `","leaves_quantity":"`...))
	dst = average.appendShort(append(dst, `","avg_price":"`...))
	dst = append(append(dst, `","total_fees":"0","status":"`...), advancedStates[e.state]...)
	dst = append(append(dst, `","product_id":"`...), o.instrument.Symbol...)
	dst = appendRFC3339(append(dst, `","creation_time":"`...), s.v.clock(o.created))
	dst = append(append(dst, `","order_side":"`...), binanceSides[o.side]...)
	kind := "Limit"
	if o.kind == marketOrder {
		kind = "Market"
	}
	dst = append(append(dst, `","order_type":"`...), kind...)
	dst = appendQuoted(append(dst, `","cancel_reason":`...), []byte(reason))
	dst = o.price.appendShort(append(dst, `,"reject_reason":"","limit_price":"`...))
	dst = append(append(dst, `","time_in_force":"`...), advancedTIF[o.tif]...)
	return append(appendInt(append(dst, `","number_of_fills":"`...), int64(len(o.executions))), `","product_type":"SPOT"}`...)
}
