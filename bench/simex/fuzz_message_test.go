package simex_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"orderwire/bench/simex"
)

// opened are the sockets of all venues, logged in where the venue has a login.
var opened = []struct {
	kind, path string
	seeds      []string
}{
	{"binance", "/ws-api/v3", []string{
		`{"id":1,"method":"order.place","params":{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","price":"1.0","quantity":"1","timestamp":1700000000000}}`,
		`{"id":"x","method":"session.logon","params":{"apiKey":"test-key","timestamp":1700000000000,"signature":"AA=="}}`,
		`{"id":null,"method":"exchangeInfo","params":{"symbol":"BTCUSDT"}}`, `{"id":1,"method":"depth","params":{"symbol":"BTCUSDT","limit":5}}`,
	}},
	{"binance", "/stream", []string{`{"method":"SUBSCRIBE","params":["a@trade",{"x":[1]}],"id":1}`, `{"method":"LIST_SUBSCRIPTIONS","id":"a\"b"}`}},
	{"binance-usdm", "/ws-fapi/v1", []string{`{"id":1,"method":"userDataStream.start","params":{"apiKey":"test-key"}}`}},
	{"bybit", "/v5/trade", []string{
		`{"reqId":"r","header":{"X-BAPI-TIMESTAMP":"1700000000000"},"op":"order.create","args":[{"category":"spot","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"1"}]}`,
		`{"header":{"X-BAPI-TIMESTAMP":"1700000000000"},"op":"order.create-batch","args":[{"category":"linear","request":[{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","price":"1","qty":"1"},{}]}]}`,
		`{"op":"ping","reqId":"\u0001\""}`,
	}},
	{"bybit", "/v5/private", []string{`{"op":"subscribe","args":["order","execution","dcp.spot"],"req_id":"s"}`}},
	{"bybit", "/v5/public/spot", []string{`{"op":"subscribe","args":["publicTrade.BTCUSDT"]}`}},
	{"kraken", "/v2", []string{
		`{"method":"add_order","params":{"order_type":"limit","side":"buy","symbol":"BTC/USD","order_qty":1,"limit_price":1,"token":"TOKEN"},"req_id":1}`,
		`{"method":"batch_add","params":{"symbol":"BTC/USD","token":"TOKEN","orders":[{"order_type":"limit","side":"buy","order_qty":1,"limit_price":1},{"side":"sell"}]}}`,
		`{"method":"subscribe","params":{"channel":"executions","token":"TOKEN","snap_trades":true}}`,
		`{"method":"cancel_all_orders_after","params":{"timeout":60,"token":"TOKEN"}}`,
		`{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":25}}`,
	}},
	{"coinbase", "/", []string{`{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker",{"name":"heartbeat","product_ids":["ETH-USD"]}]}`}},
	{"coinbase-advanced", "/", []string{`{"type":"subscribe","product_ids":["BTC-USD"],"channel":"market_trades","jwt":"a.b.c"}`}},
}

// FuzzMessage sends any text as one message of a logged-in session: it must not panic, and whatever is answered must be
// JSON.
func FuzzMessage(f *testing.F) {
	for i, row := range opened {
		for _, seed := range row.seeds {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		if len(text) > 32<<10 {
			return
		}
		row := opened[int(which)%len(opened)]
		c := &tester{t: t, v: fuzzVenue(t, row.kind), now: fuzzNow, key: testKey}
		if row.kind == "kraken" {
			text = strings.ReplaceAll(text, "TOKEN", krakenToken(t, c.v))
		}
		c.dial(row.path)
		if row.kind == "bybit" && row.path != "/v5/public/spot" {
			expires := fmt.Sprint(c.now/1e6 + 1000)
			c.text(`{"op":"auth","args":["` + testKey + `",` + expires + `,"` + fmt.Sprintf("%x", hmacOf([]byte(testSecret), "GET/realtime"+expires)) + `"]}`)
		}
		c.text(text)
		c.pass(2e9)
		for _, message := range c.got {
			if !json.Valid([]byte(message)) {
				t.Fatalf("%q was answered by %q", text, message)
			}
		}
		if _, err := json.Marshal(c.v.Orders()); err != nil {
			t.Fatal(err)
		}
	})
}

// krakenToken fetches a token by REST.
func krakenToken(t testing.TB, v *simex.Venue) string {
	t.Helper()
	c := v.Accept(fuzzNow)
	c.Feed(fuzzNow, []byte(krakenRequest("/0/private/GetWebSocketsToken", "", time.Unix(0, fuzzNow).UnixNano())))
	_, rest, ok := strings.Cut(string(c.Output(fuzzNow, nil)), `"token":"`)
	if !ok {
		t.Fatal("no token")
	}
	token, _, _ := strings.Cut(rest, `"`)
	return token
}
