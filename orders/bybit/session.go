package bybit

import (
	"errors"
	"fmt"
	"strconv"

	"orderwire/orders"
)

// authLifeNanos is how far ahead an authentication expires: it must lie in the venue's future when it arrives.
const authLifeNanos = 10_000_000_000

// Login authenticates the trade socket. Orders are not signed afterwards.
//
// Units:  wallNanos is venue time, ns since the Unix epoch.
// Source: websocket/trade/guideline, websocket/connect.
func (d *Dialect) Login(step int, wallNanos int64, signer *orders.Signer) ([]byte, error) {
	if step > 0 {
		return nil, nil
	}
	return auth(wallNanos, signer)
}

// ReportLogin authenticates the private socket and subscribes what tells the life of orders.
func (d *Dialect) ReportLogin(step int, _ []string, wallNanos int64, signer *orders.Signer) ([]byte, error) {
	switch step {
	case 0:
		return auth(wallNanos, signer)
	case 1:
		return []byte(`{"op":"subscribe","req_id":"report-1","args":["order","execution"]}`), nil
	}
	return nil, nil
}

// ArmDisconnect subscribes the private socket to disconnect protection: when all such connections of the account
// are gone for the window that was set by REST, the venue cancels the orders of the product. Institutional
// accounts only; whoever sends this must let the pings stop when the loop stalls.
func (d *Dialect) ArmDisconnect() []byte {
	product := "spot"
	if d.Category == Linear {
		product = "future"
	}
	return []byte(`{"op":"subscribe","req_id":"dcp","args":["dcp.` + product + `"]}`)
}

func auth(wallNanos int64, signer *orders.Signer) ([]byte, error) {
	if signer == nil {
		return nil, errors.New("bybit: login: there are no credentials")
	}
	expires := strconv.FormatInt((wallNanos+authLifeNanos)/1_000_000, 10)
	signature, err := signer.SignCold([]byte("GET/realtime"+expires), "hex")
	if err != nil {
		return nil, fmt.Errorf("bybit: login: %w", err)
	}
	return fmt.Appendf(nil, `{"op":"auth","args":[%q,%s,%q]}`, signer.APIKey(), expires, signature), nil
}
