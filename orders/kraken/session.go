package kraken

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"orderwire/orders"
)

// Login subscribes the executions channel, with the open orders, the last fills, and the rate counter. It comes
// first on every connection: the token of an idle connection runs out.
//
// Source: websocket-v2/executions.
func (d *Dialect) Login(step int, _ int64, signer *orders.Signer) ([]byte, error) {
	if step > 0 {
		return nil, nil
	}
	if signer == nil || signer.Token().Empty() {
		return nil, errors.New("kraken: login: there is no token")
	}
	return fmt.Appendf(nil, `{"method":"subscribe","params":{"channel":"executions","snap_orders":true,"snap_trades":true,"order_status":true,"ratecounter":true,"token":%q},"req_id":1}`,
		signer.Token().Reveal()), nil
}

// DeadMan arms the dead man's switch: unless it is armed again within timeoutSeconds, the venue cancels all orders
// of the account, once. 0 disarms it.
func (d *Dialect) DeadMan(timeoutSeconds int, signer *orders.Signer) ([]byte, error) {
	if timeoutSeconds < 0 || timeoutSeconds > 86400 {
		return nil, fmt.Errorf("kraken: dead man's switch of %d s is outside of 0..86400", timeoutSeconds)
	}
	if signer == nil || signer.Token().Empty() {
		return nil, errors.New("kraken: dead man's switch: there is no token")
	}
	return fmt.Appendf(nil, `{"method":"cancel_all_orders_after","params":{"timeout":%d,"token":%q},"req_id":2}`, timeoutSeconds, signer.Token().Reveal()), nil
}

// CancelAccount cancels all orders of the account, those of other programs too.
func (d *Dialect) CancelAccount(signer *orders.Signer) ([]byte, error) {
	if signer == nil || signer.Token().Empty() {
		return nil, errors.New("kraken: cancel all: there is no token")
	}
	return fmt.Appendf(nil, `{"method":"cancel_all","params":{"token":%q},"req_id":3}`, signer.Token().Reveal()), nil
}

// TokenPath is where tokens come from.
const TokenPath = "/0/private/GetWebSocketsToken"

// Token is the REST request for a token. nonce must be larger than every one before under this key, over restarts
// too: a lower one is refused and counts against the key. The signer is one of NewLogonSigner with hmac-sha512.
func (d *Dialect) Token(nonce uint64, signer *orders.Signer) (*orders.Request, error) {
	return d.Private(TokenPath, "", nonce, signer)
}

// Private is any signed REST request. form is its body without the nonce, in the form of a query.
//
// Source: guides/rest/authentication: base64(HMAC-SHA512(key, path, SHA256(nonce, body))).
func (d *Dialect) Private(path, form string, nonce uint64, signer *orders.Signer) (*orders.Request, error) {
	if signer == nil {
		return nil, errors.New("kraken: there are no credentials")
	}
	text := strconv.FormatUint(nonce, 10)
	body := "nonce=" + text
	if form != "" {
		body += "&" + form
	}
	inner := sha256.Sum256([]byte(text + body))
	signature, err := signer.SignCold(append([]byte(path), inner[:]...), "base64")
	if err != nil {
		return nil, fmt.Errorf("kraken: %w", err)
	}
	return &orders.Request{
		Method: "POST", Path: path, Body: []byte(body),
		Fields: [][2]string{{"API-Key", signer.APIKey()}, {"API-Sign", signature}, {"Content-Type", "application/x-www-form-urlencoded"}},
	}, nil
}

// ParseToken reads the answer to Token. Errors come with HTTP status 200, as a list of texts.
func (d *Dialect) ParseToken(body []byte) (orders.Secret, error) {
	var answer struct {
		Error  []string
		Result struct{ Token string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return orders.Secret{}, errors.New("kraken: the answer to the request for a token is not JSON")
	}
	if len(answer.Error) > 0 {
		return orders.Secret{}, &orders.RejectError{Venue: d.Venue(), Text: strings.Join(answer.Error, ", ")}
	}
	if answer.Result.Token == "" {
		return orders.Secret{}, ErrMissing
	}
	return orders.NewSecret([]byte(answer.Result.Token)), nil
}
