package orders

import (
	"fmt"

	"orderwire/orders/fixed"
	"orderwire/orders/hmac256"
)

// Field names a value that changes from order to order.
type Field uint8

// The fields of a template. Widths are fixed when it is compiled.
const (
	FieldNone       Field = iota
	FieldRequestID        // what the venue echoes in its reply
	FieldClientID         // the order's client id
	FieldTarget           // the client id a Cancel means
	FieldPrice            //
	FieldQty              //
	FieldTimeMillis       // venue time, ms since the Unix epoch
	FieldTimeSecs         // venue time, s since the Unix epoch
	FieldDeadline         // RFC 3339 time with ms: venue time + window
	FieldSignature        // made by Sign
)

// Framing is how a template's bytes become a message.
type Framing uint8

// The framings.
const (
	FrameText Framing = iota // one WebSocket text frame
	FrameHTTP                // a whole HTTP/1.1 request: sent as it is
)

// Template is one order, compiled when cold: its bytes, the slots that change, and the plan by which it is
// signed. The hot path runs it; no dialect is asked. One loop owns it.
//
// A slot's width is fixed and so is the length of the whole: a shorter number is followed by JSON white space,
// outside its quotes. What is signed has no such padding; it is kept beside the payload in its own buffer (plan).
type Template struct {
	// Behind a closure, like the bytes of a Secret: fmt follows slices and, for verbs that do not suit them, pointers too.
	compiled func() *compiled
}

// compiled is what a Template is made of.
type compiled struct {
	framing   Framing
	spec      Spec
	image     []byte // the payload, with the numbers and the time of the last Patch: what stays the same is not rendered again
	slots     []slot // in payload order, without the signature
	plan      plan
	stamp     stamp // the deadline's calendar part, kept from order to order
	secrets   []Span
	priceMax  uint64 // mantissas past these do not fit their slots; 0: the template has no such slot
	qtyMax    uint64
	bodyStart int    // of an HTTP request, -1 without a body
	lastID    uint64 // of the last Patch
	bookOf    *Tracker
	book      int32 // of bookOf
}

// Span is a range of bytes of a patched payload: payload[From:To].
type Span struct{ From, To int }

// Patch writes the whole payload to dst and returns its length. It allocates nothing.
//
// Shape:  len(dst) >= Len().
// Panics: on a value that Fits would have refused, and on an id past CounterMax: never a truncation.
func (t *Template) Patch(dst []byte, v Values) int {
	c := t.compiled()
	n := copy(dst[:len(c.image)], c.image)
	c.lastID = v.ID
	var id, target counterText
	id.make(v.ID)
	for i := range c.slots {
		s := &c.slots[i]
		out := dst[s.at : s.at+s.width]
		switch s.render {
		case renderCounter:
			id.put(out)
			if s.signed >= 0 {
				id.put(c.plan.text[s.signed:])
			}
		case renderPrice:
			if v.Price != s.last {
				c.putNumber(s, out, &v.Price)
			}
		case renderQty:
			if v.Qty != s.last {
				c.putNumber(s, out, &v.Qty)
			}
		case renderMillis:
			if ms := v.WallNanos / 1e6; ms != s.last.Mantissa {
				c.putMillis(s, out, ms)
			}
		case renderTarget:
			target.make(v.Target)
			target.put(out)
			if s.signed >= 0 {
				target.put(c.plan.text[s.signed:])
			}
		default:
			c.putRare(s, out, &v)
		}
	}
	return n
}

// Sign computes the signature of the order that was patched last and writes it into its slot in payload, which
// is what that Patch wrote. s must be the signer that the template was built with. It allocates nothing.
func (t *Template) Sign(payload []byte, s *Signer) {
	c := t.compiled()
	p := &c.plan
	if p.encoding == formNone {
		return
	}
	if s != p.signer {
		panic("orders: template is signed by another signer than it was built with")
	}
	prefix := p.prefix
	if p.ahead.id != 0 && p.ahead.id == c.lastID {
		prefix = p.ahead.prefix
	}
	end := p.len
	if p.body.To > 0 {
		end += copy(p.text[p.len:], payload[p.body.From:p.body.To])
	}
	text, out := p.text[prefix.Absorbed():end], payload[p.slot.From:p.slot.To]
	if p.encoding == FormHex {
		hmac256.SumHex(prefix, text, out)
		return
	}
	hmac256.SumBase64(prefix, text, out)
}

// Prime hashes ahead, in an idle turn, what the id alone determines of the signed text: Sign is then a block shorter for
// that id, and as before for any other. It does nothing where no whole block is gained, and allocates nothing.
//
// Shape: 1 <= id <= CounterMax.
func (t *Template) Prime(id uint64) {
	c := t.compiled()
	if a := &c.plan.ahead; a.prefix != nil && a.id != id {
		a.prime(c.plan.prefix, id)
	}
}

// Len is the length of every payload of the template.
func (t *Template) Len() int { return len(t.compiled().image) }

// Fits tells whether price and qty can be written exactly: not negative, inside the slots, and without a decimal
// more than the template has. A number the template does not carry is not asked.
func (t *Template) Fits(price, qty fixed.Number) bool {
	c := t.compiled()
	return fits(price, int(c.spec.PriceScale), c.priceMax) && fits(qty, int(c.spec.QtyScale), c.qtyMax)
}

func fits(v fixed.Number, scale int, most uint64) bool {
	if most == 0 {
		return true
	}
	mantissa, ok := rescaled(v, scale)
	return ok && mantissa <= most
}

// Framing tells how the patched bytes become a message.
func (t *Template) Framing() Framing { return t.compiled().framing }

// Spec is what the template was compiled from.
func (t *Template) Spec() Spec { return t.compiled().spec }

// Signature is where Sign writes; ok is false where the template carries none.
func (t *Template) Signature() (span Span, ok bool) {
	p := &t.compiled().plan
	return p.slot, p.encoding != formNone
}

// Secrets are the ranges of a patched payload that must not be recorded: signature, api key, token, passphrase.
// The result is the template's own.
func (t *Template) Secrets() []Span { return t.compiled().secrets }

// Redact overwrites the secret ranges of a copy of a patched payload with asterisks.
func (t *Template) Redact(payload []byte) {
	for _, span := range t.compiled().secrets {
		for i := span.From; i < span.To && i < len(payload); i++ {
			payload[i] = '*'
		}
	}
}

// Wipe forgets the credentials and midstates inside the template, which is void afterwards.
func (t *Template) Wipe() {
	c := t.compiled()
	clear(c.image)
	clear(c.plan.text)
	clear(c.plan.ahead.text)
	for _, prefix := range []*hmac256.Prefix{c.plan.prefix, c.plan.ahead.prefix} {
		if prefix != nil {
			prefix.Wipe()
		}
	}
	*c = compiled{}
}

// Format redacts: the image holds credentials.
func (t Template) Format(f fmt.State, verb rune) { Secret{}.Format(f, verb) }
