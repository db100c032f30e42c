package bybit_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/bybit"
)

// Shapes after market/instrument; the values are invented.
const (
	linearInfo = `{"retCode":0,"retMsg":"OK","result":{"category":"linear","list":[{"symbol":"BTCUSDT","contractType":"LinearPerpetual","status":"Trading","baseCoin":"BTC","quoteCoin":"USDT",
		"priceFilter":{"minPrice":"0.10","maxPrice":"1999999.80","tickSize":"0.10"},
		"lotSizeFilter":{"maxOrderQty":"1190.000","minOrderQty":"0.001","qtyStep":"0.001","postOnlyMaxOrderQty":"1190.000","maxMktOrderQty":"500.000","minNotionalValue":"5"}}],"nextPageCursor":""}}`
	spotInfo = `{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"symbol":"BTCUSDT","baseCoin":"BTC","quoteCoin":"USDT","innovation":"0","status":"PreLaunch",
		"lotSizeFilter":{"basePrecision":"0.000001","quotePrecision":"0.00000001","minOrderQty":"0.000048","maxOrderQty":"71.73956243","minOrderAmt":"1","maxOrderAmt":"4000000"},
		"priceFilter":{"tickSize":"0.01"}}]}}`
)

func TestReadInstruments(t *testing.T) {
	list, err := new(bybit.Dialect).ReadInstruments([]byte(linearInfo))
	want := []orders.Instrument{{
		Symbol: "BTCUSDT", Base: "BTC", Quote: "USDT", Trading: true, Tick: num(1, 1), Step: num(1, 3), PriceMin: num(1, 1), PriceMax: num(19999998, 1),
		QtyMin: num(1, 3), QtyMax: num(1190, 0), NotionalMin: num(5, 0),
	}}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, list, want)
	}
	list, err = new(bybit.Dialect).ReadInstruments([]byte(spotInfo))
	want = []orders.Instrument{{Symbol: "BTCUSDT", Base: "BTC", Quote: "USDT", Tick: num(1, 2), Step: num(1, 6), QtyMin: num(48, 6), QtyMax: num(7173956243, 8), NotionalMin: num(1, 0)}}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, list, want)
	}
	var reject *orders.RejectError
	if _, err := new(bybit.Dialect).ReadInstruments([]byte(`{"retCode":10001,"retMsg":"params"}`)); !errors.As(err, &reject) || reject.Code != 10001 {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{
		``, strings.Replace(spotInfo, `"tickSize":"0.01"`, `"tickSize":""`, 1), strings.Replace(linearInfo, `"0.001","qtyStep":"0.001"`, `"0.001","qtyStep":"-1"`, 1),
		strings.Replace(linearInfo, `"nextPageCursor":""`, `"nextPageCursor":"x"`, 1),
	} {
		if list, err := new(bybit.Dialect).ReadInstruments([]byte(bad)); err == nil {
			t.Errorf("%.100s was read as %+v", bad, list)
		}
	}
	if got := new(bybit.Dialect).InstrumentsRequest([]string{"BTCUSDT"}).Path; got != "/v5/market/instruments-info?limit=1000&category=spot&symbol=BTCUSDT" {
		t.Error(got)
	}
	if got := (&bybit.Dialect{Category: bybit.Linear}).InstrumentsRequest(nil).Path; got != "/v5/market/instruments-info?limit=1000&category=linear" {
		t.Error(got)
	}
}
