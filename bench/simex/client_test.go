package simex_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"

	"orderwire/bench/simex"
)

// tester is a client that drives a Conn by hand: no socket, no clock.
type tester struct {
	t    *testing.T
	v    *simex.Venue
	c    *simex.Conn
	now  int64
	key  string
	sent int
	in   []byte
	got  []string
	code int // of the venue's Close
}

func newVenue(t *testing.T, config simex.Config) *simex.Venue {
	t.Helper()
	if config.Keys == nil {
		config.Keys = []simex.Key{{ID: testKey, Secret: testSecret}, {ID: "other", Secret: testSecret, Account: "other"}}
	}
	v, err := simex.NewVenue(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func join(t *testing.T, v *simex.Venue, path string) *tester {
	t.Helper()
	c := &tester{t: t, v: v, now: fuzzNow, key: testKey}
	c.dial(path)
	return c
}

func (c *tester) dial(path string) {
	c.t.Helper()
	c.c, c.in, c.code = c.v.Accept(c.now), nil, 0
	c.c.Feed(c.now, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", path))
	out := string(c.c.Output(c.now, nil))
	head, rest, _ := strings.Cut(out, "\r\n\r\n")
	if !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		c.t.Fatalf("no upgrade on %s: %q", path, out)
	}
	c.in = []byte(rest)
	c.read()
}

func (c *tester) text(message string) {
	c.sent++
	c.c.Feed(c.now, masked(message, c.sent*7919+int(c.c.Number())*104729))
	c.read()
}

// read takes in frames; PINGs are answered.
func (c *tester) read() {
	c.in = c.c.Output(c.now, c.in)
	for len(c.in) >= 2 {
		head, length := 2, int(c.in[1])
		switch length {
		case 126:
			head, length = 4, int(c.in[2])<<8|int(c.in[3])
		case 127:
			head, length = 10, int(c.in[6])<<24|int(c.in[7])<<16|int(c.in[8])<<8|int(c.in[9])
		}
		payload := string(c.in[head : head+length])
		op := c.in[0] & 0x0F
		c.in = c.in[head+length:]
		switch op {
		case 1:
			c.got = append(c.got, payload)
		case 8:
			c.code = int(payload[0])<<8 | int(payload[1])
		}
	}
}

// pass lets time go by and does what falls due.
func (c *tester) pass(nanos int64) {
	c.now += nanos
	c.c.Tick(c.now)
	c.read()
}

// take empties what was received.
func (c *tester) take() []string {
	got := c.got
	c.got = nil
	return got
}

// call sends a signed Binance request and returns the reply to it.
func (c *tester) call(method string, pairs ...string) map[string]any {
	c.t.Helper()
	values := map[string]string{"apiKey": c.key, "timestamp": fmt.Sprint(c.now / 1e6)}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	var names, signed, fields []string
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		signed = append(signed, name+"="+values[name])
	}
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write([]byte(strings.Join(signed, "&")))
	values["signature"] = hex.EncodeToString(mac.Sum(nil))
	for name, value := range values {
		if name != "timestamp" && name != "orderId" && name != "recvWindow" && name != "countdownTime" {
			value = `"` + value + `"`
		}
		fields = append(fields, `"`+name+`":`+value)
	}
	id := fmt.Sprint(c.sent)
	c.text(`{"id":"` + id + `","method":"` + method + `","params":{` + strings.Join(fields, ",") + `}}`)
	return c.reply(id)
}

// reply finds the answer to a request among what was received; nil when there is none.
func (c *tester) reply(id string) map[string]any {
	c.t.Helper()
	for i := len(c.got) - 1; i >= 0; i-- {
		var message map[string]any
		if err := json.Unmarshal([]byte(c.got[i]), &message); err != nil {
			c.t.Fatalf("%v: %s", err, c.got[i])
		}
		if message["id"] == id {
			return message
		}
	}
	return nil
}

// place sends a LIMIT order.
func (c *tester) place(id, side, tif, price, qty string, more ...string) map[string]any {
	c.t.Helper()
	return c.call("order.place", append([]string{
		"symbol", "BTCUSDT", "side", side, "type", "LIMIT", "timeInForce", tif, "price", price, "quantity", qty,
		"newClientOrderId", id, "newOrderRespType", "RESULT",
	}, more...)...)
}

func (c *tester) subscribe() {
	c.t.Helper()
	if status := c.call("userDataStream.subscribe.signature")["status"]; status != 200.0 {
		c.t.Fatalf("subscription: %v", status)
	}
	c.take()
}

// truth is the venue's word on a client id: its last order.
func truth(t *testing.T, v *simex.Venue, id string) simex.OrderTruth {
	t.Helper()
	orders := v.Orders()
	for i := len(orders) - 1; i >= 0; i-- {
		if orders[i].ClientID == id {
			return orders[i]
		}
	}
	t.Fatalf("the venue knows no order %q", id)
	return simex.OrderTruth{}
}

func clean(t *testing.T, v *simex.Venue) {
	t.Helper()
	counts := v.Counts()
	if counts.Bad() != 0 {
		t.Errorf("the examiner found faults in an honest client: %v", counts.Violations())
	}
}

func field(message map[string]any, path ...string) any {
	var value any = message
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// coinbaseRequest is a signed request of the Exchange API.
func coinbaseRequest(method, target, body string, now int64) string {
	secret, err := base64.StdEncoding.DecodeString(testSecret)
	if err != nil {
		panic(err)
	}
	stamp := fmt.Sprint(now / 1e9)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp + method + target + body))
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nCB-ACCESS-KEY: %s\r\nCB-ACCESS-PASSPHRASE: \r\nCB-ACCESS-TIMESTAMP: %s\r\nCB-ACCESS-SIGN: %s\r\nContent-Length: %d\r\n\r\n%s",
		method, target, testKey, stamp, base64.StdEncoding.EncodeToString(mac.Sum(nil)), len(body), body)
}

func hmacOf(secret []byte, text string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// krakenRequest is a signed private REST request.
func krakenRequest(path, form string, nonce int64) string {
	secret, err := base64.StdEncoding.DecodeString(testSecret)
	if err != nil {
		panic(err)
	}
	body := fmt.Sprintf("nonce=%d", nonce)
	if form != "" {
		body += "&" + form
	}
	inner := sha256.Sum256([]byte(fmt.Sprint(nonce) + body))
	mac := hmac.New(sha512.New, secret)
	mac.Write([]byte(path))
	mac.Write(inner[:])
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nAPI-Key: %s\r\nAPI-Sign: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, testKey, base64.StdEncoding.EncodeToString(mac.Sum(nil)), len(body), body)
}
