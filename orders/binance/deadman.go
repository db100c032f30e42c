package binance

import (
	"errors"
	"fmt"
	"strconv"

	"orderwire/orders"
)

// DeadMan arms the dead man's switch of one symbol (USD-M; Spot has none): unless it is armed again within
// countdownMillis, the venue cancels its open orders. 0 disarms it. The venue looks about every 10 ms; its advice is
// to arm 120000 every 30 s.
//
// Source: USD-M, Auto Cancel All Open Orders.
func (d *Dialect) DeadMan(symbol string, countdownMillis int64, signer *orders.Signer, wallNanos int64) (*orders.Request, error) {
	if err := checkSymbol(symbol); err != nil {
		return nil, fmt.Errorf("binance: %w", err)
	}
	switch {
	case d.Product != USDM:
		return nil, errors.New("binance: Spot has no dead man's switch")
	case countdownMillis < 0:
		return nil, fmt.Errorf("binance: dead man's switch of %d ms is negative", countdownMillis)
	}
	query := "symbol=" + escaped(symbol) + "&countdownTime=" + strconv.FormatInt(countdownMillis, 10)
	return d.Private("POST", "/fapi/v1/countdownCancelAll", query, signer, wallNanos)
}

// CancelSymbol cancels all open orders of one symbol, those of other programs too, by REST: the WebSocket API of
// USD-M has no such method.
func (d *Dialect) CancelSymbol(symbol string, signer *orders.Signer, wallNanos int64) (*orders.Request, error) {
	if err := checkSymbol(symbol); err != nil {
		return nil, fmt.Errorf("binance: %w", err)
	}
	path := "/api/v3/openOrders"
	if d.Product == USDM {
		path = "/fapi/v1/allOpenOrders"
	}
	return d.Private("DELETE", path, "symbol="+escaped(symbol), signer, wallNanos)
}
