package tlsio_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"sync"
	"testing"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// recording is one honest handshake as the wire saw it.
type recording struct{ hello, server []byte }

// recordHandshake lets our client meet crypto/tls, and keeps both directions.
func recordHandshake(tb testing.TB, version uint16) recording {
	tb.Helper()
	ca := newAuthority(tb, "root")
	p := serve(tb, &tls.Config{Certificates: []tls.Certificate{ca.issue(tb, leafOptions{})}, MinVersion: version, MaxVersion: version, SessionTicketsDisabled: true}, nil)
	suite := record.AES128GCM
	if version == tls.VersionTLS12 {
		suite = record.ECDHEECDSAAES128GCM
	}
	wire := &both{recorded: recorded{Conn: p.near}}
	link, err := connectOver(tb, wire, tlsio.WithSuite(tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}}, suite))
	if err != nil {
		tb.Fatal(err)
	}
	link.Wipe()
	n := 5 + int(binary.BigEndian.Uint16(wire.written[3:5]))
	return recording{hello: wire.written[5:n], server: wire.read}
}

// both keeps what is written too.
type both struct {
	recorded
	once    sync.Once
	written []byte
}

func (b *both) Write(p []byte) (int, error) {
	b.once.Do(func() { b.written = append(b.written, p...) })
	return b.Conn.Write(p)
}

var _ io.Writer = (*both)(nil)

// FuzzFlight shows the watcher of the handshake a server's bytes: first real ones, then damaged ones, cut into records anywhere.
// It must never crash, and what it says of plain handshake bytes must not depend on how they are cut.
func FuzzFlight(f *testing.F) {
	old, current := recordHandshake(f, tls.VersionTLS12), recordHandshake(f, tls.VersionTLS13)
	secret := bytes.Repeat([]byte{7}, 32)
	for _, r := range []recording{old, current} {
		f.Add(r.server, []byte{0}, false)
		f.Add(r.server, []byte{1, 200}, true)
	}
	f.Add([]byte{22, 3, 3, 0, 4, 2, 0, 0, 0}, []byte{}, false)
	sealer, err := record.NewSealer(record.Keys{Version: record.TLS13, Suite: record.AES128GCM, Secret: secret})
	if err != nil {
		f.Fatal(err)
	}
	hello := 5 + int(binary.BigEndian.Uint16(current.server[3:5]))
	f.Add(sealer.AppendHandshake(append([]byte(nil), current.server[:hello]...), []byte{8, 0, 0, 2, 0, 0, 20, 0, 0, 0}), []byte{9}, false)
	f.Fuzz(func(t *testing.T, server, cuts []byte, recut bool) {
		records := split(server)
		if recut {
			records = recutPlain(records, cuts)
		}
		verdict := tlsio.Watch(current.hello, secret, records)
		if verdict == "" {
			t.Fatal("no verdict")
		}
		if again := tlsio.Watch(current.hello, secret, records); again != verdict {
			t.Fatalf("%q, then %q", verdict, again)
		}
	})
}

// split cuts a stream into whole records; the gate shows no others.
func split(stream []byte) (records [][]byte) {
	for len(stream) >= 5 {
		n := 5 + int(binary.BigEndian.Uint16(stream[3:5]))
		if n > len(stream) || n > 5+1<<14+2048 {
			break
		}
		records, stream = append(records, stream[:n]), stream[n:]
	}
	return records
}

// recutPlain cuts handshake records in the clear into smaller ones.
func recutPlain(records [][]byte, cuts []byte) (out [][]byte) {
	cuts = append([]byte(nil), cuts...)
	for _, rec := range records {
		for body := rec[5:]; rec[0] == 22 && len(body) > 0; {
			n := len(body)
			if len(cuts) > 0 {
				n, cuts = min(n, 1+int(cuts[0])), append(cuts[1:], cuts[0])
			}
			out, body = append(out, append([]byte{22, 3, 3, byte(n >> 8), byte(n)}, body[:n]...)), body[n:]
		}
		if rec[0] != 22 {
			out = append(out, rec)
		}
	}
	return out
}

// TestWatchHonest checks that the watcher finds nothing wrong with an honest server of TLS 1.2, and sees what it chose, however
// its records are cut.
func TestWatchHonest(t *testing.T) {
	r := recordHandshake(t, tls.VersionTLS12)
	for _, cuts := range [][]byte{nil, {0}, {3, 77}, {255}} {
		records := split(r.server)
		plain := 0
		for records[plain][0] == 22 {
			plain++
		}
		records = append(recutPlain(records[:plain], cuts), records[plain:]...)
		if got := tlsio.Watch(r.hello, nil, records); got != "TLS 1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 29 1027" {
			t.Fatalf("cuts %v: %s", cuts, got)
		}
	}
}
