package orders

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"math/big"
)

// The cold algorithms by name.
const (
	AlgHMACSHA256 = "hmac-sha256"
	AlgHMACSHA512 = "hmac-sha512"
	AlgEd25519    = "ed25519"
	AlgRSASHA256  = "rsa-sha256" // PKCS #1 v1.5
	AlgES256      = "es256"      // P-256; the signature is r||s as in JWS, not DER
)

// SignText signs payload once, cold: logins, REST requests and `orderwire sign`. secretEncoding is text, base64 or
// pem (PKCS #8, PKCS #1, SEC 1); encoding of the result is hex, base64 or base64url (without padding).
//
// An Ed25519 secret in base64 is its seed (32 bytes) or seed and public key (64). Errors never hold the secret.
func SignText(alg string, secret Secret, secretEncoding string, payload []byte, encoding string) (string, error) {
	signature, err := signBytes(alg, secret, secretEncoding, payload)
	if err != nil {
		return "", err
	}
	switch encoding {
	case "hex":
		return hex.EncodeToString(signature), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(signature), nil
	case "base64url":
		return base64.RawURLEncoding.EncodeToString(signature), nil
	}
	return "", fmt.Errorf("orders: signature encoding %q is unknown: use hex, base64 or base64url", encoding)
}

func signBytes(alg string, secret Secret, secretEncoding string, payload []byte) ([]byte, error) {
	if secret.Empty() {
		return nil, &CredentialError{"secret", "is empty"}
	}
	switch alg {
	case AlgHMACSHA256, AlgHMACSHA512:
		return signHMAC(alg, secret, secretEncoding, payload)
	case AlgEd25519, AlgRSASHA256, AlgES256:
		key, err := privateKey(alg, secret, secretEncoding)
		if err != nil {
			return nil, err
		}
		return signPrivate(alg, key, payload)
	}
	return nil, fmt.Errorf("orders: algorithm %q is unknown: use hmac-sha256, hmac-sha512, ed25519, rsa-sha256 or es256", alg)
}

func signHMAC(alg string, secret Secret, secretEncoding string, payload []byte) ([]byte, error) {
	if err := checkWord("secret", secret.Reveal()); err != nil {
		return nil, err
	}
	key, err := secretBytes(secret, secretEncoding)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	var digest func() hash.Hash = sha256.New
	if alg == AlgHMACSHA512 {
		digest = sha512.New
	}
	mac := hmac.New(digest, key)
	mac.Write(payload)
	return mac.Sum(nil), nil
}

// secretBytes decodes a symmetric secret or a seed. The caller wipes the result, which is always a copy.
func secretBytes(secret Secret, secretEncoding string) ([]byte, error) {
	switch secretEncoding {
	case "text", "":
		return append([]byte(nil), secret.Reveal()...), nil
	case "base64":
		text := secret.Reveal()
		out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, err := base64.StdEncoding.Strict().Decode(out, text)
		if err != nil {
			return nil, &CredentialError{"secret", "must be base64"}
		}
		return out[:n], nil
	}
	return nil, &CredentialError{"secret", fmt.Sprintf("cannot be read in the encoding %q for this algorithm", secretEncoding)}
}

// privateKey reads the key of an asymmetric algorithm and checks that it is of its kind.
func privateKey(alg string, secret Secret, secretEncoding string) (any, error) {
	if secretEncoding == "base64" && alg == AlgEd25519 {
		seed, err := secretBytes(secret, secretEncoding)
		if err != nil {
			return nil, err
		}
		defer clear(seed)
		if len(seed) != ed25519.SeedSize && len(seed) != ed25519.PrivateKeySize {
			return nil, &CredentialError{"secret", "must be 32 or 64 bytes of base64 for ed25519"}
		}
		return ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize]), nil
	}
	if secretEncoding != "pem" {
		return nil, &CredentialError{"secret", "must be pem for " + alg}
	}
	block, _ := pem.Decode(secret.Reveal())
	if block == nil {
		return nil, &CredentialError{"secret", "holds no pem block"}
	}
	defer clear(block.Bytes)
	key, err := parseDER(block.Bytes)
	if err != nil {
		return nil, err
	}
	switch alg {
	case AlgEd25519:
		if key, ok := key.(ed25519.PrivateKey); ok {
			return key, nil
		}
	case AlgRSASHA256:
		if key, ok := key.(*rsa.PrivateKey); ok {
			return key, nil
		}
	case AlgES256:
		if key, ok := key.(*ecdsa.PrivateKey); ok && key.Curve == elliptic.P256() {
			return key, nil
		}
	}
	return nil, &CredentialError{"secret", "is a private key of another kind than " + alg}
}

// parseDER drops the parsers' own errors: they could quote what they read.
func parseDER(der []byte) (any, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	return nil, &CredentialError{"secret", "holds no private key in PKCS #8, PKCS #1 or SEC 1"}
}

func signPrivate(alg string, key any, payload []byte) ([]byte, error) {
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, payload), nil
	case *rsa.PrivateKey:
		sum := sha256.Sum256(payload)
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			return nil, errors.New("orders: " + alg + ": this key cannot sign")
		}
		return signature, nil
	case *ecdsa.PrivateKey:
		sum := sha256.Sum256(payload)
		// Without randomness the signature is the deterministic one of RFC 6979, which needs none.
		der, err := key.Sign(nil, sum[:], crypto.SHA256)
		if err != nil {
			return nil, errors.New("orders: " + alg + ": this key cannot sign")
		}
		return joinRS(der)
	}
	return nil, fmt.Errorf("orders: %s: no such key", alg)
}

// joinRS is the JWS form of an ECDSA signature in DER. Source: RFC 7518 section 3.4.
func joinRS(der []byte) ([]byte, error) {
	var signature struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &signature); err != nil || len(rest) > 0 {
		return nil, errors.New("orders: es256: the signature is not in DER")
	}
	out := make([]byte, 64)
	signature.R.FillBytes(out[:32])
	signature.S.FillBytes(out[32:])
	return out, nil
}
