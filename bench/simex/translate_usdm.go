package simex

import (
	"bytes"
	"strings"
)

// asFutures words a Spot recording as USD-M futures: pu in the depth, event times in the quotes. A recording that is
// futures already is returned as it is.
func (r *Recording) asFutures() *Recording {
	for _, name := range r.streams {
		if strings.HasSuffix(name, "@depth@0ms") {
			return r
		}
	}
	out := &Recording{}
	var doc document
	previous, stamp := []byte("0"), []byte("0")
	for i := range r.frames {
		f := &r.frames[i]
		payload := payloadOf(r.wire[f.from:f.to])
		name, index := r.streams[f.stream], -1
		data := -1
		if doc.parse(payload) == nil {
			data = doc.find(0, "data")
		}
		if data < 0 {
			out.push(f.at, name, payload, -1)
			continue
		}
		if at := doc.find(data, "E"); at >= 0 {
			stamp = bytes.Clone(doc.raw(at))
		}
		kind := doc.text1(data, "e")
		switch {
		case f.quote >= 0:
			index = len(out.quotes)
			out.quotes = append(out.quotes, r.quotes[f.quote])
			payload = rewritten(&doc, name, data, `"e":"bookTicker",`, `,"T":`+string(stamp)+`,"E":`+string(stamp), "u", "s", "b", "B", "a", "A")
		case kind == "trade":
			payload = rewritten(&doc, name, data, `"e":"trade",`, `,"X":"MARKET"`, "E", "T", "s", "t", "p", "q", "m")
		case kind == "depthUpdate":
			name = strings.TrimSuffix(name, "@100ms")
			name += "@0ms"
			payload = rewritten(&doc, name, data, `"e":"depthUpdate","T":`+string(stamp)+`,"pu":`+string(previous)+`,`, "", "E", "s", "U", "u", "b", "a")
			previous = bytes.Clone(doc.raw(doc.find(data, "u")))
		}
		out.push(f.at, name, payload, index)
	}
	return out
}

// rewritten is a combined-stream frame of some members of data, in their raw text, with more before and behind them.
func rewritten(doc *document, stream string, data int, before, behind string, names ...string) []byte {
	dst := append(append([]byte(`{"stream":"`), stream...), `","data":{`...)
	dst = append(dst, before...)
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), name...), `":`...)
		at := doc.find(data, name)
		switch {
		case at < 0:
			dst = append(dst, "null"...)
		case doc.kind(at) == jsonString:
			dst = appendQuoted(dst, doc.str(at))
		default:
			dst = append(dst, doc.raw(at)...)
		}
	}
	return append(append(dst, behind...), `}}`...)
}
