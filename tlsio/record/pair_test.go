package record_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"orderwire/tlsio/record"
)

// allSuites lists every (version, suite) of the room.
func allSuites() []record.Suite {
	return append(record.Suites(record.TLS12), record.Suites(record.TLS13)...)
}

func versionOf(suite record.Suite) record.Version {
	if record.Supports(record.TLS13, suite) {
		return record.TLS13
	}
	return record.TLS12
}

// randomKeys makes the keys of one direction.
func randomKeys(tb testing.TB, suite record.Suite) record.Keys {
	tb.Helper()
	fresh := func(n int) []byte {
		b := make([]byte, n)
		if _, err := rand.Read(b); err != nil {
			tb.Fatal(err)
		}
		return b
	}
	k := record.Keys{Version: versionOf(suite), Suite: suite}
	switch {
	case k.Version == record.TLS13:
		k.Secret = fresh(suite.Hash()().Size())
	case suite == record.ECDHERSAChaCha20Poly1305 || suite == record.ECDHEECDSAChaCha20Poly1305:
		k.Key, k.IV = fresh(suite.KeyLen()), fresh(12)
	default:
		k.Key, k.IV = fresh(suite.KeyLen()), fresh(4)
	}
	return k
}

// pair is a client and a server that share keys.
func pair(tb testing.TB, suite record.Suite) (client, server *record.Link) {
	tb.Helper()
	up, down := randomKeys(tb, suite), randomKeys(tb, suite)
	client, err := record.NewLink(up, down)
	if err != nil {
		tb.Fatal(err)
	}
	server, err = record.NewLink(down, up)
	if err != nil {
		tb.Fatal(err)
	}
	return client, server
}

// sealText seals text as one record of its own memory.
func sealText(l *record.Link, text []byte) []byte {
	buf := make([]byte, record.MaxHead+len(text)+record.MaxTail)
	copy(buf[record.MaxHead:], text)
	from, to := l.SealInPlace(buf, record.MaxHead, len(text))
	return buf[from:to]
}

func forEachSuite(t *testing.T, run func(t *testing.T, suite record.Suite)) {
	t.Helper()
	for _, suite := range allSuites() {
		t.Run(fmt.Sprintf("%v/%v", versionOf(suite), suite), func(t *testing.T) { run(t, suite) })
	}
}

// wantAlert checks that err asks for the alert.
func wantAlert(tb testing.TB, err error, code uint8) {
	tb.Helper()
	var alert *record.AlertError
	if !errors.As(err, &alert) || !alert.Sent || alert.Code != code {
		tb.Fatalf("got %v, want our alert %s", err, record.AlertName(code))
	}
}

func TestRoundTrip(t *testing.T) {
	forEachSuite(t, func(t *testing.T, suite record.Suite) {
		client, server := pair(t, suite)
		for _, size := range []int{1, 15, 16, 17, 300, 4096, record.MaxPlaintext} {
			text := bytes.Repeat([]byte{byte(size)}, size)
			rec := sealText(client, text)
			if len(rec) != size+client.Overhead() {
				t.Fatalf("record of %d bytes for a text of %d, overhead %d", len(rec), size, client.Overhead())
			}
			for cut := 0; cut < len(rec); cut += 1 + len(rec)/7 {
				if ev, used, err := server.Next(append([]byte(nil), rec[:cut]...)); used != 0 || err != nil || ev.Kind != record.EventNone {
					t.Fatalf("%d of %d bytes: %v, used %d, %v", cut, len(rec), ev.Kind, used, err)
				}
			}
			ev, used, err := server.Next(rec)
			if err != nil || used != len(rec) || ev.Kind != record.EventData || !bytes.Equal(ev.Data, text) {
				t.Fatalf("size %d: %v, used %d, %v", size, ev.Kind, used, err)
			}
		}
	})
}

func TestBrokenShapePanics(t *testing.T) {
	client, _ := pair(t, record.AES128GCM)
	buf := make([]byte, 20000)
	rows := []struct {
		name     string
		buf      []byte
		at, n    int
		finished bool
	}{
		{name: "no head room", buf: buf, at: record.MaxHead - 1, n: 1},
		{name: "no tail room", buf: buf[:100], at: 50, n: 50 - record.MaxTail + 1},
		{name: "empty", buf: buf, at: record.MaxHead, n: 0},
		{name: "too long", buf: buf, at: record.MaxHead, n: record.MaxPlaintext + 1},
		{name: "negative", buf: buf, at: record.MaxHead, n: -1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, before := client.Sealer.Gate()
			defer func() {
				if recover() == nil {
					t.Fatal("no panic")
				}
				if _, after := client.Sealer.Gate(); after != before {
					t.Fatalf("the refused call used sequence number %d", before)
				}
			}()
			client.SealInPlace(row.buf, row.at, row.n)
		})
	}
}
