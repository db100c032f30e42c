package coinbase_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"orderwire/orders"
	"orderwire/orders/coinbase"
)

func TestHistoryQuestions(t *testing.T) {
	q := orders.Question{Symbol: "BTC-USD", ClientID: "6d1b345e-2821-80e2-8d83-4ecb18a06876", SinceNanos: 1_700_000_000e9, WallNanos: 1_700_000_010e9, Nonce: 10, Signer: exchangeSigner(t, secret)}
	for what, want := range map[orders.Query]string{
		orders.QueryOrder:  "/orders/client:6d1b345e-2821-80e2-8d83-4ecb18a06876",
		orders.QueryOpen:   "/orders?limit=1000&product_id=BTC-USD&status=open&status=pending&status=active",
		orders.QueryTrades: "/fills?limit=1000&product_id=BTC-USD",
	} {
		r, err := exchange.Ask(what, &q)
		if err != nil || r.Method != "GET" || r.Path != want {
			t.Errorf("%d: %v, %v", what, r.Path, err)
		}
	}
	q.Signer = logonSigner(t)
	named, paged := q, q
	named.VenueID, paged.Page = "0000-11", "next one"
	for _, row := range []struct {
		what orders.Query
		q    *orders.Question
		path string
		want url.Values
	}{
		{orders.QueryOrder, &named, "/api/v3/brokerage/orders/historical/0000-11", url.Values{}},
		{orders.QueryOrder, &q, "/api/v3/brokerage/orders/historical/batch", url.Values{"product_ids": {"BTC-USD"}, "limit": {"1000"}, "start_date": {"2023-11-14T22:13:20Z"}}},
		{orders.QueryOpen, &q, "/api/v3/brokerage/orders/historical/batch", url.Values{"product_ids": {"BTC-USD"}, "limit": {"1000"}, "order_status": {"OPEN"}}},
		{orders.QueryTrades, &paged, "/api/v3/brokerage/orders/historical/fills", url.Values{
			"product_ids": {"BTC-USD"}, "limit": {"1000"}, "start_sequence_timestamp": {"2023-11-14T22:13:20Z"}, "cursor": {"next one"},
		}},
	} {
		r, err := advanced.Ask(row.what, row.q)
		if err != nil {
			t.Fatal(err)
		}
		path, query, _ := strings.Cut(r.Path, "?")
		got, err := url.ParseQuery(query)
		if err != nil || path != row.path || got.Encode() != row.want.Encode() {
			t.Errorf("%d: %s, %v", row.what, r.Path, err)
		}
		token, _ := strings.CutPrefix(r.Fields[0][1], "Bearer ")
		if claims := claimsOf(t, token); claims.URI != "GET api.coinbase.com"+row.path {
			t.Errorf("the token is for %q", claims.URI)
		}
	}
	for _, d := range []*coinbase.Dialect{exchange, advanced} {
		if r, err := d.Ask(orders.QueryEnded, &q); r != nil || err != nil {
			t.Errorf("an ended order is asked for twice, %v", err)
		}
	}
}

const (
	historyOrder = `{"id":"a9625b04-fc66-4999-a876-543c3684d702","price":"10.00000000","size":"1.00000000","product_id":"BTC-USD","client_oid":"6d1b345e-2821-80e2-8d83-4ecb18a06876","created_at":"2020-03-11T20:48:46.622052Z","filled_size":"0.50000000","status":"done","done_reason":"canceled","settled":true}`
	historyFill  = `[{"created_at":"2023-11-14T22:13:21Z","trade_id":9,"order_id":"a9625b04","price":"9.5","size":"0.5"},{"created_at":"2023-11-14T22:13:19Z","trade_id":8,"order_id":"a9625b04","price":"9.5","size":"0.5"}]`
	advancedPage = `{"orders":[{"order_id":"0000-1","client_order_id":"c1","status":"FILLED","filled_size":"0.001","created_time":"2023-11-14T22:13:20Z"},{"order_id":"0000-2","client_order_id":"c2","status":"OPEN","filled_size":"0","created_time":"2023-11-14T22:13:20Z"}],"cursor":"","has_next":false}`
	advancedFill = `{"fills":[{"trade_id":"t1","order_id":"0000-1","price":"61000.1","size":"0.001","trade_time":"2023-11-14T22:13:21Z"}],"cursor":"789"}`
)

func TestHistoryAnswers(t *testing.T) {
	q := &orders.Question{SinceNanos: 1_700_000_000e9}
	list, _, err := exchange.Answer(orders.QueryOrder, q, 200, []byte(historyOrder))
	if err != nil || len(list) != 1 || list[0].Kind != orders.ReportCancelled || list[0].CumQty.String() != "0.50000000" || string(list[0].VenueID) != "a9625b04-fc66-4999-a876-543c3684d702" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, _, err = exchange.Answer(orders.QueryOrder, q, 404, []byte(`{"message":"NotFound"}`)); len(list) != 0 || err != nil {
		t.Errorf("not found is %v, %v", list, err)
	}
	list, _, err = exchange.Answer(orders.QueryTrades, q, 200, []byte(historyFill))
	if err != nil || len(list) != 1 || string(list[0].ExecID) != "9" || list[0].LastPrice.String() != "9.5" || list[0].VenueNanos != time.Unix(1_700_000_001, 0).UnixNano() {
		t.Errorf("%+v, %v", list, err)
	}
	full := "[" + strings.Repeat(`{"created_at":"2023-11-14T22:13:21Z","trade_id":9,"order_id":"a","price":"9.5","size":"0.5"},`, 999) + historyFill[1:]
	if _, _, err = exchange.Answer(orders.QueryTrades, q, 200, []byte(strings.Replace(full, "22:13:19", "22:13:22", 1))); !errors.Is(err, orders.ErrTruncated) {
		t.Errorf("a full page that reaches back not far enough: %v", err)
	}
	if list, _, err = exchange.Answer(orders.QueryTrades, q, 200, []byte(full)); err != nil || len(list) != 1000 {
		t.Errorf("a full page that reaches back far enough: %d, %v", len(list), err)
	}
	list, _, err = advanced.Answer(orders.QueryOrder, &orders.Question{ClientID: "c1"}, 200, []byte(advancedPage))
	if err != nil || len(list) != 1 || list[0].Kind != orders.ReportFilled || list[0].CumQty.String() != "0.001" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, _, err = advanced.Answer(orders.QueryOpen, q, 200, []byte(advancedPage)); err != nil || len(list) != 2 || list[1].Kind != orders.ReportAcked {
		t.Errorf("%+v, %v", list, err)
	}
	list, next, err := advanced.Answer(orders.QueryTrades, q, 200, []byte(advancedFill))
	if err != nil || len(list) != 1 || next != "789" || string(list[0].ExecID) != "t1" || string(list[0].VenueID) != "0000-1" {
		t.Errorf("%+v, %q, %v", list, next, err)
	}
	var refused *orders.RejectError
	if _, _, err = exchange.Answer(orders.QueryOpen, q, 429, []byte(`{"message":"Too many"}`)); !errors.As(err, &refused) || refused.Code != 429 || refused.Text != "Too many" {
		t.Errorf("%v", err)
	}
	for name, body := range map[string]string{"nothing": ``, "HTML": `<html>`, "a number": `7`, "an order without its id": `[{"status":"open"}]`} {
		if _, _, err := exchange.Answer(orders.QueryOpen, q, 200, []byte(body)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzHistory(f *testing.F) {
	f.Add(uint8(orders.QueryOrder), false, []byte(historyOrder))
	f.Add(uint8(orders.QueryTrades), false, []byte(historyFill))
	f.Add(uint8(orders.QueryOpen), true, []byte(advancedPage))
	f.Add(uint8(orders.QueryTrades), true, []byte(advancedFill))
	f.Fuzz(func(t *testing.T, what uint8, api bool, body []byte) {
		d := exchange
		if api {
			d = advanced
		}
		list, _, err := d.Answer(orders.Query(what), new(orders.Question), 200, body)
		if err != nil && list != nil && !errors.Is(err, orders.ErrTruncated) {
			t.Errorf("an error and %d reports", len(list))
		}
		for i := range list {
			if r := &list[i]; len(r.VenueID) == 0 || r.Kind == orders.ReportTrade && (len(r.ExecID) == 0 || r.LastQty.IsZero()) {
				t.Errorf("%+v", r)
			}
		}
	})
}
