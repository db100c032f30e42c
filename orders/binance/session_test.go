package binance_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/binance"
)

// logonSeed is the one Ed25519 key that Binance's documentation publishes (fix-api.md, signature computation).
const (
	logonSeed   = "8244616b4606b8400a66fd0efcbea9af1611fd2540e975b3808b20007d9bcf6e"
	logonPublic = "19420abfd752a565c15625e9da6eaf0086fc40c14960183214442c14996a800d"
	sessionKey  = "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO"
)

func logonSigner(t testing.TB) *orders.Signer {
	t.Helper()
	seed, err := hex.DecodeString(logonSeed)
	if err != nil {
		t.Fatal(err)
	}
	secret := orders.NewSecret([]byte(base64.StdEncoding.EncodeToString(seed)))
	signer, err := orders.NewLogonSigner(sessionKey, orders.AlgEd25519, secret, "base64")
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

const loginNanos = 1649729878532 * 1_000_000

func login(t testing.TB, d *binance.Dialect, step int, signer *orders.Signer) []byte {
	t.Helper()
	frame, err := d.Login(step, loginNanos, signer)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func TestLoginWithPrivateKey(t *testing.T) {
	for _, product := range []binance.Product{binance.Spot, binance.USDM} {
		d := &binance.Dialect{Product: product}
		r := parse(t, login(t, d, 0, logonSigner(t)))
		signature, err := base64.StdEncoding.DecodeString(r.Params["signature"].(string))
		if err != nil {
			t.Fatal(err)
		}
		public, _ := hex.DecodeString(logonPublic)
		if r.Method != "session.logon" || canonical(r) != "apiKey="+sessionKey+"&timestamp=1649729878532" ||
			!ed25519.Verify(public, []byte(canonical(r)), signature) {
			t.Errorf("%+v", r)
		}
		next, err := d.Login(1, loginNanos, logonSigner(t))
		if err != nil || (next != nil) != (product == binance.Spot) {
			t.Fatalf("step 1: %s, %v", next, err)
		}
		if product == binance.Spot && parse(t, next).Method != "userDataStream.subscribe" {
			t.Errorf("step 1: %s", next)
		}
		if last := login(t, d, 2, logonSigner(t)); last != nil {
			t.Errorf("step 2: %s", last)
		}
	}
}

func TestLoginWithHMACKey(t *testing.T) {
	d := new(binance.Dialect)
	r := parse(t, login(t, d, 0, hmacSigner(t)))
	if r.Method != "userDataStream.subscribe.signature" || canonical(r) != "apiKey="+testKey+"&timestamp=1649729878532" {
		t.Errorf("%+v", r)
	}
	checkSignature(t, r)
	if next := login(t, d, 1, hmacSigner(t)); next != nil {
		t.Errorf("step 1: %s", next)
	}
	if first := login(t, &binance.Dialect{Product: binance.USDM}, 0, hmacSigner(t)); first != nil {
		t.Errorf("USD-M: %s", first)
	}
}

func TestLogonRefusesOtherKeys(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	secret := orders.NewSecret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	rsaSigner, err := orders.NewLogonSigner(sessionKey, orders.AlgRSASHA256, secret, "pem")
	if err != nil {
		t.Fatal(err)
	}
	for name, signer := range map[string]*orders.Signer{"rsa": rsaSigner, "none": sessionSigner(t), "hmac": hmacSigner(t)} {
		if frame, err := new(binance.Dialect).Logon("1", signer, loginNanos); err == nil {
			t.Errorf("%s: %s", name, frame)
		}
	}
}

func TestQueries(t *testing.T) {
	d := new(binance.Dialect)
	ask := func(signer *orders.Signer) map[string][]byte {
		frames := map[string][]byte{}
		put := func(name string, frame []byte, err error) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			frames[name] = frame
		}
		status, err := d.OrderStatus("q1", "BTCUSDT", "ow000070000000042", signer, loginNanos)
		put("order.status", status, err)
		open, err := d.OpenOrders("q2", "BTCUSDT", signer, loginNanos)
		put("openOrders.status", open, err)
		trades, err := d.Trades("q3", "１２３", 1649729870000_000_000, signer, loginNanos)
		put("myTrades", trades, err)
		limits, err := d.OrderLimits("q4", signer, loginNanos)
		put("account.rateLimits.orders", limits, err)
		return frames
	}
	for method, frame := range ask(hmacSigner(t)) {
		r := parse(t, frame)
		checkSignature(t, r)
		if r.Method != method || r.Params["timestamp"] != json.Number("1649729878532") {
			t.Errorf("%s: %s", method, frame)
		}
	}
	for method, frame := range ask(logonSigner(t)) {
		r := parse(t, frame)
		if r.Method != method || r.Params["signature"] != nil || r.Params["apiKey"] != nil || r.Params["timestamp"] != json.Number("1649729878532") {
			t.Errorf("%s on a logged-on session: %s", method, frame)
		}
	}
	all, err := d.OpenOrders("q5", "", hmacSigner(t), loginNanos)
	if err != nil || strings.Contains(string(all), "symbol") {
		t.Errorf("%s, %v", all, err)
	}
	if r := parse(t, d.Time("q6")); r.Method != "time" || r.ID != "q6" || r.Params != nil {
		t.Errorf("%+v", r)
	}
	if _, err := d.OrderStatus("q7", `X","side":"SELL`, "c", hmacSigner(t), loginNanos); err == nil {
		t.Error("a symbol that ends its string was taken")
	}
}
