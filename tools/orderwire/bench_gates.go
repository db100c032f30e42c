package main

import (
	"errors"
	"math"

	"orderwire/bench"
	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/journal"
	"orderwire/runtime"
)

// benchGates is what an order passes in life: the journal and every rule of the risk gate, with limits so wide that no
// order of a bench is refused. What they cost is what is measured.
type benchGates struct {
	journal runtime.Journal
	risk    runtime.Risk

	state *journal.State
	log   *journal.Log
}

// openGates makes both, with their files in folder.
func openGates(folder string) (*benchGates, error) {
	clock, _ := netpoll.NewClock()
	risk, err := wideGate(clock.Now())
	if err != nil {
		return nil, err
	}
	state, err := journal.OpenState(folder)
	if err != nil {
		return nil, err
	}
	g := &benchGates{risk: risk, state: state}
	epoch, err := state.NextEpoch()
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	if g.log, _, err = journal.OpenLog(state, epoch, journal.Config{}); err != nil {
		return nil, errors.Join(err, state.Close())
	}
	g.journal, err = newJournalTap(g.log, epoch, []orders.Spec{bench.ContractOrder}, clock)
	if err != nil {
		return nil, errors.Join(err, g.close())
	}
	return g, nil
}

func (g *benchGates) close() error { return errors.Join(g.log.Close(), g.state.Close()) }

// wideGate asks every rule and refuses nothing that a bench sends.
func wideGate(now int64) (runtime.Risk, error) {
	const forever = math.MaxInt64 / 4
	order := bench.ContractOrder
	gate, err := orders.NewGate(
		orders.AccountLimits{
			MessagesMax: 1 << 20, MessagesNanos: 1e9, DuplicateNanos: 1e6, RepeatsMax: 1 << 10, RepeatNanos: 1e9, OrdersMax: 1 << 40,
		},
		[]orders.SymbolLimits{{
			Symbol: order.Symbol, PriceScale: order.PriceScale, QtyScale: order.QtyScale,
			QtyMax: units(1000), ValueMax: units(1e9), CollarPPM: 500_000, PassivePPM: 500_000, ReferenceAge: forever,
			PositionMax: units(1e7), OpenValueMax: units(1e9), OpenOrders: 1 << 16,
		}},
	)
	if err != nil {
		return nil, err
	}
	gate.Reference(gate.SymbolID(order.Symbol), units(64_000), now)
	limiter, err := orders.NewLimiter([]orders.LimitRule{
		{Budget: orders.BudgetOrders, Window: 10e9, Max: 1 << 30, Reserve: 1},
		{Budget: orders.BudgetWeight, Window: 60e9, Max: 1 << 30, Reserve: 1},
	})
	if err != nil {
		return nil, err
	}
	breaker := orders.NewBreaker(orders.BreakerLimits{RejectsMax: 1000, LateAcksMax: 1 << 20, DisconnectsMax: 100, ConflictsMax: 100, WindowNanos: 1e9, AckNanos: 1e9, UnknownMax: 1 << 20})
	return &orders.Admission{
		Kill: new(orders.Kill), Breaker: breaker, Limiter: limiter, Gate: gate,
		PlaceCost: orders.Cost{orders.BudgetOrders: 1, orders.BudgetWeight: 1}, CancelCost: orders.Cost{orders.BudgetWeight: 1},
	}, nil
}

func units(n int64) fixed.Number { return fixed.Number{Mantissa: n} }
