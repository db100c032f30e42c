package coinbase

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// Questions about the past, by REST. Executions name their order by the venue's id alone.

// historyMax is how many rows an answer may have.
const historyMax = 1000

// Inquiry tells that the past is asked for by REST: 15 questions a second are allowed at Exchange, 30 at Advanced.
func (d *Dialect) Inquiry() (orders.Inquiry, bool) {
	return orders.Inquiry{Burst: 10, Every: 200 * time.Millisecond}, true
}

// IDForm is that of client ids: the venue takes no other (Exchange).
func (d *Dialect) IDForm() orders.IDForm { return orders.IDUUID }

// Ask writes a question.
func (d *Dialect) Ask(what orders.Query, q *orders.Question) (*orders.Request, error) {
	if what == orders.QueryEnded {
		return nil, nil // QueryOrder finds an order whatever its state
	}
	if d.API == Advanced {
		return d.askAdvanced(what, q)
	}
	path := "/orders/client:" + url.PathEscape(q.ClientID)
	switch what {
	case orders.QueryOpen:
		path = "/orders?" + url.Values{"product_id": {q.Symbol}, "status": {"open", "pending", "active"}, "limit": {strconv.Itoa(historyMax)}}.Encode()
	case orders.QueryTrades:
		path = "/fills?" + url.Values{"product_id": {q.Symbol}, "limit": {strconv.Itoa(historyMax)}}.Encode()
	}
	return d.Request("GET", path, nil, q.WallNanos, q.Signer)
}

// askAdvanced writes a question to the Advanced API. It finds orders by its own ids alone; before it has named one, all
// orders since then are asked for.
func (d *Dialect) askAdvanced(what orders.Query, q *orders.Question) (*orders.Request, error) {
	const base = "/api/v3/brokerage/orders/historical/"
	since := time.Unix(0, q.SinceNanos).UTC().Format(time.RFC3339Nano)
	path, form := base+"batch", url.Values{"product_ids": {q.Symbol}, "limit": {strconv.Itoa(historyMax)}}
	switch {
	case what == orders.QueryOpen:
		form.Set("order_status", "OPEN")
	case what == orders.QueryTrades:
		path = base + "fills"
		form.Set("start_sequence_timestamp", since)
	case q.VenueID != "":
		path, form = base+url.PathEscape(q.VenueID), nil
	default:
		form.Set("start_date", since)
	}
	if q.Page != "" {
		form.Set("cursor", q.Page)
	}
	token, err := d.JWT("GET", path, strconv.FormatUint(q.Nonce, 16), q.WallNanos-nbfSlackNanos, q.Signer)
	if err != nil {
		return nil, err
	}
	if len(form) > 0 {
		path += "?" + form.Encode()
	}
	return &orders.Request{Method: "GET", Path: path, Fields: [][2]string{{"Authorization", "Bearer " + string(token.Reveal())}}}, nil
}

// Answer reads what Ask brought: reports that own their bytes, and the next page where there is one. An order that is not
// found is no report.
//
// Errors: *orders.RejectError where the venue refused the question; orders.ErrTruncated.
func (d *Dialect) Answer(what orders.Query, q *orders.Question, status int, body []byte) (reports []orders.Report, next string, err error) {
	switch {
	case status == 404 && what == orders.QueryOrder:
		return nil, "", nil
	case status != 200:
		var refusal struct{ Message string }
		if json.Unmarshal(body, &refusal) != nil {
			refusal.Message = "" // a proxy's answer: the status is all that it says
		}
		return nil, "", &orders.RejectError{Venue: d.Venue(), Code: status, Text: refusal.Message}
	case d.API == Advanced:
		return advancedHistory(what, q, body)
	case what == orders.QueryTrades:
		reports, err = fills(body, q.SinceNanos)
		return reports, "", err
	}
	rows := []json.RawMessage{body}
	if what == orders.QueryOpen {
		if err := json.Unmarshal(body, &rows); err != nil {
			return nil, "", fmt.Errorf("coinbase: orders: %w", ErrMissing)
		}
	}
	for _, row := range rows {
		r, err := standing(bytes.Clone(row))
		if err != nil {
			return nil, "", fmt.Errorf("coinbase: an order: %w", err)
		}
		reports = append(reports, r)
	}
	if len(rows) >= historyMax {
		return reports, "", fmt.Errorf("coinbase: orders: %w", orders.ErrTruncated)
	}
	return reports, "", nil
}

// standing reads an Exchange order as it is now.
func standing(row []byte) (r orders.Report, err error) {
	var a answer
	if err := a.read(row); err != nil {
		return r, err
	}
	err = a.order(&r)
	return r, err
}

// fills reads Exchange's executions, the newest first, as far back as sinceNanos.
func fills(body []byte, sinceNanos int64) (reports []orders.Report, err error) {
	var rows []struct {
		TradeID   json.Number `json:"trade_id"`
		OrderID   string      `json:"order_id"`
		CreatedAt time.Time   `json:"created_at"`
		Price     string
		Size      string
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, fmt.Errorf("coinbase: fills: %w", ErrMissing)
	}
	reaches := len(rows) < historyMax
	for i := range rows {
		row := &rows[i]
		if row.CreatedAt.UnixNano() < sinceNanos {
			reaches = true
			break
		}
		r, err := execution(string(row.TradeID), row.OrderID, row.Price, row.Size, row.CreatedAt)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	if !reaches {
		return reports, fmt.Errorf("coinbase: fills: %w", orders.ErrTruncated)
	}
	return reports, nil
}

func execution(id, orderID, price, size string, at time.Time) (r orders.Report, err error) {
	r = orders.Report{Kind: orders.ReportTrade, VenueID: []byte(orderID), ExecID: []byte(id), VenueNanos: at.UnixNano()}
	var err1, err2 error
	r.LastPrice, err1 = fixed.Parse([]byte(price))
	r.LastQty, err2 = fixed.Parse([]byte(size))
	if err := errors.Join(err1, err2); err != nil || id == "" || orderID == "" || r.LastQty.IsZero() {
		return r, fmt.Errorf("coinbase: a fill: %w", ErrValue)
	}
	return r, nil
}

// advancedRow is an order as Advanced's REST has it.
type advancedRow struct {
	OrderID       string    `json:"order_id"`
	ClientOrderID string    `json:"client_order_id"`
	Status        string    `json:"status"`
	FilledSize    string    `json:"filled_size"`
	RejectReason  string    `json:"reject_reason"`
	CreatedTime   time.Time `json:"created_time"`
}

func advancedHistory(what orders.Query, q *orders.Question, body []byte) (reports []orders.Report, next string, err error) {
	var answer struct {
		Order  *advancedRow
		Orders []advancedRow
		Fills  []struct {
			TradeID   string    `json:"trade_id"`
			OrderID   string    `json:"order_id"`
			TradeTime time.Time `json:"trade_time"`
			Price     string
			Size      string
		}
		Cursor string
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, "", fmt.Errorf("coinbase: history: %w", ErrMissing)
	}
	if answer.Order != nil {
		answer.Orders = append(answer.Orders, *answer.Order)
	}
	for i := range answer.Orders {
		row := &answer.Orders[i]
		if what == orders.QueryOrder && q.ClientID != "" && row.ClientOrderID != q.ClientID {
			continue
		}
		r, err := row.report()
		if err != nil {
			return nil, "", err
		}
		if r.Kind != orders.ReportOther {
			reports = append(reports, r)
		}
	}
	for i := range answer.Fills {
		row := &answer.Fills[i]
		r, err := execution(row.TradeID, row.OrderID, row.Price, row.Size, row.TradeTime)
		if err != nil {
			return nil, "", err
		}
		reports = append(reports, r)
	}
	return reports, answer.Cursor, nil
}

func (row *advancedRow) report() (r orders.Report, err error) {
	r = orders.Report{Kind: kindOfOrder([]byte(row.Status)), VenueID: []byte(row.OrderID), VenueNanos: row.CreatedTime.UnixNano()}
	if row.ClientOrderID != "" {
		r.ClientID = []byte(row.ClientOrderID)
	}
	if r.Kind == orders.ReportRejected && row.RejectReason != "" {
		r.Text = []byte(row.RejectReason)
	}
	if row.OrderID == "" {
		return r, fmt.Errorf("coinbase: an order: %w", ErrMissing)
	}
	if row.FilledSize != "" {
		if r.CumQty, err = fixed.Parse([]byte(row.FilledSize)); err != nil {
			return r, fmt.Errorf("coinbase: an order's filled size: %w", err)
		}
	}
	return r, nil
}
