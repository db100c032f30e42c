package orders

import (
	"errors"
	"fmt"
	"strconv"
)

// The steps of TemplateBuilder.Build that lay the pieces out.

// layPayload writes the image and makes the slots.
func (b *TemplateBuilder) layPayload(t *Template) error {
	if b.bodyAt >= 0 && b.framing != FrameHTTP {
		return errors.New("orders: template: only an HTTP request has a body")
	}
	t.bodyStart, b.laid = -1, nil
	for i := range b.payload {
		p := &b.payload[i]
		if i == b.bodyAt {
			t.bodyStart = len(t.image)
		}
		at := len(t.image)
		switch {
		case p.length:
			t.image = strconv.AppendInt(t.image, int64(b.bodyLength()), 10)
		case p.field == FieldNone:
			t.image = append(t.image, p.text...)
		default:
			if err := b.laySlot(t, p); err != nil {
				return err
			}
		}
		if p.secret || p.field == FieldSignature {
			t.secrets = append(t.secrets, Span{at, len(t.image)})
		}
		if len(t.image) > maxTemplateBytes {
			return fmt.Errorf("orders: template: is longer than %d bytes", maxTemplateBytes)
		}
	}
	if b.bodyAt == len(b.payload) {
		t.bodyStart = len(t.image)
	}
	if len(t.image) == 0 {
		return errors.New("orders: template: is empty")
	}
	return nil
}

// laySlot appends one slot. What is constant in it (prefix and epoch of an id) is already written.
func (b *TemplateBuilder) laySlot(t *Template, p *piece) error {
	at, width := len(t.image), b.width(p)
	for range width {
		t.image = append(t.image, ' ')
	}
	s := slot{form: p.form, at: at, width: width, signed: -1, render: renderOf(p.field, p.form)}
	switch p.field {
	case FieldSignature:
		if t.plan.encoding != formNone {
			return errors.New("orders: template: has two signatures")
		}
		t.plan.encoding, t.plan.slot = p.form, Span{at, at + width}
		return nil
	case FieldPrice:
		s.scale, s.most = b.spec.PriceScale, pow10[b.priceInt+int(b.spec.PriceScale)]-1
		t.priceMax = s.most
	case FieldQty:
		s.scale, s.most = b.spec.QtyScale, pow10[b.qtyInt+int(b.spec.QtyScale)]-1
		t.qtyMax = s.most
	case FieldClientID, FieldTarget, FieldRequestID:
		if p.form != FormBare && (p.field != FieldRequestID || p.form == FormID) {
			stem := b.stem()
			copy(t.image[at:], stem)
			s.at, s.width = at+len(stem), width-len(stem)
			if b.ids.Form == IDUUID {
				s.render = renderUUID
				if p.field == FieldTarget {
					s.render = renderUUIDTarget
				}
			}
		}
	}
	t.slots = append(t.slots, s)
	b.laid = append(b.laid, laid{field: p.field, index: len(t.slots) - 1})
	return nil
}

// laid remembers which field a slot is, while building.
type laid struct {
	field Field
	index int
}

// stem is the constant front of a client id.
func (b *TemplateBuilder) stem() []byte {
	if b.ids.Form == IDUUID {
		return b.ids.AppendText(nil, 0)[:uuidStem]
	}
	return b.ids.appendStem(nil)
}

// width is how many bytes a piece takes.
func (b *TemplateBuilder) width(p *piece) int {
	switch p.field {
	case FieldNone:
		if p.length {
			return len(strconv.Itoa(b.bodyLength()))
		}
		return len(p.text)
	case FieldPrice:
		return decimalWidth(b.priceInt, int(b.spec.PriceScale), p.form)
	case FieldQty:
		return decimalWidth(b.qtyInt, int(b.spec.QtyScale), p.form)
	case FieldClientID, FieldTarget:
		return b.ids.Width()
	case FieldRequestID:
		if p.form == FormID {
			return b.ids.Width()
		}
		return counterDigits
	case FieldTimeMillis:
		return len("1700000000000")
	case FieldTimeSecs:
		return len("1700000000")
	case FieldDeadline:
		return stampWidth
	}
	if p.form == FormBase64 {
		return base64Width
	}
	return hexWidth
}

func decimalWidth(intDigits, scale int, form Form) int {
	width := intDigits
	if scale > 0 {
		width += 1 + scale
	}
	if form == FormQuoted {
		width++
	}
	return width
}

// bodyLength is the length of all pieces of the body.
func (b *TemplateBuilder) bodyLength() int {
	n := 0
	for i := max(b.bodyAt, 0); b.bodyAt >= 0 && i < len(b.payload); i++ {
		if p := &b.payload[i]; !p.length { // a length inside the body is refused by checkFields
			n += b.width(p)
		}
	}
	return n
}

// renderOf resolves field and form.
func renderOf(field Field, form Form) render {
	switch field {
	case FieldTarget:
		return renderTarget
	case FieldPrice:
		return renderPrice
	case FieldQty:
		return renderQty
	case FieldTimeMillis:
		return renderMillis
	case FieldTimeSecs:
		return renderSecs
	case FieldDeadline:
		return renderDeadline
	}
	if form == FormBare {
		return renderBareID
	}
	return renderCounter
}

// allowed tells which forms a field has.
func allowed(field Field, form Form) bool {
	switch field {
	case FieldRequestID:
		return form == FormText || form == FormID || form == FormBare
	case FieldClientID, FieldTarget, FieldTimeMillis, FieldTimeSecs, FieldDeadline:
		return form == FormText
	case FieldPrice, FieldQty:
		return form == FormQuoted || form == FormBare
	case FieldSignature:
		return form == FormHex || form == FormBase64
	}
	return false
}

// checkFields refuses a payload that lacks what its action needs.
func (b *TemplateBuilder) checkFields(*Template) error {
	need := map[Field]string{}
	switch b.spec.Action {
	case Place, Test:
		need[FieldClientID], need[FieldQty] = "client id", "quantity"
		if b.spec.Type == Limit || b.spec.Type == PostOnly {
			need[FieldPrice] = "price"
		}
	case Cancel:
		need[FieldTarget] = "target"
	}
	for i := range b.payload {
		delete(need, b.payload[i].field)
		if b.payload[i].length && b.bodyAt >= 0 && i >= b.bodyAt {
			return errors.New("orders: template: the body holds its own length")
		}
	}
	for _, field := range []Field{FieldClientID, FieldQty, FieldPrice, FieldTarget} {
		if name, missing := need[field]; missing {
			return fmt.Errorf("orders: template: the payload has no %s", name)
		}
	}
	return nil
}

// layCanon writes the signed text for the first time and ties its fields to the payload's slots.
func (b *TemplateBuilder) layCanon(t *Template) error {
	p := &t.plan
	signs := len(b.canon) > 0 || b.signsBody
	if signs != (p.encoding != formNone) {
		return errors.New("orders: template: a signature needs a signed text, and the text a signature slot")
	}
	if !signs {
		return nil
	}
	covered := map[Field]bool{}
	room := 0
	for i := range b.canon {
		c := &b.canon[i]
		if c.field == FieldNone {
			p.text = append(p.text, c.text...)
			continue
		}
		s, err := b.signedSlot(t, c.field)
		if err != nil {
			return err
		}
		if covered[c.field] {
			return fmt.Errorf("orders: template: field %s is signed twice", c.field)
		}
		covered[c.field] = true
		p.text = append(p.text, b.constantOf(c.field, s)...)
		s.signed, s.text = len(p.text), s.width
		p.order = append(p.order, s)
		p.text = append(p.text, t.image[s.at:s.at+s.width]...)
		room += s.width
	}
	p.len = len(p.text)
	if b.signsBody {
		if t.bodyStart < 0 {
			return errors.New("orders: template: signs a body that it does not have")
		}
		p.body = Span{t.bodyStart, len(t.image)}
		room += p.body.To - p.body.From
	}
	p.text = append(p.text, make([]byte, room)...)
	return b.checkCovered(t, covered)
}

// signedSlot finds the payload's slot of a field of the signed text.
func (b *TemplateBuilder) signedSlot(t *Template, field Field) (*slot, error) {
	for _, l := range b.laid {
		if l.field == field && t.slots[l.index].render != renderBareID {
			return &t.slots[l.index], nil
		}
	}
	return nil, fmt.Errorf("orders: template: field %s is signed and not sent", field)
}

// constantOf is the front of an id that its slot does not repeat.
func (b *TemplateBuilder) constantOf(field Field, s *slot) []byte {
	if field != FieldClientID && field != FieldTarget && s.form != FormID {
		return nil
	}
	return b.stem()
}

// checkCovered refuses a field that is sent and that the signature does not protect.
func (b *TemplateBuilder) checkCovered(t *Template, covered map[Field]bool) error {
	for _, l := range b.laid {
		inBody := t.plan.body.To > 0 && t.slots[l.index].at >= t.plan.body.From
		if l.field != FieldRequestID && !covered[l.field] && !inBody {
			return fmt.Errorf("orders: template: field %s is sent and not signed", l.field)
		}
	}
	return nil
}

// bind ties the template to the signer whose key the plan absorbs.
func (b *TemplateBuilder) bind(t *Template, signer *Signer) error {
	t.plan.signer = signer
	if t.plan.encoding == formNone {
		return nil
	}
	if !signer.Signs() {
		return errors.New("orders: template: needs a signature, and the signer cannot make one")
	}
	constant := t.plan.len
	if len(t.plan.order) > 0 {
		constant = t.plan.order[0].signed
	}
	t.plan.prefix = signer.mac().Prefix(t.plan.text[:constant])
	return nil
}

var fieldNames = [...]string{
	"none", "request_id", "client_id", "target", "price", "qty", "time_millis", "time_secs", "deadline", "signature",
}

// String is the field's name in errors.
func (f Field) String() string {
	if int(f) < len(fieldNames) {
		return fieldNames[f]
	}
	return "field?"
}
