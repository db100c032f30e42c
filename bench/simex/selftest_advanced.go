package simex

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// token makes a JWT; change edits the claims, and uri "" leaves that claim out.
func (p *probe) jwt(alg, kid, uri string, change ...string) string {
	p.nonce++
	now := p.now / 1e9
	claims := params{
		"sub": `"` + kid + `"`, "iss": `"cdp"`, "nbf": strconv.FormatInt(now, 10), "exp": strconv.FormatInt(now+120, 10), "uri": `"` + uri + `"`,
	}
	if uri == "" {
		claims = claims.with("uri", "")
	}
	head := params{"alg": `"` + alg + `"`, "kid": `"` + kid + `"`, "typ": `"JWT"`, "nonce": `"` + strconv.Itoa(p.nonce) + `"`}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(head.json())) + "." + encode([]byte(claims.with(change...).json()))
	if alg == "EdDSA" {
		return signed + "." + encode(ed25519.Sign(probeSigner, []byte(signed)))
	}
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, probeES256(), sum[:])
	if err != nil {
		panic("simex: selftest: ECDSA: " + err.Error())
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return signed + "." + encode(raw)
}

// advanced is a REST request under a token.
func (p *probe) advanced(method, target, token, body string) string {
	return method + " " + advancedAPI + target + " HTTP/1.1\r\nHost: api.coinbase.com\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func (p *probe) lawful(method, target, body string) string {
	path, _, _ := strings.Cut(target, "?")
	return p.advanced(method, target, p.jwt("ES256", probeES, method+" api.coinbase.com"+advancedAPI+path), body)
}

func (p *probe) advancedOrder(change ...string) string {
	p.order++
	return params{
		"client_order_id": `"ow-` + strconv.Itoa(p.order) + `"`, "product_id": `"BTC-USD"`, "side": `"BUY"`,
		"order_configuration": `{"sor_limit_ioc":{"base_size":"0.001","limit_price":"61000.10"}}`,
	}.with(change...).json()
}

func advancedClients() []badClient {
	bad := func(rule, name, part string, change ...string) badClient {
		return badClient{name: name, rule: rule, play: func(p *probe) error {
			return holds(p.http(p.lawful("POST", "/orders", p.advancedOrder(change...))), part)
		}}
	}
	terms := func(text string) string { return `{"limit_limit_gtc":{` + text + `}}` }
	clients := []badClient{
		bad("bad_numbers", "price as a JSON number", "HTTP/1.1 400 ", "order_configuration", terms(`"base_size":"0.001","limit_price":61000.1`)),
		bad("bad_numbers", "size with an exponent", "HTTP/1.1 400 ", "order_configuration", terms(`"base_size":"1e-3","limit_price":"61000.1"`)),
		bad("bad_numbers", "price off the increment", "INVALID_PRICE_PRECISION", "order_configuration", terms(`"base_size":"0.001","limit_price":"61000.001"`)),
		bad("bad_ids", "client id with a blank", "HTTP/1.1 400 ", "client_order_id", `"ow 1"`),
		bad("bad_ids", "no client id", "HTTP/1.1 400 ", "client_order_id", ""),
		bad("bad_params", "unknown product", "HTTP/1.1 400 ", "product_id", `"BTC-EUR"`),
		bad("bad_params", "side in small letters", "HTTP/1.1 400 ", "side", `"buy"`),
		bad("bad_params", "unknown configuration", "HTTP/1.1 400 ", "order_configuration", `{"limit_ioc":{}}`),
		bad("bad_params", "two configurations", "HTTP/1.1 400 ", "order_configuration", `{"sor_limit_ioc":{},"limit_limit_fok":{}}`),
		bad("bad_params", "unknown parameter", "HTTP/1.1 400 ", "colour", `"red"`),
		bad("bad_params", "no price", "HTTP/1.1 400 ", "order_configuration", terms(`"base_size":"0.001"`)),
	}
	clients = append(clients, jwtClients()...)
	clients = append(clients, advancedFeedClients()...)
	return append(clients, advancedGoodClients()...)
}

func jwtClients() []badClient {
	const uri = "POST api.coinbase.com" + advancedAPI + "/orders"
	with := func(rule, name string, token func(*probe) string) badClient {
		return badClient{name: name, rule: rule, play: func(p *probe) error {
			return holds(p.http(p.advanced("POST", "/orders", token(p), p.advancedOrder())), "HTTP/1.1 401 ")
		}}
	}
	return []badClient{
		with("bad_signatures", "token for another path", func(p *probe) string { return p.jwt("ES256", probeES, uri+"/edit") }),
		with("bad_signatures", "token without uri", func(p *probe) string { return p.jwt("ES256", probeES, "") }),
		with("bad_signatures", "token with a wrong issuer", func(p *probe) string { return p.jwt("ES256", probeES, uri, "iss", `"me"`) }),
		with("bad_signatures", "token signed by another key", func(p *probe) string { return p.jwt("ES256", probeEd, uri) }),
		with("bad_signatures", "token cut short", func(p *probe) string { token := p.jwt("ES256", probeES, uri); return token[:len(token)-4] }),
		with("bad_signatures", "token with alg none", func(p *probe) string { return p.jwt("none", probeES, uri) }),
		with("bad_keys", "token of an unknown key", func(p *probe) string { return p.jwt("ES256", "nobody", uri) }),
		with("bad_window", "token that has expired", func(p *probe) string {
			token := p.jwt("ES256", probeES, uri)
			p.now += 120e9
			return token
		}),
		with("bad_window", "token that lives 121 s", func(p *probe) string {
			return p.jwt("ES256", probeES, uri, "exp", strconv.FormatInt(p.now/1e9+121, 10))
		}),
		with("bad_window", "token not yet valid", func(p *probe) string {
			return p.jwt("ES256", probeES, uri, "nbf", strconv.FormatInt(p.now/1e9+1, 10))
		}),
		{name: "client id used again returns the first order", rule: "duplicates", play: func(p *probe) error {
			body := p.advancedOrder()
			first, second := p.http(p.lawful("POST", "/orders", body)), p.http(p.lawful("POST", "/orders", body))
			_, a, _ := strings.Cut(first, "\r\n\r\n")
			_, b, _ := strings.Cut(second, "\r\n\r\n")
			if a != b || len(p.v.Orders()) != 1 {
				return fmt.Errorf("the second reply is %q after %q", b, a)
			}
			return nil
		}},
		{name: "body that is no JSON", rule: "bad_json", play: func(p *probe) error {
			return holds(p.http(p.lawful("POST", "/orders", `{`)), "HTTP/1.1 400 ")
		}},
		{name: "more requests than allowed", rule: "over_limit", setup: func(c *Config) {
			c.Limits = LooseLimits()
			c.Limits.OrdersPerSecond = 1
		}, play: func(p *probe) error {
			p.http(p.lawful("GET", "/accounts", ""))
			return holds(p.http(p.lawful("GET", "/accounts", "")), "HTTP/1.1 429 ", "x-ratelimit-remaining: 0\r\n")
		}},
	}
}

func advancedFeedClients() []badClient {
	says := func(rule, name string, messages func(*probe) []string) badClient {
		return badClient{name: name, rule: rule, play: func(p *probe) error {
			if err := p.upgrade("/"); err != nil {
				return err
			}
			for _, message := range messages(p) {
				p.text(message)
			}
			return p.expect(`"type":"error"`)
		}}
	}
	one := func(message string) func(*probe) []string {
		return func(*probe) []string { return []string{message} }
	}
	return []badClient{
		says("bad_json", "feed: JSON cut short", one(`{"type":"subscribe"`)),
		says("unexpected", "feed: unknown type", one(`{"type":"hello"}`)),
		says("bad_params", "feed: unknown channel", one(`{"type":"subscribe","channel":"orders"}`)),
		says("bad_signatures", "feed: user channel without a token", one(`{"type":"subscribe","channel":"user"}`)),
		says("bad_signatures", "feed: token with a uri", func(p *probe) []string {
			return []string{`{"type":"subscribe","channel":"user","jwt":"` + p.jwt("EdDSA", probeEd, "GET x") + `"}`}
		}),
		says("bad_nonce", "feed: one token for two subscriptions", func(p *probe) []string {
			token := p.jwt("EdDSA", probeEd, "")
			return []string{`{"type":"subscribe","channel":"user","jwt":"` + token + `"}`, `{"type":"subscribe","channel":"heartbeats","jwt":"` + token + `"}`}
		}),
	}
}

func advancedGoodClients() []badClient {
	return []badClient{
		{name: "order under ES256 and EdDSA, list, fills, cancel", play: func(p *probe) error {
			const uri = "POST api.coinbase.com" + advancedAPI + "/orders"
			resting := p.advancedOrder("order_configuration", `{"limit_limit_gtc":{"base_size":"0.001","limit_price":"10000.00","post_only":false}}`)
			placed := p.http(p.advanced("POST", "/orders", p.jwt("EdDSA", probeEd, uri), resting))
			_, rest, _ := strings.Cut(placed, `"order_id":"`)
			id := rest[:min(36, len(rest))]
			return errors.Join(
				holds(placed, "HTTP/1.1 200 ", `"success":true`, `"client_order_id":"ow-1"`),
				holds(p.http(p.lawful("POST", "/orders", p.advancedOrder())), `"success":true`, `"client_order_id":"ow-2"`),
				holds(p.http(p.lawful("GET", "/orders/historical/batch?order_status=OPEN", "")), `"status":"OPEN"`),
				holds(p.http(p.lawful("GET", "/orders/historical/"+id, "")), `"client_order_id":"ow-1"`),
				holds(p.http(p.lawful("GET", "/orders/historical/fills", "")), `"price":"61000.1"`),
				holds(p.http(p.lawful("POST", "/orders/edit", `{"order_id":"`+id+`","price":"10001.00","size":"0.002"}`)), `"success":true`),
				holds(p.http(p.lawful("POST", "/orders/batch_cancel", `{"order_ids":["`+id+`"]}`)), `"success":true`),
				holds(p.http(p.lawful("GET", "/key_permissions", "")), `"can_trade":true,"can_transfer":false`),
			)
		}},
		{name: "one token for two orders of its path", play: func(p *probe) error {
			token := p.jwt("ES256", probeES, "POST api.coinbase.com"+advancedAPI+"/orders")
			p.http(p.advanced("POST", "/orders", token, p.advancedOrder()))
			return holds(p.http(p.advanced("POST", "/orders", token, p.advancedOrder())), `"client_order_id":"ow-2"`)
		}},
		{name: "scripted reject inside a 200", setup: func(c *Config) {
			c.Script = func(uint64, Intent) Plan { return Plan{Reject: "INSUFFICIENT_FUND"} }
		}, play: func(p *probe) error {
			return holds(p.http(p.lawful("POST", "/orders", p.advancedOrder())), "HTTP/1.1 200 ", `"success":false`, `"error":"INSUFFICIENT_FUND"`)
		}},
		{name: "feed: user channel, heartbeats, sequence", play: func(p *probe) error {
			if err := p.upgrade("/"); err != nil {
				return err
			}
			p.text(`{"type":"subscribe","channel":"heartbeats"}`)
			p.text(`{"type":"subscribe","channel":"user","product_ids":["BTC-USD"],"jwt":"` + p.jwt("EdDSA", probeEd, "") + `"}`)
			feed := p.c
			p.connect()
			p.http(p.lawful("POST", "/orders", p.advancedOrder()))
			p.c = feed
			p.c.Tick(p.now + 1e9)
			p.read()
			return holds(strings.Join(p.texts, "\n"), `"type":"snapshot","orders":[]`, `"status":"OPEN"`, `"status":"FILLED"`, `"heartbeat_counter":0`, `"sequence_num":0`, `"sequence_num":4`)
		}},
	}
}
