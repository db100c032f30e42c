package coinbase_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"orderwire/orders"
	"orderwire/orders/coinbase"
)

// claimsOf reads a JWT's claims by the standard library.
func claimsOf(t *testing.T, token string) (claims struct {
	Nbf, Exp int64
	URI      string
},
) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func logonSigner(t *testing.T) *orders.Signer {
	t.Helper()
	v := vectorOf(t, "derived-coinbase-advanced-jwt-es256")
	signer, err := orders.NewLogonSigner("organizations/x/apiKeys/y", orders.AlgES256, orders.NewSecret([]byte(v.Key)), "pem")
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func TestTokens(t *testing.T) {
	signer := logonSigner(t)
	order, life, err := advanced.OrderToken("0a", 1_700_000_000e9, signer)
	if err != nil {
		t.Fatal(err)
	}
	claims := claimsOf(t, string(order.Reveal()))
	if claims.URI != "POST api.coinbase.com/api/v3/brokerage/orders" || claims.Nbf != 1_699_999_995 || claims.Exp != 1_700_000_115 || life != 115*time.Second {
		t.Errorf("%+v for %s", claims, life)
	}
	feed, err := advanced.FeedToken("0b", 1_700_000_000e9, signer)
	if err != nil || claimsOf(t, string(feed.Reveal())).URI != "" {
		t.Errorf("a feed's token names a request, %v", err)
	}
	if token, life, err := exchange.OrderToken("0c", 0, signer); !token.Empty() || life != 0 || err != nil {
		t.Errorf("Exchange has a token for %s, %v", life, err)
	}
}

func TestCancelCold(t *testing.T) {
	signer := logonSigner(t)
	r, err := advanced.CancelCold([]string{"a", "b"}, "0a", 1_700_000_000e9, signer)
	if err != nil {
		t.Fatal(err)
	}
	token, bearer := strings.CutPrefix(r.Fields[0][1], "Bearer ")
	if !bearer || claimsOf(t, token).URI != "POST api.coinbase.com/api/v3/brokerage/orders/batch_cancel" || string(r.Body) != `{"order_ids":["a","b"]}` {
		t.Errorf("%s", r.Body)
	}
	if !signer.Token().Empty() {
		t.Error("the session's signer was changed")
	}
	if !advanced.CancelsCold() || exchange.CancelsCold() {
		t.Error("who cancels cold")
	}
	if _, err := exchange.CancelCold(nil, "", 0, signer); err == nil {
		t.Error("Exchange has no batch_cancel")
	}
}

func TestTime(t *testing.T) {
	at, err := advanced.ParseTime([]byte(`{"iso":"2023-11-14T22:13:20Z","epochSeconds":"1700000000","epochMillis":"1700000000123"}`))
	if err != nil || at != 1_700_000_000_123e6 || advanced.TimeRequest().Path != "/api/v3/brokerage/time" {
		t.Errorf("%d, %v", at, err)
	}
	at, err = exchange.ParseTime([]byte(`{"iso":"2023-11-14T22:13:20.5Z","epoch":1700000000.5}`))
	if err != nil || at != 1_700_000_000_500e6 || exchange.TimeRequest().Path != "/time" {
		t.Errorf("%d, %v", at, err)
	}
	for _, body := range []string{``, `{}`, `{"iso":"x"}`, `{"epochMillis":"-1"}`} {
		if at, err := new(coinbase.Dialect).ParseTime([]byte(body)); err == nil {
			t.Errorf("%s is %d", body, at)
		}
	}
}
