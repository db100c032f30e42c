package wsproto

import (
	"crypto/sha1" // RFC 6455 §4.2.2 names SHA-1; nothing secret hangs on it
	"encoding/base64"
	"fmt"
	"strings"
)

// acceptGUID is the constant that a server appends to the key (RFC 6455 §1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Field is one header line of a request.
type Field struct{ Name, Value string }

// Upgrade is a client's opening handshake as data.
type Upgrade struct {
	Host         string   // with the port where it is not the scheme's default
	Path         string   // path and query, percent-encoded; "" means "/"
	Origin       string   // "" sends none, as programs do
	Subprotocols []string // offered in order of preference
	Header       []Field  // more lines; those of the handshake itself are refused
}

// Accept computes what the server must answer to a Sec-WebSocket-Key.
//
// Source: RFC 6455 §4.2.2 item 5.4.
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + acceptGUID))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Key is the Sec-WebSocket-Key for 16 random bytes.
func Key(nonce [16]byte) string { return base64.StdEncoding.EncodeToString(nonce[:]) }

// AppendRequest appends the whole request. The nonce is fresh random bytes; the reader of the reply needs the same.
//
// An error wraps ErrRequest and names the part that cannot be said; it holds no header value. dst is then returned as it was.
// Source: RFC 6455 §4.1.
func (u *Upgrade) AppendRequest(dst []byte, nonce [16]byte) ([]byte, error) {
	if err := u.check(); err != nil {
		return dst, err
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	dst = append(append(append(dst, "GET "...), path...), " HTTP/1.1\r\n"...)
	dst = appendField(dst, "Host", u.Host)
	dst = appendField(dst, "Upgrade", "websocket")
	dst = appendField(dst, "Connection", "Upgrade")
	dst = appendField(dst, "Sec-WebSocket-Key", Key(nonce))
	dst = appendField(dst, "Sec-WebSocket-Version", "13")
	if u.Origin != "" {
		dst = appendField(dst, "Origin", u.Origin)
	}
	if len(u.Subprotocols) > 0 {
		dst = appendField(dst, "Sec-WebSocket-Protocol", strings.Join(u.Subprotocols, ", "))
	}
	for _, field := range u.Header {
		dst = appendField(dst, field.Name, field.Value)
	}
	return append(dst, "\r\n"...), nil
}

// check refuses what would change the shape of the request.
func (u *Upgrade) check() error {
	if u.Host == "" || !visible(u.Host) || strings.ContainsAny(u.Host, "/?#@") {
		return fmt.Errorf("%w: host is empty or holds what no host can", ErrRequest)
	}
	if u.Path != "" && (u.Path[0] != '/' || !visible(u.Path) || strings.Contains(u.Path, "#")) {
		return fmt.Errorf("%w: path must start with a slash, be percent-encoded and have no fragment", ErrRequest)
	}
	if !visible(u.Origin) {
		return fmt.Errorf("%w: origin holds what no origin can", ErrRequest)
	}
	for i, name := range u.Subprotocols {
		if !isToken(name) {
			return fmt.Errorf("%w: subprotocol %d is not a token", ErrRequest, i)
		}
		for _, earlier := range u.Subprotocols[:i] {
			if earlier == name {
				return fmt.Errorf("%w: subprotocol %d is there twice", ErrRequest, i)
			}
		}
	}
	for i, field := range u.Header {
		if !isToken(field.Name) || !isFieldValue(field.Value) {
			return fmt.Errorf("%w: header line %d is malformed", ErrRequest, i)
		}
		if reserved(field.Name) {
			return fmt.Errorf("%w: header line %d belongs to the handshake itself", ErrRequest, i)
		}
	}
	return nil
}

// reserved tells whether the handshake writes this line itself, or must not have it.
func reserved(name string) bool {
	lower := strings.ToLower(name)
	switch lower {
	case "host", "upgrade", "connection", "origin", "content-length", "transfer-encoding":
		return true
	}
	return strings.HasPrefix(lower, "sec-websocket-")
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), "\r\n"...)
}

// visible tells whether s is printable ASCII without blanks.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isFieldValue tells whether s may stand behind a colon: no control character but the tab (RFC 9110 §5.5).
func isFieldValue[text []byte | string](s text) bool {
	for i := range len(s) {
		if (s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// isToken tells whether s is a token (RFC 9110 §5.6.2).
func isToken[text []byte | string](s text) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

func tokenByte(b byte) bool {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}
