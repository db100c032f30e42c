package wsproto

import (
	"errors"
	"fmt"
	"io"
)

// ProtocolError says that the peer broke a rule. The connection cannot go on.
type ProtocolError struct {
	Rule string // what was broken, as a short clause
	Code uint16 // what to send in the Close frame (1002, 1007, 1009); 0 during the opening handshake, where nothing is sent
}

// Error names the room and the rule; it never holds bytes of the peer.
func (e *ProtocolError) Error() string { return "wsproto: " + e.Rule }

// ErrRequest is wrapped by the errors of Upgrade.AppendRequest: the request was asked for something it cannot say.
var ErrRequest = errors.New("wsproto: upgrade request")

// The rules of the frame layer. They are made once: the hot path builds no error.
var (
	errReservedBits   = &ProtocolError{"reserved bit set without an extension (RFC 6455 §5.2)", CloseProtocol}
	errReservedOpcode = &ProtocolError{"reserved opcode (RFC 6455 §5.2)", CloseProtocol}
	errFragmentedCtl  = &ProtocolError{"fragmented control frame (RFC 6455 §5.5)", CloseProtocol}
	errLongControl    = &ProtocolError{"control frame over 125 bytes (RFC 6455 §5.5)", CloseProtocol}
	errNothingOpen    = &ProtocolError{"continuation without a message to continue (RFC 6455 §5.4)", CloseProtocol}
	errStillOpen      = &ProtocolError{"new message inside a fragmented one (RFC 6455 §5.4)", CloseProtocol}
	errMasked         = &ProtocolError{"masked frame from a server (RFC 6455 §5.1)", CloseProtocol}
	errLengthTopBit   = &ProtocolError{"64-bit length with its top bit set (RFC 6455 §5.2)", CloseProtocol}
	errLengthForm     = &ProtocolError{"length not in its shortest form (RFC 6455 §5.2)", CloseProtocol}
	errCloseSize      = &ProtocolError{"close frame with one byte (RFC 6455 §5.5.1)", CloseProtocol}
	errCloseCode      = &ProtocolError{"close code that must not be sent (RFC 6455 §7.4)", CloseProtocol}
	errText           = &ProtocolError{"text is not UTF-8 (RFC 6455 §8.1)", CloseBadData}
	errReason         = &ProtocolError{"close reason is not UTF-8 (RFC 6455 §5.5.1, §8.1)", CloseBadData}
	errTooBig         = &ProtocolError{"message over the limit (RFC 6455 §7.4.1)", CloseTooBig}
)

// The ends of a stream that are no end of a WebSocket.
var (
	errEndInFrame   = fmt.Errorf("wsproto: stream ended inside a frame: %w", io.ErrUnexpectedEOF)
	errEndInMessage = fmt.Errorf("wsproto: stream ended inside a fragmented message: %w", io.ErrUnexpectedEOF)
	errEndNoClose   = fmt.Errorf("wsproto: stream ended without a close frame: %w", io.ErrUnexpectedEOF)
)
