package coinbase_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"orderwire/orders"
)

// Shapes after exchange/rest-api/products and the Advanced products page; the values are invented.
const (
	exchangeProduct = `{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","quote_increment":"0.01","base_increment":"0.00000001","display_name":"BTC/USD",
		"min_market_funds":"1","margin_enabled":false,"post_only":false,"limit_only":false,"cancel_only":false,"status":"online","status_message":"","trading_disabled":false,"auction_mode":false}`
	advancedProducts = `{"products":[{"product_id":"BTC-USD","price":"140.21","base_increment":"0.00000001","quote_increment":"0.00000001","quote_min_size":"1","quote_max_size":"1000",
		"base_min_size":"0.0001","base_max_size":"3400","status":"online","cancel_only":false,"limit_only":true,"post_only":false,"trading_disabled":false,"is_disabled":true,
		"base_currency_id":"BTC","quote_currency_id":"USD","price_increment":"0.01"}],"num_products":1}`
)

func TestReadInstruments(t *testing.T) {
	want := []orders.Instrument{{Symbol: "BTC-USD", Base: "BTC", Quote: "USD", Trading: true, Tick: num(1, 2), Step: num(1, 8), NotionalMin: num(1, 0)}}
	for _, body := range []string{exchangeProduct, "[" + exchangeProduct + "]"} {
		if list, err := exchange.ReadInstruments([]byte(body)); err != nil || !reflect.DeepEqual(list, want) {
			t.Errorf("%v\n got %+v\nwant %+v", err, list, want)
		}
	}
	want = []orders.Instrument{{Symbol: "BTC-USD", Base: "BTC", Quote: "USD", Tick: num(1, 2), Step: num(1, 8), QtyMin: num(1, 4), QtyMax: num(3400, 0), NotionalMin: num(1, 0)}}
	if list, err := advanced.ReadInstruments([]byte(advancedProducts)); err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, list, want)
	}
	for _, flag := range []string{"post_only", "cancel_only", "trading_disabled", "auction_mode"} {
		list, err := exchange.ReadInstruments([]byte(strings.Replace(exchangeProduct, `"`+flag+`":false`, `"`+flag+`":true`, 1)))
		if err != nil || list[0].Trading {
			t.Errorf("%s: %+v, %v", flag, list, err)
		}
	}
	var reject *orders.RejectError
	if _, err := exchange.ReadInstruments([]byte(`{"message":"NotFound"}`)); !errors.As(err, &reject) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{``, `7`, `{}`, `[{}]`, strings.Replace(exchangeProduct, `"0.01"`, `"-0.01"`, 1), strings.Replace(exchangeProduct, `"0.00000001"`, `"0"`, 1)} {
		if list, err := exchange.ReadInstruments([]byte(bad)); err == nil {
			t.Errorf("%.100s was read as %+v", bad, list)
		}
	}
	for _, row := range []struct{ got, want string }{
		{exchange.InstrumentsRequest(nil).Path, "/products"},
		{exchange.InstrumentsRequest([]string{"BTC-USD"}).Path, "/products/BTC-USD"},
		{advanced.InstrumentsRequest([]string{"A", "B"}).Path, "/api/v3/brokerage/market/products"},
	} {
		if row.got != row.want {
			t.Errorf("%s, want %s", row.got, row.want)
		}
	}
}
