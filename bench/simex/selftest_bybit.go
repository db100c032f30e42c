package simex

import (
	"errors"
	"strconv"
	"strings"
)

// login authenticates a Bybit socket with an expiry relative to now and a key; wrong spoils the signature.
func (p *probe) login(key string, afterMillis int64, wrong bool) {
	expires := strconv.FormatInt(p.now/1e6+afterMillis, 10)
	signature := hexHMAC("GET/realtime" + expires)
	if wrong {
		signature = hexHMAC("GET/realtime " + expires)
	}
	p.text(`{"op":"auth","args":["` + key + `",` + expires + `,"` + signature + `"]}`)
}

// bybitOrder is one order.create with changes to the order's members.
func (p *probe) bybitOrder(change ...string) string {
	p.order++
	return p.bybitRequest("order.create", params{
		"category": `"linear"`, "symbol": `"BTCUSDT"`, "side": `"Buy"`, "orderType": `"Limit"`, "qty": `"0.001"`, "price": `"61000.1"`,
		"timeInForce": `"IOC"`, "orderLinkId": `"ow-` + strconv.Itoa(p.order) + `"`,
	}.with(change...), p.now/1e6, "5000")
}

func (p *probe) bybitRequest(op string, arguments params, stamp int64, window string) string {
	return `{"reqId":"r` + strconv.Itoa(len(p.texts)) + `","header":{"X-BAPI-TIMESTAMP":"` + strconv.FormatInt(stamp, 10) +
		`","X-BAPI-RECV-WINDOW":"` + window + `"},"op":"` + op + `","args":[` + arguments.json() + `]}`
}

// onTrade opens and authenticates the trade socket first.
func onTrade(play func(*probe) error) func(*probe) error {
	return func(p *probe) error {
		if err := p.upgrade("/v5/trade"); err != nil {
			return err
		}
		p.login(probeHMAC, 1000, false)
		if err := p.expect(`"retCode":0,"retMsg":"OK","op":"auth"`); err != nil {
			return err
		}
		return play(p)
	}
}

func bybitClients() []badClient {
	bad := func(rule, name string, change ...string) badClient {
		return badClient{name: name, rule: rule, play: onTrade(func(p *probe) error {
			p.text(p.bybitOrder(change...))
			return p.expect(`"retCode":1`)
		})}
	}
	clients := []badClient{
		bad("bad_numbers", "price as a JSON number", "price", "61000.1"),
		bad("bad_numbers", "price with an exponent", "price", `"6.1e4"`),
		bad("bad_numbers", "price off the tick", "price", `"61000.111"`),
		bad("bad_numbers", "quantity off the step", "qty", `"0.000011"`),
		bad("bad_ids", "orderLinkId of 37 characters", "orderLinkId", `"abcdefghijklmnopqrstuvwxyz01234567890"`),
		bad("bad_ids", "orderLinkId with a point", "orderLinkId", `"a.b"`),
		bad("bad_params", "no category", "category", ""),
		bad("bad_params", "side in capitals", "side", `"BUY"`),
		bad("bad_params", "unknown order type", "orderType", `"LIMIT"`),
		bad("bad_params", "unknown time in force", "timeInForce", `"GTX"`),
		bad("bad_params", "unknown symbol", "symbol", `"btcusdt"`),
		bad("bad_params", "unknown parameter", "colour", `"red"`),
		bad("bad_params", "no quantity", "qty", ""),
		bad("bad_params", "hedge index in one-way mode", "positionIdx", "1"),
	}
	clients = append(clients, bybitSessionClients()...)
	clients = append(clients, bybitRESTClients()...)
	return append(clients, bybitGoodClients()...)
}

func bybitSessionClients() []badClient {
	says := func(rule, name, part string, play func(*probe)) badClient {
		return badClient{name: name, rule: rule, play: func(p *probe) error {
			if err := p.upgrade("/v5/trade"); err != nil {
				return err
			}
			play(p)
			return p.expect(part)
		}}
	}
	logged := func(rule, name, part string, play func(*probe)) badClient {
		return badClient{name: name, rule: rule, play: onTrade(func(p *probe) error {
			play(p)
			return p.expect(part)
		})}
	}
	return []badClient{
		says("bad_keys", "unknown key", `"retCode":10003`, func(p *probe) { p.login("nobody", 1000, false) }),
		says("bad_signatures", "wrong signature", `"retCode":10004`, func(p *probe) { p.login(probeHMAC, 1000, true) }),
		says("bad_window", "expiry in the past", `"retCode":10004`, func(p *probe) { p.login(probeHMAC, -1, false) }),
		says("bad_signatures", "order without auth", `"retCode":10004`, func(p *probe) { p.text(p.bybitOrder()) }),
		says("bad_json", "JSON cut short", `"retCode":10001`, func(p *probe) { p.text(`{"op":"ping"`) }),
		says("unexpected", "unknown op", `"retCode":10001`, func(p *probe) { p.text(`{"op":"order"}`) }),
		says("bad_ids", "reqId of 37 characters", `"retCode":10001`, func(p *probe) {
			p.text(`{"op":"ping","reqId":"abcdefghijklmnopqrstuvwxyz01234567890"}`)
		}),
		logged("unexpected", "auth twice", `"retCode":20001`, func(p *probe) { p.login(probeHMAC, 1000, false) }),
		logged("bad_nonce", "reqId used again", `"retCode":20006`, func(p *probe) {
			first := p.bybitOrder()
			p.text(first)
			p.text(strings.Replace(first, "ow-1", "ow-2", 1))
		}),
		logged("bad_window", "timestamp 5001 ms old", `"retCode":10002`, func(p *probe) {
			p.text(strings.Replace(p.bybitOrder(), strconv.FormatInt(probeMillis, 10), strconv.FormatInt(probeMillis-5001, 10), 1))
		}),
		logged("bad_window", "timestamp 1000 ms ahead", `"retCode":10002`, func(p *probe) {
			p.text(strings.Replace(p.bybitOrder(), strconv.FormatInt(probeMillis, 10), strconv.FormatInt(probeMillis+1000, 10), 1))
		}),
		logged("bad_params", "timestamp missing", `"retCode":10001`, func(p *probe) {
			p.text(strings.Replace(p.bybitOrder(), "X-BAPI-TIMESTAMP", "X-BAPI-STAMP", 1))
		}),
		logged("bad_params", "two orders in args", `"retCode":10001`, func(p *probe) {
			p.text(strings.Replace(p.bybitOrder(), `"args":[`, `"args":[{},`, 1))
		}),
		logged("duplicates", "orderLinkId used again, though the first is closed", `"retCode":110072`, func(p *probe) {
			p.text(p.bybitOrder())
			p.text(p.bybitOrder("orderLinkId", `"ow-1"`))
		}),
		{name: "more requests than the venue allows", rule: "over_limit", setup: func(c *Config) {
			c.Limits = LooseLimits()
			c.Limits.OrdersPerSecond = 1
		}, play: onTrade(func(p *probe) error {
			p.text(p.bybitOrder())
			p.text(p.bybitOrder())
			return p.expect(`"retCode":10006`)
		})},
		{name: "private topic without auth", rule: "bad_signatures", play: func(p *probe) error {
			if err := p.upgrade("/v5/private"); err != nil {
				return err
			}
			p.text(`{"op":"subscribe","args":["order"]}`)
			return p.expect(`"success":false`)
		}},
		{name: "unknown private topic", rule: "bad_params", play: onPrivate(`["orders"]`, func(p *probe) error { return p.expect(`"success":false`) })},
	}
}

// onPrivate authenticates a private socket and subscribes.
func onPrivate(topics string, play func(*probe) error) func(*probe) error {
	return func(p *probe) error {
		if err := p.upgrade("/v5/private"); err != nil {
			return err
		}
		p.login(probeHMAC, 1000, false)
		p.text(`{"op":"subscribe","args":` + topics + `,"req_id":"s"}`)
		return play(p)
	}
}

// bybitREST signs a REST request.
func (p *probe) bybitREST(method, target, body string) string {
	stamp := strconv.FormatInt(p.now/1e6, 10)
	_, query, _ := strings.Cut(target, "?")
	return method + " " + target + " HTTP/1.1\r\nHost: x\r\nX-BAPI-API-KEY: " + probeHMAC + "\r\nX-BAPI-TIMESTAMP: " + stamp +
		"\r\nX-BAPI-RECV-WINDOW: 5000\r\nX-BAPI-SIGN: " + hexHMAC(stamp+probeHMAC+"5000"+query+body) +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func bybitRESTClients() []badClient {
	order := `{"category":"spot","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.001","price":"61000.1","orderLinkId":"ow-1"}`
	return []badClient{
		{name: "REST order changed after signing", rule: "bad_signatures", play: func(p *probe) error {
			return holds(p.http(strings.Replace(p.bybitREST("POST", "/v5/order/create", order), "0.001", "0.002", 1)), `"retCode":10004`)
		}},
		{name: "REST body that is no JSON", rule: "bad_json", play: func(p *probe) error {
			return holds(p.http(p.bybitREST("POST", "/v5/order/create", "{")), `"retCode":10001`)
		}},
		{name: "REST order, open orders, executions, cancel-all", play: func(p *probe) error {
			return errors.Join(
				holds(p.http(p.bybitREST("POST", "/v5/order/create", order)), `"retCode":0`, `"orderLinkId":"ow-1"`),
				holds(p.http(p.bybitREST("GET", "/v5/order/realtime?category=spot", "")), `"orderStatus":"New"`),
				holds(p.http(p.bybitREST("GET", "/v5/execution/list?category=spot", "")), `"list":[]`),
				holds(p.http(p.bybitREST("POST", "/v5/order/cancel-all", `{"category":"spot"}`)), `"orderLinkId":"ow-1"`),
				holds(p.http(p.bybitREST("GET", "/v5/order/history?category=spot", "")), `"orderStatus":"Cancelled"`),
			)
		}},
		{name: "REST time, instruments, key", play: func(p *probe) error {
			return errors.Join(
				holds(p.http("GET /v5/market/time HTTP/1.1\r\nHost: x\r\n\r\n"), `"timeNano":"1700000000123456789"`),
				holds(p.http("GET /v5/market/instruments-info?category=linear HTTP/1.1\r\nHost: x\r\n\r\n"), `"tickSize":"0.01"`),
				holds(p.http(p.bybitREST("GET", "/v5/user/query-api", "")), `"readOnly":0`),
			)
		}},
	}
}

func bybitGoodClients() []badClient {
	good := func(name string, parts []string, play func(*probe)) badClient {
		return badClient{name: name, play: onTrade(func(p *probe) error {
			play(p)
			return holds(p.last(), parts...)
		})}
	}
	ids := func(client string) params {
		return params{"category": `"linear"`, "symbol": `"BTCUSDT"`, "orderLinkId": `"` + client + `"`}
	}
	return []badClient{
		good("order.create", []string{`"reqId":"r1","retCode":0`, `"orderLinkId":"ow-1"`, `"X-Bapi-Limit"`}, func(p *probe) { p.text(p.bybitOrder()) }),
		good("order.create, market", []string{`"retCode":0`}, func(p *probe) {
			p.text(p.bybitOrder("orderType", `"Market"`, "price", "", "timeInForce", "", "category", `"spot"`, "marketUnit", `"baseCoin"`))
		}),
		good("create, amend, cancel", []string{`"op":"order.cancel"`, `"retCode":0`}, func(p *probe) {
			p.text(p.bybitOrder("timeInForce", `"GTC"`))
			p.text(p.bybitRequest("order.amend", ids("ow-1").with("qty", `"0.002"`), p.now/1e6, "5000"))
			p.text(p.bybitRequest("order.cancel", ids("ow-1"), p.now/1e6, "5000"))
		}),
		good("batch of two", []string{`"retExtInfo":{"list":[{"code":0,"msg":"OK"},{"code":0,"msg":"OK"}]}`}, func(p *probe) {
			one := `{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.001","price":"61000.1","timeInForce":"GTC","orderLinkId":"b`
			p.text(p.bybitRequest("order.create-batch", params{"category": `"linear"`, "request": `[` + one + `1"},` + one + `2"}]`}, p.now/1e6, "5000"))
		}),
		good("ping on the trade socket", []string{`"op":"pong","data":["1700000000123"]`}, func(p *probe) { p.text(`{"op":"ping"}`) }),
		{name: "order and execution topics", play: onPrivate(`["order","execution"]`, func(p *probe) error {
			if err := p.expect(`"success":true`); err != nil {
				return err
			}
			private := p.c
			p.connect()
			if err := onTrade(func(p *probe) error { p.text(p.bybitOrder()); return nil })(p); err != nil {
				return err
			}
			p.c = private
			p.texts = nil
			p.read()
			return holds(strings.Join(p.texts, "\n"), `"orderStatus":"New"`, `"topic":"execution"`, `"execPrice":"61000.1"`, `"orderStatus":"Filled"`)
		})},
		{name: "post only that would take is cancelled after the ack", setup: func(c *Config) { c.Fill = FillQuote }, play: onPrivate(`["order.linear"]`, func(p *probe) error {
			private := p.c
			p.v.Quote(p.now, "BTCUSDT", "60000", "1", "60001", "1")
			p.connect()
			if err := onTrade(func(p *probe) error {
				p.text(p.bybitOrder("timeInForce", `"PostOnly"`))
				return p.expect(`"retCode":0`)
			})(p); err != nil {
				return err
			}
			p.c = private
			p.read()
			return holds(p.last(), `"orderStatus":"Cancelled"`, "EC_PostOnlyWillTakeLiquidity")
		})},
	}
}
