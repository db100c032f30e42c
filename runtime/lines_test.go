package runtime

import (
	"encoding/json"
	"errors"
	"testing"

	"orderwire/orders"
)

func TestStandbyTakesOverInTheSameTurn(t *testing.T) {
	first := newRig(t, 1)
	second := first.standby(2)
	lost := first.mustPush()
	if got := len(second.heard()); got != 0 {
		t.Fatalf("the standby sent %d frames while the first line lives", got)
	}
	first.port.End(first.sock, 104)
	first.turn() // reads the reset and switches
	id, outcome := second.push()
	if outcome != orders.Sent {
		t.Fatalf("push right after the turn that read the error: %s", outcome)
	}
	frames := second.heard()
	if len(frames) != 1 {
		t.Fatalf("the standby sent %d frames, want the order", len(frames))
	}
	second.ack(id)
	for range 3 {
		second.turn()
	}
	states := map[uint64]orders.State{}
	for _, r := range first.watch.receipts {
		states[r.ID] = r.State
	}
	if states[lost] != orders.Unknown || states[id] != orders.Acked {
		t.Errorf("states %v, want %d Unknown (never sent again by itself) and %d Acked", states, lost, id)
	}
	if first.loop.counts.switches != 1 {
		t.Errorf("%d switches were counted", first.loop.counts.switches)
	}
}

func TestReplacementFollowsOrdersInFlight(t *testing.T) {
	old := newRig(t, 1)
	flying := old.mustPush()
	fresh := *old
	fresh.line(OrderRole, 1, old.session)
	if _, outcome := fresh.push(); outcome != orders.Sent || len(fresh.heard()) != 1 {
		t.Fatalf("the replacement does not serve: %s", outcome)
	}
	old.turn()
	if frames := old.heard(); len(frames) != 1 || frames[0].op != 1 {
		t.Fatalf("the old line sent %v, want its order and no Close while that is unanswered", frames)
	}
	old.ack(flying)
	old.turn()
	old.turn()
	if frames := old.heard(); len(frames) != 1 || frames[0].op != 8 {
		t.Fatalf("the old line sent %v, want a Close now that all is answered", frames)
	}
	old.port.Feed(old.sock, old.seal(serverFrame(0x88, []byte{0x03, 0xE8})))
	for range 3 {
		old.turn()
	}
	if closed, aborted := old.port.Ended(old.sock); !closed || aborted {
		t.Errorf("closed %t, aborted %t, want a polite end", closed, aborted)
	}
	for _, r := range old.watch.receipts {
		if r.State == orders.Unknown {
			t.Errorf("order %d became Unknown in a planned replacement", r.ID)
		}
	}
}

func TestAnnouncedShutdownAsksForAReplacement(t *testing.T) {
	first := newRig(t, 1)
	second := first.standby(2)
	first.say(`{"event":{"e":"serverShutdown","E":1770123456789}}`)
	first.turn()
	var index uint16
	if !first.loop.renewals.take(&index) || index != 0 {
		t.Error("no replacement was asked for")
	}
	if _, outcome := second.push(); outcome != orders.Sent || len(second.heard()) != 1 {
		t.Errorf("the standby did not take over at once: %s", outcome)
	}
}

func TestCancelGoesWhereItsOrderWent(t *testing.T) {
	first := newRig(t, 1)
	second := first.standby(2)
	id := first.mustPush()
	first.heard()
	first.loop.orders = second.session // another line is in use by now
	if _, outcome := first.loop.Cancel(id, 1); outcome != orders.Sent {
		t.Fatalf("cancel: %s", outcome)
	}
	frames := first.heard()
	if len(frames) != 1 || len(second.heard()) != 0 {
		t.Fatalf("the cancel did not go on its order's own line, and could overtake it")
	}
	var request struct {
		Method string
		Params struct{ OrigClientOrderID string }
	}
	if err := json.Unmarshal(frames[0].payload, &request); err != nil {
		t.Fatal(err)
	}
	if request.Method != "order.cancel" || request.Params.OrigClientOrderID != first.loop.space.Text(id) {
		t.Errorf("sent %+v", request)
	}
	if _, outcome := first.loop.Cancel(9999, 1); outcome != orders.BadValue {
		t.Errorf("cancel of an order that never was: %s", outcome)
	}
}

func TestKillRefusesCancelsAndLatches(t *testing.T) {
	r := newRigOf(t, 1, OrderRole, Config{Risk: refusingRisk{}})
	r.session.risk = noRisk{}
	var open []uint64
	for range 5 {
		open = append(open, r.mustPush())
	}
	r.ack(open[0])
	r.turn()
	r.heard()
	r.engine.Kill(orders.KilledByCall)
	r.turn()
	if _, outcome := r.push(); outcome != orders.Killed {
		t.Errorf("push one turn after the kill: %s", outcome)
	}
	for range 3 {
		r.turn()
	}
	cancelled := map[string]bool{}
	for _, f := range r.heard() {
		var request struct {
			Method string
			Params struct{ OrigClientOrderID string }
		}
		if err := json.Unmarshal(f.payload, &request); err != nil || request.Method != "order.cancel" {
			t.Fatalf("sent %s", f.payload)
		}
		cancelled[request.Params.OrigClientOrderID] = true
	}
	for _, id := range open {
		if !cancelled[r.loop.space.Text(id)] {
			t.Errorf("open order %d was not cancelled", id)
		}
	}
	r.engine.Reset()
	r.turn()
	if _, outcome := r.push(); outcome != orders.Sent {
		t.Errorf("push after the reset: %s", outcome)
	}
}

func TestKillAbortsWhatTheKernelHasNot(t *testing.T) {
	r := newRig(t, 1)
	r.port.Window(r.sock, 10)
	id := r.mustPush()
	r.engine.Kill(orders.KilledByCall)
	r.turn()
	r.turn()
	if _, aborted := r.port.Ended(r.sock); !aborted || !errors.Is(r.session.cause, errKilled) {
		t.Errorf("cause %v, aborted %t: bytes held back could still leave", r.session.cause, aborted)
	}
	if len(r.watch.receipts) != 1 || r.watch.receipts[0].ID != id || r.watch.receipts[0].State != orders.NotSent {
		t.Errorf("receipts %+v, want order %d NotSent", r.watch.receipts, id)
	}
}

func TestPlacedForgetsTheOldest(t *testing.T) {
	p := newPlaced(4)
	for id := uint64(1); id <= 6; id++ {
		p.put(id, Armed(id), 0)
	}
	if _, ok := p.find(2); ok || p.oldest() != 3 {
		t.Errorf("oldest %d, and 2 is still there: %t", p.oldest(), ok)
	}
	if at, ok := p.find(5); !ok || at.order != 5 {
		t.Errorf("5 is lost: %v %t", at, ok)
	}
}
