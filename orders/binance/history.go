package binance

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"orderwire/orders"
)

// Questions about the past, by REST: the WebSocket API of USD-M lists neither open orders nor executions. Spot is asked on
// its order connection (OrderStatus, OpenOrders, Trades).

// tradesMax is how many executions one answer holds.
const tradesMax = 1000

// Inquiry tells that USD-M is asked by REST. A round weighs 7 of 2400 a minute.
func (d *Dialect) Inquiry() (orders.Inquiry, bool) {
	return orders.Inquiry{Burst: 20, Every: 200 * time.Millisecond}, d.Product == USDM
}

// Ask writes a question to USD-M.
func (d *Dialect) Ask(what orders.Query, q *orders.Question) (*orders.Request, error) {
	if err := checkSymbol(q.Symbol); err != nil {
		return nil, fmt.Errorf("binance: %w", err)
	}
	path, query := "/fapi/v1/order", "symbol="+escaped(q.Symbol)
	switch what {
	case orders.QueryOrder:
		query += "&origClientOrderId=" + escaped(q.ClientID)
	case orders.QueryEnded:
		return nil, nil // QueryOrder finds an order whatever its state
	case orders.QueryOpen:
		path = "/fapi/v1/openOrders"
	case orders.QueryTrades:
		path = "/fapi/v1/userTrades"
		query += "&startTime=" + strconv.FormatInt(q.SinceNanos/1_000_000, 10) + "&limit=" + strconv.Itoa(tradesMax)
	}
	return d.Private("GET", path, query, q.Signer, q.WallNanos)
}

// Answer reads what Ask brought: reports that own their bytes. An order that is not found is no report.
//
// Errors: *orders.RejectError where the venue refused the question; orders.ErrTruncated.
func (d *Dialect) Answer(what orders.Query, _ *orders.Question, status int, body []byte) (reports []orders.Report, next string, err error) {
	if status != 200 {
		var refusal struct {
			Code int
			Msg  string
		}
		if json.Unmarshal(body, &refusal) != nil {
			refusal.Code = status // a proxy's answer: the status is all that it says
		}
		if refusal.Code == -2013 && what == orders.QueryOrder {
			return nil, "", nil
		}
		return nil, "", &orders.RejectError{Venue: d.Venue(), Code: refusal.Code, Text: refusal.Msg}
	}
	switch what {
	case orders.QueryTrades:
		reports, err = tradesOf(body)
		if err == nil && len(reports) >= tradesMax {
			err = fmt.Errorf("binance: trades: %w", orders.ErrTruncated)
		}
	case orders.QueryOpen:
		reports, err = ordersOf(body)
	default:
		reports, err = ordersOf([]byte("[" + string(body) + "]"))
	}
	return reports, "", err
}
