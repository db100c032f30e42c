package simex

import (
	"bytes"
	"strings"
	"time"
)

// kraken is Kraken Spot: WebSocket v2, public and private, and the REST calls around it.
//
// Source: docs.kraken.com, websocket-v2 pages and guides/rest/authentication (read 2026-11).
type kraken struct{ v *Venue }

func newKraken(v *Venue) *kraken { return &kraken{v: v} }

// krakenSession is one socket. Which channels it serves follows from the Host: ws-auth is private, ws is public, and
// any other name (loopback) is both.
type krakenSession struct {
	k         *kraken
	v         *Venue
	c         *Conn
	private   bool
	public    bool
	market    *marketSession
	executing bool // subscribed to executions
	counting  bool // with the rate counter
	account   *account
	sequence  int64
	heartbeat int64 // when the next is due; 0 until something is subscribed
	call      krakenCall
	text      []byte
}

// krakenCall is the request in work.
type krakenCall struct {
	now    int64
	method string
	id     []byte // req_id as sent, or nil
	params int
	key    *apiKey
}

func (k *kraken) open(c *Conn, now int64, r *request) (session, *reply) {
	if string(r.path) != "/v2" {
		k.v.tally.add(cUnexpected)
		return nil, &reply{status: 404, body: []byte("{}")}
	}
	if k.v.maintained(now) {
		return nil, &reply{status: 503, body: []byte("{}")}
	}
	if status := k.v.admitConnect(now, 0); status != 0 {
		return nil, &reply{status: 429, body: []byte("{}")}
	}
	host, _ := r.header("Host")
	s := &krakenSession{k: k, v: k.v, c: c, market: newMarketSession(c)}
	s.market.waits = true
	s.private = !bytes.HasPrefix(host, []byte("ws."))
	s.public = !bytes.HasPrefix(host, []byte("ws-auth."))
	c.startPings(now, 0, 0, 0) // heartbeats and JSON pings instead
	c.greet = append(appendInt([]byte(`{"channel":"status","type":"update","data":[{"version":"2.0.0","system":"online","api_version":"v2","connection_id":`), int64(c.number)), `}]}`...)
	return s, nil
}

func (s *krakenSession) next() int64 {
	next := s.market.next()
	if s.heartbeat > 0 {
		next = min(next, s.heartbeat)
	}
	return next
}

func (s *krakenSession) tick(now int64) {
	s.market.tick(now)
	if s.heartbeat > 0 && now >= s.heartbeat {
		s.heartbeat = now + 1e9
		s.c.send(now, now, []byte(`{"channel":"heartbeat"}`))
	}
}

// notice: the status channel announces maintenance.
func (k *kraken) notice(c *Conn, now int64) {
	c.send(now, now, []byte(`{"channel":"status","type":"update","data":[{"version":"2.0.0","system":"maintenance","api_version":"v2","connection_id":0}]}`))
}

// expire ends all tokens; the sockets stay, and their next private request is refused.
func (k *kraken) expire(*Conn, int64) {
	k.v.mu.Lock()
	defer k.v.mu.Unlock()
	for _, t := range k.v.tokens {
		t.revoked = true
	}
}

// message answers one request.
func (s *krakenSession) message(now int64, text []byte) {
	call := &s.call
	*call = krakenCall{now: now, params: -1}
	why := s.read(call, text)
	if why == nil {
		why = s.dispatch(call)
	}
	if why != nil {
		why.count(s.v)
		s.fail(call, why.text, nil)
	}
}

func (s *krakenSession) read(call *krakenCall, text []byte) *refusal {
	doc := &s.c.doc
	if doc.parse(text) != nil || doc.kind(0) != jsonObject {
		return &refusal{counter: cBadJSON, text: "Malformed request"}
	}
	for i := 1; i < len(doc.nodes); i = int(doc.nodes[i].next) {
		switch name := string(doc.name(i)); {
		case name == "method" && doc.kind(i) == jsonString:
			call.method = string(doc.str(i))
		case name == "params" && doc.kind(i) == jsonObject:
			call.params = i
		case name == "req_id" && doc.kind(i) == jsonNumber && !bytes.ContainsAny(doc.raw(i), ".eE") && len(doc.raw(i)) <= 20:
			call.id = doc.raw(i)
		case name == "req_id":
			return &refusal{counter: cBadIDs, text: "EGeneral:Invalid arguments:req_id"}
		default:
			return &refusal{counter: cBadParams, text: "EGeneral:Invalid arguments:" + name}
		}
	}
	return nil
}

// dispatch runs one method.
func (s *krakenSession) dispatch(call *krakenCall) *refusal {
	switch call.method {
	case "ping":
		s.pong(call)
		return nil
	case "subscribe", "unsubscribe":
		return s.subscribe(call)
	}
	run := map[string]func(*krakenSession, *krakenCall) *refusal{
		"add_order": (*krakenSession).add, "amend_order": (*krakenSession).amend, "cancel_order": (*krakenSession).cancel,
		"cancel_all": (*krakenSession).cancelAll, "cancel_all_orders_after": (*krakenSession).cancelAfter,
		"batch_add": (*krakenSession).batchAdd, "batch_cancel": (*krakenSession).batchCancel,
	}[call.method]
	if run == nil || !s.private {
		return &refusal{counter: cUnexpected, text: "EGeneral:Unknown method"}
	}
	if s.v.maintained(call.now) {
		return &refusal{counter: counterCount, text: "EService:Unavailable"}
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	if why := s.authorise(call); why != nil {
		return why
	}
	return run(s, call)
}

// authorise checks the token. The venue's lock is held.
func (s *krakenSession) authorise(call *krakenCall) *refusal {
	given := s.string(call.params, "token")
	if given == nil {
		return &refusal{counter: cBadParams, text: "EGeneral:Invalid arguments:token"}
	}
	t := s.v.redeem(call.now, given)
	switch {
	case t == nil:
		return &refusal{counter: cBadSignatures, text: "EGeneral:Invalid session"}
	case t.revoked:
		return &refusal{counter: counterCount, text: "EGeneral:Invalid session"}
	}
	call.key, s.account = t.key, t.account
	return nil
}

// subscribe takes one channel.
func (s *krakenSession) subscribe(call *krakenCall) *refusal {
	channel := string(s.string(call.params, "channel"))
	if channel == "executions" {
		if !s.private {
			return &refusal{counter: cUnexpected, text: "EGeneral:Private channel on a public socket"}
		}
		return s.executions(call)
	}
	if !s.public {
		return &refusal{counter: cUnexpected, text: "EGeneral:Public channel on a private socket"}
	}
	switch channel {
	case "trade", "book", "ticker":
		return s.publicChannel(call, channel)
	case "instrument":
		s.confirm(call, []byte(`{"channel":"instrument","snapshot":true}`))
		s.c.send(call.now, call.now, s.k.instruments())
		s.beat(call.now)
		return nil
	}
	return &refusal{counter: cBadParams, text: "EGeneral:Invalid arguments:channel"}
}

// publicChannel answers once a symbol.
func (s *krakenSession) publicChannel(call *krakenCall, channel string) *refusal {
	doc := &s.c.doc
	list := doc.find(call.params, "symbol")
	if doc.kind(list) != jsonArray || doc.nodes[list].next == int32(list+1) {
		return &refusal{counter: cBadParams, text: "EGeneral:Invalid arguments:symbol"}
	}
	depth := "10"
	if at := doc.find(call.params, "depth"); at >= 0 {
		if depth = string(doc.raw(at)); !hasWord(" 10 25 100 500 1000 ", depth) || channel != "book" {
			return &refusal{counter: cBadParams, text: "EGeneral:Invalid arguments:depth"}
		}
	}
	var names []string
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if doc.kind(i) != jsonString || s.v.instrument(doc.str(i)) == nil {
			return &refusal{counter: cBadParams, text: "Currency pair not supported " + string(doc.raw(i))}
		}
		name := channel
		if channel == "book" {
			name += "-" + depth
		}
		names = append(names, name+":"+string(doc.str(i)))
	}
	for _, name := range names {
		result := append(append([]byte(`{"channel":"`), channel...), `","snapshot":true,"symbol":`...)
		_, symbol, _ := strings.Cut(name, ":")
		result = appendQuoted(result, []byte(symbol))
		if channel == "book" {
			result = append(append(result, `,"depth":`...), depth...)
		}
		s.confirm(call, append(result, '}'))
	}
	s.market.follow(names, call.method == "subscribe")
	s.market.waits = false
	s.beat(call.now)
	return nil
}

// beat starts the heartbeats.
func (s *krakenSession) beat(now int64) {
	if s.heartbeat == 0 {
		s.heartbeat = now + 1e9
	}
}

func (s *krakenSession) pong(call *krakenCall) {
	dst := append(s.text[:0], `{"method":"pong"`...)
	s.say(call, s.stamps(s.requestID(dst, call), call), &Plan{})
}

// confirm is a positive reply.
func (s *krakenSession) confirm(call *krakenCall, result []byte) {
	s.answer(call, result, &Plan{})
}

func (s *krakenSession) answer(call *krakenCall, result []byte, plan *Plan) {
	if plan.Unknown || plan.Vanish {
		s.fail(call, "EService:Timeout", nil)
		return
	}
	dst := s.head(call)
	dst = append(append(dst, `,"result":`...), result...)
	s.say(call, s.stamps(append(dst, `,"success":true`...), call), plan)
}

// fail is an error reply; extra members may name the order.
func (s *krakenSession) fail(call *krakenCall, text string, extra []byte) {
	dst := appendQuoted(append(s.head(call), `,"success":false,"error":`...), []byte(text))
	s.say(call, s.stamps(append(dst, extra...), call), &Plan{})
}

func (s *krakenSession) head(call *krakenCall) []byte {
	dst := appendQuoted(append(s.text[:0], `{"method":`...), []byte(call.method))
	return s.requestID(dst, call)
}

func (s *krakenSession) requestID(dst []byte, call *krakenCall) []byte {
	if call.id == nil {
		return dst
	}
	return append(append(dst, `,"req_id":`...), call.id...)
}

// stamps ends a reply with the venue's wire times.
func (s *krakenSession) stamps(dst []byte, call *krakenCall) []byte {
	at := appendRFC3339(nil, s.v.clock(call.now))
	dst = append(append(dst, `,"time_in":"`...), at...)
	return append(append(append(dst, `","time_out":"`...), at...), `"}`...)
}

func (s *krakenSession) say(call *krakenCall, text []byte, plan *Plan) {
	s.text = text
	s.c.handOver(call.now, text, plan)
}

// appendRFC3339 writes wall time in UTC with microseconds.
func appendRFC3339(dst []byte, now int64) []byte {
	return time.Unix(0, now).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
}

// string is a string member's text, or nil.
func (s *krakenSession) string(object int, name string) []byte {
	doc := &s.c.doc
	at := doc.find(object, name)
	if doc.kind(at) != jsonString {
		return nil
	}
	return doc.str(at)
}

// instruments is the snapshot of the instrument channel.
func (k *kraken) instruments() []byte {
	dst := []byte(`{"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[`)
	for i, ins := range k.v.instruments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"symbol":"`...), ins.Symbol...)
		dst = append(append(dst, `","base":"`...), ins.Base...)
		dst = append(append(dst, `","quote":"`...), ins.Quote...)
		dst = appendInt(append(dst, `","status":"online","qty_precision":`...), decimalsOf(ins.step))
		dst = append(append(dst, `,"qty_increment":`...), ins.Step...)
		dst = appendInt(append(dst, `,"price_precision":`...), decimalsOf(ins.tick))
		dst = append(append(dst, `,"price_increment":`...), ins.Tick...)
		dst = ins.minQty.appendShort(append(dst, `,"qty_min":`...))
		dst = append(ins.minNotional.appendShort(append(dst, `,"cost_min":`...)), '}')
	}
	return append(dst, `]}}`...)
}

// decimalsOf is how many decimals a step needs.
func decimalsOf(step amount) int64 {
	n := int64(amountDigits)
	for ; n > 0 && step%10 == 0; n-- {
		step /= 10
	}
	return n
}
