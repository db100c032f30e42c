package binance

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"orderwire/orders"
)

// USD-M tells what becomes of orders on a connection of its own, whose address holds a key that REST hands out: the
// listen key. It lives an hour; whoever knows it reads the account's orders, so it is a secret.

// listenKeyEvery is how often the key is prolonged: the venue advises 30 minutes. Source: USD-M "User Data Streams".
const listenKeyEvery = 30 * time.Minute

// ReportKey is the request for the listen key of the account, nil at Spot, which needs none. Asking again prolongs it.
func (d *Dialect) ReportKey(signer *orders.Signer) *orders.Request {
	if d.Product != USDM {
		return nil
	}
	return listenKeyRequest("POST", signer)
}

// KeepReportKey prolongs the listen key, and says how often that is to be done.
func (d *Dialect) KeepReportKey(signer *orders.Signer) (*orders.Request, time.Duration) {
	return listenKeyRequest("PUT", signer), listenKeyEvery
}

func listenKeyRequest(method string, signer *orders.Signer) *orders.Request {
	return &orders.Request{Method: method, Path: "/fapi/v1/listenKey", Fields: [][2]string{{"X-MBX-APIKEY", signer.APIKey()}}}
}

// ReadReportKey reads the answer to ReportKey and returns the path of the report connection. It is as secret as the key.
func (d *Dialect) ReadReportKey(body []byte) (string, error) {
	var answer struct {
		ListenKey string `json:"listenKey"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", errors.New("binance: the answer about the listen key is no JSON")
	}
	if answer.ListenKey == "" || escaped(answer.ListenKey) != answer.ListenKey {
		return "", fmt.Errorf("binance: the listen key: %w", ErrMissing)
	}
	return "/private/ws/" + answer.ListenKey, nil
}
