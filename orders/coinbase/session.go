package coinbase

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"orderwire/orders"
)

// Subscribe asks for trades, best prices and ladders. Exchange takes all channels in one message, Advanced one a
// message. Each must come within 5 s of the opening of the connection.
func (d *Dialect) Subscribe(step int, symbols []string, _ int64, _ *orders.Signer) ([]byte, error) {
	list, err := products(symbols)
	if err != nil {
		return nil, err
	}
	if d.API == Advanced {
		channels := []string{"heartbeats", "market_trades", "ticker", "level2"}
		if step < 0 || step >= len(channels) {
			return nil, nil
		}
		return []byte(`{"type":"subscribe","product_ids":[` + list + `],"channel":"` + channels[step] + `"}`), nil
	}
	if step != 0 {
		return nil, nil
	}
	return []byte(`{"type":"subscribe","product_ids":[` + list + `],"channels":["heartbeat","matches","ticker","level2_batch"]}`), nil
}

// ReportLogin subscribes the feed of the user's own orders in symbols. With Advanced the signer's token must be a
// JWT that was made without a request (JWT with method "").
func (d *Dialect) ReportLogin(step int, symbols []string, wallNanos int64, signer *orders.Signer) ([]byte, error) {
	if step != 0 {
		return nil, nil
	}
	list, err := products(symbols)
	if err != nil {
		return nil, err
	}
	if signer == nil {
		return nil, errors.New("coinbase: login: there are no credentials")
	}
	if d.API == Advanced {
		if signer.Token().Empty() {
			return nil, errors.New("coinbase: login: there is no JWT")
		}
		return []byte(`{"type":"subscribe","product_ids":[` + list + `],"channel":"user","jwt":"` + string(signer.Token().Reveal()) + `"}`), nil
	}
	at := strconv.FormatInt(wallNanos/1_000_000_000, 10)
	signature, err := signer.SignCold([]byte(at+"GET/users/self/verify"), "base64")
	if err != nil {
		return nil, fmt.Errorf("coinbase: login: %w", err)
	}
	return fmt.Appendf(nil, `{"type":"subscribe","product_ids":[%s],"channels":["user","heartbeat"],"signature":%q,"key":%q,"passphrase":%q,"timestamp":%q}`,
		list, signature, signer.APIKey(), signer.Passphrase().Reveal(), at), nil
}

// jwtLifeSeconds is how long a JWT is good. Make the next one at half of it.
const jwtLifeSeconds = 120

// JWT makes the token of the Advanced API for requests of one method and path, or for a WebSocket subscription
// where method is "". nonce is fresh random text, hex. The signer is one of NewLogonSigner whose api key is the
// key's name.
//
// Source: coinbase-advanced-py, jwt_generator.py (Apache-2.0); RFC 7515.
func (d *Dialect) JWT(method, path, nonce string, wallNanos int64, signer *orders.Signer) (orders.Secret, error) {
	alg := d.Alg
	if alg == "" {
		alg = "ES256"
	}
	if alg != "ES256" && alg != "EdDSA" {
		return orders.Secret{}, fmt.Errorf("coinbase: jwt algorithm %q is none of ES256, EdDSA", d.Alg)
	}
	if signer == nil {
		return orders.Secret{}, errors.New("coinbase: jwt: there are no credentials")
	}
	header := struct {
		Alg   string `json:"alg"`
		Kid   string `json:"kid"`
		Nonce string `json:"nonce"`
		Typ   string `json:"typ"`
	}{alg, signer.APIKey(), nonce, "JWT"}
	claims := struct {
		Sub string `json:"sub"`
		Iss string `json:"iss"`
		Nbf int64  `json:"nbf"`
		Exp int64  `json:"exp"`
		URI string `json:"uri,omitempty"`
	}{signer.APIKey(), "cdp", wallNanos / 1_000_000_000, wallNanos/1_000_000_000 + jwtLifeSeconds, ""}
	if method != "" {
		claims.URI = method + " " + d.host() + path
	}
	text, err := segments(header, claims)
	if err != nil {
		return orders.Secret{}, err
	}
	signature, err := signer.SignCold([]byte(text), "base64url")
	if err != nil {
		return orders.Secret{}, fmt.Errorf("coinbase: jwt: %w", err)
	}
	return orders.NewSecret([]byte(text + "." + signature)), nil
}

func segments(header, claims any) (string, error) {
	head, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("coinbase: jwt header: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("coinbase: jwt claims: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body), nil
}

// Request signs any request of the Exchange API, cold. path has its query; body may be empty.
func (d *Dialect) Request(method, path string, body []byte, wallNanos int64, signer *orders.Signer) (*orders.Request, error) {
	if d.API != Exchange || signer == nil || signer.Passphrase().Empty() {
		return nil, errors.New("coinbase: requests of the Exchange API need a key and its passphrase")
	}
	at := strconv.FormatInt(wallNanos/1_000_000_000, 10)
	signature, err := signer.SignCold(append([]byte(at+method+path), body...), "base64")
	if err != nil {
		return nil, fmt.Errorf("coinbase: %w", err)
	}
	return &orders.Request{
		Method: method, Path: path, Body: body,
		Fields: [][2]string{
			{"CB-ACCESS-KEY", signer.APIKey()},
			{"CB-ACCESS-PASSPHRASE", string(signer.Passphrase().Reveal())},
			{"CB-ACCESS-TIMESTAMP", at},
			{"CB-ACCESS-SIGN", signature},
			{"Content-Type", "application/json"},
		},
	}, nil
}

// CancelOrders cancels by the venue's ids (Advanced). The signer's token must be a JWT for POST and this path.
func (d *Dialect) CancelOrders(venueIDs []string, signer *orders.Signer) (*orders.Request, error) {
	if d.API != Advanced || signer == nil || signer.Token().Empty() {
		return nil, errors.New("coinbase: batch_cancel is of the Advanced API and needs a JWT")
	}
	body, err := json.Marshal(struct {
		OrderIDs []string `json:"order_ids"`
	}{venueIDs})
	if err != nil {
		return nil, fmt.Errorf("coinbase: %w", err)
	}
	return &orders.Request{
		Method: "POST", Path: "/api/v3/brokerage/orders/batch_cancel", Body: body,
		Fields: [][2]string{{"Authorization", "Bearer " + string(signer.Token().Reveal())}, {"Content-Type", "application/json"}},
	}, nil
}
