package main

import (
	"errors"
	"fmt"
	"time"

	"orderwire/orders"
)

// LimitsConfig is the venue's budgets. Without windows of its own the venue's documented ones count.
type LimitsConfig struct {
	SharePercent         int            `toml:"share_percent" comment:"how much of each budget this process may use; others may share address or account"`
	CancelReservePercent int            `toml:"cancel_reserve_percent" comment:"how much of it new orders leave to cancels"`
	Windows              []WindowConfig `toml:"windows"`
}

// WindowConfig is one window of one budget, in place of the venue's documented ones.
type WindowConfig struct {
	Budget   string `toml:"budget" json:"budget" comment:"weight, orders or messages"`
	Shape    string `toml:"shape" json:"shape" comment:"sliding, or bucket: refilled evenly"`
	WindowMS int    `toml:"window_ms" json:"window_ms"`
	Max      int64  `toml:"max" json:"max"`
}

// venueBudget is what a venue charges and allows, as it documents that. What it reports of its own windows at run time
// (reply fields, headers) takes their place.
type venueBudget struct {
	windows       []WindowConfig
	place, cancel orders.Cost
	fillsGiveBack bool // an order that fills is no longer counted
}

// budgets by venue. Source: the exchanges' documentation, as of 2026-11:
//
//   - binance: 6000 weight a minute by address, 50 unfilled orders in 10 s and 160000 a day by account; a request that fails
//     costs its weight, one that succeeds nothing, so that 1 is never too little.
//   - binance-usdm: 2400 weight a minute, 300 orders in 10 s, 1200 a minute.
//   - bybit: create and cancel 10 a second each by account (cancels are counted here as weight), 3000 requests a second by address.
//   - kraken: one counter by account and pair, 125 that decays 2.34 a second (tier Intermediate); an order adds 1, a cancel
//     within 5 s adds 8. All pairs are counted together here.
//   - coinbase: 15 requests a second with a burst of 30 by profile; coinbase-advanced: 30 a second by user.
var budgets = map[string]venueBudget{
	"binance": {
		windows:       []WindowConfig{sliding("weight", time.Minute, 6000), sliding("orders", 10*time.Second, 50), sliding("orders", 24*time.Hour, 160_000)},
		place:         orders.Cost{orders.BudgetWeight: 1, orders.BudgetOrders: 1},
		cancel:        orders.Cost{orders.BudgetWeight: 1},
		fillsGiveBack: true,
	},
	"binance-usdm": {
		windows: []WindowConfig{sliding("weight", time.Minute, 2400), sliding("orders", 10*time.Second, 300), sliding("orders", time.Minute, 1200)},
		place:   orders.Cost{orders.BudgetWeight: 1, orders.BudgetOrders: 1},
		cancel:  orders.Cost{orders.BudgetWeight: 1},
	},
	"bybit": {
		windows: []WindowConfig{sliding("orders", time.Second, 10), sliding("weight", time.Second, 10), sliding("messages", time.Second, 3000)},
		place:   orders.Cost{orders.BudgetOrders: 1, orders.BudgetMessages: 1},
		cancel:  orders.Cost{orders.BudgetWeight: 1, orders.BudgetMessages: 1},
	},
	"kraken": {
		windows: []WindowConfig{bucket("weight", 53_419*time.Millisecond, 125)},
		place:   orders.Cost{orders.BudgetWeight: 1},
		cancel:  orders.Cost{orders.BudgetWeight: 8},
	},
	"coinbase": {
		windows: []WindowConfig{bucket("messages", 2*time.Second, 30)},
		place:   orders.Cost{orders.BudgetMessages: 1},
		cancel:  orders.Cost{orders.BudgetMessages: 1},
	},
	"coinbase-advanced": {
		windows: []WindowConfig{sliding("messages", time.Second, 30)},
		place:   orders.Cost{orders.BudgetMessages: 1},
		cancel:  orders.Cost{orders.BudgetMessages: 1},
	},
}

func sliding(budget string, window time.Duration, most int64) WindowConfig {
	return WindowConfig{Budget: budget, Shape: "sliding", WindowMS: int(window.Milliseconds()), Max: most}
}

func bucket(budget string, window time.Duration, most int64) WindowConfig {
	return WindowConfig{Budget: budget, Shape: "bucket", WindowMS: int(window.Milliseconds()), Max: most}
}

// simFactor is how much wider the embedded exchange is than its venue: a demonstration shall not wait for it.
const simFactor = 10_000

var (
	budgetNames = map[string]orders.Budget{"weight": orders.BudgetWeight, "orders": orders.BudgetOrders, "messages": orders.BudgetMessages}
	shapeNames  = map[string]orders.Shape{"sliding": orders.ShapeSliding, "bucket": orders.ShapeBucket}
)

// windowsMax keeps the limiter's state within one note of the journal (103 bytes).
const windowsMax = 4

func (l *LimitsConfig) check() error {
	if err := within([]wholeNumber{
		{"limits.share_percent", int64(l.SharePercent), 1, 100},
		{"limits.cancel_reserve_percent", int64(l.CancelReservePercent), 0, 90},
	}); err != nil {
		return err
	}
	if len(l.Windows) > windowsMax {
		return fmt.Errorf("limits.windows holds %d windows, at most %d are kept", len(l.Windows), windowsMax)
	}
	for i := range l.Windows {
		w := &l.Windows[i]
		if _, known := budgetNames[w.Budget]; !known {
			return fmt.Errorf("limits.windows number %d: budget %q is none of weight, orders, messages", i+1, w.Budget)
		}
		if _, known := shapeNames[w.Shape]; !known {
			return fmt.Errorf("limits.windows number %d: shape %q is neither sliding nor bucket", i+1, w.Shape)
		}
		if err := within([]wholeNumber{
			{fmt.Sprintf("limits.windows number %d: window_ms", i+1), int64(w.WindowMS), 1, dayMillis},
			{fmt.Sprintf("limits.windows number %d: max", i+1), w.Max, 1, 1 << 40},
		}); err != nil {
			return err
		}
	}
	return nil
}

// limiter keeps a process inside its share of the venue's budgets.
func (l *LimitsConfig) limiter(venue, profile string) (*orders.Limiter, error) {
	windows, factor := l.Windows, int64(1)
	if len(windows) == 0 {
		if windows = budgets[venue].windows; profile == profileSim {
			factor = simFactor
		}
	}
	rules := make([]orders.LimitRule, 0, len(windows))
	for i := range windows {
		w := &windows[i]
		most := max(w.Max*factor*int64(l.SharePercent)/100, 1)
		rules = append(rules, orders.LimitRule{
			Budget: budgetNames[w.Budget], Shape: shapeNames[w.Shape], Window: int64(w.WindowMS) * millis,
			Max: most, Reserve: min(most*int64(l.CancelReservePercent)/100, most-1),
		})
	}
	limiter, err := orders.NewLimiter(rules)
	if err != nil {
		return nil, errors.Join(errors.New("limits cannot be kept"), err)
	}
	return limiter, nil
}
