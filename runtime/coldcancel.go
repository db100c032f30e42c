package runtime

import (
	"context"
	"fmt"
	"time"

	"orderwire/orders"
)

// Cancels by REST, where a venue cancels by its own ids alone (Coinbase Advanced): no template can hold those, so the
// control plane asks, on a connection of its own, and what became of the order is told by the stream of reports.

// ColdCancels is a dialect whose orders are cancelled so. Cold.
type ColdCancels interface {
	CancelsCold() bool
	// CancelCold asks for the end of orders by the venue's ids. nonce is fresh random text.
	CancelCold(venueIDs []string, nonce string, wallNanos int64, signer *orders.Signer) (*orders.Request, error)
}

func coldCancels(d orders.Dialect) ColdCancels {
	if cold, can := d.(ColdCancels); can && cold.CancelsCold() {
		return cold
	}
	return nil
}

// coldCancel is one order on its way to the canceller.
type coldCancel struct{ venueID string }

// cancelCold hands order id to the canceller. An order that the venue has not named yet cannot be cancelled: BadValue.
// It allocates: there is no latency to lose where a connection has to be made.
func (l *Loop) cancelCold(id uint64) (request uint64, outcome orders.Outcome) {
	info, known := l.track.Order(id)
	l.cold = coldCancel{venueID: info.VenueID}
	switch {
	case !known || info.VenueID == "":
		outcome = orders.BadValue
	case !l.colds.put(&l.cold):
		outcome = orders.BackPressured
	}
	l.counts.outcomes[outcome]++
	return 0, outcome
}

// canceller asks for cancels until the venue has taken each. One goroutine.
type canceller struct {
	engine  *Engine
	dialect ColdCancels
	bell    bell
	waiting []string
}

// coldBatch is how many orders one request names.
const coldBatch = 100

func newCanceller(e *Engine, d ColdCancels) *canceller {
	return &canceller{engine: e, dialect: d, bell: newBell()}
}

// run serves until ctx ends.
func (c *canceller) run(ctx context.Context) {
	plan := &c.engine.plan
	pause := plan.BackoffMin
	for {
		if c.collect(); len(c.waiting) == 0 {
			plan.Tasks.Wait(ctx, time.Time{}, c.bell)
		}
		if ctx.Err() != nil {
			return
		}
		if c.collect(); len(c.waiting) == 0 {
			continue
		}
		if err := c.ask(ctx); err != nil {
			c.engine.tell(SessionEvent{Role: OrderRole, Phase: Connecting, Err: fmt.Errorf("runtime: %d cancels: %w", len(c.waiting), err)})
			plan.Tasks.Wait(ctx, plan.Tasks.Now().Add(pause), nil)
			pause = min(2*pause, plan.BackoffMax)
			continue
		}
		pause = plan.BackoffMin
	}
}

func (c *canceller) collect() {
	var one coldCancel
	for c.engine.loop.colds.take(&one) {
		c.waiting = append(c.waiting, one.venueID)
	}
}

// ask sends one request. A cancel that is asked for twice does no harm.
func (c *canceller) ask(ctx context.Context) error {
	plan := &c.engine.plan
	ctx, cancel := plan.Tasks.Timeout(ctx, plan.ConnectTimeout)
	defer cancel()
	nonce, err := c.engine.randomText()
	if err != nil {
		return err
	}
	batch := c.waiting[:min(coldBatch, len(c.waiting))]
	request, err := c.dialect.CancelCold(batch, nonce, plan.Clock.Wall(plan.Clock.Now()), plan.Signer)
	if err != nil {
		return err
	}
	if _, err := c.engine.rest(ctx, request); err != nil {
		return err
	}
	c.waiting = c.waiting[len(batch):]
	return nil
}
