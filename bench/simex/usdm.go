package simex

import (
	"bytes"
	"math"
	"strings"
)

// newFutures is Binance USD-M futures: the Spot protocol with other paths, other fields in replies, listen keys for
// the user stream and a dead man's switch.
//
// Source: Binance USD-M documentation as copied by its connectors (2026-07); not checked against a live server.
func newFutures(v *Venue) *binance {
	b := &binance{v: v, futures: true, methods: binanceMethods(), routes: binanceRoutes()}
	const more = "positionSide reduceOnly closePosition priceMatch goodTillDate workingType "
	for _, name := range []string{"order.place", "order.test"} {
		b.methods[name].params += more
	}
	for _, name := range []string{"order.cancelReplace", "order.amend.keepPriority"} {
		delete(b.methods, name) // Spot only
	}
	b.methods["openOrders.cancelAll"].params = " symbol "
	b.methods["order.modify"] = &binanceMethod{1, authSigned, oneOrder + "side price quantity priceMatch ", "symbol side price quantity timestamp", (*binanceSession).modify}
	b.methods["userDataStream.start"] = &binanceMethod{1, authKey, " listenKey ", "apiKey", (*binanceSession).startStream}
	b.methods["userDataStream.ping"] = &binanceMethod{1, authKey, " listenKey ", "apiKey", (*binanceSession).keepStream}
	b.methods["userDataStream.stop"] = &binanceMethod{1, authKey, " listenKey ", "apiKey", (*binanceSession).stopStream}
	b.methods["countdownCancelAll"] = &binanceMethod{10, authSigned, " symbol countdownTime ", "symbol countdownTime timestamp", (*binanceSession).countdown}
	b.methods["account.position"] = &binanceMethod{5, authSigned, " symbol ", "timestamp", (*binanceSession).position}
	b.methods["account.positionMode"] = &binanceMethod{30, authSigned, "", "timestamp", (*binanceSession).positionMode}
	return b
}

// openFuturesStream serves /public, /market and /private. The old paths still complete the handshake and then send
// nothing, as the venue's do since 2026-04-23: that is what a data watchdog is for.
func (b *binance) openFuturesStream(c *Conn, now int64, r *request) (session, *reply) {
	path := string(r.path)
	for _, prefix := range []string{"/public", "/market"} {
		rest, ok := strings.CutPrefix(path, prefix)
		if ok && (rest == "/ws" || rest == "/stream" || strings.HasPrefix(rest, "/ws/")) {
			return openMarket(c, now, r, rest)
		}
	}
	if strings.HasPrefix(path, "/private/") {
		return b.openListen(c, now, r)
	}
	if path == "/ws" || path == "/stream" || strings.HasPrefix(path, "/ws/") {
		c.startPings(now, 180e9, 600e9, 24*3600e9)
		return &deafSession{c: c}, nil
	}
	b.v.tally.add(cUnexpected)
	return nil, &reply{status: 404, body: []byte(`{"code":-1000,"msg":"unknown path"}`)}
}

// openListen opens the user stream of a listen key: /private/ws/<key>, or ?listenKey=<key>.
func (b *binance) openListen(c *Conn, now int64, r *request) (session, *reply) {
	key, ok := r.parameter("listenKey")
	if !ok {
		_, key, _ = bytes.Cut(r.path, []byte("/private/ws/"))
	}
	if list, given := r.parameter("streams"); given && !ok {
		key = list
	}
	b.v.mu.Lock()
	defer b.v.mu.Unlock()
	t := b.v.redeem(now, key)
	if t == nil {
		b.v.tally.add(cBadSignatures)
		return nil, &reply{status: 400, body: []byte(`{"code":-1125,"msg":"This listenKey does not exist."}`)}
	}
	t.account.subscribe(c, "listen")
	c.startPings(now, 180e9, 600e9, 24*3600e9)
	return &listenSession{deafSession{c: c}, b, string(key)}, nil
}

// deafSession takes nothing and says nothing.
type deafSession struct{ c *Conn }

func (s *deafSession) tick(int64)  {}
func (s *deafSession) next() int64 { return never }
func (s *deafSession) message(now int64, _ []byte) {
	s.c.v.tally.add(cUnexpected)
	s.c.closeWith(now, 1008, "nothing is taken here")
}

// listenSession is a user stream opened by a listen key.
type listenSession struct {
	deafSession
	b   *binance
	key string
}

func (s *listenSession) expire(now int64) {
	text := appendInt([]byte(`{"e":"listenKeyExpired","E":`), s.b.v.clock(now)/1e6)
	text = appendQuoted(append(text, `,"listenKey":`...), []byte(s.key))
	s.c.send(now, now, append(text, '}'))
	s.b.v.mu.Lock()
	defer s.b.v.mu.Unlock()
	delete(s.b.v.tokens, s.key)
	for _, a := range s.b.v.accounts {
		a.unsubscribe(s.c)
	}
}

const listenKeyNanos = 3600e9

// startStream hands out the account's listen key, with its life begun anew.
func (s *binanceSession) startStream(call *binanceCall) *refusal {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	text := call.key.account.listenKey
	if v.redeem(call.now, []byte(text)) == nil {
		text = v.issue(call.key, 32, 0)
		call.key.account.listenKey = text
	}
	v.tokens[text].expires = call.now + listenKeyNanos
	s.reply(call, append(appendQuoted([]byte(`{"listenKey":`), []byte(text)), '}'))
	return nil
}

func (s *binanceSession) keepStream(call *binanceCall) *refusal {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.redeem(call.now, []byte(call.key.account.listenKey))
	if t == nil {
		return &refusal{cUnexpected, 400, -1125, "This listenKey does not exist.", 0}
	}
	t.expires = call.now + listenKeyNanos
	s.reply(call, append(appendQuoted([]byte(`{"listenKey":`), []byte(call.key.account.listenKey)), '}'))
	return nil
}

func (s *binanceSession) stopStream(call *binanceCall) *refusal {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.tokens, call.key.account.listenKey)
	s.reply(call, []byte("{}"))
	return nil
}

// futuresOptions reads what only futures orders carry.
func (s *binanceSession) futuresOptions(call *binanceCall, p *placement) *refusal {
	if side := call.find("positionSide"); side != nil && string(side.value) != "BOTH" {
		return &refusal{cBadParams, 400, -4061, "Order's position side does not match user's setting.", 0}
	}
	if reduce := call.find("reduceOnly"); reduce != nil {
		switch string(reduce.value) {
		case "true":
			p.reduce = true
		case "false":
		default:
			return missing("reduceOnly")
		}
	}
	return nil
}

// reduces tells whether an order makes its account's position smaller. The venue's lock is held.
func (v *Venue) reduces(p *placement) bool {
	position := v.position(p.account, p.instrument)
	if p.side == buy {
		return position < 0 && p.qty <= -position
	}
	return position > 0 && p.qty <= position
}

// position is what an account's executions add up to. The lock is held.
func (v *Venue) position(a *account, ins *instrument) amount {
	sum := amount(0)
	for _, o := range v.orders {
		if o.account != a || o.instrument != ins {
			continue
		}
		if o.side == buy {
			sum += o.done
		} else {
			sum -= o.done
		}
	}
	return sum
}

// modify changes price and quantity of an open order; it goes to the end of the queue.
func (s *binanceSession) modify(call *binanceCall) *refusal {
	var p placement
	p.rx = s.c.rx
	if p.instrument = s.v.instrument(call.text("symbol")); p.instrument == nil {
		return &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
	}
	if why := s.numbers(call, &p); why != nil {
		return why
	}
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	o, why := s.named(call)
	if why != nil {
		return why
	}
	if o == nil || !o.open() {
		return &refusal{counterCount, 400, -2013, "Order does not exist.", 0}
	}
	if p.qty <= o.done {
		return &refusal{cRejected, 400, -1111, "The quantity is not above what is filled.", 0}
	}
	plan := v.planFor("place", call.now, o.account, o.instrument.Symbol, []byte(o.client))
	if plan.Reject != "" {
		return binanceReject(&plan)
	}
	v.alter(call.now, o, p.price, p.qty)
	s.answer(call, s.futuresOrder(nil, o, false), &plan)
	v.publish(call.now, s.c, &plan)
	return nil
}

// alter moves an open order to another price and quantity, behind all others there, and lets it trade.
func (v *Venue) alter(now int64, o *order, price, qty amount) {
	o.instrument.remove(o)
	o.price, o.qty = price, qty
	v.tell(now, eventReplaced, o, execution{})
	v.take(now, o)
	v.settle(now, o)
}

// countdown is the dead man's switch: all open orders of the symbol are cancelled unless it is renewed.
func (s *binanceSession) countdown(call *binanceCall) *refusal {
	millis, why := s.integer(call, "countdownTime", 0)
	if why != nil {
		return why
	}
	ins := s.v.instrument(call.text("symbol"))
	if ins == nil {
		return &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
	}
	s.v.mu.Lock()
	at := int64(0)
	if millis > 0 {
		at = call.now + min(millis, math.MaxInt32)*1e6
	}
	s.v.arm(call.key.account, ins, at)
	s.v.mu.Unlock()
	dst := append(append([]byte(`{"symbol":"`), ins.Symbol...), `","countdownTime":"`...)
	s.reply(call, append(appendInt(dst, millis), `"}`...))
	return nil
}

// position is positionRisk in one-way mode.
func (s *binanceSession) position(call *binanceCall) *refusal {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	dst := []byte{'['}
	for _, ins := range s.v.instruments {
		if call.has("symbol") && string(call.text("symbol")) != ins.Symbol {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"symbol":"`...), ins.Symbol...)
		held := s.v.position(call.key.account, ins)
		dst = append(dst, `","positionSide":"BOTH","positionAmt":"`...)
		if held < 0 {
			dst, held = append(dst, '-'), -held
		}
		dst = append(held.appendShort(dst), `","leverage":"1","marginType":"cross","isolated":false}`...)
	}
	s.reply(call, append(dst, ']'))
	return nil
}

func (s *binanceSession) positionMode(call *binanceCall) *refusal {
	s.reply(call, []byte(`{"dualSidePosition":false}`))
	return nil
}
