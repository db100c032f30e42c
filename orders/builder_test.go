package orders_test

import (
	"encoding/json"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// TestBuildRefuses: what is wrong with a template is said when it is built.
func TestBuildRefuses(t *testing.T) {
	signer := testSigner(t)
	session, err := orders.NewSessionSigner("key")
	if err != nil {
		t.Fatal(err)
	}
	type builder = orders.TemplateBuilder
	limit := func(b *builder) *builder {
		return b.Text(`{"i":"`).Field(orders.FieldClientID, orders.FormText).Text(`","p":"`).Field(orders.FieldPrice, orders.FormQuoted).
			Text(`,"q":"`).Field(orders.FieldQty, orders.FormQuoted)
	}
	for _, row := range []struct {
		name, want string
		spec       func(*orders.Spec)
		ids        func(*orders.IDSpace)
		make       func(*builder)
		signer     *orders.Signer
	}{
		{name: "good", make: func(b *builder) { limit(b).Text("}") }},
		{name: "nothing", want: "is empty", spec: func(s *orders.Spec) { s.Action = orders.CancelAll }, make: func(*builder) {}},
		{name: "no client id", want: "has no client id", make: func(b *builder) { b.Text("{}") }},
		{name: "no quantity", want: "has no quantity", make: func(b *builder) { b.Text(`"`).Field(orders.FieldClientID, orders.FormText).Text(`"`) }},
		{name: "no price", want: "has no price", make: func(b *builder) {
			b.Text(`["`).Field(orders.FieldClientID, orders.FormText).Text(`",`).Field(orders.FieldQty, orders.FormBare).Text("]")
		}},
		{name: "no target", want: "has no target", spec: func(s *orders.Spec) { s.Action = orders.Cancel }, make: func(b *builder) { b.Text("{}") }},
		{name: "no JSON", want: "is not JSON", make: func(b *builder) { limit(b) }},
		{name: "wrong form", want: "cannot be written", make: func(b *builder) { b.Field(orders.FieldPrice, orders.FormHex) }},
		{name: "unknown field", want: "cannot be written", make: func(b *builder) { b.Field(orders.Field(99), orders.FormText) }},
		{name: "too long", want: "longer than", make: func(b *builder) { limit(b).Text(strings.Repeat(" ", 1<<16)).Text("}") }},
		{name: "digits", want: "do not fit 18", make: func(b *builder) { b.IntDigits(17, 1) }},
		{name: "scale", want: "must be at most 17", spec: func(s *orders.Spec) { s.PriceScale = 18 }, make: func(b *builder) { limit(b) }},
		{name: "window", want: "is negative", spec: func(s *orders.Spec) { s.WindowMillis = -1 }, make: func(b *builder) { limit(b) }},
		{name: "align", want: "cannot align", make: func(b *builder) { b.Align(0, 0, 0) }},
		{name: "id prefix empty", want: "must have 1 to 3", ids: func(s *orders.IDSpace) { s.Prefix = "" }, make: func(b *builder) { limit(b) }},
		{name: "id prefix long", want: "must have 1 to 3", ids: func(s *orders.IDSpace) { s.Prefix = "abcd" }, make: func(b *builder) { limit(b) }},
		{name: "id prefix alphabet", want: "must be of a-z", ids: func(s *orders.IDSpace) { s.Prefix = "a-" }, make: func(b *builder) { limit(b) }},
		{name: "epoch", want: "is past", ids: func(s *orders.IDSpace) { s.Epoch = orders.EpochMax + 1 }, make: func(b *builder) { limit(b) }},
		{name: "signature without text", want: "a signature needs", make: func(b *builder) {
			limit(b).Text(`,"s":"`).Field(orders.FieldSignature, orders.FormHex).Text(`"}`)
		}},
		{name: "text without signature", want: "a signature needs", make: func(b *builder) { limit(b).Text("}").Canon("x") }},
		{name: "two signatures", want: "two signatures", make: func(b *builder) {
			limit(b).Field(orders.FieldSignature, orders.FormHex).Field(orders.FieldSignature, orders.FormHex)
		}},
		{name: "sent and not signed", want: "qty is sent and not signed", make: func(b *builder) {
			limit(b).Text(`,"s":"`).Field(orders.FieldSignature, orders.FormHex).Text(`"}`)
			b.CanonField(orders.FieldClientID).CanonField(orders.FieldPrice)
		}},
		{name: "signed and not sent", want: "is signed and not sent", make: func(b *builder) {
			limit(b).Text(`,"s":"`).Field(orders.FieldSignature, orders.FormHex).Text(`"}`).CanonField(orders.FieldTimeMillis)
		}},
		{name: "signed twice", want: "is signed twice", make: func(b *builder) {
			limit(b).Text(`,"s":"`).Field(orders.FieldSignature, orders.FormHex).Text(`"}`).CanonField(orders.FieldPrice).CanonField(orders.FieldPrice)
		}},
		{name: "signer cannot", want: "the signer cannot", signer: session, make: func(b *builder) {
			limit(b).Text(`,"s":"`).Field(orders.FieldSignature, orders.FormHex).Text(`"}`)
			b.CanonField(orders.FieldClientID).CanonField(orders.FieldPrice).CanonField(orders.FieldQty)
		}},
		{name: "body in text frame", want: "only an HTTP request", make: func(b *builder) { b.Body(); limit(b).Text("}") }},
		{name: "two bodies", want: "two bodies", make: func(b *builder) { b.Body().Body() }},
		{name: "signs no body", want: "does not have", make: func(b *builder) {
			limit(b).Text(`,"s":"`).Field(orders.FieldSignature, orders.FormHex).Text(`"}`).CanonBody()
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			spec, ids := limitSpec(), testIDs
			if row.spec != nil {
				row.spec(&spec)
			}
			if row.ids != nil {
				row.ids(&ids)
			}
			b := orders.NewTemplateBuilder(orders.FrameText, spec, ids)
			row.make(b)
			if row.signer == nil {
				row.signer = signer
			}
			template, err := b.Build(row.signer)
			if row.want == "" {
				if err != nil || template == nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.want) || template != nil {
				t.Fatalf("%v, %v, want %q", template, err, row.want)
			}
		})
	}
}

func TestBuildRefusesBrokenHTTP(t *testing.T) {
	session, err := orders.NewSessionSigner("key")
	if err != nil {
		t.Fatal(err)
	}
	spec := orders.Spec{Action: orders.CancelAll}
	for _, row := range []struct{ name, head, body, want string }{
		{"no end of head", "DELETE /orders HTTP/1.1\r\n", "", "has no end"},
		{"body too early", "POST / HTTP/1.1\r\n", "{}", "does not begin where"},
		{"head ends twice", "POST / HTTP/1.1\r\n\r\nX: y\r\n\r\n", "{}", "does not begin where"},
		{"body no JSON", "POST / HTTP/1.1\r\n\r\n", "{", "body is not JSON"},
		{"good", "POST / HTTP/1.1\r\n\r\n", "{}", ""},
		{"good without body", "DELETE /orders HTTP/1.1\r\n\r\n", "", ""},
	} {
		b := orders.NewTemplateBuilder(orders.FrameHTTP, spec, testIDs).Text(row.head)
		if row.body != "" {
			b.Body().Text(row.body)
		}
		template, err := b.Build(session)
		if row.want == "" {
			if err != nil || template.Framing() != orders.FrameHTTP {
				t.Errorf("%s: %v", row.name, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

func TestBuildTwiceIsEqual(t *testing.T) {
	signer := testSigner(t)
	b := binanceBuilder(signer, limitSpec(), testIDs)
	var payloads [2]string
	for i := range payloads {
		template := mustBuild(t, b, signer)
		payload := make([]byte, template.Len())
		template.Patch(payload, orders.Values{ID: 3, WallNanos: 1_700_000_000_000_000_000, Price: fixed.Number{Mantissa: 5, Scale: 2}})
		template.Sign(payload, signer)
		payloads[i] = string(payload)
	}
	if payloads[0] != payloads[1] {
		t.Fatalf("%s\n%s", payloads[0], payloads[1])
	}
}

func TestJSONTextIsEscaped(t *testing.T) {
	session, err := orders.NewSessionSigner("key")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"BTCUSDT", `a"`, `\`, "１２３", "line\nfeed\x00", "<&>"} {
		b := orders.NewTemplateBuilder(orders.FrameText, orders.Spec{Action: orders.CancelAll}, testIDs).Text(`{"s":"`).JSON(text).Text(`"}`)
		template := mustBuild(t, b, session)
		payload := make([]byte, template.Len())
		template.Patch(payload, orders.Values{})
		var message struct{ S string }
		if err := json.Unmarshal(payload, &message); err != nil || message.S != text {
			t.Errorf("%q became %q: %v", text, message.S, err)
		}
	}
}

func TestSignWithAnotherSignerPanics(t *testing.T) {
	signer := testSigner(t)
	template := mustBuild(t, binanceBuilder(signer, limitSpec(), testIDs), signer)
	defer func() {
		if recover() == nil {
			t.Fatal("signed under a key that the template was not built with")
		}
	}()
	template.Sign(make([]byte, template.Len()), testSigner(t))
}

// FuzzTemplate compiles pieces drawn from script. No piece and no order may panic, and what Build accepts is JSON of
// the length it says for every value that Fits.
func FuzzTemplate(f *testing.F) {
	f.Add([]byte("\x01{\x05\x02\x06\x07\x08"), uint8(2), uint8(5), uint64(1), int64(5))
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"), uint8(17), uint8(0), uint64(9999999999), int64(999999999))
	signer, err := orders.NewHMACSigner("key", orders.NewSecret([]byte("secret")))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, script []byte, priceScale, qtyScale uint8, id uint64, mantissa int64) {
		script = script[:min(len(script), 64)]
		spec := limitSpec()
		spec.PriceScale, spec.QtyScale = priceScale, qtyScale
		framing := orders.Framing(len(script) % 2)
		ids := orders.IDSpace{Prefix: "ow", Form: orders.IDForm(id % 3)}
		b := orders.NewTemplateBuilder(framing, spec, ids)
		runScript(b, script)
		template, err := b.Build(signer)
		if err != nil {
			return
		}
		v := orders.Values{ID: id % (orders.CounterMax + 1), Target: id % 1000, WallNanos: 1_700_000_000_000_000_000}
		v.Price, v.Qty = fixed.Number{Mantissa: mantissa, Scale: priceScale}, fixed.Number{Mantissa: mantissa / 3, Scale: qtyScale}
		if !template.Fits(v.Price, v.Qty) {
			return
		}
		payload := make([]byte, template.Len())
		if n := template.Patch(payload, v); n != template.Len() {
			t.Fatalf("%d bytes, want %d", n, template.Len())
		}
		template.Sign(payload, signer)
		if template.Framing() == orders.FrameText && !json.Valid(payload) {
			t.Fatalf("no JSON: %s", payload)
		}
	})
}

// runScript turns bytes into calls of a builder; one in eight bytes is text of its own.
func runScript(b *orders.TemplateBuilder, script []byte) {
	texts := []string{`{"a":"`, `","b":"`, `,"c":"`, `}`, `"}`, `,"d":`, "\r\n\r\n", ""}
	for i, op := range script {
		switch op % 16 {
		case 0, 1, 2, 3:
			b.Text(texts[(int(op)/16+i)%len(texts)])
		case 4:
			b.SecretText(string(script[:i]))
		case 5, 6, 7, 8, 9:
			b.Field(orders.Field(op/16), orders.Form(op%8))
		case 10:
			b.Canon(string(script[i:]))
		case 11:
			b.CanonField(orders.Field(op / 16))
		case 12:
			b.CanonBody()
		case 13:
			b.Body()
		case 14:
			b.BodyLength().Align(int(op), int(op/8), int(op/64))
		default:
			b.JSON(string(script)).IntDigits(int(op/16), i)
		}
	}
}
