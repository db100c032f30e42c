package orders

import (
	"errors"
	"fmt"
	"strconv"

	"orderwire/orders/hmac256"
)

// The steps of TemplateBuilder.Build that lay the pieces out.

// layPayload writes the image and makes the slots.
func (b *TemplateBuilder) layPayload(c *compiled) error {
	if b.bodyAt >= 0 && b.framing != FrameHTTP {
		return errors.New("orders: template: only an HTTP request has a body")
	}
	c.bodyStart, b.laid = -1, nil
	for i := range b.payload {
		p := &b.payload[i]
		if i == b.bodyAt {
			c.bodyStart = len(c.image)
		}
		at := len(c.image)
		switch {
		case p.length:
			c.image = strconv.AppendInt(c.image, int64(b.bodyLength()), 10)
		case p.field == FieldNone:
			c.image = append(c.image, p.text.Reveal()...)
		default:
			if err := b.laySlot(c, p); err != nil {
				return err
			}
		}
		if p.secret || p.field == FieldSignature {
			c.secrets = append(c.secrets, Span{at, len(c.image)})
		}
		if len(c.image) > maxTemplateBytes {
			return fmt.Errorf("orders: template: is longer than %d bytes", maxTemplateBytes)
		}
	}
	if b.bodyAt == len(b.payload) {
		c.bodyStart = len(c.image)
	}
	if len(c.image) == 0 {
		return errors.New("orders: template: is empty")
	}
	return nil
}

// laySlot appends one slot. What is constant in it (prefix and epoch of an id) is already written.
func (b *TemplateBuilder) laySlot(c *compiled, p *piece) error {
	at, width := len(c.image), b.width(p)
	for range width {
		c.image = append(c.image, ' ')
	}
	s := slot{form: p.form, at: at, width: width, signed: -1, render: renderOf(p.field, p.form)}
	switch p.field {
	case FieldSignature:
		if c.plan.encoding != formNone {
			return errors.New("orders: template: has two signatures")
		}
		c.plan.encoding, c.plan.slot = p.form, Span{at, at + width}
		return nil
	case FieldPrice:
		s.scale, s.most = b.spec.PriceScale, pow10[b.priceInt+int(b.spec.PriceScale)]-1
		c.priceMax = s.most
	case FieldQty:
		s.scale, s.most = b.spec.QtyScale, pow10[b.qtyInt+int(b.spec.QtyScale)]-1
		c.qtyMax = s.most
	case FieldClientID, FieldTarget, FieldRequestID:
		if p.form != FormBare && (p.field != FieldRequestID || p.form == FormID) {
			stem := b.stem()
			copy(c.image[at:], stem)
			s.at, s.width = at+len(stem), width-len(stem)
			if b.ids.Form == IDUUID {
				s.render = renderUUID
				if p.field == FieldTarget {
					s.render = renderUUIDTarget
				}
			}
		}
	}
	s.prepare()
	c.slots = append(c.slots, s)
	b.laid = append(b.laid, laid{field: p.field, index: len(c.slots) - 1})
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
		return len(p.text.Reveal())
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
func (b *TemplateBuilder) checkFields(*compiled) error {
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
func (b *TemplateBuilder) layCanon(c *compiled) error {
	p := &c.plan
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
		signed := &b.canon[i]
		if signed.field == FieldNone {
			p.text = append(p.text, signed.text.Reveal()...)
			continue
		}
		s, err := b.signedSlot(c, signed.field)
		if err != nil {
			return err
		}
		if covered[signed.field] {
			return fmt.Errorf("orders: template: field %s is signed twice", signed.field)
		}
		covered[signed.field] = true
		p.text = append(p.text, b.constantOf(signed.field, s)...)
		s.signed, s.text = len(p.text), s.width
		p.order = append(p.order, s)
		p.text = append(p.text, c.image[s.at:s.at+s.width]...)
		room += s.width
	}
	p.len = len(p.text)
	if b.signsBody {
		if c.bodyStart < 0 {
			return errors.New("orders: template: signs a body that it does not have")
		}
		p.body = Span{c.bodyStart, len(c.image)}
		room += p.body.To - p.body.From
	}
	p.text = append(p.text, make([]byte, room)...)
	return b.checkCovered(c, covered)
}

// signedSlot finds the payload's slot of a field of the signed text.
func (b *TemplateBuilder) signedSlot(c *compiled, field Field) (*slot, error) {
	for _, l := range b.laid {
		if l.field == field && c.slots[l.index].render != renderBareID {
			return &c.slots[l.index], nil
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
func (b *TemplateBuilder) checkCovered(c *compiled, covered map[Field]bool) error {
	for _, l := range b.laid {
		inBody := c.plan.body.To > 0 && c.slots[l.index].at >= c.plan.body.From
		if l.field != FieldRequestID && !covered[l.field] && !inBody {
			return fmt.Errorf("orders: template: field %s is sent and not signed", l.field)
		}
	}
	return nil
}

// bind ties the template to the signer whose key the plan absorbs.
func (b *TemplateBuilder) bind(c *compiled, signer *Signer) error {
	c.plan.signer = signer
	if c.plan.encoding == formNone {
		return nil
	}
	if !signer.Signs() {
		return errors.New("orders: template: needs a signature, and the signer cannot make one")
	}
	constant := c.plan.len
	if len(c.plan.order) > 0 {
		constant = c.plan.order[0].signed
	}
	c.plan.prefix = signer.mac().Prefix(c.plan.text[:constant])
	b.bindAhead(c, signer)
	return nil
}

// bindAhead finds how far the id determines the signed text, and keeps what Prime needs if that gains a block.
func (b *TemplateBuilder) bindAhead(c *compiled, signer *Signer) {
	a := ahead{render: renderCounter}
	if b.ids.Form == IDUUID {
		a.render = renderUUID
	}
	end := c.plan.len
	for _, s := range c.plan.order {
		if s.render != a.render {
			end = s.signed
			break
		}
		a.ids = append(a.ids, s.signed)
	}
	if len(a.ids) == 0 || end/hmac256.BlockSize*hmac256.BlockSize <= c.plan.prefix.Absorbed() {
		return
	}
	a.text = append([]byte(nil), c.plan.text[:end]...)
	a.prefix = signer.mac().Prefix(nil)
	c.plan.ahead = a
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
