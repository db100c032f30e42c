package tlsio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"orderwire/tlsio/record"
)

// Handshake message types. Source: RFC 8446 §4.
const (
	messageClientHello         = 1
	messageServerHello         = 2
	messageNewSessionTicket    = 4
	messageEncryptedExtensions = 8
	messageCertificate         = 11
	messageServerKeyExchange   = 12
	messageCertificateRequest  = 13
	messageCertificateVerify   = 15
	messageServerHelloDone     = 14
	messageFinished            = 20
	messageCertificateStatus   = 22
)

// maxFlight bounds how much of a handshake is kept while a message is incomplete; the library's own bound is the same.
const maxFlight = 1 << 18

// flight watches the handshake from the wire's side: what was offered, what was chosen, where each message ends, how many
// records each side protected. It sees every record before the library does, and may refuse it.
//
//	server, TLS 1.3:  plain -> ServerHello -> sealed -> Finished -> over
//	server, TLS 1.2:  plain -> ChangeCipherSpec -> covered (until the library says that it is done)
type flight struct {
	keys    *secrets
	tier    record.Tier
	minimum record.Version
	limit   record.Version
	offered offer
	parrot  bool // the hello is a browser's

	stage   stage
	version record.Version
	suite   record.Suite
	retried bool // a HelloRetryRequest came
	resumed bool // the server took the session: only known here for TLS 1.3

	serverRandom   [32]byte
	curve          uint16 // the group of the key exchange, 0 if none
	signature      uint16 // the scheme of the server's handshake signature
	extendedMaster bool
	hand           []byte // handshake bytes of the server that are not a whole message yet
	opener         *record.Opener
	scratch        []byte

	clientHand []byte // the same for the client, until its last ClientHello
	clientOut  uint64 // records of ours under the present keys
	clientCCS  bool
	compatible bool   // a ChangeCipherSpec has left; in TLS 1.3 it is for middleboxes only
	serverIn   uint64 // records of the server under the present keys
	coveredLen int    // TLS 1.2: handshake bytes under the server's keys
}

const namedCurve = 3 // RFC 8422 §5.4

// stage is what the server's next record may be.
type stage uint8

const (
	stagePlain   stage = iota
	stageSealed        // TLS 1.3: under the handshake keys
	stageCovered       // TLS 1.2: behind the ChangeCipherSpec
	stageOver          // TLS 1.3: behind Finished
)

// received looks at one whole record of the server, before the library gets it. It never changes it.
func (f *flight) received(rec []byte) error {
	kind, body := rec[0], rec[headerLen:]
	switch f.stage {
	case stagePlain:
		switch kind {
		case typeHand:
			return f.messages(body)
		case typeCCS:
			if f.version == record.TLS12 {
				f.stage, f.serverIn = stageCovered, 0
			}
		}
	case stageCovered:
		f.serverIn++
		if kind == typeHand {
			f.coveredLen += len(body) - overhead12(f.suite)
		}
	case stageSealed:
		if kind == typeData {
			return f.sealed(rec)
		}
	case stageOver:
		return fmt.Errorf("%w: the library asked for more", ErrTrailing)
	}
	return nil
}

func overhead12(suite record.Suite) int {
	if suite == record.ECDHERSAChaCha20Poly1305 || suite == record.ECDHEECDSAChaCha20Poly1305 {
		return 16
	}
	return 24
}

// sealed opens a copy of a record under the server's handshake keys, which the library has written to the key log by now.
// What does not open is left to the library: it knows the right alert.
func (f *flight) sealed(rec []byte) error {
	if f.opener == nil {
		opener, err := record.NewDecrypter(record.Keys{
			Version: record.TLS13, Suite: f.suite, Secret: f.keys.serverHandshake, Tier: f.tier,
		})
		if err != nil {
			return fmt.Errorf("tlsio: watching the handshake: %w", err)
		}
		f.opener = opener
	}
	f.scratch = append(f.scratch[:0], rec...)
	text, kind, err := f.opener.Open(f.scratch)
	if err != nil || kind != typeHand {
		return nil // the library refuses the same record by itself
	}
	return f.messages(text)
}

// messages joins handshake bytes and shows each whole message to message. Nothing may follow in the same record where the keys
// change or where it is our turn to speak: RFC 8446 §5.1, and CVE-2025-61730 where it was forgotten.
func (f *flight) messages(body []byte) error {
	f.hand = append(f.hand, body...)
	rest := f.hand
	for len(rest) >= messageStart {
		size := messageStart + int(rest[1])<<16 + int(binary.BigEndian.Uint16(rest[2:4]))
		if size > maxFlight {
			return &refusal{record.AlertDecodeError, errors.New("tlsio: handshake message too long")}
		}
		if len(rest) < size {
			break
		}
		kind, before, retried := rest[0], f.stage, f.retried
		if err := f.message(kind, rest[messageStart:size]); err != nil {
			return err
		}
		rest = rest[size:]
		turn := f.stage != before || f.retried != retried || kind == messageServerHelloDone
		if turn && len(rest) > 0 {
			return &refusal{record.AlertUnexpectedMessage, ErrTrailing}
		}
	}
	if len(rest) < len(f.hand) { // what is left moves to the front only when something has gone
		f.hand = f.hand[:copy(f.hand, rest)]
	}
	return nil
}

// message handles one whole handshake message of the server.
func (f *flight) message(kind byte, body []byte) error {
	if err := f.syntax(kind, body); err != nil {
		return err
	}
	switch {
	case kind == messageServerHello && f.stage == stagePlain && f.version == 0:
		return f.serverHello(body)
	case kind == messageServerKeyExchange && f.version == record.TLS12:
		return f.serverKeyExchange(body)
	case kind == messageCertificateVerify && f.stage == stageSealed && len(body) > 1:
		return f.signedBy(binary.BigEndian.Uint16(body))
	case kind == messageFinished && f.stage == stageSealed:
		f.stage = stageOver
	}
	return nil
}

// serverHello reads what the server chose.
func (f *flight) serverHello(body []byte) error {
	hello, ok := parseServerHello(body)
	if !ok {
		return malformed("ServerHello")
	}
	if err := f.policy(hello); err != nil {
		return err
	}
	if err := f.checkHello(hello); err != nil {
		return err
	}
	if hello.retry() {
		f.retried = true
		if f.parrot && f.offered.offered(extensionPreSharedKey) {
			return &refusal{record.AlertUserCanceled, &HandshakeError{
				Class: ClassLibrary, Again: true, What: "the server asked for another key share while a session was offered, which a browser's hello cannot answer",
				Fix: "connect again: the session was dropped",
			}}
		}
		return nil
	}
	f.version, f.suite, f.serverRandom = hello.version, hello.suite, hello.random
	_, f.extendedMaster = find(hello.extensions, extensionExtendedMaster)
	if f.version == record.TLS13 {
		f.stage, f.curve, f.resumed = stageSealed, hello.keyShareGroup, hello.pskChosen
	}
	return nil
}

// serverKeyExchange reads the curve and the signature scheme of TLS 1.2. Source: RFC 8422 §5.4.
func (f *flight) serverKeyExchange(body []byte) error {
	c := cursor{rest: body}
	if c.number(1) != namedCurve {
		return nil
	}
	f.curve = uint16(c.number(2))
	c.vector(1)
	scheme := uint16(c.number(2))
	if c.vector(2); !c.done() {
		return malformed("ServerKeyExchange")
	}
	if !slices.Contains(f.offered.groups, f.curve) {
		return illegal("the server chose a curve that was not offered")
	}
	return f.signedBy(scheme)
}

// signedBy notes the scheme of the server's signature, which must be one of those that were offered.
func (f *flight) signedBy(scheme uint16) error {
	f.signature = scheme
	if !slices.Contains(f.offered.signatures, scheme) {
		return illegal("the server signed with a scheme that was not offered")
	}
	return nil
}

// policy is enforced here and not by the library's configuration, because a browser's hello ignores that.
func (f *flight) policy(hello serverHello) error {
	switch {
	case hello.version < f.minimum || hello.version > f.limit:
		return &refusal{record.AlertProtocolVersion, &HandshakeError{
			Class: ClassVersion, What: "the server chose " + hello.version.String(),
			Fix: "this connection accepts " + f.minimum.String() + " to " + f.limit.String(), Err: ErrPolicy,
		}}
	case !record.Supports(hello.version, hello.suite):
		return &refusal{record.AlertIllegalParameter, &HandshakeError{
			Class: ClassSuite, What: fmt.Sprintf("the server chose %v (0x%04x)", hello.suite, uint16(hello.suite)),
			Fix: "this program speaks AEAD suites with ephemeral keys only", Err: ErrPolicy,
		}}
	}
	return nil
}

// sending is told of each record that the library writes.
func (f *flight) sending(kind byte) {
	if f.clientCCS {
		f.clientOut++
	}
	f.compatible = f.compatible || kind == typeCCS
	if kind == typeCCS && f.version != record.TLS13 && f.version != 0 {
		f.clientCCS = true
	}
}

// sendingBody is told of the bytes in it, as they come.
func (f *flight) sendingBody(kind byte, part []byte) {
	if kind != typeHand || f.version != 0 || len(f.clientHand) > maxFlight {
		return
	}
	f.clientHand = append(f.clientHand, part...)
	for len(f.clientHand) >= messageStart {
		size := messageStart + int(f.clientHand[1])<<16 + int(binary.BigEndian.Uint16(f.clientHand[2:4]))
		if len(f.clientHand) < size {
			return
		}
		if f.clientHand[0] == messageClientHello {
			if o, ok := parseClientHello(f.clientHand[messageStart:size]); ok {
				f.offered = o
			}
		}
		f.clientHand = f.clientHand[size:]
	}
}

// ended checks, after the library was done, that nothing stood where nothing may.
func (f *flight) ended() error {
	switch {
	case f.version == record.TLS13 && f.stage != stageOver, len(f.hand) > 0:
		return ErrTrailing
	case f.version == record.TLS12 && (f.stage != stageCovered || f.coveredLen != finishedLen):
		return ErrTrailing
	}
	return nil
}

// wipe clears the keys of the handshake.
func (f *flight) wipe() {
	if f.opener != nil {
		f.opener.Wipe()
		f.opener = nil
	}
	clear(f.scratch)
}

// refusal is an error of the flight, with the alert that the server should get.
type refusal struct {
	alert uint8
	cause error
}

func (r *refusal) Error() string { return r.cause.Error() }
func (r *refusal) Unwrap() error { return r.cause }
