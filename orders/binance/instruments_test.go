package binance_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/binance"
)

// Shapes after rest-api.md, "Exchange information", and its USD-M page; the values are invented.
const (
	spotInfo = `{"timezone":"UTC","serverTime":1565246363776,"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000},
		{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50},{"rateLimitType":"RAW_REQUESTS","interval":"MINUTE","intervalNum":5,"limit":61000},
		{"rateLimitType":"NOVEL","interval":"DAY","intervalNum":1,"limit":1}],
		"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[
		{"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000000.00000000","tickSize":"0.01000000"},
		{"filterType":"LOT_SIZE","minQty":"0.00001000","maxQty":"9000.00000000","stepSize":"0.00001000"},
		{"filterType":"PERCENT_PRICE_BY_SIDE","bidMultiplierUp":"5","avgPriceMins":5},
		{"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,"maxNotional":"9000000.00000000"},
		{"filterType":"MAX_NUM_ORDERS","maxNumOrders":200}]},
		{"symbol":"OLDUSDT","status":"BREAK","baseAsset":"OLD","quoteAsset":"USDT","filters":[
		{"filterType":"PRICE_FILTER","minPrice":"0.00000000","maxPrice":"0.00000000","tickSize":"1"},{"filterType":"LOT_SIZE","minQty":"1","maxQty":"2","stepSize":"1"}]}]}`
	usdmInfo = `{"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[
		{"filterType":"PRICE_FILTER","minPrice":"556.80","maxPrice":"4529764","tickSize":"0.10"},{"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"1000","stepSize":"0.001"},
		{"filterType":"MIN_NOTIONAL","notional":"100"},{"filterType":"MAX_NUM_ORDERS","limit":200}]}]}`
)

func TestReadInstruments(t *testing.T) {
	list, err := new(binance.Dialect).ReadInstruments([]byte(spotInfo))
	if err != nil {
		t.Fatal(err)
	}
	want := []orders.Instrument{
		{
			Symbol: "BTCUSDT", Base: "BTC", Quote: "USDT", Trading: true, Tick: num(1, 2), Step: num(1, 5), PriceMin: num(1, 2), PriceMax: num(1000000, 0),
			QtyMin: num(1, 5), QtyMax: num(9000, 0), NotionalMin: num(5, 0), NotionalMax: num(9000000, 0), OrdersMax: 200,
		},
		{Symbol: "OLDUSDT", Base: "OLD", Quote: "USDT", Tick: num(1, 0), Step: num(1, 0), QtyMin: num(1, 0), QtyMax: num(2, 0)},
	}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("\n got %+v\nwant %+v", list, want)
	}
	list, err = new(binance.Dialect).ReadInstruments([]byte(usdmInfo))
	if err != nil || len(list) != 1 || list[0].NotionalMin != num(100, 0) || list[0].OrdersMax != 200 || list[0].Tick != num(1, 1) || list[0].PriceScale() != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	for _, bad := range []string{
		``, `[]`, strings.Replace(spotInfo, `"0.01000000","maxPrice"`, `"-0.01","maxPrice"`, 1), strings.Replace(usdmInfo, `"0.10"`, `"0"`, 1),
		strings.Replace(usdmInfo, `"stepSize":"0.001"`, `"stepSize":"1e-3"`, 1), strings.Replace(usdmInfo, `"symbol":"BTCUSDT"`, `"symbol":""`, 1),
	} {
		if list, err := new(binance.Dialect).ReadInstruments([]byte(bad)); err == nil {
			t.Errorf("%.200s was read as %+v", bad, list)
		}
	}
}

func TestReadLimits(t *testing.T) {
	rules, err := new(binance.Dialect).ReadLimits([]byte(spotInfo), 20)
	want := []orders.LimitRule{
		{Budget: orders.BudgetWeight, Window: 60e9, Max: 6000, Reserve: 1200},
		{Budget: orders.BudgetOrders, Window: 10e9, Max: 50},
		{Budget: orders.BudgetMessages, Window: 300e9, Max: 61000, Reserve: 12200},
	}
	if err != nil || !reflect.DeepEqual(rules, want) {
		t.Errorf("%+v, %v", rules, err)
	}
	if _, err := orders.NewLimiter(rules); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`x`, strings.Replace(spotInfo, `"MINUTE"`, `"FORTNIGHT"`, 1), strings.Replace(spotInfo, `"limit":6000`, `"limit":0`, 1)} {
		if _, err := new(binance.Dialect).ReadLimits([]byte(bad), 20); err == nil {
			t.Errorf("%.80s was read", bad)
		}
	}
}

func TestInstrumentsRequest(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{new(binance.Dialect).InstrumentsRequest([]string{"BTCUSDT", "é"}).Path, "/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22,%22%C3%A9%22%5D"},
		{new(binance.Dialect).InstrumentsRequest(nil).Path, "/api/v3/exchangeInfo"},
		{(&binance.Dialect{Product: binance.USDM}).InstrumentsRequest([]string{"BTCUSDT"}).Path, "/fapi/v1/exchangeInfo"},
	} {
		if row.got != row.want {
			t.Errorf("%s, want %s", row.got, row.want)
		}
	}
}

// The lists that are asked for after a reconnect. Shapes after web-socket-api.md; the values are invented.
const (
	openOrders = `{"id":"q","status":200,"result":[{"symbol":"BTCUSDT","orderId":12569099453,"orderListId":-1,"clientOrderId":"ow000070000000042","price":"23416.10000000",
		"origQty":"0.00847000","executedQty":"0.00720000","cummulativeQuoteQty":"172.43931000","status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT","side":"SELL",
		"time":1660801715639,"updateTime":1660801717945,"isWorking":true}],"rateLimits":[]}`
	myTrades = `{"id":"q","status":200,"result":[{"symbol":"BTCUSDT","id":1650422481,"orderId":12569099453,"orderListId":-1,"price":"23416.50000000","qty":"0.00635000",
		"quoteQty":"148.6","commission":"0.0","commissionAsset":"BNB","time":1660801715793,"isBuyer":false,"isMaker":true,"isBestMatch":true}]}`
)

func TestReadLists(t *testing.T) {
	d := new(binance.Dialect)
	open, err := d.ReadOrders([]byte(openOrders))
	want := orders.Report{
		Kind: orders.ReportAcked, Status: 200, ClientID: []byte("ow000070000000042"), VenueID: []byte("12569099453"), CumQty: num(720000, 8), VenueNanos: 1660801717945e6,
	}
	if err != nil || len(open) != 1 || show(open[0]) != show(want) {
		t.Errorf("%v\n got %s\nwant %s", err, show(open[0]), show(want))
	}
	trades, err := d.ReadTrades([]byte(myTrades))
	want = orders.Report{
		Kind: orders.ReportTrade, Status: 200, VenueID: []byte("12569099453"), ExecID: []byte("1650422481"), LastPrice: num(2341650000000, 8), LastQty: num(635000, 8), VenueNanos: 1660801715793e6,
	}
	if err != nil || len(trades) != 1 || show(trades[0]) != show(want) {
		t.Errorf("%v\n got %s\nwant %s", err, show(trades[0]), show(want))
	}
	const refusal = `{"id":"q","status":429,"error":{"code":-1003,"msg":"slow down"}}`
	for name, readList := range map[string]func([]byte) ([]orders.Report, error){"orders": d.ReadOrders, "trades": d.ReadTrades} {
		var reject *orders.RejectError
		if _, err := readList([]byte(refusal)); !errors.As(err, &reject) || reject.Code != -1003 {
			t.Errorf("%s: %v", name, err)
		}
		for _, bad := range []string{``, `{}`, `{"status":500,"result":[]}`, `{"status":200,"result":{}}`} {
			if list, err := readList([]byte(bad)); err == nil {
				t.Errorf("%s: %s was read as %+v", name, bad, list)
			}
		}
	}
	for text, readList := range map[string]func([]byte) ([]orders.Report, error){
		strings.Replace(openOrders, `"0.00720000"`, `"-1"`, 1): d.ReadOrders, strings.Replace(myTrades, `"0.00635000"`, `"x"`, 1): d.ReadTrades,
	} {
		if list, err := readList([]byte(text)); err == nil {
			t.Errorf("a malformed number was read as %+v", list)
		}
	}
}
