package binance

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// The answers to OpenOrders and Trades. Cold: they are asked after a reconnect or a crash, and allocate.

// listReply is the envelope of an answer whose result is a list.
type listReply struct {
	Status int             `json:"status"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code int    `json:"code"`
		Msg  string `json:"msg"`
	} `json:"error"`
}

// ReadOrders reads the answer to OpenOrders: a report for each open order, by its status. The reports own their bytes.
//
// Errors: *orders.RejectError where the venue refused the question.
func (d *Dialect) ReadOrders(message []byte) ([]orders.Report, error) {
	result, err := resultOf(message)
	if err != nil {
		return nil, err
	}
	return ordersOf(result)
}

// ordersOf reads a list of orders.
func ordersOf(text []byte) ([]orders.Report, error) {
	var rows []struct {
		ClientOrderID string `json:"clientOrderId"`
		OrderID       int64  `json:"orderId"`
		Status        string `json:"status"`
		ExecutedQty   string `json:"executedQty"`
		UpdateTime    int64  `json:"updateTime"`
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("binance: list: %w", err)
	}
	list := make([]orders.Report, 0, len(rows))
	for i := range rows {
		row := &rows[i]
		executed, err := fixed.Parse([]byte(row.ExecutedQty))
		if err != nil {
			return nil, fmt.Errorf("binance: open orders: executedQty of order %d: %w", row.OrderID, err)
		}
		at, _ := nanos(row.UpdateTime)
		list = append(list, orders.Report{
			Kind: kindOfStatus([]byte(row.Status)), Status: 200, ClientID: []byte(row.ClientOrderID),
			VenueID: strconv.AppendInt(nil, row.OrderID, 10), CumQty: executed, VenueNanos: at,
		})
	}
	return list, nil
}

// ReadTrades reads the answer to Trades: a report for each execution, under the venue's order id. The reports own their bytes.
//
// Errors: *orders.RejectError where the venue refused the question.
func (d *Dialect) ReadTrades(message []byte) ([]orders.Report, error) {
	result, err := resultOf(message)
	if err != nil {
		return nil, err
	}
	return tradesOf(result)
}

// tradesOf reads a list of executions.
func tradesOf(text []byte) ([]orders.Report, error) {
	var rows []struct {
		ID      int64  `json:"id"`
		OrderID int64  `json:"orderId"`
		Price   string `json:"price"`
		Qty     string `json:"qty"`
		Time    int64  `json:"time"`
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("binance: list: %w", err)
	}
	list := make([]orders.Report, 0, len(rows))
	for i := range rows {
		row := &rows[i]
		price, err1 := fixed.Parse([]byte(row.Price))
		qty, err2 := fixed.Parse([]byte(row.Qty))
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("binance: trades: trade %d: %w", row.ID, err)
		}
		at, _ := nanos(row.Time)
		list = append(list, orders.Report{
			Kind: orders.ReportTrade, Status: 200, VenueID: strconv.AppendInt(nil, row.OrderID, 10),
			ExecID: strconv.AppendInt(nil, row.ID, 10), LastPrice: price, LastQty: qty, VenueNanos: at,
		})
	}
	return list, nil
}

// resultOf unwraps the list of an answer of the WebSocket API.
func resultOf(message []byte) ([]byte, error) {
	var reply listReply
	if err := json.Unmarshal(message, &reply); err != nil {
		return nil, fmt.Errorf("binance: list: %w", err)
	}
	if reply.Error != nil {
		return nil, &orders.RejectError{Venue: "binance", Code: reply.Error.Code, Text: reply.Error.Msg}
	}
	if reply.Status != 200 {
		return nil, fmt.Errorf("binance: list: status %d", reply.Status)
	}
	return reply.Result, nil
}
