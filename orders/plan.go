package orders

import "orderwire/orders/hmac256"

// plan is how a template is signed: the text that the venue will rebuild from the request, kept complete and in
// place from order to order. A field whose length has not changed costs one small store; where a length changes,
// the rest of the text moves.
type plan struct {
	encoding Form // FormHex, FormBase64; formNone: not signed
	signer   *Signer
	prefix   *hmac256.Prefix
	text     []byte // the signed text; its capacity also holds the longest one and the body
	len      int
	order    []*slot // the slots inside text, in its order
	slot     Span    // of the signature in the payload
	body     Span    // of the payload, signed behind text; empty: none
	ahead    ahead
}

// ahead is the hash of one order as far as its id determines it, made in idle turns.
type ahead struct {
	prefix *hmac256.Prefix
	text   []byte // the front of the signed text up to the first field that only the trigger knows
	ids    []int  // where the id stands in text
	render render // how it is written
	id     uint64 // whose hash it is; 0: nobody's
}

// prime makes the hash of id.
func (a *ahead) prime(from *hmac256.Prefix, id uint64) {
	var digits counterText
	if a.render == renderCounter {
		digits.make(id)
	}
	for _, at := range a.ids {
		if a.render == renderCounter {
			digits.put(a.text[at:])
		} else {
			putUUIDCounter(a.text[at:], id)
		}
	}
	from.Extend(a.text[from.Absorbed():], a.prefix)
	a.id = id
}

// place is where s stands in the text, n bytes long.
func (p *plan) place(s *slot, n int) []byte {
	if n != s.text {
		p.resize(s, n)
	}
	return p.text[s.signed : s.signed+n]
}

// resize gives s room for n bytes and moves all behind it.
func (p *plan) resize(s *slot, n int) {
	by := n - s.text
	from := s.signed + s.text
	copy(p.text[from+by:p.len+by], p.text[from:p.len])
	for _, later := range p.order {
		if later.signed > s.signed {
			later.signed += by
		}
	}
	s.text = n
	p.len += by
}
