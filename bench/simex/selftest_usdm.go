package simex

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// futuresClients send what only USD-M futures take, and break what only they forbid.
func futuresClients() []badClient {
	good := goodOnOrders
	return []badClient{
		{name: "FULL is no reply form of futures", rule: "bad_params", play: onOrders(func(p *probe) error {
			p.call("order.place", p.orderOf().with("newOrderRespType", `"FULL"`).signHMAC())
			return p.expect(`"error"`)
		})},
		{name: "hedge side in one-way mode", rule: "bad_params", play: onOrders(func(p *probe) error {
			p.call("order.place", p.orderOf().with("positionSide", `"LONG"`).signHMAC())
			return p.expect(`-4061`)
		})},
		{name: "unknown listen key", rule: "bad_signatures", play: func(p *probe) error {
			if reply := p.http(upgradeText("/private/ws/0123", "")); !strings.HasPrefix(reply, "HTTP/1.1 400 ") {
				return fmt.Errorf("the listen key got %q", reply)
			}
			return nil
		}},
		good("order.place, ACK and RESULT", []string{`"status":200`, `"status":"FILLED"`, `"avgPrice":"61000.1"`}, func(p *probe) {
			p.call("order.place", p.orderOf().signHMAC())
			p.call("order.place", p.orderOf().with("newOrderRespType", `"RESULT"`).signHMAC())
		}),
		good("client id with ':' and '/'", []string{`"status":200`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("newClientOrderId", `"a:b/c.d"`).signHMAC())
		}),
		good("post only that rests", []string{`"timeInForce":"GTX"`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("timeInForce", `"GTX"`).signHMAC())
		}),
		good("modify", []string{`"origQty":"0.002"`, `"price":"60000"`}, func(p *probe) {
			p.call("order.place", p.orderOf().with("timeInForce", `"GTC"`).signHMAC())
			p.call("order.modify", p.timeOnly().with("symbol", `"BTCUSDT"`, "side", `"BUY"`, "origClientOrderId", `"ow-1"`, "price", `"60000"`, "quantity", `"0.002"`).signHMAC())
		}),
		{name: "listen key, private stream, ORDER_TRADE_UPDATE", play: func(p *probe) error {
			if err := p.upgrade("/ws-fapi/v1"); err != nil {
				return err
			}
			p.call("userDataStream.start", params{"apiKey": `"` + probeHMAC + `"`})
			_, key, ok := strings.Cut(p.last(), `"listenKey":"`)
			if !ok {
				return p.expect(`"listenKey":"`)
			}
			orders := p.c
			p.connect()
			if err := p.upgrade("/private/ws/" + key[:64]); err != nil {
				return err
			}
			listen := p.c
			p.c = orders
			p.call("order.place", p.orderOf().signHMAC())
			p.c = listen
			p.read()
			return errors.Join(p.expect(`"e":"ORDER_TRADE_UPDATE"`), p.expect(`"x":"TRADE","X":"FILLED"`))
		}},
	}
}

// form signs a REST request of Binance and writes it.
func (p *probe) form(method, path string, pairs ...string) string {
	query := ""
	for i := 0; i < len(pairs); i += 2 {
		query += pairs[i] + "=" + url.QueryEscape(pairs[i+1]) + "&"
	}
	query += "timestamp=" + strconv.FormatInt(p.now/1e6, 10)
	mac := hmac.New(sha256.New, []byte(probeSecret))
	mac.Write([]byte(query))
	query += "&signature=" + hex.EncodeToString(mac.Sum(nil))
	return method + " " + path + "?" + query + " HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: " + probeHMAC + "\r\n\r\n"
}

// binanceRESTClients speak REST to the same venue.
func binanceRESTClients(kind string) []badClient {
	api := "/api/v3"
	if kind == "binance-usdm" {
		api = "/fapi/v1"
	}
	order := []string{"symbol", "BTCUSDT", "side", "BUY", "type", "LIMIT", "timeInForce", "GTC", "price", "61000.1", "quantity", "0.001", "newClientOrderId", "ow-1"}
	wants := func(parts ...string) func(string) error {
		return func(reply string) error {
			for _, part := range parts {
				if !strings.Contains(reply, part) {
					return fmt.Errorf("%q is not in %q", part, reply)
				}
			}
			return nil
		}
	}
	return []badClient{
		{name: "REST order with a wrong signature", rule: "bad_signatures", play: func(p *probe) error {
			text := strings.Replace(p.form("POST", api+"/order", order...), "quantity=0.001", "quantity=0.002", 1)
			return wants("HTTP/1.1 400 ", `"code":-1022`)(p.http(text))
		}},
		{name: "REST signature that is not last", rule: "bad_signatures", play: func(p *probe) error {
			text := strings.Replace(p.form("POST", api+"/order", order...), " HTTP/1.1", "&recvWindow=5000 HTTP/1.1", 1)
			return wants("HTTP/1.1 400 ", `"code":-1022`)(p.http(text))
		}},
		{name: "REST without a key", rule: "bad_signatures", play: func(p *probe) error {
			return wants("HTTP/1.1 401 ", `"code":-2014`)(p.http("GET " + api + "/openOrders?timestamp=1 HTTP/1.1\r\nHost: x\r\n\r\n"))
		}},
		{name: "REST parameter given twice", rule: "bad_params", play: func(p *probe) error {
			return wants("HTTP/1.1 400 ", `"code":-1101`)(p.http("GET " + api + "/depth?symbol=BTCUSDT&symbol=BTCUSDT HTTP/1.1\r\nHost: x\r\n\r\n"))
		}},
		{name: "REST order, open orders, cancel", play: func(p *probe) error {
			return errors.Join(
				wants("HTTP/1.1 200 ", `"clientOrderId":"ow-1"`, "X-MBX-USED-WEIGHT-1M: ", "X-MBX-ORDER-COUNT-10S: 1\r\n")(p.http(p.form("POST", api+"/order", order...))),
				wants("HTTP/1.1 200 ", `[{`, `"clientOrderId":"ow-1"`)(p.http(p.form("GET", api+"/openOrders", "symbol", "BTCUSDT"))),
				wants("HTTP/1.1 200 ", `"status":"CANCELED"`)(p.http(p.form("DELETE", api+"/order", "symbol", "BTCUSDT", "origClientOrderId", "ow-1"))),
				wants("HTTP/1.1 400 ", `"code":-2011`)(p.http(p.form("DELETE", api+"/order", "symbol", "BTCUSDT", "origClientOrderId", "ow-1"))),
			)
		}},
		{name: "REST time and exchangeInfo", play: func(p *probe) error {
			return errors.Join(
				wants("HTTP/1.1 200 ", `{"serverTime":1700000000123}`)(p.http("GET "+api+"/time HTTP/1.1\r\nHost: x\r\n\r\n")),
				wants("HTTP/1.1 200 ", `"filterType":"PRICE_FILTER"`)(p.http("GET "+api+"/exchangeInfo HTTP/1.1\r\nHost: x\r\n\r\n")),
			)
		}},
	}
}

// upgradeText is a lawful opening handshake, with more header lines where given.
func upgradeText(path, more string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + more + "\r\n"
}
