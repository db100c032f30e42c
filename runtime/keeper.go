package runtime

import (
	"context"
	"fmt"
	"time"
)

// keeper renews, as long as the engine runs, something that the venue would let run out. Each is a task of its own, so that
// one that waits for an answer holds up nothing else.
type keeper struct {
	name  string // for errors: what is renewed
	every time.Duration
	renew func(ctx context.Context) error
}

// run renews until ctx ends. What failed is tried again soon, slower and slower, and at the latest when it was due anyway.
func (k *keeper) run(ctx context.Context, e *Engine) {
	tasks := e.plan.Tasks
	pause := k.every
	for {
		tasks.Wait(ctx, tasks.Now().Add(pause), nil)
		if ctx.Err() != nil {
			return
		}
		err := k.once(ctx, e)
		switch {
		case err == nil:
			pause = k.every
		case ctx.Err() != nil:
			return
		case pause == k.every:
			pause = min(e.plan.BackoffMin, k.every)
		default:
			pause = min(2*pause, e.plan.BackoffMax, k.every)
		}
		if err != nil {
			e.tell(SessionEvent{Role: OrderRole, Phase: Connecting, Err: fmt.Errorf("runtime: %s: %w", k.name, err)})
		}
	}
}

func (k *keeper) once(ctx context.Context, e *Engine) error {
	ctx, cancel := e.plan.Tasks.Timeout(ctx, e.plan.ConnectTimeout)
	defer cancel()
	return k.renew(ctx)
}

// keepers are those that this venue wants.
func (e *Engine) keepers() []*keeper {
	var all []*keeper
	if keys := reportKeys(&e.plan); keys != nil {
		_, every := keys.KeepReportKey(e.plan.Signer)
		all = append(all, &keeper{name: "the key of the report connection", every: every, renew: func(ctx context.Context) error {
			request, _ := keys.KeepReportKey(e.plan.Signer)
			_, err := e.rest(ctx, request)
			return err
		}})
	}
	if m := e.minter(); m != nil {
		all = append(all, m)
	}
	return all
}
