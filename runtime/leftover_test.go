package runtime_test

import (
	"context"
	"testing"
	"time"

	"orderwire/bench/simex"
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/runtime"
)

// one pushes a single order and stops at its first receipt.
type one struct {
	pushed, quiet bool
	stop          func()
}

func (o *one) Market(*market.Event, int64, runtime.Hand) {}

func (o *one) Turn(now int64, hand runtime.Hand) {
	if !hand.Live() || o.pushed {
		return
	}
	if o.pushed = true; o.quiet { // the first moment at which it could trade is late enough
		o.stop()
		return
	}
	if _, outcome := hand.Push(0, fixed.Number{Mantissa: 6400000, Scale: 2}, fixed.Number{Mantissa: 1, Scale: 3}, now); outcome != orders.Sent {
		o.pushed = false
	}
}

func (o *one) Receipt(r *orders.Receipt, _ int64, _ runtime.Hand) {
	if r.State == orders.Acked {
		o.stop()
	}
}

// An order that an earlier life left open is found by its id and cancelled before the next life trades.
func TestStartCancelsWhatWasLeft(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			v := hasty(t, kind)
			exchange, err := simex.Serve(t.Context(), simex.ServeConfig{Venue: simex.Config{Kind: kind, Keys: []simex.Key{v.key}, Fill: simex.FillNone}})
			if err != nil {
				t.Fatal(err)
			}
			defer exchange.Close()
			live := func(epoch uint32, quiet bool) {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				config := v.config(exchange)
				config.Strategy, config.IDs.Epoch = &one{quiet: quiet, stop: cancel}, epoch
				config.Armed[0].TIF = orders.GTC
				if quiet {
					config.Start, config.Reconcile = runtime.StartCancel, true
				}
				engine, err := runtime.New(config)
				if err != nil {
					t.Fatal(err)
				}
				if err := engine.Run(ctx); err != nil {
					t.Fatal(err)
				}
			}
			live(1, false)
			if counts := exchange.Counts(); counts.Accepted != 1 || counts.Cancelled != 0 {
				t.Fatalf("the first life left %d orders, %d cancelled", counts.Accepted, counts.Cancelled)
			}
			live(2, true)
			counts := exchange.Counts()
			if counts.Accepted != 1 || counts.Cancelled != 1 {
				t.Errorf("%d orders, of which %d were cancelled", counts.Accepted, counts.Cancelled)
			}
			faultless(t, &counts)
		})
	}
}
