package http1

import (
	"fmt"
	"strconv"
	"strings"
)

// NoBody is the body size of a request that has none and says so by having no Content-Length.
const NoBody = -1

// Field is one header line.
type Field struct{ Name, Value string }

// Request is the head of a request as data. It is made when cold; values that change per order are patched into the text
// that AppendHead wrote, by a template with slots of fixed width.
type Request struct {
	Method string  // upper case: GET, POST, ...; not CONNECT
	Host   string  // with the port where it is not the scheme's default
	Path   string  // path and query, percent-encoded
	Header []Field // more lines; Host and the lines that frame the message are refused
}

// AppendHead appends request line, headers, Content-Length and the blank line; a body of exactly bodySize bytes must follow.
//
// An error wraps ErrRequest and names the part that cannot be said; it holds no header value. dst is then returned as it was.
// Units:  bodySize in bytes, or NoBody.
// Source: RFC 9112 §3, §5, §6.2.
func (r *Request) AppendHead(dst []byte, bodySize int) ([]byte, error) {
	if err := r.check(bodySize); err != nil {
		return dst, err
	}
	dst = append(append(append(dst, r.Method...), ' '), r.Path...)
	dst = append(dst, " HTTP/1.1\r\n"...)
	dst = appendField(dst, "Host", r.Host)
	for _, field := range r.Header {
		dst = appendField(dst, field.Name, field.Value)
	}
	if bodySize != NoBody {
		dst = append(dst, "Content-Length: "...)
		dst = append(strconv.AppendInt(dst, int64(bodySize), 10), "\r\n"...)
	}
	return append(dst, "\r\n"...), nil
}

// check refuses what would change the shape of the request.
func (r *Request) check(bodySize int) error {
	if !isToken(r.Method) || strings.ToUpper(r.Method) != r.Method || r.Method == "CONNECT" {
		return fmt.Errorf("%w: method must be upper case and not CONNECT", ErrRequest)
	}
	if r.Host == "" || !visible(r.Host) || strings.ContainsAny(r.Host, "/?#@") {
		return fmt.Errorf("%w: host is empty or holds what no host can", ErrRequest)
	}
	if r.Path == "" || r.Path[0] != '/' || !visible(r.Path) || strings.Contains(r.Path, "#") {
		return fmt.Errorf("%w: path must start with a slash, be percent-encoded and have no fragment", ErrRequest)
	}
	for i, field := range r.Header {
		if !isToken(field.Name) || !isValue(field.Value) {
			return fmt.Errorf("%w: header line %d is malformed", ErrRequest, i)
		}
		if framing(field) {
			return fmt.Errorf("%w: header line %d would change the framing", ErrRequest, i)
		}
	}
	switch {
	case bodySize < NoBody:
		return fmt.Errorf("%w: negative body size", ErrRequest)
	case bodySize == NoBody && (r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH"):
		return fmt.Errorf("%w: %s needs a body size, if only 0 (RFC 9110 §8.6)", ErrRequest, r.Method)
	}
	return nil
}

// framing tells whether a line is written here, or would ask for a response that the Reader does not read.
func framing(field Field) bool {
	switch strings.ToLower(field.Name) {
	case "host", "content-length", "transfer-encoding", "te", "trailer", "expect", "upgrade", "accept-encoding":
		return true
	case "connection":
		return !strings.EqualFold(field.Value, "close") && !strings.EqualFold(field.Value, "keep-alive")
	}
	return false
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), "\r\n"...)
}
