package tlsio

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"orderwire/tlsio/record"
)

// place says where an extension of the server stands.
type place uint8

const (
	inHello12   place = 1 << iota // ServerHello of TLS 1.2
	inHello13                     // ServerHello of TLS 1.3
	inRetry                       // HelloRetryRequest
	inEncrypted                   // EncryptedExtensions
	inEntry                       // an entry of a TLS 1.3 Certificate
)

// extensionRule says where an extension may stand, and what its data must look like.
type extensionRule struct {
	places place
	syntax func(at place, data []byte) bool
}

// extensionRules are the answers that a server may give to what our hellos offer. An extension that is not in this table is
// refused even if it was offered: a browser's hello offers some (GREASE) that no server may answer.
// Source: RFC 8446 §4.2 (table), RFC 6066, 5746, 7301, 6962, 7627, 8422, 5077, RFC 9849 (encrypted_client_hello).
var extensionRules = map[uint16]extensionRule{
	extensionServerName:        {inHello12 | inEncrypted, empty},
	extensionStatusRequest:     {inHello12 | inEntry, statusSyntax},
	extensionSupportedGroups:   {inHello12 | inEncrypted, anything}, // TLS 1.2 servers should not, some do, and nothing is read from it
	extensionPointFormats:      {inHello12, func(_ place, data []byte) bool { return oneVector(1, data) }},
	extensionALPN:              {inHello12 | inEncrypted, alpnSyntax},
	extensionSCT:               {inHello12 | inEntry, func(_ place, data []byte) bool { return listOf(2, data) }},
	extensionExtendedMaster:    {inHello12, empty},
	extensionSessionTicket:     {inHello12, empty},
	extensionRenegotiationInfo: {inHello12, func(_ place, data []byte) bool { c := cursor{rest: data}; c.vector(1); return c.done() }},
	extensionPreSharedKey:      {inHello13, func(_ place, data []byte) bool { return len(data) == 2 }},
	extensionSupportedVersions: {inHello13 | inRetry, func(_ place, data []byte) bool { return len(data) == 2 }},
	extensionCookie:            {inRetry, func(_ place, data []byte) bool { return oneVector(2, data) }},
	extensionKeyShare:          {inHello13 | inRetry, keyShareSyntax},
	extensionECH:               {inEncrypted | inRetry, anything}, // the answer to a GREASE of that name; the library judges it
}

func anything(place, []byte) bool     { return true }
func empty(_ place, data []byte) bool { return len(data) == 0 }
func oneVector(size int, d []byte) bool {
	c := cursor{rest: d}
	v := c.vector(size)
	return c.done() && len(v) > 0
}
func nonEmpty(c *cursor, size int) bool { return len(c.vector(size)) > 0 && !c.bad }
func listOf(size int, data []byte) bool { return listIn(size, size, data) }
func alpnSyntax(_ place, d []byte) bool { _, ok := parseProtocol(d); return ok }

// listIn tells that data is one vector of non-empty vectors, at least one.
func listIn(outer, inner int, data []byte) bool {
	c := cursor{rest: data}
	items := cursor{rest: c.vector(outer)}
	if !c.done() || len(items.rest) == 0 {
		return false
	}
	for len(items.rest) > 0 {
		if !nonEmpty(&items, inner) {
			return false
		}
	}
	return true
}

func statusSyntax(at place, data []byte) bool {
	if at == inHello12 {
		return len(data) == 0
	}
	return certificateStatus(data)
}

const statusOCSP = 1 // RFC 6066 §8

func certificateStatus(body []byte) bool {
	c := cursor{rest: body}
	return c.number(1) == statusOCSP && nonEmpty(&c, 3) && c.done()
}

func keyShareSyntax(at place, data []byte) bool {
	c := cursor{rest: data}
	c.number(2)
	if at == inHello13 && !nonEmpty(&c, 2) {
		return false
	}
	return c.done()
}

// parseProtocol reads the one protocol that a server may choose. Source: RFC 7301 §3.1.
func parseProtocol(data []byte) (string, bool) {
	c := cursor{rest: data}
	names := cursor{rest: c.vector(2)}
	name := names.vector(1)
	return string(name), c.done() && names.done() && len(name) > 0
}

func malformed(what string) *refusal {
	return &refusal{record.AlertDecodeError, errors.New("tlsio: malformed " + what)}
}

func illegal(what string) *refusal {
	return &refusal{record.AlertIllegalParameter, errors.New("tlsio: " + what)}
}

// answers checks a block of the server's extensions: known in this place, asked for, none twice, well formed.
func (f *flight) answers(list []extension, at place) error {
	if kind, found := twice(list); found {
		alert := record.AlertDecodeError
		if at == inHello13 || at == inRetry {
			alert = record.AlertIllegalParameter
		}
		return &refusal{alert, fmt.Errorf("tlsio: the server sent extension %d twice", kind)}
	}
	for _, e := range list {
		rule, known := extensionRules[e.kind]
		offered := f.offered.offered(e.kind) || at == inRetry && e.kind == extensionCookie
		if !known || rule.places&at == 0 || !offered {
			return &refusal{record.AlertUnsupportedExtension, fmt.Errorf("tlsio: the server sent extension %d, which was not asked for or does not belong there", e.kind)}
		}
		if !rule.syntax(at, e.data) {
			return malformed(fmt.Sprintf("extension %d", e.kind))
		}
	}
	return f.choices(list)
}

// choices checks what well-formed extensions choose.
func (f *flight) choices(list []extension) error {
	if data, ok := find(list, extensionALPN); ok {
		if name, _ := parseProtocol(data); !slices.Contains(f.offered.protocols, name) {
			return illegal("the server chose a protocol that was not offered")
		}
	}
	if data, ok := find(list, extensionPointFormats); ok && !bytes.Contains(data[1:], []byte{0}) {
		return illegal("the server cannot read uncompressed points") // RFC 8422 §5.1.2
	}
	if data, ok := find(list, extensionRenegotiationInfo); ok && len(data) != 1 {
		return &refusal{record.AlertHandshakeFailure, errors.New("tlsio: the server renegotiates in the first handshake")} // RFC 5746 §3.4
	}
	return nil
}

// checkHello checks what a ServerHello says beyond version and suite.
func (f *flight) checkHello(h serverHello) error {
	_, viaExtension := find(h.extensions, extensionSupportedVersions)
	switch {
	case len(h.sessionID) > 32:
		return malformed("ServerHello")
	case viaExtension && h.version != record.TLS13:
		return illegal("the server chose an old version by the new extension") // RFC 8446 §4.2.1
	case h.compression != 0:
		return illegal("the server chose a compression")
	case h.retry():
		return f.answers(h.extensions, inRetry)
	case h.version == record.TLS13:
		return f.answers(h.extensions, inHello13)
	}
	ticket, _ := find(f.offered.extensions, extensionSessionTicket)
	if len(h.sessionID) > 0 && bytes.Equal(h.sessionID, f.offered.sessionID) && len(ticket) == 0 {
		return illegal("the server resumes a session that was not offered")
	}
	return f.answers(h.extensions, inHello12)
}

// syntax checks the form of a message, for the right alert, before the library sees it. Messages with a form of their own
// (ServerHello, Finished, compressed certificates) are not here.
func (f *flight) syntax(kind byte, body []byte) error {
	c := cursor{rest: body}
	sealed := f.stage == stageSealed
	ok := true
	switch {
	case kind == messageEncryptedExtensions && sealed:
		list, whole := parseExtensions(c.vector(2))
		if !whole || !c.done() {
			return malformed("EncryptedExtensions")
		}
		return f.answers(list, inEncrypted)
	case kind == messageCertificate && sealed:
		return f.certificate13(body)
	case kind == messageCertificate:
		ok = listIn(3, 3, body)
	case kind == messageCertificateStatus && !sealed:
		ok = certificateStatus(body)
	case kind == messageCertificateRequest && sealed:
		return certificateRequest13(body)
	case kind == messageCertificateRequest:
		ok = certificateRequest12(body)
	case kind == messageServerHelloDone:
		ok = len(body) == 0
	case kind == messageNewSessionTicket && !sealed:
		c.number(4)
		c.vector(2)
		ok = c.done()
	case kind == messageCertificateVerify && sealed:
		c.number(2)
		ok = nonEmpty(&c, 2) && c.done()
	}
	if !ok {
		return malformed(fmt.Sprintf("handshake message of type %d", kind))
	}
	return nil
}

// certificate13 checks the form of a Certificate of TLS 1.3 and the extensions of its entries. Source: RFC 8446 §4.4.2.
func (f *flight) certificate13(body []byte) error {
	c := cursor{rest: body}
	context := c.vector(1)
	entries := cursor{rest: c.vector(3)}
	if !c.done() || len(context) != 0 {
		return malformed("Certificate")
	}
	for len(entries.rest) > 0 {
		good := nonEmpty(&entries, 3)
		list, whole := parseExtensions(entries.vector(2))
		if !good || entries.bad || !whole {
			return malformed("Certificate")
		}
		if err := f.answers(list, inEntry); err != nil {
			return err
		}
	}
	return nil
}

// certificateRequest13 checks the form of a CertificateRequest. Unknown extensions are legal in it. Source: RFC 8446 §4.3.2.
func certificateRequest13(body []byte) error {
	c := cursor{rest: body}
	c.vector(1)
	list, whole := parseExtensions(c.vector(2))
	if !whole || !c.done() {
		return malformed("CertificateRequest")
	}
	if kind, found := twice(list); found {
		return illegal(fmt.Sprintf("the server sent extension %d twice", kind))
	}
	signatures, present := find(list, extensionSignatures)
	if !present {
		return &refusal{record.AlertMissingExtension, errors.New("tlsio: CertificateRequest without signature_algorithms")}
	}
	authorities, named := find(list, extensionAuthorities)
	if !oneVector(2, signatures) || len(signatures)%2 != 0 || named && !listOf(2, authorities) {
		return malformed("CertificateRequest")
	}
	return nil
}

// certificateRequest12 checks the form of a CertificateRequest. Source: RFC 5246 §7.4.4.
func certificateRequest12(body []byte) bool {
	c := cursor{rest: body}
	types, signatures := c.vector(1), c.vector(2)
	authorities := cursor{rest: c.vector(2)}
	if !c.done() || len(types) == 0 || len(signatures) == 0 || len(signatures)%2 != 0 {
		return false
	}
	for len(authorities.rest) > 0 {
		if !nonEmpty(&authorities, 2) {
			return false
		}
	}
	return true
}
