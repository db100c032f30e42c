package simex_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"testing"
	"time"

	"orderwire/bench/simex"
)

// masked is one client text frame with a mask that differs from frame to frame.
func masked(payload string, n int) []byte {
	mask := [4]byte{byte(n * 167), byte(n*n + 13), byte(n >> 8 * 31), byte(n>>16 + n*7)}
	frame := []byte{0x81, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		frame = []byte{0x81, 0x80 | 126, byte(len(payload) >> 8), byte(len(payload))}
	}
	frame = append(frame, mask[:]...)
	for i := range len(payload) {
		frame = append(frame, payload[i]^mask[i%4])
	}
	return frame
}

func openOrders(tb testing.TB, v *simex.Venue, now int64) *simex.Conn {
	tb.Helper()
	c := v.Accept(now)
	c.Feed(now, []byte("GET /ws-api/v3 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	if out := c.Output(now, nil); len(out) < 12 || string(out[:12]) != "HTTP/1.1 101" {
		tb.Fatalf("no upgrade: %q", out)
	}
	return c
}

func BenchmarkOrder(b *testing.B) {
	v, err := simex.NewVenue(simex.Config{Keys: []simex.Key{{ID: testKey, Secret: testSecret}}})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	c := openOrders(b, v, now.UnixNano())
	frames := make([][]byte, b.N)
	for i := range frames {
		frames[i] = masked(order(fmt.Sprintf("ow-%010d", i), now), i)
	}
	var out []byte
	b.ReportAllocs()
	b.ResetTimer()
	for i := range frames {
		c.Feed(now.UnixNano(), frames[i])
		out = c.Output(now.UnixNano(), out[:0])
	}
	b.StopTimer()
	if counts := v.Counts(); counts.Acked != uint64(b.N) {
		b.Fatalf("%d of %d orders were acknowledged", counts.Acked, b.N)
	}
}

// BenchmarkRoundTrip is an order and its ack over real TLS on loopback: two processes' work in one.
func BenchmarkRoundTrip(b *testing.B) {
	server, err := simex.Serve(b.Context(), simex.ServeConfig{Venue: simex.Config{Keys: []simex.Key{{ID: testKey, Secret: testSecret}}}})
	if err != nil {
		b.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.CA())
	conn, err := tls.Dial("tcp", server.Addr(), &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13})
	if err != nil {
		b.Fatal(err)
	}
	in := bufio.NewReader(conn)
	if _, err := fmt.Fprintf(conn, "GET /ws-api/v3?returnRateLimits=false HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"); err != nil {
		b.Fatal(err)
	}
	if _, err := http.ReadResponse(in, nil); err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	reply := make([]byte, 4096)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%1000 == 0 {
			now = time.Now()
		}
		if _, err := conn.Write(masked(order(fmt.Sprintf("ow-%010d", i), now), i)); err != nil {
			b.Fatal(err)
		}
		if _, err := in.Read(reply); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	counts := server.Counts()
	if counts.Acked != uint64(b.N) {
		b.Errorf("%d of %d orders were acknowledged", counts.Acked, b.N)
	}
	b.ReportMetric(float64(counts.Service.P50), "service-p50-ns")
	b.ReportMetric(float64(counts.Service.P99), "service-p99-ns")
	if err := server.Close(); err != nil {
		b.Error(err)
	}
}
