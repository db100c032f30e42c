package simex

import (
	"crypto/hmac"
	"encoding/hex"
	"strconv"
	"strings"
)

// bybit is Bybit v5: the trade socket, the private and public sockets, and REST.
//
// Source: bybit-exchange/docs at commit 072c197d (2026-07-24).
type bybit struct{ v *Venue }

func newBybit(v *Venue) *bybit { return &bybit{v: v} }

// bybitSession is one socket; role says which.
type bybitSession struct {
	b          *bybit
	v          *Venue
	c          *Conn
	role       bybitRole
	connID     string
	key        *apiKey // after auth
	topics     []string
	requests   map[string]struct{} // reqIds in use on the trade socket
	heard      int64               // last message
	idle       int64               // how long it may be silent
	restarting bool                // by script: new requests are refused
	market     *marketSession      // public sockets replay through it
	text       []byte
}

type bybitRole uint8

const (
	bybitTrade bybitRole = iota
	bybitPrivate
	bybitPublic
)

const bybitRequestsMax = 1 << 16

func (b *bybit) open(c *Conn, now int64, r *request) (session, *reply) {
	s := &bybitSession{b: b, v: b.v, c: c, heard: now, idle: 600e9, requests: map[string]struct{}{}}
	path := string(r.path)
	switch {
	case b.v.maintained(now):
		return nil, &reply{status: 503, body: []byte("{}")}
	case path == "/v5/trade":
		s.role = bybitTrade
	case path == "/v5/private":
		s.role = bybitPrivate
	case strings.HasPrefix(path, "/v5/public/"):
		s.role = bybitPublic
		s.market = newMarketSession(c)
		s.market.waits = true // for the first subscription
	default:
		b.v.tally.add(cUnexpected)
		return nil, &reply{status: 404, body: []byte("{}")}
	}
	if b.v.admitConnect(now, 0) != 0 {
		return nil, &reply{status: 403, body: []byte(`{"retCode":10018,"retMsg":"Exceeded the IP Rate Limit."}`)}
	}
	if given, ok := r.parameter("max_active_time"); ok {
		seconds, err := strconv.Atoi(strings.TrimSuffix(string(given), "s"))
		if err == nil && seconds >= 30 && seconds <= 600 {
			s.idle = int64(seconds) * 1e9
		}
	}
	c.startPings(now, 0, 0, 0) // the client pings here, by JSON
	var raw [10]byte
	b.v.mu.Lock()
	b.v.random(raw[:])
	b.v.mu.Unlock()
	s.connID = string(appendHex(nil, raw[:]))
	return s, nil
}

func (s *bybitSession) next() int64 {
	next := s.heard + s.idle
	if s.market != nil {
		next = min(next, s.market.next())
	}
	return next
}

func (s *bybitSession) tick(now int64) {
	if now >= s.heard+s.idle {
		s.c.closeWith(now, 1000, "no traffic")
		return
	}
	if s.market != nil {
		s.market.tick(now)
	}
}

// notice: trade sockets refuse new requests while the service restarts; other sockets say nothing.
func (b *bybit) notice(c *Conn, _ int64) {
	if s, ok := c.session.(*bybitSession); ok {
		s.restarting = true
	}
}

func (b *bybit) expire(c *Conn, now int64) {
	if s, ok := c.session.(*bybitSession); ok && s.key != nil {
		s.key = nil
		b.v.mu.Lock()
		for _, a := range b.v.accounts {
			a.unsubscribe(c)
		}
		b.v.mu.Unlock()
		c.closeWith(now, 1008, "key revoked")
	}
}

// message answers one request.
func (s *bybitSession) message(now int64, text []byte) {
	s.heard = now
	s.renewDisconnect(now)
	doc := &s.c.doc
	if doc.parse(text) != nil || doc.kind(0) != jsonObject {
		s.v.tally.add(cBadJSON)
		s.fail(now, "", nil, &refusal{counterCount, 0, 10001, "Request json is invalid.", 0})
		return
	}
	op := string(s.string(0, "op"))
	id, why := s.requestID()
	if why == nil {
		why = s.dispatch(now, op, id)
	}
	if why != nil {
		why.count(s.v)
		s.fail(now, op, id, why)
	}
}

// dispatch runs one op.
func (s *bybitSession) dispatch(now int64, op string, id []byte) *refusal {
	switch {
	case op == "ping":
		s.pong(now, id)
		return nil
	case op == "auth" && s.role != bybitPublic:
		return s.auth(now, id)
	case s.role == bybitTrade && strings.HasPrefix(op, "order."):
		return s.orders(now, op, id)
	case s.role != bybitTrade && (op == "subscribe" || op == "unsubscribe"):
		return s.subscribe(now, op, id)
	}
	return &refusal{cUnexpected, 0, 10001, "Params Error: unknown op.", 0}
}

// requestID is reqId on the trade socket, req_id elsewhere: optional, at most 36 characters there.
func (s *bybitSession) requestID() ([]byte, *refusal) {
	name := "req_id"
	if s.role == bybitTrade {
		name = "reqId"
	}
	doc := &s.c.doc
	at := doc.find(0, name)
	if at < 0 {
		return nil, nil
	}
	if doc.kind(at) != jsonString || s.role == bybitTrade && len(doc.str(at)) > 36 {
		return nil, &refusal{cBadIDs, 0, 10001, "reqId is invalid.", 0}
	}
	return doc.str(at), nil
}

// auth checks GET/realtime + expires.
func (s *bybitSession) auth(now int64, id []byte) *refusal {
	doc := &s.c.doc
	list := doc.find(0, "args")
	if doc.kind(list) != jsonArray {
		return &refusal{cBadParams, 0, 10001, "Params Error: args.", 0}
	}
	var at []int
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		at = append(at, i)
	}
	if len(at) != 3 || doc.kind(at[0]) != jsonString || doc.kind(at[1]) != jsonNumber || doc.kind(at[2]) != jsonString {
		return &refusal{cBadParams, 0, 10001, "Params Error: args are key, expires, signature.", 0}
	}
	if s.key != nil {
		return &refusal{cUnexpected, 0, 20001, "Repeat auth.", 0}
	}
	key := s.v.keys[string(doc.str(at[0]))]
	if key == nil {
		return &refusal{cBadKeys, 0, 10003, "Invalid apikey.", 0}
	}
	expires := doc.raw(at[1])
	if !s.b.hmacHex(key, append([]byte("GET/realtime"), expires...), doc.str(at[2])) {
		return &refusal{cBadSignatures, 0, 10004, "Invalid sign.", 0}
	}
	if integerOf(doc, at[1]) <= s.v.clock(now)/1e6 {
		return &refusal{cBadWindow, 0, 10004, "Params Error: expires is not in the future.", 0}
	}
	s.key = key
	if s.role == bybitTrade {
		dst := append(s.text[:0], '{')
		if id != nil {
			dst = append(appendQuoted(append(dst, `"reqId":`...), id), ',')
		}
		dst = append(dst, `"retCode":0,"retMsg":"OK","op":"auth","connId":"`...)
		s.say(now, append(append(dst, s.connID...), `"}`...))
		return nil
	}
	s.succeed(now, "auth", id)
	return nil
}

// hmacHex compares a lower-case hex HMAC-SHA256 by the key's secret text.
func (b *bybit) hmacHex(key *apiKey, payload, given []byte) bool {
	if key.publicKey() {
		return false
	}
	var want [32]byte
	key.hmacSHA256(want[:0], payload)
	return hmac.Equal([]byte(hex.EncodeToString(want[:])), given)
}

// succeed is the reply of private and public sockets.
func (s *bybitSession) succeed(now int64, op string, id []byte) {
	dst := append(append(s.text[:0], `{"success":true,"ret_msg":"","conn_id":"`...), s.connID...)
	dst = append(dst, '"')
	if id != nil {
		dst = appendQuoted(append(dst, `,"req_id":`...), id)
	}
	s.say(now, append(append(append(dst, `,"op":"`...), op...), `"}`...))
}

// fail is an error in the form of the socket.
func (s *bybitSession) fail(now int64, op string, id []byte, why *refusal) {
	dst := append(s.text[:0], '{')
	if s.role == bybitTrade {
		if id != nil {
			dst = append(appendQuoted(append(dst, `"reqId":`...), id), ',')
		}
		dst = appendInt(append(dst, `"retCode":`...), int64(why.code))
		dst = appendQuoted(append(dst, `,"retMsg":`...), []byte(why.text))
		dst = appendQuoted(append(dst, `,"op":`...), []byte(op))
		dst = s.usageHeader(append(dst, `,"data":{},"retExtInfo":{},"header":`...), now, op)
		s.say(now, append(append(append(dst, `,"connId":"`...), s.connID...), `"}`...))
		return
	}
	dst = appendQuoted(append(dst, `"success":false,"ret_msg":`...), []byte(why.text))
	if id != nil {
		dst = appendQuoted(append(dst, `,"req_id":`...), id)
	}
	dst = appendQuoted(append(append(append(dst, `,"conn_id":"`...), s.connID...), `","op":`...), []byte(op))
	s.say(now, append(dst, '}'))
}

func (s *bybitSession) pong(now int64, id []byte) {
	millis := appendInt(nil, s.v.clock(now)/1e6)
	dst := s.text[:0]
	switch s.role {
	case bybitTrade:
		dst = append(append(dst, `{"retCode":0,"retMsg":"OK","op":"pong","data":["`...), millis...)
		dst = append(append(append(dst, `"],"connId":"`...), s.connID...), `"}`...)
	case bybitPrivate:
		dst = append(append(dst, `{"op":"pong","args":["`...), millis...)
		dst = append(append(append(dst, `"],"conn_id":"`...), s.connID...), '"')
		if id != nil {
			dst = appendQuoted(append(dst, `,"req_id":`...), id)
		}
		dst = append(dst, '}')
	default:
		dst = append(append(dst, `{"success":true,"ret_msg":"pong","conn_id":"`...), s.connID...)
		dst = append(dst, `","op":"ping"}`...)
	}
	s.say(now, dst)
}

func (s *bybitSession) say(now int64, text []byte) {
	s.text = text
	s.c.send(now, now, text)
}

// string is a string member's text, or nil.
func (s *bybitSession) string(object int, name string) []byte {
	doc := &s.c.doc
	at := doc.find(object, name)
	if doc.kind(at) != jsonString {
		return nil
	}
	return doc.str(at)
}

// subscribe takes topics.
func (s *bybitSession) subscribe(now int64, op string, id []byte) *refusal {
	if s.role == bybitPrivate && s.key == nil {
		return &refusal{cBadSignatures, 0, 10004, "Request not authorized.", 0}
	}
	doc := &s.c.doc
	list := doc.find(0, "args")
	if doc.kind(list) != jsonArray {
		return &refusal{cBadParams, 0, 10001, "Params Error: args.", 0}
	}
	var names []string
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if doc.kind(i) != jsonString || s.role == bybitPrivate && !bybitTopic(string(doc.str(i))) {
			return &refusal{cBadParams, 0, 10001, "error:handler not found", 0}
		}
		names = append(names, string(doc.str(i)))
	}
	s.succeed(now, op, id)
	if s.role == bybitPublic {
		s.market.follow(names, op == "subscribe")
		s.market.waits = false
		return nil
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	for _, name := range names {
		s.key.account.unsubscribeTopic(s.c, name)
		if op == "subscribe" {
			s.key.account.subscribe(s.c, name)
			s.topics = append(s.topics, name)
		}
	}
	s.renewLocked(now)
	return nil
}

// bybitTopic tells whether a private topic exists: order, execution, execution.fast, alone or with a category; dcp.
func bybitTopic(name string) bool {
	switch name {
	case "dcp.future", "dcp.spot", "dcp.option", "position", "wallet":
		return true
	}
	for _, base := range []string{"execution.fast", "execution", "order"} {
		rest, ok := strings.CutPrefix(name, base)
		if ok {
			return rest == "" || rest == ".spot" || rest == ".linear" || rest == ".inverse" || rest == ".option"
		}
	}
	return false
}

// renewDisconnect pushes the disconnect protection of the account back: it counts from the last message of any private
// socket that subscribed to it.
func (s *bybitSession) renewDisconnect(now int64) {
	if s.role != bybitPrivate || s.key == nil || len(s.topics) == 0 {
		return
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	s.renewLocked(now)
}

func (s *bybitSession) renewLocked(now int64) {
	for _, topic := range s.topics {
		product, ok := strings.CutPrefix(topic, "dcp.")
		if !ok {
			continue
		}
		category := product
		if product == "future" {
			category = "linear"
		}
		s.v.armCategory(s.key.account, category, now+s.key.account.window(product))
	}
}

// window is the disconnect protection's time of a product: 10 s unless it was set.
func (a *account) window(product string) int64 {
	if nanos := a.dcp[product]; nanos > 0 {
		return nanos
	}
	return 10e9
}
