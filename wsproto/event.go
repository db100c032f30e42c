package wsproto

// EventKind says what Next has found.
type EventKind uint8

// The kinds of events. EventNone with used > 0 is progress without an event: a fragment, or bytes behind a Close.
const (
	EventNone EventKind = iota
	EventText
	EventBinary
	EventPing
	EventPong
	EventClose
)

// String is the kind as logs and tests name it.
func (k EventKind) String() string {
	switch k {
	case EventNone:
		return "none"
	case EventText:
		return "text"
	case EventBinary:
		return "binary"
	case EventPing:
		return "ping"
	case EventPong:
		return "pong"
	case EventClose:
		return "close"
	}
	return "unknown"
}

// Event is one thing the peer said.
type Event struct {
	Kind EventKind
	// Code is a Close's code, CloseNone where it had none; 0 for other kinds.
	Code uint16
	// Payload is the message, the ping's or pong's bytes, or a Close's reason without its code. It aliases the bytes
	// given to Next or the reader's own buffer, and lives until the next Next or until the caller reuses its bytes.
	Payload []byte
}

// CloseError is a Close event as an error that outlives the buffer.
//
// Panics: on an event of another kind.
func (e Event) CloseError() *CloseError {
	if e.Kind != EventClose {
		panic("wsproto: close error of an event that is no close")
	}
	return &CloseError{Code: e.Code, Reason: printable(e.Payload, maxReason)}
}
