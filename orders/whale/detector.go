package whale

import (
	"errors"
	"fmt"
	"math"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// Detector finds sweeps in a stream of trades. One loop owns it.
type Detector struct {
	config  Config
	names   *market.Symbols
	symbols []symbol // in the order of Config.Symbols
	counts  Counts
}

// Config is what a Detector looks for. Zero fields mean their default.
type Config struct {
	// Symbols are all that is followed; trades of others are counted and passed over. 1..256.
	Symbols []Symbol
	// Threshold is the running notional of a sweep that triggers, in quote units. Default 100000. > 0.
	Threshold fixed.Number
	// OffsetTicks is how far beyond the print the order's price lies, in ticks. Default 5. 1..10000.
	OffsetTicks int
	// Qty is the order's quantity in base units. Default 0.001. > 0.
	Qty fixed.Number
	// CoolDownNanos is how long a symbol rests after a trigger, in the venue's trade time. Default 0: not at all.
	CoolDownNanos int64
}

// Symbol is one market to follow.
type Symbol struct {
	Name string       // as the venue writes it in trades
	Tick fixed.Number // the price step, > 0
}

// Decision is the order that a sweep calls for.
type Decision struct {
	Symbol int // index into Config.Symbols
	Side   market.Side
	Type   orders.Type
	TIF    orders.TIF
	Price  fixed.Number // at the tick's decimals
	Qty    fixed.Number
}

// Counts tell what became of the trades.
type Counts struct {
	Trades   uint64 // seen
	Triggers uint64 // decisions made
	Foreign  uint64 // of symbols that are not followed
	Rested   uint64 // sweeps that fell into a cool-down
	Refused  uint64 // sums that do not fit, prices off the tick or too low to go below: no decision
}

// symbol is the state of one market: the two sweeps, one a side, that the last trade time may hold.
type symbol struct {
	tick      fixed.Number
	timeNanos int64
	sweeps    [2]sweep
	restUntil int64
}

type sweep struct {
	notional fixed.Sum
	fired    bool
}

const symbolsMax, offsetMax = 256, 10000

// New makes a Detector. Its errors name the field and the rule that it breaks.
func New(config Config) (*Detector, error) {
	if config.Threshold == (fixed.Number{}) {
		config.Threshold = fixed.Number{Mantissa: 100_000}
	}
	if config.Qty == (fixed.Number{}) {
		config.Qty = fixed.Number{Mantissa: 1, Scale: 3}
	}
	if config.OffsetTicks == 0 {
		config.OffsetTicks = 5
	}
	switch {
	case len(config.Symbols) == 0 || len(config.Symbols) > symbolsMax:
		return nil, fmt.Errorf("whale: symbols: want 1 to %d of them", symbolsMax)
	case config.Threshold.Mantissa <= 0:
		return nil, errors.New("whale: threshold must be positive")
	case config.Qty.Mantissa <= 0:
		return nil, errors.New("whale: qty must be positive")
	case config.OffsetTicks < 1 || config.OffsetTicks > offsetMax:
		return nil, fmt.Errorf("whale: offset of %d ticks is outside of 1..%d", config.OffsetTicks, offsetMax)
	case config.CoolDownNanos < 0:
		return nil, errors.New("whale: cool-down is negative")
	}
	d := &Detector{config: config}
	var names []string
	for i, s := range config.Symbols {
		if s.Tick.Mantissa <= 0 || s.Tick.Mantissa > math.MaxInt64/offsetMax {
			return nil, fmt.Errorf("whale: symbol %d needs a tick above zero", i)
		}
		names = append(names, s.Name)
		d.symbols = append(d.symbols, symbol{tick: s.Tick, timeNanos: math.MinInt64, restUntil: math.MinInt64})
	}
	var err error
	if d.names, err = market.NewSymbols(names); err != nil {
		return nil, fmt.Errorf("whale: %w", err)
	}
	return d, nil
}

// See takes one market event; all but trades are passed over. ok tells that the event is the print with which its
// sweep reached the threshold, and that decision is the order to push. It allocates nothing and keeps nothing of ev.
func (d *Detector) See(ev *market.Event) (decision Decision, ok bool) {
	if ev.Kind != market.KindTrade {
		return Decision{}, false
	}
	d.counts.Trades++
	index := d.names.Index(ev.Symbol)
	if index < 0 {
		d.counts.Foreign++
		return Decision{}, false
	}
	s := &d.symbols[index]
	trade := &ev.Trade
	if trade.TimeNanos != s.timeNanos {
		s.timeNanos = trade.TimeNanos
		s.sweeps = [2]sweep{}
	}
	own := &s.sweeps[0]
	if trade.Aggressor == market.Sell {
		own = &s.sweeps[1]
	}
	if !own.notional.AddProduct(trade.Price, trade.Qty) {
		d.counts.Refused++
		return Decision{}, false
	}
	if own.fired || own.notional.Cmp(d.config.Threshold) < 0 {
		return Decision{}, false
	}
	own.fired = true
	return d.decide(index, trade)
}

// decide makes the order of a sweep that has just reached the threshold.
func (d *Detector) decide(index int, trade *market.Trade) (Decision, bool) {
	s := &d.symbols[index]
	if trade.TimeNanos < s.restUntil {
		d.counts.Rested++
		return Decision{}, false
	}
	price, onTick := trade.Price.Rescale(s.tick.Scale)
	if !onTick || price.Mantissa%s.tick.Mantissa != 0 {
		d.counts.Refused++
		return Decision{}, false
	}
	offset := fixed.Number{Mantissa: s.tick.Mantissa * int64(d.config.OffsetTicks), Scale: s.tick.Scale}
	if trade.Aggressor == market.Sell {
		offset.Mantissa = -offset.Mantissa
	}
	price, fits := price.Add(offset)
	if !fits || price.Mantissa <= 0 {
		d.counts.Refused++
		return Decision{}, false
	}
	if d.config.CoolDownNanos > 0 {
		s.restUntil = trade.TimeNanos + d.config.CoolDownNanos
	}
	d.counts.Triggers++
	return Decision{
		Symbol: index, Side: trade.Aggressor, Type: orders.Limit, TIF: orders.IOC, Price: price, Qty: d.config.Qty,
	}, true
}

// Counts tell what became of the trades so far.
func (d *Detector) Counts() Counts { return d.counts }
