package http1_test

import (
	"fmt"
	"strings"
	"testing"

	"orderwire/wsproto/http1"
)

// BenchmarkRead reads an order's reply as a venue sends it: a dozen header lines and a JSON body.
func BenchmarkRead(b *testing.B) {
	const head = "HTTP/1.1 200 OK\r\nDate: Thu, 08 Aug 2024 10:00:00 GMT\r\nContent-Type: application/json; charset=utf-8\r\n" +
		"Connection: keep-alive\r\nCache-Control: no-cache, no-store\r\nX-Content-Type-Options: nosniff\r\nVary: Origin\r\n" +
		"Strict-Transport-Security: max-age=15552000\r\nServer: edge\r\nRate-Limit-Remaining: 29\r\nTrace: 1234567890abcdef\r\n"
	body := strings.Repeat("{\"id\":1}", 50)
	for shape, in := range map[string]string{
		"fixed":   fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body),
		"chunked": fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(body), body),
	} {
		b.Run("shape="+shape, func(b *testing.B) {
			reader := http1.NewReader(http1.Config{})
			raw := []byte(in)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				reader.Expect("POST")
				if ev, used, err := reader.Next(raw); used != len(raw) || len(ev.Body) != len(body) || err != nil {
					b.Fatal(ev.Status, used, err)
				}
			}
		})
	}
}

func BenchmarkHeader(b *testing.B) {
	reader := http1.NewReader(http1.Config{})
	reader.Expect("GET")
	if _, _, err := reader.Next([]byte(ok + strings.Repeat("Some-Name: some value\r\n", 10) + "Retry-After: 5\r\nContent-Length: 0\r\n\r\n")); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n, _ := reader.HeaderNumber("retry-after"); n != 5 {
			b.Fatal(n)
		}
	}
}
