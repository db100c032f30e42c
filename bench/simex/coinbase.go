package simex

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// coinbase is the Coinbase Exchange API: REST order entry over HTTP/1.1 and the WebSocket feed.
//
// Source: docs.cdp.coinbase.com/exchange (read 2026-11), exchange-sdk-go at commit 8c81fe38.
type coinbase struct{ v *Venue }

func newCoinbase(v *Venue) *coinbase { return &coinbase{v: v} }

// coinbaseCall is one REST request.
type coinbaseCall struct {
	b       *coinbase
	v       *Venue
	c       *Conn
	r       *request
	now     int64
	key     *apiKey
	account *account
	plan    Plan
}

// rest answers one request. Errors are {"message":...} with a 4xx.
func (b *coinbase) rest(c *Conn, now int64, r *request) *reply {
	call := &coinbaseCall{b: b, v: b.v, c: c, r: r, now: now}
	run, private := call.route()
	if run == nil {
		b.v.tally.add(cUnexpected)
		return coinbaseFault(404, "NotFound")
	}
	b.v.mu.Lock()
	defer b.v.mu.Unlock()
	if now < b.v.closedUntil {
		return coinbaseFault(503, "Service Unavailable")
	}
	if private {
		if why := call.authenticate(); why != nil {
			why.count(b.v)
			return coinbaseFault(why.status, why.text)
		}
	}
	body, why := run()
	answer := &reply{status: 200, body: body}
	if why != nil {
		why.count(b.v)
		answer = coinbaseFault(why.status, why.text)
	}
	b.v.publish(now, c, &call.plan)
	return c.planned(now, answer, &call.plan)
}

// planned lets a script have its way with a REST answer: nil when nothing may be said now.
func (c *Conn) planned(now int64, answer *reply, plan *Plan) *reply {
	switch {
	case plan.Cut:
		c.end(ErrReset)
		return nil
	case plan.AckLost:
		c.hung = true
		return nil
	case plan.Unknown || plan.Vanish:
		answer = coinbaseFault(500, "Internal server error")
	}
	if plan.AckDelay > 0 {
		c.respondLater(now, now+plan.AckDelay, answer)
		return nil
	}
	return answer
}

func coinbaseFault(status int, text string) *reply {
	return &reply{status: status, body: append(appendQuoted([]byte(`{"message":`), []byte(text)), '}')}
}

// route finds what a path does and whether it needs a signature. All of it runs under the venue's lock.
func (call *coinbaseCall) route() (run func() ([]byte, *refusal), private bool) {
	path := string(call.r.path)
	switch call.r.method + " " + path {
	case "GET /time":
		return call.time, false
	case "GET /products":
		return call.products, false
	case "POST /orders":
		return call.place, true
	case "GET /orders":
		return call.list, true
	case "DELETE /orders":
		return call.cancelAll, true
	case "GET /fills":
		return call.fills, true
	case "GET /accounts":
		return func() ([]byte, *refusal) { return []byte("[]"), nil }, true
	}
	if id, ok := strings.CutPrefix(path, "/orders/"); ok && id != "" {
		switch call.r.method {
		case "GET":
			return func() ([]byte, *refusal) { return call.one(id) }, true
		case "DELETE":
			return func() ([]byte, *refusal) { return call.cancel(id) }, true
		}
	}
	if id, ok := strings.CutPrefix(path, "/products/"); ok && call.r.method == "GET" {
		if symbol, isBook := strings.CutSuffix(id, "/book"); isBook {
			return func() ([]byte, *refusal) { return call.book(symbol) }, false
		}
		return func() ([]byte, *refusal) { return call.product(id) }, false
	}
	return nil, false
}

// authenticate checks the CB-ACCESS headers. The venue's lock is held.
func (call *coinbaseCall) authenticate() *refusal {
	name, n := call.r.header("CB-ACCESS-KEY")
	sign, _ := call.r.header("CB-ACCESS-SIGN")
	stamp, _ := call.r.header("CB-ACCESS-TIMESTAMP")
	phrase, _ := call.r.header("CB-ACCESS-PASSPHRASE")
	if _, agents := call.r.header("User-Agent"); agents != 1 {
		return &refusal{cBadParams, 400, 0, "User-Agent header is required.", 0}
	}
	key := call.v.keys[string(name)]
	if n != 1 || key == nil {
		return &refusal{cBadKeys, 401, 0, "Invalid API Key", 0}
	}
	payload := append([]byte(nil), stamp...)
	payload = append(append(payload, call.r.method...), call.r.target...)
	if why := call.b.verify(key, call.now, append(payload, call.r.body...), stamp, sign, phrase); why != nil {
		return why
	}
	call.key, call.account = key, key.account
	if limit := call.v.config.Limits.OrdersPerSecond; limit > 0 && !key.account.bucket.take(call.now, int64(limit), 2*int64(limit)) {
		return &refusal{cOverLimit, 429, 0, "Private rate limit exceeded", 0}
	}
	return nil
}

// verify checks a signature over timestamp, method, path with query, and body, for REST and for the feed.
func (b *coinbase) verify(key *apiKey, now int64, payload, stamp, sign, phrase []byte) *refusal {
	secret, err := base64.StdEncoding.DecodeString(key.Secret)
	if err != nil {
		return &refusal{cBadKeys, 401, 0, "Invalid API Key", 0}
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(payload)
	given, err := base64.StdEncoding.Strict().DecodeString(string(sign))
	switch {
	case err != nil || !hmac.Equal(given, mac.Sum(nil)):
		return &refusal{cBadSignatures, 401, 0, "invalid signature", 0}
	case !hmac.Equal(phrase, []byte(key.Passphrase)):
		return &refusal{cBadSignatures, 401, 0, "Invalid Passphrase", 0}
	}
	seconds, fault := parseAmount(stamp)
	if fault != numberFine {
		return &refusal{cBadParams, 400, 0, "invalid timestamp", 0}
	}
	server := amount(b.v.clock(now) / 10) // 10^-8 s, as amounts are
	if seconds > server+30*amountOne || seconds < server-30*amountOne {
		return &refusal{cBadWindow, 400, 0, "request timestamp expired", 0}
	}
	return nil
}

func (call *coinbaseCall) time() ([]byte, *refusal) {
	server := call.v.clock(call.now)
	dst := appendRFC3339([]byte(`{"iso":"`), server)
	dst = append(appendInt(append(dst, `","epoch":`...), server/1e9), '.')
	millis := strconv.FormatInt(1000+server%1e9/1e6, 10)
	return append(append(dst, millis[1:]...), '}'), nil
}

func (call *coinbaseCall) products() ([]byte, *refusal) {
	dst := []byte{'['}
	for i, ins := range call.v.instruments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendProduct(dst, ins)
	}
	return append(dst, ']'), nil
}

func (call *coinbaseCall) product(symbol string) ([]byte, *refusal) {
	ins := call.v.instrument([]byte(symbol))
	if ins == nil {
		return nil, &refusal{cBadParams, 404, 0, "NotFound", 0}
	}
	return appendProduct(nil, ins), nil
}

func appendProduct(dst []byte, ins *instrument) []byte {
	dst = append(append(dst, `{"id":"`...), ins.Symbol...)
	dst = append(append(dst, `","base_currency":"`...), ins.Base...)
	dst = append(append(dst, `","quote_currency":"`...), ins.Quote...)
	dst = append(append(dst, `","quote_increment":"`...), ins.Tick...)
	dst = append(append(dst, `","base_increment":"`...), ins.Step...)
	dst = ins.minNotional.appendShort(append(dst, `","min_market_funds":"`...))
	return append(dst, `","status":"online","post_only":false,"limit_only":false,"cancel_only":false,"trading_disabled":false}`...)
}

func (call *coinbaseCall) book(symbol string) ([]byte, *refusal) {
	ins := call.v.instrument([]byte(symbol))
	if ins == nil {
		return nil, &refusal{cBadParams, 404, 0, "NotFound", 0}
	}
	dst := appendInt([]byte(`{"sequence":`), ins.sequence)
	q := ins.quote
	level := func(price, qty amount) {
		if price > 0 {
			dst = qty.appendShort(append(price.appendShort(append(dst, `["`...)), `","`...))
			dst = append(dst, `",1]`...)
		}
	}
	dst = append(dst, `,"bids":[`...)
	level(q.bid, q.bidQty)
	dst = append(dst, `],"asks":[`...)
	level(q.ask, q.askQty)
	return append(dst, `]}`...), nil
}

// find is an order by the venue's id, or by client:<client_oid>.
func (call *coinbaseCall) find(id string) *order {
	o := call.v.byUID[id]
	if client, ok := strings.CutPrefix(id, "client:"); ok {
		o = call.account.latest[client]
	}
	if o == nil || o.account != call.account {
		return nil
	}
	return o
}

func (call *coinbaseCall) one(id string) ([]byte, *refusal) {
	o := call.find(id)
	call.plan = call.v.planFor("query", call.now, call.account, "", []byte(id))
	if call.plan.Reject != "" {
		return nil, coinbaseReject(&call.plan)
	}
	if o == nil || call.now < o.hiddenUntil {
		return nil, &refusal{counterCount, 404, 0, "NotFound", 0}
	}
	return call.v.appendCoinbaseOrder(nil, o), nil
}

// list is GET /orders: open orders, or those of the statuses asked for.
func (call *coinbaseCall) list() ([]byte, *refusal) {
	call.plan = call.v.planFor("query", call.now, call.account, "", nil)
	if call.plan.Reject != "" {
		return nil, coinbaseReject(&call.plan)
	}
	all := bytes.Contains(call.r.query, []byte("status=all")) || bytes.Contains(call.r.query, []byte("status=done"))
	product, only := call.r.parameter("product_id")
	dst := []byte{'['}
	for _, o := range call.v.orders {
		if o.account != call.account || call.now < o.hiddenUntil || !all && !o.open() || only && o.instrument.Symbol != string(product) {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = call.v.appendCoinbaseOrder(dst, o)
	}
	return append(dst, ']'), nil
}

// fills is GET /fills: newest first, as the venue pages them.
func (call *coinbaseCall) fills() ([]byte, *refusal) {
	call.plan = call.v.planFor("query", call.now, call.account, "", nil)
	if call.plan.Reject != "" {
		return nil, coinbaseReject(&call.plan)
	}
	id, byOrder := call.r.parameter("order_id")
	product, byProduct := call.r.parameter("product_id")
	if !byOrder && !byProduct {
		return nil, &refusal{cBadParams, 400, 0, "order_id or product_id is required", 0}
	}
	list := call.v.fills(call.account, nil, call.now)
	dst := []byte{'['}
	for i := len(list) - 1; i >= 0; i-- {
		f := &list[i]
		if byOrder && f.order.uid != string(id) || byProduct && f.order.instrument.Symbol != string(product) {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		liquidity := "T"
		if f.maker {
			liquidity = "M"
		}
		dst = appendInt(append(dst, `{"trade_id":`...), int64(f.id))
		dst = append(append(dst, `,"product_id":"`...), f.order.instrument.Symbol...)
		dst = append(append(dst, `","order_id":"`...), f.order.uid...)
		dst = append(append(dst, `","side":"`...), krakenSides[f.order.side]...)
		dst = f.price.appendShort(append(dst, `","price":"`...))
		dst = f.qty.appendShort(append(dst, `","size":"`...))
		dst = append(append(dst, `","fee":"0","settled":true,"liquidity":"`...), liquidity...)
		dst = appendRFC3339(append(dst, `","created_at":"`...), call.v.clock(f.at))
		dst = append(dst, `"}`...)
	}
	return append(dst, ']'), nil
}

func (call *coinbaseCall) cancel(id string) ([]byte, *refusal) {
	o := call.find(id)
	call.plan = call.v.planFor("cancel", call.now, call.account, "", []byte(id))
	switch {
	case call.plan.Reject != "":
		return nil, coinbaseReject(&call.plan)
	case o == nil:
		return nil, &refusal{counterCount, 404, 0, "order not found", 0}
	case !o.open():
		return nil, &refusal{counterCount, 400, 0, "Order already done", 0}
	}
	if !call.plan.Vanish {
		call.v.cancel(call.now, o, "canceled")
	}
	return appendQuoted(nil, []byte(o.uid)), nil
}

func (call *coinbaseCall) cancelAll() ([]byte, *refusal) {
	product, only := call.r.parameter("product_id")
	dst := []byte{'['}
	for _, o := range call.v.openOrders(call.account, nil) {
		if only && o.instrument.Symbol != string(product) {
			continue
		}
		call.v.cancel(call.now, o, "canceled")
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, []byte(o.uid))
	}
	return append(dst, ']'), nil
}

// coinbaseReject words a scripted rejection.
func coinbaseReject(plan *Plan) *refusal {
	status, which := plan.Status, cRejected
	if status == 0 {
		status = 400
	}
	if status == 429 {
		which = counterCount
	}
	return &refusal{which, status, 0, plan.Reject, 0}
}
