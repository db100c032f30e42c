package runtime

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

var (
	aimPrice = fixed.Number{Mantissa: 6_400_000, Scale: 2}
	aimQty   = fixed.Number{Mantissa: 1, Scale: 3}
)

// checkSigned verifies an order's signature as the venue documents it, by the standard library.
func checkSigned(t *testing.T, payload []byte) (clientID string, stamp int64) {
	t.Helper()
	var request struct{ Params map[string]json.RawMessage }
	if err := json.Unmarshal(payload, &request); err != nil {
		t.Fatalf("payload is no JSON: %v", err)
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(request.Params)) {
		if name != "signature" {
			pairs = append(pairs, name+"="+strings.Trim(string(request.Params[name]), `"`))
		}
	}
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(strings.Join(pairs, "&")))
	if want := hex.EncodeToString(mac.Sum(nil)); strings.Trim(string(request.Params["signature"]), `"`) != want {
		t.Errorf("signature %s, want %s", request.Params["signature"], want)
	}
	if _, err := fmt.Sscan(string(request.Params["timestamp"]), &stamp); err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(request.Params["newClientOrderId"]), `"`), stamp
}

func TestAheadIsTakenOnceUnderItsOwnID(t *testing.T) {
	r := newRig(t, 1)
	r.loop.Aim(0, aimPrice, aimQty)
	r.turn() // idle: signs
	if r.loop.ahead.counts.Signed != 1 {
		t.Fatalf("%d candidates were signed", r.loop.ahead.counts.Signed)
	}
	first := r.mustPush()
	second := r.mustPush()
	frames := r.heard()
	if len(frames) != 2 {
		t.Fatalf("peer read %d orders", len(frames))
	}
	for i, id := range []uint64{first, second} {
		if text, _ := checkSigned(t, frames[i].payload); text != r.loop.space.Text(id) {
			t.Errorf("order %d went out as %s", id, text)
		}
	}
	if first == second {
		t.Error("an id left twice")
	}
	if c := r.loop.ahead.counts; c.Hits != 1 || c.Misses != 1 {
		t.Errorf("hits %d, misses %d, want one each: a candidate is taken once", c.Hits, c.Misses)
	}
}

func TestAheadIsRefreshedUnderTheSameID(t *testing.T) {
	r := newRig(t, 1)
	r.loop.Aim(0, aimPrice, aimQty)
	r.turn()
	bound := r.loop.ahead.list[0].id
	r.clock.now += r.loop.ahead.every
	r.turn()
	if c := r.loop.ahead.list[0]; c.id != bound || c.signedAt != r.clock.now {
		t.Errorf("candidate %d signed at %d, want id %d signed at %d", c.id, c.signedAt, bound, r.clock.now)
	}
	r.mustPush()
	want := (1_700_000_000_000_000_000 + r.clock.now - 1) / 1_000_000
	if _, stamp := checkSigned(t, r.heard()[0].payload); stamp != want {
		t.Errorf("stamp %d, want that of the refresh, %d", stamp, want)
	}
}

func TestAheadNeverSendsWhatIsTooOld(t *testing.T) {
	r := newRig(t, 1)
	r.loop.Aim(0, aimPrice, aimQty)
	r.turn()
	r.clock.now += r.loop.ahead.life // the push adds one more nanosecond
	id := r.mustPush()
	want := (1_700_000_000_000_000_000 + r.clock.now) / 1_000_000
	if text, stamp := checkSigned(t, r.heard()[0].payload); stamp != want || text != r.loop.space.Text(id) {
		t.Errorf("%s stamped %d, want a fresh signature of %d", text, stamp, want)
	}
	if c := r.loop.ahead.counts; c.Hits != 0 || c.Stale != 1 {
		t.Errorf("hits %d, stale %d", c.Hits, c.Stale)
	}
}

func TestAheadIDIsBurntByARefusal(t *testing.T) {
	r := newRig(t, 1)
	r.loop.Aim(0, aimPrice, aimQty)
	r.turn()
	bound := r.loop.ahead.list[0].id
	r.session.risk = refusingRisk{}
	if _, outcome := r.push(); outcome != orders.RiskRefused {
		t.Fatalf("outcome %s", outcome)
	}
	r.session.risk = noRisk{}
	r.turn()
	if again := r.loop.ahead.list[0].id; again == bound || again == 0 {
		t.Errorf("the place has id %d again: a chosen id is burnt, also if then refused", again)
	}
	if id := r.mustPush(); id == bound {
		t.Errorf("id %d was sent after all", id)
	}
	checkSigned(t, r.heard()[0].payload)
}

func TestAheadKeepsWhatWasAimedAtLast(t *testing.T) {
	r := newRig(t, 1)
	for i := range int64(aheadMax + 5) {
		r.loop.Aim(0, fixed.Number{Mantissa: 6_400_000 + i, Scale: 2}, aimQty)
		r.turn()
	}
	ids := map[uint64]bool{}
	for i := range r.loop.ahead.list {
		c := &r.loop.ahead.list[i]
		if c.price.Mantissa < 6_400_005 {
			t.Errorf("price %d is still aimed at, and newer ones gave way", c.price.Mantissa)
		}
		if ids[c.id] {
			t.Errorf("id %d is bound twice", c.id)
		}
		ids[c.id] = true
	}
	if _, outcome := r.loop.Push(0, fixed.Number{Mantissa: 6_400_010, Scale: 2}, aimQty, 1); outcome != orders.Sent {
		t.Fatal(outcome)
	}
	if r.loop.ahead.counts.Hits != 1 {
		t.Error("a level of the ladder was not taken")
	}
}
