package orders

import (
	"encoding/base64"
	"errors"
	"fmt"

	"orderwire/orders/hmac256"
)

// Signer holds the credentials of one session in the form in which they sign. One loop owns it.
type Signer struct {
	apiKey     Secret // public, and yet nothing for a log
	passphrase Secret
	token      Secret
	mac        func() *hmac256.Key // nil: orders of this session carry no signature
	cold       coldKey
}

// coldKey is what signs logins and REST requests, off the hot path.
type coldKey struct {
	alg      string
	encoding string // of the secret
	secret   Secret
}

// SecretEncoding says how a secret's text becomes the key.
type SecretEncoding uint8

// The encodings of a secret.
const (
	SecretText   SecretEncoding = iota // the text is the key: Binance, Bybit, OKX
	SecretBase64                       // base64 of the key: Coinbase Exchange, Kraken
)

// CredentialError names the field and the rule it breaks, never the value.
type CredentialError struct{ Field, Rule string }

func (e *CredentialError) Error() string { return "orders: credentials: " + e.Field + " " + e.Rule }

// NewHMACSigner signs each order by HMAC-SHA256 under the text of secret.
func NewHMACSigner(apiKey string, secret Secret) (*Signer, error) {
	return NewEncodedHMACSigner(apiKey, secret, SecretText)
}

// NewEncodedHMACSigner is NewHMACSigner for a secret whose text is an encoding of the key.
func NewEncodedHMACSigner(apiKey string, secret Secret, encoding SecretEncoding) (*Signer, error) {
	if err := errors.Join(checkWord("api_key", []byte(apiKey)), checkWord("secret", secret.Reveal())); err != nil {
		return nil, err
	}
	s := &Signer{apiKey: NewSecret([]byte(apiKey)), cold: coldKey{alg: "hmac-sha256", encoding: "text", secret: secret}}
	key := secret.Reveal()
	if encoding == SecretBase64 {
		s.cold.encoding = "base64"
		decoded, err := base64.StdEncoding.DecodeString(string(key))
		if err != nil {
			return nil, &CredentialError{"secret", "must be base64"}
		}
		defer clear(decoded)
		key = decoded
	}
	mac := hmac256.NewKey(key)
	s.mac = func() *hmac256.Key { return mac }
	return s, nil
}

// NewSessionSigner is for sessions that log on once: their orders carry no signature.
func NewSessionSigner(apiKey string) (*Signer, error) {
	if err := checkWord("api_key", []byte(apiKey)); err != nil {
		return nil, err
	}
	return &Signer{apiKey: NewSecret([]byte(apiKey))}, nil
}

// NewLogonSigner is NewSessionSigner with the private key that signs the logon itself: alg, encoding and secret
// are those of SignText.
func NewLogonSigner(apiKey, alg string, secret Secret, secretEncoding string) (*Signer, error) {
	s, err := NewSessionSigner(apiKey)
	if err != nil {
		return nil, err
	}
	if _, err := SignText(alg, secret, secretEncoding, nil, "base64"); err != nil {
		return nil, err
	}
	s.cold = coldKey{alg: alg, encoding: secretEncoding, secret: secret}
	return s, nil
}

// WithPassphrase adds the third credential that some venues ask for (Coinbase Exchange).
func (s *Signer) WithPassphrase(passphrase Secret) (*Signer, error) {
	if err := checkWord("passphrase", passphrase.Reveal()); err != nil {
		return nil, err
	}
	s.passphrase = passphrase
	return s, nil
}

// WithToken adds a session token that each request carries (Kraken). Templates are compiled anew for a new token.
func (s *Signer) WithToken(token Secret) (*Signer, error) {
	if err := checkWord("token", token.Reveal()); err != nil {
		return nil, err
	}
	s.token = token
	return s, nil
}

// APIKey is the public half of the credentials. It is not printed either: recordings redact it.
func (s *Signer) APIKey() string { return string(s.apiKey.Reveal()) }

// Passphrase is what WithPassphrase was given.
func (s *Signer) Passphrase() Secret { return s.passphrase }

// Token is what WithToken was given.
func (s *Signer) Token() Secret { return s.token }

// Signs tells whether orders carry a signature.
func (s *Signer) Signs() bool { return s != nil && s.mac != nil }

// SignCold signs a login or a REST request. Cold: it allocates, and Ed25519 takes 16 us and more.
func (s *Signer) SignCold(text []byte, encoding string) (string, error) {
	if s.cold.alg == "" {
		return "", &CredentialError{"secret", "is missing: this session cannot sign"}
	}
	return SignText(s.cold.alg, s.cold.secret, s.cold.encoding, text, encoding)
}

// Wipe forgets all key material of s. Templates made with it are wiped by themselves.
func (s *Signer) Wipe() {
	if s.mac != nil {
		s.mac().Wipe()
	}
	s.cold.secret.Wipe()
	s.passphrase.Wipe()
	s.token.Wipe()
	*s = Signer{}
}

// Format redacts: fmt would print the api key.
func (s *Signer) Format(f fmt.State, verb rune) { Secret{}.Format(f, verb) }

// MarshalJSON redacts.
func (s *Signer) MarshalJSON() ([]byte, error) { return Secret{}.MarshalJSON() }

// checkWord refuses what cannot be a credential: nothing, white space, control characters, bytes that JSON or an
// HTTP header would have to escape. Pasted secrets end in a line feed more often than not.
func checkWord(field string, text []byte) error {
	if len(text) == 0 {
		return &CredentialError{field, "is empty"}
	}
	if len(text) > maxCredentialBytes {
		return &CredentialError{field, fmt.Sprintf("is longer than %d bytes", maxCredentialBytes)}
	}
	for _, b := range text {
		switch {
		case b == ' ' || b >= '\t' && b <= '\r':
			return &CredentialError{field, "must not contain white space"}
		case b < 0x20 || b >= 0x7f:
			return &CredentialError{field, "must be printable ASCII"}
		case b == '"' || b == '\\':
			return &CredentialError{field, "must not contain quotes or backslashes"}
		}
	}
	return nil
}

// maxCredentialBytes bounds what goes into a template.
const maxCredentialBytes = 1024
