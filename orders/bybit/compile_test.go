package bybit_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/bybit"
	"orderwire/orders/market"
)

var (
	ids    = orders.IDSpace{Prefix: "ow", Epoch: 7}
	values = orders.Values{ID: 42, Target: 41, Price: num(6183763, 2), Qty: num(1, 3), WallNanos: 1723161255343_987_654}
)

func signer(t testing.TB) *orders.Signer {
	t.Helper()
	s, err := orders.NewHMACSigner("XXXXXXXXXX", orders.NewSecret([]byte("test_secret")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func render(t testing.TB, d *bybit.Dialect, spec orders.Spec) string {
	t.Helper()
	s := signer(t)
	template, err := d.Compile(spec, ids, s)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, template.Len())
	payload = payload[:template.Patch(payload, values)]
	template.Sign(payload, s)
	var compact strings.Builder
	var any map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	if err := decoder.Decode(&any); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	text, _ := json.Marshal(any) // sorted keys
	compact.Write(text)
	return compact.String()
}

func TestCompile(t *testing.T) {
	const head = `"header":{"X-BAPI-RECV-WINDOW":"1000","X-BAPI-TIMESTAMP":"1723161255343"},"op":"`
	const id = `"reqId":"ow000070000000042"`
	spec := orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 3}
	for _, row := range []struct {
		name     string
		category bybit.Category
		change   func(*orders.Spec)
		args, op string
	}{
		{"limit", bybit.Spot, func(*orders.Spec) {}, `{"category":"spot","isLeverage":0,"orderLinkId":"ow000070000000042","orderType":"Limit","price":"61837.63","qty":"0.001","side":"Buy","symbol":"BTCUSDT","timeInForce":"IOC"}`, "order.create"},
		{"post only sell", bybit.Linear, func(s *orders.Spec) { s.Side, s.Type, s.TIF = market.Sell, orders.PostOnly, 0 }, `{"category":"linear","orderLinkId":"ow000070000000042","orderType":"Limit","positionIdx":0,"price":"61837.63","qty":"0.001","side":"Sell","symbol":"BTCUSDT","timeInForce":"PostOnly"}`, "order.create"},
		{"market", bybit.Spot, func(s *orders.Spec) { s.Type, s.TIF = orders.Market, 0 }, `{"category":"spot","isLeverage":0,"marketUnit":"baseCoin","orderLinkId":"ow000070000000042","orderType":"Market","qty":"0.001","side":"Buy","symbol":"BTCUSDT","timeInForce":"IOC"}`, "order.create"},
		{"cancel", bybit.Linear, func(s *orders.Spec) { *s = orders.Spec{Action: orders.Cancel, Symbol: "BTCUSDT"} }, `{"category":"linear","orderLinkId":"ow000070000000041","symbol":"BTCUSDT"}`, "order.cancel"},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := spec
			row.change(&spec)
			want := `{"args":[` + row.args + `],` + head + row.op + `",` + id + `}`
			if got := render(t, &bybit.Dialect{Category: row.category}, spec); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	good := orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, PriceScale: 2, QtyScale: 3}
	for _, row := range []struct {
		name   string
		change func(*orders.Spec)
		says   string
	}{
		{"no symbol", func(s *orders.Spec) { s.Symbol = "" }, "symbol"},
		{"symbol that ends its string", func(s *orders.Spec) { s.Symbol = `X","side":"Sell` }, "symbol"},
		{"lower case", func(s *orders.Spec) { s.Symbol = "btcusdt" }, "symbol"},
		{"no side", func(s *orders.Spec) { s.Side = 0 }, "side"},
		{"no type", func(s *orders.Spec) { s.Type = 0 }, "type"},
		{"tif", func(s *orders.Spec) { s.TIF = 9 }, "tif"},
		{"market with tif", func(s *orders.Spec) { s.Type, s.TIF = orders.Market, orders.GTC }, "tif"},
		{"window", func(s *orders.Spec) { s.WindowMillis = 60001 }, "window"},
		{"dry run", func(s *orders.Spec) { s.Action = orders.Test }, "dry run"},
		{"cancel all", func(s *orders.Spec) { s.Action = orders.CancelAll }, "cancel-all"},
		{"unknown action", func(s *orders.Spec) { s.Action = 99 }, "action"},
	} {
		spec := good
		row.change(&spec)
		if _, err := new(bybit.Dialect).Compile(spec, ids, signer(t)); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestLogin(t *testing.T) {
	d := new(bybit.Dialect)
	report := func(step int, wallNanos int64, s *orders.Signer) ([]byte, error) {
		return d.ReportLogin(step, nil, wallNanos, s)
	}
	const wall, expires = 1700000000000 * 1_000_000, 1700000010000
	mac := hmac.New(sha256.New, []byte("test_secret"))
	fmt.Fprintf(mac, "GET/realtime%d", expires)
	want := fmt.Sprintf(`{"op":"auth","args":["XXXXXXXXXX",%d,"%s"]}`, expires, hex.EncodeToString(mac.Sum(nil)))
	for name, login := range map[string]func(int, int64, *orders.Signer) ([]byte, error){"trade": d.Login, "report": report} {
		if got, err := login(0, wall, signer(t)); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
		if _, err := login(0, wall, nil); err == nil {
			t.Errorf("%s: no credentials, and no error", name)
		}
	}
	if next, err := d.Login(1, wall, signer(t)); next != nil || err != nil {
		t.Errorf("trade, step 1: %s, %v", next, err)
	}
	if next, err := report(1, wall, signer(t)); err != nil || string(next) != `{"op":"subscribe","req_id":"report-1","args":["order","execution"]}` {
		t.Errorf("report, step 1: %s, %v", next, err)
	}
	if next, err := report(2, wall, signer(t)); next != nil || err != nil {
		t.Errorf("report, step 2: %s, %v", next, err)
	}
	if got := string((&bybit.Dialect{Category: bybit.Linear}).ArmDisconnect()); !strings.Contains(got, `"dcp.future"`) {
		t.Errorf("%s", got)
	}
	if message, every := d.Ping(); string(message) != `{"op":"ping"}` || every != 20e9 {
		t.Errorf("%s every %d", message, every)
	}
}

// TestThirdPartyAuth holds the rule of the signature to values that are not ours: nautilus_trader's test vectors,
// commit a95c8042, key "test_secret", text "GET/realtime1700000000000".
func TestThirdPartyAuth(t *testing.T) {
	message, err := new(bybit.Dialect).Login(0, (1700000000000-10_000)*1_000_000, signer(t))
	const want = "bacffe7500499eb829bb58c45d36d1b3e5ac67c14eaeba91df5e99ccee013925"
	if err != nil || !strings.Contains(string(message), want) {
		t.Errorf("%s, %v; want signature %s", message, err, want)
	}
}

func BenchmarkPlace(b *testing.B) {
	s := signer(b)
	spec := orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 3}
	template, err := new(bybit.Dialect).Compile(spec, ids, s)
	if err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, template.Len())
	v := values
	b.ReportAllocs()
	for b.Loop() {
		v.ID++
		v.WallNanos += 1e6
		template.Patch(payload, v)
		template.Sign(payload, s)
	}
}
