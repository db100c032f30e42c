package binance

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"orderwire/orders"
)

// The frames around orders: logon, the user data stream, queries, time. All of this is cold, and allocates.

// Login is message number step of what an order connection needs before its first order, nil when it needs no
// more. With an HMAC key that is the subscription to the user data stream, signed by itself; with a private key
// it is session.logon, after which orders carry no signature, and then the subscription. Without the stream there
// is no trading: orders are answered with ACK, and what becomes of them is told there alone.
//
// USD-M has no user data stream on this connection (it is one of its own, by listenKey): an HMAC key needs
// nothing here, a private key the logon.
//
// Units:  wallNanos is venue time, ns since the Unix epoch.
// Source: web-socket-api.md, "Session authentication" and "User Data Stream".
func (d *Dialect) Login(step int, wallNanos int64, signer *orders.Signer) ([]byte, error) {
	if signer == nil {
		return nil, errors.New("binance: login: there are no credentials")
	}
	logon := !signer.Signs()
	switch {
	case step == 0 && logon:
		return d.Logon("login-0", signer, wallNanos)
	case d.Product == USDM:
		return nil, nil
	case step == 0:
		return d.query("login-0", "userDataStream.subscribe.signature", nil, signer, wallNanos)
	case step == 1 && logon:
		return d.plain("login-1", "userDataStream.subscribe"), nil
	}
	return nil, nil
}

// Logon is session.logon, which takes Ed25519 keys only. Every connection, a standby too, needs its own.
func (d *Dialect) Logon(id string, signer *orders.Signer, wallNanos int64) ([]byte, error) {
	frame, signature, err := d.signed(id, "session.logon", nil, signer, wallNanos, "base64")
	if err != nil {
		return nil, err
	}
	if raw, err := base64.StdEncoding.DecodeString(signature); err != nil || len(raw) != 64 {
		return nil, errors.New("binance: session.logon takes an Ed25519 key, and this one is of another kind")
	}
	return frame, nil
}

// OrderStatus asks what became of one order of ours. "Not found" right after a timeout proves nothing.
func (d *Dialect) OrderStatus(id, symbol, clientID string, signer *orders.Signer, wallNanos int64) ([]byte, error) {
	return d.query(id, "order.status", []param{{name: "symbol", text: symbol}, {name: "origClientOrderId", text: clientID}}, signer, wallNanos)
}

// OpenOrders asks for the open orders of one symbol; of all where symbol is empty, at 13 times the weight (Spot).
func (d *Dialect) OpenOrders(id, symbol string, signer *orders.Signer, wallNanos int64) ([]byte, error) {
	var params []param
	if symbol != "" {
		params = append(params, param{name: "symbol", text: symbol})
	}
	return d.query(id, "openOrders.status", params, signer, wallNanos)
}

// Trades asks for our executions of one symbol since a time, at most 1000 of them.
func (d *Dialect) Trades(id, symbol string, sinceNanos int64, signer *orders.Signer, wallNanos int64) ([]byte, error) {
	since := strconv.FormatInt(sinceNanos/1_000_000, 10)
	return d.query(id, "myTrades", []param{
		{name: "symbol", text: symbol}, {name: "startTime", text: since, literal: true}, {name: "limit", text: "1000", literal: true},
	}, signer, wallNanos)
}

// OrderLimits asks how many orders count against the limits of the account now.
func (d *Dialect) OrderLimits(id string, signer *orders.Signer, wallNanos int64) ([]byte, error) {
	return d.query(id, "account.rateLimits.orders", nil, signer, wallNanos)
}

// Time asks for the venue's clock.
func (d *Dialect) Time(id string) []byte { return d.plain(id, "time") }

// plain is a request without parameters and without a signature.
func (d *Dialect) plain(id, method string) []byte {
	return []byte(`{"id":"` + id + `","method":"` + method + `"}`)
}

// query is a request that needs a key: signed by itself, or unsigned on a session that is logged on.
func (d *Dialect) query(id, method string, params []param, signer *orders.Signer, wallNanos int64) ([]byte, error) {
	if !signer.Signs() {
		params = append(params, timeParam(wallNanos))
		return frameOf(id, method, params, "", ""), nil
	}
	frame, _, err := d.signed(id, method, params, signer, wallNanos, "hex")
	return frame, err
}

func timeParam(wallNanos int64) param {
	return param{name: "timestamp", text: strconv.FormatInt(wallNanos/1_000_000, 10), literal: true}
}

// signed is a request with key, time and signature, by the same rule as orders (build).
func (d *Dialect) signed(id, method string, params []param, signer *orders.Signer, wallNanos int64, encoding string) (frame []byte, signature string, err error) {
	params = append(slices.Clone(params), timeParam(wallNanos), param{name: "apiKey", text: signer.APIKey()})
	slices.SortFunc(params, func(a, b param) int { return strings.Compare(a.name, b.name) })
	var pairs []string
	for _, p := range params {
		if p.name == "symbol" {
			if err := checkSymbol(p.text); err != nil {
				return nil, "", fmt.Errorf("binance: %w", err)
			}
		}
		pairs = append(pairs, p.name+"="+p.text)
	}
	signature, err = signer.SignCold([]byte(strings.Join(pairs, "&")), encoding)
	if err != nil {
		return nil, "", fmt.Errorf("binance: %s: %w", method, err)
	}
	return frameOf(id, method, params, "signature", signature), signature, nil
}

// frameOf writes a request; the last parameter is left out where it has no name.
func frameOf(id, method string, params []param, lastName, last string) []byte {
	out := append([]byte(nil), `{"id":"`+id+`","method":"`+method+`","params":{`...)
	for i, p := range params {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `"`+p.name+`":`...)
		if p.literal {
			out = append(out, p.text...)
		} else {
			out = strconv.AppendQuote(out, p.text)
		}
	}
	if lastName != "" {
		out = append(out, `,"`+lastName+`":"`+last+`"`...)
	}
	return append(out, "}}"...)
}
