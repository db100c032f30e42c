package simex

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

func signCoinbase(payload string) string {
	mac := hmac.New(sha256.New, []byte(probeSecret))
	mac.Write([]byte(payload))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// coinbase is a signed REST request.
func (p *probe) coinbase(method, target, body string) string {
	stamp := strconv.FormatInt(p.now/1e9, 10)
	return method + " " + target + " HTTP/1.1\r\nHost: x\r\nUser-Agent: selftest\r\nCB-ACCESS-KEY: " + probeHMAC +
		"\r\nCB-ACCESS-SIGN: " + signCoinbase(stamp+method+target+body) + "\r\nCB-ACCESS-TIMESTAMP: " + stamp +
		"\r\nCB-ACCESS-PASSPHRASE: " + probePhrase + "\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// coinbaseID is the client_oid of the nth order.
func coinbaseID(n int) string { return fmt.Sprintf("496ffbba-7dae-4864-f7e8-%012d", n) }

func (p *probe) coinbaseOrder(change ...string) string {
	p.order++
	return params{
		"type": `"limit"`, "side": `"buy"`, "product_id": `"BTC-USD"`, "price": `"61000.10"`, "size": `"0.001"`,
		"time_in_force": `"IOC"`, "client_oid": `"` + coinbaseID(p.order) + `"`,
	}.with(change...).json()
}

func coinbaseClients() []badClient {
	bad := func(rule, name string, change ...string) badClient {
		return badClient{name: name, rule: rule, play: func(p *probe) error {
			return holds(p.http(p.coinbase("POST", "/orders", p.coinbaseOrder(change...))), "HTTP/1.1 400 ", `{"message":"`)
		}}
	}
	clients := []badClient{
		bad("bad_numbers", "price as a JSON number", "price", "61000.1"),
		bad("bad_numbers", "price with an exponent", "price", `"6.1e4"`),
		bad("bad_numbers", "price off the increment", "price", `"61000.001"`),
		bad("bad_numbers", "size finer than the increment", "size", `"0.000000001"`),
		bad("bad_numbers", "size zero", "size", `"0"`),
		bad("bad_ids", "client_oid that is no UUID", "client_oid", `"ow-1"`),
		bad("bad_params", "unknown product", "product_id", `"BTC-EUR"`),
		bad("bad_params", "side in capitals", "side", `"BUY"`),
		bad("bad_params", "unknown type", "type", `"LIMIT"`),
		bad("bad_params", "unknown time in force", "time_in_force", `"DAY"`),
		bad("bad_params", "post only with IOC", "post_only", "true"),
		bad("bad_params", "cancel_after without GTT", "cancel_after", `"min"`),
		bad("bad_params", "unknown parameter", "colour", `"red"`),
		bad("bad_params", "unknown self-trade mode", "stp", `"no"`),
		bad("bad_params", "no price", "price", ""),
	}
	clients = append(clients, coinbaseAuthClients()...)
	clients = append(clients, coinbaseFeedClients()...)
	return append(clients, coinbaseGoodClients()...)
}

func coinbaseAuthClients() []badClient {
	changed := func(rule, name, part, from, to string) badClient {
		return badClient{name: name, rule: rule, play: func(p *probe) error {
			return holds(p.http(strings.Replace(p.coinbase("POST", "/orders", p.coinbaseOrder()), from, to, 1)), part)
		}}
	}
	late := func(name string, seconds int64) badClient {
		return badClient{name: name, rule: "bad_window", play: func(p *probe) error {
			text := p.coinbase("GET", "/orders", "")
			p.now += seconds * 1e9
			return holds(p.http(text), "request timestamp expired")
		}}
	}
	return []badClient{
		changed("bad_signatures", "body changed after signing", "invalid signature", "0.001", "0.002"),
		changed("bad_signatures", "path changed after signing", "invalid signature", "/orders", "/orders?x=1"),
		changed("bad_signatures", "wrong passphrase", "Invalid Passphrase", probePhrase, "other"),
		changed("bad_keys", "unknown key", "Invalid API Key", probeHMAC, "nobody"),
		changed("bad_params", "no User-Agent", "User-Agent", "User-Agent:", "X-Agent:"),
		late("timestamp 31 s old", 31),
		late("timestamp 31 s ahead", -31),
		{name: "body that is no JSON", rule: "bad_json", play: func(p *probe) error {
			return holds(p.http(p.coinbase("POST", "/orders", `{"type":"limit",}`)), "Invalid JSON")
		}},
		{name: "chunked body", rule: "bad_http", play: func(p *probe) error {
			text := strings.Replace(p.coinbase("POST", "/orders", ""), "Content-Length: 0", "Transfer-Encoding: chunked", 1)
			return holds(p.http(text), "HTTP/1.1 400 ")
		}},
		{name: "client_oid used again is executed again", rule: "duplicates", play: func(p *probe) error {
			body := p.coinbaseOrder()
			p.http(p.coinbase("POST", "/orders", body))
			if err := holds(p.http(p.coinbase("POST", "/orders", body)), "HTTP/1.1 200 ", `"done_reason":"filled"`); err != nil {
				return err
			}
			if n := len(p.v.Orders()); n != 2 {
				return fmt.Errorf("%d orders were executed, not 2", n)
			}
			return nil
		}},
		{name: "more requests than the bucket holds", rule: "over_limit", setup: func(c *Config) {
			c.Limits = LooseLimits()
			c.Limits.OrdersPerSecond = 1
		}, play: func(p *probe) error {
			p.http(p.coinbase("GET", "/orders", ""))
			p.http(p.coinbase("GET", "/orders", ""))
			return holds(p.http(p.coinbase("GET", "/orders", "")), "HTTP/1.1 429 ")
		}},
	}
}

// feedAuth is the four members of an authenticated subscribe.
func (p *probe) feedAuth() string {
	stamp := strconv.FormatInt(p.now/1e9, 10)
	return `"key":"` + probeHMAC + `","passphrase":"` + probePhrase + `","timestamp":"` + stamp + `","signature":"` + signCoinbase(stamp+"GET/users/self/verify") + `"`
}

func coinbaseFeedClients() []badClient {
	says := func(rule, name, message string) badClient {
		return badClient{name: name, rule: rule, play: func(p *probe) error {
			if err := p.upgrade("/"); err != nil {
				return err
			}
			p.text(strings.ReplaceAll(message, "AUTH", p.feedAuth()))
			return p.expect(`"type":"error"`)
		}}
	}
	return []badClient{
		says("bad_json", "feed: JSON cut short", `{"type":"subscribe"`),
		says("unexpected", "feed: unknown type", `{"type":"hello"}`),
		says("bad_signatures", "feed: user channel without authentication", `{"type":"subscribe","product_ids":["BTC-USD"],"channels":["user"]}`),
		says("bad_params", "feed: unknown channel", `{"type":"subscribe","product_ids":["BTC-USD"],"channels":["orders"]}`),
		says("bad_params", "feed: no product", `{"type":"subscribe","channels":["ticker"]}`),
		says("bad_signatures", "feed: wrong signature", `{"type":"subscribe","product_ids":["BTC-USD"],"channels":["user"],"key":"`+probeHMAC+`","passphrase":"`+probePhrase+`","timestamp":"1700000000","signature":"AAAA"}`),
		{name: "feed: nothing subscribed within 5 s", rule: "unexpected", play: func(p *probe) error {
			if err := p.upgrade("/"); err != nil {
				return err
			}
			p.c.Tick(p.now + 5e9)
			p.read()
			if p.close != 1008 {
				return errors.New("the feed was not closed")
			}
			return nil
		}},
	}
}

func coinbaseGoodClients() []badClient {
	return []badClient{
		{name: "order, list, by client id, fills, cancel", play: func(p *probe) error {
			placed := p.http(p.coinbase("POST", "/orders", p.coinbaseOrder("time_in_force", `"GTC"`, "post_only", "true")))
			_, rest, _ := strings.Cut(placed, `{"id":"`)
			return errors.Join(
				holds(placed, "HTTP/1.1 200 ", `"status":"open"`, `"filled_size":"0.00000000"`),
				holds(p.http(p.coinbase("GET", "/orders?status=open", "")), `"client_oid":"`+coinbaseID(1)),
				holds(p.http(p.coinbase("GET", "/orders/client:"+coinbaseID(1), "")), `"status":"open"`),
				holds(p.http(p.coinbase("POST", "/orders", p.coinbaseOrder())), `"done_reason":"filled"`),
				holds(p.http(p.coinbase("GET", "/fills?product_id=BTC-USD", "")), `[{"trade_id":1,`, `"liquidity":"T"`),
				holds(p.http(p.coinbase("DELETE", "/orders/"+rest[:min(36, len(rest))], "")), "HTTP/1.1 200 "),
				holds(p.http(p.coinbase("DELETE", "/orders/client:"+coinbaseID(1), "")), "Order already done"),
			)
		}},
		{name: "market order by funds, cancel all", play: func(p *probe) error {
			return errors.Join(
				holds(p.http(p.coinbase("POST", "/orders", `{"type":"market","side":"buy","product_id":"BTC-USD","funds":"61"}`)), `"size":"0.00100000"`),
				holds(p.http(p.coinbase("DELETE", "/orders", "")), "[]"),
			)
		}},
		{name: "time, products, and pipelined requests", play: func(p *probe) error {
			text := p.http("GET /time HTTP/1.1\r\nHost: x\r\n\r\nGET /products HTTP/1.1\r\nHost: x\r\n\r\n")
			return holds(text, `"epoch":1700000000.123`, `"quote_increment":"0.01"`)
		}},
		{name: "feed: received, match, done; heartbeat", play: func(p *probe) error {
			if err := p.upgrade("/"); err != nil {
				return err
			}
			p.text(`{"type":"subscribe","product_ids":["BTC-USD"],"channels":["user","heartbeat"],` + p.feedAuth() + `}`)
			feed := p.c
			p.connect()
			p.http(p.coinbase("POST", "/orders", p.coinbaseOrder()))
			p.c = feed
			p.c.Tick(p.now + 1e9)
			p.read()
			return holds(strings.Join(p.texts, "\n"), `{"type":"subscriptions"`, `{"type":"received"`, `"client_oid":"`+coinbaseID(1), `{"type":"match","trade_id":1,`, `"reason":"filled"`, `{"type":"heartbeat"`)
		}},
	}
}
