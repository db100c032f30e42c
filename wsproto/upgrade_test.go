package wsproto_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"orderwire/wsproto"
)

var sampleNonce = [16]byte([]byte("the sample nonce"))

// goodReply is the reply of RFC 6455 §1.3 to the sample nonce.
const goodReply = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

// TestAppendRequest: the standard library reads the request as it was meant.
func TestAppendRequest(t *testing.T) {
	upgrade := wsproto.Upgrade{
		Host: "venue.example:9443", Path: "/ws-api/v3?x=%20y", Origin: "https://desk.example", Subprotocols: []string{"v2", "v1"},
		Header: []wsproto.Field{{Name: "User-Agent", Value: "orderwire"}, {Name: "X-Key", Value: "a\tb é"}},
	}
	raw, err := upgrade.AppendRequest([]byte(nil), sampleNonce)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	got := fmt.Sprint(request.Method, request.Host, request.RequestURI, request.Proto)
	if want := "GETvenue.example:9443/ws-api/v3?x=%20yHTTP/1.1"; got != want {
		t.Errorf("request %s, want %s", got, want)
	}
	want := http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Protocol": {"v2, v1"}, "Origin": {"https://desk.example"},
		"User-Agent": {"orderwire"}, "X-Key": {"a\tb é"},
	}
	if fmt.Sprint(request.Header) != fmt.Sprint(want) {
		t.Errorf("header %v, want %v", request.Header, want)
	}
	if bare, err := (&wsproto.Upgrade{Host: "h"}).AppendRequest(nil, sampleNonce); err != nil || !bytes.HasPrefix(bare, []byte("GET / HTTP/1.1\r\nHost: h\r\n")) {
		t.Errorf("bare request %q, %v", bare, err)
	}
}

func TestAppendRequestRefuses(t *testing.T) {
	const secret = "s3cret\r\nX: y"
	for name, upgrade := range map[string]wsproto.Upgrade{
		"no host":                   {},
		"host with a line end":      {Host: "h\r\nX: y"},
		"host with a path":          {Host: "h/p"},
		"host with a user":          {Host: "me@h"},
		"path without slash":        {Host: "h", Path: "ws"},
		"path with a blank":         {Host: "h", Path: "/a b"},
		"path with a line end":      {Host: "h", Path: "/a\r\nX: y"},
		"path with a fragment":      {Host: "h", Path: "/a#b"},
		"path beyond ASCII":         {Host: "h", Path: "/é"},
		"origin with a line end":    {Host: "h", Origin: "a\r\nX: y"},
		"empty subprotocol":         {Host: "h", Subprotocols: []string{""}},
		"subprotocol with a comma":  {Host: "h", Subprotocols: []string{"a,b"}},
		"subprotocol twice":         {Host: "h", Subprotocols: []string{"a", "b", "a"}},
		"value with a line end":     {Host: "h", Header: []wsproto.Field{{Name: "X-Key", Value: secret}}},
		"value with NUL":            {Host: "h", Header: []wsproto.Field{{Name: "X-Key", Value: "a\x00"}}},
		"name with a blank":         {Host: "h", Header: []wsproto.Field{{Name: "X Key", Value: "a"}}},
		"empty name":                {Host: "h", Header: []wsproto.Field{{Value: "a"}}},
		"a second host":             {Host: "h", Header: []wsproto.Field{{Name: "HOST", Value: "a"}}},
		"an own key":                {Host: "h", Header: []wsproto.Field{{Name: "Sec-WebSocket-Key", Value: "a"}}},
		"an extension":              {Host: "h", Header: []wsproto.Field{{Name: "sec-websocket-extensions", Value: "permessage-deflate"}}},
		"a body":                    {Host: "h", Header: []wsproto.Field{{Name: "Content-Length", Value: "1"}}},
		"a transfer coding":         {Host: "h", Header: []wsproto.Field{{Name: "Transfer-Encoding", Value: "chunked"}}},
		"another connection header": {Host: "h", Header: []wsproto.Field{{Name: "connection", Value: "close"}}},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := upgrade.AppendRequest([]byte("before"), sampleNonce)
			if !errors.Is(err, wsproto.ErrRequest) || string(raw) != "before" {
				t.Errorf("%q, %v", raw, err)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error holds a header value: %v", err)
			}
		})
	}
}

// reply is what an UpgradeReader made of some bytes.
type reply struct {
	done        bool
	used        int
	err         error
	subprotocol string
	status      wsproto.StatusError // zero where err is another
	abuse       error
}

func (r reply) differs(want reply) error {
	switch {
	case r.abuse != nil:
		return r.abuse
	case r.done != want.done, r.done && r.used != want.used, r.subprotocol != want.subprotocol, r.status != want.status,
		fmt.Sprint(r.err) != fmt.Sprint(want.err):
		return fmt.Errorf("%+v, want %+v", r, want)
	}
	return nil
}

// open feeds a reply in the given cuts, then ends the stream.
func open(upgrade *wsproto.Upgrade, in []byte, cut cutter) (r reply) {
	reader := wsproto.NewUpgradeReader(upgrade, sampleNonce)
	from, to := 0, 0
	for r.err == nil && !r.done {
		var used int
		r.done, used, r.err = reader.Next(in[from:to])
		if used < 0 || used > to-from {
			return reply{abuse: fmt.Errorf("used %d of %d", used, to-from)}
		}
		from += used
		if r.err == nil && !r.done && used == 0 {
			if to == len(in) {
				r.err = reader.End()
				break
			}
			to += min(cut(), len(in)-to)
		}
	}
	if r.err != nil {
		if _, _, again := reader.Next(nil); again != r.err || reader.End() != r.err {
			return reply{abuse: fmt.Errorf("after %v the reader says %v", r.err, again)}
		}
	}
	r.used, r.subprotocol = from, reader.Subprotocol()
	var status *wsproto.StatusError
	if errors.As(r.err, &status) {
		r.status = *status
	}
	return r
}

// openEachWay holds all cuts against each other.
func openEachWay(t *testing.T, upgrade *wsproto.Upgrade, in []byte) reply {
	t.Helper()
	want := open(upgrade, in, wholly)
	if want.abuse != nil {
		t.Fatalf("%q: %v", in, want.abuse)
	}
	for name, cut := range map[string]cutter{"bytewise": bytewise, "random": randomCuts(7, 40), "halves": func() int { return (len(in) + 1) / 2 }} {
		if err := open(upgrade, in, cut).differs(want); err != nil {
			t.Fatalf("%q: %s: %v", in, name, err)
		}
	}
	return want
}

func TestUpgradeAccepts(t *testing.T) {
	offer := &wsproto.Upgrade{Host: "h", Subprotocols: []string{"v2", "v1"}}
	for name, in := range map[string]string{
		"the RFC's own":          goodReply,
		"no reason phrase":       strings.Replace(goodReply, " Switching Protocols", " ", 1),
		"no blank behind status": strings.Replace(goodReply, " Switching Protocols", "", 1),
		"other letter case":      strings.NewReplacer("Upgrade: websocket", "UPGRADE: WebSocket", "Connection: Upgrade", "connection: upgrade").Replace(goodReply),
		"no blanks":              strings.ReplaceAll(goodReply, ": ", ":"),
		"blanks and tabs":        strings.NewReplacer(": ", ": \t ", "=\r\n", "=\t \r\n").Replace(goodReply),
		"connection list":        strings.Replace(goodReply, "Connection: Upgrade", "Connection: keep-alive, ,Upgrade ,x", 1),
		"connection lines":       strings.Replace(goodReply, "Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade", 1),
		"unknown lines":          goodReply + "Server: x\r\nSet-Cookie: a=b\r\nX-Empty:\r\nDate: \xe9\r\n",
		"empty extension list":   goodReply + "Sec-WebSocket-Extensions: , ,\r\n",
		"no body length of 101":  goodReply + "Content-Length: 0\r\n",
		"up to the cap":          goodReply + "X: " + strings.Repeat("y", wsproto.MaxUpgradeHead-len(goodReply)-len("X: \r\n\r\n")) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := openEachWay(t, offer, []byte(in+"\r\n\x81\x02glued"))
			if !got.done || got.err != nil || got.used != len(in)+2 {
				t.Fatalf("%+v, want done after %d bytes", got, len(in)+2)
			}
		})
	}
	got := openEachWay(t, offer, []byte(goodReply+"Sec-WebSocket-Protocol: v1\r\n\r\n"))
	if !got.done || got.subprotocol != "v1" {
		t.Fatalf("%+v, want subprotocol v1", got)
	}
}

// badReply is a reply that must be refused, and words of the rule that it breaks.
type badReply struct{ name, in, rule string }

// badReplies break one rule each.
func badReplies() []badReply {
	const accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
	without := func(line string) string { return strings.Replace(goodReply, line, "", 1) }
	return []badReply{
		{"HTTP/1.0", "HTTP/1.0" + goodReply[8:], "status line"},
		{"HTTP/2", "HTTP/2 101\r\n" + goodReply[34:], "status line"},
		{"small letters", "http/1.1" + goodReply[8:], "status line"},
		{"two blanks", strings.Replace(goodReply, "1.1 101", "1.1  101", 1), "status line"},
		{"four digits", strings.Replace(goodReply, "101", "1010", 1), "status line"},
		{"two digits", strings.Replace(goodReply, " 101 Switching Protocols", " 10", 1), "status line"},
		{"no digits", strings.Replace(goodReply, "101", "1o1", 1), "status line"},
		{"status below 100", strings.Replace(goodReply, "101", "099", 1), "status line"},
		{"NUL in the reason", strings.Replace(goodReply, "Switching", "Swit\x00ching", 1), "status line"},
		{"empty line first", "\r\n" + goodReply, "status line"},
		{"no HTTP at all", "SSH-2.0-OpenSSH_9.6\r\n", "status line"},
		{"bare LF", strings.ReplaceAll(goodReply, "\r\n", "\n"), "CR LF"},
		{"one bare LF", strings.Replace(goodReply, "websocket\r\n", "websocket\n", 1), "CR LF"},
		{"bare LF as the blank line", goodReply + "\n", "CR LF"},
		{"bare CR", strings.Replace(goodReply, "websocket\r\n", "websocket\rX: y\r\n", 1), "control character"},
		{"CR CR LF", strings.Replace(goodReply, "websocket\r\n", "websocket\r\r\n", 1), "control character"},
		{"folded line", goodReply + "X: y\r\n z\r\n", "folded"},
		{"line folded with a tab", goodReply + "X: y\r\n\tz\r\n", "folded"},
		{"first line folded", strings.Replace(goodReply, "Upgrade: ", " Upgrade: ", 1), "folded"},
		{"blank before the colon", strings.Replace(goodReply, "Upgrade: ", "Upgrade : ", 1), "colon"},
		{"tab before the colon", goodReply + "X\t: y\r\n", "colon"},
		{"no colon", goodReply + "Nothing\r\n", "colon"},
		{"empty name", goodReply + ": y\r\n", "colon"},
		{"name beyond ASCII", goodReply + "X\xe9: y\r\n", "colon"},
		{"NUL in a name", goodReply + "X\x00Y: y\r\n", "colon"},
		{"NUL in a value", goodReply + "X: a\x00b\r\n", "control character"},
		{"DEL in a value", goodReply + "X: a\x7fb\r\n", "control character"},
		{"no Upgrade", without("Upgrade: websocket\r\n"), "Upgrade"},
		{"other Upgrade", strings.Replace(goodReply, "websocket", "websockets", 1), "Upgrade"},
		{"Upgrade list", strings.Replace(goodReply, "websocket", "websocket, h2c", 1), "Upgrade"},
		{"Upgrade twice", goodReply + "Upgrade: websocket\r\n", "Upgrade"},
		{"Upgrade with a version", strings.Replace(goodReply, "websocket", "websocket/13", 1), "Upgrade"},
		{"no Connection", without("Connection: Upgrade\r\n"), "Connection"},
		{"other Connection", strings.Replace(goodReply, "Connection: Upgrade", "Connection: Upgraded, keep-alive", 1), "Connection"},
		{"no Accept", without(accept), "missing"},
		{"empty Accept", strings.Replace(goodReply, accept, "Sec-WebSocket-Accept:\r\n", 1), "match"},
		{"Accept of another key", strings.Replace(goodReply, "s3p", "t3p", 1), "match"},
		{"Accept in other letters", strings.Replace(goodReply, "s3pPLM", "S3PPLM", 1), "match"},
		{"Accept with more behind", strings.Replace(goodReply, "xOo=", "xOo==", 1), "match"},
		{"Accept cut", strings.Replace(goodReply, "xOo=", "xOo", 1), "match"},
		{"Accept twice", goodReply + accept, "more than once"},
		{"Accept twice, second wrong", goodReply + "sec-websocket-accept: x\r\n", "more than once"},
		{"extension", goodReply + "Sec-WebSocket-Extensions: permessage-deflate\r\n", "extension"},
		{"extension in a second line", goodReply + "Sec-WebSocket-Extensions:\r\nsec-websocket-extensions: x-y\r\n", "extension"},
		{"subprotocol not offered", goodReply + "Sec-WebSocket-Protocol: v3\r\n", "subprotocol"},
		{"subprotocol in other letters", goodReply + "Sec-WebSocket-Protocol: V1\r\n", "subprotocol"},
		{"two subprotocols", goodReply + "Sec-WebSocket-Protocol: v1, v2\r\n", "subprotocol"},
		{"subprotocol twice", goodReply + "Sec-WebSocket-Protocol: v1\r\nSec-WebSocket-Protocol: v1\r\n", "more than once"},
		{"empty subprotocol", goodReply + "Sec-WebSocket-Protocol:\r\n", "subprotocol"},
		{"block over the cap", goodReply + "X: " + strings.Repeat("y", wsproto.MaxUpgradeHead) + "\r\n", "16 KiB"},
		{"block one byte over the cap", goodReply + "X: " + strings.Repeat("y", wsproto.MaxUpgradeHead-len(goodReply)-len("X: \r\n\r\n")+1) + "\r\n", "16 KiB"},
		{"endless lines", goodReply + strings.Repeat("X: y\r\n", 4000), "16 KiB"},
		{"endless line without end", strings.Repeat("x", wsproto.MaxUpgradeHead+1), "16 KiB"},
	}
}

func TestUpgradeRefuses(t *testing.T) {
	for _, c := range badReplies() {
		t.Run(c.name, func(t *testing.T) {
			got := openEachWay(t, &wsproto.Upgrade{Host: "h", Subprotocols: []string{"v2", "v1"}}, []byte(c.in+"\r\n"))
			var broken *wsproto.ProtocolError
			if !errors.As(got.err, &broken) || broken.Code != 0 || !strings.Contains(broken.Rule, c.rule) || got.done {
				t.Fatalf("%+v, want a rule about %q", got, c.rule)
			}
		})
	}
	got := openEachWay(t, &wsproto.Upgrade{Host: "h"}, []byte(goodReply+"Sec-WebSocket-Protocol: v1\r\n\r\n"))
	if got.err == nil || !strings.Contains(got.err.Error(), "subprotocol") {
		t.Errorf("subprotocol where none was offered: %v", got.err)
	}
}

// TestUpgradeCutAnywhere: each prefix of a good reply is unfinished, and its end is an error.
func TestUpgradeCutAnywhere(t *testing.T) {
	for to := range len(goodReply) + 2 {
		got := open(&wsproto.Upgrade{Host: "h"}, []byte(goodReply + "\r\n")[:to], bytewise)
		if got.done || !errors.Is(got.err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %+v", to, got)
		}
	}
}

// refusal is a reply with another status than 101, and what must be told of it.
type refusal struct {
	name, in string
	want     wsproto.StatusError
}

func refusals() []refusal {
	long := strings.Repeat("no way ", 500)
	return []refusal{
		{
			"rate limit with seconds", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 9\r\n\r\n{\"a\":\r\n1}more",
			wsproto.StatusError{Status: 429, RetryAfter: "30", RetryAfterSeconds: 30, Body: `{"a": 1}`},
		},
		{
			"date", "HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n",
			wsproto.StatusError{Status: 503, RetryAfter: "Fri, 31 Dec 1999 23:59:59 GMT", RetryAfterSeconds: -1},
		},
		{
			"seconds beyond reason", "HTTP/1.1 418 x\r\nRetry-After: 99999999999999999\r\nContent-Length: 0\r\n\r\n",
			wsproto.StatusError{Status: 418, RetryAfter: "99999999999999999", RetryAfterSeconds: 366 * 24 * 3600},
		},
		{
			"seconds beyond any integer", "HTTP/1.1 418 x\r\nRetry-After: 99999999999999999999999\r\nContent-Length: 0\r\n\r\n",
			wsproto.StatusError{Status: 418, RetryAfter: "99999999999999999999999", RetryAfterSeconds: -1},
		},
		{
			"body until the end of the stream", "HTTP/1.1 403 Forbidden\r\n\r\nnot from here",
			wsproto.StatusError{Status: 403, RetryAfterSeconds: -1, Body: "not from here"},
		},
		{
			"body cut by the end", "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nnot fr",
			wsproto.StatusError{Status: 403, RetryAfterSeconds: -1, Body: "not fr"},
		},
		{
			"cut in the header", "HTTP/1.1 403 Forbidden\r\nContent-Le",
			wsproto.StatusError{Status: 403, RetryAfterSeconds: -1},
		},
		{
			"chunked body", "HTTP/1.1 451 x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfrom\r\n6;ext=1\r\n there\r\n0\r\n\r\n",
			wsproto.StatusError{Status: 451, RetryAfterSeconds: -1, Body: "from there"},
		},
		{
			"chunked body with damage", "HTTP/1.1 451 x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfrom\r\nzz\r\n",
			wsproto.StatusError{Status: 451, RetryAfterSeconds: -1, Body: "from"},
		},
		{
			"chunked body, cut", "HTTP/1.1 451 x\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nhalf of it",
			wsproto.StatusError{Status: 451, RetryAfterSeconds: -1, Body: "half of it"},
		},
		{
			"unprintable body", "HTTP/1.1 500 x\r\nContent-Length: 8\r\n\r\n\x1b[2J\x00\xff\u202e",
			wsproto.StatusError{Status: 500, RetryAfterSeconds: -1, Body: "?[2J????"},
		},
		{
			"long body", "HTTP/1.1 500 x\r\nContent-Length: 3500\r\n\r\n" + long,
			wsproto.StatusError{Status: 500, RetryAfterSeconds: -1, Body: strings.TrimSpace(long[:256])},
		},
		{
			"redirect", "HTTP/1.1 302 Found\r\nLocation: wss://elsewhere\r\nContent-Length: 0\r\n\r\n",
			wsproto.StatusError{Status: 302, RetryAfterSeconds: -1},
		},
		{
			"200 with all the rest", strings.Replace(goodReply, "101", "200", 1) + "\r\n",
			wsproto.StatusError{Status: 200, RetryAfterSeconds: -1},
		},
		{
			"100 before it", "HTTP/1.1 100 Continue\r\n\r\n" + goodReply + "\r\n",
			wsproto.StatusError{Status: 100, RetryAfterSeconds: -1, Body: strings.TrimSpace(strings.ReplaceAll(goodReply, "\r\n", " "))},
		},
	}
}

func TestUpgradeStatus(t *testing.T) {
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			got := openEachWay(t, &wsproto.Upgrade{Host: "h"}, []byte(c.in))
			if got.status != c.want {
				t.Fatalf("%+v (%v), want %+v", got.status, got.err, c.want)
			}
			if want := fmt.Sprintf("wsproto: upgrade refused with HTTP status %d", c.want.Status); got.err.Error() != want {
				t.Errorf("text %q, want %q", got.err, want)
			}
		})
	}
}

// TestUpgradeStatusStopsReading: once the body's start is there, Next itself fails; nobody has to wait for the end.
func TestUpgradeStatusStopsReading(t *testing.T) {
	for name, in := range map[string]string{
		"sized":   "HTTP/1.1 429 x\r\nContent-Length: 2\r\n\r\nno",
		"empty":   "HTTP/1.1 429 x\r\nContent-Length: 0\r\n\r\n",
		"chunked": "HTTP/1.1 429 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
		"endless": "HTTP/1.1 429 x\r\n\r\n" + strings.Repeat("x", 1024),
	} {
		t.Run(name, func(t *testing.T) {
			reader := wsproto.NewUpgradeReader(&wsproto.Upgrade{Host: "h"}, sampleNonce)
			_, _, err := reader.Next([]byte(in))
			var status *wsproto.StatusError
			if !errors.As(err, &status) || status.Status != 429 {
				t.Fatalf("%v, want status 429", err)
			}
		})
	}
}

// TestUpgradeReaderKeepsItsOffer: what the caller does to its slice afterwards does not matter.
func TestUpgradeReaderKeepsItsOffer(t *testing.T) {
	offer := wsproto.Upgrade{Host: "h", Subprotocols: []string{"v1"}}
	reader := wsproto.NewUpgradeReader(&offer, sampleNonce)
	offer.Subprotocols[0] = "changed"
	done, _, err := reader.Next(slices.Concat([]byte(goodReply), []byte("Sec-WebSocket-Protocol: v1\r\n\r\n")))
	if !done || err != nil {
		t.Fatal(done, err)
	}
}
