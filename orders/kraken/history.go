package kraken

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// Questions about the past, by REST. Executions name their order by the venue's id alone.

// Inquiry tells that the past is asked for by REST, for the whole account. The venue counts up to 15 and takes one off
// every 3 s in its lowest tier; lists of ended orders and of executions count two.
func (d *Dialect) Inquiry() (orders.Inquiry, bool) {
	return orders.Inquiry{AccountWide: true, Burst: 8, Every: 5 * time.Second}, true
}

// Ask writes a question. Once the venue has named an order, one question finds it whatever its state.
func (d *Dialect) Ask(what orders.Query, q *orders.Question) (*orders.Request, error) {
	form := url.Values{}
	path := "/0/private/OpenOrders"
	switch what {
	case orders.QueryOrder:
		if q.VenueID != "" {
			path = "/0/private/QueryOrders"
			form.Set("txid", q.VenueID)
			break
		}
		form.Set("cl_ord_id", q.ClientID)
	case orders.QueryEnded:
		if q.VenueID != "" {
			return nil, nil
		}
		path = "/0/private/ClosedOrders"
		form.Set("cl_ord_id", q.ClientID)
	case orders.QueryTrades:
		path = "/0/private/TradesHistory"
		form.Set("start", strconv.FormatInt(q.SinceNanos/1_000_000_000-1, 10)) // what happened at start is left out
		if q.Page != "" {
			form.Set("ofs", q.Page)
		}
	}
	return d.Private(path, form.Encode(), q.Nonce, q.Signer)
}

// orderRow is an order as REST has it, under its venue id.
type orderRow struct {
	Status  string
	ClOrdID string `json:"cl_ord_id"`
	Vol     string
	VolExec string      `json:"vol_exec"`
	OpenTM  json.Number // seconds
	CloseTM json.Number
}

// tradeRow is an execution, under its own id.
type tradeRow struct {
	OrderTxID  string
	Time       json.Number
	Price, Vol string
}

// Answer reads what Ask brought: reports that own their bytes, and the next page where there is one.
//
// Errors: *orders.RejectError where the venue refused the question.
func (d *Dialect) Answer(what orders.Query, q *orders.Question, status int, body []byte) (reports []orders.Report, next string, err error) {
	var answer struct {
		Error  []string
		Result json.RawMessage
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, "", fmt.Errorf("kraken: the answer with status %d cannot be read", status)
	}
	if len(answer.Error) > 0 {
		return nil, "", &orders.RejectError{Venue: d.Venue(), Text: strings.Join(answer.Error, ", ")}
	}
	if what == orders.QueryTrades {
		return trades(answer.Result, q.Page)
	}
	if what == orders.QueryOrder && q.VenueID != "" {
		var rows map[string]orderRow
		if err := json.Unmarshal(answer.Result, &rows); err != nil {
			return nil, "", fmt.Errorf("kraken: orders: %w", ErrMissing)
		}
		reports, err = orderReports(rows)
		return reports, "", err
	}
	var lists struct{ Open, Closed map[string]orderRow }
	if err := json.Unmarshal(answer.Result, &lists); err != nil || lists.Open == nil && lists.Closed == nil {
		return nil, "", fmt.Errorf("kraken: orders: %w", ErrMissing)
	}
	rows := lists.Open
	if what == orders.QueryEnded {
		rows = lists.Closed
	}
	reports, err = orderReports(rows)
	return reports, "", err
}

func orderReports(rows map[string]orderRow) (reports []orders.Report, err error) {
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		row := rows[id]
		volume, err1 := fixed.Parse([]byte(row.Vol))
		done, err2 := fixed.Parse([]byte(row.VolExec))
		if err1 != nil || err2 != nil || id == "" {
			return nil, fmt.Errorf("kraken: volumes of an order: %w", ErrValue)
		}
		r := orders.Report{VenueID: []byte(id), CumQty: done, VenueNanos: seconds(row.OpenTM)}
		if row.ClOrdID != "" {
			r.ClientID = []byte(row.ClOrdID)
		}
		if at := seconds(row.CloseTM); at > 0 {
			r.VenueNanos = at
		}
		switch row.Status {
		case "pending":
			r.Kind = orders.ReportReceived
		case "open":
			r.Kind = orders.ReportAcked
		case "closed": // the venue says so of filled ones; the volumes tell
			if r.Kind = orders.ReportFilled; done.Cmp(volume) < 0 {
				r.Kind = orders.ReportCancelled
			}
		case "canceled":
			r.Kind = orders.ReportCancelled
		case "expired":
			r.Kind = orders.ReportExpired
		default:
			continue // a state that we do not know proves nothing
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// trades reads TradesHistory: fifty a page.
func trades(result []byte, page string) (reports []orders.Report, next string, err error) {
	var list struct {
		Trades map[string]tradeRow
		Count  int
	}
	if err := json.Unmarshal(result, &list); err != nil || list.Trades == nil {
		return nil, "", fmt.Errorf("kraken: trades: %w", ErrMissing)
	}
	for _, id := range slices.Sorted(maps.Keys(list.Trades)) {
		row := list.Trades[id]
		price, err1 := fixed.Parse([]byte(row.Price))
		volume, err2 := fixed.Parse([]byte(row.Vol))
		if err1 != nil || err2 != nil || row.OrderTxID == "" || volume.IsZero() {
			return nil, "", fmt.Errorf("kraken: a trade: %w", ErrValue)
		}
		reports = append(reports, orders.Report{
			Kind: orders.ReportTrade, VenueID: []byte(row.OrderTxID), ExecID: []byte(id), LastPrice: price, LastQty: volume, VenueNanos: seconds(row.Time),
		})
	}
	first := 0
	if page != "" {
		if first, err = strconv.Atoi(page); err != nil {
			return nil, "", fmt.Errorf("kraken: page %q: %w", page, ErrValue)
		}
	}
	if seen := first + len(reports); len(reports) > 0 && seen < list.Count {
		next = strconv.Itoa(seen)
	}
	return reports, next, nil
}

// seconds turns the venue's decimal seconds into nanoseconds, 0 for what is none.
func seconds(at json.Number) int64 {
	whole, part, _ := strings.Cut(string(at), ".")
	value, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || value < 0 || value > 1e10 {
		return 0
	}
	part = (part + "000000000")[:9]
	rest, err := strconv.ParseInt(part, 10, 64)
	if err != nil || rest < 0 {
		return 0
	}
	return value*1_000_000_000 + rest
}
