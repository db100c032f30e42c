package http1_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzResponse: no panic, progress, the same outcome whichever way the stream is cut; and what is accepted means to the
// standard library what it means here.
func FuzzResponse(f *testing.F) {
	for _, cases := range [][]responseCase{soundCases(), chunkedCases(), brokenCases()} {
		for _, c := range cases {
			if len(c.in) < 400 {
				f.Add(c.in, uint64(len(c.in)), c.method == "HEAD")
			}
		}
	}
	f.Fuzz(func(t *testing.T, in string, seed uint64, head bool) {
		method := map[bool]string{false: "GET", true: "HEAD"}[head]
		want := listen(method, 3, in, wholly)
		if want.abuse != nil {
			t.Fatal(want.abuse)
		}
		for _, cut := range []func() int{bytewise, randomCuts(seed)} {
			if err := listen(method, 3, in, cut).differs(want); err != nil {
				t.Fatal(err)
			}
		}
		rest := bufio.NewReader(strings.NewReader(in))
		for i, got := range want.answers {
			if got.status < 200 || len(got.body) > limits.MaxBody {
				t.Fatalf("answer %d is %+v", i, got)
			}
			status, body, err := standardAnswer(rest, method)
			if err != nil || status != got.status || body != got.body {
				t.Fatalf("answer %d is %+v; the standard library reads %d %q, %v", i, got, status, body, err)
			}
		}
	})
}

// standardAnswer reads the next final response with the standard library.
func standardAnswer(in *bufio.Reader, method string) (status int, body string, err error) {
	for {
		response, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return 0, "", err
		}
		raw, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return response.StatusCode, string(raw), err
		}
		if response.StatusCode >= 200 {
			return response.StatusCode, string(raw), nil
		}
	}
}
