package coinbase_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/coinbase"
	"orderwire/orders/market"
)

var (
	ids    = orders.IDSpace{Prefix: "ow", Epoch: 7}
	values = orders.Values{ID: 42, Target: 41, Price: num(1000050, 2), Qty: num(1, 3), WallNanos: 1700000000_987_654_321}
)

const secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="

func tokenSigner(t testing.TB) *orders.Signer {
	t.Helper()
	s, err := orders.NewSessionSigner("organizations/x/apiKeys/y")
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.WithToken(orders.NewSecret([]byte("aaa.bbb.ccc"))); err != nil {
		t.Fatal(err)
	}
	return s
}

// render patches, signs, and reads the request as an HTTP server would.
func render(t testing.TB, d *coinbase.Dialect, spec orders.Spec, signer *orders.Signer) (*http.Request, string) {
	t.Helper()
	template, err := d.Compile(spec, ids, signer)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, template.Len())
	payload = payload[:template.Patch(payload, values)]
	template.Sign(payload, signer)
	reader := bufio.NewReader(bytes.NewReader(payload))
	request, err := http.ReadRequest(reader)
	if err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(reader); len(rest) > 0 {
		t.Fatalf("%q is left behind the request", rest)
	}
	return request, string(body)
}

// checkSignature rebuilds the signed text from the request alone.
func checkSignature(t testing.TB, r *http.Request, body string) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, r.Header.Get("CB-ACCESS-TIMESTAMP")+r.Method+r.RequestURI+body)
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("CB-ACCESS-SIGN") != want {
		t.Errorf("%s %s: signature %s, want %s", r.Method, r.RequestURI, r.Header.Get("CB-ACCESS-SIGN"), want)
	}
	if r.Header.Get("CB-ACCESS-KEY") != "key" || r.Header.Get("CB-ACCESS-PASSPHRASE") != "passphrase" || r.Header.Get("CB-ACCESS-TIMESTAMP") != "1700000000" {
		t.Errorf("%v", r.Header)
	}
}

func sorted(t testing.TB, body string) string {
	t.Helper()
	var any map[string]any
	if err := json.Unmarshal([]byte(body), &any); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	text, err := json.Marshal(any)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCompileExchange(t *testing.T) {
	id, target := ids, ids
	id.Form, target.Form = orders.IDUUID, orders.IDUUID
	spec := orders.Spec{Symbol: "BTC-USD", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 8}
	oid := id.Text(42)
	for _, row := range []struct {
		name         string
		change       func(*orders.Spec)
		method, path string
		body         string
	}{
		{"limit", func(*orders.Spec) {}, "POST", "/orders", `{"client_oid":"` + oid + `","price":"10000.50","product_id":"BTC-USD","side":"buy","size":"0.00100000","stp":"dc","time_in_force":"IOC","type":"limit"}`},
		{"post only sell", func(s *orders.Spec) { s.Side, s.Type, s.TIF = market.Sell, orders.PostOnly, 0 }, "POST", "/orders", `{"client_oid":"` + oid + `","post_only":true,"price":"10000.50","product_id":"BTC-USD","side":"sell","size":"0.00100000","stp":"dc","time_in_force":"GTC","type":"limit"}`},
		{"market", func(s *orders.Spec) { s.Type, s.TIF = orders.Market, 0 }, "POST", "/orders", `{"client_oid":"` + oid + `","product_id":"BTC-USD","side":"buy","size":"0.00100000","stp":"dc","type":"market"}`},
		{"cancel", func(s *orders.Spec) { *s = orders.Spec{Action: orders.Cancel, Symbol: "BTC-USD"} }, "DELETE", "/orders/client:" + target.Text(41) + "?product_id=BTC-USD", ""},
		{"cancel all", func(s *orders.Spec) { *s = orders.Spec{Action: orders.CancelAll, Symbol: "BTC-USD"} }, "DELETE", "/orders?product_id=BTC-USD", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := spec
			row.change(&spec)
			request, body := render(t, exchange, spec, exchangeSigner(t, secret))
			checkSignature(t, request, body)
			if request.Method != row.method || request.RequestURI != row.path || request.Host != "api.exchange.coinbase.com" {
				t.Errorf("%s %s to %s", request.Method, request.RequestURI, request.Host)
			}
			if body != "" {
				body = sorted(t, body)
			}
			if body != row.body {
				t.Errorf("\n got %s\nwant %s", body, row.body)
			}
		})
	}
}

func TestCompileAdvanced(t *testing.T) {
	id := ids
	id.Form = orders.IDUUID
	spec := orders.Spec{Symbol: "BTC-USD", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 8}
	for _, row := range []struct {
		name   string
		change func(*orders.Spec)
		side   string
		config string
	}{
		{"ioc", func(*orders.Spec) {}, "BUY", `{"sor_limit_ioc":{"base_size":"0.00100000","limit_price":"10000.50"}}`},
		{"fok sell", func(s *orders.Spec) { s.TIF, s.Side = orders.FOK, market.Sell }, "SELL", `{"limit_limit_fok":{"base_size":"0.00100000","limit_price":"10000.50"}}`},
		{"gtc by default", func(s *orders.Spec) { s.TIF = 0 }, "BUY", `{"limit_limit_gtc":{"base_size":"0.00100000","limit_price":"10000.50","post_only":false}}`},
		{"post only", func(s *orders.Spec) { s.Type, s.TIF = orders.PostOnly, 0 }, "BUY", `{"limit_limit_gtc":{"base_size":"0.00100000","limit_price":"10000.50","post_only":true}}`},
		{"market", func(s *orders.Spec) { s.Type, s.TIF = orders.Market, 0 }, "BUY", `{"market_market_ioc":{"base_size":"0.00100000"}}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec := spec
			row.change(&spec)
			request, body := render(t, advanced, spec, tokenSigner(t))
			want := `{"client_order_id":"` + id.Text(42) + `","order_configuration":` + row.config + `,"product_id":"BTC-USD","side":"` + row.side + `"}`
			if got := sorted(t, body); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if request.Method != "POST" || request.RequestURI != "/api/v3/brokerage/orders" || request.Host != "api.coinbase.com" || request.Header.Get("Authorization") != "Bearer aaa.bbb.ccc" {
				t.Errorf("%s %s %s %v", request.Method, request.RequestURI, request.Host, request.Header)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	good := orders.Spec{Symbol: "BTC-USD", Side: market.Buy, Type: orders.Limit, PriceScale: 2, QtyScale: 8}
	for _, row := range []struct {
		name   string
		d      *coinbase.Dialect
		signer *orders.Signer
		change func(*orders.Spec)
		says   string
	}{
		{"no symbol", exchange, exchangeSigner(t, secret), func(s *orders.Spec) { s.Symbol = "" }, "symbol"},
		{"symbol that splits the request", exchange, exchangeSigner(t, secret), func(s *orders.Spec) { s.Symbol = "X HTTP/1.1\r\n" }, "symbol"},
		{"no side", exchange, exchangeSigner(t, secret), func(s *orders.Spec) { s.Side = 0 }, "side"},
		{"no type", exchange, exchangeSigner(t, secret), func(s *orders.Spec) { s.Type = 0 }, "type"},
		{"tif", exchange, exchangeSigner(t, secret), func(s *orders.Spec) { s.TIF = 9 }, "tif"},
		{"post only with tif", advanced, tokenSigner(t), func(s *orders.Spec) { s.Type, s.TIF = orders.PostOnly, orders.IOC }, "tif"},
		{"dry run", exchange, exchangeSigner(t, secret), func(s *orders.Spec) { s.Action = orders.Test }, "dry run"},
		{"unknown action", exchange, exchangeSigner(t, secret), func(s *orders.Spec) { s.Action = 99 }, "action"},
		{"cancel by client id", advanced, tokenSigner(t), func(s *orders.Spec) { s.Action = orders.Cancel }, "venue's ids"},
		{"no passphrase", exchange, tokenSigner(t), func(*orders.Spec) {}, "passphrase"},
		{"no JWT", advanced, exchangeSigner(t, secret), func(*orders.Spec) {}, "JWT"},
		{"self-trade", &coinbase.Dialect{SelfTrade: "xx"}, exchangeSigner(t, secret), func(*orders.Spec) {}, "self-trade"},
		{"host", &coinbase.Dialect{Host: "a\r\nb"}, exchangeSigner(t, secret), func(*orders.Spec) {}, "host"},
	} {
		spec := good
		row.change(&spec)
		if _, err := row.d.Compile(spec, ids, row.signer); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// TestDerivedSignatures holds the cold requests to values that were computed elsewhere by the venue's rule.
func TestDerivedSignatures(t *testing.T) {
	for _, row := range []struct{ id, method, path, body string }{
		{"derived-coinbase-exchange-rest-post-order", "POST", "/orders", ""},
		{"derived-coinbase-exchange-rest-get", "GET", "/orders?status=open", ""},
	} {
		v := vectorOf(t, row.id)
		row.body = strings.TrimPrefix(v.Payload, "1700000000"+row.method+row.path)
		request, err := exchange.Request(row.method, row.path, []byte(row.body), 1700000000e9, exchangeSigner(t, v.Key))
		if err != nil {
			t.Fatal(err)
		}
		if request.Fields[3] != [2]string{"CB-ACCESS-SIGN", v.Signature} || string(request.Body) != row.body || request.Path != row.path {
			t.Errorf("%s: %q", row.id, request.Fields)
		}
	}
	v := vectorOf(t, "derived-coinbase-exchange-ws-auth")
	login, err := exchange.ReportLogin(0, []string{"BTC-USD"}, 1700000000e9, exchangeSigner(t, v.Key))
	want := fmt.Sprintf(`{"type":"subscribe","product_ids":["BTC-USD"],"channels":["user","heartbeat"],"signature":%q,"key":"key","passphrase":"passphrase","timestamp":"1700000000"}`, v.Signature)
	if err != nil || string(login) != want {
		t.Errorf("%s, %v; want %s", login, err, want)
	}
}

func TestJWT(t *testing.T) {
	const name, nonce = "organizations/test-organization/apiKeys/test-api-key", "0000000000000000000000000000000000000000000000000000000000000000"
	v := vectorOf(t, "derived-coinbase-advanced-jwt-eddsa")
	signer, err := orders.NewLogonSigner(name, orders.AlgEd25519, orders.NewSecret([]byte(v.Key)), "base64")
	if err != nil {
		t.Fatal(err)
	}
	d := &coinbase.Dialect{API: coinbase.Advanced, Alg: "EdDSA"}
	token, err := d.JWT("POST", d.OrderPath(), nonce, 1700000000e9, signer)
	if err != nil || string(token.Reveal()) != v.Token {
		t.Errorf("%s, %v; want %s", token.Reveal(), err, v.Token)
	}
	v = vectorOf(t, "derived-coinbase-advanced-jwt-es256")
	if signer, err = orders.NewLogonSigner(name, orders.AlgES256, orders.NewSecret([]byte(v.Key)), "pem"); err != nil {
		t.Fatal(err)
	}
	if token, err = advanced.JWT("POST", advanced.OrderPath(), nonce, 1700000000e9, signer); err != nil {
		t.Fatal(err)
	}
	input, signature, _ := strings.Cut(strings.Replace(string(token.Reveal()), ".", "|", 1), ".")
	if input = strings.Replace(input, "|", ".", 1); input != v.SigningInput {
		t.Errorf("signed %s, want %s", input, v.SigningInput)
	}
	verifyES256(t, v.Key, input, signature)
	socket, err := advanced.JWT("", "", nonce, 1700000000e9, signer)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(string(socket.Reveal()), ".")[1])
	if err != nil || strings.Contains(string(claims), "uri") {
		t.Errorf("a JWT for the feed claims %s, %v", claims, err)
	}
	if _, err := (&coinbase.Dialect{Alg: "none"}).JWT("", "", nonce, 0, signer); err == nil {
		t.Error("algorithm none was taken")
	}
}

// verifyES256 checks by the standard library that the signature is r||s of the key's.
func verifyES256(t *testing.T, keyText, input, signature string) {
	t.Helper()
	block, _ := pem.Decode([]byte(keyText))
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || len(raw) != 64 {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	sum := sha256.Sum256([]byte(input))
	if !ecdsa.Verify(&key.PublicKey, sum[:], new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])) {
		t.Error("the signature does not verify")
	}
}

func TestSessionFrames(t *testing.T) {
	collect := func(d *coinbase.Dialect) (all []string) {
		for step := 0; ; step++ {
			message, err := d.Subscribe(step, []string{"BTC-USD", "ETH-USD"}, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if message == nil {
				return all
			}
			all = append(all, string(message))
		}
	}
	if got := collect(exchange); len(got) != 1 || got[0] != `{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channels":["heartbeat","matches","ticker","level2_batch"]}` {
		t.Errorf("%q", got)
	}
	if got := collect(advanced); len(got) != 4 || got[1] != `{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"market_trades"}` {
		t.Errorf("%q", got)
	}
	user, err := advanced.ReportLogin(0, nil, 0, tokenSigner(t))
	if err != nil || string(user) != `{"type":"subscribe","product_ids":[],"channel":"user","jwt":"aaa.bbb.ccc"}` {
		t.Errorf("%s, %v", user, err)
	}
	if next, err := advanced.ReportLogin(1, nil, 0, tokenSigner(t)); next != nil || err != nil {
		t.Errorf("step 1: %s, %v", next, err)
	}
	cancel, err := advanced.CancelOrders([]string{"a", "b"}, tokenSigner(t))
	if err != nil || string(cancel.Body) != `{"order_ids":["a","b"]}` || cancel.Path != "/api/v3/brokerage/orders/batch_cancel" || cancel.Fields[0][1] != "Bearer aaa.bbb.ccc" {
		t.Errorf("%v", err)
	}
	for name, err := range map[string]error{
		"login without credentials": second(exchange.ReportLogin(0, nil, 0, nil)),
		"login without a JWT":       second(advanced.ReportLogin(0, nil, 0, exchangeSigner(t, secret))),
		"bad product":               second(exchange.Subscribe(0, []string{`X"]`}, 0, nil)),
		"cancel without a JWT":      second(advanced.CancelOrders(nil, nil)),
		"request without a key":     second(exchange.Request("GET", "/time", nil, 0, nil)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if exchange.Venue() != "coinbase" || advanced.Venue() != "coinbase-advanced" || exchange.OrderPath() != "/orders" || exchange.MarketPath(nil) != "/" || exchange.ReportPath() != "/" {
		t.Error("names and paths")
	}
}

func second[T any](_ T, err error) error { return err }

func BenchmarkPlace(b *testing.B) {
	for _, row := range []struct {
		name   string
		d      *coinbase.Dialect
		signer *orders.Signer
	}{{"exchange", exchange, exchangeSigner(b, secret)}, {"advanced", advanced, tokenSigner(b)}} {
		b.Run("api="+row.name, func(b *testing.B) {
			spec := orders.Spec{Symbol: "BTC-USD", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 8}
			template, err := row.d.Compile(spec, ids, row.signer)
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
				template.Sign(payload, row.signer)
			}
		})
	}
}
