package runtime

import (
	"errors"
	"testing"
	"time"

	"orderwire/orders"
)

const second = int64(time.Second)

// pass lets time go by in small turns, while the peer pings every 20 s.
func (r *rig) pass(seconds int) {
	for i := range seconds {
		r.clock.now += second
		if i%20 == 0 && r.session.phase == Live {
			r.port.Feed(r.sock, r.seal(serverFrame(0x89, []byte("still there"))))
		}
		r.turn()
		r.heard()
	}
}

func trade(id int) string {
	return `{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":` + string(rune('0'+id)) + `,"p":"1.00","q":"1.0","T":1,"m":true,"M":true}}`
}

// R7: a market connection that answers pings and brings nothing is ended; one that brings data is not.
func TestR7SilentMarketIsEnded(t *testing.T) {
	r := newRigOf(t, 1, MarketRole, Config{})
	for i := range 3 {
		r.say("%s", trade(i+1))
		r.pass(50)
	}
	if r.session.phase != Live || len(r.watch.trades) != 3 {
		t.Fatalf("phase %s after %d trades 50 s apart", r.session.phase, len(r.watch.trades))
	}
	r.pass(12)
	if r.session.phase != Ended || !errors.Is(r.session.cause, errNoData) {
		t.Errorf("phase %s, because of %v", r.session.phase, r.session.cause)
	}
}

// What is no market data does not keep a market connection alive.
func TestR7OtherMessagesAreNoData(t *testing.T) {
	r := newRigOf(t, 1, MarketRole, Config{})
	for range 7 {
		r.say(`{"result":null,"id":1}`)
		r.pass(10)
	}
	if !errors.Is(r.session.cause, errNoData) {
		t.Errorf("phase %s, because of %v", r.session.phase, r.session.cause)
	}
}

// The configuration has the last word.
func TestDataSilenceOfTheConfig(t *testing.T) {
	for _, row := range []struct {
		name    string
		silence time.Duration
		want    Phase
	}{{"shorter", 5 * time.Second, Ended}, {"for ever", -1, Live}} {
		t.Run(row.name, func(t *testing.T) {
			r := newRigOf(t, 1, MarketRole, Config{DataSilence: row.silence})
			if row.want == Ended {
				r.pass(6)
			} else {
				r.pass(1000)
			}
			if r.session.phase != row.want {
				t.Errorf("phase %s, because of %v", r.session.phase, r.session.cause)
			}
		})
	}
}

// An order connection may be silent for hours.
func TestR7SilentOrdersAreLeftAlone(t *testing.T) {
	r := newRig(t, 1)
	r.pass(2 * 3600)
	if r.session.phase != Live {
		t.Errorf("phase %s, because of %v", r.session.phase, r.session.cause)
	}
}

// R7: an order that was accepted, and of which the stream of reports tells nothing, gives the stream away.
func TestR7UnheardOrderEndsItsStream(t *testing.T) {
	r := newRig(t, 1)
	id := r.mustPush()
	r.turn()
	r.ack(id)
	r.pass(9)
	if r.session.phase != Live {
		t.Fatalf("ended after 9 s: %v", r.session.cause)
	}
	r.pass(3)
	if r.session.phase != Ended || !errors.Is(r.session.cause, errUnheard) {
		t.Errorf("phase %s, because of %v", r.session.phase, r.session.cause)
	}
}

// event lets the peer report order id on the stream.
func (r *rig) event(id uint64) {
	r.say(`{"subscriptionId":0,"event":{"e":"executionReport","E":1,"s":"BTCUSDT","c":%q,"C":"","x":"NEW","X":"NEW","i":7,"l":"0","z":"0","L":"0","t":-1,"T":1700000000000}}`,
		r.loop.space.Text(id))
}

func TestR7HeardOrders(t *testing.T) {
	for _, row := range []struct {
		name string
		say  func(r *rig, id uint64)
	}{
		{"reply, then report", func(r *rig, id uint64) { r.ack(id); r.turn(); r.event(id) }},
		{"report, then reply", func(r *rig, id uint64) { r.event(id); r.turn(); r.ack(id) }},
		{"rejected", func(r *rig, id uint64) {
			r.say(`{"id":%q,"status":400,"error":{"code":-2010,"msg":"Account has insufficient balance."}}`, r.loop.space.Text(id))
		}},
		{"no reply at all", func(*rig, uint64) {}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, 1)
			id := r.mustPush()
			r.turn()
			row.say(r, id)
			r.turn()
			r.pass(60)
			if r.session.phase != Live {
				t.Errorf("phase %s, because of %v", r.session.phase, r.session.cause)
			}
		})
	}
}

// lively is a venue with heartbeats.
type lively struct{ orders.Dialect }

func (lively) Silence() orders.Silence { return orders.Silence{Orders: 5 * time.Second} }

// A venue with heartbeats is dead without any message for its time (Kraken: 5 s); pings are no messages.
func TestHeartbeatsAreWaitedFor(t *testing.T) {
	r := newRig(t, 1)
	r.loop.silence = silenceOf(&Config{Dialect: lively{r.loop.dialect}})
	for range 10 {
		r.say(`{"e":"heartbeat"}`)
		r.pass(4)
	}
	if r.session.phase != Live {
		t.Fatalf("ended between heartbeats: %v", r.session.cause)
	}
	r.pass(3)
	if !errors.Is(r.session.cause, errSilent) {
		t.Errorf("phase %s, because of %v", r.session.phase, r.session.cause)
	}
}
