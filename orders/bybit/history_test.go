package bybit_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/bybit"
)

func TestHistoryQuestions(t *testing.T) {
	d := &bybit.Dialect{Category: bybit.Linear}
	q := &orders.Question{Symbol: "BTCUSDT", ClientID: "ow-1", SinceNanos: 1_700_000_000_123e6, Page: "page:2", WallNanos: 1_700_000_001_000e6, Signer: signer(t)}
	for _, row := range []struct {
		what orders.Query
		path string
		want url.Values
	}{
		{orders.QueryOrder, "/v5/order/realtime", url.Values{"orderLinkId": {"ow-1"}, "limit": {"50"}}},
		{orders.QueryEnded, "/v5/order/history", url.Values{"orderLinkId": {"ow-1"}, "limit": {"50"}}},
		{orders.QueryOpen, "/v5/order/realtime", url.Values{"limit": {"50"}}},
		{orders.QueryTrades, "/v5/execution/list", url.Values{"startTime": {"1700000000123"}, "limit": {"100"}}},
	} {
		r, err := d.Ask(row.what, q)
		if err != nil {
			t.Fatal(err)
		}
		path, query, _ := strings.Cut(r.Path, "?")
		got, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		row.want["category"], row.want["symbol"], row.want["cursor"] = []string{"linear"}, []string{"BTCUSDT"}, []string{"page:2"}
		if r.Method != "GET" || path != row.path || got.Encode() != row.want.Encode() {
			t.Errorf("%d: %s %s", row.what, r.Method, r.Path)
		}
		if r.Fields[1] != [2]string{"X-BAPI-TIMESTAMP", "1700000001000"} {
			t.Errorf("fields %q", r.Fields)
		}
	}
}

// The documentation's own elements, cut to what tells something.
const (
	historyOrder = `{"orderId":"fd4300ae-7847-404e-b947-b46980a4d140","orderLinkId":"test-000005","symbol":"ETHUSDT","orderStatus":"PartiallyFilledCanceled","rejectReason":"EC_NoError","cumExecQty":"0.05","updatedTime":"1684738540561"}`
	historyTrade = `{"symbol":"ETHPERP","orderId":"8c065341-7b52-4ca9-ac2c-37e31ac55c94","orderLinkId":"test-000006","execId":"e0cbe81d-0f18-5866-9415-cf319b5dab3b","execPrice":"1190.15","execQty":"0.1","execType":"Trade","execTime":"1672282722429"}`
	historyFee   = `{"orderId":"x","orderLinkId":"","execId":"y","execPrice":"1","execQty":"1","execType":"Funding","execTime":"1672282722429"}`
)

func TestHistoryAnswers(t *testing.T) {
	d := &bybit.Dialect{}
	body := []byte(`{"retCode":0,"retMsg":"OK","result":{"list":[` + historyOrder + `,` + historyTrade + `,` + historyFee + `],"nextPageCursor":"more"},"time":1}`)
	list, next, err := d.Answer(orders.QueryTrades, new(orders.Question), 200, body)
	if err != nil || next != "more" || len(list) != 2 {
		t.Fatalf("%d reports, page %q, %v", len(list), next, err)
	}
	clear(body) // the reports own their bytes
	order, trade := &list[0], &list[1]
	if order.Kind != orders.ReportCancelled || string(order.ClientID) != "test-000005" || order.CumQty.String() != "0.05" || order.VenueNanos != 1684738540561e6 {
		t.Errorf("%+v", order)
	}
	if trade.Kind != orders.ReportTrade || string(trade.ExecID) != "e0cbe81d-0f18-5866-9415-cf319b5dab3b" || trade.LastPrice.String() != "1190.15" || trade.LastQty.String() != "0.1" {
		t.Errorf("%+v", trade)
	}
	if list, next, err = d.Answer(orders.QueryOpen, new(orders.Question), 200, []byte(`{"retCode":0,"result":{"list":[],"nextPageCursor":"again"}}`)); len(list) != 0 || next != "" || err != nil {
		t.Errorf("an empty page leads to %q, %v", next, err)
	}
	var refused *orders.RejectError
	if _, _, err = d.Answer(orders.QueryOpen, new(orders.Question), 200, []byte(`{"retCode":10006,"retMsg":"Too many visits!"}`)); !errors.As(err, &refused) || refused.Code != 10006 {
		t.Errorf("%v", err)
	}
	for name, body := range map[string]string{
		"nothing": ``, "HTML": `<html>`, "no code": `{}`, "a list of numbers": `{"retCode":0,"result":{"list":[1]}}`,
		"an order without its id": `{"retCode":0,"result":{"list":[{"orderStatus":"New"}]}}`,
	} {
		if _, _, err := d.Answer(orders.QueryOpen, new(orders.Question), 200, []byte(body)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte(`{"retCode":0,"result":{"list":[` + historyOrder + `,` + historyTrade + `],"nextPageCursor":""}}`))
	f.Add([]byte(`{"retCode":10001}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, next, err := new(bybit.Dialect).Answer(orders.QueryTrades, new(orders.Question), 200, body)
		if err != nil && (list != nil || next != "") {
			t.Errorf("an error and %d reports", len(list))
		}
		for i := range list {
			if r := &list[i]; len(r.VenueID) == 0 || r.Kind == orders.ReportOther || r.Kind == orders.ReportTrade && (len(r.ExecID) == 0 || r.LastQty.IsZero()) {
				t.Errorf("%+v", r)
			}
		}
	})
}
