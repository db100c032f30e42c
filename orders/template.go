package orders

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
type Template struct {
	framing Framing
}

// Framing tells how the patched bytes become a message.
func (t *Template) Framing() Framing { return t.framing }

// Signer holds the credentials of one session in the form in which they sign. One loop owns it.
type Signer struct{}
