package binance_test

import (
	"errors"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/binance"
)

func TestHistoryQuestions(t *testing.T) {
	d := &binance.Dialect{Product: binance.USDM}
	if _, byREST := new(binance.Dialect).Inquiry(); byREST {
		t.Error("Spot is asked by REST")
	}
	q := &orders.Question{Symbol: "BTCUSDT", ClientID: "ow:1", SinceNanos: 1_700_000_000_123e6, WallNanos: loginNanos, Signer: hmacSigner(t)}
	for what, want := range map[orders.Query]string{
		orders.QueryOrder:  "/fapi/v1/order?symbol=BTCUSDT&origClientOrderId=ow%3A1&timestamp=",
		orders.QueryOpen:   "/fapi/v1/openOrders?symbol=BTCUSDT&timestamp=",
		orders.QueryTrades: "/fapi/v1/userTrades?symbol=BTCUSDT&startTime=1700000000123&limit=1000&timestamp=",
	} {
		r, err := d.Ask(what, q)
		if err != nil || r.Method != "GET" || !strings.HasPrefix(r.Path, want) {
			t.Errorf("%d: %v, %v", what, r, err)
		}
	}
	if r, err := d.Ask(orders.QueryEnded, q); r != nil || err != nil {
		t.Errorf("an ended order is asked for twice, %v", err)
	}
	q.Symbol = "BTC&USDT"
	if _, err := d.Ask(orders.QueryOpen, q); err == nil {
		t.Error("a symbol that is a query was taken")
	}
}

const (
	futuresOrder  = `{"orderId":1917641,"symbol":"BTCUSDT","status":"CANCELED","clientOrderId":"abc","price":"0.1","avgPrice":"0.00000","origQty":"0.40","executedQty":"0.10","updateTime":1579276756075}`
	futuresTrades = `[{"buyer":false,"commission":"-0.07819010","id":698759,"maker":false,"orderId":25851813,"price":"7819.01","qty":"0.002","quoteQty":"15.63802","side":"SELL","symbol":"BTCUSDT","time":1569514978020}]`
)

func TestHistoryAnswers(t *testing.T) {
	d := &binance.Dialect{Product: binance.USDM}
	q := new(orders.Question)
	list, _, err := d.Answer(orders.QueryOrder, q, 200, []byte(futuresOrder))
	if err != nil || len(list) != 1 || list[0].Kind != orders.ReportCancelled || list[0].CumQty.String() != "0.10" || string(list[0].ClientID) != "abc" || list[0].VenueNanos != 1579276756075e6 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, _, err = d.Answer(orders.QueryOpen, q, 200, []byte("["+futuresOrder+"]")); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	list, _, err = d.Answer(orders.QueryTrades, q, 200, []byte(futuresTrades))
	if err != nil || len(list) != 1 || list[0].Kind != orders.ReportTrade || string(list[0].ExecID) != "698759" || string(list[0].VenueID) != "25851813" || list[0].LastQty.String() != "0.002" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, _, err = d.Answer(orders.QueryOrder, q, 400, []byte(`{"code":-2013,"msg":"Order does not exist."}`)); len(list) != 0 || err != nil {
		t.Errorf("not found is %v, %v", list, err)
	}
	var refused *orders.RejectError
	if _, _, err = d.Answer(orders.QueryOpen, q, 400, []byte(`{"code":-2013,"msg":"x"}`)); !errors.As(err, &refused) || refused.Code != -2013 {
		t.Errorf("%v", err)
	}
	if _, _, err = d.Answer(orders.QueryOpen, q, 502, []byte(`<html>`)); !errors.As(err, &refused) || refused.Code != 502 {
		t.Errorf("%v", err)
	}
	page := "[" + strings.Repeat(strings.Trim(futuresTrades, "[]")+",", 999) + futuresTrades[1:]
	if _, _, err = d.Answer(orders.QueryTrades, q, 200, []byte(page)); !errors.Is(err, orders.ErrTruncated) {
		t.Errorf("a full page: %v", err)
	}
	for name, body := range map[string]string{"nothing": ``, "HTML": `<html>`, "no quantity": `[{"orderId":1}]`} {
		if _, _, err := d.Answer(orders.QueryOpen, q, 200, []byte(body)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
