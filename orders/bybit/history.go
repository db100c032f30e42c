package bybit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"orderwire/orders"
)

// Questions about the past, by REST: the trade socket answers none.

// restWindow is the receive window of REST requests. Units: ms.
const restWindow = "5000"

// Private is any signed REST request: query is the encoded text behind the question mark, body the JSON of a POST.
//
// Source: guide, "Authentication": the time, the key, the window and the query or the body.
func (d *Dialect) Private(method, path, query string, body []byte, wallNanos int64, signer *orders.Signer) (*orders.Request, error) {
	if signer == nil {
		return nil, errors.New("bybit: there are no credentials")
	}
	at := strconv.FormatInt(wallNanos/1_000_000, 10)
	signature, err := signer.SignCold(append([]byte(at+signer.APIKey()+restWindow+query), body...), "hex")
	if err != nil {
		return nil, fmt.Errorf("bybit: %w", err)
	}
	if query != "" {
		path += "?" + query
	}
	fields := [][2]string{
		{"X-BAPI-API-KEY", signer.APIKey()}, {"X-BAPI-TIMESTAMP", at}, {"X-BAPI-RECV-WINDOW", restWindow}, {"X-BAPI-SIGN", signature},
	}
	if len(body) > 0 {
		fields = append(fields, [2]string{"Content-Type", "application/json"})
	}
	return &orders.Request{Method: method, Path: path, Fields: fields, Body: body}, nil
}

// Inquiry tells that the past is asked for by REST: 50 questions a second are allowed, ten keep well away from that.
func (d *Dialect) Inquiry() (orders.Inquiry, bool) {
	return orders.Inquiry{Burst: 20, Every: 100 * time.Millisecond}, true
}

// Ask writes a question. realtime has the open orders and some hundred ended ones, history the ended ones.
func (d *Dialect) Ask(what orders.Query, q *orders.Question) (*orders.Request, error) {
	form := url.Values{"category": {d.Category.String()}, "limit": {"50"}}
	path := "/v5/order/realtime"
	switch what {
	case orders.QueryOrder:
		form.Set("orderLinkId", q.ClientID)
	case orders.QueryEnded:
		path = "/v5/order/history"
		form.Set("orderLinkId", q.ClientID)
	case orders.QueryTrades:
		path = "/v5/execution/list"
		form.Set("limit", "100")
		form.Set("startTime", strconv.FormatInt(q.SinceNanos/1_000_000, 10))
	}
	if q.Symbol != "" {
		form.Set("symbol", q.Symbol)
	}
	if q.Page != "" {
		form.Set("cursor", q.Page)
	}
	return d.Private("GET", path, form.Encode(), nil, q.WallNanos, q.Signer)
}

// Answer reads what Ask brought: reports that own their bytes, and the next page where there is one.
//
// Errors: *orders.RejectError where the venue refused the question.
func (d *Dialect) Answer(_ orders.Query, _ *orders.Question, status int, body []byte) (reports []orders.Report, next string, err error) {
	var answer struct {
		RetCode *int
		RetMsg  string
		Result  struct {
			List           []json.RawMessage
			NextPageCursor string
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.RetCode == nil {
		return nil, "", fmt.Errorf("bybit: the answer with status %d cannot be read", status)
	}
	if *answer.RetCode != 0 {
		return nil, "", &orders.RejectError{Venue: d.Venue(), Code: *answer.RetCode, Text: answer.RetMsg}
	}
	for _, row := range answer.Result.List {
		var r orders.Report
		if _, err := element(row, 0, &r); err != nil {
			return nil, "", fmt.Errorf("bybit: history: %w", err)
		}
		if r.Kind != orders.ReportOther {
			reports = append(reports, r)
		}
	}
	if len(answer.Result.List) > 0 {
		next = answer.Result.NextPageCursor
	}
	return reports, next, nil
}
