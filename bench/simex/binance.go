package simex

import (
	"bytes"
	"strings"
)

// binance is the Spot WebSocket API v3, its market streams and user data.
//
// Source: binance-spot-api-docs at commit a5e0bc3d (2026-07-21), web-socket-api.md, web-socket-streams.md,
// user-data-stream.md, errors.md.
type binance struct {
	v       *Venue
	methods map[string]*binanceMethod
}

func newBinance(v *Venue) *binance { return &binance{v: v, methods: binanceMethods()} }

func (b *binance) open(c *Conn, now int64, r *request) (session, *reply) {
	path := string(r.path)
	switch {
	case path == "/ws-api/v3":
		return b.openOrders(c, now, r)
	case path == "/ws" || path == "/stream" || strings.HasPrefix(path, "/ws/"):
		return openMarket(c, now, r)
	}
	b.v.tally.add(cUnexpected)
	return nil, &reply{status: 404, body: []byte(`{"code":-1000,"msg":"unknown path"}`)}
}

func (b *binance) openOrders(c *Conn, now int64, r *request) (session, *reply) {
	if b.v.maintained(now) {
		return nil, &reply{status: 503, body: []byte(`{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}`)}
	}
	if refused := b.v.admitConnect(now); refused != nil {
		return nil, &reply{status: refused.status, body: []byte(`{"code":-1003,"msg":"Too many connections; banned."}`)}
	}
	c.startPings(now, 20e9, 60e9, 24*3600e9) // web-socket-api.md, General API information
	s := &binanceSession{v: b.v, c: c, methods: b.methods, limits: true}
	if value, ok := r.parameter("returnRateLimits"); ok {
		s.limits = string(value) != "false"
	}
	if value, ok := r.parameter("timeUnit"); ok {
		s.micros = bytes.EqualFold(value, []byte("MICROSECOND"))
	}
	return s, nil
}

// admitConnect spends the weight of a new WebSocket API connection.
func (v *Venue) admitConnect(now int64) *refusal {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.usage.banned(now) {
		v.tally.add(cOverLimit)
		return &refusal{status: 418}
	}
	if !v.usage.connected(now, v.config.Limits.ConnectsPer5Min) {
		v.tally.add(cOverLimit)
		return &refusal{status: 429}
	}
	v.usage.spend(now, 2)
	return nil
}

// notice is the serverShutdown event, on order and market connections alike.
func (b *binance) notice(c *Conn, now int64) {
	dst := append(appendInt([]byte(`{"event":{"e":"serverShutdown","E":`), b.v.clock(now)/1e6), '}', '}')
	if market, ok := c.session.(*marketSession); ok {
		dst = append(appendInt([]byte(`{"e":"serverShutdown","E":`), b.v.clock(now)/1e6), '}')
		if market.combined {
			dst = append(append([]byte(`{"stream":"!serverShutdown","data":`), dst...), '}')
		}
	}
	c.send(now, now, dst)
}

// expire revokes the key: the logon is gone, the user stream is terminated.
func (b *binance) expire(c *Conn, now int64) {
	s, ok := c.session.(*binanceSession)
	if !ok {
		return
	}
	if s.stream > 0 {
		dst := appendInt([]byte(`{"subscriptionId":`), int64(s.stream-1))
		dst = s.stamp(append(dst, `,"event":{"e":"eventStreamTerminated","E":`...), now)
		c.send(now, now, append(dst, '}', '}'))
		s.dropStream()
	}
	if s.logged != nil {
		s.logged = nil
		c.send(now, now, []byte(`{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}`))
	}
}

func (b *binance) rest(_ *Conn, _ int64, _ *request) *reply {
	b.v.tally.add(cUnexpected)
	return &reply{status: 404, body: []byte(`{"code":-1000,"msg":"unknown path"}`)}
}

// binanceSession is one WebSocket API connection.
type binanceSession struct {
	v       *Venue
	c       *Conn
	methods map[string]*binanceMethod
	limits  bool
	micros  bool
	logged  *apiKey // after session.logon
	logonAt int64
	stream  int // subscription id + 1
	call    binanceCall
	payload []byte
	names   []int
}

// binanceCall is the request in work.
type binanceCall struct {
	now    int64
	id     []byte // as sent, to be echoed
	method *binanceMethod
	params int
	key    *apiKey

	// The usage right after this request, for rateLimits.
	weight    int64
	ordering  bool
	tens, day int64
}

type binanceAuth uint8

const (
	authNone binanceAuth = iota
	authSigned
	authLogon   // signed, and by an Ed25519 key
	authSession // needs an earlier logon
	authAlways  // signed whether logged on or not
)

// binanceMethod is one row of the method table.
type binanceMethod struct {
	weight int64
	auth   binanceAuth
	params string // allowed names, blank-separated, apart from the four of every signed request
	must   string // names that may not be missing
	run    func(*binanceSession, *binanceCall) *refusal
}

const (
	signedParams = " apiKey signature timestamp recvWindow "
	orderParams  = " symbol side type timeInForce price quantity quoteOrderQty newClientOrderId newOrderRespType selfTradePreventionMode icebergQty strategyId strategyType "
)

func binanceMethods() map[string]*binanceMethod {
	return map[string]*binanceMethod{
		"ping":                               {1, authNone, "", "", (*binanceSession).ping},
		"time":                               {1, authNone, "", "", (*binanceSession).time},
		"session.logon":                      {2, authLogon, "", "apiKey signature timestamp", (*binanceSession).logon},
		"session.status":                     {2, authNone, "", "", (*binanceSession).status},
		"session.logout":                     {2, authNone, "", "", (*binanceSession).logout},
		"userDataStream.subscribe":           {2, authSession, "", "", (*binanceSession).subscribe},
		"userDataStream.unsubscribe":         {2, authNone, " subscriptionId ", "", (*binanceSession).unsubscribe},
		"userDataStream.subscribe.signature": {2, authAlways, "", "apiKey signature timestamp", (*binanceSession).subscribe},
		"order.place":                        {1, authSigned, orderParams, "symbol side type timestamp", (*binanceSession).place},
		"order.test":                         {1, authSigned, orderParams + "computeCommissionRates ", "symbol side type timestamp", (*binanceSession).test},
		"order.cancel":                       {1, authSigned, " symbol orderId origClientOrderId newClientOrderId cancelRestrictions ", "symbol timestamp", (*binanceSession).cancel},
		"order.status":                       {4, authSigned, " symbol orderId origClientOrderId ", "symbol timestamp", (*binanceSession).query},
		"openOrders.status":                  {6, authSigned, " symbol ", "timestamp", (*binanceSession).queryOpen},
		"openOrders.cancelAll":               {1, authSigned, " symbol ", "symbol timestamp", (*binanceSession).cancelAll},
	}
}

func (s *binanceSession) tick(int64)  {}
func (s *binanceSession) next() int64 { return never }

// message answers one request.
func (s *binanceSession) message(now int64, text []byte) {
	call := &s.call
	*call = binanceCall{now: now, id: []byte("null"), params: -1}
	why := s.serve(call, text)
	if why == nil {
		return
	}
	why.count(s.v)
	s.refuse(call, why)
}

// serve runs one request up to its reply, or says why not.
func (s *binanceSession) serve(call *binanceCall, text []byte) *refusal {
	if err := s.c.doc.parse(text); err != nil || s.c.doc.kind(0) != jsonObject {
		return &refusal{cBadJSON, 400, -1135, "Invalid JSON Request.", 0}
	}
	if why := s.head(call); why != nil {
		return why
	}
	if why := s.admit(call); why != nil {
		return why
	}
	if why := s.checkNames(call); why != nil {
		return why
	}
	if why := s.authenticate(call); why != nil {
		return why
	}
	return call.method.run(s, call)
}

// head reads id, method and params.
func (s *binanceSession) head(call *binanceCall) *refusal {
	doc := &s.c.doc
	for i := 1; i < len(doc.nodes); i = int(doc.nodes[i].next) {
		switch string(doc.name(i)) {
		case "id":
			if !s.takeID(call, i) {
				return &refusal{cBadIDs, 400, -1100, "Illegal characters found in parameter 'id'.", 0}
			}
		case "method":
			if doc.kind(i) == jsonString {
				call.method = s.methods[strings.TrimPrefix(string(doc.str(i)), "v3/")]
			}
		case "params":
			if doc.kind(i) != jsonObject {
				return &refusal{cBadParams, 400, -1102, "params is not an object.", 0}
			}
			call.params = i
		default:
			return &refusal{cBadParams, 400, -1104, "Not all sent parameters were read.", 0}
		}
	}
	if call.method == nil {
		return &refusal{cUnexpected, 400, -1020, "This operation is not supported.", 0}
	}
	return nil
}

// takeID keeps the id as it was written: an integer, a string of at most 36 characters, or null.
func (s *binanceSession) takeID(call *binanceCall, i int) bool {
	doc := &s.c.doc
	raw := doc.raw(i)
	switch doc.kind(i) {
	case jsonNull:
		return true
	case jsonNumber:
		call.id = raw
		return !bytes.ContainsAny(raw, ".eE") && len(raw) <= 20
	case jsonString:
		if len(doc.str(i)) > 36 {
			return false
		}
		call.id = doc.text[doc.nodes[i].from-1 : doc.nodes[i].to+1]
		return true
	}
	return false
}

// admit spends the request's weight.
func (s *binanceSession) admit(call *binanceCall) *refusal {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	limits, u := &s.v.config.Limits, &s.v.usage
	if call.now < s.v.closedUntil {
		return &refusal{counterCount, 503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", 0}
	}
	if !u.banned(call.now) {
		call.weight = u.spend(call.now, call.method.weight)
		if limits.WeightPerMinute == 0 || call.weight <= int64(limits.WeightPerMinute) {
			return nil
		}
		if !u.refuse(call.now, limits) {
			retry := (call.now/60e9 + 1) * 60e3
			return &refusal{cOverLimit, 429, -1003, "Too much request weight used.", retry}
		}
	}
	s.c.closeWith(call.now, 1008, "banned")
	return &refusal{cOverLimit, 418, -1003, "Way too much request weight used; IP banned.", u.bannedUntil / 1e6}
}

// checkNames refuses parameters that the method does not know, and misses those that it needs.
func (s *binanceSession) checkNames(call *binanceCall) *refusal {
	doc := &s.c.doc
	for _, i := range s.children(call.params) {
		name := string(doc.name(i))
		known := hasWord(call.method.params, name) || call.method.auth != authNone && hasWord(signedParams, name)
		if !known {
			return &refusal{cBadParams, 400, -1104, "Not all sent parameters were read.", 0}
		}
		if kind := doc.kind(i); kind == jsonObject || kind == jsonArray || kind == jsonNull {
			return missing(name)
		}
	}
	for name := range strings.FieldsSeq(call.method.must) {
		if doc.find(call.params, name) < 0 {
			return missing(name)
		}
	}
	return nil
}

func missing(name string) *refusal {
	return &refusal{cBadParams, 400, -1102, "Mandatory parameter '" + name + "' was not sent, was empty/null, or malformed.", 0}
}

// children lists the members of an object; the list is good until the next call.
func (s *binanceSession) children(object int) []int {
	s.names = s.names[:0]
	if object < 0 {
		return nil
	}
	nodes := s.c.doc.nodes
	for i := object + 1; i < int(nodes[object].next); i = int(nodes[i].next) {
		s.names = append(s.names, i)
	}
	return s.names
}

// hasWord tells whether a blank-separated list with blanks around holds word.
func hasWord(list, word string) bool {
	for rest := list; ; {
		at := strings.Index(rest, word)
		if at < 0 || word == "" {
			return false
		}
		end := at + len(word)
		if at > 0 && rest[at-1] == ' ' && end < len(rest) && rest[end] == ' ' {
			return true
		}
		rest = rest[end:]
	}
}
