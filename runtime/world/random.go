package world

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// dice are random choices of one concern. Each concern has its own, so that one more choice here does not change all others.
type dice struct{ *rand.Rand }

// diceFor throws by the world's seed.
func diceFor(seed uint64, concern string) dice {
	h := fnv.New64a()
	h.Write([]byte(concern)) // a hash takes everything
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// chance tells whether something of this probability happens.
func (d dice) chance(p float64) bool { return p > 0 && d.Float64() < p }

// between is a number in from..to, both included.
func (d dice) between(from, to int64) int64 { return from + d.Int64N(to-from+1) }

// bytesFor is a source of random bytes that follows from the seed: what crypto/rand is to a real process.
func bytesFor(seed uint64, concern string) *rand.ChaCha8 {
	d := diceFor(seed, concern)
	var key [32]byte
	for at := 0; at < len(key); at += 8 {
		binary.LittleEndian.PutUint64(key[at:], d.Uint64())
	}
	return rand.NewChaCha8(key)
}
