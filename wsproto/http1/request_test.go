package http1_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"orderwire/wsproto/http1"
)

// TestAppendHead: the standard library reads the request as it was meant.
func TestAppendHead(t *testing.T) {
	request := http1.Request{
		Method: "POST", Host: "venue.example", Path: "/orders?x=%20",
		Header: []http1.Field{{"CB-ACCESS-SIGN", "0000"}, {"Content-Type", "application/json"}, {"Connection", "keep-alive"}},
	}
	raw, err := request.AppendHead(nil, 11)
	if err != nil {
		t.Fatal(err)
	}
	want := "POST /orders?x=%20 HTTP/1.1\r\nHost: venue.example\r\nCB-ACCESS-SIGN: 0000\r\nContent-Type: application/json\r\n" +
		"Connection: keep-alive\r\nContent-Length: 11\r\n\r\n"
	if string(raw) != want {
		t.Fatalf("head %q, want %q", raw, want)
	}
	parsed, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(raw) + "hello world")))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(parsed.Body)
	if got := fmt.Sprint(parsed.Method, parsed.Host, parsed.RequestURI, parsed.ContentLength, string(body), err); got !=
		"POSTvenue.example/orders?x=%2011hello world<nil>" {
		t.Errorf("read as %s", got)
	}
	bare, err := (&http1.Request{Method: "GET", Host: "h", Path: "/time"}).AppendHead([]byte("before"), http1.NoBody)
	if err != nil || string(bare) != "beforeGET /time HTTP/1.1\r\nHost: h\r\n\r\n" {
		t.Errorf("bare head %q, %v", bare, err)
	}
}

func TestAppendHeadRefuses(t *testing.T) {
	with := func(name, value string) http1.Request {
		return http1.Request{Method: "GET", Host: "h", Path: "/", Header: []http1.Field{{name, value}}}
	}
	for name, c := range map[string]struct {
		request http1.Request
		size    int
	}{
		"no method":            {http1.Request{Host: "h", Path: "/"}, 0},
		"method in small":      {http1.Request{Method: "get", Host: "h", Path: "/"}, 0},
		"method with a blank":  {http1.Request{Method: "GET /", Host: "h", Path: "/"}, 0},
		"tunnel":               {http1.Request{Method: "CONNECT", Host: "h", Path: "/"}, 0},
		"no host":              {http1.Request{Method: "GET", Path: "/"}, 0},
		"host with a line end": {http1.Request{Method: "GET", Host: "h\r\nX: y", Path: "/"}, 0},
		"no path":              {http1.Request{Method: "GET", Host: "h"}, 0},
		"path without slash":   {http1.Request{Method: "GET", Host: "h", Path: "x"}, 0},
		"path with a blank":    {http1.Request{Method: "GET", Host: "h", Path: "/a b"}, 0},
		"path with a line end": {http1.Request{Method: "GET", Host: "h", Path: "/\r\n"}, 0},
		"path with a fragment": {http1.Request{Method: "GET", Host: "h", Path: "/#a"}, 0},
		"name with a colon":    {with("X:", "y"), 0},
		"value with line end":  {with("X", "s3cret\r\nY: z"), 0},
		"value with NUL":       {with("X", "s3cret\x00"), 0},
		"own host":             {with("HOST", "y"), 0},
		"own length":           {with("content-length", "1"), 0},
		"own coding":           {with("Transfer-Encoding", "chunked"), 0},
		"expectation":          {with("Expect", "100-continue"), 0},
		"upgrade":              {with("Upgrade", "h2c"), 0},
		"coded answer":         {with("Accept-Encoding", "gzip"), 0},
		"connection upgrade":   {with("Connection", "upgrade"), 0},
		"negative size":        {http1.Request{Method: "POST", Host: "h", Path: "/"}, -2},
		"POST without a size":  {http1.Request{Method: "POST", Host: "h", Path: "/"}, http1.NoBody},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := c.request.AppendHead([]byte("before"), c.size)
			if !errors.Is(err, http1.ErrRequest) || string(raw) != "before" {
				t.Errorf("%q, %v", raw, err)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error holds a header value: %v", err)
			}
		})
	}
}
