package scan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"orderwire/orders/scan"
)

// valid reads message with Skip alone.
func valid(message []byte) error {
	var c scan.Cursor
	c.Reset(message)
	c.Skip()
	return c.End()
}

func TestFaults(t *testing.T) {
	for _, row := range []struct {
		text string
		want error
	}{
		{`{}`, nil},
		{` { "a" : [ 1 , -2.5e+3 , "x\u00e9\n" , true , false , null , { } , [ ] ] } `, nil},
		{`"é"`, nil},
		{`0`, nil},
		{`-0`, nil},
		{`"\ud800"`, nil}, // a lone surrogate is grammar, whatever it means
		{"", scan.ErrEnd},
		{" ", scan.ErrEnd},
		{"{", scan.ErrEnd},
		{`{"a"`, scan.ErrEnd},
		{`{"a":`, scan.ErrEnd},
		{`{"a":1`, scan.ErrEnd},
		{`{"a":1,`, scan.ErrEnd},
		{`[1`, scan.ErrEnd},
		{`"abc`, scan.ErrEnd},
		{`"abcdefghijklmnop`, scan.ErrEnd},
		{`{"a":1,}`, scan.ErrSyntax},
		{`[1,]`, scan.ErrSyntax},
		{`[,1]`, scan.ErrSyntax},
		{`[1 2]`, scan.ErrSyntax},
		{`{"a" 1}`, scan.ErrSyntax},
		{`{a:1}`, scan.ErrSyntax},
		{`{1:1}`, scan.ErrSyntax},
		{`{"a":1 "b":2}`, scan.ErrSyntax},
		{`[1}`, scan.ErrSyntax},
		{`{"a":1]`, scan.ErrSyntax},
		{`}`, scan.ErrSyntax},
		{`tru`, scan.ErrSyntax},
		{`nul`, scan.ErrSyntax},
		{`NaN`, scan.ErrSyntax},
		{`+1`, scan.ErrSyntax},
		{`.5`, scan.ErrSyntax},
		{"\x0b1", scan.ErrSyntax},
		{`'a'`, scan.ErrSyntax},
		{`01`, scan.ErrNumber},
		{`-`, scan.ErrNumber},
		{`1.`, scan.ErrNumber},
		{`1.e5`, scan.ErrNumber},
		{`1e`, scan.ErrNumber},
		{`1e+`, scan.ErrNumber},
		{`-01`, scan.ErrNumber},
		{"\"a\nb\"", scan.ErrString},
		{"\"0123456\x1f89abcdef\"", scan.ErrString},
		{`"\x"`, scan.ErrString},
		{`"\u12g4"`, scan.ErrString},
		{`"\u12"`, scan.ErrString},
		{`"\`, scan.ErrString},
		{"\"\xff\"", scan.ErrString},
		{"\"\xc0\x80\"", scan.ErrString},
		{"\"\xed\xa0\x80\"", scan.ErrString}, // a surrogate in UTF-8
		{"\"\xe2\x82\"", scan.ErrString},
		{`1 2`, scan.ErrTrailing},
		{`{}}`, scan.ErrTrailing},
		{`truefalse`, scan.ErrTrailing},
		{strings.Repeat("[", 64) + strings.Repeat("]", 64), nil},
		{strings.Repeat("[", 65) + strings.Repeat("]", 65), scan.ErrDepth},
		{strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64), nil},
		{strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), scan.ErrDepth},
	} {
		t.Run(row.text, func(t *testing.T) {
			if err := valid([]byte(row.text)); !errors.Is(err, row.want) {
				t.Errorf("%q: %v, want %v", row.text, err, row.want)
			}
		})
	}
}

// rebuild walks message with every method of the cursor and writes what it saw, without white space.
func rebuild(c *scan.Cursor, dst []byte) []byte {
	switch c.Kind() {
	case scan.Object:
		c.Object()
		dst = append(dst, '{')
		for first := true; ; first = false {
			key, more := c.Key()
			if !more {
				return append(dst, '}')
			}
			if !first {
				dst = append(dst, ',')
			}
			dst = append(append(append(dst, '"'), key...), `":`...)
			dst = rebuild(c, dst)
		}
	case scan.Array:
		c.Array()
		dst = append(dst, '[')
		for first := true; c.More(); first = false {
			if !first {
				dst = append(dst, ',')
			}
			dst = rebuild(c, dst)
		}
		return append(dst, ']')
	case scan.String:
		return append(append(append(dst, '"'), c.Raw()...), '"')
	case scan.Number:
		return append(dst, c.Number()...)
	case scan.Bool:
		if c.Bool() {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case scan.Null:
		c.Null()
		return append(dst, "null"...)
	}
	c.Skip()
	return dst
}

// nesting is how deep the brackets of a valid message go.
func nesting(message []byte) int {
	depth, deepest := 0, 0
	decoder := json.NewDecoder(bytes.NewReader(message))
	for {
		token, err := decoder.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// checkAgainstJSON holds both ways of reading to encoding/json, which is laxer in one point only: it lets
// bad UTF-8 pass.
func checkAgainstJSON(t *testing.T, message []byte) {
	t.Helper()
	want := json.Valid(message) && utf8.Valid(message)
	err := valid(message)
	if want && err != nil && !(errors.Is(err, scan.ErrDepth) && nesting(message) > scan.MaxDepth) {
		t.Fatalf("%q is refused: %v", message, err)
	}
	if !want && err == nil {
		t.Fatalf("%q is accepted", message)
	}
	var c scan.Cursor
	c.Reset(message)
	got := rebuild(&c, nil)
	if again := c.End(); (again == nil) != (err == nil) {
		t.Fatalf("%q: skipped: %v, walked: %v", message, err, again)
	}
	if err != nil {
		return
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, message); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, compact.Bytes()) {
		t.Fatalf("%q is walked as %q", message, got)
	}
}

var frames = []string{
	`{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}`,
	`{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255308,"s":"BTCUSDT","U":50093239203,"u":50093239207,"b":[["55653.87000000","0.00000000"]],"a":[["61838.04000000","0.32332000"]]}}`,
	`{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, \"IP\", or\tpermissions"}}`,
	` [ 1.0e-5 , { "a" : { } } , [ [ ] ] , "\u00e9é世" ] `,
}

func FuzzAgainstJSON(f *testing.F) {
	for _, frame := range frames {
		f.Add([]byte(frame))
	}
	f.Fuzz(checkAgainstJSON)
}

// TestDamagedFrames flips, cuts and inserts at every place of real frames: a fuzz run in small, in each test run.
func TestDamagedFrames(t *testing.T) {
	for _, frame := range frames {
		checkAgainstJSON(t, []byte(frame))
		for at := range frame {
			checkAgainstJSON(t, []byte(frame[:at]))
			checkAgainstJSON(t, []byte(frame[:at]+frame[at+1:]))
			for _, b := range []byte("\"\\{}[]:,0e-. \x00\xff\xc3tn") {
				checkAgainstJSON(t, []byte(frame[:at]+string([]byte{b})+frame[at+1:]))
				checkAgainstJSON(t, []byte(frame[:at]+string([]byte{b})+frame[at:]))
			}
		}
	}
}

func TestInt(t *testing.T) {
	for _, row := range []struct {
		text string
		want int64
		err  error
	}{
		{"0", 0, nil},
		{"-0", 0, nil},
		{"1723161255343", 1723161255343, nil},
		{"-42", -42, nil},
		{"9223372036854775807", 9223372036854775807, nil},
		{"9223372036854775808", 0, scan.ErrRange},
		{"-9223372036854775808", -9223372036854775808, nil},
		{"-9223372036854775809", 0, scan.ErrRange},
		{"99999999999999999999999", 0, scan.ErrRange},
		{"1.0", 0, scan.ErrRange},
		{"1e3", 0, scan.ErrRange},
		{"01", 0, scan.ErrNumber},
		{"-", 0, scan.ErrNumber},
		{"1e", 0, scan.ErrNumber},
		{`"1"`, 0, scan.ErrKind},
		{`null`, 0, scan.ErrKind},
		{`x`, 0, scan.ErrSyntax},
		{`1x`, 1, scan.ErrTrailing},
	} {
		var c scan.Cursor
		c.Reset([]byte(row.text))
		got := c.Int()
		if err := c.End(); got != row.want || !errors.Is(err, row.err) {
			t.Errorf("Int(%q) = %d, %v; want %d, %v", row.text, got, err, row.want, row.err)
		}
	}
}

func TestKindsAreAskedFor(t *testing.T) {
	reads := []struct {
		name string
		kind scan.Kind
		read func(*scan.Cursor)
	}{
		{"Object", scan.Object, func(c *scan.Cursor) { c.Object(); c.Key() }},
		{"Array", scan.Array, func(c *scan.Cursor) { c.Array(); c.More() }},
		{"Text", scan.String, func(c *scan.Cursor) { c.Text() }},
		{"Raw", scan.String, func(c *scan.Cursor) { c.Raw() }},
		{"Int", scan.Number, func(c *scan.Cursor) { c.Int() }},
		{"Number", scan.Number, func(c *scan.Cursor) { c.Number() }},
		{"Bool", scan.Bool, func(c *scan.Cursor) { c.Bool() }},
	}
	for kind, text := range map[scan.Kind]string{
		scan.Object: "{}", scan.Array: "[]", scan.String: `"s"`, scan.Number: "7", scan.Bool: "true", scan.Null: "null",
	} {
		for _, row := range reads {
			var c scan.Cursor
			c.Reset([]byte(text))
			row.read(&c)
			want := error(scan.ErrKind)
			if row.kind == kind {
				want = nil
			}
			if err := c.End(); !errors.Is(err, want) {
				t.Errorf("%s of %s: %v, want %v", row.name, text, err, want)
			}
		}
	}
}

func TestTextRefusesEscapes(t *testing.T) {
	var c scan.Cursor
	c.Reset([]byte(`"BTC\u0055SDT"`))
	if got := c.Text(); got != nil || !errors.Is(c.End(), scan.ErrEscape) {
		t.Errorf("Text = %q, %v", got, c.End())
	}
	c.Reset([]byte(`{"\u0070":"1","p":"2"}`))
	c.Object()
	if key, _ := c.Key(); string(key) != `\u0070` {
		t.Errorf("key = %q: an escaped key must not equal a known one", key)
	}
}

// TestTry holds the lenient readers to their two promises: they take exactly what the strict ones take, and
// whatever else is sound they step over.
func TestTry(t *testing.T) {
	for _, text := range []string{
		"7", "-7", "1.5", "1e3", "99999999999999999999", `"s"`, `"\n"`, "true", "false", "null", "{}", `[1,{"a":2}]`,
		"01", "1.", `"\x"`, "tru", "x", "[1", "",
	} {
		var strict, lenient scan.Cursor
		reads := []struct {
			name   string
			strict func() any
			try    func() (any, bool)
		}{
			{"int", func() any { return strict.Int() }, func() (any, bool) { v, ok := lenient.TryInt(); return v, ok }},
			{"text", func() any { return string(strict.Text()) }, func() (any, bool) { v, ok := lenient.TryText(); return string(v), ok }},
			{"bool", func() any { return strict.Bool() }, func() (any, bool) { v, ok := lenient.TryBool(); return v, ok }},
		}
		for _, row := range reads {
			strict.Reset([]byte(text))
			lenient.Reset([]byte(text))
			want := row.strict()
			strictErr := strict.End()
			got, ok := row.try()
			if err := lenient.End(); (err == nil) != (valid([]byte(text)) == nil) {
				t.Errorf("%s of %q: %v", row.name, text, err)
			}
			if ok != (strictErr == nil) || ok && got != want {
				t.Errorf("%s of %q = %v, %v; the strict reader says %v, %v", row.name, text, got, ok, want, strictErr)
			}
		}
	}
}

func TestTakeAndSpan(t *testing.T) {
	var c scan.Cursor
	c.Reset([]byte(` [ "1.5" , {"a": [1]} ]`))
	c.Array()
	c.More()
	if ahead := string(c.Ahead()); !strings.HasPrefix(ahead, `"1.5"`) {
		t.Fatalf("Ahead = %q", ahead)
	}
	c.Take(5)
	c.More()
	if span := string(c.Span()); span != `{"a": [1]}` {
		t.Errorf("Span = %q", span)
	}
	if c.More() || c.End() != nil {
		t.Errorf("the walk does not end: %v", c.End())
	}
	defer func() {
		if recover() == nil {
			t.Error("Take past the end does not panic")
		}
	}()
	c.Take(1)
}

func TestRefuse(t *testing.T) {
	var c scan.Cursor
	c.Reset([]byte(`{}`))
	c.Skip()
	c.Refuse(scan.ErrRange)
	c.Refuse(scan.ErrKind)
	if err := c.End(); !errors.Is(err, scan.ErrRange) {
		t.Errorf("End = %v, want the first fault", err)
	}
	if c.Sound() {
		t.Error("Sound after a fault")
	}
}

func TestAllocs(t *testing.T) {
	messages := [][]byte{[]byte(frames[0]), []byte(frames[2]), []byte(`{"a":01}`), []byte(strings.Repeat("[", 99))}
	var failed int
	if allocs := testing.AllocsPerRun(100, func() {
		for _, message := range messages {
			if valid(message) != nil {
				failed++
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
	if failed == 0 {
		t.Error("no message failed: the faulty path was not measured")
	}
}

func BenchmarkSkip(b *testing.B) {
	for _, row := range []struct{ name, frame string }{{"trade", frames[0]}, {"depth", frames[1]}, {"error", frames[2]}} {
		message := []byte(row.frame)
		b.Run("frame="+row.name, func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if err := valid(message); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("frame="+row.name+"/peer=json.Valid", func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if !json.Valid(message) {
					b.Fatal("invalid")
				}
			}
		})
	}
}
