package runtime

import (
	"encoding/json"
	"testing"
	"time"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/fixed"
)

func TestPushReachesThePeerAndIsAcked(t *testing.T) {
	r := newRig(t, 1)
	id := r.mustPush()
	frames := r.heard()
	if len(frames) != 1 || frames[0].op != 1 {
		t.Fatalf("peer read %d frames, want one text frame", len(frames))
	}
	var request struct {
		ID     string
		Method string
		Params map[string]any
	}
	if err := json.Unmarshal(frames[0].payload, &request); err != nil {
		t.Fatalf("payload is no JSON: %v", err)
	}
	if want := r.loop.space.Text(id); request.ID != want || request.Params["newClientOrderId"] != want || request.Method != "order.place" {
		t.Errorf("request %s %s for %v, want order.place of %s", request.Method, request.ID, request.Params["newClientOrderId"], want)
	}
	r.clock.now = 500
	r.ack(id)
	r.turn()
	if len(r.watch.receipts) != 1 || r.watch.receipts[0].ID != id || r.watch.receipts[0].State != orders.Acked {
		t.Fatalf("receipts %+v, want order %d acked", r.watch.receipts, id)
	}
	timing := r.session.timings.find(id)
	for stage := Triggered; stage <= Submitted; stage++ {
		if timing.At[stage] == 0 {
			t.Errorf("stage %s was not marked", stage)
		}
	}
	if timing.At[Acked] != 500 {
		t.Errorf("acked at %d, want 500", timing.At[Acked])
	}
}

// refusingRisk and fullJournal stand at the two call points of a push.
type refusingRisk struct{ noRisk }

func (refusingRisk) Check(*orders.Spec, *orders.Values, int64) orders.Outcome {
	return orders.RiskRefused
}

type fullJournal struct{ noJournal }

func (fullJournal) Room() bool { return false }

func TestPushRefusalsLeaveNoTrace(t *testing.T) {
	price, qty := fixed.Number{Mantissa: 6_400_000, Scale: 2}, fixed.Number{Mantissa: 1, Scale: 3}
	for _, row := range []struct {
		name   string
		config Config
		before func(*rig)
		price  fixed.Number
		want   orders.Outcome
	}{
		{name: "not live", before: func(r *rig) { r.session.phase.advance(Draining) }, want: orders.NotLive},
		{name: "price with too many decimals", price: fixed.Number{Mantissa: 1, Scale: 3}, want: orders.BadValue},
		{name: "negative price", price: fixed.Number{Mantissa: -1}, want: orders.BadValue},
		{name: "port full", before: func(r *rig) {
			r.port.Window(r.sock, 0)
			for range 8 {
				r.mustPush()
			}
		}, want: orders.BackPressured},
		{name: "tracker full", config: Config{TrackMax: 1}, before: func(r *rig) { r.mustPush() }, want: orders.TrackFull},
		{name: "no mask", before: func(r *rig) {
			for r.session.masks.Left() > 0 {
				r.session.masks.Next()
			}
		}, want: orders.NoMask},
		{name: "no slot", before: func(r *rig) {
			for {
				s, ok := r.loop.arena.Take()
				if !ok {
					return
				}
				r.t.Cleanup(func() { r.loop.arena.Put(s) })
			}
		}, want: orders.NoSlot},
		{name: "killed", before: func(r *rig) { r.engine.Kill(orders.KilledByCall) }, want: orders.Killed},
		{name: "clock unknown", before: func(r *rig) { *r.session.venue = *orders.NewVenueClock(0) }, want: orders.ClockDoubt},
		{name: "risk", config: Config{Risk: refusingRisk{}}, want: orders.RiskRefused},
		{name: "journal full", config: Config{Journal: fullJournal{}}, want: orders.JournalFull},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRigOf(t, 1, OrderRole, row.config)
			if row.before != nil {
				row.before(r)
			}
			wire, last := len(r.port.Wire(r.sock)), r.session.ids.Last()
			_, seq := r.session.link.Sealer.Gate()
			if row.price == (fixed.Number{}) {
				row.price = price
			}
			_, outcome := r.loop.Push(0, row.price, qty, r.clock.now)
			if outcome != row.want {
				t.Errorf("outcome %s, want %s", outcome, row.want)
			}
			if got := len(r.port.Wire(r.sock)); got != wire {
				t.Errorf("%d bytes left although the order was refused", got-wire)
			}
			if _, after := r.session.link.Sealer.Gate(); after != seq {
				t.Errorf("the refused order used record number %d", seq)
			}
			if r.session.ids.Last() != last {
				t.Errorf("the refused order used an id")
			}
			if r.loop.counts.outcomes[row.want] != 1 {
				t.Errorf("the refusal was counted %d times", r.loop.counts.outcomes[row.want])
			}
		})
	}
}

func TestPushAllocs(t *testing.T) {
	r := newRig(t, 1)
	frames := make([][]byte, 3000)
	for i := range frames {
		frames[i] = r.seal(serverFrame(0x81, []byte(ackOf(r.loop.space.Text(uint64(i+1))))))
	}
	r.watch.receipts = make([]orders.Receipt, 0, len(frames))
	// The fake port keeps all bytes of one connection; the record of what was sent is emptied so that it never grows.
	i := 0
	allocs := testing.AllocsPerRun(1000, func() {
		r.clock.now++
		if _, outcome := r.push(); outcome != orders.Sent {
			t.Fatalf("push %d: %s", i, outcome)
		}
		r.port.Forget(r.sock)
		r.port.Feed(r.sock, frames[i])
		i++
		r.turn() // reap, open, read, classify, settle
		r.turn() // idle
		drainQueues(r.loop)
	})
	if allocs != 0 {
		t.Errorf("%v allocations for push, open, read and classify, want 0", allocs)
	}
	if len(r.watch.receipts) == 0 {
		t.Error("no receipt: the acks were not read, and the figure means nothing")
	}
}

func ackOf(id string) string {
	return `{"id":"` + id + `","status":200,"result":{"symbol":"BTCUSDT","orderId":7,"orderListId":-1,"clientOrderId":"` + id + `","transactTime":1700000000000}}`
}

func drainQueues(l *Loop) {
	var t Timing
	var r orders.Receipt
	for l.timing.take(&t) {
	}
	for l.receipt.take(&r) {
	}
}

func TestLateRecordAbortsItsConnection(t *testing.T) {
	for _, row := range []struct {
		name   string
		window int // bytes that the kernel takes
	}{{"nothing taken", 0}, {"half a record taken", 100}} {
		t.Run(row.name, func(t *testing.T) {
			r := newRigOf(t, 1, OrderRole, Config{MaxSendAge: 5 * time.Millisecond})
			r.port.Window(r.sock, row.window)
			id := r.mustPush()
			r.clock.now += 4_000_000
			r.turn()
			if r.session.phase != Live {
				t.Fatal("the connection ended before its time")
			}
			r.clock.now += 2_000_000
			r.turn()
			r.turn()
			if closed, aborted := r.port.Ended(r.sock); !closed || !aborted {
				t.Errorf("closed %t, aborted %t, want an abortive close: the queue has to be purged", closed, aborted)
			}
			if len(r.watch.receipts) != 1 || r.watch.receipts[0].ID != id || r.watch.receipts[0].State != orders.NotSent {
				t.Errorf("receipts %+v, want order %d NotSent: its last byte never left", r.watch.receipts, id)
			}
		})
	}
}

func TestLostConnectionMakesUnknown(t *testing.T) {
	r := newRig(t, 1)
	acked, lost := r.mustPush(), r.mustPush()
	r.ack(acked)
	r.turn()
	r.watch.receipts = nil
	r.port.End(r.sock, 104) // ECONNRESET
	for range 3 {
		r.turn()
	}
	if len(r.watch.receipts) != 1 || r.watch.receipts[0].ID != lost || r.watch.receipts[0].State != orders.Unknown {
		t.Errorf("receipts %+v, want order %d Unknown and nothing about %d, which was acked", r.watch.receipts, lost, acked)
	}
	if _, outcome := r.push(); outcome != orders.NotLive {
		t.Errorf("push on a dead session: %s", outcome)
	}
	var end sessionEnd
	if !r.loop.ends.take(&end) || end.err == nil {
		t.Error("the connection was not handed back with its reason")
	}
}

// TestChaos lets a hostile port cut, delay and reorder; whatever it does, every order is answered and none is lost.
func TestChaos(t *testing.T) {
	for seed := uint64(1); seed <= 50; seed++ {
		r := newRig(t, seed)
		r.port.Disturb(netpoll.Chaos{Short: 0.5, Again: 0.3, Late: 0.3, Starved: 0.3, Cut: 0.7, Reordered: 0.5})
		pushed := map[uint64]bool{}
		for range 200 {
			if id, outcome := r.push(); outcome == orders.Sent {
				pushed[id] = true
				r.ack(id)
			}
			r.turn()
		}
		for range 2000 {
			r.turn()
		}
		if r.session.phase != Live {
			t.Fatalf("seed %d: session ended: %v", seed, r.session.cause)
		}
		if len(pushed) == 0 || len(r.watch.receipts) != len(pushed) {
			t.Fatalf("seed %d: %d receipts for %d orders", seed, len(r.watch.receipts), len(pushed))
		}
		if got := len(r.heard()); got != len(pushed) {
			t.Fatalf("seed %d: peer read %d orders of %d", seed, got, len(pushed))
		}
	}
}
