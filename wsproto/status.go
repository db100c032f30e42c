package wsproto

import (
	"bytes"
	"strconv"
	"strings"
)

const (
	maxBodyPiece  = 1024 // bytes of a refusal's body that are read
	maxBodyText   = 256  // bytes of it that are kept for people
	maxRetryAfter = 64   // bytes of Retry-After that are kept
)

// StatusError is a server's HTTP reply that was not 101: what a caller needs to decide when to try again.
type StatusError struct {
	Status int
	// RetryAfter is the header as it was sent, made printable: seconds or an HTTP date; "" where there was none.
	RetryAfter string
	// RetryAfterSeconds is RetryAfter where it was a number of seconds, at most a year; -1 otherwise.
	RetryAfterSeconds int
	// Body is the start of the reply's body: valid UTF-8, printable, at most 256 bytes. It is foreign text.
	Body string
}

// Error tells the status; the foreign text stays in its field.
func (e *StatusError) Error() string {
	return "wsproto: upgrade refused with HTTP status " + strconv.Itoa(e.Status)
}

// readRefusalField keeps what a refusal's header tells about its body and about trying again.
func (r *UpgradeReader) readRefusalField(name, value string) {
	switch name {
	case "retry-after":
		r.refusal.RetryAfter = printable([]byte(value), maxRetryAfter)
		r.refusal.RetryAfterSeconds = retrySeconds(value)
	case "content-length":
		if size, err := strconv.ParseUint(value, 10, 63); err == nil {
			r.refusalBody.limit, r.refusalBody.sized = int(min(size, maxBodyPiece)), true
		}
	case "transfer-encoding":
		r.refusalBody.chunked = strings.EqualFold(value, "chunked")
	}
}

// refuse makes the refusal the reader's error.
func (r *UpgradeReader) refuse() {
	r.refusal.Body = printable(r.refusalBody.text(), maxBodyText)
	r.err = r.refusal
}

// retrySeconds reads a Retry-After in seconds, -1 where it is none (RFC 9110 §10.2.3).
func retrySeconds(value string) int {
	const year = 366 * 24 * 3600
	seconds, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return -1
	}
	return int(min(seconds, year))
}

// bodyPiece gathers the start of a refusal's body. It is read for people only, so doubtful framing is no error here.
type bodyPiece struct {
	raw     []byte
	limit   int // from Content-Length, where sized
	sized   bool
	chunked bool
}

// take keeps what it wants of in and tells how much that was.
func (p *bodyPiece) take(in []byte) int {
	limit := maxBodyPiece
	if p.sized && !p.chunked {
		limit = p.limit
	}
	n := min(len(in), limit-len(p.raw))
	p.raw = append(p.raw, in[:n]...)
	return n
}

// full tells whether no more is to be had or wanted.
func (p *bodyPiece) full() bool {
	if p.chunked {
		_, complete := dechunk(p.raw)
		return complete || len(p.raw) == maxBodyPiece
	}
	return len(p.raw) == maxBodyPiece || (p.sized && len(p.raw) >= p.limit)
}

// text is the body without its transfer coding.
func (p *bodyPiece) text() []byte {
	if p.chunked {
		text, _ := dechunk(p.raw)
		return text
	}
	return p.raw
}

// dechunk takes the chunk lines out, as far as it understands them; complete means that the last chunk was seen.
func dechunk(raw []byte) (text []byte, complete bool) {
	for {
		line, rest, ok := bytes.Cut(raw, []byte("\r\n"))
		if !ok {
			return text, false
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 31)
		if err != nil || size == 0 {
			return text, true
		}
		if uint64(len(rest)) < size+2 {
			return append(text, rest[:min(len(rest), int(size))]...), false
		}
		text = append(text, rest[:size]...)
		raw = rest[size+2:]
	}
}
