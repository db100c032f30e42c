package wsproto

import (
	"encoding/binary"
)

// DefaultMaxMessage is the limit of a message where the config names none.
const DefaultMaxMessage = 1 << 20

// ReaderConfig fixes what a Reader may hold.
type ReaderConfig struct {
	// MaxMessage is the largest message in bytes, whole or as the sum of its fragments; 0 means DefaultMaxMessage.
	MaxMessage int
	// InPlace is the largest unfragmented frame in bytes, header included, that Next leaves where it lies; a larger one is
	// gathered like fragments are, piece by piece. The caller's buffer must hold InPlace contiguous bytes, and no
	// less than 127 for control frames. 0 means MaxMessage+MaxHeader: nothing unfragmented is ever copied.
	InPlace int
	// Gather is the memory in which fragments come together; the Reader keeps it. nil means: made by NewReader.
	// Shape: MaxMessage bytes.
	Gather []byte
}

// Reader turns the bytes of a server's stream into events. One goroutine owns it.
//
//	state     Next finds                   goes to
//	heading   a whole frame                heading
//	heading   a Close                      closed
//	heading   the start of a fragment      gathering (or heading, when all of it is there)
//	gathering the fragment's last byte     heading
//	any       a broken rule                failed
//	closed    anything                     closed: RFC 6455 §5.5.1, what follows a Close is discarded
//	failed    anything                     failed, with the same error
type Reader struct {
	gather     []byte
	maxMessage int
	inPlace    int

	state   readerState
	partial bool   // the last Next left the start of a frame with the caller
	last    bool   // the fragment being gathered ends its message
	op      Opcode // of the message being gathered; OpContinuation when there is none
	left    int    // bytes to come of the fragment being gathered
	filled  int    // bytes gathered
	checked int    // bytes of the text at hand that are known to be whole runes
	err     error  // why it failed
}

type readerState uint8

const (
	heading readerState = iota
	gathering
	closed
	failed
)

// NewReader makes a reader for the bytes behind the 101 reply.
//
// Panics: on a negative limit, an InPlace that holds no control frame, or a Gather of another size than MaxMessage.
func NewReader(c ReaderConfig) *Reader {
	if c.MaxMessage == 0 {
		c.MaxMessage = DefaultMaxMessage
	}
	if c.InPlace == 0 {
		c.InPlace = c.MaxMessage + MaxHeader
	}
	if c.Gather == nil && c.MaxMessage > 0 {
		c.Gather = make([]byte, c.MaxMessage)
	}
	if c.MaxMessage < 0 || c.InPlace < 0 || len(c.Gather) != c.MaxMessage {
		panic("wsproto: reader limits that cannot be")
	}
	return &Reader{gather: c.Gather, maxMessage: c.MaxMessage, inPlace: c.InPlace}
}

// Next reads at most one event from in and tells how many bytes it used.
//
// used == 0 and err == nil means: give me more bytes behind these, starting with the same byte. used > 0 with EventNone
// is progress without an event. An error is a *ProtocolError; it stays.
//
// Shape: the caller's buffer can hold one whole frame of ReaderConfig.InPlace bytes.
// Source: RFC 6455 §5.
func (r *Reader) Next(in []byte) (ev Event, used int, err error) {
	if r.state != heading {
		return r.resume(in)
	}
	head, size, broken := r.header(in)
	if broken != nil {
		return r.fail(broken)
	}
	if head == 0 {
		return r.more(in)
	}
	op := Opcode(in[0] & bitsOp)
	final := in[0]&bitFin != 0
	if op >= OpClose {
		return r.control(in, op, head, size)
	}
	if !final || op == OpContinuation || size > r.inPlace-head {
		return r.open(in, op, head, size, final)
	}
	return r.whole(in, op, head, size)
}

// End tells what the end of the stream means: nil after a Close frame, else an error. The error wraps
// io.ErrUnexpectedEOF, or is the broken rule that Next has returned.
func (r *Reader) End() error {
	switch {
	case r.state == closed:
		return nil
	case r.state == failed:
		return r.err
	case r.partial || r.state == gathering:
		return errEndInFrame
	case r.op != OpContinuation:
		return errEndInMessage
	}
	return errEndNoClose
}

// whole reads an unfragmented message where it lies.
func (r *Reader) whole(in []byte, op Opcode, head, size int) (Event, int, error) {
	payload := in[head:]
	if len(payload) < size {
		if op == OpText && !r.checkText(payload, false) {
			return r.fail(errText)
		}
		return r.more(in)
	}
	payload = payload[:size:size]
	r.partial = false
	if op == OpBinary {
		return Event{Kind: EventBinary, Payload: payload}, head + size, nil
	}
	if !validText(payload[min(r.checked, size):]) {
		return r.fail(errText)
	}
	r.checked = 0
	return Event{Kind: EventText, Payload: payload}, head + size, nil
}

// control reads a ping, pong or close. It may come between the fragments of a message (RFC 6455 §5.4).
func (r *Reader) control(in []byte, op Opcode, head, size int) (Event, int, error) {
	if len(in) < head+size {
		return r.more(in)
	}
	r.partial = false
	payload := in[head : head+size : head+size]
	switch op {
	case OpPing:
		return Event{Kind: EventPing, Payload: payload}, head + size, nil
	case OpPong:
		return Event{Kind: EventPong, Payload: payload}, head + size, nil
	}
	ev := Event{Kind: EventClose, Code: CloseNone, Payload: payload}
	if size >= 2 {
		ev.Code, ev.Payload = binary.BigEndian.Uint16(payload), payload[2:]
		if !validCloseCode(ev.Code) {
			return r.fail(errCloseCode)
		}
		if !validText(ev.Payload) {
			return r.fail(errReason)
		}
	}
	r.state = closed
	return ev, head + size, nil
}

// open starts to gather a fragment, or a frame that is larger than the caller's buffer.
func (r *Reader) open(in []byte, op Opcode, head, size int, final bool) (Event, int, error) {
	if op != OpContinuation {
		r.op, r.checked = op, 0
	}
	r.partial, r.last, r.left = false, final, size
	ev, used, err := r.collect(in[head:])
	if err != nil {
		return Event{}, 0, err
	}
	return ev, head + used, nil
}

// collect copies what has come of the fragment, and yields the message when its last byte is there.
func (r *Reader) collect(in []byte) (Event, int, error) {
	used := copy(r.gather[r.filled:r.filled+r.left], in)
	r.filled += used
	r.left -= used
	text := r.gather[:r.filled]
	complete := r.left == 0 && r.last
	if r.op == OpText && !r.checkText(text, complete) {
		return r.fail(errText)
	}
	r.state = heading
	if r.left > 0 {
		r.state = gathering
	}
	if !complete {
		return Event{}, used, nil
	}
	kind := EventBinary
	if r.op == OpText {
		kind = EventText
	}
	r.op, r.filled, r.checked = OpContinuation, 0, 0
	return Event{Kind: kind, Payload: text[:len(text):len(text)]}, used, nil
}

// checkText judges what is new of a text; complete means that nothing of it will follow.
func (r *Reader) checkText(text []byte, complete bool) bool {
	fresh := text[min(r.checked, len(text)):]
	if !complete {
		fresh = fresh[:wholeRunes(fresh)]
	}
	r.checked += len(fresh)
	return validText(fresh)
}

// resume goes on in the states that are not at the start of a frame.
func (r *Reader) resume(in []byte) (Event, int, error) {
	switch r.state {
	case gathering:
		return r.collect(in)
	case closed:
		return Event{}, len(in), nil
	}
	return Event{}, 0, r.err
}

// more leaves an incomplete frame with the caller.
func (r *Reader) more(in []byte) (Event, int, error) {
	r.partial = len(in) > 0
	return Event{}, 0, nil
}

// fail ends the stream for good.
func (r *Reader) fail(broken *ProtocolError) (Event, int, error) {
	r.state, r.err = failed, broken
	return Event{}, 0, broken
}
