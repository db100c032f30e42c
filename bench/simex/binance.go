package simex

import (
	"bytes"
	"strings"
)

// binance is the Spot WebSocket API v3, its REST twin, its market streams and user data; with futures set it is
// USD-M futures, which shares nearly everything (see usdm.go for what it does not).
//
// Source: binance-spot-api-docs at commit a5e0bc3d (2026-07-21), web-socket-api.md, rest-api.md,
// web-socket-streams.md, user-data-stream.md, errors.md.
type binance struct {
	v       *Venue
	futures bool
	methods map[string]*binanceMethod
	routes  map[string]string // REST: "GET /api/v3/time" to the method's name
}

func newBinance(v *Venue) *binance {
	return &binance{v: v, methods: binanceMethods(), routes: binanceRoutes()}
}

func (b *binance) open(c *Conn, now int64, r *request) (session, *reply) {
	path := string(r.path)
	if b.v.maintained(now) {
		return nil, &reply{status: 503, body: []byte(`{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}`)}
	}
	switch {
	case path == b.orderPath():
		return b.openOrders(c, now, r)
	case b.futures:
		return b.openFuturesStream(c, now, r)
	case path == "/ws" || path == "/stream" || strings.HasPrefix(path, "/ws/"):
		return openMarket(c, now, r, path)
	}
	b.v.tally.add(cUnexpected)
	return nil, &reply{status: 404, body: []byte(`{"code":-1000,"msg":"unknown path"}`)}
}

func (b *binance) orderPath() string {
	if b.futures {
		return "/ws-fapi/v1"
	}
	return "/ws-api/v3"
}

func (b *binance) openOrders(c *Conn, now int64, r *request) (session, *reply) {
	if status := b.v.admitConnect(now, 2); status != 0 {
		return nil, &reply{status: status, body: []byte(`{"code":-1003,"msg":"Too many connections."}`)}
	}
	if b.futures {
		c.startPings(now, 180e9, 600e9, 24*3600e9)
	} else {
		c.startPings(now, 20e9, 60e9, 24*3600e9) // web-socket-api.md, General API information
	}
	s := &binanceSession{b: b, v: b.v, c: c, limits: true}
	if value, ok := r.parameter("returnRateLimits"); ok {
		s.limits = string(value) != "false"
	}
	if value, ok := r.parameter("timeUnit"); ok {
		s.micros = bytes.EqualFold(value, []byte("MICROSECOND"))
	}
	return s, nil
}

// admitConnect spends the weight of a new connection; 0, or the HTTP status that refuses it.
func (v *Venue) admitConnect(now int64, weight int64) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.usage.banned(now) {
		if which := v.usage.banCounter(); which < counterCount {
			v.tally.add(which)
		}
		return 418
	}
	if !v.usage.connected(now, v.config.Limits.ConnectsPer5Min) {
		v.tally.add(cOverLimit)
		return 429
	}
	v.usage.spend(now, weight)
	return 0
}

// notice is the serverShutdown event, on order and market connections alike.
func (b *binance) notice(c *Conn, now int64) {
	text := append(appendInt([]byte(`{"e":"serverShutdown","E":`), b.v.clock(now)/1e6), '}')
	if market, ok := c.session.(*marketSession); ok && market.combined {
		text = append(append([]byte(`{"stream":"!serverShutdown","data":`), text...), '}')
	} else if !ok {
		text = append(append([]byte(`{"event":`), text...), '}')
	}
	c.send(now, now, text)
}

// expire revokes the key: the logon is gone, user streams and listen keys are over.
func (b *binance) expire(c *Conn, now int64) {
	switch s := c.session.(type) {
	case *listenSession:
		s.expire(now)
	case *binanceSession:
		if s.stream > 0 {
			text := appendInt([]byte(`{"subscriptionId":`), int64(s.stream-1))
			text = s.stamp(append(text, `,"event":{"e":"eventStreamTerminated","E":`...), now)
			c.send(now, now, append(text, '}', '}'))
			s.dropStream()
		}
		if s.logged != nil {
			s.logged, s.revoked = nil, true
			c.send(now, now, []byte(`{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}`))
		}
	}
}

// binanceMethod is one row of the method table.
type binanceMethod struct {
	weight int64
	auth   binanceAuth
	params string // allowed names, blank-separated, apart from those of every signed request
	must   string // names that may not be missing
	run    func(*binanceSession, *binanceCall) *refusal
}

type binanceAuth uint8

const (
	authNone    binanceAuth = iota
	authKey                 // the key's name alone
	authSigned              // signed, or after a logon
	authLogon               // signed, and by an Ed25519 key
	authSession             // after a logon only
	authAlways              // signed whether logged on or not
)

const (
	signedParams = " apiKey signature timestamp recvWindow "
	orderParams  = " symbol side type timeInForce price quantity quoteOrderQty newClientOrderId newOrderRespType selfTradePreventionMode icebergQty strategyId strategyType "
	orderMust    = "symbol side type timestamp"
	oneOrder     = " symbol orderId origClientOrderId "
)

func binanceMethods() map[string]*binanceMethod {
	return map[string]*binanceMethod{
		"ping":                               {1, authNone, "", "", (*binanceSession).ping},
		"time":                               {1, authNone, "", "", (*binanceSession).time},
		"exchangeInfo":                       {20, authNone, " symbol symbols permissions ", "", (*binanceSession).exchangeInfo},
		"depth":                              {5, authNone, " symbol limit ", "symbol", (*binanceSession).depth},
		"session.logon":                      {2, authLogon, "", "apiKey signature timestamp", (*binanceSession).logon},
		"session.status":                     {2, authNone, "", "", (*binanceSession).status},
		"session.logout":                     {2, authNone, "", "", (*binanceSession).logout},
		"userDataStream.subscribe":           {2, authSession, "", "", (*binanceSession).subscribe},
		"userDataStream.unsubscribe":         {2, authNone, " subscriptionId ", "", (*binanceSession).unsubscribe},
		"userDataStream.subscribe.signature": {2, authAlways, "", "apiKey signature timestamp", (*binanceSession).subscribe},
		"order.place":                        {1, authSigned, orderParams, orderMust, (*binanceSession).place},
		"order.test":                         {1, authSigned, orderParams + "computeCommissionRates ", orderMust, (*binanceSession).test},
		"order.cancel":                       {1, authSigned, oneOrder + "newClientOrderId cancelRestrictions ", "symbol timestamp", (*binanceSession).cancel},
		"order.cancelReplace":                {1, authSigned, orderParams + cancelReplaceParams, orderMust + " cancelReplaceMode", (*binanceSession).cancelReplace},
		"order.amend.keepPriority":           {4, authSigned, oneOrder + "newClientOrderId newQty ", "symbol newQty timestamp", (*binanceSession).amend},
		"order.status":                       {4, authSigned, oneOrder, "symbol timestamp", (*binanceSession).query},
		"openOrders.status":                  {6, authSigned, " symbol ", "timestamp", (*binanceSession).queryOpen},
		"openOrders.cancelAll":               {1, authSigned, " symbol ", "symbol timestamp", (*binanceSession).cancelAll},
		"myTrades":                           {20, authSigned, " symbol orderId startTime endTime fromId limit ", "symbol timestamp", (*binanceSession).trades},
		"account.status":                     {20, authSigned, " omitZeroBalances ", "timestamp", (*binanceSession).accountStatus},
		"account.rateLimits.orders":          {40, authSigned, "", "timestamp", (*binanceSession).orderLimits},
		"account.restrictions":               {1, authSigned, "", "timestamp", (*binanceSession).restrictions},
	}
}
