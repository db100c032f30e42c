package record

import "encoding/binary"

// MaxHandshake is the longest handshake message after the handshake, header included. A ticket that needs more is refused.
const MaxHandshake = 1 << 15

const (
	messageHelloRequest     = 0
	messageNewSessionTicket = 4
	messageKeyUpdate        = 24
	messageHeaderLen        = 4
	keyUpdateLen            = messageHeaderLen + 1

	maxTicketLifetimeSeconds = 7 * 24 * 3600 // RFC 8446 §4.6.1
)

// handshake takes one handshake record: it joins pieces, checks whole messages, and returns what they were.
func (o *Opener) handshake(text []byte) (Event, error) {
	if len(text) == 0 {
		return Event{}, refuse(AlertUnexpectedMessage, "empty handshake record")
	}
	stream := o.join(text)
	for whole := 0; ; {
		size, ok, err := o.messageLen(stream[whole:])
		if err != nil {
			return Event{}, err
		}
		if !ok {
			return o.tickets(stream, whole), nil
		}
		message := stream[whole : whole+size]
		if message[0] == messageKeyUpdate {
			if whole+size != len(stream) { // the next record comes under another key: RFC 8446 §5.1
				return Event{}, refuse(AlertUnexpectedMessage, "data behind a KeyUpdate in its record")
			}
			o.hand, o.given = o.hand[:0], 0
			return o.keyUpdate(stream[:whole], message[messageHeaderLen])
		}
		if err := checkTicket(message[messageHeaderLen:]); err != nil {
			return Event{}, err
		}
		whole += size
	}
}

// join puts text behind what has already come of a message. Usually nothing has, and text is returned as it is.
func (o *Opener) join(text []byte) []byte {
	o.hand = o.hand[:copy(o.hand, o.hand[o.given:])]
	o.given = 0
	if len(o.hand) == 0 {
		return text
	}
	// It fits: less than one message has come (messageLen bounds it), and text is at most one record.
	o.hand = append(o.hand, text...)
	return o.hand
}

// tickets hands out the whole messages and keeps the rest for the next record.
func (o *Opener) tickets(stream []byte, whole int) Event {
	if len(o.hand) == 0 {
		o.hand = append(o.hand, stream[whole:]...)
	} else {
		o.given = whole // they lie in our buffer: join drops them when the caller is done with them
	}
	if whole == 0 {
		return Event{}
	}
	return Event{Kind: EventTicket, Data: stream[:whole]}
}

// pendingMessage tells that a handshake message has begun and not ended.
func (o *Opener) pendingMessage() bool { return len(o.hand) > o.given }

// messageLen is the length of the message at the head of stream, as soon as its header allows it to exist; ok when it is whole.
func (o *Opener) messageLen(stream []byte) (size int, ok bool, err error) {
	if len(stream) == 0 {
		return 0, false, nil
	}
	kind := stream[0]
	if o.version == TLS12 && kind != messageHelloRequest ||
		o.version == TLS13 && kind != messageNewSessionTicket && kind != messageKeyUpdate {
		return 0, false, refuse(AlertUnexpectedMessage, "handshake message that may not come after the handshake")
	}
	if len(stream) < messageHeaderLen {
		return 0, false, nil
	}
	size = messageHeaderLen + int(stream[1])<<16 + int(binary.BigEndian.Uint16(stream[2:4]))
	switch {
	case kind == messageHelloRequest && size != messageHeaderLen:
		return 0, false, refuse(AlertDecodeError, "malformed HelloRequest")
	case kind == messageHelloRequest:
		return 0, false, refuse(AlertNoRenegotiation, "peer asks for a renegotiation")
	case kind == messageKeyUpdate && size != keyUpdateLen:
		return 0, false, refuse(AlertDecodeError, "malformed KeyUpdate")
	case size > MaxHandshake:
		return 0, false, refuse(AlertIllegalParameter, "handshake message too long")
	}
	return size, len(stream) >= size, nil
}

// keyUpdate moves the opener to the peer's next key.
func (o *Opener) keyUpdate(ticketsBefore []byte, ask byte) (Event, error) {
	if ask > 1 {
		return Event{}, refuse(AlertIllegalParameter, "KeyUpdate with an unknown request")
	}
	o.updates++
	if o.updates > maxKeyUpdates {
		return Event{}, refuse(AlertUnexpectedMessage, "too many KeyUpdates")
	}
	if err := o.rekey(); err != nil {
		return Event{}, err
	}
	return Event{Kind: EventKeyUpdate, Respond: ask == 1, Data: ticketsBefore}, nil
}

var errTicket = refuse(AlertDecodeError, "malformed NewSessionTicket")

// checkTicket checks the syntax of a NewSessionTicket's body. Source: RFC 8446 §4.6.1.
func checkTicket(body []byte) error {
	if len(body) < 9 {
		return errTicket
	}
	lifetime := binary.BigEndian.Uint32(body)
	_, rest, ok := vector8(body[8:])
	if !ok {
		return errTicket
	}
	ticket, rest, ok := vector16(rest)
	if !ok || len(ticket) == 0 {
		return errTicket
	}
	extensions, rest, ok := vector16(rest)
	if !ok || len(rest) != 0 {
		return errTicket
	}
	if err := checkExtensions(extensions); err != nil {
		return err
	}
	if lifetime > maxTicketLifetimeSeconds {
		return refuse(AlertIllegalParameter, "session ticket that lives too long")
	}
	return nil
}

// checkExtensions walks an extension block: whole entries, none twice. The quadratic search is bounded by the block's size and
// needs no memory; real tickets carry one extension.
func checkExtensions(block []byte) error {
	for rest := block; len(rest) > 0; {
		if len(rest) < 4 {
			return errTicket
		}
		kind := binary.BigEndian.Uint16(rest)
		for seen := block; len(seen) > len(rest); {
			if binary.BigEndian.Uint16(seen) == kind {
				return refuse(AlertIllegalParameter, "extension that comes twice in a NewSessionTicket")
			}
			seen = seen[4+int(binary.BigEndian.Uint16(seen[2:])):]
		}
		_, after, ok := vector16(rest[2:])
		if !ok {
			return errTicket
		}
		rest = after
	}
	return nil
}

// vector8 cuts a vector with a one-byte length off the front of data.
func vector8(data []byte) (vector, rest []byte, ok bool) {
	if len(data) < 1 || len(data) < 1+int(data[0]) {
		return nil, nil, false
	}
	n := 1 + int(data[0])
	return data[1:n], data[n:], true
}

// vector16 cuts a vector with a two-byte length off the front of data.
func vector16(data []byte) (vector, rest []byte, ok bool) {
	if len(data) < 2 {
		return nil, nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(data))
	if len(data) < n {
		return nil, nil, false
	}
	return data[2:n], data[n:], true
}
