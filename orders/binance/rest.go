package binance

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"orderwire/orders"
)

// Private is a signed REST request: query, then the time, then a signature over both, as they are sent. query is
// percent-encoded already, since the encoded bytes are what is signed (mandatory since 2026-01-15).
//
// Source: rest-api.md, "SIGNED Endpoint security".
func (d *Dialect) Private(method, path, query string, signer *orders.Signer, wallNanos int64) (*orders.Request, error) {
	if signer == nil {
		return nil, errors.New("binance: there are no credentials")
	}
	if query != "" {
		query += "&"
	}
	query += "timestamp=" + strconv.FormatInt(wallNanos/1_000_000, 10)
	encoding := "hex"
	if !signer.Signs() { // a private key: its signatures are base64
		encoding = "base64"
	}
	signature, err := signer.SignCold([]byte(query), encoding)
	if err != nil {
		return nil, fmt.Errorf("binance: %w", err)
	}
	signature = strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(signature)
	return &orders.Request{
		Method: method, Path: path + "?" + query + "&signature=" + signature, Fields: [][2]string{{"X-MBX-APIKEY", signer.APIKey()}},
	}, nil
}
