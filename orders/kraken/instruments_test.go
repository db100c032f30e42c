package kraken_test

import (
	"reflect"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/kraken"
)

// After websocket-v2/instrument; the values are invented.
const instruments = `{"channel":"instrument","type":"snapshot","data":{"assets":[{"id":"USD","status":"enabled"}],"pairs":[
	{"symbol":"BTC/USD","base":"BTC","quote":"USD","status":"online","qty_precision":8,"qty_increment":1e-08,"price_precision":1,"price_increment":0.1,"qty_min":0.00005,"cost_min":0.5,"marginable":true},
	{"symbol":"X/USD","base":"X","quote":"USD","status":"cancel_only","qty_increment":1.5e2,"price_increment":0.00100,"qty_min":300}]}}`

func TestReadInstruments(t *testing.T) {
	d := new(kraken.Dialect)
	list, ok, err := d.ReadInstruments([]byte(instruments))
	want := []orders.Instrument{
		{Symbol: "BTC/USD", Base: "BTC", Quote: "USD", Trading: true, Tick: num(1, 1), Step: num(1, 8), QtyMin: num(5, 5), NotionalMin: num(5, 1)},
		{Symbol: "X/USD", Base: "X", Quote: "USD", Tick: num(1, 3), Step: num(150, 0), QtyMin: num(300, 0)},
	}
	if err != nil || !ok || !reflect.DeepEqual(list, want) {
		t.Errorf("%v %v\n got %+v\nwant %+v", ok, err, list, want)
	}
	for _, other := range []string{`{"channel":"heartbeat"}`, `{"method":"subscribe","success":true}`, `[]`} {
		if _, ok, err := d.ReadInstruments([]byte(other)); ok || err != nil {
			t.Errorf("%s: %v, %v", other, ok, err)
		}
	}
	for _, bad := range []string{
		strings.Replace(instruments, `"price_increment":0.1`, `"price_increment":-0.1`, 1), strings.Replace(instruments, `"price_increment":0.1`, `"price_increment":0`, 1),
		strings.Replace(instruments, `1e-08`, `1e-25`, 1), strings.Replace(instruments, `1.5e2`, `1e30`, 1), strings.Replace(instruments, `1.5e2`, `1e999`, 1),
		strings.Replace(instruments, `1e-08`, `true`, 1), strings.Replace(instruments, `"symbol":"BTC/USD"`, `"symbol":""`, 1),
	} {
		if list, _, err := d.ReadInstruments([]byte(bad)); err == nil {
			t.Errorf("%.250s was read as %+v", bad, list)
		}
	}
	if got := string(d.SubscribeInstruments()); !strings.Contains(got, `"instrument"`) {
		t.Error(got)
	}
}
