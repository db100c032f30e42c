package http1

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ProtocolError says that the response broke a rule. The connection cannot go on, and what it carried is unknown.
type ProtocolError struct {
	Rule string // what was broken, as a short clause
}

// Error names the room and the rule; it never holds bytes of the peer.
func (e *ProtocolError) Error() string { return "http1: " + e.Rule }

// LimitError says that a response is larger than the Reader may hold. The connection cannot go on.
type LimitError struct {
	What string // the part that is too large
	Max  int    // its limit in bytes, or in responses for interim ones
}

// Error names the part and the limit.
func (e *LimitError) Error() string { return "http1: " + e.What + " over " + strconv.Itoa(e.Max) }

var (
	// ErrUnsolicited means that bytes came while no response was expected: a server that gives up on an idle connection
	// says so with a 408, and a server that is out of step answers twice. The connection cannot go on.
	ErrUnsolicited = errors.New("http1: response that nobody asked for")

	// ErrRequest is wrapped by the errors of Request.AppendHead: the request was asked for something it cannot say.
	ErrRequest = errors.New("http1: request")
)

// The ends of a stream that leave a request without its response.
var (
	errEndBefore = fmt.Errorf("http1: stream ended before the response: %w", io.ErrUnexpectedEOF)
	errEndInHead = fmt.Errorf("http1: stream ended inside a response's head: %w", io.ErrUnexpectedEOF)
	errEndInBody = fmt.Errorf("http1: stream ended inside a response's body: %w", io.ErrUnexpectedEOF)
)

// The rules. They are made once: reading builds no error but a LimitError.
var (
	errLineEnd      = &ProtocolError{"line does not end in CR LF (RFC 9112 §2.2)"}
	errStatusLine   = &ProtocolError{"status line is not HTTP/1.0 or 1.1 and three digits (RFC 9112 §4)"}
	errFolded       = &ProtocolError{"folded header line (RFC 9112 §5.2)"}
	errFieldName    = &ProtocolError{"header line without a name that is a token and a colon right behind it (RFC 9112 §5.1)"}
	errFieldValue   = &ProtocolError{"control character in a header line (RFC 9110 §5.5)"}
	errLengthForm   = &ProtocolError{"Content-Length is no plain number (RFC 9110 §8.6)"}
	errLengthDiffer = &ProtocolError{"Content-Length lines that differ (RFC 9112 §6.3)"}
	errCoding       = &ProtocolError{"Transfer-Encoding other than chunked, once (RFC 9112 §6.1)"}
	errBothLengths  = &ProtocolError{"Content-Length beside Transfer-Encoding (RFC 9112 §6.3)"}
	errOldCoding    = &ProtocolError{"Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)"}
	errNoBodyLength = &ProtocolError{"body announced where none may be, in 1xx or 204 (RFC 9110 §8.6, RFC 9112 §6.1)"}
	errSwitching    = &ProtocolError{"101 that nobody asked for (RFC 9110 §15.2.2)"}
	errContentCoded = &ProtocolError{"Content-Encoding, which is not read here (RFC 9110 §8.4)"}
	errChunkSize    = &ProtocolError{"chunk line without a plain hexadecimal size (RFC 9112 §7.1)"}
	errChunkExt     = &ProtocolError{"malformed chunk extension (RFC 9112 §7.1.1)"}
	errChunkEnd     = &ProtocolError{"chunk data without its CR LF (RFC 9112 §7.1)"}
	errTrailer      = &ProtocolError{"trailer line that frames a message (RFC 9110 §6.5.1)"}
)
