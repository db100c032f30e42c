package main

import (
	"errors"
	"fmt"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/runtime"
)

// guarded puts the risk gate, the venue's budgets and the breaker of the file between the strategy and the wire of config:
// its Risk, its Strategy and its Observer are set, or wrapped. Where the file has no [risk] or no [breaker], those parts are
// not asked; the budgets always are.
//
// Shape: config has its Armed, Journal, Kill, Clock, Strategy and Observer.
func (c *Config) guarded(config *runtime.Config) (*guard, error) {
	limiter, err := c.Limits.limiter(c.Orders.Venue, c.Orders.Profile)
	if err != nil {
		return nil, err
	}
	if config.Kill == nil {
		config.Kill = new(orders.Kill)
	}
	if config.Clock == nil {
		config.Clock, _ = netpoll.NewClock()
	}
	budget := budgets[c.Orders.Venue]
	g := &guard{
		Admission: orders.Admission{Kill: config.Kill, Limiter: limiter, PlaceCost: budget.place, CancelCost: budget.cancel},
		share:     int64(c.Limits.SharePercent), giveBack: budget.fillsGiveBack,
		wall: config.Clock, journal: config.Journal,
	}
	if c.Breaker != nil {
		g.Breaker = orders.NewBreaker(c.Breaker.limits())
	}
	if c.Risk != nil {
		if err := g.limit(c); err != nil {
			return nil, err
		}
	}
	config.Risk = g
	config.Strategy = &guardedStrategy{Strategy: config.Strategy, guard: g}
	if config.Observer != nil {
		config.Observer = &guardedObserver{Observer: config.Observer, guard: g}
	}
	return g, nil
}

// limit makes the gate. Every armed symbol needs limits, at the decimals of its orders.
func (g *guard) limit(c *Config) error {
	bySymbol := map[string]*ArmedConfig{}
	for i := range c.Armed {
		a := &c.Armed[i]
		if first := bySymbol[a.Symbol]; first != nil && (first.PriceDecimals != a.PriceDecimals || first.QuantityDecimals != a.QuantityDecimals) {
			return usage("armed orders of %s differ in price_decimals or quantity_decimals: the venue has one of each", a.Symbol)
		}
		bySymbol[a.Symbol] = a
	}
	var all []orders.SymbolLimits
	for i := range c.Risk.Symbols {
		s := &c.Risk.Symbols[i]
		a := bySymbol[s.Symbol]
		if a == nil {
			continue // limits may be written for more than is armed
		}
		limits, err := s.limits(a.PriceDecimals, a.QuantityDecimals, c.Risk.FirstLive)
		if err != nil {
			return usage("%w", err)
		}
		all = append(all, limits)
		delete(bySymbol, s.Symbol)
	}
	for symbol := range bySymbol {
		return usage("risk.symbols has no entry for %s, which is armed: without limits none of its orders would leave", symbol)
	}
	gate, err := orders.NewGate(c.Risk.account(), all)
	if err != nil {
		return usage("risk: %w", err)
	}
	g.Gate, g.limits, g.ordersMax = gate, all, c.Risk.ordersMax()
	for i := range all {
		g.references = append(g.references, reference{symbol: all[i].Symbol, at: gate.SymbolID(all[i].Symbol), freshNanos: all[i].ReferenceAge / 2})
	}
	return nil
}

// restoreBudgets charges what an earlier life has used of the venue's windows.
func (g *guard) restoreBudgets(saved []byte) error {
	if len(saved) == 0 {
		return nil
	}
	now := g.wall.Now()
	if err := g.Limiter.Restore(saved, now, g.wall.Wall(now)); err != nil {
		return fmt.Errorf("what the last life used of the venue's limits cannot be read: %w", err)
	}
	return nil
}

// errDecimals is a middle that cannot be written.
var errDecimals = errors.New("decimals")

// middle is the price between bid and ask, with one decimal more than the finer of them.
func middle(bid, ask fixed.Number) (fixed.Number, error) {
	sum, ok := bid.Add(ask)
	if !ok || sum.Mantissa <= 0 || sum.Mantissa > 1<<59 || sum.Scale >= 18 {
		return fixed.Number{}, errDecimals
	}
	return fixed.Number{Mantissa: sum.Mantissa * 5, Scale: sum.Scale + 1}, nil
}
