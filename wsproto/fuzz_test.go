package wsproto_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"orderwire/wsproto"
)

// FuzzReader: no panic, progress, and the same outcome whichever way the stream is cut and wherever frames are gathered.
func FuzzReader(f *testing.F) {
	for _, section := range caseList() {
		for _, c := range section {
			if len(c.stream) < 300 {
				f.Add(c.stream, uint64(len(c.stream)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		config := wsproto.ReaderConfig{MaxMessage: 500}
		want := hear(config, in, wholly)
		if want.abuse != nil {
			t.Fatal(want.abuse)
		}
		for _, ev := range want.events {
			if err := plausible(ev); err != "" {
				t.Fatalf("%v: %s", ev, err)
			}
		}
		gathered := wsproto.ReaderConfig{MaxMessage: 500, InPlace: 1 + int(seed%200)}
		for _, c := range []wsproto.ReaderConfig{config, gathered} {
			for _, cut := range []cutter{bytewise, randomCuts(seed, 1+int(seed%64))} {
				if err := hear(c, in, cut).differs(want); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// plausible tells what is wrong with an event by itself.
func plausible(ev heard) string {
	switch ev.kind {
	case wsproto.EventText:
		if !utf8.ValidString(ev.payload) || len(ev.payload) > 500 || ev.code != 0 {
			return "text that is no UTF-8, or over the limit"
		}
	case wsproto.EventBinary:
		if len(ev.payload) > 500 || ev.code != 0 {
			return "message over the limit"
		}
	case wsproto.EventPing, wsproto.EventPong:
		if len(ev.payload) > 125 || ev.code != 0 {
			return "control frame over 125 bytes"
		}
	case wsproto.EventClose:
		if len(ev.payload) > 123 || ev.code < 1000 || ev.code > 4999 || !utf8.ValidString(ev.payload) {
			return "close that cannot be"
		}
	default:
		return "kind that cannot be"
	}
	return ""
}

// FuzzUpgrade: no panic, progress, and the same outcome whichever way the reply is cut; done only with the whole key.
func FuzzUpgrade(f *testing.F) {
	f.Add([]byte(goodReply+"Sec-WebSocket-Protocol: v1\r\n\r\nglued"), uint64(1))
	f.Add([]byte("HTTP/1.1 429 x\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\nno"), uint64(2))
	f.Add([]byte("HTTP/1.1 451 x\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nno\r\n0\r\n\r\n"), uint64(3))
	f.Add([]byte("HTTP/1.1 101 x\r\nUpgrade : websocket\r\n folded\r\nX: \x00\n\n"), uint64(4))
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		offer := &wsproto.Upgrade{Host: "h", Subprotocols: []string{"v2", "v1"}}
		want := open(offer, in, wholly)
		if want.abuse != nil {
			t.Fatal(want.abuse)
		}
		for _, cut := range []cutter{bytewise, randomCuts(seed, 1+int(seed%64))} {
			if err := open(offer, in, cut).differs(want); err != nil {
				t.Fatal(err)
			}
		}
		if want.done == (want.err != nil) {
			t.Fatalf("done %v with %v", want.done, want.err)
		}
		head := in[:want.used]
		if want.done && !(bytes.HasPrefix(head, []byte("HTTP/1.1 101")) && bytes.HasSuffix(head, []byte("\r\n\r\n")) &&
			bytes.Contains(head, []byte("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))) {
			t.Fatalf("opened by %q", head)
		}
		if len(want.status.Body) > 256 || !utf8.ValidString(want.status.Body) || len(want.status.RetryAfter) > 64 {
			t.Fatalf("status %+v", want.status)
		}
	})
}
