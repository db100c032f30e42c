package simex

import (
	"math"
	"strconv"
)

// rest answers /v5/... with HTTP 200 and a retCode, as the venue does.
//
// Source: docs/v5/guide.mdx: sign timestamp + key + window + (query string | raw body).
func (b *bybit) rest(c *Conn, now int64, r *request) *reply {
	call := &bybitREST{b: b, v: b.v, c: c, r: r, now: now}
	call.desk = bybitDesk{v: b.v, c: c, now: now}
	run, private := call.route()
	if run == nil {
		b.v.tally.add(cUnexpected)
		return &reply{status: 404, body: []byte(`{"retCode":10001,"retMsg":"unknown path"}`)}
	}
	why := call.admit()
	if why == nil && private {
		why = call.authenticate()
	}
	var result []byte
	if why == nil {
		b.v.mu.Lock()
		result, why = run()
		b.v.publish(now, c, &call.plan)
		b.v.mu.Unlock()
	}
	return call.answer(result, why)
}

// bybitREST is one request.
type bybitREST struct {
	b    *bybit
	v    *Venue
	c    *Conn
	r    *request
	now  int64
	desk bybitDesk
	plan Plan
}

// route finds the function of a path and whether it needs a signature. The functions run under the venue's lock.
func (call *bybitREST) route() (run func() ([]byte, *refusal), private bool) {
	switch call.r.method + " " + string(call.r.path) {
	case "GET /v5/market/time":
		return call.time, false
	case "GET /v5/market/instruments-info":
		return call.instruments, false
	case "POST /v5/order/create":
		return call.order("order.create"), true
	case "POST /v5/order/amend":
		return call.order("order.amend"), true
	case "POST /v5/order/cancel":
		return call.order("order.cancel"), true
	case "POST /v5/order/cancel-all":
		return call.cancelAll, true
	case "POST /v5/order/disconnected-cancel-all":
		return call.disconnect, true
	case "GET /v5/order/realtime":
		return call.openList, true
	case "GET /v5/order/history":
		return call.history, true
	case "GET /v5/execution/list":
		return call.executions, true
	case "GET /v5/position/list":
		return call.positions, true
	case "GET /v5/user/query-api":
		return call.keyInfo, true
	case "GET /v5/account/info":
		return fixedResult(`{"marginMode":"REGULAR_MARGIN","unifiedMarginStatus":5,"dcpStatus":"ON","timeWindow":10,"isMasterTrader":false}`), true
	case "GET /v5/account/query-dcp-info":
		return call.disconnectInfo, true
	}
	return nil, false
}

func fixedResult(text string) func() ([]byte, *refusal) {
	return func() ([]byte, *refusal) { return []byte(text), nil }
}

func (call *bybitREST) admit() *refusal {
	call.v.mu.Lock()
	defer call.v.mu.Unlock()
	u, limits := &call.v.usage, &call.v.config.Limits
	switch {
	case call.now < call.v.closedUntil:
		return &refusal{counterCount, 503, 10016, "Server error.", 0}
	case u.banned(call.now):
		return &refusal{u.banCounter(), 403, 403, "access too frequent", 0}
	case limits.WeightPerMinute > 0 && u.spend(call.now, 1) > int64(limits.WeightPerMinute):
		u.refuse(call.now, limits)
		return &refusal{cOverLimit, 403, 403, "access too frequent", 0}
	}
	return nil
}

func (call *bybitREST) authenticate() *refusal {
	name, _ := call.r.header("X-BAPI-API-KEY")
	stamp, _ := call.r.header("X-BAPI-TIMESTAMP")
	sign, _ := call.r.header("X-BAPI-SIGN")
	window, n := call.r.header("X-BAPI-RECV-WINDOW")
	checked := window
	if n == 0 {
		checked = []byte("5000")
	}
	key := call.v.keys[string(name)]
	if key == nil {
		return &refusal{cBadKeys, 200, 10003, "API key is invalid.", 0}
	}
	payload := append(append(append([]byte(nil), stamp...), name...), window...)
	if call.r.method == "GET" {
		payload = append(payload, call.r.query...)
	} else {
		payload = append(payload, call.r.body...)
	}
	if !call.b.hmacHex(key, payload, sign) {
		return &refusal{cBadSignatures, 200, 10004, "error sign! please check your signature generation algorithm.", 0}
	}
	if why := call.b.checkTime(call.now, stamp, checked); why != nil {
		return why
	}
	call.desk.key, call.desk.account = key, key.account
	if call.r.method == "POST" && (call.c.doc.parse(call.r.body) != nil || call.c.doc.kind(0) != jsonObject) {
		return &refusal{cBadJSON, 200, 10001, "Request json is invalid.", 0}
	}
	return nil
}

func (call *bybitREST) answer(result []byte, why *refusal) *reply {
	status, code, text := 200, int64(0), "OK"
	if why != nil {
		why.count(call.v)
		code, text, result = int64(why.code), why.text, []byte("{}")
		if why.status == 403 || why.status == 503 {
			status = why.status
		}
	} else if call.plan.Unknown || call.plan.Vanish {
		code, text, result = 10016, "Internal server error.", []byte("{}")
	}
	body := appendQuoted(append(appendInt([]byte(`{"retCode":`), code), `,"retMsg":`...), []byte(text))
	body = append(append(append(body, `,"result":`...), result...), `,"retExtInfo":{},"time":`...)
	body = append(call.b.millis(body, call.now), '}')
	answer := &reply{status: status, body: body}
	switch {
	case call.plan.Cut:
		call.c.end(ErrReset)
		return nil
	case call.plan.AckLost:
		call.c.hung = true
		return nil
	case call.plan.AckDelay > 0:
		call.c.respondLater(call.now, call.now+call.plan.AckDelay, answer)
		return nil
	}
	return answer
}

func (call *bybitREST) time() ([]byte, *refusal) {
	server := call.v.clock(call.now)
	dst := appendInt([]byte(`{"timeSecond":"`), server/1e9)
	return append(appendInt(append(dst, `","timeNano":"`...), server), `"}`...), nil
}

func (call *bybitREST) instruments() ([]byte, *refusal) {
	category := call.value("category")
	dst := append(append([]byte(`{"category":"`), category...), `","list":[`...)
	first := true
	for _, ins := range call.v.instruments {
		if wanted := call.value("symbol"); wanted != "" && wanted != ins.Symbol {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, `{"symbol":"`...), ins.Symbol...)
		dst = append(append(dst, `","status":"Trading","baseCoin":"`...), ins.Base...)
		dst = append(append(dst, `","quoteCoin":"`...), ins.Quote...)
		dst = append(append(dst, `","priceFilter":{"tickSize":"`...), ins.Tick...)
		name := `"},"lotSizeFilter":{"qtyStep":"`
		if category == "spot" {
			name = `"},"lotSizeFilter":{"basePrecision":"`
		}
		dst = append(append(dst, name...), ins.Step...)
		dst = ins.minQty.appendShort(append(dst, `","minOrderQty":"`...))
		dst = ins.maxQty.appendShort(append(dst, `","maxOrderQty":"`...))
		dst = ins.minNotional.appendShort(append(dst, `","minNotionalValue":"`...))
		dst = append(dst, `"}}`...)
	}
	return append(dst, `],"nextPageCursor":""}`...), nil
}

// value is a query parameter's text.
func (call *bybitREST) value(name string) string {
	text, _ := call.r.parameter(name)
	return string(text)
}

func (call *bybitREST) number(name string, fallback int64) int64 {
	n, err := strconv.ParseInt(call.value(name), 10, 64)
	if err != nil {
		return fallback
	}
	return n
}

func (call *bybitREST) order(op string) func() ([]byte, *refusal) {
	return func() ([]byte, *refusal) {
		result, plan, why := call.desk.run(op, 0, "")
		call.plan = plan
		if why == nil && op == "order.create" && !plan.AckLost && !plan.Cut && !plan.Unknown && !plan.Vanish {
			call.v.tally.add(cAcked)
		}
		return result, why
	}
}

func (call *bybitREST) cancelAll() ([]byte, *refusal) {
	category := string(call.desk.string(0, "category"))
	ins := call.v.instrument(call.desk.string(0, "symbol"))
	dst := []byte(`{"list":[`)
	for _, o := range call.v.openOrders(call.desk.account, ins) {
		if o.category != category {
			continue
		}
		call.v.cancel(call.now, o, "CancelByUser")
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = append(dst, call.desk.ids(o.uid, []byte(o.client))...)
	}
	return append(dst, `],"success":"1"}`...), nil
}

// openList is /v5/order/realtime: open orders, or one order by id whatever its state.
func (call *bybitREST) openList() ([]byte, *refusal) {
	return call.list(func(o *order) bool {
		return o.open() || call.value("orderId") != "" || call.value("orderLinkId") != ""
	})
}

func (call *bybitREST) history() ([]byte, *refusal) {
	return call.list(func(o *order) bool { return !o.open() })
}

func (call *bybitREST) list(keep func(*order) bool) ([]byte, *refusal) {
	call.plan = call.v.planFor("query", call.now, call.desk.account, call.value("symbol"), []byte(call.value("orderLinkId")))
	if call.plan.Reject != "" {
		return nil, bybitReject(&call.plan)
	}
	dst := append(append([]byte(`{"category":"`), call.value("category")...), `","list":[`...)
	for _, o := range call.v.orders {
		if o.account != call.desk.account || call.now < o.hiddenUntil || !call.matches(o) || !keep(o) {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = call.b.orderData(dst, &event{order: o, done: o.done, value: o.value, state: o.state})
	}
	return append(dst, `],"nextPageCursor":""}`...), nil
}

func (call *bybitREST) matches(o *order) bool {
	is := func(name, value string) bool { wanted := call.value(name); return wanted == "" || wanted == value }
	return is("category", o.category) && is("symbol", o.instrument.Symbol) && is("orderId", o.uid) && is("orderLinkId", o.client)
}

func (call *bybitREST) executions() ([]byte, *refusal) {
	from, to := call.number("startTime", 0), call.number("endTime", math.MaxInt64)
	dst := append(append([]byte(`{"category":"`), call.value("category")...), `","list":[`...)
	for _, f := range call.v.fills(call.desk.account, nil, call.now) {
		at := call.v.clock(f.at) / 1e6
		if at < from || at > to || !call.matches(f.order) {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = call.b.executionData(dst, &event{kind: eventTrade, order: f.order, fill: f.execution, done: f.order.done})
	}
	return append(dst, `],"nextPageCursor":""}`...), nil
}

func (call *bybitREST) positions() ([]byte, *refusal) {
	dst := append(append([]byte(`{"category":"`), call.value("category")...), `","list":[`...)
	for _, ins := range call.v.instruments {
		if wanted := call.value("symbol"); wanted != "" && wanted != ins.Symbol {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		held, side := call.v.position(call.desk.account, ins), "Buy"
		if held < 0 {
			held, side = -held, "Sell"
		}
		dst = append(append(dst, `{"symbol":"`...), ins.Symbol...)
		dst = append(append(dst, `","positionIdx":0,"side":"`...), side...)
		dst = append(held.appendShort(append(dst, `","size":"`...)), `","leverage":"1","tradeMode":0}`...)
	}
	return append(dst, `],"nextPageCursor":""}`...), nil
}

func (call *bybitREST) keyInfo() ([]byte, *refusal) {
	key := call.desk.key
	addresses, readOnly, withdraw := `["127.0.0.1"]`, 0, ``
	if key.AnyAddress {
		addresses = `["*"]`
	}
	if key.NoTrade {
		readOnly = 1
	}
	if key.Withdraws {
		withdraw = `"Withdraw"`
	}
	dst := appendQuoted([]byte(`{"apiKey":`), []byte(key.ID))
	dst = appendInt(append(dst, `,"readOnly":`...), int64(readOnly))
	dst = append(append(dst, `,"ips":`...), addresses...)
	dst = append(append(dst, `,"permissions":{"ContractTrade":["Order","Position"],"Spot":["SpotTrade"],"Wallet":[`...), withdraw...)
	return append(dst, `]},"uta":1,"unified":0}`...), nil
}

// disconnect sets the window of the disconnect protection, in seconds.
func (call *bybitREST) disconnect() ([]byte, *refusal) {
	product := map[string]string{"SPOT": "spot", "DERIVATIVES": "future", "OPTIONS": "option", "": "option"}[string(call.desk.string(0, "product"))]
	seconds := integerOf(&call.c.doc, call.c.doc.find(0, "timeWindow"))
	if product == "" || seconds < 3 || seconds > 300 {
		return nil, &refusal{cBadParams, 200, 10001, "Params Error: product or timeWindow.", 0}
	}
	call.desk.account.dcp[product] = seconds * 1e9
	return []byte("{}"), nil
}

func (call *bybitREST) disconnectInfo() ([]byte, *refusal) {
	dst := []byte(`{"dcpInfos":[`)
	for i, product := range []string{"spot", "future", "option"} {
		if i > 0 {
			dst = append(dst, ',')
		}
		name := []string{"SPOT", "DERIVATIVES", "OPTIONS"}[i]
		dst = append(append(dst, `{"product":"`...), name...)
		dst = appendInt(append(dst, `","dcpStatus":"ON","timeWindow":"`...), call.desk.account.window(product)/1e9)
		dst = append(dst, `"}`...)
	}
	return append(dst, `]}`...), nil
}
