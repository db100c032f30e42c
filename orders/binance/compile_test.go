package binance_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

const (
	testKey    = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A" // the documentation's example
	testSecret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
)

var ids = orders.IDSpace{Prefix: "ow", Epoch: 7}

func hmacSigner(t testing.TB) *orders.Signer {
	t.Helper()
	signer, err := orders.NewHMACSigner(testKey, orders.NewSecret([]byte(testSecret)))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func sessionSigner(t testing.TB) *orders.Signer {
	t.Helper()
	signer, err := orders.NewSessionSigner(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// render patches and signs.
func render(template *orders.Template, signer *orders.Signer, values orders.Values) []byte {
	payload := make([]byte, template.Len())
	payload = payload[:template.Patch(payload, values)]
	template.Sign(payload, signer)
	return payload
}

// request is a frame as the venue would read it.
type request struct {
	ID     string         `json:"id"`
	Method string         `json:"method"`
	Params map[string]any `json:"params"`
}

func parse(t testing.TB, payload []byte) request {
	t.Helper()
	var r request
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	if err := decoder.Decode(&r); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return r
}

// canonical is the text that the venue signs, made from the frame with nothing of ours.
func canonical(r request) string {
	var names []string
	for name := range r.Params {
		if name != "signature" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var pairs []string
	for _, name := range names {
		pairs = append(pairs, fmt.Sprintf("%s=%v", name, r.Params[name]))
	}
	return strings.Join(pairs, "&")
}

func checkSignature(t testing.TB, r request) {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write([]byte(canonical(r)))
	if want := hex.EncodeToString(mac.Sum(nil)); r.Params["signature"] != want {
		t.Fatalf("signature %v of %q, want %s", r.Params["signature"], canonical(r), want)
	}
}

var values = orders.Values{
	ID: 42, Target: 41, Price: fixed.Number{Mantissa: 6183763, Scale: 2}, Qty: fixed.Number{Mantissa: 1, Scale: 3},
	WallNanos: 1723161255343_987_654,
}

func TestCompile(t *testing.T) {
	const id, target = "ow000070000000042", "ow000070000000041"
	spec := orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 5}
	place := map[string]any{
		"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "price": "61837.63", "quantity": "0.00100",
		"newClientOrderId": id, "newOrderRespType": "ACK", "recvWindow": json.Number("1000"), "timestamp": json.Number("1723161255343"),
	}
	for _, row := range []struct {
		name   string
		change func(*orders.Spec)
		method string
		params func(map[string]any)
	}{
		{"limit ioc", func(*orders.Spec) {}, "order.place", func(map[string]any) {}},
		{"limit gtc by default", func(s *orders.Spec) { s.TIF = 0 }, "order.place", func(p map[string]any) { p["timeInForce"] = "GTC" }},
		{"limit fok, sell", func(s *orders.Spec) { s.TIF, s.Side = orders.FOK, market.Sell }, "order.place", func(p map[string]any) {
			p["timeInForce"], p["side"] = "FOK", "SELL"
		}},
		{"market", func(s *orders.Spec) { s.Type, s.TIF = orders.Market, 0 }, "order.place", func(p map[string]any) {
			p["type"] = "MARKET"
			delete(p, "timeInForce")
			delete(p, "price")
		}},
		{"post only", func(s *orders.Spec) { s.Type, s.TIF = orders.PostOnly, 0 }, "order.place", func(p map[string]any) {
			p["type"] = "LIMIT_MAKER"
			delete(p, "timeInForce")
		}},
		{"test", func(s *orders.Spec) { s.Action = orders.Test }, "order.test", func(map[string]any) {}},
		{"window", func(s *orders.Spec) { s.WindowMillis = 60000 }, "order.place", func(p map[string]any) { p["recvWindow"] = json.Number("60000") }},
		{"symbol of another alphabet", func(s *orders.Spec) { s.Symbol = "１２３４５６" }, "order.place", func(p map[string]any) { p["symbol"] = "１２３４５６" }},
		{"cancel", func(s *orders.Spec) { *s = orders.Spec{Action: orders.Cancel, Symbol: "BTCUSDT"} }, "order.cancel", func(p map[string]any) {
			clear(p)
			p["symbol"], p["origClientOrderId"], p["newClientOrderId"] = "BTCUSDT", target, id
			p["recvWindow"], p["timestamp"] = json.Number("1000"), json.Number("1723161255343")
		}},
		{"cancel all", func(s *orders.Spec) { *s = orders.Spec{Action: orders.CancelAll, Symbol: "BTCUSDT"} }, "openOrders.cancelAll", func(p map[string]any) {
			clear(p)
			p["symbol"], p["recvWindow"], p["timestamp"] = "BTCUSDT", json.Number("1000"), json.Number("1723161255343")
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec, want := spec, map[string]any{}
			for name, value := range place {
				want[name] = value
			}
			row.change(&spec)
			row.params(want)
			for _, signer := range []*orders.Signer{hmacSigner(t), sessionSigner(t)} {
				template, err := new(binance.Dialect).Compile(spec, ids, signer)
				if err != nil {
					t.Fatal(err)
				}
				payload := render(template, signer, values)
				got := parse(t, payload)
				if signer.Signs() {
					checkSignature(t, got)
					if got.Params["apiKey"] != testKey {
						t.Errorf("apiKey %v", got.Params["apiKey"])
					}
					if span, _ := template.Signature(); (span.From+8)%16 != 0 {
						t.Errorf("the signature begins at %d", span.From)
					}
					delete(got.Params, "apiKey")
					delete(got.Params, "signature")
				}
				if got.ID != id || got.Method != row.method || fmt.Sprint(got.Params) != fmt.Sprint(want) {
					t.Errorf("%s\n got %v\nwant %v", payload, got, want)
				}
			}
		})
	}
}

func TestCompileUSDM(t *testing.T) {
	d := &binance.Dialect{Product: binance.USDM}
	spec := orders.Spec{Symbol: "BTCUSDT", Side: market.Sell, Type: orders.PostOnly, PriceScale: 1, QtyScale: 3}
	signer := hmacSigner(t)
	template, err := d.Compile(spec, ids, signer)
	if err != nil {
		t.Fatal(err)
	}
	values := values
	values.Price = fixed.Number{Mantissa: 618376, Scale: 1}
	got := parse(t, render(template, signer, values))
	checkSignature(t, got)
	if got.Params["type"] != "LIMIT" || got.Params["timeInForce"] != "GTX" || got.Params["price"] != "61837.6" {
		t.Errorf("%v", got)
	}
	for _, action := range []orders.Action{orders.Test, orders.CancelAll} {
		spec.Action = action
		if _, err := d.Compile(spec, ids, signer); err == nil {
			t.Errorf("action %d: the venue has no such method, and it was compiled", action)
		}
	}
}

// TestCompileRevalues renders many orders from one template: what the last one left must not show in the next.
func TestCompileRevalues(t *testing.T) {
	signer := hmacSigner(t)
	spec := orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, PriceScale: 8, QtyScale: 8}
	template, err := new(binance.Dialect).Compile(spec, ids, signer)
	if err != nil {
		t.Fatal(err)
	}
	for i, price := range []int64{1, 123456789, 9999999999999999, 100000000, 5, 6183763000000} {
		v := orders.Values{
			ID: uint64(i + 1), Price: fixed.Number{Mantissa: price, Scale: 8}, Qty: fixed.Number{Mantissa: price * 10, Scale: 8},
			WallNanos: 1723161255343_000_000 + int64(i)*1e9,
		}
		if !template.Fits(v.Price, v.Qty) {
			t.Fatalf("%v does not fit", v.Price)
		}
		got := parse(t, render(template, signer, v))
		checkSignature(t, got)
		if got.Params["price"] != v.Price.String() || got.Params["quantity"] != v.Qty.String() {
			t.Errorf("%v, want price %v", got.Params, v.Price)
		}
		if got.Params["timestamp"] != json.Number(strconv.FormatInt(v.WallNanos/1e6, 10)) {
			t.Errorf("timestamp %v", got.Params["timestamp"])
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	good := orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, PriceScale: 2, QtyScale: 5}
	for _, row := range []struct {
		name   string
		change func(*orders.Spec)
		says   string
	}{
		{"no symbol", func(s *orders.Spec) { s.Symbol = "" }, "symbol"},
		{"symbol that injects", func(s *orders.Spec) { s.Symbol = `X&side=SELL` }, "symbol"},
		{"symbol that ends the string", func(s *orders.Spec) { s.Symbol = `X","side":"SELL` }, "symbol"},
		{"symbol of bad UTF-8", func(s *orders.Spec) { s.Symbol = "\xff" }, "symbol"},
		{"no side", func(s *orders.Spec) { s.Side = 0 }, "side"},
		{"no type", func(s *orders.Spec) { s.Type = 0 }, "type"},
		{"unknown tif", func(s *orders.Spec) { s.TIF = 9 }, "tif"},
		{"market with tif", func(s *orders.Spec) { s.Type, s.TIF = orders.Market, orders.IOC }, "tif"},
		{"post only with tif", func(s *orders.Spec) { s.Type, s.TIF = orders.PostOnly, orders.GTC }, "tif"},
		{"window too long", func(s *orders.Spec) { s.WindowMillis = 60001 }, "window"},
		{"window negative", func(s *orders.Spec) { s.WindowMillis = -1 }, "window"},
		{"unknown action", func(s *orders.Spec) { s.Action = 99 }, "action"},
		{"too many decimals", func(s *orders.Spec) { s.PriceScale = 18 }, "price_scale"},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := good
			row.change(&spec)
			_, err := new(binance.Dialect).Compile(spec, ids, hmacSigner(t))
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, want an error that names the %s", err, row.says)
			}
		})
	}
}

// TestDocumentedSignatures runs the documentation's own requests through build, Patch and Sign.
func TestDocumentedSignatures(t *testing.T) {
	text, err := os.ReadFile("testdata/docs/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		ID, Key, Payload, Signature, APIKey string
		Payload8                            string `json:"payload_utf8"`
		Key8                                string `json:"api_key"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) != 2 {
		t.Fatalf("%d vectors, want 2", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			signer, err := orders.NewHMACSigner(v.Key8, orders.NewSecret([]byte(v.Key)))
			if err != nil {
				t.Fatal(err)
			}
			// The examples have no client id, so the template is compiled as an action that needs none.
			spec := orders.Spec{Action: orders.CancelAll, Symbol: "unused"}
			given := orders.Values{ID: 1}
			var params []binance.Param
			for _, pair := range strings.Split(v.Payload8, "&") {
				name, value, _ := strings.Cut(pair, "=")
				p := binance.Param{Name: name, Text: value, Literal: name == "recvWindow"}
				switch name {
				case "apiKey":
					continue
				case "price":
					p.Field = orders.FieldPrice
					given.Price, _ = fixed.Parse([]byte(value))
					spec.PriceScale = given.Price.Scale
				case "quantity":
					p.Field = orders.FieldQty
					given.Qty, _ = fixed.Parse([]byte(value))
					spec.QtyScale = given.Qty.Scale
				case "timestamp":
					p.Field = orders.FieldTimeMillis
					millis, _ := strconv.ParseInt(value, 10, 64)
					given.WallNanos = millis * 1e6
				}
				params = append(params, p)
			}
			slices.Reverse(params) // build sorts
			template, err := binance.Build("order.place", params, spec, ids, signer)
			if err != nil {
				t.Fatal(err)
			}
			got := parse(t, render(template, signer, given))
			if canonical(got) != v.Payload8 || got.Params["signature"] != v.Signature {
				t.Errorf("signed %q as %v, want %s", canonical(got), got.Params["signature"], v.Signature)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	spot, usdm := &binance.Dialect{}, &binance.Dialect{Product: binance.USDM, QuietReplies: true}
	for _, row := range []struct{ got, want string }{
		{spot.Venue(), "binance"},
		{usdm.Venue(), "binance-usdm"},
		{spot.OrderPath(), "/ws-api/v3"},
		{usdm.OrderPath(), "/ws-fapi/v1?returnRateLimits=false"},
		{spot.MarketPath([]string{"BTCUSDT"}), "/stream?streams=btcusdt@trade/btcusdt@bookTicker/btcusdt@depth@100ms"},
		{spot.MarketPath([]string{"A", "é"}), "/stream?streams=a@trade/a@bookTicker/a@depth@100ms/%C3%A9@trade/%C3%A9@bookTicker/%C3%A9@depth@100ms"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}

var _ orders.Dialect = (*binance.Dialect)(nil)

func BenchmarkPlace(b *testing.B) {
	for _, row := range []struct {
		name   string
		signer *orders.Signer
	}{{"hmac", hmacSigner(b)}, {"logged_on", sessionSigner(b)}} {
		b.Run("key="+row.name, func(b *testing.B) {
			spec := orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 5}
			template, err := new(binance.Dialect).Compile(spec, ids, row.signer)
			if err != nil {
				b.Fatal(err)
			}
			payload := make([]byte, template.Len())
			values := values
			b.ReportAllocs()
			for b.Loop() {
				values.ID++
				values.WallNanos += 1e6
				template.Patch(payload, values)
				template.Sign(payload, row.signer)
			}
		})
	}
}
