package simex

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Recording is a recorded market, framed for the wire once so that a replay is a copy.
type Recording struct {
	wire    []byte // every frame with its WebSocket header
	frames  []recorded
	streams []string
	quotes  []recordedQuote
}

// recorded is one line of the recording.
type recorded struct {
	at       int64 // ns since the first line; never less than the line before
	from, to int   // bounds in wire
	stream   int   // index in streams
	quote    int   // index in quotes, or -1
}

type recordedQuote struct {
	symbol string
	quote
}

// ErrRecording is in every error about a recording's content.
var ErrRecording = errors.New("simex: recording")

// ReadRecording reads lines of `<receive time in ns> <raw frame>`, gzip or plain.
func ReadRecording(source io.Reader) (*Recording, error) {
	buffered := bufio.NewReaderSize(source, 1<<16)
	var lines io.Reader = buffered
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1F && magic[1] == 0x8B {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("%w: gzip: %w", ErrRecording, err)
		}
		lines = unpacked
	}
	rec := &Recording{}
	scan := bufio.NewScanner(lines)
	scan.Buffer(make([]byte, 1<<16), 16<<20)
	first := int64(-1)
	number := 0
	for scan.Scan() {
		number++
		if len(bytes.TrimSpace(scan.Bytes())) == 0 {
			continue
		}
		stamp, frame, ok := splitLine(scan.Bytes())
		if !ok {
			return nil, fmt.Errorf("%w: line %d is not `<receive time in ns> <raw frame>`", ErrRecording, number)
		}
		if first < 0 {
			first = stamp
		}
		rec.add(stamp-first, frame)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("%w: behind line %d: %w", ErrRecording, number, err)
	}
	if len(rec.frames) == 0 {
		return nil, fmt.Errorf("%w: no frames", ErrRecording)
	}
	return rec, nil
}

// splitLine takes a line apart. A bare frame is stamped by its own "ts", in ms.
func splitLine(line []byte) (stamp int64, frame []byte, ok bool) {
	if line[0] == '{' {
		_, rest, found := bytes.Cut(line, []byte(`"ts":`))
		end := 0
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		stamp, err := strconv.ParseInt(string(rest[:end]), 10, 64)
		return stamp * 1e6, line, found && err == nil
	}
	text, frame, found := bytes.Cut(line, []byte(" "))
	stamp, err := strconv.ParseInt(string(text), 10, 64)
	return stamp, frame, found && err == nil && len(frame) > 0
}

// Len is the number of frames.
func (r *Recording) Len() int { return len(r.frames) }

// Nanos is the time from the first frame to the last.
func (r *Recording) Nanos() int64 { return r.frames[len(r.frames)-1].at }

func (r *Recording) add(at int64, frame []byte) {
	name := streamOf(frame)
	index := -1
	if bytes.HasSuffix(name, []byte("@bookTicker")) {
		if q, ok := quoteOf(frame); ok {
			index = len(r.quotes)
			r.quotes = append(r.quotes, q)
		}
	}
	r.push(at, string(name), frame, index)
}

// push appends a frame under a stream's name; time never runs backwards.
func (r *Recording) push(at int64, name string, frame []byte, quote int) {
	if n := len(r.frames); n > 0 {
		at = max(at, r.frames[n-1].at)
	}
	entry := recorded{at: at, from: len(r.wire), stream: r.streamIndex(name), quote: quote}
	r.wire = appendFrame(r.wire, opText, frame)
	entry.to = len(r.wire)
	r.frames = append(r.frames, entry)
}

func (r *Recording) streamIndex(name string) int {
	for i, known := range r.streams {
		if known == name {
			return i
		}
	}
	r.streams = append(r.streams, name)
	return len(r.streams) - 1
}

// streamOf is the name in {"stream":"name",...} or {"topic":"name",...}; nil for other frames.
func streamOf(frame []byte) []byte {
	for _, head := range []string{`{"stream":"`, `{"topic":"`} {
		if rest, ok := bytes.CutPrefix(frame, []byte(head)); ok {
			name, _, _ := bytes.Cut(rest, []byte(`"`))
			return name
		}
	}
	return nil
}

// quoteOf reads a combined bookTicker frame.
func quoteOf(frame []byte) (q recordedQuote, ok bool) {
	var doc document
	if doc.parse(frame) != nil {
		return q, false
	}
	data := doc.find(0, "data")
	for _, f := range []struct {
		name string
		into *amount
	}{{"b", &q.bid}, {"B", &q.bidQty}, {"a", &q.ask}, {"A", &q.askQty}} {
		at := doc.find(data, f.name)
		if doc.kind(at) != jsonString {
			return q, false
		}
		value, fault := parseAmount(doc.str(at))
		if fault != numberFine {
			return q, false
		}
		*f.into = value
	}
	at := doc.find(data, "s")
	if doc.kind(at) != jsonString {
		return q, false
	}
	q.symbol = string(doc.str(at))
	return q, true
}
