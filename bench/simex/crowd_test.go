package simex_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"orderwire/bench/simex"
)

// TestManyConnectionsAtOnce is for the race detector: orders, reports to others, market data, quotes and questions all
// at the same time, and every order is answered for.
func TestManyConnectionsAtOnce(t *testing.T) {
	const traders, each = 6, 40
	market := readMarket(t, strings.Repeat(handMarket, 20))
	server := serve(t, simex.ServeConfig{Venue: simex.Config{Market: market, Fill: simex.FillQuote, Speed: 1000, ReplayHold: true}})
	v := server.Venue()
	v.Quote(time.Now().UnixNano(), "BTCUSDT", "60000", "1000", "61000", "1000")
	var clients []*client
	for range traders {
		clients = append(clients, dial(t, server, "/ws-api/v3"))
	}
	watcher := dial(t, server, "/ws-api/v3")
	now := time.Now().UnixMilli()
	mac := hmac.New(sha256.New, []byte(testSecret))
	fmt.Fprintf(mac, "apiKey=%s&timestamp=%d", testKey, now)
	watcher.send(0x81, fmt.Appendf(nil, `{"id":1,"method":"userDataStream.subscribe.signature","params":{"apiKey":%q,"timestamp":%d,"signature":"%x"}}`, testKey, now, mac.Sum(nil)))
	watcher.receive()
	dial(t, server, "/ws") // reads nothing

	var crowd sync.WaitGroup
	for i, c := range clients {
		crowd.Go(func() {
			for n := range each {
				c.send(0x81, []byte(order(fmt.Sprintf("t%d-%d", i, n), time.Now())))
				if _, payload := c.receive(); !strings.Contains(string(payload), `"status":200`) {
					t.Errorf("trader %d, order %d: %s", i, n, payload)
				}
			}
		})
	}
	crowd.Go(func() {
		for range each {
			v.Trade(time.Now().UnixNano(), "BTCUSDT", "buy", "62000", "1")
			v.Quote(time.Now().UnixNano(), "BTCUSDT", "60000", "1000", "61000", "1000")
			v.Inject(time.Now().UnixNano(), simex.Incident{Kind: simex.ClockStep, Nanos: 1})
			v.Orders()
			v.Counts()
		}
	})
	seen := 0
	for seen < 2*traders*each { // NEW and TRADE of each
		if _, payload := watcher.receive(); strings.Contains(string(payload), `"executionReport"`) {
			seen++
		}
	}
	crowd.Wait()
	if counts := v.Counts(); counts.Acked != traders*each || counts.Filled != traders*each || counts.Bad() != 0 {
		t.Errorf("acked %d, filled %d, faults %v", counts.Acked, counts.Filled, counts.Violations())
	}
}
