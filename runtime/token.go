package runtime

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"orderwire/orders"
)

// Tokens are texts that requests carry in place of a signature. Templates hold them, so they are compiled anew with each.
// Kraken hands them out by REST, one before every connection, since that of a connection that is gone may have run out.
// Coinbase Advanced lets us make them ourselves (JWTs): they last two minutes, so fresh templates are handed to the loop
// while the sessions live.

// Tokens is a dialect whose requests carry a token of the venue. Cold.
type Tokens interface {
	// Token is the REST request for one. nonce is larger than every one before under this key, over restarts too.
	Token(nonce uint64, signer *orders.Signer) (*orders.Request, error)
	ParseToken(body []byte) (orders.Secret, error)
}

// OwnTokens is a dialect whose requests carry tokens that it makes itself, for a time. Cold.
type OwnTokens interface {
	// OrderToken is what new orders carry, and how long it is good. An empty one: there are none.
	OrderToken(nonce string, wallNanos int64, signer *orders.Signer) (token orders.Secret, life time.Duration, err error)
	// FeedToken is what one subscription carries; each needs its own.
	FeedToken(nonce string, wallNanos int64, signer *orders.Signer) (orders.Secret, error)
}

// minted is a token in use: who signs with it, and the orders compiled with it. It does not change once it is made.
type minted struct {
	signer *orders.Signer
	armed  []armed
	until  int64         // loop clock, ns: it is not good any more; 0: it does not run out by itself
	life   time.Duration // of those that we make; 0 for others
}

// tokens is the state of a venue with tokens.
type tokens struct {
	key   sync.Mutex // one request under the key at a time
	nonce uint64     // the last one; under key
	mu    sync.Mutex // of what follows
	now   *minted    // nil: there are none
}

// firstToken lets templates be compiled, and so be checked, before the venue has handed out a token.
func (e *Engine) firstToken() error {
	if e.plan.Signer == nil {
		return nil
	}
	if _, own := e.plan.Dialect.(OwnTokens); own {
		return e.mint()
	}
	if _, wanted := e.plan.Dialect.(Tokens); !wanted {
		return nil
	}
	now, err := e.armWith(orders.NewSecret([]byte("none-yet")))
	e.tokens.now = now
	return err
}

// armWith compiles the armed orders with a token. The signer of the plan is left as it is: other sessions use it.
func (e *Engine) armWith(token orders.Secret) (*minted, error) {
	plan := e.plan
	signer := *plan.Signer
	if _, err := signer.WithToken(token); err != nil {
		return nil, err
	}
	plan.Signer = &signer
	m := &minted{signer: &signer}
	for i, spec := range plan.Armed {
		a, err := plan.arm(spec)
		if err != nil {
			return nil, fmt.Errorf("armed order %d: %w", i, err)
		}
		m.armed = append(m.armed, a)
	}
	return m, nil
}

// mint makes a token where the dialect makes its own.
func (e *Engine) mint() error {
	dialect, own := e.plan.Dialect.(OwnTokens)
	if !own {
		return nil
	}
	nonce, err := e.randomText()
	if err != nil {
		return err
	}
	made := e.plan.Clock.Now()
	token, life, err := dialect.OrderToken(nonce, e.plan.Clock.Wall(made), e.plan.Signer)
	if err != nil || token.Empty() {
		return err
	}
	fresh, err := e.armWith(token)
	if err != nil {
		return err
	}
	fresh.until, fresh.life = made+life.Nanoseconds(), life
	e.tokens.mu.Lock()
	defer e.tokens.mu.Unlock()
	e.tokens.now = fresh
	return nil
}

// randomText is 16 random bytes in hex.
func (e *Engine) randomText() (string, error) {
	var raw [16]byte
	if _, err := io.ReadFull(e.plan.Rand, raw[:]); err != nil {
		return "", fmt.Errorf("runtime: random nonce: %w", err)
	}
	return hex.EncodeToString(raw[:]), nil
}

// minter renews our own tokens at half of their life, nil where there are none.
func (e *Engine) minter() *keeper {
	life := e.tokenLife()
	if life == 0 {
		return nil
	}
	return &keeper{name: "the token of orders", every: life / 2, renew: func(context.Context) error {
		if err := e.mint(); err != nil {
			return err
		}
		if now := e.tokenNow(); !e.loop.mints.put(&now) {
			return errors.New("the loop has not taken the last one yet")
		}
		return nil
	}}
}

// renewToken asks for a token where the venue hands them out, and compiles the armed orders with it. Control plane.
func (e *Engine) renewToken(ctx context.Context) error {
	dialect, wanted := e.plan.Dialect.(Tokens)
	if !wanted {
		return nil
	}
	return e.underKey(ctx, func(nonce uint64) error {
		request, err := dialect.Token(nonce, e.plan.Signer)
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
		fresh, err := e.armWith(token)
		if err != nil {
			return err
		}
		e.tokens.mu.Lock()
		defer e.tokens.mu.Unlock()
		e.tokens.now = fresh
		return nil
	})
}

// underKey sends one REST request under the key: they go one after the other, in the order of their nonces. It waits as
// tasks do, so that in a simulation whoever is waited for goes on.
func (e *Engine) underKey(ctx context.Context, send func(nonce uint64) error) error {
	tasks := e.plan.Tasks
	for !e.tokens.key.TryLock() {
		if tasks.Wait(ctx, tasks.Now().Add(time.Millisecond), nil); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	defer e.tokens.key.Unlock()
	return send(e.nextNonce())
}

// nextNonce rises over restarts as well, because it follows the wall clock in nanoseconds; a clock that was set back is
// outwaited by counting.
func (e *Engine) nextNonce() uint64 {
	clock := e.plan.Clock
	e.tokens.nonce = max(e.tokens.nonce+1, uint64(clock.Wall(clock.Now())))
	return e.tokens.nonce
}

// tokenNow is the token in use, nil where there are none.
func (e *Engine) tokenNow() *minted {
	e.tokens.mu.Lock()
	defer e.tokens.mu.Unlock()
	return e.tokens.now
}

// tokenLife is how long the tokens last that we make ourselves, 0 where there are none.
func (e *Engine) tokenLife() time.Duration {
	if now := e.tokenNow(); now != nil {
		return now.life
	}
	return 0
}

// armedNow is the compiled orders for a connection that is made now, and until when they are good: 0 for ever.
func (e *Engine) armedNow() (all []armed, until int64) {
	if now := e.tokenNow(); now != nil {
		return now.armed, now.until
	}
	return e.loop.armed, 0
}

// signerFor is who signs the login of a connection with this role.
func (e *Engine) signerFor(role Role) (*orders.Signer, error) {
	dialect, own := e.plan.Dialect.(OwnTokens)
	if own && role != OrderRole && e.tokenLife() > 0 {
		nonce, err := e.randomText()
		if err != nil {
			return nil, err
		}
		token, err := dialect.FeedToken(nonce, e.plan.Clock.Wall(e.plan.Clock.Now()), e.plan.Signer)
		if err != nil {
			return nil, err
		}
		signer := *e.plan.Signer
		return signer.WithToken(token)
	}
	if now := e.tokenNow(); now != nil {
		return now.signer, nil
	}
	return e.plan.Signer, nil
}

// adopt gives the sessions the orders compiled with a fresh token. Loop thread, between two turns' work: a push takes its
// template once, so none sees half of a change.
func (l *Loop) adopt() (work int) {
	for l.mints.take(&l.minted) {
		work++
		for _, s := range l.sessions {
			if s != nil && s.role == OrderRole {
				s.armed, s.armedUntil = l.minted.armed, l.minted.until
			}
		}
	}
	return work
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
