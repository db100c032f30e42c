package simex_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"orderwire/bench/simex"
)

const fuzzNow = int64(1_700_000_000_000_000_000)

func fuzzVenue(t testing.TB, kind string) *simex.Venue {
	t.Helper()
	recording, err := simex.ReadRecording(strings.NewReader("1 {\"stream\":\"a@trade\",\"data\":{}}\n2 {}\n"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := simex.NewVenue(simex.Config{
		Kind: kind, Keys: []simex.Key{{ID: testKey, Secret: testSecret}}, Market: recording, Speed: 1,
		Rand: bytes.NewReader(bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 1<<12)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// FuzzConn feeds a connection anything: it must not panic, and must say the same however the bytes are cut.
func FuzzConn(f *testing.F) {
	upgrade := "GET /ws-api/v3 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	signed := masked(order("ow-1", time.Unix(0, fuzzNow)), 1)
	f.Add([]byte(upgrade+string(signed)), uint16(1), uint8(0))
	f.Add([]byte(upgrade+string(masked(`{"id":1,"method":"time"}`, 1))+"\x88\x82\x00\x00\x00\x00\x03\xe8"), uint16(7), uint8(0))
	f.Add([]byte(strings.Replace(upgrade, "ws-api/v3", "stream?streams=a@trade", 1)+string(masked(`{"method":"SUBSCRIBE","params":["b@trade"],"id":"x"}`, 2))), uint16(3), uint8(0))
	f.Add([]byte("GET /counts HTTP/1.1\r\nHost: x\r\n\r\nGET /orders HTTP/1.1\r\nHost: x\r\n\r\n"), uint16(2), uint8(0))
	f.Add([]byte("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{}}"), uint16(2), uint8(0))
	kinds := simex.Kinds()
	f.Fuzz(func(t *testing.T, in []byte, cut uint16, which uint8) {
		kind := kinds[int(which)%len(kinds)]
		whole, parts := fuzzVenue(t, kind), fuzzVenue(t, kind)
		a, b := whole.Accept(fuzzNow), parts.Accept(fuzzNow)
		a.Feed(fuzzNow, bytes.Clone(in))
		first := a.Output(fuzzNow, nil)
		var second []byte
		for rest := in; len(rest) > 0; {
			n := min(len(rest), int(cut)%64+1)
			b.Feed(fuzzNow, bytes.Clone(rest[:n]))
			second = b.Output(fuzzNow, second)
			rest = rest[n:]
		}
		if !bytes.Equal(first, second) {
			t.Fatalf("whole:  %q\nin cut: %q", first, second)
		}
		if !slices.Equal(whole.Counts().Violations(), parts.Counts().Violations()) {
			t.Fatalf("violations differ: %+v and %+v", whole.Counts(), parts.Counts())
		}
		for at := fuzzNow; at < fuzzNow+200e9; at += 7e9 {
			a.Tick(at)
			a.Output(at, nil)
			if next := a.NextTick(); next < 0 {
				t.Fatalf("next tick is %d", next)
			}
		}
	})
}
