package hmac256_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"orderwire/orders/hmac256"
)

func reference(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

func TestSumEqualsStandard(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		key := randomBytes(random, random.IntN(150))
		message := randomBytes(random, random.IntN(400))
		cut := random.IntN(len(message) + 1)
		prefix := hmac256.NewKey(key).Prefix(message[:cut])
		tail := message[prefix.Absorbed():]
		want := reference(key, message)
		var sum [hmac256.Size]byte
		hmac256.Sum(prefix, tail, &sum)
		if !bytes.Equal(sum[:], want) {
			t.Fatalf("key of %d, message of %d, cut at %d: %x, want %x", len(key), len(message), cut, sum, want)
		}
		text := make([]byte, hmac256.HexSize)
		hmac256.SumHex(prefix, tail, text)
		if string(text) != hex.EncodeToString(want) {
			t.Fatalf("hex %s, want %x", text, want)
		}
	}
}

func randomBytes(random *rand.Rand, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(random.Uint32())
	}
	return out
}

func TestSumAllocatesNothing(t *testing.T) {
	prefix := hmac256.NewKey([]byte("secret")).Prefix(make([]byte, 70))
	tail := make([]byte, 150)
	var sum [hmac256.Size]byte
	text := make([]byte, hmac256.HexSize)
	if n := testing.AllocsPerRun(100, func() {
		hmac256.Sum(prefix, tail, &sum)
		hmac256.SumHex(prefix, tail, text)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
