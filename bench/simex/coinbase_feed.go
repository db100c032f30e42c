package simex

import "bytes"

// coinbaseSession is one connection to the feed.
//
// Source: docs.cdp.coinbase.com/exchange/websocket-feed (channels, authentication).
type coinbaseSession struct {
	b          *coinbase
	v          *Venue
	c          *Conn
	market     *marketSession
	deadline   int64 // for the first subscribe; 0 once it has come
	heartbeat  int64 // when the next is due; 0 until subscribed
	products   []string
	subscribed []string // channel names, for the confirmation
	account    *account
	text       []byte
}

const coinbaseSubscribeNanos = 5e9

func (b *coinbase) open(c *Conn, now int64, r *request) (session, *reply) {
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
	s := &coinbaseSession{b: b, v: b.v, c: c, market: newMarketSession(c), deadline: now + coinbaseSubscribeNanos}
	s.market.waits = true
	c.startPings(now, 0, 0, 0)
	return s, nil
}

func (s *coinbaseSession) next() int64 {
	next := s.market.next()
	if s.deadline > 0 {
		next = min(next, s.deadline)
	}
	if s.heartbeat > 0 {
		next = min(next, s.heartbeat)
	}
	return next
}

func (s *coinbaseSession) tick(now int64) {
	if s.deadline > 0 && now >= s.deadline {
		s.v.tally.add(cUnexpected)
		s.c.closeWith(now, 1008, "no subscribe in time")
		return
	}
	if s.heartbeat > 0 && now >= s.heartbeat {
		s.heartbeat = now + 1e9
		for _, product := range s.products {
			s.beat(now, product)
		}
	}
	s.market.tick(now)
}

func (s *coinbaseSession) beat(now int64, product string) {
	s.v.mu.Lock()
	sequence, trade := int64(0), s.v.executionID
	if ins := s.v.instrument([]byte(product)); ins != nil {
		sequence = ins.sequence
	}
	s.v.mu.Unlock()
	dst := appendInt(append(s.text[:0], `{"type":"heartbeat","last_trade_id":`...), int64(trade))
	dst = append(append(dst, `,"product_id":"`...), product...)
	dst = appendInt(append(dst, `","sequence":`...), sequence)
	dst = appendRFC3339(append(dst, `,"time":"`...), s.v.clock(now))
	s.text = append(dst, `"}`...)
	s.c.send(now, now, s.text)
}

// notice: the venue says nothing before it cuts a feed.
func (b *coinbase) notice(*Conn, int64) {}

func (b *coinbase) expire(c *Conn, now int64) { c.closeWith(now, 1008, "key revoked") }

// message answers subscribe and unsubscribe.
func (s *coinbaseSession) message(now int64, text []byte) {
	doc := &s.c.doc
	if doc.parse(text) != nil || doc.kind(0) != jsonObject {
		s.v.tally.add(cBadJSON)
		s.fail(now, "Malformed JSON")
		return
	}
	switch string(s.string(0, "type")) {
	case "subscribe", "unsubscribe":
		if why := s.subscribe(now, string(s.string(0, "type")) == "subscribe"); why != nil {
			why.count(s.v)
			s.fail(now, why.text)
		}
	default:
		s.v.tally.add(cUnexpected)
		s.fail(now, "Type is not valid")
	}
}

func (s *coinbaseSession) fail(now int64, reason string) {
	dst := appendQuoted([]byte(`{"type":"error","message":"Failed to subscribe","reason":`), []byte(reason))
	s.c.send(now, now, append(dst, '}'))
}

func (s *coinbaseSession) string(object int, name string) []byte {
	doc := &s.c.doc
	at := doc.find(object, name)
	if doc.kind(at) != jsonString {
		return nil
	}
	return doc.str(at)
}

// subscribe takes channels as names, or as objects with their own products.
func (s *coinbaseSession) subscribe(now int64, on bool) *refusal {
	doc := &s.c.doc
	channels := doc.find(0, "channels")
	if doc.kind(channels) != jsonArray {
		return coinbaseInvalid("channels")
	}
	shared, why := s.productsOf(doc.find(0, "product_ids"))
	if why != nil {
		return why
	}
	if why := s.authenticate(now); why != nil {
		return why
	}
	for i := channels + 1; i < int(doc.nodes[channels].next); i = int(doc.nodes[i].next) {
		name, products := "", shared
		switch doc.kind(i) {
		case jsonString:
			name = string(doc.str(i))
		case jsonObject:
			name = string(s.string(i, "name"))
			own, why := s.productsOf(doc.find(i, "product_ids"))
			if why != nil {
				return why
			}
			products = append(append([]string(nil), shared...), own...)
		}
		if why := s.channel(now, name, products, on); why != nil {
			return why
		}
	}
	s.deadline = 0
	s.confirm(now)
	return nil
}

func (s *coinbaseSession) productsOf(list int) ([]string, *refusal) {
	doc := &s.c.doc
	if list < 0 {
		return nil, nil
	}
	if doc.kind(list) != jsonArray {
		return nil, coinbaseInvalid("product_ids")
	}
	var names []string
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if doc.kind(i) != jsonString || s.v.instrument(doc.str(i)) == nil {
			return nil, coinbaseInvalid("product_ids")
		}
		names = append(names, string(doc.str(i)))
	}
	return names, nil
}

// authenticate takes signature, key, passphrase and timestamp where they are given.
func (s *coinbaseSession) authenticate(now int64) *refusal {
	doc := &s.c.doc
	if doc.find(0, "signature") < 0 && doc.find(0, "key") < 0 {
		return nil
	}
	key := s.v.keys[string(s.string(0, "key"))]
	if key == nil {
		return &refusal{cBadKeys, 401, 0, "Authentication Failed", 0}
	}
	stamp := bytes.Clone(s.string(0, "timestamp"))
	payload := append(bytes.Clone(stamp), "GET/users/self/verify"...)
	if why := s.b.verify(key, now, payload, stamp, s.string(0, "signature"), s.string(0, "passphrase")); why != nil {
		return why
	}
	s.account = key.account
	return nil
}

// channel switches one channel on or off.
func (s *coinbaseSession) channel(now int64, name string, products []string, on bool) *refusal {
	if len(products) == 0 {
		return coinbaseInvalid("product_ids")
	}
	switch name {
	case "full", "user", "level2", "level3":
		if s.account == nil {
			return &refusal{cBadSignatures, 401, 0, name + " channel requires authentication", 0}
		}
	case "heartbeat", "ticker", "matches", "level2_batch", "status":
	default:
		return &refusal{cBadParams, 400, 0, name + " is not a valid channel", 0}
	}
	s.subscribed = append(s.subscribed, name)
	switch name {
	case "heartbeat":
		s.products = products
		if s.heartbeat = 0; on {
			s.heartbeat = now + 1e9
		}
	case "user", "full":
		s.v.mu.Lock()
		s.account.unsubscribeTopic(s.c, "user")
		if on {
			s.account.subscribe(s.c, "user")
		}
		s.v.mu.Unlock()
	}
	switch name {
	case "level2_batch":
		name = "level2"
	case "full":
		name = "matches"
	}
	var names []string
	for _, product := range products {
		names = append(names, name+":"+product)
		s.products = appendNew(s.products, product)
	}
	s.market.follow(names, on)
	s.market.waits = false
	return nil
}

func appendNew(list []string, one string) []string {
	for _, known := range list {
		if known == one {
			return list
		}
	}
	return append(list, one)
}

func (s *coinbaseSession) confirm(now int64) {
	dst := []byte(`{"type":"subscriptions","channels":[`)
	for i, name := range s.subscribed {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(append(dst, `{"name":`...), []byte(name))
		dst = append(appendNames(append(dst, `,"product_ids":`...), s.products), '}')
	}
	s.c.send(now, now, append(dst, `]}`...))
}

// publish words events for the user channel.
func (b *coinbase) publish(now int64, origin *Conn, plan *Plan) {
	for i := range b.v.events {
		e := &b.v.events[i]
		e.order.instrument.sequence++
		for _, sub := range e.order.account.streams {
			for _, text := range b.word(now, e) {
				for range copies(plan) {
					sub.conn.deliver(now, now+plan.ReportDelay, origin, text)
				}
			}
		}
	}
}

// word is the list of messages about one event: received and open, match, done, change.
func (b *coinbase) word(now int64, e *event) [][]byte {
	o := e.order
	switch e.kind {
	case eventNew:
		dst := b.head("received", now, o)
		dst = o.qty.appendShort(append(dst, `,"size":"`...))
		if o.kind == limitOrder {
			dst = o.price.appendShort(append(dst, `","price":"`...))
		}
		dst = append(append(dst, `","order_type":"`...), krakenTypes[o.kind]...)
		dst = append(dst, '"')
		if o.client != "" {
			dst = appendQuoted(append(dst, `,"client_oid":`...), []byte(o.client))
		}
		return [][]byte{append(dst, '}')}
	case eventRested:
		dst := o.price.appendShort(append(b.head("open", now, o), `,"price":"`...))
		dst = (o.qty - e.done).appendShort(append(dst, `","remaining_size":"`...))
		return [][]byte{append(dst, `"}`...)}
	case eventTrade:
		var texts [][]byte
		if twice := e.fill.maker && e.fill.other != nil && e.fill.other.account == o.account; !twice {
			texts = append(texts, b.match(now, e)) // one message a trade, also when both sides are ours
		}
		if e.state == stateFilled {
			texts = append(texts, b.done(now, e, "filled"))
		}
		return texts
	case eventReplaced:
		dst := o.qty.appendShort(append(b.head("change", now, o), `,"new_size":"`...))
		return [][]byte{append(dst, `"}`...)}
	}
	return [][]byte{b.done(now, e, "canceled")}
}

func (b *coinbase) head(kind string, now int64, o *order) []byte {
	dst := append(append([]byte(`{"type":"`), kind...), `","time":"`...)
	dst = appendRFC3339(dst, b.v.clock(now))
	dst = append(append(dst, `","product_id":"`...), o.instrument.Symbol...)
	dst = appendInt(append(dst, `","sequence":`...), o.instrument.sequence)
	dst = append(append(dst, `,"order_id":"`...), o.uid...)
	return append(append(append(dst, `","side":"`...), krakenSides[o.side]...), '"')
}

func (b *coinbase) done(now int64, e *event, reason string) []byte {
	dst := e.order.price.appendShort(append(b.head("done", now, e.order), `,"price":"`...))
	dst = (e.order.qty - e.done).appendShort(append(dst, `","remaining_size":"`...))
	return append(append(append(dst, `","reason":"`...), reason...), `"}`...)
}

// match names both orders; side is the maker's.
func (b *coinbase) match(now int64, e *event) []byte {
	other := "00000000-0000-4000-8000-000000000000" // where it came from outside
	if e.fill.other != nil {
		other = e.fill.other.uid
	}
	o := e.order
	maker, taker, side := other, o.uid, 1-o.side
	if e.fill.maker {
		maker, taker, side = o.uid, other, o.side
	}
	dst := appendInt([]byte(`{"type":"match","trade_id":`), int64(e.fill.id))
	dst = append(append(dst, `,"maker_order_id":"`...), maker...)
	dst = append(append(dst, `","taker_order_id":"`...), taker...)
	dst = append(append(dst, `","side":"`...), krakenSides[side]...)
	dst = e.fill.qty.appendShort(append(dst, `","size":"`...))
	dst = e.fill.price.appendShort(append(dst, `","price":"`...))
	dst = append(append(dst, `","product_id":"`...), o.instrument.Symbol...)
	dst = appendInt(append(dst, `","sequence":`...), o.instrument.sequence)
	dst = appendRFC3339(append(dst, `,"time":"`...), b.v.clock(now))
	return append(dst, `"}`...)
}
