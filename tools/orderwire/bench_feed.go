package main

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // the opening handshake of RFC 6455 has no other
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	goruntime "runtime"
	"strconv"
	"time"

	"orderwire/bench/simex"
	"orderwire/netpoll"
)

// serveFeed serves market data at any rate: quotes of a real market's shape, and trades that are triggers. A client asks
// for wss://ADDRESS/feed?rate=R&ticks=N&every=NS&skip=B: R quotes a second, and N trades NS apart, each with the time
// for which it was meant as its trade id (CLOCK_MONOTONIC, ns), so that whoever is late is late from then on. N = 0 has no
// trades and no end. skip=1 leaves out what a client that did not read has missed; without it everything comes, late.
func serveFeed(ctx context.Context, caFile string, clock netpoll.Clock) (address string, err error) {
	authority, err := simex.NewAuthority(nil, time.Now(), false)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(caFile, authority.PEM, 0o644); err != nil { //nolint:gosec // a public certificate
		return "", err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{authority.Certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS13, DynamicRecordSizingDisabled: true,
	})
	if err != nil {
		return "", fmt.Errorf("the market feed: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() }) // the process ends with ctx
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer conn.Close()
				f := feed{conn: conn, clock: clock}
				_ = f.serve(ctx) // the client has left: there is nobody to tell
			}()
		}
	}()
	return listener.Addr().String(), nil
}

// feed is one client's stream.
type feed struct {
	conn  net.Conn
	clock netpoll.Clock

	rate  int64 // quotes a second
	ticks int64
	every int64 // ns between two trades
	skip  bool

	quote []byte // one frame
	batch []byte
}

// The messages of the feed, of a real market's shape (btcusdt of 2024-08-08).
const (
	feedQuote = `{"stream":"btcusdt@bookTicker","data":{"u":50093338318,"s":"BTCUSDT","b":"61657.99000000","B":"2.62587000","a":"61658.00000000","A":"0.93497000"}}`
	feedTrade = `{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161476479,"s":"BTCUSDT","t":%d,"p":"61658.00000000","q":"0.00117000","T":1723161476478,"m":false,"M":true}}`
)

const (
	// batchMax is how much leaves in one record at most.
	batchMax = 15 << 10
	// feedLag is how late a feed that skips may be until it leaves out what was missed.
	feedLag = 2_000_000
	// feedStart is what a client gets to settle before the first trade.
	feedStart = 100_000_000
)

func (f *feed) serve(ctx context.Context) error {
	if err := f.open(); err != nil {
		return err
	}
	f.quote = appendServerFrame(nil, []byte(feedQuote))
	f.batch = make([]byte, 0, batchMax+1024)
	start := f.clock.Now()
	sent, tick := int64(0), int64(0)
	for ctx.Err() == nil {
		now := f.clock.Now()
		due := (now - start) / 1000 * f.rate / 1_000_000
		if f.skip && f.rate > 0 && (due-sent)*1_000_000_000/f.rate > feedLag {
			sent = due - 1
		}
		f.batch = f.batch[:0]
		for sent < due && len(f.batch) < batchMax {
			f.batch = append(f.batch, f.quote...)
			sent++
		}
		if at := start + feedStart + tick*f.every; tick < f.ticks && now >= at {
			f.batch = appendServerFrame(f.batch, fmt.Appendf(nil, feedTrade, at))
			tick++
		}
		if len(f.batch) > 0 {
			if _, err := f.conn.Write(f.batch); err != nil {
				return err
			}
		}
		if f.ticks > 0 && tick == f.ticks {
			time.Sleep(feedStart / 4 * time.Nanosecond) // what is on its way is still read
			_, err := f.conn.Write([]byte{0x88, 2, 1000 >> 8, 1000 & 255})
			return err
		}
		goruntime.Gosched()
	}
	return nil
}

// open reads the request and answers the opening handshake (RFC 6455 section 4.2).
func (f *feed) open() error {
	request, err := http.ReadRequest(bufio.NewReader(f.conn))
	if err != nil {
		return err
	}
	query := request.URL.Query()
	f.rate, f.ticks = wholeOf(query, "rate"), wholeOf(query, "ticks")
	f.every, f.skip = max(1, wholeOf(query, "every")), wholeOf(query, "skip") == 1
	const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	sum := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + guid)) //nolint:gosec // see above
	_, err = fmt.Fprintf(f.conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	return err
}

// wholeOf is a number of the query, 0 where it is none.
func wholeOf(query url.Values, name string) int64 {
	n, err := strconv.ParseInt(query.Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// appendServerFrame appends one unmasked text frame of 126 to 65535 bytes.
func appendServerFrame(dst, payload []byte) []byte {
	return append(append(dst, 0x81, 126, byte(len(payload)>>8), byte(len(payload))), payload...)
}
