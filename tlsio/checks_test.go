package tlsio_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"strings"
	"testing"

	"orderwire/tlsio"
)

// Handshake message types.
const (
	serverHelloType         = 2
	encryptedExtensionsType = 8
	certificateType         = 11
	serverKeyExchangeType   = 12
	serverHelloDoneType     = 14
	certificateVerifyType   = 15
)

// editing changes the first message of a type, in the clear or under the handshake keys, and leaves the rest alone.
func editing(tb testing.TB, kind byte, edit func(body []byte) []byte) func(*tamperer, int, []byte) []byte {
	sealed, done := uint64(0), false
	message := func(text []byte) []byte {
		body := edit(append([]byte(nil), text[4:]...))
		return append([]byte{kind, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	}
	return func(wire *tamperer, _ int, rec []byte) []byte {
		switch {
		case done:
		case rec[0] == 22 && rec[5] == kind:
			done = true
			text := message(rec[5:])
			return append([]byte{22, 3, 3, byte(len(text) >> 8), byte(len(text))}, text...)
		case rec[0] == 23:
			sealed++
			return wire.reseal13(tb, rec, sealed-1, func(inner []byte) []byte {
				if inner[0] != kind {
					return inner
				}
				done = true
				return append(message(inner[:len(inner)-1]), 22)
			})
		}
		return rec
	}
}

// withExtension appends an extension to the block that begins at an offset of a message's body.
func withExtension(at int, kind uint16, data []byte) func([]byte) []byte {
	return func(body []byte) []byte {
		body = binary.BigEndian.AppendUint16(body, kind)
		body = binary.BigEndian.AppendUint16(body, uint16(len(data)))
		body = append(body, data...)
		binary.BigEndian.PutUint16(body[at:], uint16(len(body)-at-2))
		return body
	}
}

func trailing(body []byte) []byte { return append(body, 0) }

// TestRefusedAnswers changes what an honest server says. The library alone lets some of it pass, or answers with another alert.
func TestRefusedAnswers(t *testing.T) {
	const (
		helloBlock = 2 + 32 + 1 + 32 + 2 + 1 // where a ServerHello's extensions begin when it echoes a session id
		oldBlock   = 2 + 32 + 1 + 2 + 1      // and when it does not
	)
	set := func(at int, b byte) func([]byte) []byte {
		return func(body []byte) []byte { body[at] = b; return body }
	}
	scheme := func(find, put uint16) func([]byte) []byte {
		return func(body []byte) []byte {
			return bytes.Replace(body, binary.BigEndian.AppendUint16(nil, find), binary.BigEndian.AppendUint16(nil, put), 1)
		}
	}
	rows := []struct {
		name    string
		version uint16
		kind    byte
		edit    func([]byte) []byte
		says    string
		alert   string // as the server saw it; not where it expects other keys at that moment
	}{
		{"1.3 unknown extension in the clear", tls.VersionTLS13, serverHelloType, withExtension(helloBlock, 0x1234, nil), "not asked for", ""},
		{"1.3 extension of another place", tls.VersionTLS13, serverHelloType, withExtension(helloBlock, 16, []byte{0, 0}), "not asked for", ""},
		{"1.3 key share twice", tls.VersionTLS13, serverHelloType, withExtension(helloBlock, 51, []byte{0, 29, 0, 1, 1}), "twice", ""},
		{"1.3 ServerHello too long", tls.VersionTLS13, serverHelloType, trailing, "malformed ServerHello", ""},
		{"1.3 compression", tls.VersionTLS13, serverHelloType, set(helloBlock-1, 1), "compression", ""},
		{"1.3 unknown extension", tls.VersionTLS13, encryptedExtensionsType, withExtension(0, 0x1234, nil), "not asked for", "unsupported extension"},
		{"1.3 key share too late", tls.VersionTLS13, encryptedExtensionsType, withExtension(0, 51, []byte{0, 29}), "belong there", "unsupported extension"},
		{"1.3 protocol twice", tls.VersionTLS13, encryptedExtensionsType, withExtension(0, 16, []byte("\x00\x09\x08http/1.1")), "twice", "error decoding message"},
		{"1.3 another protocol", tls.VersionTLS13, encryptedExtensionsType, scheme('1'<<8|'.', '2'<<8|'.'), "protocol that was not offered", "illegal parameter"},
		{"1.3 EncryptedExtensions too long", tls.VersionTLS13, encryptedExtensionsType, trailing, "malformed EncryptedExtensions", "error decoding message"},
		{"1.3 Certificate too long", tls.VersionTLS13, certificateType, trailing, "malformed Certificate", "error decoding message"},
		{"1.3 Certificate with a context", tls.VersionTLS13, certificateType, func(b []byte) []byte { return append([]byte{1, 7}, b[1:]...) }, "malformed Certificate", "error decoding message"},
		{"1.3 CertificateVerify too long", tls.VersionTLS13, certificateVerifyType, trailing, "malformed", "error decoding message"},
		{"1.3 signed with SHA-1", tls.VersionTLS13, certificateVerifyType, scheme(0x0403, 0x0203), "scheme that was not offered", "illegal parameter"},
		{"1.2 unknown extension", tls.VersionTLS12, serverHelloType, withExtension(oldBlock, 0x1234, nil), "not asked for", "unsupported extension"},
		{"1.2 extension twice", tls.VersionTLS12, serverHelloType, withExtension(oldBlock, 0xff01, []byte{0}), "twice", "error decoding message"},
		{"1.2 chosen by the new extension", tls.VersionTLS12, serverHelloType, withExtension(oldBlock, 43, []byte{3, 3}), "old version", "illegal parameter"},
		{"1.2 malformed extension", tls.VersionTLS12, serverHelloType, withExtension(oldBlock, 5, []byte{1}), "malformed extension 5", "error decoding message"},
		{"1.2 compression", tls.VersionTLS12, serverHelloType, set(oldBlock-1, 1), "compression", "illegal parameter"},
		{"1.2 Certificate too long", tls.VersionTLS12, certificateType, trailing, "malformed", "error decoding message"},
		{"1.2 curve not offered", tls.VersionTLS12, serverKeyExchangeType, set(2, 99), "curve that was not offered", "illegal parameter"},
		{"1.2 signed with SHA-1", tls.VersionTLS12, serverKeyExchangeType, scheme(0x0403, 0x0203), "scheme that was not offered", "illegal parameter"},
		{"1.2 ServerKeyExchange too long", tls.VersionTLS12, serverKeyExchangeType, trailing, "malformed ServerKeyExchange", "error decoding message"},
		{"1.2 ServerHelloDone too long", tls.VersionTLS12, serverHelloDoneType, trailing, "malformed", "error decoding message"},
	}
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := serveTampered(t, &tls.Config{
				Certificates: []tls.Certificate{leaf}, MinVersion: row.version, MaxVersion: row.version, NextProtos: []string{"http/1.1"},
				CipherSuites:           []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
				CurvePreferences:       []tls.CurveID{tls.X25519},
				SessionTicketsDisabled: true,
			}, editing(t, row.kind, row.edit))
			link, err := p.connect(t, tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}})
			wantClass(t, link, err, tlsio.ClassProtocol)
			if !strings.Contains(err.Error(), row.says) {
				t.Fatalf("%v, want %q", err, row.says)
			}
			_ = p.near.(interface{ CloseWrite() error }).CloseWrite()
			if server := <-p.done; row.alert != "" && (server == nil || !strings.Contains(server.Error(), "remote error: tls: "+row.alert)) {
				t.Errorf("the server saw %v, want the alert %q", server, row.alert)
			}
			p.done <- nil
		})
	}
}

// TestUnusableKeys meets chains that are good, with keys that may not do what they do.
func TestUnusableKeys(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{forEncryption: true})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}, MaxVersion: version}, nil)
			link, err := p.connect(t, tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}})
			if failure := wantClass(t, link, err, tlsio.ClassCertificate); !strings.Contains(failure.Error(), "not for signatures") {
				t.Fatalf("%v", err)
			}
		})
	}
}
