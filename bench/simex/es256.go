package simex

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"math/big"
)

// ES256Key is an ECDSA P-256 public key that checks JWS signatures.
type ES256Key struct{ Public *ecdsa.PublicKey }

// verify checks r||s over SHA-256 of payload.
//
// Source: RFC 7518 §3.4.
func (k *ES256Key) verify(payload, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	sum := sha256.Sum256(payload)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(k.Public, sum[:], r, s)
}
