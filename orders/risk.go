package orders

import (
	"fmt"

	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// Rule is one pre-trade rule.
type Rule uint8

// The rules, in the order in which they are asked.
const (
	RuleNone Rule = iota
	RuleLatched
	RuleSymbol        // not on the allow list
	RuleScale         // decimals other than the limits', or a book that cannot be trusted
	RuleQty           // zero, or above the most
	RulePrice         // a limit order without price
	RuleReference     // no reference price, or an old one: fail closed
	RuleCollar        // too far from the reference
	RuleValue         // of one order
	RulePosition      // executed and open together
	RuleOpenValue     // of all open orders of the symbol
	RuleOpenOrders    //
	RuleMessageRate   //
	RuleDuplicate     // the same order within the duplicate window
	RuleRepeats       // the same order too often: latched
	RuleOrdersInTotal // the first-live mode's count is used up: latched
	RuleNotWatching   // no tracker: exposure is unknown
)

var ruleNames = [...]string{
	"none", "latched", "symbol", "scale", "qty", "price", "reference", "collar", "value", "position", "open_value", "open_orders",
	"message_rate", "duplicate", "repeats", "orders_in_total", "not_watching",
}

// RuleCount is how many rules there are, RuleNone among them.
const RuleCount = len(ruleNames)

// String is the name used in logs, JSON and metrics.
func (r Rule) String() string {
	if int(r) < len(ruleNames) {
		return ruleNames[r]
	}
	return "rule?"
}

// SymbolLimits are the limits of one symbol; symbols without any are refused. Every limit must be set: a zero is an
// error and never "no limit".
type SymbolLimits struct {
	Symbol       string
	PriceScale   uint8        // decimals of the venue's tick, as in Spec
	QtyScale     uint8        // decimals of its step
	QtyMax       fixed.Number // base units, one order
	ValueMax     fixed.Number // quote units, one order
	CollarPPM    int64        // distance from the reference that an order may take, in millionths; at most 1,000,000
	PassivePPM   int64        // the same for prices that rest on their own side; 0: not limited
	ReferenceAge int64        // ns after which a reference is no reference
	PositionMax  fixed.Number // base units, executed net and open together, either direction
	OpenValueMax fixed.Number // quote units
	OpenOrders   int
}

// AccountLimits hold over all symbols.
type AccountLimits struct {
	MessagesMax    int   // orders in MessagesNanos, as a burst; refilled evenly
	MessagesNanos  int64 //
	DuplicateNanos int64 // an order like another one (symbol, side, price, quantity) is refused this long; 0: off
	RepeatsMax     int   // like orders in RepeatNanos before the gate latches; 0: off
	RepeatNanos    int64
	OrdersMax      uint64 // orders in all before the gate latches (first-live mode); 0: off
}

// Gate is the pre-trade gate: fixed limits, integer arithmetic, no allocation; it fails closed. One loop owns it. What is
// open and executed it reads from the tracker, where every order counts from its intent on and until its end is proven.
type Gate struct {
	account AccountLimits
	symbols []symbolGate
	limits  []SymbolLimits // as given, for Override's record
	byName  index
	tracker *Tracker
	rate    leak
	like    likeness
	orders  uint64
	latched Rule
	why     Rule
	refused [RuleCount]uint64
}

// symbolGate is SymbolLimits as mantissas at the symbol's scales.
type symbolGate struct {
	name                 string
	priceScale, qtyScale uint8
	qtyMax, positionMax  uint64
	valueMax, openMax    value
	openOrders           int
	collarPPM            uint64
	passivePPM           uint64
	ageNanos             int64
	reference            uint64
	referenceAt          int64
	buy, sell            band // what prices a buy and a sell may have
}

// band is a range of price mantissas.
type band struct{ low, high uint64 }

// NewGate checks the limits. Errors name the symbol, the field and the rule it breaks.
func NewGate(account AccountLimits, symbols []SymbolLimits) (*Gate, error) {
	if account.MessagesMax < 1 || account.MessagesNanos < 1 {
		return nil, fmt.Errorf("orders: limits: messages_max and messages_nanos must be set")
	}
	if account.RepeatsMax < 0 || account.DuplicateNanos < 0 || account.RepeatsMax > 0 && account.RepeatNanos < 1 {
		return nil, fmt.Errorf("orders: limits: repeats_max needs repeat_nanos, and neither is negative")
	}
	g := &Gate{account: account, symbols: make([]symbolGate, len(symbols)), limits: append([]SymbolLimits(nil), symbols...), byName: newIndex(len(symbols))}
	g.rate = newLeak(int64(account.MessagesMax), account.MessagesNanos)
	for i := range symbols {
		s, err := symbols[i].compile()
		if err != nil {
			return nil, err
		}
		if g.byName.find(nameKey(s.name)) >= 0 {
			return nil, fmt.Errorf("orders: limits: symbol %q is there twice", s.name)
		}
		g.symbols[i] = s
		g.byName.put(nameKey(s.name), i)
	}
	return g, nil
}

func (l *SymbolLimits) compile() (symbolGate, error) {
	wrong := func(field, rule string) (symbolGate, error) {
		return symbolGate{}, fmt.Errorf("orders: limits of %q: %s %s", l.Symbol, field, rule)
	}
	if l.Symbol == "" || l.PriceScale > maxDigits-1 || l.QtyScale > maxDigits-1 {
		return wrong("symbol, price_scale, qty_scale", "must be set, scales at most 17")
	}
	s := symbolGate{
		name: l.Symbol, priceScale: l.PriceScale, qtyScale: l.QtyScale, openOrders: l.OpenOrders,
		collarPPM: uint64(l.CollarPPM), passivePPM: uint64(l.PassivePPM), ageNanos: l.ReferenceAge,
	}
	var ok [4]bool
	s.qtyMax, ok[0] = rescaled(l.QtyMax, int(l.QtyScale))
	s.positionMax, ok[1] = rescaled(l.PositionMax, int(l.QtyScale))
	s.valueMax, ok[2] = widened(l.ValueMax, int(l.PriceScale)+int(l.QtyScale))
	s.openMax, ok[3] = widened(l.OpenValueMax, int(l.PriceScale)+int(l.QtyScale))
	for i, field := range [...]string{"qty_max", "position_max", "value_max", "open_value_max"} {
		if !ok[i] {
			return wrong(field, "cannot be written at the symbol's scales")
		}
	}
	switch {
	case s.qtyMax == 0 || s.positionMax == 0 || s.valueMax == value{} || s.openMax == value{}:
		return wrong("qty_max, position_max, value_max, open_value_max", "must be positive")
	case l.OpenOrders < 1:
		return wrong("open_orders", "must be positive")
	case l.CollarPPM < 1 || l.CollarPPM > 1e6:
		return wrong("collar_ppm", "must be 1 to 1000000")
	case l.PassivePPM < 0 || l.PassivePPM > 1e6:
		return wrong("passive_ppm", "must be 0 to 1000000")
	case l.ReferenceAge < 1:
		return wrong("reference_age", "must be positive")
	}
	return s, nil
}

// widened is a limit in quote units at scale decimals.
func widened(limit fixed.Number, scale int) (value, bool) {
	by := scale - int(limit.Scale)
	if limit.Mantissa < 0 || by < 0 || by >= len(pow10) {
		return value{}, false
	}
	return product(uint64(limit.Mantissa), pow10[by]), true
}

// Watch gives the gate the tracker whose orders it limits. Without one every order is refused.
func (g *Gate) Watch(t *Tracker) { g.tracker = t }

// SymbolID is the number under which Reference takes the symbol's prices; -1 for a symbol without limits.
func (g *Gate) SymbolID(symbol string) int { return g.byName.find(nameKey(symbol)) }

// Reference sets the price that collars are measured from: the middle of the best bid and ask, or the last trade. A
// price of zero or less takes the reference away. now is the loop time at which the price was read.
func (g *Gate) Reference(symbol int, price fixed.Number, now int64) {
	if symbol < 0 {
		return
	}
	s := &g.symbols[symbol]
	mantissa, ok := uint64(0), false
	if price.Mantissa > 0 && price.Scale <= s.priceScale {
		mantissa, ok = rescaled(price, int(s.priceScale))
	} else if price.Mantissa > 0 && int(price.Scale) < len(pow10) {
		mantissa, ok = uint64(price.Mantissa)/pow10[price.Scale-s.priceScale], true // a middle may have a decimal more
	}
	if !ok || mantissa == 0 {
		s.reference = 0
		return
	}
	s.referenceAt = now
	if mantissa == s.reference {
		return
	}
	s.reference = mantissa
	up, down := part(mantissa, s.collarPPM), part(mantissa, s.collarPPM)
	s.buy, s.sell = band{0, mantissa + up}, band{mantissa - down, ^uint64(0)}
	if s.passivePPM > 0 {
		s.buy.low, s.sell.high = mantissa-part(mantissa, s.passivePPM), mantissa+part(mantissa, s.passivePPM)
	}
}

// part is ppm millionths of v, rounded down.
func part(v, ppm uint64) uint64 {
	whole, rest := v/1e6, v%1e6
	return whole*ppm + rest*ppm/1e6
}

// Check asks all rules. Refusals are RiskRefused; Why names the rule. An admitted order counts as sent at once.
// Requests that are not orders always pass.
func (g *Gate) Check(spec *Spec, v *Values, now int64) Outcome {
	if spec.Action == Cancel || spec.Action == CancelAll {
		return Sent
	}
	g.why = g.ask(spec, v, now)
	if g.why != RuleNone {
		g.refused[g.why]++
		return RiskRefused
	}
	return Sent
}

func (g *Gate) ask(spec *Spec, v *Values, now int64) Rule {
	if g.latched != RuleNone {
		return RuleLatched
	}
	at := g.byName.find(nameKey(spec.Symbol))
	if at < 0 {
		return RuleSymbol
	}
	s := &g.symbols[at]
	qty, exact := rescaled(v.Qty, int(s.qtyScale))
	switch {
	case !exact:
		return RuleScale
	case qty == 0 || qty > s.qtyMax:
		return RuleQty
	}
	price, rule := s.price(spec, v, now)
	if rule != RuleNone {
		return rule
	}
	worth := product(price, qty)
	if worth.above(s.valueMax) {
		return RuleValue
	}
	if rule := g.exposure(s, spec, qty, worth); rule != RuleNone {
		return rule
	}
	return g.frequency(spec, price, qty, now)
}

// price is the mantissa by which the order is judged: its own, or the collar of an order that has none.
func (s *symbolGate) price(spec *Spec, v *Values, now int64) (uint64, Rule) {
	if s.reference == 0 || now-s.referenceAt > s.ageNanos {
		return 0, RuleReference
	}
	allowed := &s.buy
	if spec.Side == market.Sell {
		allowed = &s.sell
	}
	if spec.Type == Market {
		return s.buy.high, RuleNone // the dearest that the collar admits, for either side
	}
	price, exact := rescaled(v.Price, int(s.priceScale))
	switch {
	case !exact:
		return 0, RuleScale
	case price == 0:
		return 0, RulePrice
	case price < allowed.low || price > allowed.high:
		return 0, RuleCollar
	}
	return price, RuleNone
}

// exposure asks for what is executed and open, as if the order were open already.
func (g *Gate) exposure(s *symbolGate, spec *Spec, qty uint64, worth value) Rule {
	if g.tracker == nil {
		return RuleNotWatching
	}
	at := g.tracker.books.byName.find(nameKey(s.name))
	if at < 0 { // the symbol's first order
		if qty > s.positionMax {
			return RulePosition
		}
		if worth.above(s.openMax) {
			return RuleOpenValue
		}
		return RuleNone
	}
	b := &g.tracker.books.all[at]
	net, ok := b.bought.Sub(b.sold)
	if b.inexact || !ok || b.qtyScale != s.qtyScale || b.priceScale != s.priceScale {
		return RuleScale
	}
	held, exact := net.Rescale(s.qtyScale)
	if !exact {
		return RuleScale
	}
	open, side := b.openBuy, held.Mantissa
	if spec.Side == market.Sell {
		open, side = b.openSell, -side
	}
	if after := side + int64(open) + int64(qty); after > 0 && uint64(after) > s.positionMax {
		return RulePosition
	}
	if b.openValue.plus(worth).above(s.openMax) {
		return RuleOpenValue
	}
	if b.openOrders >= s.openOrders {
		return RuleOpenOrders
	}
	return RuleNone
}

// frequency asks the rules about how often, last, because they remember what they admit.
func (g *Gate) frequency(spec *Spec, price, qty uint64, now int64) Rule {
	if g.account.OrdersMax > 0 && g.orders >= g.account.OrdersMax {
		g.latched = RuleOrdersInTotal
		return RuleOrdersInTotal
	}
	if !g.rate.room(1, now) {
		return RuleMessageRate
	}
	if rule := g.like.ask(&g.account, likeKey(spec, price, qty), now); rule != RuleNone {
		if rule == RuleRepeats {
			g.latched = rule
		}
		return rule
	}
	g.rate.take(1, now)
	g.orders++
	return RuleNone
}

// Override replaces the limits of a symbol that has some, by a person's decision, and returns the record of it: the
// caller journals it before the next order. The reference price has to be set anew.
func (g *Gate) Override(limits SymbolLimits, by, reason string, wallNanos int64) (OverrideRecord, error) {
	at := g.SymbolID(limits.Symbol)
	if at < 0 {
		return OverrideRecord{}, fmt.Errorf("orders: limits: %q has none to override", limits.Symbol)
	}
	if by == "" || reason == "" {
		return OverrideRecord{}, fmt.Errorf("orders: limits: an override needs a name and a reason")
	}
	s, err := limits.compile()
	if err != nil {
		return OverrideRecord{}, err
	}
	record := OverrideRecord{WallNanos: wallNanos, By: by, Reason: reason, Before: g.limits[at], After: limits}
	g.symbols[at], g.limits[at] = s, limits
	return record, nil
}

// OverrideRecord says who changed which limits, and why.
type OverrideRecord struct {
	WallNanos     int64
	By, Reason    string
	Before, After SymbolLimits
}

// Settle is part of runtime's seam: what was executed and what is open the gate reads from the tracker itself.
func (g *Gate) Settle(*Receipt) {}

// Why is the rule that refused the last order, RuleNone after an admitted one.
func (g *Gate) Why() Rule { return g.why }

// Latched is the rule that has shut the gate until Rearm, RuleNone where it is open.
func (g *Gate) Latched() Rule { return g.latched }

// Rearm opens a latched gate, by a person's decision; the counts that latched it begin anew.
func (g *Gate) Rearm() {
	g.latched, g.orders = RuleNone, 0
	g.like = likeness{}
}

// Refused is how often each rule has refused.
func (g *Gate) Refused(r Rule) uint64 { return g.refused[r] }
