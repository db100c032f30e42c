package simex

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// probe is the client of the selftest: it speaks to a real Conn by Feed and Output, and can be told to err.
type probe struct {
	v      *Venue
	c      *Conn
	now    int64
	seed   uint64
	order  int
	nonce  int
	token  string
	got    []byte   // bytes not yet read
	texts  []string // text messages received
	pings  [][]byte
	broken error // what is wrong with the venue itself
	close  int   // code of the server's Close, or 0
}

const (
	probeNow    = int64(1_700_000_000_123_456_789)
	probeMillis = probeNow / 1_000_000
	probeHMAC   = "selftest-hmac-key"
	probeEd     = "selftest-ed25519-key"
	probeES     = "selftest-es256-key"
	probeSecret = "selftest-secret-of-no-worth"
	probeBase64 = "c2VsZnRlc3Qtc2VjcmV0LW9mLW5vLXdvcnRo" // the same, as venues hand out binary secrets
	probePhrase = "selftest-phrase"
)

// probeSigner is a fixed Ed25519 key: it opens nothing but the selftest's own venue.
var probeSigner = ed25519.NewKeyFromSeed([]byte("simex selftest seed, 32 bytes ok"))

// probeES256 is a fixed ECDSA key of the same worth.
func probeES256() *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte("simex selftest scalar, 32 bytes "))
	if err != nil {
		panic("simex: the selftest's scalar is no P-256 key: " + err.Error())
	}
	return key
}

func probeConfig(kind string) Config {
	secret := probeSecret
	if kind == "kraken" || kind == "coinbase" {
		secret = probeBase64
	}
	return Config{
		Kind: kind, Rand: &splitmix{state: 7},
		Keys: []Key{
			{ID: probeHMAC, Secret: secret, Passphrase: probePhrase},
			{ID: probeES, ECDSA: &ES256Key{Public: &probeES256().PublicKey}},
			{ID: probeEd, Ed25519: probeSigner.Public().(ed25519.PublicKey)}, //nolint:forcetypeassert // by the package's contract
		},
	}
}

func newProbe(config Config) (*probe, error) {
	v, err := NewVenue(config)
	if err != nil {
		return nil, err
	}
	p := &probe{v: v, now: probeNow, seed: 1}
	p.connect()
	return p, nil
}

func (p *probe) connect() {
	p.c = p.v.Accept(p.now)
	p.got, p.close = nil, 0
}

// upgrade opens a WebSocket on a path.
func (p *probe) upgrade(path string) error {
	p.c.Feed(p.now, []byte(upgradeText(path, "")))
	p.got = p.c.Output(p.now, p.got)
	head, rest, ok := strings.Cut(string(p.got), "\r\n\r\n")
	if !ok || !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
		return fmt.Errorf("simex: selftest: no upgrade on %s: %q", path, p.got)
	}
	p.got = []byte(rest)
	return nil
}

// settle subscribes to something where a venue cuts connections that do not.
func (p *probe) settle() {
	switch p.v.config.Kind {
	case "coinbase":
		p.text(`{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker"]}`)
	case "coinbase-advanced":
		p.text(`{"type":"subscribe","product_ids":["BTC-USD"],"channel":"ticker"}`)
	}
}

// http sends raw bytes and returns what came back.
func (p *probe) http(raw string) string {
	p.c.Feed(p.now, []byte(raw))
	out := p.c.Output(p.now, nil)
	if _, body, ok := bytes.Cut(out, []byte("\r\n\r\n")); ok && !bytes.Contains(body, []byte("HTTP/1.1 ")) {
		p.mustBeJSON(body)
	}
	return string(out)
}

// mustBeJSON remembers what the venue itself worded badly.
func (p *probe) mustBeJSON(text []byte) {
	if !json.Valid(text) {
		p.broken = fmt.Errorf("simex: selftest: the venue's own JSON is broken: %q", text)
	}
}

func (p *probe) mask() [4]byte {
	x := splitmix64(&p.seed)
	return [4]byte{byte(x), byte(x >> 8), byte(x >> 16), byte(x >> 24)}
}

// frame sends a client frame of the usual form.
func (p *probe) frame(first byte, payload []byte) { p.maskedFrame(first, p.mask(), payload) }

func (p *probe) maskedFrame(first byte, mask [4]byte, payload []byte) {
	head := appendHead(nil, 0, len(payload))
	head[0] = first
	head[1] |= 0x80
	body := append([]byte(nil), payload...)
	unmask(body, mask)
	p.raw(append(append(head, mask[:]...), body...))
}

// raw feeds bytes and reads what came back.
func (p *probe) raw(in []byte) {
	p.c.Feed(p.now, in)
	p.read()
}

func (p *probe) text(message string) { p.frame(0x81, []byte(message)) }

// read takes in the server's frames.
func (p *probe) read() {
	p.got = p.c.Output(p.now, p.got)
	for len(p.got) >= 2 {
		head, length := 2, int(p.got[1])
		switch length {
		case 126:
			head, length = 4, int(p.got[2])<<8|int(p.got[3])
		case 127:
			head, length = 10, int(p.got[6])<<24|int(p.got[7])<<16|int(p.got[8])<<8|int(p.got[9])
		}
		payload := p.got[head : head+length]
		switch p.got[0] & 0x0F {
		case opText:
			p.texts = append(p.texts, string(payload))
			p.mustBeJSON(payload)
		case opPing:
			p.pings = append(p.pings, append([]byte(nil), payload...))
		case opClose:
			p.close = int(payload[0])<<8 | int(payload[1])
		}
		p.got = p.got[head+length:]
	}
}

// last is the newest text message.
func (p *probe) last() string {
	if len(p.texts) == 0 {
		return ""
	}
	return p.texts[len(p.texts)-1]
}

// expect is an error unless the newest message holds a part.
func (p *probe) expect(part string) error {
	if !strings.Contains(p.last(), part) {
		return fmt.Errorf("simex: selftest: %q is not in the reply %q", part, p.last())
	}
	return nil
}

// params are one request's parameters: values are JSON texts.
type params map[string]string

// with is a copy with some values changed; an empty value takes the name out.
func (p params) with(pairs ...string) params {
	out := params{}
	for name, value := range p {
		out[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		if out[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(out, pairs[i])
		}
	}
	return out
}

func (p params) names() []string {
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (p params) json() string {
	parts := make([]string, 0, len(p))
	for _, name := range p.names() {
		parts = append(parts, `"`+name+`":`+p[name])
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// sortedPayload is what Binance signs.
func (p params) sortedPayload() string {
	parts := make([]string, 0, len(p))
	for _, name := range p.names() {
		parts = append(parts, name+"="+strings.Trim(p[name], `"`))
	}
	return strings.Join(parts, "&")
}

func (p params) signHMAC() params {
	p = p.with("apiKey", `"`+probeHMAC+`"`)
	mac := hmac.New(sha256.New, []byte(probeSecret))
	mac.Write([]byte(p.sortedPayload()))
	return p.with("signature", `"`+hex.EncodeToString(mac.Sum(nil))+`"`)
}

func (p params) signEd25519() params {
	p = p.with("apiKey", `"`+probeEd+`"`)
	signature := ed25519.Sign(probeSigner, []byte(p.sortedPayload()))
	return p.with("signature", `"`+base64.StdEncoding.EncodeToString(signature)+`"`)
}

// splitmix is a small deterministic source for the selftest.
type splitmix struct{ state uint64 }

func (s *splitmix) Read(buf []byte) (int, error) {
	for i := range buf {
		buf[i] = byte(splitmix64(&s.state))
	}
	return len(buf), nil
}

func splitmix64(state *uint64) uint64 {
	*state += 0x9E3779B97F4A7C15
	z := *state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

var errSelftest = errors.New("simex: selftest failed")

// hexHMAC signs with the probe's secret as text.
func hexHMAC(payload string) string {
	mac := hmac.New(sha256.New, []byte(probeSecret))
	mac.Write([]byte(payload))
	return hex.EncodeToString(mac.Sum(nil))
}

// holds is an error unless text holds every part.
func holds(text string, parts ...string) error {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return fmt.Errorf("simex: selftest: %q is not in %q", part, text)
		}
	}
	return nil
}
