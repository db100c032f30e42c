package record

import (
	"crypto/hkdf"
	"crypto/hmac"
	"fmt"
	"hash"
)

// Keys is what one direction of a connection needs to start.
//
// TLS 1.3 gives Secret (a traffic secret); TLS 1.2 gives Key and IV (the fixed part). Seq is the counted number of records that
// this direction has already protected under these keys, never an assumed one.
type Keys struct {
	Version Version
	Suite   Suite
	Secret  []byte
	Key     []byte
	IV      []byte
	Seq     uint64
	Tier    Tier
}

// String keeps secrets out of every log and error.
func (Keys) String() string { return "record.Keys[redacted]" }

// GoString keeps secrets out of %#v.
func (Keys) GoString() string { return "record.Keys[redacted]" }

// Format keeps secrets out of every other verb.
func (Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("record.Keys[redacted]")) }

// Wipe clears the key bytes that this value points at.
func (k *Keys) Wipe() {
	clear(k.Secret)
	clear(k.Key)
	clear(k.IV)
	*k = Keys{}
}

// ExpandLabel is HKDF-Expand-Label with an empty or given context.
//
// Source: RFC 8446 §7.1.
func ExpandLabel(suite Suite, secret []byte, label string, context []byte, length int) ([]byte, error) {
	info := make([]byte, 0, 2+1+6+len(label)+1+len(context))
	info = append(info, byte(length>>8), byte(length), byte(6+len(label)))
	info = append(info, "tls13 "...)
	info = append(info, label...)
	info = append(info, byte(len(context)))
	info = append(info, context...)
	out, err := hkdf.Expand(suite.Hash(), secret, string(info), length)
	if err != nil {
		return nil, fmt.Errorf("record: key schedule: %w", err)
	}
	return out, nil
}

// Derive12 computes both directions' keys of a TLS 1.2 connection from its master secret.
//
// Source: RFC 5246 §6.3, RFC 5288 §3, RFC 7905 §2.
func Derive12(suite Suite, master, clientRandom, serverRandom []byte) (client, server Keys, err error) {
	row, ok := suite.row()
	if !ok || row.version != TLS12 {
		return client, server, fmt.Errorf("record: no TLS 1.2 keys for %v", suite)
	}
	keyLen, ivLen := row.kind.keyLen(), 4
	if !row.kind.gcm() {
		ivLen = 12
	}
	seed := make([]byte, 0, len(serverRandom)+len(clientRandom))
	seed = append(append(seed, serverRandom...), clientRandom...)
	block := make([]byte, 2*keyLen+2*ivLen)
	PRF12(suite, block, master, "key expansion", seed)
	cut := func(n int) []byte {
		part := block[:n:n]
		block = block[n:]
		return part
	}
	client = Keys{Version: TLS12, Suite: suite, Key: cut(keyLen)}
	server = Keys{Version: TLS12, Suite: suite, Key: cut(keyLen)}
	client.IV, server.IV = cut(ivLen), cut(ivLen)
	return client, server, nil
}

// PRF12 fills out with the TLS 1.2 pseudo-random function under the suite's hash.
//
// Source: RFC 5246 §5.
func PRF12(suite Suite, out, secret []byte, label string, seed []byte) {
	labelAndSeed := append([]byte(label), seed...)
	mac := hmac.New(suite.Hash(), secret)
	a := macOf(mac, labelAndSeed)
	for len(out) > 0 {
		mac.Reset()
		mac.Write(a)
		mac.Write(labelAndSeed)
		out = out[copy(out, mac.Sum(nil)):]
		a = macOf(mac, a)
	}
}

func macOf(mac hash.Hash, data []byte) []byte {
	mac.Reset()
	mac.Write(data)
	return mac.Sum(nil)
}
