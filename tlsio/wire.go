package tlsio

import "orderwire/tlsio/record"

// cursor reads the presentation language of TLS. After a short read it is bad, and every further read gives zero.
// Source: RFC 8446 §3.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || len(c.rest) < n {
		c.bad = true
		return nil
	}
	part := c.rest[:n:n]
	c.rest = c.rest[n:]
	return part
}

func (c *cursor) number(size int) int {
	value := 0
	for _, b := range c.take(size) {
		value = value<<8 | int(b)
	}
	return value
}

// vector takes a vector whose length has size bytes.
func (c *cursor) vector(size int) []byte { return c.take(c.number(size)) }

// done tells that all was read, and nothing was missing.
func (c *cursor) done() bool { return !c.bad && len(c.rest) == 0 }

// extension is one entry of an extension block.
type extension struct {
	kind uint16
	data []byte
}

// parseExtensions reads a block of extensions, without its length.
func parseExtensions(block []byte) (list []extension, ok bool) {
	c := cursor{rest: block}
	for len(c.rest) > 0 {
		kind := c.number(2)
		data := c.vector(2)
		if c.bad {
			return nil, false
		}
		list = append(list, extension{uint16(kind), data})
	}
	return list, true
}

// find returns the data of an extension.
func find(list []extension, kind uint16) ([]byte, bool) {
	for _, e := range list {
		if e.kind == kind {
			return e.data, true
		}
	}
	return nil, false
}

// twice returns the first extension that comes twice.
func twice(list []extension) (kind uint16, found bool) {
	for i, e := range list {
		for _, earlier := range list[:i] {
			if earlier.kind == e.kind {
				return e.kind, true
			}
		}
	}
	return 0, false
}

// Extension numbers. Source: the IANA registry "TLS ExtensionType Values".
const (
	extensionServerName        = 0
	extensionStatusRequest     = 5
	extensionSupportedGroups   = 10
	extensionPointFormats      = 11
	extensionSignatures        = 13
	extensionALPN              = 16
	extensionSCT               = 18
	extensionExtendedMaster    = 23
	extensionSessionTicket     = 35
	extensionPreSharedKey      = 41
	extensionSupportedVersions = 43
	extensionCookie            = 44
	extensionAuthorities       = 47
	extensionKeyShare          = 51
	extensionECH               = 0xfe0d
	extensionRenegotiationInfo = 0xff01
)

// offer is what the latest ClientHello said.
type offer struct {
	random     [32]byte
	sessionID  []byte
	suites     []uint16
	extensions []extension
	groups     []uint16
	signatures []uint16
	protocols  []string
}

func (o *offer) offered(kind uint16) bool {
	_, ok := find(o.extensions, kind)
	return ok
}

// parseClientHello reads our own hello from the wire. Source: RFC 8446 §4.1.2.
func parseClientHello(body []byte) (offer, bool) {
	var o offer
	c := cursor{rest: append([]byte(nil), body...)}
	c.number(2)
	copy(o.random[:], c.take(32))
	o.sessionID = c.vector(1)
	for s := (cursor{rest: c.vector(2)}); len(s.rest) > 1; {
		o.suites = append(o.suites, uint16(s.number(2)))
	}
	c.vector(1)
	list, ok := parseExtensions(c.vector(2))
	if !ok || !c.done() {
		return offer{}, false
	}
	o.extensions = list
	o.groups, o.signatures = numbers(list, extensionSupportedGroups), numbers(list, extensionSignatures)
	if data, ok := find(list, extensionALPN); ok {
		e := cursor{rest: data}
		for s := (cursor{rest: e.vector(2)}); len(s.rest) > 0; {
			o.protocols = append(o.protocols, string(s.vector(1)))
		}
	}
	return o, true
}

// numbers reads an extension that is one list of two-byte numbers.
func numbers(list []extension, kind uint16) []uint16 {
	data, _ := find(list, kind)
	e := cursor{rest: data}
	var out []uint16
	for s := (cursor{rest: e.vector(2)}); len(s.rest) > 1; {
		out = append(out, uint16(s.number(2)))
	}
	return out
}

// serverHello is what a ServerHello says.
type serverHello struct {
	legacy        record.Version
	version       record.Version
	random        [32]byte
	sessionID     []byte
	suite         record.Suite
	compression   int
	extensions    []extension
	keyShareGroup uint16
	pskChosen     bool
}

// retryRandom marks a HelloRetryRequest. Source: RFC 8446 §4.1.3.
var retryRandom = [32]byte{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

func (h *serverHello) retry() bool { return h.version == record.TLS13 && h.random == retryRandom }

// parseServerHello reads the body of a ServerHello. Source: RFC 8446 §4.1.3, RFC 5246 §7.4.1.3.
func parseServerHello(body []byte) (serverHello, bool) {
	var h serverHello
	c := cursor{rest: body}
	h.legacy = record.Version(c.number(2))
	h.version = h.legacy
	copy(h.random[:], c.take(32))
	h.sessionID = c.vector(1)
	h.suite = record.Suite(c.number(2))
	h.compression = c.number(1)
	if !c.bad && len(c.rest) > 0 {
		list, ok := parseExtensions(c.vector(2))
		if !ok {
			return serverHello{}, false
		}
		h.extensions = list
	}
	if !c.done() {
		return serverHello{}, false
	}
	if data, ok := find(h.extensions, extensionSupportedVersions); ok {
		e := cursor{rest: data}
		h.version = record.Version(e.number(2))
		if !e.done() {
			return serverHello{}, false
		}
	}
	if data, ok := find(h.extensions, extensionKeyShare); ok {
		e := cursor{rest: data}
		h.keyShareGroup = uint16(e.number(2))
	}
	_, h.pskChosen = find(h.extensions, extensionPreSharedKey)
	return h, true
}
