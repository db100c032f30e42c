package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/journal"
)

// desk is the guard's half in the control plane: it tells the operator what has shut, writes the used budgets and every
// decision of a person into the journal, and ends a run that has sent all it may.
type desk struct {
	guard *guard
	log   *journal.Log
	out   io.Writer
	ended context.CancelFunc // ends the run
	stop  context.CancelFunc
	done  sync.WaitGroup

	mu     sync.Mutex // one decision at a time
	limits []orders.SymbolLimits

	breaker orders.BreakerState
	latched orders.Rule
	banned  bool
	spent   bool
}

// deskEvery is how often the desk looks.
const deskEvery = 20 * time.Millisecond

func openDesk(ctx context.Context, g *guard, log *journal.Log, out io.Writer, ended context.CancelFunc) *desk {
	ctx, stop := context.WithCancel(ctx)
	d := &desk{guard: g, log: log, out: out, ended: ended, stop: stop, limits: append([]orders.SymbolLimits(nil), g.limits...)}
	d.done.Go(func() { d.run(ctx) })
	return d
}

func (d *desk) run(ctx context.Context) {
	ticker := time.NewTicker(deskEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			d.watch()
			if err := d.guard.note.take(d.keep); err != nil {
				fmt.Fprintln(d.out, "the used budgets could not be noted: "+sentence(err))
			}
		}
	}
}

// close notes what is used at the end. The loop must have ended.
func (d *desk) close() error {
	d.stop()
	d.done.Wait()
	now := d.guard.wall.Now()
	return d.keep(d.guard.Limiter.Append(nil, now, d.guard.wall.Wall(now)))
}

func (d *desk) keep(text []byte) error { return d.log.Note(journal.KindBudget, text) }

// watch tells what has changed since it last looked.
func (d *desk) watch() {
	s := &d.guard.seen
	if state := orders.BreakerState(s.breaker.Load()); state != d.breaker {
		d.breaker = state
		switch state {
		case orders.Open:
			fmt.Fprintf(d.out, "breaker open: %s; new orders are refused, cancels pass; `orderwire rearm` closes it\n", orders.Reason(s.reason.Load()))
		case orders.HalfOpen:
			fmt.Fprintln(d.out, "breaker half open: one order may probe")
		case orders.Closed:
			fmt.Fprintln(d.out, "breaker closed: new orders pass")
		}
	}
	if rule := orders.Rule(s.latched.Load()); rule != d.latched {
		if d.latched = rule; rule != orders.RuleNone {
			fmt.Fprintf(d.out, "risk gate latched by the rule %s: new orders are refused until `orderwire rearm`\n", rule)
		}
	}
	banned := s.bannedNanos.Load() > 0
	if banned && !d.banned {
		fmt.Fprintf(d.out, "ALARM: the venue refuses us for %d ms, with %d orders open: nothing can be cancelled until then\n", s.bannedNanos.Load()/millis, s.open.Load())
	}
	d.banned = banned
	if s.spent.Load() && !d.spent {
		d.spent = true
		fmt.Fprintln(d.out, "all orders that risk.max_orders allows were sent, and have ended: the run ends")
		d.ended()
	}
}

// errNotHeard is a loop that did not take the operator's word in time.
var errNotHeard = errors.New("the loop did not follow in time: is it stalled?")

// say hands a decision to the loop and waits until it was followed.
func (d *desk) say(word *operatorWord) error {
	d.guard.word.Store(word)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(controlTime / 2); !word.done.Load(); <-tick.C {
		if time.Now().After(end) {
			return errNotHeard
		}
	}
	return word.err
}

// rearm closes the breaker and opens the gate by a person's decision.
func (d *desk) rearm(by string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.log.Note(journal.KindOverride, []byte("rearm by "+by)); err != nil {
		return err
	}
	return d.say(&operatorWord{})
}

// overrideRequest is a decision to change one limit of one symbol, as the socket carries it.
type overrideRequest struct {
	Symbol string `json:"symbol"`
	Key    string `json:"key"` // as in [[risk.symbols]]
	Value  string `json:"value"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Bounds of what a note can hold.
const (
	byMax     = 16
	reasonMax = 80
)

// override changes a limit until the process ends. It is in the journal before it holds.
func (d *desk) override(r *overrideRequest) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := -1
	for i := range d.limits {
		if d.limits[i].Symbol == r.Symbol {
			at = i
		}
	}
	switch {
	case at < 0:
		return fmt.Errorf("%q has no limits here", r.Symbol)
	case r.By == "" || r.Reason == "" || len(r.By) > byMax || len(r.Reason) > reasonMax:
		return fmt.Errorf("an override needs a name of at most %d and a reason of at most %d bytes", byMax, reasonMax)
	}
	after := d.limits[at]
	before, err := setLimit(&after, r.Key, r.Value)
	if err != nil {
		return err
	}
	if _, err := orders.NewGate(orders.AccountLimits{MessagesMax: 1, MessagesNanos: 1}, []orders.SymbolLimits{after}); err != nil {
		return err
	}
	for _, text := range []string{r.By + ": " + r.Reason, fmt.Sprintf("%s %s %s -> %s", r.Symbol, r.Key, before, r.Value)} {
		if err := d.log.Note(journal.KindOverride, []byte(harmless(text))); err != nil {
			return fmt.Errorf("not overridden, because it could not be journalled: %w", err)
		}
	}
	now := d.guard.wall.Now()
	if err := d.say(&operatorWord{override: &after, by: r.By, reason: r.Reason, wallNanos: d.guard.wall.Wall(now)}); err != nil {
		return err
	}
	d.limits[at] = after
	fmt.Fprintf(d.out, "override by %s: %s %s %s -> %s\n", harmless(r.By), r.Symbol, r.Key, before, harmless(r.Value))
	return nil
}

// setLimit changes one limit by its name in the file, and returns what it was.
func setLimit(l *orders.SymbolLimits, key, value string) (before string, err error) {
	decimals := map[string]*fixed.Number{
		"quantity_max": &l.QtyMax, "value_max_quote": &l.ValueMax, "position_max": &l.PositionMax, "open_value_max_quote": &l.OpenValueMax,
	}
	if number := decimals[key]; number != nil {
		fresh, err := positive(value)
		if err != nil {
			return "", fmt.Errorf("%s = %q %w", key, value, err)
		}
		before, *number = number.String(), fresh
		return before, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return "", fmt.Errorf("%s = %q is no whole number", key, value)
	}
	whole := func(field *int64, unit int64) string {
		text := strconv.FormatInt(*field/unit, 10)
		*field = n * unit
		return text
	}
	switch key {
	case "collar_ppm":
		return whole(&l.CollarPPM, 1), nil
	case "passive_ppm":
		return whole(&l.PassivePPM, 1), nil
	case "reference_max_age_ms":
		return whole(&l.ReferenceAge, millis), nil
	case "open_orders_max":
		before, l.OpenOrders = strconv.Itoa(l.OpenOrders), int(n)
		return before, nil
	}
	return "", fmt.Errorf("%q is none of quantity_max, value_max_quote, collar_ppm, passive_ppm, reference_max_age_ms, position_max, open_value_max_quote, open_orders_max", key)
}
