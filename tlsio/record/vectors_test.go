package record_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"orderwire/tlsio/record"
)

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// The application data of RFC 8448 §3 ("Simple 1-RTT Handshake"). The server had sent one NewSessionTicket before.
const (
	rfc8448ClientSecret = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"
	rfc8448ServerSecret = "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"
	rfc8448ClientRecord = "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4"
	rfc8448ServerRecord = "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d"
	rfc8448ClientAlert  = "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3"
)

func TestRFC8448(t *testing.T) {
	text := make([]byte, 50)
	for i := range text {
		text[i] = byte(i)
	}
	link, err := record.NewLink(
		record.Keys{Version: record.TLS13, Suite: record.AES128GCM, Secret: unhex(t, rfc8448ClientSecret)},
		record.Keys{Version: record.TLS13, Suite: record.AES128GCM, Secret: unhex(t, rfc8448ServerSecret), Seq: 1},
	)
	if err != nil {
		t.Fatal(err)
	}
	if got := sealText(link, text); !bytes.Equal(got, unhex(t, rfc8448ClientRecord)) {
		t.Fatalf("client record: %x", got)
	}
	ev, used, err := link.Next(unhex(t, rfc8448ServerRecord))
	if err != nil || used != 72 || !bytes.Equal(ev.Data, text) {
		t.Fatalf("server record: %v, used %d, %v", ev.Kind, used, err)
	}
	if got := link.AppendAlert(nil, record.AlertCloseNotify); !bytes.Equal(got, unhex(t, rfc8448ClientAlert)) {
		t.Fatalf("client alert: %x", got)
	}
}

// referenceAEAD is the suite's cipher, taken from the libraries without this room.
func referenceAEAD(tb testing.TB, suite record.Suite, key []byte) cipher.AEAD {
	tb.Helper()
	switch suite {
	case record.ChaCha20Poly1305, record.ECDHERSAChaCha20Poly1305, record.ECDHEECDSAChaCha20Poly1305:
		aead, err := chacha20poly1305.New(key)
		if err != nil {
			tb.Fatal(err)
		}
		return aead
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	return aead
}

// TestReference builds records by hand from RFC 5246 §6.2.3.3, RFC 5288 §3 and RFC 7905 §2 and compares.
func TestReference12(t *testing.T) {
	for _, suite := range record.Suites(record.TLS12) {
		t.Run(suite.String(), func(t *testing.T) {
			keys := randomKeys(t, suite)
			keys.Seq = 1 // a Finished went before
			sealer, err := record.NewSealer(keys)
			if err != nil {
				t.Fatal(err)
			}
			aead := referenceAEAD(t, suite, keys.Key)
			for seq := uint64(1); seq < 4; seq++ {
				text := bytes.Repeat([]byte{'x'}, int(seq)*100)
				want := reference12(aead, keys.IV, seq, text)
				buf := make([]byte, record.MaxHead+len(text)+record.MaxTail)
				copy(buf[record.MaxHead:], text)
				from, to := sealer.SealInPlace(buf, record.MaxHead, len(text))
				if !bytes.Equal(buf[from:to], want) {
					t.Fatalf("record %d: %x, want %x", seq, buf[from:to], want)
				}
			}
		})
	}
}

func reference12(aead cipher.AEAD, iv []byte, seq uint64, text []byte) []byte {
	counter := binary.BigEndian.AppendUint64(nil, seq)
	additional := append(append([]byte(nil), counter...), 23, 3, 3, byte(len(text)>>8), byte(len(text)))
	if len(iv) == 4 {
		nonce := append(append([]byte(nil), iv...), counter...)
		sealed := aead.Seal(nil, nonce, text, additional)
		n := 8 + len(sealed)
		return append(append([]byte{23, 3, 3, byte(n >> 8), byte(n)}, counter...), sealed...)
	}
	nonce := append([]byte(nil), iv...)
	for i, b := range counter {
		nonce[4+i] ^= b
	}
	sealed := aead.Seal(nil, nonce, text, additional)
	return append([]byte{23, 3, 3, byte(len(sealed) >> 8), byte(len(sealed))}, sealed...)
}

// TestKernels runs every row of the kernel table against the libraries, for every length that a small order can have.
func TestKernels(t *testing.T) {
	for _, suite := range record.Suites(record.TLS13) {
		key := bytes.Repeat([]byte{0x42}, suite.KeyLen())
		record.EachKernel(suite, func(name, skip string, build func([]byte) (cipher.AEAD, error)) {
			t.Run(suite.String()+"/"+name, func(t *testing.T) {
				if skip != "" {
					t.Skip(skip)
				}
				aead, err := build(key)
				if err != nil {
					t.Fatal(err)
				}
				reference := referenceAEAD(t, suite, key)
				for n := 0; n <= 600; n++ {
					nonce := binary.BigEndian.AppendUint64([]byte{1, 2, 3, 4}, uint64(n))
					text := bytes.Repeat([]byte{byte(n), 7}, n)[:n]
					want := reference.Seal(nil, nonce, text, key[:5])
					if got := aead.Seal(nil, nonce, text, key[:5]); !bytes.Equal(got, want) {
						t.Fatalf("seal of %d bytes differs", n)
					}
					if got, err := aead.Open(nil, nonce, want, key[:5]); err != nil || !bytes.Equal(got, text) {
						t.Fatalf("open of %d bytes: %v", n, err)
					}
				}
			})
		})
	}
}
