package simex

import (
	"bytes"
	"strings"
)

// binanceSession is one WebSocket API connection, or one REST request.
type binanceSession struct {
	b       *binance
	v       *Venue
	c       *Conn
	http    *binanceREST // set for REST
	limits  bool
	micros  bool
	logged  *apiKey // after session.logon
	revoked bool    // by script: what fails now is no fault of the client
	logonAt int64
	stream  int // subscription id + 1
	call    binanceCall
	payload []byte
}

// binanceCall is the request in work.
type binanceCall struct {
	now    int64
	id     []byte // as sent, to be echoed
	method *binanceMethod
	args   []argument
	key    *apiKey

	// The usage right after this request, for rateLimits.
	weight    int64
	ordering  bool
	tens, day int64
}

// argument is one parameter: from JSON, or from a form, whose values have no kind.
type argument struct {
	name, value []byte
	kind        jsonKind
}

const formValueKind jsonKind = 0xFF

// find is the argument of that name, or nil.
func (call *binanceCall) find(name string) *argument {
	for i := range call.args {
		if string(call.args[i].name) == name {
			return &call.args[i]
		}
	}
	return nil
}

func (call *binanceCall) has(name string) bool { return call.find(name) != nil }

// text is a string argument; nil when it is missing or no string.
func (call *binanceCall) text(name string) []byte {
	if a := call.find(name); a.is(jsonString) {
		return a.value
	}
	return nil
}

// is tells whether the argument is there and of a kind; values of forms are of every kind.
func (a *argument) is(kind jsonKind) bool {
	return a != nil && (a.kind == kind || a.kind == formValueKind)
}

func (s *binanceSession) tick(int64)  {}
func (s *binanceSession) next() int64 { return never }

// message answers one request.
func (s *binanceSession) message(now int64, text []byte) {
	call := &s.call
	*call = binanceCall{now: now, id: []byte("null"), args: call.args[:0]}
	why := s.read(call, text)
	if why == nil {
		why = s.serve(call)
	}
	if why != nil {
		why.count(s.v)
		s.refuse(call, why)
	}
}

// serve runs one request up to its reply, or says why not.
func (s *binanceSession) serve(call *binanceCall) *refusal {
	if why := s.admit(call); why != nil {
		return why
	}
	if why := s.checkNames(call); why != nil {
		return why
	}
	if why := s.authenticate(call); why != nil {
		return why
	}
	return call.method.run(s, call)
}

// read takes id, method and params out of a JSON text.
func (s *binanceSession) read(call *binanceCall, text []byte) *refusal {
	doc := &s.c.doc
	if err := doc.parse(text); err != nil || doc.kind(0) != jsonObject {
		return &refusal{cBadJSON, 400, -1135, "Invalid JSON Request.", 0}
	}
	for i := 1; i < len(doc.nodes); i = int(doc.nodes[i].next) {
		switch string(doc.name(i)) {
		case "id":
			if !s.takeID(call, i) {
				return &refusal{cBadIDs, 400, -1100, "Illegal characters found in parameter 'id'.", 0}
			}
		case "method":
			if doc.kind(i) == jsonString {
				call.method = s.b.methods[strings.TrimPrefix(string(doc.str(i)), "v3/")]
			}
		case "params":
			if doc.kind(i) != jsonObject {
				return &refusal{cBadParams, 400, -1102, "params is not an object.", 0}
			}
			s.takeArguments(call, i)
		default:
			return &refusal{cBadParams, 400, -1104, "Not all sent parameters were read.", 0}
		}
	}
	if call.method == nil {
		return &refusal{cUnexpected, 400, -1020, "This operation is not supported.", 0}
	}
	return nil
}

func (s *binanceSession) takeArguments(call *binanceCall, object int) {
	doc := &s.c.doc
	for i := object + 1; i < int(doc.nodes[object].next); i = int(doc.nodes[i].next) {
		value := doc.raw(i)
		if doc.kind(i) == jsonString {
			value = doc.str(i)
		}
		call.args = append(call.args, argument{doc.name(i), value, doc.kind(i)})
	}
}

// takeID keeps the id as it was written: an integer, a string of at most 36 characters, or null.
func (s *binanceSession) takeID(call *binanceCall, i int) bool {
	doc := &s.c.doc
	raw := doc.raw(i)
	switch doc.kind(i) {
	case jsonNull:
		return true
	case jsonNumber:
		if bytes.ContainsAny(raw, ".eE") || len(raw) > 20 {
			return false
		}
		call.id = raw
		return true
	case jsonString:
		if len(doc.str(i)) > 36 {
			return false
		}
		call.id = doc.text[doc.nodes[i].from-1 : doc.nodes[i].to+1]
		return true
	}
	return false
}

// admit spends the request's weight.
func (s *binanceSession) admit(call *binanceCall) *refusal {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	limits, u := &s.v.config.Limits, &s.v.usage
	if call.now < s.v.closedUntil {
		return &refusal{counterCount, 503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", 0}
	}
	if !u.banned(call.now) {
		call.weight = u.spend(call.now, call.method.weight)
		if limits.WeightPerMinute == 0 || call.weight <= int64(limits.WeightPerMinute) {
			return nil
		}
		if !u.refuse(call.now, limits) {
			retry := (call.now/60e9 + 1) * 60e3
			return &refusal{cOverLimit, 429, -1003, "Too much request weight used.", retry}
		}
	}
	s.c.closeWith(call.now, 1008, "banned")
	return &refusal{u.banCounter(), 418, -1003, "Way too much request weight used; IP banned.", u.bannedUntil / 1e6}
}

// checkNames refuses parameters that the method does not know, and misses those that it needs.
func (s *binanceSession) checkNames(call *binanceCall) *refusal {
	for i := range call.args {
		a := &call.args[i]
		name := string(a.name)
		if !hasWord(call.method.params, name) && (call.method.auth == authNone || !hasWord(signedParams, name)) {
			return &refusal{cBadParams, 400, -1104, "Not all sent parameters were read.", 0}
		}
		if a.kind == jsonObject || a.kind == jsonNull || a.kind == jsonArray && call.method.auth != authNone {
			return missing(name)
		}
	}
	for name := range strings.FieldsSeq(call.method.must) {
		if !call.has(name) && (name != "apiKey" || s.http == nil) {
			return missing(name)
		}
	}
	return nil
}

func missing(name string) *refusal {
	return &refusal{cBadParams, 400, -1102, "Mandatory parameter '" + name + "' was not sent, was empty/null, or malformed.", 0}
}

// hasWord tells whether a blank-separated list with blanks around holds word.
func hasWord(list, word string) bool {
	for rest := list; ; {
		at := strings.Index(rest, word)
		if at < 0 || word == "" {
			return false
		}
		end := at + len(word)
		if at > 0 && rest[at-1] == ' ' && end < len(rest) && rest[end] == ' ' {
			return true
		}
		rest = rest[end:]
	}
}
