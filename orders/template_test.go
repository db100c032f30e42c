package orders_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

const (
	testAPIKey = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
	testSecret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
)

func testSigner(t testing.TB) *orders.Signer {
	t.Helper()
	signer, err := orders.NewHMACSigner(testAPIKey, orders.NewSecret([]byte(testSecret)))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

var testIDs = orders.IDSpace{Prefix: "ow", Epoch: 7}

// binanceBuilder is a signed order in the shape of Binance's order.place.
func binanceBuilder(signer *orders.Signer, spec orders.Spec, ids orders.IDSpace) *orders.TemplateBuilder {
	b := orders.NewTemplateBuilder(orders.FrameText, spec, ids)
	b.Text(`{"id":"`).Field(orders.FieldRequestID, orders.FormText)
	b.Text(`","method":"order.place","params":{"apiKey":"`).SecretText(signer.APIKey())
	b.Text(`","newClientOrderId":"`).Field(orders.FieldClientID, orders.FormText)
	b.Text(`","newOrderRespType":"ACK","price":"`).Field(orders.FieldPrice, orders.FormQuoted)
	b.Text(`,"quantity":"`).Field(orders.FieldQty, orders.FormQuoted)
	b.Text(`,"recvWindow":5000,"side":"BUY","symbol":"`).JSON(spec.Symbol)
	b.Text(`","timeInForce":"GTC","timestamp":`).Field(orders.FieldTimeMillis, orders.FormText)
	b.Text(`,"type":"LIMIT"`).Align(len(`,"signature":"`), 16, 8)
	b.Text(`,"signature":"`).Field(orders.FieldSignature, orders.FormHex).Text(`"}}`)
	b.Canon("apiKey=" + signer.APIKey() + "&newClientOrderId=").CanonField(orders.FieldClientID)
	b.Canon("&newOrderRespType=ACK&price=").CanonField(orders.FieldPrice)
	b.Canon("&quantity=").CanonField(orders.FieldQty)
	b.Canon("&recvWindow=5000&side=BUY&symbol=" + spec.Symbol + "&timeInForce=GTC&timestamp=").CanonField(orders.FieldTimeMillis)
	b.Canon("&type=LIMIT")
	return b
}

func limitSpec() orders.Spec {
	return orders.Spec{
		Action: orders.Place, Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.GTC,
		PriceScale: 2, QtyScale: 5, WindowMillis: 5000,
	}
}

func mustBuild(t testing.TB, b *orders.TemplateBuilder, signer *orders.Signer) *orders.Template {
	t.Helper()
	template, err := b.Build(signer)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// signedParams rebuilds what Binance signs: every parameter but the signature, sorted, joined.
func signedParams(t *testing.T, payload []byte) (text, signature string, params map[string]any) {
	t.Helper()
	var message struct {
		ID     string         `json:"id"`
		Params map[string]any `json:"params"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	if err := decoder.Decode(&message); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	names := make([]string, 0, len(message.Params))
	for name := range message.Params {
		if name != "signature" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s=%v", name, message.Params[name])
	}
	signature, _ = message.Params["signature"].(string)
	return strings.Join(parts, "&"), signature, message.Params
}

func hmacHex(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// plainDecimal writes mantissa/10^scale the slow way.
func plainDecimal(mantissa int64, scale int) string {
	text := fmt.Sprintf("%0*d", scale+1, mantissa)
	if scale == 0 {
		return text
	}
	return text[:len(text)-scale] + "." + text[len(text)-scale:]
}

// TestTemplateRoundTrip is the property of O1: whatever is patched, encoding/json reads it back exactly and the
// examiner's own signature over the sorted parameters is the one in the payload.
func TestTemplateRoundTrip(t *testing.T) {
	signer := testSigner(t)
	random := rand.New(rand.NewPCG(3, 4))
	for priceScale := 0; priceScale <= 10; priceScale++ {
		spec := limitSpec()
		spec.PriceScale, spec.QtyScale = uint8(priceScale), uint8(10-priceScale)
		template := mustBuild(t, binanceBuilder(signer, spec, testIDs), signer)
		dst := make([]byte, template.Len()+40)
		v := orders.Values{WallNanos: sampleWall(random), Price: randomNumber(random, spec.PriceScale)}
		for range 1000 {
			// Each value stays now and then: what stays is not rendered again.
			v.ID = random.Uint64N(orders.CounterMax + 1)
			if random.IntN(3) > 0 {
				v.WallNanos = sampleWall(random)
			}
			if random.IntN(3) > 0 {
				v.Price = randomNumber(random, spec.PriceScale)
			}
			if random.IntN(3) > 0 {
				v.Qty = randomNumber(random, spec.QtyScale)
			}
			n := template.Patch(dst, v)
			template.Sign(dst[:n], signer)
			text, signature, params := signedParams(t, dst[:n])
			if want := hmacHex(testSecret, text); signature != want {
				t.Fatalf("signature %s, want %s over %s\n%s", signature, want, text, dst[:n])
			}
			wantParam(t, params, "price", plainDecimal(v.Price.Mantissa, priceScale))
			wantParam(t, params, "quantity", plainDecimal(v.Qty.Mantissa, 10-priceScale))
			wantParam(t, params, "timestamp", fmt.Sprint(v.WallNanos/1e6))
			wantParam(t, params, "newClientOrderId", testIDs.Text(v.ID))
			if n != template.Len() {
				t.Fatalf("%d bytes, want %d", n, template.Len())
			}
		}
	}
}

func wantParam(t *testing.T, params map[string]any, name, want string) {
	t.Helper()
	if have := fmt.Sprint(params[name]); have != want {
		t.Fatalf("%s is %s, want %s", name, have, want)
	}
}

func sampleWall(random *rand.Rand) int64 {
	return 1_000_000_000_000_000_000 + random.Int64N(8_000_000_000_000_000_000)
}

// randomNumber draws a length first, so that short numbers are as frequent as long ones.
func randomNumber(random *rand.Rand, scale uint8) fixed.Number {
	limit := int64(1)
	for range 1 + random.IntN(8+int(scale)) {
		limit *= 10
	}
	return fixed.Number{Mantissa: random.Int64N(limit), Scale: scale}
}

// TestPrimedSignatureIsTheSame: whatever was hashed ahead, for this id or another, the examiner sees the same signature.
func TestPrimedSignatureIsTheSame(t *testing.T) {
	signer := testSigner(t)
	random := rand.New(rand.NewPCG(22, 23))
	for _, form := range []orders.IDForm{orders.IDText, orders.IDBare, orders.IDUUID} {
		ids := testIDs
		ids.Form = form
		template := mustBuild(t, binanceBuilder(signer, limitSpec(), ids), signer)
		dst := make([]byte, template.Len())
		for range 2000 {
			v := orders.Values{ID: 1 + random.Uint64N(5), WallNanos: sampleWall(random), Price: randomNumber(random, 2), Qty: randomNumber(random, 5)}
			if random.IntN(2) == 0 {
				template.Prime(1 + random.Uint64N(5))
			}
			template.Patch(dst, v)
			if random.IntN(2) == 0 {
				template.Prime(1 + random.Uint64N(5))
			}
			template.Sign(dst, signer)
			if text, signature, _ := signedParams(t, dst); signature != hmacHex(testSecret, text) {
				t.Fatalf("%s is not the signature of %s", signature, text)
			}
		}
		// The race detector, under which make check runs the short form, allocates by itself.
		if n := testing.AllocsPerRun(100, func() { template.Prime(1 + random.Uint64N(1000)) }); n != 0 && !testing.Short() {
			t.Fatalf("%v allocations", n)
		}
	}
}

func TestTemplateKeepsNeighboursIntact(t *testing.T) {
	signer := testSigner(t)
	template := mustBuild(t, binanceBuilder(signer, limitSpec(), testIDs), signer)
	dst := bytes.Repeat([]byte{0xa5}, template.Len()+64)
	n := template.Patch(dst, orders.Values{ID: 9, WallNanos: 1_700_000_000_123_456_789, Price: fixed.Number{Mantissa: 1, Scale: 2}, Qty: fixed.Number{Mantissa: 99999, Scale: 5}})
	template.Sign(dst[:n], signer)
	if bytes.Count(dst[n:], []byte{0xa5}) != 64 {
		t.Fatalf("wrote behind the payload: %q", dst[n:])
	}
	if at, ok := template.Signature(); !ok || (at.From+8)%16 != 0 {
		t.Fatalf("signature at %v, not on 16 bytes of the record", at)
	}
}

func TestTemplateFits(t *testing.T) {
	signer := testSigner(t)
	template := mustBuild(t, binanceBuilder(signer, limitSpec(), testIDs), signer)
	qty := fixed.Number{Mantissa: 1, Scale: 5}
	for _, row := range []struct {
		name  string
		price fixed.Number
		want  bool
	}{
		{"exact", fixed.Number{Mantissa: 6412345, Scale: 2}, true},
		{"fewer decimals", fixed.Number{Mantissa: 64123, Scale: 0}, true},
		{"trailing zero cut", fixed.Number{Mantissa: 64123450, Scale: 3}, true},
		{"a decimal too many", fixed.Number{Mantissa: 64123451, Scale: 3}, false},
		{"negative", fixed.Number{Mantissa: -1, Scale: 2}, false},
		{"largest", fixed.Number{Mantissa: 9999999999, Scale: 2}, true},
		{"a digit too many", fixed.Number{Mantissa: 10000000000, Scale: 2}, false},
		{"overflow on the way", fixed.Number{Mantissa: 1 << 62, Scale: 0}, false},
		{"scale unknown", fixed.Number{Mantissa: 1, Scale: 200}, false},
	} {
		if have := template.Fits(row.price, qty); have != row.want {
			t.Errorf("%s: %v, want %v", row.name, have, row.want)
			continue
		}
		panicked := patchPanics(template, row.price, qty)
		if panicked == row.want {
			t.Errorf("%s: Patch panics %v, Fits says %v", row.name, panicked, row.want)
		}
	}
}

func patchPanics(template *orders.Template, price, qty fixed.Number) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	template.Patch(make([]byte, template.Len()), orders.Values{ID: 1, WallNanos: 1_700_000_000_000_000_000, Price: price, Qty: qty})
	return false
}

func TestTemplateRedacts(t *testing.T) {
	signer := testSigner(t)
	template := mustBuild(t, binanceBuilder(signer, limitSpec(), testIDs), signer)
	payload := make([]byte, template.Len())
	template.Patch(payload, orders.Values{ID: 1, WallNanos: 1_700_000_000_000_000_000})
	template.Sign(payload, signer)
	_, signature, _ := signedParams(t, payload)
	template.Redact(payload)
	if !json.Valid(payload) || strings.Contains(string(payload), signature) || strings.Contains(string(payload), testAPIKey) {
		t.Fatalf("not redacted: %s", payload)
	}
	if !strings.Contains(string(payload), testIDs.Text(1)) {
		t.Fatalf("redacted too much: %s", payload)
	}
}

// TestTemplateHTTP is the shape of Coinbase Exchange: the signature over timestamp, method, path and body stands in
// the head, in base64.
func TestTemplateHTTP(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString([]byte("a key of whatever bytes \x00\x01\xff"))
	signer, err := orders.NewEncodedHMACSigner("key", orders.NewSecret([]byte(secret)), orders.SecretBase64)
	if err != nil {
		t.Fatal(err)
	}
	spec := limitSpec()
	ids := orders.IDSpace{Prefix: "ow", Epoch: 3, Form: orders.IDUUID}
	b := orders.NewTemplateBuilder(orders.FrameHTTP, spec, ids)
	b.Text("POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: ").BodyLength()
	b.Text("\r\nCB-ACCESS-TIMESTAMP: ").Field(orders.FieldTimeSecs, orders.FormText)
	b.Text("\r\nCB-ACCESS-SIGN: ").Field(orders.FieldSignature, orders.FormBase64).Text("\r\n\r\n").Body()
	b.Text(`{"client_oid":"`).Field(orders.FieldClientID, orders.FormText).Text(`","price":"`)
	b.Field(orders.FieldPrice, orders.FormQuoted).Text(`,"size":"`).Field(orders.FieldQty, orders.FormQuoted).Text(`}`)
	b.CanonField(orders.FieldTimeSecs).Canon("POST/orders").CanonBody()
	template := mustBuild(t, b, signer)
	dst := make([]byte, template.Len())
	for id := uint64(1); id < 2000; id += 37 {
		template.Patch(dst, orders.Values{ID: id, WallNanos: 1_700_000_000_123_456_789, Price: fixed.Number{Mantissa: int64(id), Scale: 2}, Qty: fixed.Number{Mantissa: 1, Scale: 5}})
		template.Sign(dst, signer)
		head, body, _ := strings.Cut(string(dst), "\r\n\r\n")
		mac := hmac.New(sha256.New, []byte("a key of whatever bytes \x00\x01\xff"))
		mac.Write([]byte("1700000000POST/orders" + body))
		if want := "CB-ACCESS-SIGN: " + base64.StdEncoding.EncodeToString(mac.Sum(nil)); !strings.Contains(head, want) {
			t.Fatalf("want %s in %s", want, dst)
		}
		if !strings.Contains(head, fmt.Sprintf("Content-Length: %d\r\n", len(body))) || !strings.Contains(body, ids.Text(id)) {
			t.Fatalf("length or id is wrong: %s", dst)
		}
	}
}

// TestTemplateNumbers is the shape of Kraken: JSON numbers, an integer request id, a deadline, no signature.
func TestTemplateNumbers(t *testing.T) {
	signer, err := orders.NewSessionSigner("key")
	if err != nil {
		t.Fatal(err)
	}
	spec := limitSpec()
	spec.PriceScale, spec.WindowMillis = 1, 1500
	b := orders.NewTemplateBuilder(orders.FrameText, spec, testIDs)
	b.Text(`{"limit_price":`).Field(orders.FieldPrice, orders.FormBare).Text(`,"order_qty":`).Field(orders.FieldQty, orders.FormBare)
	b.Text(`,"deadline":"`).Field(orders.FieldDeadline, orders.FormText).Text(`","cl_ord_id":"`).Field(orders.FieldClientID, orders.FormText)
	b.Text(`","token":"`).SecretText("tok").Text(`","req_id":`).Field(orders.FieldRequestID, orders.FormBare).Text(`}`)
	template := mustBuild(t, b, signer)
	dst := make([]byte, template.Len())
	random := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		v := orders.Values{ID: random.Uint64N(1 << random.IntN(34)), WallNanos: sampleWall(random), Price: randomNumber(random, 1), Qty: randomNumber(random, 5)}
		template.Patch(dst, v)
		template.Sign(dst, signer)
		var order struct {
			Price    json.Number `json:"limit_price"`
			Qty      json.Number `json:"order_qty"`
			Deadline string      `json:"deadline"`
			ID       string      `json:"cl_ord_id"`
			Request  uint64      `json:"req_id"`
		}
		if err := json.Unmarshal(dst, &order); err != nil {
			t.Fatalf("%v in %s", err, dst)
		}
		deadline := time.Unix(0, v.WallNanos).Add(1500 * time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z")
		if order.Price.String() != plainDecimal(v.Price.Mantissa, 1) || order.Qty.String() != plainDecimal(v.Qty.Mantissa, 5) ||
			order.Deadline != deadline || order.ID != testIDs.Text(v.ID) || order.Request != v.ID {
			t.Fatalf("%+v from %+v (deadline %s)", order, v, deadline)
		}
	}
}

func TestTemplateAllocatesNothing(t *testing.T) {
	signer := testSigner(t)
	template := mustBuild(t, binanceBuilder(signer, limitSpec(), testIDs), signer)
	dst := make([]byte, template.Len())
	v := orders.Values{WallNanos: 1_700_000_000_000_000_000, Qty: fixed.Number{Mantissa: 1000, Scale: 5}}
	if n := testing.AllocsPerRun(1000, func() {
		v.ID++
		v.Price = fixed.Number{Mantissa: int64(v.ID * 977 % 100_000_000), Scale: 2}
		template.Patch(dst, v)
		template.Sign(dst, signer)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

// BenchmarkPatch: what changes from order to order is rendered, what stays is not.
func BenchmarkPatch(b *testing.B) {
	signer := testSigner(b)
	template := mustBuild(b, binanceBuilder(signer, limitSpec(), testIDs), signer)
	dst := make([]byte, template.Len())
	for _, row := range []struct {
		name       string
		price, qty uint64
		sign       bool
	}{{"all", 1, 1, false}, {"qty stays", 1, 0, false}, {"price and qty stay", 0, 0, false}, {"all, signed", 1, 1, true}} {
		v := orders.Values{WallNanos: 1_700_000_000_000_000_000}
		b.Run(fmt.Sprintf("changes=%s/bytes=%d", row.name, template.Len()), func(b *testing.B) {
			for b.Loop() {
				v.ID++
				v.WallNanos += 1e6
				v.Price = fixed.Number{Mantissa: int64(6412345 + v.ID*row.price%100000), Scale: 2}
				v.Qty = fixed.Number{Mantissa: int64(1000 + v.ID*row.qty%9000), Scale: 5}
				template.Patch(dst, v)
				if row.sign {
					template.Sign(dst, signer)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	signer := testSigner(b)
	template := mustBuild(b, binanceBuilder(signer, limitSpec(), testIDs), signer)
	dst := make([]byte, template.Len())
	template.Patch(dst, orders.Values{ID: 1, WallNanos: 1_700_000_000_000_000_000, Price: fixed.Number{Mantissa: 6412345, Scale: 2}})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			template.Sign(dst, signer)
		}
	})
	template.Prime(1)
	b.Run("primed", func(b *testing.B) {
		for b.Loop() {
			template.Sign(dst, signer)
		}
	})
}
