package tlsio_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// tamperer sits on the server's side of the wire and changes its records. It knows the server's keys through the server's key log.
type tamperer struct {
	net.Conn
	change func(t *tamperer, index int, rec []byte) []byte
	index  int
	last   bool // nothing is sent after the write in progress

	mu      sync.Mutex
	secrets map[string][]byte
}

func (t *tamperer) Write(p []byte) (int, error) {
	var out []byte
	for rest := p; len(rest) >= 5; {
		n := 5 + int(binary.BigEndian.Uint16(rest[3:5]))
		out = append(out, t.change(t, t.index, append([]byte(nil), rest[:n]...))...)
		rest = rest[n:]
		t.index++
	}
	_, err := t.Conn.Write(out)
	if t.last {
		_ = t.Conn.(*net.TCPConn).CloseWrite() // nobody shall wait for bytes that a changed length promised
	}
	return len(p), err
}

// keyLog is the server's key log.
type keyLog struct{ t *tamperer }

func (k keyLog) Write(line []byte) (int, error) {
	fields := strings.Fields(string(line))
	secret, err := hex.DecodeString(fields[2])
	if err != nil {
		return 0, err
	}
	k.t.mu.Lock()
	defer k.t.mu.Unlock()
	if k.t.secrets == nil {
		k.t.secrets = map[string][]byte{}
	}
	random, err := hex.DecodeString(fields[1])
	if err != nil {
		return 0, err
	}
	k.t.secrets[fields[0]], k.t.secrets["random"] = secret, random
	return len(line), nil
}

func (t *tamperer) secret(label string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.secrets[label]
}

// gcm13 is AES-128-GCM under a TLS 1.3 secret, by the libraries alone.
func gcm13(tb testing.TB, secret []byte) (aead cipher.AEAD, iv []byte) {
	tb.Helper()
	key, err := record.ExpandLabel(record.AES128GCM, secret, "key", nil, 16)
	if err != nil {
		tb.Fatal(err)
	}
	iv, err = record.ExpandLabel(record.AES128GCM, secret, "iv", nil, 12)
	if err != nil {
		tb.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		tb.Fatal(err)
	}
	aead, err = cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	return aead, iv
}

func nonce13(iv []byte, seq uint64) []byte {
	nonce := append([]byte(nil), iv...)
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^seq)
	return nonce
}

// reseal13 opens a record of the server's handshake flight, edits its inner text (type byte at the end), and seals it again.
func (t *tamperer) reseal13(tb testing.TB, rec []byte, seq uint64, edit func(inner []byte) []byte) []byte {
	tb.Helper()
	aead, iv := gcm13(tb, t.secret("SERVER_HANDSHAKE_TRAFFIC_SECRET"))
	inner, err := aead.Open(nil, nonce13(iv, seq), rec[5:], rec[:5])
	if err != nil {
		tb.Errorf("the tamperer cannot open record %d: %v", seq, err)
		return rec
	}
	inner = edit(inner)
	header := []byte{23, 3, 3, byte((len(inner) + 16) >> 8), byte(len(inner) + 16)}
	return aead.Seal(header, nonce13(iv, seq), inner, header)
}

// serveTampered is serve with a tamperer on the wire.
func serveTampered(tb testing.TB, config *tls.Config, change func(*tamperer, int, []byte) []byte) *peer {
	tb.Helper()
	near, far := loopback(tb)
	p := &peer{near: near, done: make(chan error, 1)}
	wire := &tamperer{Conn: far, change: change}
	config.KeyLogWriter = keyLog{wire}
	go func() {
		server := tls.Server(wire, config)
		err := server.Handshake()
		_, _ = io.Copy(io.Discard, far)
		_ = far.Close()
		p.done <- err
	}()
	tb.Cleanup(func() {
		_ = near.Close()
		<-p.done
		close(p.done)
	})
	return p
}

// extraTicket is a whole handshake message that a careless client would read.
var extraTicket = append([]byte{4, 0, 0, 22, 0, 0, 0, 60, 1, 2, 3, 4, 0, 0, 9}, "new ticket\x00"...)

func TestTrailingData(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	extraTicket[3] = byte(len(extraTicket) - 4)
	append13 := func(after byte, extra []byte) func(*tamperer, int, []byte) []byte {
		seq := uint64(0)
		return func(wire *tamperer, _ int, rec []byte) []byte {
			if rec[0] != 23 || wire.secret("SERVER_TRAFFIC_SECRET_0") != nil && seq > 8 {
				return rec
			}
			out := wire.reseal13(t, rec, seq, func(inner []byte) []byte {
				if inner[0] != after {
					return inner
				}
				return append(append(append([]byte(nil), inner[:len(inner)-1]...), extra...), inner[len(inner)-1])
			})
			seq++
			if after == 20 && len(out) > len(rec) {
				seq = 1 << 20 // Finished is through: from here on other keys protect
			}
			return out
		}
	}
	stop := func(change func(*tamperer, int, []byte) []byte) func(*tamperer, int, []byte) []byte {
		through := false
		return func(wire *tamperer, i int, rec []byte) []byte {
			if through {
				return nil
			}
			out := change(wire, i, rec)
			through = len(out) > len(rec)
			return out
		}
	}
	rows := []struct {
		name    string
		version uint16
		change  func(*tamperer, int, []byte) []byte
	}{
		{"1.3 behind ServerHello", tls.VersionTLS13, func(_ *tamperer, i int, rec []byte) []byte {
			if i != 0 {
				return rec
			}
			rec = append(rec, 8, 0, 0, 2, 0, 0) // an EncryptedExtensions that nothing protects
			binary.BigEndian.PutUint16(rec[3:5], uint16(len(rec)-5))
			return rec
		}},
		{"1.3 a piece behind ServerHello", tls.VersionTLS13, func(_ *tamperer, i int, rec []byte) []byte {
			if i != 0 {
				return rec
			}
			rec = append(rec, 8)
			binary.BigEndian.PutUint16(rec[3:5], uint16(len(rec)-5))
			return rec
		}},
		{"1.3 behind Finished", tls.VersionTLS13, stop(append13(20, extraTicket))},
		{"1.3 a piece behind Finished", tls.VersionTLS13, stop(append13(20, []byte{4}))},
		{"1.2 behind Finished", tls.VersionTLS12, append12(t)},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := serveTampered(t, &tls.Config{
				Certificates: []tls.Certificate{leaf}, MinVersion: row.version, MaxVersion: row.version,
				CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
			}, row.change)
			link, err := p.connect(t, tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}})
			wantClass(t, link, err, tlsio.ClassTrailing)
			if !errors.Is(err, tlsio.ErrTrailing) {
				t.Fatalf("%v", err)
			}
		})
	}
}

// append12 puts a HelloRequest behind the server's Finished of TLS 1.2, in the same record.
func append12(t *testing.T) func(*tamperer, int, []byte) []byte {
	var clientRandom, serverRandom []byte
	changed := false
	return func(wire *tamperer, i int, rec []byte) []byte {
		switch {
		case i == 0:
			serverRandom = append([]byte(nil), rec[5+4+2:5+4+2+32]...)
		case rec[0] == 20:
			changed = true
		case changed && rec[0] == 22:
			clientRandom = wire.secret("random")
			master := wire.secret("CLIENT_RANDOM")
			_, server, err := record.Derive12(record.ECDHEECDSAAES128GCM, master, clientRandom, serverRandom)
			if err != nil {
				t.Error(err)
			}
			block, err := aes.NewCipher(server.Key)
			if err != nil {
				t.Error(err)
			}
			aead, err := cipher.NewGCM(block)
			if err != nil {
				t.Error(err)
			}
			nonce := append(append([]byte(nil), server.IV...), rec[5:13]...)
			additional := func(n int) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, 0, 22, 3, 3, 0, byte(n)} }
			text, err := aead.Open(nil, nonce, rec[13:], additional(16))
			if err != nil {
				t.Error(err)
			}
			text = append(text, 0, 0, 0, 0)
			sealed := aead.Seal(nil, nonce, text, additional(20))
			return append(append([]byte{22, 3, 3, 0, byte(8 + len(sealed))}, rec[5:13]...), sealed...)
		}
		return rec
	}
}

// TestDamagedHandshake flips a bit in every part of the server's flight: none of it may end in a connection.
func TestDamagedHandshake(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		name := tls.VersionName(version)
		t.Run(name, func(t *testing.T) {
			for at := 5; at < 900; at += 13 {
				past := false
				total := 0
				p := serveTampered(t, &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: version, MaxVersion: version}, func(wire *tamperer, _ int, rec []byte) []byte {
					if within := at - total; within >= 5 && within < len(rec) && !past {
						rec[within] ^= 1 << (at % 8)
						past, wire.last = true, true
					}
					total += len(rec)
					return rec
				})
				link, err := p.connect(t, tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}})
				if err == nil && past {
					t.Fatalf("byte %d of the flight was changed, and the handshake went through: %+v", at, link.Info)
				}
				var failure *tlsio.HandshakeError
				if past && !errors.As(err, &failure) {
					t.Fatalf("byte %d: an untyped failure: %v", at, err)
				}
			}
		})
	}
}

// TestTruncatedStream cuts the connection without close_notify, after the handshake and inside a record.
func TestTruncatedStream(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: version, MaxVersion: version}, func(c *tls.Conn) error {
				if _, err := c.Write([]byte("first")); err != nil {
					return err
				}
				return c.NetConn().Close()
			})
			link, err := p.connect(t, tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}})
			if err != nil {
				t.Fatal(err)
			}
			s := newStream(link, p.near, 0)
			if text, err := s.read(5); err != nil || !bytes.Equal(text, []byte("first")) {
				t.Fatalf("%q, %v", text, err)
			}
			if _, err := s.next(); !errors.Is(err, record.ErrTruncated) {
				t.Fatalf("the end without close_notify was %v", err)
			}
		})
	}
}
