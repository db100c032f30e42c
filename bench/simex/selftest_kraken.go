package simex

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// krakenREST signs a private REST request; the nonce rises by itself.
func (p *probe) krakenREST(path, form string) string {
	p.nonce++
	nonce := strconv.Itoa(p.nonce)
	body := "nonce=" + nonce
	if form != "" {
		body += "&" + form
	}
	inner := sha256.Sum256([]byte(nonce + body))
	mac := hmac.New(sha512.New, []byte(probeSecret))
	mac.Write([]byte(path))
	mac.Write(inner[:])
	return "POST " + path + " HTTP/1.1\r\nHost: x\r\nUser-Agent: selftest\r\nAPI-Key: " + probeHMAC + "\r\nAPI-Sign: " +
		base64.StdEncoding.EncodeToString(mac.Sum(nil)) + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// onKraken fetches a token by REST, then opens the socket.
func onKraken(play func(*probe) error) func(*probe) error {
	return func(p *probe) error {
		_, rest, ok := strings.Cut(p.http(p.krakenREST("/0/private/GetWebSocketsToken", "")), `"token":"`)
		if !ok {
			return errors.New("simex: selftest: no token")
		}
		p.token = rest[:40]
		p.connect()
		if err := p.upgrade("/v2"); err != nil {
			return err
		}
		return play(p)
	}
}

func (p *probe) krakenCall(method string, arguments params) {
	p.text(`{"method":"` + method + `","params":` + arguments.with("token", `"`+p.token+`"`).json() + `,"req_id":` + strconv.Itoa(len(p.texts)+1) + "}")
}

func (p *probe) krakenOrder(change ...string) params {
	p.order++
	deadline := time.Unix(0, p.now).UTC().Add(5 * time.Second).Format(time.RFC3339Nano)
	return params{
		"order_type": `"limit"`, "side": `"buy"`, "symbol": `"BTC/USD"`, "order_qty": "0.001", "limit_price": "61000.1",
		"time_in_force": `"ioc"`, "cl_ord_id": `"ow-` + strconv.Itoa(p.order) + `"`, "deadline": `"` + deadline + `"`,
	}.with(change...)
}

func krakenClients() []badClient {
	bad := func(rule, name string, change ...string) badClient {
		return badClient{name: name, rule: rule, play: onKraken(func(p *probe) error {
			p.krakenCall("add_order", p.krakenOrder(change...))
			return p.expect(`"success":false,"error":"E`)
		})}
	}
	clients := []badClient{
		bad("bad_numbers", "price as a string", "limit_price", `"61000.1"`),
		bad("bad_numbers", "price with an exponent", "limit_price", "6.1e4"),
		bad("bad_numbers", "price off the tick", "limit_price", "61000.111"),
		bad("bad_numbers", "negative quantity", "order_qty", "-0.001"),
		bad("bad_numbers", "nine decimals", "order_qty", "0.000000001"),
		bad("bad_ids", "cl_ord_id of 19 characters", "cl_ord_id", `"abcdefghijklmnopqrs"`),
		bad("bad_ids", "cl_ord_id with a blank", "cl_ord_id", `"ow 1"`),
		bad("bad_window", "deadline in the past", "deadline", `"`+time.Unix(0, probeNow-1).UTC().Format(time.RFC3339Nano)+`"`),
		bad("bad_window", "deadline more than a minute ahead", "deadline", `"`+time.Unix(0, probeNow+60_000_000_001).UTC().Format(time.RFC3339Nano)+`"`),
		bad("bad_params", "deadline that is no time", "deadline", `"soon"`),
		bad("bad_params", "side in capitals", "side", `"BUY"`),
		bad("bad_params", "unknown type", "order_type", `"LIMIT"`),
		bad("bad_params", "symbol in the old spelling", "symbol", `"XBT/USD"`),
		bad("bad_params", "unknown parameter", "colour", `"red"`),
		bad("bad_params", "post only with ioc", "post_only", "true"),
	}
	clients = append(clients, krakenWireClients()...)
	clients = append(clients, krakenRESTClients()...)
	return append(clients, krakenGoodClients()...)
}

func krakenWireClients() []badClient {
	says := func(rule, name, message string) badClient {
		return badClient{name: name, rule: rule, play: onKraken(func(p *probe) error {
			p.text(message)
			return p.expect(`"success":false`)
		})}
	}
	return []badClient{
		says("bad_json", "JSON cut short", `{"method":"ping"`),
		says("bad_json", "name given twice", `{"method":"ping","method":"ping"}`),
		says("bad_ids", "req_id as a string", `{"method":"ping","req_id":"1"}`),
		says("bad_params", "unknown member", `{"method":"ping","reqid":1}`),
		says("unexpected", "unknown method", `{"method":"addOrder","params":{}}`),
		says("bad_params", "no token", `{"method":"add_order","params":{}}`),
		says("bad_signatures", "unknown token", `{"method":"add_order","params":{"token":"x"}}`),
		says("bad_params", "unknown channel", `{"method":"subscribe","params":{"channel":"ownTrades"}}`),
		says("bad_params", "depth that is none", `{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":20}}`),
		{name: "token older than 15 minutes", rule: "bad_signatures", play: onKraken(func(p *probe) error {
			p.now += 900e9
			p.krakenCall("add_order", p.krakenOrder())
			return p.expect("Invalid session")
		})},
		{name: "cl_ord_id used again", rule: "duplicates", play: onKraken(func(p *probe) error {
			p.krakenCall("add_order", p.krakenOrder())
			p.krakenCall("add_order", p.krakenOrder("cl_ord_id", `"ow-1"`))
			return p.expect(`"success":true`) // the venue takes it: the first is closed
		})},
		{name: "cl_ord_id of an open order", rule: "duplicates", play: onKraken(func(p *probe) error {
			p.krakenCall("add_order", p.krakenOrder("time_in_force", `"gtc"`))
			p.krakenCall("add_order", p.krakenOrder("cl_ord_id", `"ow-1"`))
			return p.expect(`"success":false`)
		})},
		{name: "engine counter over its limit", rule: "over_limit", setup: func(c *Config) {
			c.Limits = LooseLimits()
			c.Limits.CounterMax, c.Limits.CounterDecay = 1000, 100
		}, play: onKraken(func(p *probe) error {
			p.krakenCall("add_order", p.krakenOrder("time_in_force", `"gtc"`))
			p.krakenCall("cancel_order", params{"cl_ord_id": `["ow-1"]`}) // 1 + 8
			p.krakenCall("add_order", p.krakenOrder())
			p.krakenCall("add_order", p.krakenOrder())
			return p.expect("EOrder:Rate limit exceeded")
		})},
	}
}

func krakenRESTClients() []badClient {
	plain := func(rule, name, part string, change func(string) string) badClient {
		return badClient{name: name, rule: rule, play: func(p *probe) error {
			return holds(p.http(change(p.krakenREST("/0/private/OpenOrders", ""))), part)
		}}
	}
	return []badClient{
		plain("bad_signatures", "REST body changed after signing", "EAPI:Invalid signature", func(text string) string {
			return strings.Replace(text, "nonce=1", "nonce=2", 1)
		}),
		plain("bad_keys", "REST unknown key", "EAPI:Invalid key", func(text string) string {
			return strings.Replace(text, probeHMAC, "nobody", 1)
		}),
		plain("bad_params", "REST without User-Agent", "EGeneral:Permission denied", func(text string) string {
			return strings.Replace(text, "User-Agent", "X-Agent", 1)
		}),
		{name: "REST nonce used again", rule: "bad_nonce", play: func(p *probe) error {
			text := p.krakenREST("/0/private/OpenOrders", "")
			p.http(text)
			return holds(p.http(text), "EAPI:Invalid nonce")
		}},
	}
}

func krakenGoodClients() []badClient {
	good := func(name string, parts []string, play func(*probe)) badClient {
		return badClient{name: name, play: onKraken(func(p *probe) error {
			play(p)
			return holds(strings.Join(p.texts, "\n"), parts...)
		})}
	}
	return []badClient{
		good("status on connect, ping", []string{`"system":"online"`, `"method":"pong","req_id":42,"time_in":"2023-11-14T22:13:20.123456Z"`}, func(p *probe) {
			p.text(`{"method":"ping","req_id":42}`)
		}),
		good("add_order", []string{`"success":true`, `"cl_ord_id":"ow-1"`}, func(p *probe) { p.krakenCall("add_order", p.krakenOrder()) }),
		good("add_order with a UUID and 32 hex digits", []string{`"cl_ord_id":"6d1b345e-2821-40e2-ad83-4ecb18a06876"`, `"cl_ord_id":"da8e4ad59b78481c93e589746b0cf91f"`}, func(p *probe) {
			p.krakenCall("add_order", p.krakenOrder("cl_ord_id", `"6d1b345e-2821-40e2-ad83-4ecb18a06876"`))
			p.krakenCall("add_order", p.krakenOrder("cl_ord_id", `"da8e4ad59b78481c93e589746b0cf91f"`))
		}),
		good("add_order, validated only", []string{`"result":{},"success":true`}, func(p *probe) { p.krakenCall("add_order", p.krakenOrder("validate", "true")) }),
		good("executions", []string{`"maxratecount":`, `"type":"snapshot"`, `"exec_type":"pending_new"`, `"exec_type":"new"`, `"exec_type":"trade"`, `"exec_type":"filled"`, `"last_price":61000.1`, `"ratecount":`}, func(p *probe) {
			p.krakenCall("subscribe", params{"channel": `"executions"`, "ratecounter": "true"})
			p.krakenCall("add_order", p.krakenOrder())
		}),
		good("token held by a subscription", []string{`"cl_ord_id":"ow-1"`}, func(p *probe) {
			p.krakenCall("subscribe", params{"channel": `"executions"`})
			p.now += 1000e9
			p.krakenCall("add_order", p.krakenOrder())
		}),
		good("batch_add, amend_order, batch_cancel, cancel_all", []string{`"orders":[{"order_id":"O`, `"amend_id":`, `"count":1`, `"count":0`}, func(p *probe) {
			one, two := p.krakenOrder(), p.krakenOrder()
			strip := func(o params) string { return o.with("symbol", "", "deadline", "", "time_in_force", `"gtc"`).json() }
			p.krakenCall("batch_add", params{"symbol": `"BTC/USD"`, "orders": "[" + strip(one) + "," + strip(two) + "]"})
			p.krakenCall("amend_order", params{"cl_ord_id": `"ow-1"`, "order_qty": "0.002"})
			p.krakenCall("cancel_order", params{"cl_ord_id": `["ow-1"]`})
			p.krakenCall("batch_cancel", params{"orders": `["ow-2"]`})
			p.krakenCall("cancel_all", params{})
		}),
		good("cancel_all_orders_after fires once", []string{`"triggerTime":"2023-11-14T22:14:20.123456Z"`, `"count":0`}, func(p *probe) {
			p.krakenCall("add_order", p.krakenOrder("time_in_force", `"gtc"`))
			p.krakenCall("cancel_all_orders_after", params{"timeout": "60"})
			p.v.Tick(p.now + 60e9)
			p.krakenCall("cancel_all", params{})
		}),
		good("public channels", []string{`"channel":"book","snapshot":true,"symbol":"BTC/USD","depth":10`, `"price_increment":0.01`, `{"channel":"heartbeat"}`}, func(p *probe) {
			p.text(`{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}}`)
			p.text(`{"method":"subscribe","params":{"channel":"instrument"}}`)
			p.c.Tick(p.now + 1e9)
			p.read()
		}),
		{name: "REST orders and trades", play: onKraken(func(p *probe) error {
			p.krakenCall("add_order", p.krakenOrder())
			p.krakenCall("add_order", p.krakenOrder("time_in_force", `"gtc"`))
			p.connect()
			return errors.Join(
				holds(p.http(p.krakenREST("/0/private/OpenOrders", "")), `"open":{"O`, `"cl_ord_id":"ow-2"`),
				holds(p.http(p.krakenREST("/0/private/ClosedOrders", "cl_ord_id=ow-1")), `"status":"closed"`, `"count":1`),
				holds(p.http(p.krakenREST("/0/private/TradesHistory", "start=0")), `"price":"61000.1"`, `"count":1`),
				holds(p.http("GET /0/public/AssetPairs HTTP/1.1\r\nHost: x\r\n\r\n"), `"tick_size":"0.01"`),
			)
		})},
	}
}
