package scan

// Fault is what is wrong with a message. It is an error that needs no allocation; the zero Fault is none.
type Fault uint8

// The faults.
const (
	faultNone   Fault = iota
	ErrEnd            // the message ends too early
	ErrSyntax         // a byte that the grammar does not allow here
	ErrKind           // a value of another kind than the caller must have
	ErrString         // a control character, a bad escape or bad UTF-8 inside a string
	ErrEscape         // an escape in a string that may have none
	ErrNumber         // a number that breaks the grammar
	ErrRange          // an integer with a fraction or an exponent, or beyond 64 bits
	ErrDepth          // more than MaxDepth containers inside each other
	ErrTrailing       // bytes after the message
)

var faultTexts = [...]string{
	"scan: no fault",
	"scan: the message ends too early",
	"scan: unexpected byte",
	"scan: value of an unexpected kind",
	"scan: malformed string",
	"scan: escape in a plain string",
	"scan: malformed number",
	"scan: not an integer of 64 bits",
	"scan: nested too deep",
	"scan: bytes after the message",
}

// Error says what is wrong, and nothing of the message itself: it may hold what must not be logged.
func (f Fault) Error() string {
	if int(f) < len(faultTexts) {
		return faultTexts[f]
	}
	return "scan: fault?"
}
