package wsproto

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// MaxUpgradeHead is the longest header block of a reply, its blank line included.
const MaxUpgradeHead = 16 << 10

// UpgradeReader reads the reply to an Upgrade, line by line. One goroutine owns it; it is cold code and may allocate.
//
// The caller's buffer must hold MaxUpgradeHead bytes.
type UpgradeReader struct {
	accept  string
	offered []string

	used    int  // bytes of the block that were used
	scanned int  // bytes of the line at hand that are known to hold no line end
	lines   int  // lines that were read, the status line included
	ended   bool // the blank line was read

	upgrades    int  // Upgrade lines
	connection  bool // the token "upgrade" was in a Connection line
	accepted    bool // the right Sec-WebSocket-Accept was read
	chosen      bool // a Sec-WebSocket-Protocol line was read
	subprotocol string
	refusal     *StatusError // the reply's status where it is not 101
	refusalBody bodyPiece
	err         error
}

// NewUpgradeReader makes the reader for the reply to u with this nonce.
func NewUpgradeReader(u *Upgrade, nonce [16]byte) *UpgradeReader {
	return &UpgradeReader{accept: Accept(Key(nonce)), offered: append([]string(nil), u.Subprotocols...)}
}

// The rules of the opening handshake. Their Code is 0: nothing can be closed that was never open.
var (
	errHeadSize     = &ProtocolError{Rule: "upgrade reply: header block over 16 KiB"}
	errLineEnd      = &ProtocolError{Rule: "upgrade reply: line does not end in CR LF (RFC 9112 §2.2)"}
	errStatusLine   = &ProtocolError{Rule: "upgrade reply: status line is not HTTP/1.1 and three digits (RFC 9112 §4)"}
	errFolded       = &ProtocolError{Rule: "upgrade reply: folded header line (RFC 9112 §5.2)"}
	errFieldName    = &ProtocolError{Rule: "upgrade reply: header line without a name that is a token and a colon right behind it (RFC 9112 §5.1)"}
	errFieldValue   = &ProtocolError{Rule: "upgrade reply: control character in a header line (RFC 9110 §5.5)"}
	errUpgrade      = &ProtocolError{Rule: "upgrade reply: Upgrade is not exactly websocket (RFC 6455 §4.1)"}
	errConnection   = &ProtocolError{Rule: "upgrade reply: Connection does not name upgrade (RFC 6455 §4.1)"}
	errAcceptTwice  = &ProtocolError{Rule: "upgrade reply: Sec-WebSocket-Accept more than once (RFC 6455 §11.3.3)"}
	errAcceptValue  = &ProtocolError{Rule: "upgrade reply: Sec-WebSocket-Accept does not match the key (RFC 6455 §4.1)"}
	errAcceptNone   = &ProtocolError{Rule: "upgrade reply: Sec-WebSocket-Accept is missing (RFC 6455 §4.1)"}
	errExtension    = &ProtocolError{Rule: "upgrade reply: extension that was not offered (RFC 6455 §4.1)"}
	errSubprotocol  = &ProtocolError{Rule: "upgrade reply: subprotocol that was not offered (RFC 6455 §4.1)"}
	errProtocolLine = &ProtocolError{Rule: "upgrade reply: Sec-WebSocket-Protocol more than once (RFC 6455 §11.3.4)"}
	errEndInUpgrade = fmt.Errorf("wsproto: stream ended inside the upgrade reply: %w", io.ErrUnexpectedEOF)
)

// Next reads complete lines of the reply and tells how many bytes it used. used == 0 without done or an error means: give
// me more bytes behind these. done means that the connection is open; what is behind the used bytes are frames.
//
// An error is a *ProtocolError, or a *StatusError where the server answered with another status than 101; it stays.
// For a StatusError the reader goes on until it has the start of the body; when the stream ends or patience is over
// before, End has the error.
func (r *UpgradeReader) Next(in []byte) (done bool, used int, err error) {
	for r.err == nil && !r.ended {
		line, size := r.line(in[used:])
		if size == 0 {
			break
		}
		used += size
		r.used += size
		if r.err == nil {
			r.read(line)
		}
	}
	if r.err == nil && r.ended && r.refusal != nil {
		used += r.refusalBody.take(in[used:])
		if r.refusalBody.full() {
			r.refuse()
		}
	}
	if r.err != nil {
		return false, 0, r.err
	}
	return r.ended && r.refusal == nil, used, nil
}

// End tells what the end of the stream, or of the caller's patience, means: nil after done, else an error.
func (r *UpgradeReader) End() error {
	if r.err == nil {
		switch {
		case r.refusal != nil:
			r.refuse()
		case !r.ended:
			r.err = errEndInUpgrade
		}
	}
	return r.err
}

// Subprotocol is the one that the server chose, "" where it chose none. It is known after done.
func (r *UpgradeReader) Subprotocol() string { return r.subprotocol }

// line cuts the next line off; size counts its line end too and is 0 while the line is incomplete.
func (r *UpgradeReader) line(in []byte) (line []byte, size int) {
	at := bytes.IndexByte(in[min(r.scanned, len(in)):], '\n')
	if at < 0 {
		r.scanned = len(in)
		if r.used+len(in) >= MaxUpgradeHead {
			r.err = errHeadSize
		}
		return nil, 0
	}
	at += min(r.scanned, len(in))
	r.scanned = 0
	if r.used+at+1 > MaxUpgradeHead {
		r.err = errHeadSize
		return nil, 0
	}
	if at == 0 || in[at-1] != '\r' {
		r.err = errLineEnd
		return nil, 0
	}
	return in[:at-1], at + 1
}

// read judges one line.
func (r *UpgradeReader) read(line []byte) {
	r.lines++
	switch {
	case r.lines == 1:
		r.err = r.readStatus(line)
	case len(line) == 0:
		r.ended = true
		r.err = r.judge()
	default:
		r.err = r.readField(line)
	}
}

// readStatus reads the status line. The reason phrase is decoration; some servers leave it out with its blank.
func (r *UpgradeReader) readStatus(line []byte) error {
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 || (len(rest) > 3 && rest[3] != ' ') || !isFieldValue(rest) {
		return errStatusLine
	}
	status := 0
	for _, digit := range rest[:3] {
		if digit < '0' || digit > '9' {
			return errStatusLine
		}
		status = status*10 + int(digit-'0')
	}
	if status < 100 {
		return errStatusLine
	}
	if status != 101 {
		r.refusal = &StatusError{Status: status, RetryAfterSeconds: -1}
	}
	return nil
}

// readField reads one header line. Its form is checked for any status, its meaning only for 101.
func (r *UpgradeReader) readField(line []byte) error {
	if line[0] == ' ' || line[0] == '\t' {
		return errFolded
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 || !isToken(line[:colon]) {
		return errFieldName
	}
	value := line[colon+1:]
	if !isFieldValue(value) {
		return errFieldValue
	}
	name, text := strings.ToLower(string(line[:colon])), strings.Trim(string(value), " \t")
	if r.refusal != nil {
		r.readRefusalField(name, text)
		return nil
	}
	return r.readUpgradeField(name, text)
}

func (r *UpgradeReader) readUpgradeField(name, value string) error {
	switch name {
	case "upgrade":
		r.upgrades++
		if r.upgrades > 1 || !strings.EqualFold(value, "websocket") {
			return errUpgrade
		}
	case "connection":
		for token := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.Trim(token, " \t"), "upgrade") {
				r.connection = true
			}
		}
	case "sec-websocket-accept":
		if r.accepted {
			return errAcceptTwice
		}
		if value != r.accept {
			return errAcceptValue
		}
		r.accepted = true
	case "sec-websocket-extensions":
		// A list may have empty elements (RFC 9110 §5.6.1.2), and an empty list names no extension.
		if strings.Trim(value, " \t,") != "" {
			return errExtension
		}
	case "sec-websocket-protocol":
		return r.readSubprotocol(value)
	}
	return nil
}

func (r *UpgradeReader) readSubprotocol(value string) error {
	if r.chosen {
		return errProtocolLine
	}
	r.chosen = true
	for _, name := range r.offered {
		if name == value {
			r.subprotocol = value
			return nil
		}
	}
	return errSubprotocol
}

// judge asks at the blank line for what must have been there.
func (r *UpgradeReader) judge() error {
	switch {
	case r.refusal != nil:
		return nil
	case r.upgrades == 0:
		return errUpgrade
	case !r.connection:
		return errConnection
	case !r.accepted:
		return errAcceptNone
	}
	return nil
}
