package orders

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"orderwire/orders/fixed"
)

// TemplateBuilder puts a template together, cold: a dialect writes the payload piece by piece as the venue wants
// it, then the text that is signed. Every mistake is an error of Build; none is found at the trigger.
//
//	b := orders.NewTemplateBuilder(orders.FrameText, spec, ids)
//	b.Text(`{"id":"`).Field(orders.FieldRequestID, orders.FormText).Text(`","params":{"price":"`)
//	b.Field(orders.FieldPrice, orders.FormQuoted).Text(`,"signature":"`).Field(orders.FieldSignature, orders.FormHex).Text(`"}}`)
//	b.Canon("price=").CanonField(orders.FieldPrice)
//	t, err := b.Build(signer)
type TemplateBuilder struct {
	framing   Framing
	spec      Spec
	ids       IDSpace
	priceInt  int
	qtyInt    int
	payload   []piece
	canon     []piece
	bodyAt    int // index into payload at which the HTTP body begins, -1 without
	signsBody bool
	laid      []laid
	err       error
}

// piece is static text or a field.
type piece struct {
	text   Secret // also where it is none: a builder is not printed
	field  Field
	form   Form
	secret bool
	length bool // the length of the body, known at Build
}

// Defaults and limits of a template.
const (
	DefaultIntDigits = 8 // of prices and quantities before the dot
	maxTemplateBytes = 16384
	maxDigits        = 18 // what an int64 mantissa can always hold
)

// NewTemplateBuilder begins a template of spec whose client ids are of ids.
func NewTemplateBuilder(framing Framing, spec Spec, ids IDSpace) *TemplateBuilder {
	b := &TemplateBuilder{framing: framing, spec: spec, ids: ids, bodyAt: -1}
	b.priceInt = min(DefaultIntDigits, maxDigits-int(spec.PriceScale))
	b.qtyInt = min(DefaultIntDigits, maxDigits-int(spec.QtyScale))
	b.fail(ids.check())
	if framing > FrameHTTP {
		b.fail(errors.New("orders: template: framing is unknown"))
	}
	if spec.PriceScale > maxDigits-1 || spec.QtyScale > maxDigits-1 {
		b.fail(fmt.Errorf("orders: template: price_scale %d and qty_scale %d must be at most %d", spec.PriceScale, spec.QtyScale, maxDigits-1))
	}
	if spec.WindowMillis < 0 {
		b.fail(fmt.Errorf("orders: template: window of %d ms is negative", spec.WindowMillis))
	}
	return b
}

// fail keeps the first error.
func (b *TemplateBuilder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// IntDigits sets how many digits prices and quantities may have before the dot.
func (b *TemplateBuilder) IntDigits(price, qty int) *TemplateBuilder {
	if price < 1 || qty < 1 || price+int(b.spec.PriceScale) > maxDigits || qty+int(b.spec.QtyScale) > maxDigits {
		b.fail(fmt.Errorf("orders: template: %d and %d integer digits do not fit %d digits in all", price, qty, maxDigits))
		return b
	}
	b.priceInt, b.qtyInt = price, qty
	return b
}

// Text appends static bytes to the payload, as they are.
func (b *TemplateBuilder) Text(text string) *TemplateBuilder {
	b.payload = append(b.payload, piece{text: NewSecret([]byte(text))})
	return b
}

// JSON appends text as the inside of a JSON string, escaped.
func (b *TemplateBuilder) JSON(text string) *TemplateBuilder {
	quoted, err := json.Marshal(text)
	if err != nil {
		b.fail(err)
		return b
	}
	return b.Text(string(quoted[1 : len(quoted)-1]))
}

// SecretText appends static bytes that recordings must not hold: api key, token, passphrase.
func (b *TemplateBuilder) SecretText(text string) *TemplateBuilder {
	b.payload = append(b.payload, piece{text: NewSecret([]byte(text)), secret: true})
	return b
}

// Field appends a slot.
func (b *TemplateBuilder) Field(field Field, form Form) *TemplateBuilder {
	if !allowed(field, form) {
		b.fail(fmt.Errorf("orders: template: field %s cannot be written in form %d", field, form))
	}
	b.payload = append(b.payload, piece{field: field, form: form})
	return b
}

// Align appends white space so that what stands ahead bytes further on begins at an offset that leaves remainder
// when divided by boundary. Kernels want the signature on 16 bytes of the record, frame header included.
func (b *TemplateBuilder) Align(ahead, boundary, remainder int) *TemplateBuilder {
	if boundary < 1 || boundary > 64 || ahead < 0 || remainder < 0 || remainder >= boundary {
		b.fail(fmt.Errorf("orders: template: cannot align to %d of %d", remainder, boundary))
		return b
	}
	at := ahead
	for i := range b.payload {
		at += b.width(&b.payload[i])
	}
	return b.Text(strings.Repeat(" ", ((remainder-at)%boundary+boundary)%boundary))
}

// Body marks where the body of an HTTP request begins.
func (b *TemplateBuilder) Body() *TemplateBuilder {
	if b.bodyAt >= 0 {
		b.fail(errors.New("orders: template: has two bodies"))
	}
	b.bodyAt = len(b.payload)
	return b
}

// BodyLength appends the length of the body in decimal, for Content-Length.
func (b *TemplateBuilder) BodyLength() *TemplateBuilder {
	b.payload = append(b.payload, piece{length: true})
	return b
}

// Canon appends static bytes to the signed text.
func (b *TemplateBuilder) Canon(text string) *TemplateBuilder {
	b.canon = append(b.canon, piece{text: NewSecret([]byte(text))})
	return b
}

// CanonField appends to the signed text what the payload's slot of field holds, without its padding.
func (b *TemplateBuilder) CanonField(field Field) *TemplateBuilder {
	b.canon = append(b.canon, piece{field: field})
	return b
}

// CanonBody ends the signed text with the body, byte for byte as it is sent.
func (b *TemplateBuilder) CanonBody() *TemplateBuilder {
	b.signsBody = true
	return b
}

// Build compiles the template and proves it: a sample order is patched, signed and checked.
func (b *TemplateBuilder) Build(signer *Signer) (*Template, error) {
	if b.err != nil {
		return nil, b.err
	}
	c := &compiled{framing: b.framing, spec: b.spec}
	for _, step := range []func(*compiled) error{b.layPayload, b.checkFields, b.layCanon} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	if err := b.bind(c, signer); err != nil {
		return nil, err
	}
	t := &Template{compiled: func() *compiled { return c }}
	if err := b.prove(t); err != nil {
		return nil, err
	}
	return t, nil
}

// prove patches a sample. JSON that is not well-formed is found here, whoever wrote it.
func (b *TemplateBuilder) prove(t *Template) error {
	c := t.compiled()
	payload := make([]byte, t.Len())
	t.Patch(payload, Values{
		ID: 1, Target: 1, WallNanos: sampleNanos,
		Price: fixed.Number{Mantissa: 1, Scale: b.spec.PriceScale}, Qty: fixed.Number{Mantissa: 1, Scale: b.spec.QtyScale},
	})
	t.Sign(payload, c.plan.signer)
	switch {
	case b.framing == FrameText && !json.Valid(payload):
		return errors.New("orders: template: the payload is not JSON")
	case b.framing == FrameHTTP && b.bodyAt < 0 && !bytes.HasSuffix(payload, []byte("\r\n\r\n")):
		return errors.New("orders: template: the request's head has no end")
	case b.framing == FrameHTTP && b.bodyAt >= 0:
		head := payload[:c.bodyStart]
		if !bytes.HasSuffix(head, []byte("\r\n\r\n")) || bytes.Index(head, []byte("\r\n\r\n")) != len(head)-4 {
			return errors.New("orders: template: the body does not begin where the request's head ends")
		}
		if body := payload[c.bodyStart:]; len(body) > 0 && !json.Valid(body) {
			return errors.New("orders: template: the body is not JSON")
		}
	}
	return nil
}

// sampleNanos is 2023-11-14T22:13:20Z, a time of 13 digits in ms.
const sampleNanos = 1_700_000_000 * 1_000_000_000
