package record_test

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"testing"

	"orderwire/tlsio/record"
)

var benchSuites = []struct {
	name  string
	suite record.Suite
}{
	{"aes128gcm", record.AES128GCM},
	{"aes256gcm", record.AES256GCM},
	{"chacha20poly1305", record.ChaCha20Poly1305},
	{"tls12-aes128gcm", record.ECDHERSAAES128GCM},
}

// plain is the bare cipher.AEAD call that a record cannot do without: the baseline of the same run.
func plain(b *testing.B, suite record.Suite) cipher.AEAD {
	b.Helper()
	return referenceAEAD(b, suite, make([]byte, suite.KeyLen()))
}

func BenchmarkSeal(b *testing.B) {
	for _, row := range benchSuites {
		for _, size := range []int{64, 256, 320, 1024} {
			b.Run(fmt.Sprintf("suite=%s/size=%d/of=record", row.name, size), func(b *testing.B) {
				client, _ := pair(b, row.suite)
				buf := make([]byte, record.MaxHead+size+record.MaxTail)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if client.Left() < 2 {
						client.Sealer.SetSeq(0)
					}
					client.SealInPlace(buf, record.MaxHead, size)
				}
			})
			b.Run(fmt.Sprintf("suite=%s/size=%d/of=plain", row.name, size), func(b *testing.B) {
				aead := plain(b, row.suite)
				buf, nonce := make([]byte, record.MaxHead+size+record.MaxTail), make([]byte, 12)
				b.SetBytes(int64(size))
				seq := uint64(0)
				for b.Loop() {
					seq++
					binary.BigEndian.PutUint64(nonce[4:], seq)
					aead.Seal(buf[13:13], nonce, buf[13:13+size+1], buf[8:13])
				}
			})
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, row := range benchSuites {
		for _, size := range []int{64, 256, 1024} {
			b.Run(fmt.Sprintf("suite=%s/size=%d/of=record", row.name, size), func(b *testing.B) {
				client, server := pair(b, row.suite)
				sealed := sealText(server, make([]byte, size))
				rec := make([]byte, len(sealed))
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					copy(rec, sealed)
					client.Opener.SetSeq(0)
					if _, used, err := client.Next(rec); used != len(rec) || err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("suite=%s/size=%d/of=plain", row.name, size), func(b *testing.B) {
				aead := plain(b, row.suite)
				nonce := make([]byte, 12)
				sealed := aead.Seal(make([]byte, 5), nonce, make([]byte, size+1), make([]byte, 5))
				rec := make([]byte, len(sealed))
				b.SetBytes(int64(size))
				for b.Loop() {
					copy(rec, sealed)
					if _, err := aead.Open(rec[5:5], nonce, rec[5:], rec[:5]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkKeyUpdate(b *testing.B) {
	client, _ := pair(b, record.AES128GCM)
	dst := make([]byte, 0, record.ControlRoom)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.AppendKeyUpdate(dst[:0], false); err != nil {
			b.Fatal(err)
		}
	}
}
