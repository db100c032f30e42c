package record

import (
	"crypto/cipher"
	"encoding/binary"
)

const (
	// MaxRecord is the longest record that Next ever waits for: a receive buffer must hold one.
	MaxRecord = headerLen + MaxPlaintext + maxExpansion12

	maxExpansion12 = 2048 // RFC 5246 §6.2.3
	maxExpansion13 = 256  // RFC 8446 §5.2
)

// EventKind says what a record brought.
type EventKind uint8

// What a record can bring.
const (
	// EventNone: a legal record with nothing to hand on (an empty one, a piece of a longer message, an ignored warning).
	EventNone EventKind = iota
	// EventData: Data is application data.
	EventData
	// EventCloseNotify: the peer has said everything. What follows is ignored.
	EventCloseNotify
	// EventKeyUpdate: the peer changed its key. Respond: it asked us to change ours before our next data record.
	// Data holds whole NewSessionTicket messages that stood before the KeyUpdate in the same record, usually none.
	EventKeyUpdate
	// EventTicket: Data is one or more whole NewSessionTicket messages, headers included, syntax checked.
	EventTicket
)

var eventNames = [...]string{"none", "data", "close_notify", "key_update", "ticket"}

func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// Event is what Next found. Data aliases the bytes that were given to Next (or, for tickets that came in pieces, the Opener's
// own buffer) and is valid until the next call.
type Event struct {
	Kind    EventKind
	Respond bool
	Data    []byte
}

// Opener takes apart what one side receives. It is not safe for concurrent use.
type Opener struct {
	aead       cipher.AEAD
	seq        uint64
	soft       uint64
	version    Version
	explicit   bool
	closed     bool
	epoch      uint32
	suite      Suite
	tier       Tier
	empties    int
	warnings   int
	updates    int
	failed     error
	hand       []byte // a handshake message that has not fully arrived; its capacity is fixed
	given      int    // bytes at the front of hand that were handed out by the last call
	iv         [nonceLen]byte
	nonce      [nonceLen]byte
	additional [13]byte
	secret     trafficSecret
}

// NewOpener makes the receiving half of a connection. It borrows k; the caller wipes it.
func NewOpener(k Keys) (*Opener, error) {
	o := new(Opener)
	if err := o.start(k); err != nil {
		return nil, err
	}
	o.reserve()
	return o, nil
}

// NewDecrypter makes an Opener for Open alone, without the memory that Next needs for messages that come in pieces.
func NewDecrypter(k Keys) (*Opener, error) {
	o := new(Opener)
	if err := o.start(k); err != nil {
		return nil, err
	}
	return o, nil
}

// reserve gets the one buffer of an Opener that works on a stream.
func (o *Opener) reserve() { o.hand = make([]byte, 0, MaxHandshake+MaxPlaintext) }

// Next reads at most one record from in, decrypts it where it lies, and tells how many bytes it used.
//
// used == 0 and err == nil means: give me more bytes (and keep those). A header that cannot be right is refused before its body
// has arrived. ev.Data aliases in and is valid until in is reused. An error is final: every later call returns it again; if it is
// an *AlertError with Sent, the caller owes the peer that alert.
//
// Source: RFC 8446 §5, RFC 5246 §6.2.
func (o *Opener) Next(in []byte) (ev Event, used int, err error) {
	if o.failed != nil {
		return Event{}, 0, o.failed
	}
	if o.closed { // RFC 8446 §6.1: data after a closure alert is ignored.
		return Event{}, len(in), nil
	}
	body, ok, err := o.header(in)
	if err != nil || !ok {
		return Event{}, 0, o.fail(err)
	}
	text, contentType, err := o.Open(in[:headerLen+body])
	if err != nil {
		return Event{}, 0, o.fail(err)
	}
	ev, err = o.dispatch(text, contentType)
	if err != nil {
		return Event{}, 0, o.fail(err)
	}
	return ev, headerLen + body, nil
}

// header checks what is there of the record's header; ok means that the whole record is there.
func (o *Opener) header(in []byte) (body int, ok bool, err error) {
	if len(in) == 0 {
		return 0, false, nil
	}
	if err := o.checkType(in[0]); err != nil {
		return 0, false, err
	}
	if len(in) > 1 && in[1] != 3 || len(in) > 2 && in[2] != 3 {
		return 0, false, refuse(AlertProtocolVersion, "wrong version in a record header")
	}
	if len(in) < headerLen {
		return 0, false, nil
	}
	body = int(binary.BigEndian.Uint16(in[3:5]))
	most := MaxPlaintext + maxExpansion12
	if o.version == TLS13 {
		most = MaxPlaintext + maxExpansion13
	}
	if body > most {
		return 0, false, refuse(AlertRecordOverflow, "record longer than allowed")
	}
	return body, len(in) >= headerLen+body, nil
}

// checkType refuses an outer type that cannot come in this version, so that nobody waits for the rest of it.
func (o *Opener) checkType(outer byte) error {
	if o.version == TLS13 {
		if outer != typeApplicationData { // plaintext alerts and ChangeCipherSpec are over since Finished: RFC 8446 §5
			return refuse(AlertUnexpectedMessage, "unprotected record after Finished")
		}
		return nil
	}
	switch outer {
	case typeApplicationData, typeAlert, typeHandshake, typeChangeCipherSpec:
		return nil
	}
	return refuse(AlertUnexpectedMessage, "unknown record type")
}

// Open decrypts one whole record in place and returns its text and content type, with the rules of protection and none of the
// rules of what may come when. It is for the room that watches the handshake; after the take-over, Next is the way in.
func (o *Opener) Open(rec []byte) (text []byte, contentType byte, err error) {
	seq := o.seq
	if o.version == TLS13 {
		o.setNonce(seq)
		text, err = o.aead.Open(rec[headerLen:headerLen], o.nonce[:], rec[headerLen:], rec[:headerLen])
	} else {
		text, err = o.open12(rec, seq)
	}
	if err != nil { // one alert for every cause, so that the peer learns nothing
		return nil, 0, refuse(AlertBadRecordMAC, "record does not authenticate")
	}
	o.seq = seq + 1
	if o.version != TLS13 {
		if len(text) > MaxPlaintext {
			return nil, 0, refuse(AlertRecordOverflow, "text longer than allowed")
		}
		return text, rec[0], nil
	}
	if len(text) > MaxPlaintext+1 {
		return nil, 0, refuse(AlertRecordOverflow, "text longer than allowed")
	}
	return stripPadding(text)
}

func (o *Opener) open12(rec []byte, seq uint64) ([]byte, error) {
	body := rec[headerLen:]
	overhead := tagLen
	if o.explicit {
		overhead += explicitLen
	}
	if len(body) < overhead {
		return nil, errShort
	}
	binary.BigEndian.PutUint64(o.additional[0:8], seq) // the counted one: the explicit nonce only feeds the cipher
	copy(o.additional[8:11], rec[:3])
	binary.BigEndian.PutUint16(o.additional[11:13], uint16(len(body)-overhead))
	if o.explicit {
		copy(o.nonce[4:], body[:explicitLen])
		body = body[explicitLen:]
	} else {
		o.setNonce(seq)
	}
	return o.aead.Open(body[:0], o.nonce[:], body, o.additional[:])
}

// errShort never leaves open: every failure there is the same alert.
var errShort = refuse(AlertBadRecordMAC, "record shorter than its tag")

// stripPadding finds the inner type: the last byte that is not zero. Source: RFC 8446 §5.4.
func stripPadding(text []byte) ([]byte, byte, error) {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] != 0 {
			return text[:i], text[i], nil
		}
	}
	return nil, 0, refuse(AlertUnexpectedMessage, "record of padding only")
}

// dispatch applies the rules of each content type. Source: RFC 8446 §5.1 and §6; the counters are BoringSSL's.
func (o *Opener) dispatch(text []byte, contentType byte) (Event, error) {
	if len(text) == 0 {
		o.empties++
		if o.empties > maxEmptyRecords {
			return Event{}, refuse(AlertUnexpectedMessage, "too many empty records")
		}
	}
	if contentType != typeHandshake && o.pendingMessage() {
		return Event{}, refuse(AlertUnexpectedMessage, "record inside a handshake message")
	}
	switch contentType {
	case typeApplicationData:
		if len(text) == 0 {
			return Event{}, nil
		}
		o.empties, o.warnings, o.updates = 0, 0, 0
		return Event{Kind: EventData, Data: text}, nil
	case typeAlert:
		return o.alert(text)
	case typeHandshake:
		return o.handshake(text)
	}
	return Event{}, refuse(AlertUnexpectedMessage, "record type that may not come now")
}

// alert handles one alert record, which must hold exactly one alert.
func (o *Opener) alert(text []byte) (Event, error) {
	if len(text) != alertLen {
		return Event{}, refuse(AlertDecodeError, "alert record of the wrong length")
	}
	level, code := text[0], text[1]
	switch {
	case level == alertLevelFatal:
		return Event{}, &AlertError{Code: code}
	case level != alertLevelWarning:
		return Event{}, refuse(AlertIllegalParameter, "alert of unknown level")
	case code == AlertCloseNotify:
		o.closed = true
		return Event{Kind: EventCloseNotify}, nil
	case o.version == TLS13 && code != AlertUserCanceled:
		// TLS 1.3 has no warnings but these two; some stacks still send user_canceled before close_notify.
		return Event{}, refuse(AlertDecodeError, "warning alert in TLS 1.3")
	}
	o.warnings++
	if o.warnings > maxWarningAlerts {
		return Event{}, refuse(AlertUnexpectedMessage, "too many warning alerts")
	}
	return Event{}, nil
}

// End is the verdict on an end of the stream: nil after close_notify, else what is wrong with it.
func (o *Opener) End() error {
	switch {
	case o.failed != nil:
		return o.failed
	case o.closed:
		return nil
	}
	return ErrTruncated
}

// Due tells that the peer has used its key for so long that it should be asked for a new one (TLS 1.3). How long a peer may
// use its own key is the peer's rule to keep, so there is no hard limit on this side.
func (o *Opener) Due() bool { return o.seq >= o.soft }

// Gate is the number of the next record to come.
func (o *Opener) Gate() (epoch uint32, seq uint64) { return o.epoch, o.seq }

// Wipe clears what is ours of the keys; the opener refuses every later call.
func (o *Opener) Wipe() {
	clear(o.secret.bytes())
	clear(o.iv[:])
	clear(o.nonce[:])
	clear(o.additional[:])
	clear(o.hand[:cap(o.hand)])
	wipeAEAD(o.aead)
	o.hand, o.given, o.aead = o.hand[:0], 0, nil
	if o.failed == nil && !o.closed {
		o.failed = ErrTruncated
	}
}

func (o *Opener) setNonce(seq uint64) {
	binary.BigEndian.PutUint64(o.nonce[4:], binary.BigEndian.Uint64(o.iv[4:])^seq)
}

func (o *Opener) fail(err error) error {
	if err != nil {
		o.failed = err
	}
	return err
}

func (o *Opener) start(k Keys) error {
	half, err := newHalf(k)
	if err != nil {
		return err
	}
	wipeAEAD(o.aead)
	o.aead, o.seq, o.soft = half.aead, k.Seq, half.soft
	o.version, o.explicit, o.suite, o.tier = k.Version, half.explicit, k.Suite, k.Tier
	o.iv, o.nonce = half.iv, half.iv
	secret := hide(k.Secret) // it may be our own, so it is copied before ours is cleared
	clear(o.secret.bytes())
	o.secret = secret
	return nil
}

// rekey moves to the next generation of the peer's traffic secret.
func (o *Opener) rekey() error {
	secret := o.secret.bytes()
	if err := nextSecret(o.suite, secret); err != nil {
		return err
	}
	o.epoch++
	return o.start(Keys{Version: o.version, Suite: o.suite, Secret: secret, Tier: o.tier})
}
