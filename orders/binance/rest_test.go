package binance_test

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/binance"
)

// TestDocumentedRESTSignatures: the documentation's own REST requests, of Spot and of USD-M.
func TestDocumentedRESTSignatures(t *testing.T) {
	text, err := os.ReadFile("testdata/docs/rest-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		ID, Key, Signature string
		Payload            string `json:"payload_utf8"`
		APIKey             string `json:"api_key"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) != 3 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, v := range vectors {
		signer, err := orders.NewHMACSigner(v.APIKey, orders.NewSecret([]byte(v.Key)))
		if err != nil {
			t.Fatal(err)
		}
		query, stamp, found := strings.Cut(v.Payload, "&timestamp=")
		millis, err := strconv.ParseInt(stamp, 10, 64)
		if !found || err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		request, err := new(binance.Dialect).Private("POST", "/api/v3/order", query, signer, millis*1e6)
		if err != nil || request.Path != "/api/v3/order?"+v.Payload+"&signature="+v.Signature || request.Fields[0] != [2]string{"X-MBX-APIKEY", v.APIKey} {
			t.Errorf("%s: %v, %v", v.ID, request.Path, err)
		}
	}
}

func TestPrivateWithPrivateKey(t *testing.T) {
	request, err := new(binance.Dialect).Private("GET", "/api/v3/account", "", logonSigner(t), loginNanos)
	if err != nil || !strings.HasPrefix(request.Path, "/api/v3/account?timestamp=1649729878532&signature=") || !strings.HasSuffix(request.Path, "%3D%3D") || strings.ContainsAny(request.Path[20:], "+/") {
		t.Errorf("%v, %v", request.Path, err)
	}
	if _, err := new(binance.Dialect).Private("GET", "/x", "", nil, 0); err == nil {
		t.Error("no credentials, and no error")
	}
}

func TestDeadMan(t *testing.T) {
	usdm, signer := &binance.Dialect{Product: binance.USDM}, hmacSigner(t)
	arm, err := usdm.DeadMan("BTCUSDT", 120000, signer, loginNanos)
	if err != nil || arm.Method != "POST" || !strings.HasPrefix(arm.Path, "/fapi/v1/countdownCancelAll?symbol=BTCUSDT&countdownTime=120000&timestamp=1649729878532&signature=") {
		t.Errorf("%v, %v", arm, err)
	}
	for name, err := range map[string]error{
		"negative":            second(usdm.DeadMan("BTCUSDT", -1, signer, 0)),
		"symbol that injects": second(usdm.DeadMan("X&Y", 1, signer, 0)),
		"Spot":                second(new(binance.Dialect).DeadMan("BTCUSDT", 1, signer, 0)),
		"cancel of no symbol": second(usdm.CancelSymbol("", signer, 0)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for d, want := range map[*binance.Dialect]string{usdm: "/fapi/v1/allOpenOrders?symbol=BTCUSDT&timestamp=", new(binance.Dialect): "/api/v3/openOrders?symbol=BTCUSDT&timestamp="} {
		if cancel, err := d.CancelSymbol("BTCUSDT", signer, loginNanos); err != nil || cancel.Method != "DELETE" || !strings.HasPrefix(cancel.Path, want) {
			t.Errorf("%v, %v", cancel, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
