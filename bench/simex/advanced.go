package simex

import (
	"bytes"
	"strconv"
	"strings"
)

// advanced is Coinbase Advanced Trade: REST orders under a JWT, and the WebSocket with its user channel.
//
// Source: coinbase-advanced-py at commit 54fb8ed3 (2026-06-19), docs.cdp.coinbase.com/advanced-trade (read 2026-11).
type advanced struct {
	v      *Venue
	nonces map[string]struct{} // JWTs that were used on a socket
}

func newAdvanced(v *Venue) *advanced { return &advanced{v: v, nonces: map[string]struct{}{}} }

const (
	advancedAPI  = "/api/v3/brokerage"
	advancedHost = "api.coinbase.com"
)

// advancedCall is one REST request.
type advancedCall struct {
	b       *advanced
	v       *Venue
	c       *Conn
	r       *request
	now     int64
	key     *apiKey
	account *account
	plan    Plan
}

func (b *advanced) rest(c *Conn, now int64, r *request) *reply {
	call := &advancedCall{b: b, v: b.v, c: c, r: r, now: now}
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
			return call.limited(coinbaseFault(why.status, why.text))
		}
	}
	body, why := run()
	answer := &reply{status: 200, body: body}
	if why != nil {
		why.count(b.v)
		answer = coinbaseFault(why.status, why.text)
	}
	b.v.publish(now, c, &call.plan)
	return c.planned(now, call.limited(answer), &call.plan)
}

// limited adds the usage headers.
func (call *advancedCall) limited(answer *reply) *reply {
	limit, left := int64(call.v.config.Limits.OrdersPerSecond), int64(0)
	if call.account != nil {
		left = max(0, limit-call.account.second("").load(call.now))
	}
	answer.headers = append(
		answer.headers,
		header{[]byte("x-ratelimit-limit"), strconv.AppendInt(nil, limit, 10)},
		header{[]byte("x-ratelimit-remaining"), strconv.AppendInt(nil, left, 10)},
		header{[]byte("x-ratelimit-reset"), strconv.AppendInt(nil, 1, 10)},
	)
	return answer
}

func (call *advancedCall) route() (run func() ([]byte, *refusal), private bool) {
	path, ok := strings.CutPrefix(string(call.r.path), advancedAPI)
	if !ok {
		return nil, false
	}
	switch call.r.method + " " + path {
	case "GET /time":
		return call.time, false
	case "GET /market/products", "GET /products":
		return call.products, path == "/products"
	case "POST /orders":
		return call.place, true
	case "POST /orders/batch_cancel":
		return call.batchCancel, true
	case "POST /orders/edit":
		return call.edit, true
	case "GET /orders/historical/batch":
		return call.list, true
	case "GET /orders/historical/fills":
		return call.fills, true
	case "GET /key_permissions":
		return call.permissions, true
	case "GET /accounts":
		return func() ([]byte, *refusal) { return []byte(`{"accounts":[],"has_next":false,"cursor":"","size":0}`), nil }, true
	}
	if id, ok := strings.CutPrefix(path, "/orders/historical/"); ok && call.r.method == "GET" {
		return func() ([]byte, *refusal) { return call.one(id) }, true
	}
	return nil, false
}

// authenticate checks the bearer token. It may be used again for the same method and path while it lives.
func (call *advancedCall) authenticate() *refusal {
	value, n := call.r.header("Authorization")
	token, ok := bytes.CutPrefix(value, []byte("Bearer "))
	if n != 1 || !ok {
		return &refusal{cBadSignatures, 401, 0, "Unauthorized", 0}
	}
	host, _ := call.r.header("Host")
	path := string(call.r.path)
	t, why := call.v.verifyJWT(call.now, token, call.r.method+" "+advancedHost+path, call.r.method+" "+string(host)+path)
	if why != nil {
		return why
	}
	call.key, call.account = t.key, t.key.account
	if limit := call.v.config.Limits.OrdersPerSecond; limit > 0 && call.account.second("").add(call.now) > int64(limit) {
		return &refusal{cOverLimit, 429, 0, "Too many requests", 0}
	}
	return nil
}

func (call *advancedCall) time() ([]byte, *refusal) {
	server := call.v.clock(call.now)
	dst := appendRFC3339([]byte(`{"iso":"`), server)
	dst = appendInt(append(dst, `","epochSeconds":"`...), server/1e9)
	return append(appendInt(append(dst, `","epochMillis":"`...), server/1e6), `"}`...), nil
}

func (call *advancedCall) products() ([]byte, *refusal) {
	dst := []byte(`{"products":[`)
	for i, ins := range call.v.instruments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `{"product_id":"`...), ins.Symbol...)
		dst = append(append(dst, `","base_currency_id":"`...), ins.Base...)
		dst = append(append(dst, `","quote_currency_id":"`...), ins.Quote...)
		dst = append(append(dst, `","price_increment":"`...), ins.Tick...)
		dst = append(append(dst, `","quote_increment":"`...), ins.Tick...)
		dst = append(append(dst, `","base_increment":"`...), ins.Step...)
		dst = ins.minQty.appendShort(append(dst, `","base_min_size":"`...))
		dst = ins.maxQty.appendShort(append(dst, `","base_max_size":"`...))
		dst = append(dst, `","status":"online","trading_disabled":false,"cancel_only":false,"limit_only":false,"post_only":false,"product_type":"SPOT"}`...)
	}
	return append(appendInt(append(dst, `],"num_products":`...), int64(len(call.v.instruments))), '}'), nil
}

func (call *advancedCall) permissions() ([]byte, *refusal) {
	dst := appendBool([]byte(`{"can_view":true,"can_trade":`), !call.key.NoTrade)
	dst = appendBool(append(dst, `,"can_transfer":`...), call.key.Withdraws)
	return append(dst, `,"portfolio_uuid":"8058d771-2d88-4f0f-ab6e-299c153d4308","portfolio_type":"DEFAULT"}`...), nil
}

func (call *advancedCall) one(id string) ([]byte, *refusal) {
	o := call.v.byUID[id]
	call.plan = call.v.planFor("query", call.now, call.account, "", []byte(id))
	if call.plan.Reject != "" {
		return nil, coinbaseReject(&call.plan)
	}
	if o == nil || o.account != call.account || call.now < o.hiddenUntil {
		return nil, &refusal{counterCount, 404, 0, "NOT_FOUND", 0}
	}
	return append(call.v.appendAdvancedOrder([]byte(`{"order":`), o, o.done, o.value, o.state), '}'), nil
}

// list is historical/batch; order_status=OPEN asks for open ones.
func (call *advancedCall) list() ([]byte, *refusal) {
	call.plan = call.v.planFor("query", call.now, call.account, "", nil)
	if call.plan.Reject != "" {
		return nil, coinbaseReject(&call.plan)
	}
	open := bytes.Contains(call.r.query, []byte("order_status=OPEN"))
	dst := []byte(`{"orders":[`)
	for _, o := range call.v.orders {
		if o.account != call.account || call.now < o.hiddenUntil || open && !o.open() {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = call.v.appendAdvancedOrder(dst, o, o.done, o.value, o.state)
	}
	return append(dst, `],"sequence":"0","has_next":false,"cursor":""}`...), nil
}

func (call *advancedCall) fills() ([]byte, *refusal) {
	call.plan = call.v.planFor("query", call.now, call.account, "", nil)
	if call.plan.Reject != "" {
		return nil, coinbaseReject(&call.plan)
	}
	dst := []byte(`{"fills":[`)
	for _, f := range call.v.fills(call.account, nil, call.now) {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = appendExecID(append(dst, `{"entry_id":"`...), f.id, f.order.side)
		dst = appendInt(append(dst, `","trade_id":"`...), int64(f.id))
		dst = append(append(dst, `","order_id":"`...), f.order.uid...)
		dst = appendRFC3339(append(dst, `","trade_time":"`...), call.v.clock(f.at))
		dst = f.price.appendShort(append(dst, `","trade_type":"FILL","price":"`...))
		dst = f.qty.appendShort(append(dst, `","size":"`...))
		dst = append(append(dst, `","commission":"0","product_id":"`...), f.order.instrument.Symbol...)
		liquidity := "TAKER"
		if f.maker {
			liquidity = "MAKER"
		}
		dst = append(append(dst, `","liquidity_indicator":"`...), liquidity...)
		dst = append(append(append(dst, `","side":"`...), binanceSides[f.order.side]...), `"}`...)
	}
	return append(dst, `],"cursor":""}`...), nil
}

// batchCancel answers once an order; success says that the request was taken, not that the order is dead.
func (call *advancedCall) batchCancel() ([]byte, *refusal) {
	doc := &call.c.doc
	if doc.parse(call.r.body) != nil || doc.kind(0) != jsonObject {
		return nil, &refusal{cBadJSON, 400, 0, "Invalid JSON", 0}
	}
	list := doc.find(0, "order_ids")
	if doc.kind(list) != jsonArray {
		return nil, coinbaseInvalid("order_ids")
	}
	dst := []byte(`{"results":[`)
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if doc.kind(i) != jsonString {
			return nil, coinbaseInvalid("order_ids")
		}
		id := doc.str(i)
		o := call.v.byUID[string(id)]
		call.plan = call.v.planFor("cancel", call.now, call.account, "", id)
		reason := "UNKNOWN_CANCEL_FAILURE_REASON"
		done := o != nil && o.account == call.account && o.open() && call.plan.Reject == ""
		if done && !call.plan.Vanish {
			call.v.cancel(call.now, o, "User requested cancel")
		} else if !done {
			reason = "UNKNOWN_CANCEL_ORDER"
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = appendBool(append(dst, `{"success":`...), done)
		dst = appendQuoted(append(append(append(dst, `,"failure_reason":"`...), reason...), `","order_id":`...), id)
		dst = append(dst, '}')
	}
	return append(dst, `]}`...), nil
}
