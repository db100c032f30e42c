package simex

import (
	"bytes"
	"strconv"
)

// request is one HTTP/1.1 request, read strictly. Its slices alias the connection's buffer until the next Feed.
type request struct {
	method  string
	target  []byte // as sent: path and query
	path    []byte
	query   []byte
	headers []header
	body    []byte
}

type header struct{ name, value []byte }

const (
	maxHead = 16 << 10
	maxBody = 1 << 20
)

// readRequest reads one request. used is 0 when more bytes are needed; fault is why the request is not HTTP/1.1.
//
// Source: RFC 9112 §3, §5, §6. Stricter where servers are lax: folded headers, bare CR, NUL and Transfer-Encoding
// from a client are refused.
func readRequest(in []byte, r *request) (used int, fault string) {
	end := bytes.Index(in, []byte("\r\n\r\n"))
	switch { // the verdict may not depend on how the bytes were cut
	case len(in) > 0 && (in[0] < 'A' || in[0] > 'Z'):
		return 0, "not an HTTP request"
	case end > maxHead || end < 0 && len(in) >= maxHead+4:
		return 0, "head too long"
	case end < 0:
		return 0, ""
	}
	line, rest, _ := bytes.Cut(in[:end], []byte("\r\n"))
	if fault := r.readLine(line); fault != "" {
		return 0, fault
	}
	if fault := r.readHeaders(rest); fault != "" {
		return 0, fault
	}
	length, fault := r.bodyLength()
	if fault != "" {
		return 0, fault
	}
	used = end + 4 + length
	if len(in) < used {
		return 0, ""
	}
	r.body = in[end+4 : used]
	return used, ""
}

func (r *request) readLine(line []byte) string {
	method, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || !isToken(method) {
		return "bad method"
	}
	target, version, ok := bytes.Cut(rest, []byte(" "))
	if !ok || string(version) != "HTTP/1.1" {
		return "not HTTP/1.1"
	}
	if len(target) == 0 || target[0] != '/' {
		return "bad target"
	}
	for _, c := range target {
		if c <= ' ' || c >= 0x7F || c == '#' {
			return "bad byte in the target"
		}
	}
	r.method, r.target = string(method), target
	r.path, r.query, _ = bytes.Cut(target, []byte("?"))
	return ""
}

func (r *request) readHeaders(block []byte) string {
	r.headers = r.headers[:0]
	for len(block) > 0 {
		var line []byte
		line, block, _ = bytes.Cut(block, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || !isToken(name) {
			return "bad header name"
		}
		value = bytes.Trim(value, " \t")
		for _, c := range value {
			if c < ' ' && c != '\t' || c == 0x7F {
				return "control character in a header"
			}
		}
		r.headers = append(r.headers, header{name, value})
	}
	if _, n := r.header("Host"); n != 1 {
		return "exactly one Host header is needed"
	}
	return ""
}

func (r *request) bodyLength() (int, string) {
	if _, n := r.header("Transfer-Encoding"); n != 0 {
		return 0, "Transfer-Encoding is not taken"
	}
	value, n := r.header("Content-Length")
	switch {
	case n == 0:
		return 0, ""
	case n > 1 || !allDigits(value) || len(value) > 9:
		return 0, "bad Content-Length"
	}
	length, err := strconv.Atoi(string(value))
	if err != nil || length > maxBody {
		return 0, "body too long"
	}
	return length, ""
}

// header returns the first value of a header and how often it occurs.
func (r *request) header(name string) (value []byte, n int) {
	for _, h := range r.headers {
		if !asciiEqualFold(h.name, name) {
			continue
		}
		if n == 0 {
			value = h.value
		}
		n++
	}
	return value, n
}

// lists tells whether a comma-separated header holds the token, over all its lines.
func (r *request) lists(name, token string) bool {
	for _, h := range r.headers {
		if !asciiEqualFold(h.name, name) {
			continue
		}
		for part := range bytes.SplitSeq(h.value, []byte(",")) {
			if asciiEqualFold(bytes.Trim(part, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// parameter returns a query parameter as sent, without decoding, and whether it is there.
func (r *request) parameter(name string) ([]byte, bool) { return formValue(r.query, name) }

// formValue finds name in a=b&c=d text, without decoding.
func formValue(form []byte, name string) ([]byte, bool) {
	for pair := range bytes.SplitSeq(form, []byte("&")) {
		key, value, _ := bytes.Cut(pair, []byte("="))
		if string(key) == name {
			return value, true
		}
	}
	return nil, false
}

// reply is one HTTP response.
type reply struct {
	status  int
	headers []header
	body    []byte
	closes  bool
}

// append writes the response with a fixed length.
func (r *reply) append(dst []byte) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(r.status), 10)
	dst = append(dst, ' ')
	dst = append(dst, statusText(r.status)...)
	dst = append(dst, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(r.body)), 10)
	dst = append(dst, "\r\n"...)
	for _, h := range r.headers {
		dst = append(append(append(append(dst, h.name...), ": "...), h.value...), "\r\n"...)
	}
	if r.closes {
		dst = append(dst, "Connection: close\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	return append(dst, r.body...)
}

func statusText(status int) string {
	switch status {
	case 200:
		return "OK"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 418:
		return "I'm a teapot"
	case 426:
		return "Upgrade Required"
	case 429:
		return "Too Many Requests"
	case 500:
		return "Internal Server Error"
	case 503:
		return "Service Unavailable"
	}
	return "Other"
}

func isToken(text []byte) bool {
	for _, c := range text {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) < 0 {
			return false
		}
	}
	return len(text) > 0
}

func allDigits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}

func asciiEqualFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if asciiLower(a[i]) != asciiLower(b[i]) {
			return false
		}
	}
	return true
}

func asciiLower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
