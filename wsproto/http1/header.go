package http1

import (
	"bytes"
	"iter"
)

// Header is the value of the first line with this name in the last response's head, without regard to letter case. It
// allocates nothing; the value lives until the next Expect or Next.
func (r *Reader) Header(name string) (value []byte, ok bool) {
	for got, value := range r.Fields() {
		if equalFold(got, name) {
			return value, true
		}
	}
	return nil, false
}

// HeaderNumber is Header as a plain decimal number: rate limits, weights, Retry-After in seconds. ok is false for anything
// else, a date too.
func (r *Reader) HeaderNumber(name string) (n int64, ok bool) {
	value, ok := r.Header(name)
	if !ok {
		return 0, false
	}
	return decimal(value)
}

// Fields yields name and value of each header line of the last response's head, in order. While a head is being read it
// yields the lines that are complete.
func (r *Reader) Fields() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		rest := r.head[:r.lineFrom]
		for at := bytes.IndexByte(rest, '\n'); at >= 0; at = bytes.IndexByte(rest, '\n') {
			rest = rest[at+1:]
			colon := bytes.IndexByte(rest, ':')
			end := bytes.IndexByte(rest, '\n')
			if colon < 0 || end < colon {
				return // the blank line
			}
			if !yield(rest[:colon:colon], trim(rest[colon+1:end-1])) {
				return
			}
		}
	}
}
