package orders_test

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

func number(t testing.TB, text string) fixed.Number {
	t.Helper()
	n, err := fixed.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const second = int64(1_000_000_000)

func testLimits(t testing.TB) (orders.AccountLimits, orders.SymbolLimits) {
	t.Helper()
	account := orders.AccountLimits{MessagesMax: 1000, MessagesNanos: second}
	return account, orders.SymbolLimits{
		Symbol: "BTCUSDT", PriceScale: 2, QtyScale: 5, QtyMax: number(t, "1"), ValueMax: number(t, "100000"), CollarPPM: 10_000,
		ReferenceAge: second, PositionMax: number(t, "3"), OpenValueMax: number(t, "150000"), OpenOrders: 4,
	}
}

// rig is a gate with its tracker, a template and a reference of 64000.00 read at time 0.
type rig struct {
	gate    *orders.Gate
	tracker *orders.Tracker
	spec    orders.Spec
	id      uint64
}

func newRig(t testing.TB, account orders.AccountLimits, limits orders.SymbolLimits) *rig {
	t.Helper()
	gate, err := orders.NewGate(account, []orders.SymbolLimits{limits})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{gate: gate, tracker: orders.NewTracker(100), spec: limitSpec()}
	gate.Watch(r.tracker)
	gate.Reference(gate.SymbolID("BTCUSDT"), number(t, "64000.00"), 0)
	return r
}

func (r *rig) check(t testing.TB, price, qty string, now int64) orders.Rule {
	t.Helper()
	v := orders.Values{Price: number(t, price), Qty: number(t, qty)}
	outcome := r.gate.Check(&r.spec, &v, now)
	if (outcome == orders.Sent) != (r.gate.Why() == orders.RuleNone) || outcome != orders.Sent && outcome != orders.RiskRefused {
		t.Fatalf("outcome %s with rule %s", outcome, r.gate.Why())
	}
	return r.gate.Why()
}

// push checks an order and opens it.
func (r *rig) push(t testing.TB, price, qty string, now int64) orders.Rule {
	t.Helper()
	rule := r.check(t, price, qty, now)
	if rule == orders.RuleNone {
		r.id++
		r.tracker.Add(r.id, now, specTemplate(t, r.spec), number(t, price), number(t, qty))
	}
	return rule
}

// TestGateRules has one row a rule: the last order that passes, and the first that does not.
func TestGateRules(t *testing.T) {
	sell := func(r *rig) { r.spec.Side = market.Sell }
	for _, row := range []struct {
		name, price, qty string
		now              int64
		before           func(r *rig)
		want             orders.Rule
	}{
		{name: "good", price: "64000", qty: "0.5"},
		{name: "qty most", price: "64000.00", qty: "1"},
		{name: "qty above", price: "64000.00", qty: "1.00001", want: orders.RuleQty},
		{name: "qty zero", price: "64000.00", qty: "0", want: orders.RuleQty},
		{name: "qty decimals", price: "64000.00", qty: "0.000001", want: orders.RuleScale},
		{name: "price decimals", price: "64000.001", qty: "0.5", want: orders.RuleScale},
		{name: "no price", price: "0", qty: "0.5", want: orders.RulePrice},
		{name: "unknown symbol", price: "1", qty: "1", before: func(r *rig) { r.spec.Symbol = "ETHUSDT" }, want: orders.RuleSymbol},
		{name: "buy at the collar", price: "64640.00", qty: "0.5"},
		{name: "buy above the collar", price: "64640.01", qty: "0.5", want: orders.RuleCollar},
		{name: "buy far below rests", price: "1.00", qty: "0.5"},
		{name: "sell at the collar", price: "63360.00", qty: "0.5", before: sell},
		{name: "sell below the collar", price: "63359.99", qty: "0.5", before: sell, want: orders.RuleCollar},
		{name: "sell far above rests", price: "99999.00", qty: "0.5", before: sell},
		{name: "reference just fresh", price: "64000.00", qty: "0.5", now: second},
		{name: "reference stale", price: "64000.00", qty: "0.5", now: second + 1, want: orders.RuleReference},
		{name: "reference gone", price: "64000.00", qty: "0.5", want: orders.RuleReference, before: func(r *rig) {
			r.gate.Reference(r.gate.SymbolID("BTCUSDT"), fixed.Number{}, 0)
		}},
		{name: "market order takes the collar's value", price: "0", qty: "1", before: func(r *rig) { r.spec.Type = orders.Market }},
		{name: "no tracker", price: "64000.00", qty: "0.5", before: func(r *rig) { r.gate.Watch(nil) }, want: orders.RuleNotWatching},
	} {
		t.Run(row.name, func(t *testing.T) {
			account, limits := testLimits(t)
			r := newRig(t, account, limits)
			if row.before != nil {
				row.before(r)
			}
			if have := r.check(t, row.price, row.qty, row.now); have != row.want {
				t.Fatalf("%s, want %s", have, row.want)
			}
			if row.want != orders.RuleNone && r.gate.Refused(row.want) != 1 {
				t.Fatal("the refusal is not counted")
			}
		})
	}
}

func TestGateValue(t *testing.T) {
	account, limits := testLimits(t)
	limits.ValueMax, limits.PassivePPM = number(t, "32000.00"), 10_000
	r := newRig(t, account, limits)
	if rule := r.check(t, "64000.00", "0.5", 0); rule != orders.RuleNone {
		t.Fatalf("value at the limit: %s", rule)
	}
	if rule := r.check(t, "64000.01", "0.5", 0); rule != orders.RuleValue {
		t.Fatalf("value above: %s", rule)
	}
	if rule := r.check(t, "63359.99", "0.5", 0); rule != orders.RuleCollar {
		t.Fatalf("a buy below the passive collar: %s", rule)
	}
}

// TestGateExposure: an order counts from its intent to its proven end, in every state between, Unknown too.
func TestGateExposure(t *testing.T) {
	account, limits := testLimits(t)
	limits.OpenValueMax = number(t, "1000000")
	r := newRig(t, account, limits)
	for range 3 {
		if rule := r.push(t, "64000.00", "1", 0); rule != orders.RuleNone {
			t.Fatal(rule)
		}
	}
	if rule := r.check(t, "64000.00", "0.00001", 0); rule != orders.RulePosition {
		t.Fatalf("three open of three: %s", rule)
	}
	r.tracker.Lose(1) // Unknown
	if rule := r.check(t, "64000.00", "0.00001", 0); rule != orders.RulePosition {
		t.Fatalf("an Unknown order freed its share: %s", rule)
	}
	r.tracker.Apply(&orders.Report{Kind: orders.ReportTrade, ExecID: []byte("1"), LastQty: number(t, "0.40000000")}, 2, 1)
	if rule := r.check(t, "64000.00", "0.00001", 0); rule != orders.RulePosition {
		t.Fatalf("an execution freed what it moved to the position: %s", rule)
	}
	r.tracker.Apply(&orders.Report{Kind: orders.ReportCancelled}, 2, 1)
	if rule := r.check(t, "64000.00", "0.6", 0); rule != orders.RuleNone {
		t.Fatalf("the cancelled rest is still held: %s", rule)
	}
	if rule := r.check(t, "64000.00", "0.60001", 0); rule != orders.RulePosition {
		t.Fatalf("the execution is forgotten: %s", rule)
	}
	r.spec.Side = market.Sell
	if rule := r.check(t, "64000.00", "1", 0); rule != orders.RuleNone {
		t.Fatalf("the other direction: %s", rule)
	}
	for _, id := range []uint64{1, 3} {
		r.tracker.Apply(&orders.Report{Kind: orders.ReportRejected}, id, 1)
	}
	position := r.tracker.Position("BTCUSDT")
	if position.OpenBuy.Mantissa != 0 || position.OpenOrders != 0 || position.Bought.Cmp(number(t, "0.4")) != 0 {
		t.Fatalf("%+v", position)
	}
	if err := r.tracker.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestGateOpenLimits(t *testing.T) {
	account, limits := testLimits(t)
	r := newRig(t, account, limits)
	for range 4 {
		if rule := r.push(t, "64000.00", "0.1", 0); rule != orders.RuleNone {
			t.Fatal(rule)
		}
	}
	if rule := r.check(t, "64000.00", "0.1", 0); rule != orders.RuleOpenOrders {
		t.Fatalf("a fifth open order: %s", rule)
	}
	limits.OpenOrders = 100
	r = newRig(t, account, limits)
	for range 2 {
		if rule := r.push(t, "64000.00", "1", 0); rule != orders.RuleNone {
			t.Fatal(rule)
		}
	}
	if rule := r.check(t, "64000.00", "0.34376", 0); rule != orders.RuleOpenValue {
		t.Fatalf("open value: %s", rule)
	}
	if rule := r.check(t, "64000.00", "0.34375", 0); rule != orders.RuleNone {
		t.Fatalf("open value at the limit: %s", rule)
	}
	limits.OpenValueMax, limits.PositionMax, limits.QtyMax, limits.ValueMax = number(t, "100"), number(t, "0.5"), number(t, "0.6"), number(t, "1000000")
	r = newRig(t, account, limits)
	if rule := r.check(t, "64000.00", "0.6", 0); rule != orders.RulePosition {
		t.Fatalf("the first order alone: %s", rule)
	}
	if rule := r.check(t, "64000.00", "0.5", 0); rule != orders.RuleOpenValue {
		t.Fatalf("the first order alone: %s", rule)
	}
}

func TestGateFrequency(t *testing.T) {
	account, limits := testLimits(t)
	account.MessagesMax, account.MessagesNanos = 10, second
	limits.ReferenceAge = 100 * second
	r := newRig(t, account, limits)
	for i := range 10 {
		if rule := r.check(t, "64000.00", "0.1", 0); rule != orders.RuleNone {
			t.Fatalf("order %d: %s", i, rule)
		}
	}
	for _, row := range []struct {
		at   int64
		want orders.Rule
	}{{0, orders.RuleMessageRate}, {second/10 - 1, orders.RuleMessageRate}, {second / 10, orders.RuleNone}, {second / 10, orders.RuleMessageRate}} {
		if rule := r.check(t, "64000.00", "0.1", row.at); rule != row.want {
			t.Fatalf("at %d: %s, want %s", row.at, rule, row.want)
		}
	}
}

func TestGateLikeness(t *testing.T) {
	account, limits := testLimits(t)
	account.DuplicateNanos, account.RepeatsMax, account.RepeatNanos = 1000, 3, 1_000_000
	limits.ReferenceAge = 100 * second
	r := newRig(t, account, limits)
	for i, row := range []struct {
		price string
		at    int64
		want  orders.Rule
	}{
		{"64000.00", 0, orders.RuleNone},
		{"64000.00", 999, orders.RuleDuplicate},
		{"64000.01", 999, orders.RuleNone},
		{"64000.00", 1000, orders.RuleNone},
		{"64000.00", 2000, orders.RuleNone},
		{"64000.00", 3000, orders.RuleRepeats},
		{"64000.01", 4000, orders.RuleLatched},
	} {
		if rule := r.check(t, row.price, "0.1", row.at); rule != row.want {
			t.Fatalf("order %d: %s, want %s", i, rule, row.want)
		}
	}
	if r.gate.Latched() != orders.RuleRepeats {
		t.Fatalf("latched by %s", r.gate.Latched())
	}
	r.gate.Rearm()
	for i := range int64(9) { // three in each million are no repetition
		if rule := r.check(t, "64000.00", "0.1", 10_000_000+i*400_000); rule != orders.RuleNone {
			t.Fatalf("order %d after rearming: %s", i, rule)
		}
	}
}

func TestGateFirstLive(t *testing.T) {
	account, limits := testLimits(t)
	account.OrdersMax = 1
	r := newRig(t, account, limits)
	if rule := r.check(t, "64000.00", "0.1", 0); rule != orders.RuleNone {
		t.Fatal(rule)
	}
	if rule := r.check(t, "64000.00", "0.1", 0); rule != orders.RuleOrdersInTotal || r.gate.Latched() != rule {
		t.Fatalf("the second order: %s", rule)
	}
	cancel := orders.Spec{Action: orders.Cancel, Symbol: "anything"}
	if r.gate.Check(&cancel, &orders.Values{}, 0) != orders.Sent {
		t.Fatal("a cancel is held by a latched gate")
	}
}

// TestGateArithmetic compares the value rule with math/big over random prices, quantities and scales.
func TestGateArithmetic(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 11))
	refused := 0
	for range 3000 {
		_, limits := testLimits(t)
		limits.PriceScale, limits.QtyScale = uint8(random.IntN(9)), uint8(random.IntN(9))
		limits.QtyMax = fixed.Number{Mantissa: 999_999_999_999, Scale: limits.QtyScale}
		limits.PositionMax, limits.CollarPPM = limits.QtyMax, 1_000_000
		limits.ValueMax = fixed.Number{Mantissa: 1 + random.Int64N(1<<(1+random.IntN(60))), Scale: limits.PriceScale}
		limits.OpenValueMax = limits.ValueMax
		price := fixed.Number{Mantissa: 1 + random.Int64N(1<<(1+random.IntN(40))), Scale: limits.PriceScale}
		qty := fixed.Number{Mantissa: 1 + random.Int64N(999_999_999_999), Scale: limits.QtyScale}
		r := newRig(t, orders.AccountLimits{MessagesMax: 1, MessagesNanos: 1}, limits)
		r.gate.Reference(0, price, 0)
		r.spec.PriceScale, r.spec.QtyScale = limits.PriceScale, limits.QtyScale
		outcome := r.gate.Check(&r.spec, &orders.Values{Price: price, Qty: qty}, 0)
		worth := new(big.Int).Mul(big.NewInt(price.Mantissa), big.NewInt(qty.Mantissa))
		most := new(big.Int).Mul(big.NewInt(limits.ValueMax.Mantissa), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(limits.QtyScale)), nil))
		if above := worth.Cmp(most) > 0; above != (outcome != orders.Sent) {
			t.Fatalf("%v x %v against %v: %s (%s)", price, qty, limits.ValueMax, outcome, r.gate.Why())
		} else if above {
			refused++
		}
	}
	if refused < 300 || refused > 2700 {
		t.Fatalf("%d of 3000 refused: the rows do not try the rule", refused)
	}
}

func TestGateRefusesBadLimits(t *testing.T) {
	for name, change := range map[string]func(a *orders.AccountLimits, s *orders.SymbolLimits){
		"messages_max": func(a *orders.AccountLimits, _ *orders.SymbolLimits) { a.MessagesMax = 0 },
		"repeats_max":  func(a *orders.AccountLimits, _ *orders.SymbolLimits) { a.RepeatsMax = 1 },
		"symbol":       func(_ *orders.AccountLimits, s *orders.SymbolLimits) { s.Symbol = "" },
		"qty_max":      func(_ *orders.AccountLimits, s *orders.SymbolLimits) { s.QtyMax = fixed.Number{} },
		"value_max":    func(_ *orders.AccountLimits, s *orders.SymbolLimits) { s.ValueMax.Mantissa = -1 },
		"position_max": func(_ *orders.AccountLimits, s *orders.SymbolLimits) {
			s.PositionMax = fixed.Number{Mantissa: 1, Scale: 9}
		},
		"open_value_max": func(_ *orders.AccountLimits, s *orders.SymbolLimits) { s.OpenValueMax = fixed.Number{} },
		"open_orders":    func(_ *orders.AccountLimits, s *orders.SymbolLimits) { s.OpenOrders = 0 },
		"collar_ppm":     func(_ *orders.AccountLimits, s *orders.SymbolLimits) { s.CollarPPM = 0 },
		"passive_ppm":    func(_ *orders.AccountLimits, s *orders.SymbolLimits) { s.PassivePPM = -1 },
		"reference_age":  func(_ *orders.AccountLimits, s *orders.SymbolLimits) { s.ReferenceAge = 0 },
	} {
		account, limits := testLimits(t)
		change(&account, &limits)
		if _, err := orders.NewGate(account, []orders.SymbolLimits{limits}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	account, limits := testLimits(t)
	if _, err := orders.NewGate(account, []orders.SymbolLimits{limits, limits}); err == nil {
		t.Error("a symbol twice is accepted")
	}
}

func TestGateOverride(t *testing.T) {
	account, limits := testLimits(t)
	r := newRig(t, account, limits)
	wider := limits
	wider.QtyMax = number(t, "2")
	if _, err := r.gate.Override(wider, "", "why", 5); err == nil {
		t.Fatal("an override without a name")
	}
	record, err := r.gate.Override(wider, "ann", "client order", 5)
	if err != nil || record.Before != limits || record.After != wider || record.By != "ann" || record.WallNanos != 5 {
		t.Fatalf("%+v, %v", record, err)
	}
	if rule := r.check(t, "64000.00", "1.5", 0); rule != orders.RuleReference {
		t.Fatalf("the old reference still counts: %s", rule)
	}
	r.gate.Reference(0, number(t, "64000"), 0)
	if rule := r.check(t, "64000.00", "1.5", 0); rule != orders.RuleNone {
		t.Fatal(rule)
	}
}

func BenchmarkGate(b *testing.B) {
	_, limits := testLimits(b)
	account := orders.AccountLimits{MessagesMax: 1 << 30, MessagesNanos: 1 << 30, DuplicateNanos: 1, RepeatsMax: 1 << 30, RepeatNanos: 1, OrdersMax: 1 << 60}
	limits.ReferenceAge = 1 << 60
	r := newRig(b, account, limits)
	r.push(b, "64000.00", "0.1", 0)
	v := orders.Values{Price: number(b, "64000.00"), Qty: number(b, "0.10000")}
	now := int64(0)
	for b.Loop() {
		now += 1000
		v.Price.Mantissa = 6_400_000 + now%64000
		if r.gate.Check(&r.spec, &v, now) != orders.Sent {
			b.Fatal(r.gate.Why())
		}
	}
}
