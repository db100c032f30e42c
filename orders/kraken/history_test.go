package kraken_test

import (
	"errors"
	"net/url"
	"testing"

	"orderwire/orders"
	"orderwire/orders/kraken"
)

func TestHistoryQuestions(t *testing.T) {
	d := &kraken.Dialect{}
	q := orders.Question{Symbol: "BTC/USD", ClientID: "ow-1", SinceNanos: 1_700_000_000_900e6, Nonce: 7, Signer: signer(t)}
	named, paged := q, q
	named.VenueID, paged.Page = "OABCDE-12345-FGHIJ", "50"
	for _, row := range []struct {
		what orders.Query
		q    *orders.Question
		path string
		want url.Values
	}{
		{orders.QueryOrder, &q, "/0/private/OpenOrders", url.Values{"cl_ord_id": {"ow-1"}}},
		{orders.QueryOrder, &named, "/0/private/QueryOrders", url.Values{"txid": {"OABCDE-12345-FGHIJ"}}},
		{orders.QueryEnded, &q, "/0/private/ClosedOrders", url.Values{"cl_ord_id": {"ow-1"}}},
		{orders.QueryOpen, &q, "/0/private/OpenOrders", url.Values{}},
		{orders.QueryTrades, &paged, "/0/private/TradesHistory", url.Values{"start": {"1699999999"}, "ofs": {"50"}}},
	} {
		r, err := d.Ask(row.what, row.q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := url.ParseQuery(string(r.Body))
		if err != nil {
			t.Fatal(err)
		}
		row.want["nonce"] = []string{"7"}
		if r.Method != "POST" || r.Path != row.path || got.Encode() != row.want.Encode() {
			t.Errorf("%d: %s %s %s", row.what, r.Method, r.Path, r.Body)
		}
	}
	if r, err := d.Ask(orders.QueryEnded, &named); r != nil || err != nil {
		t.Errorf("an order that the venue has named is asked for twice, %v", err)
	}
}

const (
	historyRow    = `{"refid":null,"status":"closed","opentm":1688665496.7808,"closetm":1688665499.1922,"cl_ord_id":"ow-1","vol":"1.25000000","vol_exec":"0.37500000","descr":{"pair":"XBTUSD"}}`
	historyOrders = `{"error":[],"result":{"closed":{"O37652-RJWRT-IMO74O":` + historyRow + `},"count":1}}`
	historyTrades = `{"error":[],"result":{"trades":{"THVRQM-33VKH-UCI7BS":{"ordertxid":"OQCLML-BW3P3-BUCMWZ","pair":"XXBTZUSD","time":1688667796.8802,"type":"buy","price":"30010.00000","vol":"0.02000000"}},"count":60}}`
)

func TestHistoryAnswers(t *testing.T) {
	d := &kraken.Dialect{}
	list, next, err := d.Answer(orders.QueryEnded, new(orders.Question), 200, []byte(historyOrders))
	if err != nil || next != "" || len(list) != 1 {
		t.Fatalf("%d reports, page %q, %v", len(list), next, err)
	}
	r := &list[0]
	if r.Kind != orders.ReportCancelled || string(r.ClientID) != "ow-1" || string(r.VenueID) != "O37652-RJWRT-IMO74O" || r.CumQty.String() != "0.37500000" || r.VenueNanos != 1688665499_192200000 {
		t.Errorf("closed before it was full: %+v", r)
	}
	if list, _, err = d.Answer(orders.QueryOpen, new(orders.Question), 200, []byte(`{"error":[],"result":{"open":{}}}`)); len(list) != 0 || err != nil {
		t.Errorf("%d open, %v", len(list), err)
	}
	list, _, err = d.Answer(orders.QueryOrder, &orders.Question{VenueID: "A"}, 200, []byte(`{"error":[],"result":{"A":{"status":"closed","vol":"1","vol_exec":"1.0"},"B":{"status":"new one","vol":"1","vol_exec":"0"}}}`))
	if err != nil || len(list) != 1 || list[0].Kind != orders.ReportFilled {
		t.Errorf("%+v, %v", list, err)
	}
	list, next, err = d.Answer(orders.QueryTrades, &orders.Question{Page: "50"}, 200, []byte(historyTrades))
	if err != nil || next != "51" || len(list) != 1 {
		t.Fatalf("%d reports, page %q, %v", len(list), next, err)
	}
	if r = &list[0]; r.Kind != orders.ReportTrade || string(r.VenueID) != "OQCLML-BW3P3-BUCMWZ" || string(r.ExecID) != "THVRQM-33VKH-UCI7BS" ||
		r.LastPrice.String() != "30010.00000" || r.LastQty.String() != "0.02000000" || r.VenueNanos != 1688667796_880200000 {
		t.Errorf("%+v", r)
	}
	var refused *orders.RejectError
	if _, _, err = d.Answer(orders.QueryOpen, new(orders.Question), 200, []byte(`{"error":["EAPI:Rate limit exceeded"]}`)); !errors.As(err, &refused) || refused.Text != "EAPI:Rate limit exceeded" {
		t.Errorf("%v", err)
	}
	for name, body := range map[string]string{
		"nothing": ``, "HTML": `<html>`, "no result": `{"error":[]}`, "no list": `{"error":[],"result":{}}`,
		"a volume of words": `{"error":[],"result":{"open":{"O":{"status":"open","vol":"x","vol_exec":"0"}}}}`,
	} {
		if _, _, err := d.Answer(orders.QueryOpen, new(orders.Question), 200, []byte(body)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzHistory(f *testing.F) {
	f.Add(uint8(orders.QueryEnded), []byte(historyOrders))
	f.Add(uint8(orders.QueryTrades), []byte(historyTrades))
	f.Fuzz(func(t *testing.T, what uint8, body []byte) {
		list, next, err := new(kraken.Dialect).Answer(orders.Query(what), new(orders.Question), 200, body)
		if err != nil && (list != nil || next != "") {
			t.Errorf("an error and %d reports", len(list))
		}
		for i := range list {
			if r := &list[i]; len(r.VenueID) == 0 || r.Kind == orders.ReportOther || r.VenueNanos < 0 || r.Kind == orders.ReportTrade && r.LastQty.IsZero() {
				t.Errorf("%+v", r)
			}
		}
	})
}
