package simex

import (
	"errors"
	"strconv"
)

// orderOf is a lawful LIMIT IOC order of the probe's next client id, as yet unsigned.
func (p *probe) orderOf() params {
	p.order++
	return params{
		"symbol": `"BTCUSDT"`, "side": `"BUY"`, "type": `"LIMIT"`, "timeInForce": `"IOC"`,
		"price": `"61000.1000"`, "quantity": `"0.00100"`,
		"newClientOrderId": `"ow-` + strconv.Itoa(p.order) + `"`, "newOrderRespType": `"ACK"`,
		"timestamp": strconv.FormatInt(p.now/1e6, 10),
	}
}

func (p *probe) timeOnly() params {
	return params{"timestamp": strconv.FormatInt(p.now/1e6, 10)}
}

// call sends one WebSocket API request.
func (p *probe) call(method string, arguments params) {
	p.text(`{"id":"` + strconv.Itoa(len(p.texts)) + `","method":"` + method + `","params":` + arguments.json() + "}")
}

// binanceClients break the rules that Spot and USD-M share, one each.
func binanceClients(kind string) []badClient {
	bad := func(rule, name string, change ...string) badClient {
		return badClient{name: name, rule: rule, play: onOrders(func(p *probe) error {
			p.call("order.place", p.orderOf().with(change...).signHMAC())
			return p.expect(`"error":{"code":-`)
		})}
	}
	clients := []badClient{
		bad("bad_numbers", "price with an exponent", "price", `"6.1e4"`),
		bad("bad_numbers", "price with a sign", "price", `"-61000"`),
		bad("bad_numbers", "price ending in a point", "price", `"61000."`),
		bad("bad_numbers", "price as a JSON number", "price", `61000.01`),
		bad("bad_numbers", "price off the tick", "price", `"61000.011"`),
		bad("bad_numbers", "quantity off the step", "quantity", `"0.000011"`),
		bad("bad_numbers", "nine decimals", "quantity", `"0.001000001"`),
		bad("bad_numbers", "twenty-one digits", "price", `"000000000000000061000"`),
		bad("bad_numbers", "quantity zero", "quantity", `"0"`),
		bad("bad_ids", "client id of 37 characters", "newClientOrderId", `"abcdefghijklmnopqrstuvwxyz01234567890"`),
		bad("bad_ids", "client id with a blank", "newClientOrderId", `"ow 1"`),
		bad("bad_ids", "empty client id", "newClientOrderId", `""`),
		bad("bad_params", "no side", "side", ""),
		bad("bad_params", "unknown side", "side", `"LONG"`),
		bad("bad_params", "unknown type", "type", `"LIMITED"`),
		bad("bad_params", "unknown time in force", "timeInForce", `"DAY"`),
		bad("bad_params", "unknown symbol", "symbol", `"BTCEUR"`),
		bad("bad_params", "unknown parameter", "colour", `"red"`),
		bad("bad_params", "limit order without time in force", "timeInForce", ""),
		bad("bad_params", "timestamp as a string", "timestamp", `"`+strconv.FormatInt(probeMillis, 10)+`"`),
		bad("bad_window", "timestamp 5001 ms old", "timestamp", strconv.FormatInt(probeMillis-5001, 10)),
		bad("bad_window", "timestamp 1000 ms ahead", "timestamp", strconv.FormatInt(probeMillis+1000, 10)),
		bad("bad_window", "older than its own window", "timestamp", strconv.FormatInt(probeMillis-101, 10), "recvWindow", "100"),
		bad("bad_window", "window of more than a minute", "recvWindow", "60001"),
	}
	clients = append(clients, binanceAuthClients()...)
	clients = append(clients, binanceWireClients()...)
	clients = append(clients, binanceRESTClients(kind)...)
	if kind == "binance-usdm" {
		return append(clients, futuresClients()...)
	}
	return append(clients, spotClients()...)
}

// onOrders opens the WebSocket API first.
func onOrders(play func(*probe) error) func(*probe) error {
	return func(p *probe) error {
		if err := p.upgrade(wsPathOf(p.v.config.Kind)); err != nil {
			return err
		}
		return play(p)
	}
}

func binanceAuthClients() []badClient {
	refused := func(code string, arguments func(*probe) params) func(*probe) error {
		return onOrders(func(p *probe) error {
			p.call("order.place", arguments(p))
			return p.expect(`"error":{"code":` + code)
		})
	}
	return []badClient{
		{name: "signature of another order", rule: "bad_signatures", play: refused("-1022", func(p *probe) params {
			return p.orderOf().signHMAC().with("quantity", `"0.00200"`)
		})},
		{name: "signature cut short", rule: "bad_signatures", play: refused("-1022", func(p *probe) params {
			signed := p.orderOf().signHMAC()
			return signed.with("signature", signed["signature"][:63]+`"`)
		})},
		{name: "HMAC signature without apiKey in the payload", rule: "bad_signatures", play: refused("-1022", func(p *probe) params {
			signed := p.orderOf().signHMAC()
			return signed.with("apiKey", `"`+probeEd+`"`)
		})},
		{name: "no signature and no logon", rule: "bad_signatures", play: refused("-2014", func(p *probe) params { return p.orderOf() })},
		{name: "key without signature", rule: "bad_params", play: refused("-1102", func(p *probe) params {
			return p.orderOf().with("apiKey", `"`+probeHMAC+`"`)
		})},
		{name: "unknown key", rule: "bad_keys", play: refused("-2015", func(p *probe) params {
			return p.orderOf().signHMAC().with("apiKey", `"nobody"`)
		})},
		{name: "Ed25519 signature with one bit wrong", rule: "bad_signatures", play: refused("-1022", func(p *probe) params {
			return p.orderOf().signEd25519().with("quantity", `"0.00300"`)
		})},
		{name: "logon with an HMAC key", rule: "unexpected", play: onOrders(func(p *probe) error {
			p.call("session.logon", p.timeOnly().signHMAC())
			return p.expect(`"error":{"code":-4056`)
		})},
		{name: "subscribe without logon", rule: "bad_signatures", play: onOrders(func(p *probe) error {
			p.call("userDataStream.subscribe", params{})
			return p.expect(`"error"`)
		})},
	}
}

func binanceWireClients() []badClient {
	says := func(message string) func(*probe) error {
		return onOrders(func(p *probe) error {
			p.text(message)
			return p.expect(`"error":{"code":-`)
		})
	}
	return []badClient{
		{name: "JSON cut short", rule: "bad_json", play: says(`{"id":1,"method":"time"`)},
		{name: "name given twice", rule: "bad_json", play: says(`{"id":1,"method":"time","id":2}`)},
		{name: "number with a leading zero", rule: "bad_json", play: says(`{"id":01,"method":"time"}`)},
		{name: "comma before the brace", rule: "bad_json", play: says(`{"id":1,"method":"time",}`)},
		{name: "two values", rule: "bad_json", play: says(`{"id":1,"method":"time"}{}`)},
		{name: "unpaired surrogate", rule: "bad_json", play: says(`{"id":"\ud800","method":"time"}`)},
		{name: "tab inside a string", rule: "bad_json", play: says("{\"id\":\"\t\",\"method\":\"time\"}")},
		{name: "array for an object", rule: "bad_json", play: says(`[]`)},
		{name: "request id of 37 characters", rule: "bad_ids", play: says(`{"id":"abcdefghijklmnopqrstuvwxyz01234567890","method":"time"}`)},
		{name: "request id with a fraction", rule: "bad_ids", play: says(`{"id":1.5,"method":"time"}`)},
		{name: "unknown method", rule: "unexpected", play: says(`{"id":1,"method":"order.palce"}`)},
		{name: "client id used again", rule: "duplicates", play: onOrders(func(p *probe) error {
			arguments := p.orderOf()
			p.call("order.place", arguments.signHMAC())
			p.call("order.place", arguments.signHMAC())
			return p.expect(`"status":200`) // the venue takes it: the first is closed
		})},
		{name: "client id of an open order", rule: "duplicates", play: onOrders(func(p *probe) error {
			arguments := p.orderOf().with("timeInForce", `"GTC"`)
			p.call("order.place", arguments.signHMAC())
			p.call("order.place", arguments.signHMAC())
			return p.expect("uplicate") // -2010 on Spot, -4116 on futures
		})},
		{name: "more orders than the venue allows", rule: "over_limit", setup: func(c *Config) {
			c.Limits = LooseLimits()
			c.Limits.OrdersPer10s = 1
		}, play: onOrders(func(p *probe) error {
			for range 2 {
				p.call("order.place", p.orderOf().with("timeInForce", `"GTC"`).signHMAC())
			}
			return p.expect(`"status":429,"error":{"code":-1015`)
		})},
		{name: "more weight than the venue allows", rule: "over_limit", setup: func(c *Config) {
			c.Limits = LooseLimits()
			c.Limits.WeightPerMinute = 4
		}, play: onOrders(func(p *probe) error {
			for range 3 {
				p.call("time", params{})
			}
			return p.expect(`"retryAfter":`)
		})},
		{name: "six messages in a second on a market socket", rule: "over_limit", play: func(p *probe) error {
			path := "/stream?streams=btcusdt@trade"
			if p.v.config.Kind == "binance-usdm" {
				path = "/public" + path
			}
			if err := p.upgrade(path); err != nil {
				return err
			}
			for range 6 {
				p.frame(0x8A, nil)
			}
			if p.close != 1008 {
				return errors.New("the socket was not closed with 1008")
			}
			return nil
		}},
	}
}

// goodOnOrders is a client without fault whose last reply holds some parts.
func goodOnOrders(name string, parts []string, play func(*probe)) badClient {
	return badClient{name: name, play: onOrders(func(p *probe) error {
		play(p)
		var errs []error
		for _, part := range parts {
			errs = append(errs, p.expect(part))
		}
		return errors.Join(errs...)
	})}
}

// spotClients send the documented frames, signed with the selftest's own keys.
func spotClients() []badClient {
	good := goodOnOrders
	return []badClient{
		good("order.place, HMAC, ACK", []string{`"status":200`, `"orderId":12500000001`, `"rateLimits":[{"rateLimitType":"ORDERS"`}, func(p *probe) {
			p.call("order.place", p.orderOf().signHMAC())
		}),
		good("order.place, Ed25519, FULL", []string{`"status":"FILLED"`, `"fills":[{"price":"61000.10000000"`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("newOrderRespType", `"FULL"`).signEd25519())
		}),
		good("order.place in microseconds", []string{`"status":200`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("timestamp", strconv.FormatInt(p.now/1e3, 10)).signHMAC())
		}),
		good("order.place, market", []string{`"status":"FILLED"`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("type", `"MARKET"`, "timeInForce", "", "price", "", "newOrderRespType", `"RESULT"`).signHMAC())
		}),
		good("order.test", []string{`"status":200,"result":{}`}, func(p *probe) { p.call("order.test", p.orderOf().signHMAC()) }),
		good("session.logon, then an unsigned order", []string{`"status":200`, `"clientOrderId":"ow-1"`}, func(p *probe) {
			p.call("session.logon", p.timeOnly().signEd25519())
			p.call("order.place", p.orderOf())
		}),
		good("subscribe by signature, place, report", []string{`"e":"executionReport"`, `"x":"TRADE","X":"FILLED"`}, func(p *probe) {
			p.call("userDataStream.subscribe.signature", p.timeOnly().signHMAC())
			p.call("order.place", p.orderOf().signHMAC())
		}),
		good("place, status, cancel", []string{`"status":"CANCELED"`, `"origClientOrderId":"ow-1"`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("timeInForce", `"GTC"`).signHMAC())
			p.call("order.status", p.timeOnly().with("symbol", `"BTCUSDT"`, "origClientOrderId", `"ow-1"`).signHMAC())
			p.call("order.cancel", p.timeOnly().with("symbol", `"BTCUSDT"`, "orderId", "12500000001").signHMAC())
		}),
		good("openOrders.status", []string{`"clientOrderId":"ow-1"`, `"clientOrderId":"ow-2"`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("timeInForce", `"GTC"`).signHMAC())
			p.call("order.place", p.orderOf().with("timeInForce", `"GTC"`).signHMAC())
			p.call("openOrders.status", p.timeOnly().with("symbol", `"BTCUSDT"`).signHMAC())
		}),
		good("cancelReplace", []string{`"status":200`, `"cancelResult":"SUCCESS","newOrderResult":"SUCCESS"`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("timeInForce", `"GTC"`).signHMAC())
			p.call("order.cancelReplace", p.orderOf().with("cancelReplaceMode", `"STOP_ON_FAILURE"`, "cancelOrigClientOrderId", `"ow-1"`).signHMAC())
		}),
		good("cancelReplace, half of it", []string{`"status":409,"error":{"code":-2021`, `"cancelResult":"FAILURE","newOrderResult":"SUCCESS"`}, func(p *probe) {
			p.call("order.cancelReplace", p.orderOf().with("cancelReplaceMode", `"ALLOW_FAILURE"`, "cancelOrigClientOrderId", `"gone"`).signHMAC())
		}),
		good("amend.keepPriority", []string{`"status":200`, `"origQty":"0.00050000"`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("timeInForce", `"GTC"`).signHMAC())
			p.call("order.amend.keepPriority", p.timeOnly().with("symbol", `"BTCUSDT"`, "origClientOrderId", `"ow-1"`, "newQty", `"0.0005"`).signHMAC())
		}),
		good("myTrades", []string{`"result":[{"symbol":"BTCUSDT","id":1,`, `"price":"61000.10000000"`}, func(p *probe) {
			p.call("order.place", p.orderOf().signHMAC())
			p.call("myTrades", p.timeOnly().with("symbol", `"BTCUSDT"`).signHMAC())
		}),
		good("exchangeInfo", []string{`"filterType":"LOT_SIZE"`}, func(p *probe) { p.call("exchangeInfo", params{"symbol": `"BTCUSDT"`}) }),
		good("depth", []string{`"lastUpdateId":`}, func(p *probe) { p.call("depth", params{"symbol": `"BTCUSDT"`}) }),
		good("time and ping, with white space", []string{`"id":null,"status":200,"result":{}`}, func(p *probe) {
			p.text(`{"id":1,"method":"time"}`)
			p.text("{ \"method\" : \"ping\" ,\r\n\t\"id\" : null }")
		}),
		good("fragmented request with a ping inside", []string{`"serverTime":`}, func(p *probe) {
			p.frame(0x01, []byte(`{"id":1,`))
			p.frame(0x89, []byte("now"))
			p.frame(0x80, []byte(`"method":"time"}`))
		}),
	}
}
