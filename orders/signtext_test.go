package orders_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"

	"orderwire/orders"
)

// vector is one entry of testdata/exchanges/vectors.json.
type vector struct {
	ID, Algorithm, Path, Nonce, Signature, Token string
	Key                                          *string
	KeyEncoding                                  string  `json:"key_encoding"`
	KeyHex                                       string  `json:"key_hex"`
	SeedHex                                      string  `json:"key_seed_hex"`
	DHex                                         string  `json:"key_d_hex"`
	Payload                                      *string `json:"payload_utf8"`
	PayloadHex                                   string  `json:"payload_hex"`
	PayloadBytes                                 int     `json:"payload_bytes"`
	PostData                                     string  `json:"post_data"`
	SigningInput                                 string  `json:"signing_input"`
	SignatureEncoding                            string  `json:"signature_encoding"`
	SignatureBytes                               int     `json:"signature_bytes"`
	XHex                                         string  `json:"public_x_hex"`
	YHex                                         string  `json:"public_y_hex"`
	Verified                                     bool
	VerifiedBy                                   string `json:"verified_by"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/exchanges/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

// TestExchangeVectors passes every verified vector. Those that nobody could verify are checked for shape and
// skipped by name.
func TestExchangeVectors(t *testing.T) {
	verified := 0
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			if !v.Verified {
				checkShape(t, v)
				t.Skip("not verified by anybody: shape only")
			}
			switch {
			case strings.Contains(v.Algorithm, "ES256"):
				checkES256(t, v)
			default:
				checkDeterministic(t, v)
			}
			verified++
		})
	}
	if verified != 31 {
		t.Fatalf("%d vectors passed, want 31", verified)
	}
}

func checkShape(t *testing.T, v vector) {
	t.Helper()
	if v.Payload == nil || len(*v.Payload) != v.PayloadBytes {
		t.Errorf("payload is not of %d bytes", v.PayloadBytes)
	}
	if strings.HasPrefix(v.VerifiedBy, "DEFECT") {
		return // the document's own value is no signature of its algorithm
	}
	if v.SignatureEncoding == "base64" {
		if raw, err := base64.StdEncoding.DecodeString(v.Signature); err != nil || len(raw) != v.SignatureBytes {
			t.Errorf("signature of %d bytes, want %d: %v", len(raw), v.SignatureBytes, err)
		}
	} else if len(v.Signature) != 64 {
		t.Errorf("signature of %d characters", len(v.Signature))
	}
}

func checkDeterministic(t *testing.T, v vector) {
	t.Helper()
	alg, secret, encoding := v.material(t)
	signature, err := orders.SignText(alg, secret, encoding, v.message(t), v.outputEncoding())
	if err != nil {
		t.Fatal(err)
	}
	want := v.Signature
	if v.Token != "" {
		want = v.Token[strings.LastIndexByte(v.Token, '.')+1:]
	}
	if signature != want {
		t.Errorf("%s, want %s", signature, want)
	}
}

func (v vector) outputEncoding() string {
	switch v.SignatureEncoding {
	case "base64":
		return "base64"
	case "base64url-nopad":
		return "base64url"
	case "":
		if v.Token != "" {
			return "base64url"
		}
	}
	return "hex"
}

// material is the key as SignText wants it.
func (v vector) material(t *testing.T) (alg string, secret orders.Secret, encoding string) {
	t.Helper()
	encoding = "text"
	switch {
	case strings.Contains(v.Algorithm, "SHA512"):
		alg = orders.AlgHMACSHA512
	case strings.Contains(v.Algorithm, "Ed25519"):
		alg = orders.AlgEd25519
	default:
		alg = orders.AlgHMACSHA256
	}
	if strings.HasPrefix(v.KeyEncoding, "base64") {
		encoding = "base64"
	}
	text := ""
	if v.Key != nil {
		text = *v.Key
	}
	switch {
	case strings.Contains(text, "BEGIN"):
		encoding = "pem"
	case v.KeyHex != "":
		text, encoding = recode(t, v.KeyHex), "base64"
	case v.SeedHex != "":
		text, encoding = recode(t, v.SeedHex), "base64"
	}
	return alg, orders.NewSecret([]byte(text)), encoding
}

func recode(t *testing.T, hexText string) string {
	t.Helper()
	raw, err := hex.DecodeString(hexText)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// message is what is signed; Kraken hashes nonce and body first.
func (v vector) message(t *testing.T) []byte {
	t.Helper()
	switch {
	case v.Path != "":
		inner := sha256.Sum256([]byte(v.Nonce + v.PostData))
		return append([]byte(v.Path), inner[:]...)
	case strings.Contains(v.Algorithm, "SHA256(challenge)"):
		inner := sha256.Sum256([]byte(*v.Payload))
		return inner[:]
	case v.SigningInput != "":
		return []byte(v.SigningInput)
	case v.Payload != nil:
		return []byte(*v.Payload)
	}
	raw, err := hex.DecodeString(v.PayloadHex)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// checkES256 verifies the vector's signature and one of ours: ECDSA is randomised.
func checkES256(t *testing.T, v vector) {
	t.Helper()
	key := v.ecdsaKey(t)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if v.Key != nil {
		text = []byte(*v.Key) // SEC 1, as the exchange hands it out
	}
	message := v.message(t)
	ours, err := orders.SignText(orders.AlgES256, orders.NewSecret(text), "pem", message, "base64url")
	if err != nil {
		t.Fatal(err)
	}
	theirs := v.Signature
	if v.Token != "" {
		theirs = v.Token[strings.LastIndexByte(v.Token, '.')+1:]
	}
	for name, signature := range map[string]string{"theirs": theirs, "ours": ours} {
		raw, err := base64.RawURLEncoding.DecodeString(signature)
		sum := sha256.Sum256(message)
		if err != nil || len(raw) != 64 ||
			!ecdsa.Verify(&key.PublicKey, sum[:], new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])) {
			t.Errorf("%s: %s does not verify: %v", name, signature, err)
		}
	}
}

func (v vector) ecdsaKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	if v.Key != nil {
		block, _ := pem.Decode([]byte(*v.Key))
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	raw, err := hex.DecodeString(v.DHex)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSignTextVerifies signs with fresh keys and asks the standard library.
func TestSignTextVerifies(t *testing.T) {
	payload := []byte("payload")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(payload)
	for _, row := range []struct {
		name, alg string
		key       any
		verify    func(signature []byte) bool
	}{
		{"rsa", orders.AlgRSASHA256, rsaKey, func(s []byte) bool {
			return rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, sum[:], s) == nil
		}},
		{"ed25519", orders.AlgEd25519, private, func(s []byte) bool { return ed25519.Verify(public, payload, s) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			der, err := x509.MarshalPKCS8PrivateKey(row.key)
			if err != nil {
				t.Fatal(err)
			}
			secret := orders.NewSecret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
			text, err := orders.SignText(row.alg, secret, "pem", payload, "base64")
			if err != nil {
				t.Fatal(err)
			}
			signature, err := base64.StdEncoding.DecodeString(text)
			if err != nil || !row.verify(signature) {
				t.Fatalf("%s does not verify: %v", text, err)
			}
			for _, other := range []string{orders.AlgRSASHA256, orders.AlgEd25519, orders.AlgES256} {
				if _, err := orders.SignText(other, secret, "pem", payload, "base64"); (err == nil) != (other == row.alg) {
					t.Errorf("a key of %s under %s: %v", row.alg, other, err)
				}
			}
		})
	}
}

// TestES256IsDeterministic has the P-256, SHA-256 example of RFC 6979, section A.2.5.
func TestES256IsDeterministic(t *testing.T) {
	raw, err := hex.DecodeString("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	secret := orders.NewSecret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	text, err := orders.SignText(orders.AlgES256, secret, "pem", []byte("sample"), "hex")
	want := "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
	if err != nil || text != want {
		t.Fatalf("%s, %v, want %s", text, err, want)
	}
}

func TestLogonSigner(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := orders.NewSecret([]byte(base64.StdEncoding.EncodeToString(private.Seed())))
	signer, err := orders.NewLogonSigner("key", orders.AlgEd25519, secret, "base64")
	if err != nil {
		t.Fatal(err)
	}
	text, err := signer.SignCold([]byte("apiKey=key&timestamp=1"), "base64")
	want := base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte("apiKey=key&timestamp=1")))
	if err != nil || text != want || signer.Signs() {
		t.Fatalf("%s, %v, want %s; signs orders: %v", text, err, want, signer.Signs())
	}
	session, err := orders.NewSessionSigner("key")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.SignCold(nil, "hex"); err == nil {
		t.Fatal("a session without a key signs")
	}
}
