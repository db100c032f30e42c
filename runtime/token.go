package runtime

import (
	"context"
	"fmt"
	"sync"

	"orderwire/orders"
)

// Session tokens (Kraken): asked for by REST, carried in every request, and asked for again before every connection, since
// the token of a connection that is gone may have run out. Templates hold the token, so they are compiled anew with it.

// Tokens is a dialect whose requests carry a token. Cold.
type Tokens interface {
	// Token is the REST request for one. nonce is larger than every one before under this key, over restarts too.
	Token(nonce uint64, signer *orders.Signer) (*orders.Request, error)
	ParseToken(body []byte) (orders.Secret, error)
}

// tokens is the state of a venue with tokens.
type tokens struct {
	mu    sync.Mutex
	nonce uint64
	armed []armed // compiled with the token of now
}

// placeholderToken lets templates be compiled, and so be checked, before there is a token.
func (e *Engine) placeholderToken() error {
	if _, wanted := e.plan.Dialect.(Tokens); !wanted || e.plan.Signer == nil || !e.plan.Signer.Token().Empty() {
		return nil
	}
	_, err := e.plan.Signer.WithToken(orders.NewSecret([]byte("none-yet")))
	return err
}

// renewToken asks for a token where the venue has such, and compiles the armed orders with it. Control plane.
func (e *Engine) renewToken(ctx context.Context) error {
	dialect, wanted := e.plan.Dialect.(Tokens)
	if !wanted {
		return nil
	}
	e.tokens.mu.Lock()
	defer e.tokens.mu.Unlock()
	request, err := dialect.Token(e.nextNonce(), e.plan.Signer)
	if err != nil {
		return err
	}
	body, err := e.rest(ctx, request)
	if err != nil {
		return err
	}
	token, err := dialect.ParseToken(body)
	if err != nil {
		return err
	}
	if _, err := e.plan.Signer.WithToken(token); err != nil {
		return err
	}
	var all []armed
	for _, spec := range e.plan.Armed {
		a, err := e.plan.arm(spec)
		if err != nil {
			return err
		}
		all = append(all, a)
	}
	e.tokens.armed = all
	return nil
}

// nextNonce rises over restarts as well, because it follows the wall clock in nanoseconds; a clock that was set back is
// outwaited by counting.
func (e *Engine) nextNonce() uint64 {
	clock := e.plan.Clock
	e.tokens.nonce = max(e.tokens.nonce+1, uint64(clock.Wall(clock.Now())))
	return e.tokens.nonce
}

// armedNow is the compiled orders for a connection that is made now.
func (e *Engine) armedNow() []armed {
	e.tokens.mu.Lock()
	defer e.tokens.mu.Unlock()
	if e.tokens.armed != nil {
		return e.tokens.armed
	}
	return e.loop.armed
}

// httpMethods are the methods of each action where orders are HTTP requests: what a response's form depends on.
var httpMethods = [orders.CancelAll + 1]string{orders.Place: "POST", orders.Test: "POST", orders.Cancel: "DELETE", orders.CancelAll: "DELETE"}

// TimeRequest is a dialect whose venue tells its time by REST.
type TimeRequest interface {
	TimeRequest() *orders.Request
	ParseTime(body []byte) (venueNanos int64, err error)
}

// timeByHTTP compares the clocks over a fresh HTTP connection.
func (v *supervisor) timeByHTTP(w *Wire) (samples []clockSample, err error) {
	dialect, can := v.engine.plan.Dialect.(TimeRequest)
	if !can {
		return nil, nil
	}
	clock := v.engine.plan.Clock
	for range timeQueries {
		sample := clockSample{sent: clock.Now()}
		status, body, err := w.Do(dialect.TimeRequest())
		sample.received = clock.Now()
		if err != nil {
			return nil, err
		}
		if status != 200 {
			return nil, fmt.Errorf("runtime: the time was answered with status %d", status)
		}
		if sample.venueNanos, err = dialect.ParseTime(body); err != nil {
			return nil, err
		}
		samples = append(samples, sample)
	}
	return samples, nil
}
