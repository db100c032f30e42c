package simex

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// document is one parsed JSON text: a flat list of values in the order of the text.
//
// It is stricter than most parsers on purpose: RFC 8259 to the letter, valid UTF-8, no unpaired surrogate
// escapes, no name twice in one object, nothing behind the value. Its memory is used again by the next parse,
// so an order costs no allocation.
type document struct {
	text  []byte
	nodes []node
	depth int
}

// node is one value; its children follow it directly, and next is the index behind its last descendant.
type node struct {
	kind       jsonKind
	escaped    bool // a string with a backslash in it
	keyEscaped bool
	from, to   int32 // the raw text; for strings what stands between the quotes
	key, keyTo int32 // the raw name, for members of objects
	next       int32
}

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonFalse
	jsonTrue
	jsonNumber
	jsonString
	jsonObject
	jsonArray
)

const maxDepth = 16

var errJSON = errors.New("simex: JSON")

// parse reads text, which must outlive the use of the document.
func (d *document) parse(text []byte) error {
	d.text, d.nodes, d.depth = text, d.nodes[:0], 0
	if !utf8.Valid(text) {
		return fmt.Errorf("%w: not UTF-8", errJSON)
	}
	at, err := d.value(d.space(0))
	if err != nil {
		return err
	}
	if at = d.space(at); at != len(text) {
		return d.fail(at, "bytes behind the value")
	}
	return nil
}

// find returns the index of the member called name of the object at, or -1.
func (d *document) find(object int, name string) int {
	if object < 0 || d.nodes[object].kind != jsonObject {
		return -1
	}
	for i := object + 1; i < int(d.nodes[object].next); i = int(d.nodes[i].next) {
		if string(d.name(i)) == name {
			return i
		}
	}
	return -1
}

// raw is the text of value i as it was written; strings lose their quotes.
func (d *document) raw(i int) []byte { return d.text[d.nodes[i].from:d.nodes[i].to] }

// str is the decoded text of string i.
func (d *document) str(i int) []byte {
	if !d.nodes[i].escaped {
		return d.raw(i)
	}
	return unescape(d.raw(i))
}

// name is the decoded name of member i.
func (d *document) name(i int) []byte {
	n := &d.nodes[i]
	if !n.keyEscaped {
		return d.text[n.key:n.keyTo]
	}
	return unescape(d.text[n.key:n.keyTo])
}

func (d *document) kind(i int) jsonKind {
	if i < 0 {
		return jsonNull
	}
	return d.nodes[i].kind
}

func (d *document) fail(at int, what string) error {
	return fmt.Errorf("%w: %s at byte %d", errJSON, what, at)
}

func (d *document) space(at int) int {
	for at < len(d.text) && (d.text[at] == ' ' || d.text[at] == '\t' || d.text[at] == '\n' || d.text[at] == '\r') {
		at++
	}
	return at
}

// value reads the value at and returns the place behind it.
func (d *document) value(at int) (int, error) {
	if at >= len(d.text) {
		return at, d.fail(at, "text ends early")
	}
	self := len(d.nodes)
	d.nodes = append(d.nodes, node{from: int32(at)})
	var err error
	kind, from, to := jsonNull, at, at
	switch c := d.text[at]; {
	case c == '{':
		kind = jsonObject
		at, err = d.object(self, at)
		to = at
	case c == '[':
		kind = jsonArray
		at, err = d.array(at)
		to = at
	case c == '"':
		kind, from = jsonString, at+1
		at, d.nodes[self].escaped, err = d.quoted(at)
		to = at - 1
	case c == '-' || c >= '0' && c <= '9':
		kind = jsonNumber
		at, err = d.number(at)
		to = at
	default:
		at, kind, err = d.literal(at)
		to = at
	}
	if err != nil {
		return at, err
	}
	n := &d.nodes[self]
	n.kind, n.from, n.to, n.next = kind, int32(from), int32(to), int32(len(d.nodes))
	return at, nil
}

func (d *document) object(self, at int) (int, error) {
	if d.depth++; d.depth > maxDepth {
		return at, d.fail(at, "too deep")
	}
	at = d.space(at + 1)
	if at < len(d.text) && d.text[at] == '}' {
		d.depth--
		return at + 1, nil
	}
	for {
		if at >= len(d.text) || d.text[at] != '"' {
			return at, d.fail(at, "name expected")
		}
		key := at + 1
		end, escaped, err := d.quoted(at)
		if err != nil {
			return end, err
		}
		at = d.space(end)
		if at >= len(d.text) || d.text[at] != ':' {
			return at, d.fail(at, "colon expected")
		}
		child := len(d.nodes)
		if at, err = d.value(d.space(at + 1)); err != nil {
			return at, err
		}
		n := &d.nodes[child]
		n.key, n.keyTo, n.keyEscaped = int32(key), int32(end-1), escaped
		if d.repeated(self, child) {
			return key, d.fail(key, "name given twice")
		}
		at = d.space(at)
		if at < len(d.text) && d.text[at] == ',' {
			at = d.space(at + 1)
			continue
		}
		if at < len(d.text) && d.text[at] == '}' {
			d.depth--
			return at + 1, nil
		}
		return at, d.fail(at, "comma or brace expected")
	}
}

// repeated tells whether an earlier member of the object self bears the name of child.
func (d *document) repeated(self, child int) bool {
	name := d.name(child)
	for i := self + 1; i < child; i = int(d.nodes[i].next) {
		if bytes.Equal(d.name(i), name) {
			return true
		}
	}
	return false
}

func (d *document) array(at int) (int, error) {
	if d.depth++; d.depth > maxDepth {
		return at, d.fail(at, "too deep")
	}
	at = d.space(at + 1)
	if at < len(d.text) && d.text[at] == ']' {
		d.depth--
		return at + 1, nil
	}
	for {
		var err error
		if at, err = d.value(at); err != nil {
			return at, err
		}
		at = d.space(at)
		if at < len(d.text) && d.text[at] == ',' {
			at = d.space(at + 1)
			continue
		}
		if at < len(d.text) && d.text[at] == ']' {
			d.depth--
			return at + 1, nil
		}
		return at, d.fail(at, "comma or bracket expected")
	}
}

// quoted reads the string at, checks its escapes and returns the place behind the closing quote.
func (d *document) quoted(at int) (end int, escaped bool, err error) {
	for at++; at < len(d.text); at++ {
		switch c := d.text[at]; {
		case c == '"':
			return at + 1, escaped, nil
		case c < 0x20:
			return at, escaped, d.fail(at, "control character in a string")
		case c == '\\':
			escaped = true
			n := escapeLength(d.text[at:])
			if n == 0 {
				return at, escaped, d.fail(at, "bad escape")
			}
			at += n - 1
		}
	}
	return at, escaped, d.fail(at, "string without an end")
}

func (d *document) number(at int) (int, error) {
	digits := func() bool {
		from := at
		for at < len(d.text) && d.text[at] >= '0' && d.text[at] <= '9' {
			at++
		}
		return at > from
	}
	if d.text[at] == '-' {
		at++
	}
	if at < len(d.text) && d.text[at] == '0' {
		at++
	} else if !digits() {
		return at, d.fail(at, "digit expected")
	}
	if at < len(d.text) && d.text[at] == '.' {
		if at++; !digits() {
			return at, d.fail(at, "digit expected behind the point")
		}
	}
	if at < len(d.text) && (d.text[at] == 'e' || d.text[at] == 'E') {
		at++
		if at < len(d.text) && (d.text[at] == '+' || d.text[at] == '-') {
			at++
		}
		if !digits() {
			return at, d.fail(at, "digit expected in the exponent")
		}
	}
	return at, nil
}

func (d *document) literal(at int) (int, jsonKind, error) {
	rest := d.text[at:]
	switch {
	case bytes.HasPrefix(rest, []byte("true")):
		return at + 4, jsonTrue, nil
	case bytes.HasPrefix(rest, []byte("false")):
		return at + 5, jsonFalse, nil
	case bytes.HasPrefix(rest, []byte("null")):
		return at + 4, jsonNull, nil
	}
	return at, jsonNull, d.fail(at, "value expected")
}

// escapeLength is the length of the escape at the start of text, a surrogate pair counting as one; 0 if it is none.
func escapeLength(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
	default:
		return 0
	}
	unit, ok := hexUnit(text)
	switch {
	case !ok || unit >= 0xDC00 && unit <= 0xDFFF:
		return 0
	case unit < 0xD800 || unit > 0xDBFF:
		return 6
	}
	low, ok := hexUnit(text[6:])
	if !ok || low < 0xDC00 || low > 0xDFFF {
		return 0
	}
	return 12
}

// hexUnit reads \uXXXX at the start of text.
func hexUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range text[2:6] {
		digit := hexValue(c)
		if digit < 0 {
			return 0, false
		}
		unit = unit<<4 | rune(digit)
	}
	return unit, true
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// unescape decodes a string that quoted has checked.
func unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for at := 0; at < len(raw); {
		if raw[at] != '\\' {
			out = append(out, raw[at])
			at++
			continue
		}
		n := escapeLength(raw[at:])
		switch raw[at+1] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			unit, _ := hexUnit(raw[at:])
			if n == 12 {
				low, _ := hexUnit(raw[at+6:])
				unit = 0x10000 + (unit-0xD800)<<10 + (low - 0xDC00)
			}
			out = utf8.AppendRune(out, unit)
		default:
			out = append(out, raw[at+1])
		}
		at += n
	}
	return out
}

// appendQuoted writes text as a JSON string.
func appendQuoted(dst, text []byte) []byte {
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
