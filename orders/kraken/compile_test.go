package kraken_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/kraken"
	"orderwire/orders/market"
)

var (
	ids    = orders.IDSpace{Prefix: "ow", Epoch: 7}
	values = orders.Values{ID: 42, Target: 41, Price: num(6183760, 2), Qty: num(1, 3), WallNanos: 1777975200125_987_654}
)

func render(t testing.TB, spec orders.Spec) string {
	t.Helper()
	s := signer(t)
	template, err := new(kraken.Dialect).Compile(spec, ids, s)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, template.Len())
	payload = payload[:template.Patch(payload, values)]
	template.Sign(payload, s)
	var any map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	if err := decoder.Decode(&any); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	sorted, err := json.Marshal(any)
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}

func TestCompile(t *testing.T) {
	spec := orders.Spec{Symbol: "BTC/USD", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 1, QtyScale: 8}
	const params = `"cl_ord_id":"ow000070000000042","deadline":"2026-05-05T10:00:01.125Z","limit_price":61837.6,"order_qty":0.00100000,"order_type":"limit","side":"buy","symbol":"BTC/USD","time_in_force":"ioc","token":"TOKEN+token/="`
	for _, row := range []struct {
		name   string
		change func(*orders.Spec)
		method string
		params string
	}{
		{"limit", func(*orders.Spec) {}, "add_order", params},
		{"dry run", func(s *orders.Spec) { s.Action = orders.Test }, "add_order", params + `,"validate":true`},
		{"fok", func(s *orders.Spec) { s.TIF = orders.FOK }, "add_order", edit(t, params, `"ioc"`, `"fok"`)},
		{"gtc by default, longer deadline", func(s *orders.Spec) { s.TIF, s.WindowMillis = 0, 60000 }, "add_order", edit(t, params, `"ioc"`, `"gtc"`, `10:00:01.125`, `10:01:00.125`)},
		{"post only sell", func(s *orders.Spec) { s.Type, s.TIF, s.Side = orders.PostOnly, 0, market.Sell }, "add_order", edit(t, params, `"ioc"`, `"gtc"`, `"buy"`, `"sell"`, `"side"`, `"post_only":true,"side"`)},
		{"market", func(s *orders.Spec) { s.Type, s.TIF = orders.Market, 0 }, "add_order", edit(t, params, `,"time_in_force":"ioc"`, ``, `"limit_price":61837.6,`, ``, `"order_type":"limit"`, `"order_type":"market"`)},
		{"cancel", func(s *orders.Spec) { *s = orders.Spec{Action: orders.Cancel, Symbol: "BTC/USD"} }, "cancel_order", `"cl_ord_id":["ow000070000000041"],"token":"TOKEN+token/="`},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := spec
			row.change(&spec)
			want := `{"method":"` + row.method + `","params":{` + row.params + `},"req_id":42}`
			if got := render(t, spec); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	good := orders.Spec{Symbol: "BTC/USD", Side: market.Buy, Type: orders.Limit, PriceScale: 1, QtyScale: 8}
	tokenless, err := orders.NewSessionSigner("key")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		change func(*orders.Spec, *orders.IDSpace, **orders.Signer)
		says   string
	}{
		{"no symbol", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.Symbol = "" }, "symbol"},
		{"symbol that ends its string", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.Symbol = `X","side":"sell` }, "symbol"},
		{"no side", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.Side = 0 }, "side"},
		{"no type", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.Type = 0 }, "type"},
		{"tif", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.TIF = 9 }, "tif"},
		{"post only with tif", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) {
			s.Type, s.TIF = orders.PostOnly, orders.IOC
		}, "tif"},
		{"window too short", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.WindowMillis = 499 }, "window"},
		{"window too long", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.WindowMillis = 60001 }, "window"},
		{"cancel all", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.Action = orders.CancelAll }, "account-wide"},
		{"unknown action", func(s *orders.Spec, _ *orders.IDSpace, _ **orders.Signer) { s.Action = 99 }, "action"},
		{"no token", func(_ *orders.Spec, _ *orders.IDSpace, s **orders.Signer) { *s = tokenless }, "token"},
		{"no signer", func(_ *orders.Spec, _ *orders.IDSpace, s **orders.Signer) { *s = nil }, "token"},
	} {
		spec, space, s := good, ids, signer(t)
		row.change(&spec, &space, &s)
		if _, err := new(kraken.Dialect).Compile(spec, space, s); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestClientIDsFit(t *testing.T) {
	spec := orders.Spec{Symbol: "BTC/USD", Side: market.Buy, Type: orders.Limit, PriceScale: 1, QtyScale: 8}
	for _, space := range []orders.IDSpace{{Prefix: "owx", Epoch: orders.EpochMax}, {Prefix: "ow", Form: orders.IDUUID}} {
		if _, err := new(kraken.Dialect).Compile(spec, space, signer(t)); err != nil {
			t.Errorf("%+v: %v", space, err)
		}
	}
}

func TestSessionFrames(t *testing.T) {
	d := new(kraken.Dialect)
	login, err := d.Login(0, 0, signer(t))
	want := `{"method":"subscribe","params":{"channel":"executions","snap_orders":true,"snap_trades":true,"order_status":true,"ratecounter":true,"token":"TOKEN+token/="},"req_id":1}`
	if err != nil || string(login) != want {
		t.Errorf("%s, %v", login, err)
	}
	if next, err := d.Login(1, 0, signer(t)); next != nil || err != nil {
		t.Errorf("step 1: %s, %v", next, err)
	}
	deadMan, err := d.DeadMan(60, signer(t))
	if err != nil || string(deadMan) != `{"method":"cancel_all_orders_after","params":{"timeout":60,"token":"TOKEN+token/="},"req_id":2}` {
		t.Errorf("%s, %v", deadMan, err)
	}
	all, err := d.CancelAccount(signer(t))
	if err != nil || string(all) != `{"method":"cancel_all","params":{"token":"TOKEN+token/="},"req_id":3}` {
		t.Errorf("%s, %v", all, err)
	}
	if _, err := d.DeadMan(-1, signer(t)); err == nil {
		t.Error("a negative time was taken")
	}
	for name, frame := range map[string]func(*orders.Signer) ([]byte, error){
		"login":    func(s *orders.Signer) ([]byte, error) { return d.Login(0, 0, s) },
		"dead man": func(s *orders.Signer) ([]byte, error) { return d.DeadMan(1, s) },
		"cancel":   d.CancelAccount,
	} {
		if _, err := frame(nil); err == nil {
			t.Errorf("%s: no token, and no error", name)
		}
	}
}

// TestDocumentedSignatures: the worked API-Sign of the documentation, and one for the token by the same rule.
func TestDocumentedSignatures(t *testing.T) {
	content, err := os.ReadFile("testdata/docs/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ ID, Key, Path, Nonce, Post_data, Signature string }
	if err := json.Unmarshal(content, &vectors); err != nil || len(vectors) != 2 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, v := range vectors {
		s, err := orders.NewLogonSigner("api-key", orders.AlgHMACSHA512, orders.NewSecret([]byte(v.Key)), "base64")
		if err != nil {
			t.Fatal(err)
		}
		nonce, err := strconv.ParseUint(v.Nonce, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		form := strings.TrimPrefix(strings.TrimPrefix(v.Post_data, "nonce="+v.Nonce), "&")
		request, err := new(kraken.Dialect).Private(v.Path, form, nonce, s)
		if err != nil {
			t.Fatal(err)
		}
		if string(request.Body) != v.Post_data || request.Fields[1] != [2]string{"API-Sign", v.Signature} || request.Fields[0] != [2]string{"API-Key", "api-key"} {
			t.Errorf("%s: %q %q", v.ID, request.Body, request.Fields)
		}
		if v.Path == kraken.TokenPath {
			if token, err := new(kraken.Dialect).Token(nonce, s); err != nil || string(token.Body) != v.Post_data || token.Path != v.Path || token.Method != "POST" {
				t.Errorf("%s: %v", v.ID, err)
			}
		}
		if printed := fmt.Sprintf("%v %+v %q", request, *request, request); strings.Contains(printed, v.Signature[:10]) || strings.Contains(printed, "api-key") {
			t.Errorf("a request prints its credentials: %s", printed)
		}
	}
}

func TestParseToken(t *testing.T) {
	d := new(kraken.Dialect)
	token, err := d.ParseToken([]byte(`{"error":[],"result":{"token":"1Dwc4lzSwNWOAwkMdqhssNNFhs1ed606d1WcF3XfEMw","expires":900}}`))
	if err != nil || string(token.Reveal()) != "1Dwc4lzSwNWOAwkMdqhssNNFhs1ed606d1WcF3XfEMw" {
		t.Errorf("%v", err)
	}
	var reject *orders.RejectError
	if _, err := d.ParseToken([]byte(`{"error":["EAPI:Invalid key"]}`)); !errors.As(err, &reject) || reject.Text != "EAPI:Invalid key" {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{``, `{}`, `[]`, `{"error":[],"result":{}}`} {
		if _, err := d.ParseToken([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func BenchmarkPlace(b *testing.B) {
	s := signer(b)
	spec := orders.Spec{Symbol: "BTC/USD", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 8}
	template, err := new(kraken.Dialect).Compile(spec, ids, s)
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
