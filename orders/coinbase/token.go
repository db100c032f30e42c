package coinbase

import (
	"errors"
	"time"

	"orderwire/orders"
)

// Tokens of the Advanced API. A JWT names a method and a path, not the body: one serves every new order for two minutes,
// so no signature is on an order's way.

// nbfSlackNanos is how much earlier than our clock a JWT begins: it must not begin in the venue's future.
const nbfSlackNanos = 5_000_000_000

// OrderToken makes the JWT that new orders carry, and tells how long it is good. Exchange has none: the token is empty.
func (d *Dialect) OrderToken(nonce string, wallNanos int64, signer *orders.Signer) (orders.Secret, time.Duration, error) {
	if d.API != Advanced {
		return orders.Secret{}, 0, nil
	}
	token, err := d.JWT("POST", d.OrderPath(), nonce, wallNanos-nbfSlackNanos, signer)
	return token, jwtLifeSeconds*time.Second - nbfSlackNanos, err
}

// FeedToken makes the JWT that one subscription carries.
func (d *Dialect) FeedToken(nonce string, wallNanos int64, signer *orders.Signer) (orders.Secret, error) {
	return d.JWT("", "", nonce, wallNanos-nbfSlackNanos, signer)
}

// CancelsCold tells whether orders are cancelled by the venue's ids alone, which no template can hold.
func (d *Dialect) CancelsCold() bool { return d.API == Advanced }

// CancelCold asks for the end of orders by the venue's ids, under a JWT of its own. Its answer proves nothing.
func (d *Dialect) CancelCold(venueIDs []string, nonce string, wallNanos int64, signer *orders.Signer) (*orders.Request, error) {
	if d.API != Advanced || signer == nil {
		return nil, errors.New("coinbase: batch_cancel is of the Advanced API and needs its key")
	}
	token, err := d.JWT("POST", "/api/v3/brokerage/orders/batch_cancel", nonce, wallNanos-nbfSlackNanos, signer)
	if err != nil {
		return nil, err
	}
	bearer := *signer
	if _, err := bearer.WithToken(token); err != nil {
		return nil, err
	}
	return d.CancelOrders(venueIDs, &bearer)
}
