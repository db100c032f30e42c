package http1

import "bytes"

// Limits where the config names none.
const (
	DefaultMaxHead     = 16 << 10
	DefaultMaxBody     = 1 << 20
	DefaultMaxChunkExt = 4 << 10
)

const (
	maxChunkLine = 256 // of one chunk line, its extension included
	maxInterim   = 8   // interim responses before one final one
)

// Config fixes what a Reader may hold. Zero means the default.
type Config struct {
	MaxHead     int // status line, headers and blank line of one response in bytes; its trailer has the same limit; 16 KiB
	MaxBody     int // of one response's body in bytes; 1 MiB
	MaxChunkExt int // all chunk extensions of one response in bytes; 4 KiB
}

// EventKind says what Next has found.
type EventKind uint8

// The kinds of events. EventNone with used > 0 is progress without an event.
const (
	EventNone EventKind = iota
	EventResponse
)

// Event is one final response, whole.
type Event struct {
	Kind   EventKind
	Close  bool   // the connection carries no further request
	Status int    // 200-999
	Body   []byte // lives until the next Expect or Next
}

// state of a Reader.
//
//	state      goes to
//	idle       statusLine by Expect; failed by any byte
//	statusLine fields
//	fields     fields; at the blank line statusLine (interim), idle or ended (no body), fixed, untilEnd, chunkLine
//	fixed      idle or ended at the last byte
//	untilEnd   ended by End
//	chunkLine  chunkData, or trailer behind the last chunk
//	chunkData  chunkEnd
//	chunkEnd   chunkLine
//	trailer    trailer; idle or ended at the blank line
//	ended      ended: what follows a response with Close is discarded
//	any        failed by a broken rule, a limit, or a stream that ends too early
type state uint8

const (
	idle state = iota
	statusLine
	fields
	fixed
	untilEnd
	chunkLine
	chunkData
	chunkEnd
	trailer
	ended
	failed
)

// Reader turns the bytes of a connection into responses. One goroutine owns it.
type Reader struct {
	maxHead, maxBody, maxChunkExt int

	state  state
	noBody bool   // the request was HEAD
	begun  bool   // a byte of the response was read
	head   []byte // the response's head as it came, for Header
	line   []byte // the chunk or trailer line at hand
	body   []byte

	lineFrom int // where the line at hand starts in head
	interim  int // interim responses before this one
	extSum   int // bytes of chunk extensions so far
	trailSum int // bytes of the trailer so far
	left     int // bytes to come of a fixed body or a chunk
	message  framingFacts
	err      error
}

// NewReader makes a reader for a fresh connection.
//
// Panics: on a negative limit.
func NewReader(c Config) *Reader {
	if c.MaxHead < 0 || c.MaxBody < 0 || c.MaxChunkExt < 0 {
		panic("http1: negative limit")
	}
	r := &Reader{maxHead: c.MaxHead, maxBody: c.MaxBody, maxChunkExt: c.MaxChunkExt}
	if r.maxHead == 0 {
		r.maxHead = DefaultMaxHead
	}
	if r.maxBody == 0 {
		r.maxBody = DefaultMaxBody
	}
	if r.maxChunkExt == 0 {
		r.maxChunkExt = DefaultMaxChunkExt
	}
	r.head = make([]byte, 0, r.maxHead)
	r.line = make([]byte, 0, max(maxChunkLine, r.maxHead))
	r.body = make([]byte, 0, r.maxBody)
	return r
}

// Expect says that a request with this method is about to be sent. It must be called before the response can come.
//
// Panics: while a response is still awaited, and on a connection that has ended (Event.Close, or an error); callers ask
// Ready first.
func (r *Reader) Expect(method string) {
	if r.state != idle {
		panic("http1: request on a connection that is busy or over")
	}
	r.noBody = method == "HEAD"
	r.begun, r.interim = false, 0
	r.startHead()
}

// Next reads at most one response from in and tells how many bytes it used.
//
// It uses all that it is given up to the end of a response; used == 0 and err == nil means that in was empty. An error is
// a *ProtocolError, a *LimitError or ErrUnsolicited; it stays.
//
// Source: RFC 9112 §4-§7.
func (r *Reader) Next(in []byte) (ev Event, used int, err error) {
	if r.state == failed {
		return Event{}, 0, r.err
	}
	for used < len(in) {
		n, done, err := r.step(in[used:])
		if err != nil {
			r.state, r.err = failed, err
			return Event{}, 0, err
		}
		used += n
		if done {
			return r.finish(), used, nil
		}
	}
	return Event{}, used, nil
}

// End tells what a clean end of the stream means: the response whose body ends here, or nothing where no response was
// awaited, else an error that wraps io.ErrUnexpectedEOF or is the one that Next has returned.
func (r *Reader) End() (ev Event, err error) {
	switch r.state {
	case idle, ended:
		return Event{}, nil
	case failed:
		return Event{}, r.err
	case untilEnd:
		return r.finish(), nil
	case statusLine, fields:
		r.err = errEndInHead
		if !r.begun {
			r.err = errEndBefore
		}
	default:
		r.err = errEndInBody
	}
	r.state = failed
	return Event{}, r.err
}

// Ready tells whether a request may be sent: none is awaited, and the connection is not over.
func (r *Reader) Ready() bool { return r.state == idle }

// Awaiting tells whether a response is expected and not yet complete.
func (r *Reader) Awaiting() bool { return r.state != idle && r.state != ended && r.state != failed }

// step reads one piece: a line, or a run of body bytes. done means that the response is complete.
func (r *Reader) step(in []byte) (n int, done bool, err error) {
	switch r.state {
	case idle:
		return 0, false, ErrUnsolicited
	case statusLine, fields:
		return r.stepHead(in)
	case fixed, chunkData:
		n = min(len(in), r.left)
		r.body = append(r.body, in[:n]...)
		r.left -= n
		if r.left > 0 {
			return n, false, nil
		}
		if r.state == fixed {
			return n, true, nil
		}
		r.state, r.line = chunkEnd, r.line[:0]
		return n, false, nil
	case untilEnd:
		if len(in) > r.maxBody-len(r.body) {
			return 0, false, &LimitError{"body", r.maxBody}
		}
		r.body = append(r.body, in...)
		return len(in), false, nil
	case chunkLine, chunkEnd, trailer:
		return r.stepChunked(in)
	}
	return len(in), false, nil // ended: what follows a response with Close is discarded
}

// stepHead gathers the head, judges each line when it is complete, and decides at the blank line what follows.
func (r *Reader) stepHead(in []byte) (n int, done bool, err error) {
	r.begun = true
	r.head, n = gather(r.head, in, r.maxHead)
	if n == 0 || r.head[len(r.head)-1] != '\n' {
		if len(r.head) == r.maxHead {
			return 0, false, &LimitError{"head", r.maxHead}
		}
		return n, false, nil
	}
	line, err := chomp(r.head[r.lineFrom:])
	if err != nil {
		return 0, false, err
	}
	r.lineFrom = len(r.head)
	if r.state == statusLine {
		r.state = fields
		return n, false, r.message.readStatus(line)
	}
	if len(line) > 0 {
		return n, false, r.message.readField(line)
	}
	done, err = r.endHead()
	return n, done, err
}

// endHead decides at the blank line what follows.
func (r *Reader) endHead() (done bool, err error) {
	shape, size, err := r.message.shape(r.noBody)
	if err != nil {
		return false, err
	}
	switch shape {
	case shapeInterim:
		if r.interim++; r.interim > maxInterim {
			return false, &LimitError{"interim responses", maxInterim}
		}
		r.startHead()
	case shapeEmpty:
		return true, nil
	case shapeFixed:
		if size > int64(r.maxBody) {
			return false, &LimitError{"body", r.maxBody}
		}
		r.state, r.left = fixed, int(size)
	case shapeChunked:
		r.state, r.line = chunkLine, r.line[:0]
	case shapeUntilEnd:
		r.state = untilEnd
	}
	return false, nil
}

// startHead forgets what came before: a final response's head, or an interim one's.
func (r *Reader) startHead() {
	r.state, r.message = statusLine, framingFacts{length: noLength}
	r.head, r.body, r.line = r.head[:0], r.body[:0], r.line[:0]
	r.lineFrom, r.left, r.extSum, r.trailSum = 0, 0, 0, 0
}

// finish yields the response that is complete.
func (r *Reader) finish() Event {
	over := r.message.close || r.message.old || r.state == untilEnd
	r.state = idle
	if over {
		r.state = ended
	}
	return Event{Kind: EventResponse, Close: over, Status: r.message.status, Body: r.body[:len(r.body):len(r.body)]}
}

// gather appends in to line up to and with its first LF, but no more than line may hold.
func gather(line, in []byte, limit int) (grown []byte, n int) {
	n = bytes.IndexByte(in, '\n') + 1
	if n == 0 {
		n = len(in)
	}
	n = min(n, limit-len(line))
	return append(line, in[:n]...), n
}

// chomp takes the CR LF off a line that ends in LF.
func chomp(line []byte) ([]byte, error) {
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, errLineEnd
	}
	return line[:len(line)-2], nil
}
