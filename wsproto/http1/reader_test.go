package http1_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"orderwire/wsproto/http1"
)

var limits = http1.Config{MaxHead: 1000, MaxBody: 2000, MaxChunkExt: 500}

// outcome is all that a reader made of a stream.
type outcome struct {
	answers []answer
	err     error // from Next
	end     error // from End
	abuse   error // the reader broke its own contract
}

func (o outcome) differs(want outcome) error {
	switch {
	case o.abuse != nil:
		return o.abuse
	case !slices.Equal(o.answers, want.answers):
		return fmt.Errorf("answers %+v, want %+v (errors %v, %v)", o.answers, want.answers, o.err, o.end)
	case fmt.Sprint(o.err, o.end) != fmt.Sprint(want.err, want.end):
		return fmt.Errorf("errors %v and %v, want %v and %v", o.err, o.end, want.err, want.end)
	}
	return nil
}

// listen feeds a stream in the given cuts as the answers to that many requests, then ends it.
func listen(method string, requests int, in string, cut func() int) (o outcome) {
	reader := http1.NewReader(limits)
	ask := func() {
		if requests > 0 && reader.Ready() {
			requests--
			reader.Expect(method)
		}
	}
	ask()
	note := func(ev http1.Event) {
		if ev.Kind == http1.EventResponse {
			o.answers = append(o.answers, answer{ev.Status, string(ev.Body), ev.Close})
			ask()
		}
	}
	for from, to := 0, 0; from < len(in); {
		to = min(from+cut(), len(in))
		for from < to {
			ev, used, err := reader.Next([]byte(in[from:to]))
			if err != nil {
				_, o.end = reader.End()
				if _, _, again := reader.Next(nil); again != err || o.end != err {
					o.abuse = fmt.Errorf("after %v the reader says %v and %v", err, again, o.end)
				}
				o.err = err
				return o
			}
			if used < 1 || used > to-from || (used < to-from && ev.Kind == http1.EventNone) {
				o.abuse = fmt.Errorf("used %d of %d bytes", used, to-from)
				return o
			}
			from += used
			note(ev)
		}
	}
	ev, err := reader.End()
	note(ev)
	o.end = err
	return o
}

func wholly() int   { return 1 << 30 }
func bytewise() int { return 1 }

func randomCuts(seed uint64) func() int {
	random := rand.New(rand.NewPCG(seed, 9112))
	return func() int { return 1 + random.IntN(40) }
}

// TestCases runs each case whole, byte by byte and at random cuts; all must hear the same.
func TestCases(t *testing.T) {
	for group, cases := range map[string][]responseCase{"sound": soundCases(), "chunked": chunkedCases(), "broken": brokenCases()} {
		t.Run(group, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.name, c.run)
			}
		})
	}
}

func (c responseCase) run(t *testing.T) {
	if c.rfc == "" {
		t.Error("no paragraph")
	}
	if c.method == "" {
		c.method = "GET"
	}
	for name, cut := range map[string]func() int{"whole": wholly, "bytewise": bytewise, "random": randomCuts(1)} {
		got := listen(c.method, max(1, len(c.want)), c.in, cut)
		if got.abuse != nil || !slices.Equal(got.answers, c.want) {
			t.Fatalf("%s: answers %+v (%v), want %+v", name, got.answers, got.abuse, c.want)
		}
		failure := got.err
		if c.early {
			failure = got.end
			if got.err != nil || !errors.Is(got.end, io.ErrUnexpectedEOF) {
				t.Fatalf("%s: errors %v and %v, want an unexpected end", name, got.err, got.end)
			}
		}
		if (failure == nil) != (c.rule == "") || (failure != nil && !strings.Contains(failure.Error(), c.rule)) {
			t.Fatalf("%s: error %v, want %q", name, failure, c.rule)
		}
		if c.rule == "" && got.end != nil {
			t.Fatalf("%s: end %v", name, got.end)
		}
	}
}

// TestErrorTypes: what a caller decides on is a type, not a text.
func TestErrorTypes(t *testing.T) {
	var broken *http1.ProtocolError
	if got := listen("GET", 1, "nonsense\r\n", wholly); !errors.As(got.err, &broken) || !strings.Contains(broken.Rule, "status line") {
		t.Errorf("nonsense: %v", got.err)
	}
	var limit *http1.LimitError
	if got := listen("GET", 1, strings.Repeat("x", 2000), wholly); !errors.As(got.err, &limit) || limit.What != "head" || limit.Max != 1000 {
		t.Errorf("too long: %v", got.err)
	}
	if got := listen("GET", 0, "HTTP/1.1 408 Request Timeout\r\n\r\n", wholly); !errors.Is(got.err, http1.ErrUnsolicited) {
		t.Errorf("unasked: %v", got.err)
	}
	if got := listen("GET", 0, "", wholly); got.err != nil || got.end != nil {
		t.Errorf("an idle connection that ends: %v, %v", got.err, got.end)
	}
}

// TestHeader finds lines by name, in the final response's head only.
func TestHeader(t *testing.T) {
	reader := http1.NewReader(http1.Config{})
	reader.Expect("POST")
	in := "HTTP/1.1 103 x\r\nEarly: 1\r\n\r\nHTTP/1.1 429 Too Many\r\nRetry-After: 30\r\nX-MBX-USED-WEIGHT-1M:\t1200 \r\n" +
		"X-List: a\r\nx-list: b\r\nDate: Fri, 31 Dec 1999 23:59:59 GMT\r\nEmpty:\r\nContent-Length: 2\r\n\r\nno"
	ev, used, err := reader.Next([]byte(in))
	if err != nil || used != len(in) || ev.Status != 429 {
		t.Fatalf("%+v, used %d, %v", ev, used, err)
	}
	for name, want := range map[string]string{"retry-after": "30", "x-mbx-used-weight-1m": "1200", "X-LIST": "a", "empty": "", "content-length": "2"} {
		if value, ok := reader.Header(name); !ok || string(value) != want {
			t.Errorf("%s: %q %v, want %q", name, value, ok, want)
		}
	}
	for _, name := range []string{"early", "", "HTTP/1.1 429 Too Many", "retry"} {
		if value, ok := reader.Header(name); ok {
			t.Errorf("%q is there: %q", name, value)
		}
	}
	if n, ok := reader.HeaderNumber("Retry-After"); n != 30 || !ok {
		t.Errorf("Retry-After %d %v", n, ok)
	}
	for _, name := range []string{"Date", "Empty", "Missing"} {
		if n, ok := reader.HeaderNumber(name); ok {
			t.Errorf("%s is the number %d", name, n)
		}
	}
	var names []string
	for name, value := range reader.Fields() {
		names = append(names, string(name)+"="+string(value))
	}
	want := "Retry-After=30|X-MBX-USED-WEIGHT-1M=1200|X-List=a|x-list=b|Date=Fri, 31 Dec 1999 23:59:59 GMT|Empty=|Content-Length=2"
	if got := strings.Join(names, "|"); got != want {
		t.Errorf("fields %s, want %s", got, want)
	}
	reader.Expect("GET")
	if _, ok := reader.Header("retry-after"); ok {
		t.Error("the next request still sees the last response's head")
	}
}

func TestReaderPanics(t *testing.T) {
	busy := http1.NewReader(limits)
	busy.Expect("GET")
	over := http1.NewReader(limits)
	over.Expect("GET")
	if ev, _, err := over.Next([]byte("HTTP/1.0 204 x\r\n\r\n")); !ev.Close || err != nil || over.Ready() || over.Awaiting() {
		t.Fatalf("%+v, %v", ev, err)
	}
	for name, broken := range map[string]func(){
		"negative head": func() { http1.NewReader(http1.Config{MaxHead: -1}) },
		"negative body": func() { http1.NewReader(http1.Config{MaxBody: -1}) },
		"negative ext":  func() { http1.NewReader(http1.Config{MaxChunkExt: -1}) },
		"busy":          func() { busy.Expect("GET") },
		"over":          func() { over.Expect("GET") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if said, _ := recover().(string); !strings.HasPrefix(said, "http1: ") {
					t.Errorf("panic says %q", said)
				}
			}()
			broken()
		})
	}
}

// TestSteadyStateAllocates nothing: fixed and chunked responses, and headers by name.
func TestSteadyStateAllocates(t *testing.T) {
	reader := http1.NewReader(limits)
	in := []byte(ok + "Content-Length: 5\r\nX-Weight: 12\r\n\r\nhello")
	inChunks := []byte(ok + "X-Weight: 12\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nX: y\r\n\r\n")
	allocs := testing.AllocsPerRun(100, func() {
		for _, in := range [][]byte{in, inChunks} {
			reader.Expect("POST")
			ev, used, err := reader.Next(in)
			weight, _ := reader.HeaderNumber("x-weight")
			if err != nil || used != len(in) || string(ev.Body) != "hello" || weight != 12 {
				panic("response not read")
			}
		}
	})
	if allocs != 0 {
		t.Errorf("reading allocates %v times", allocs)
	}
}
