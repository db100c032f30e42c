package wsproto

import (
	"encoding/binary"
	"math/bits"
)

// maskWords xors b with the key's four bytes over and over; key holds them in little-endian order.
//
// It takes 32 bytes a step, then 8, then the rest. Masking is no idempotent act, so a tail must not overlap what is done.
// Source: RFC 6455 §5.3.
func maskWords(b []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for len(b) >= 32 {
		block := b[:32:32]
		w0 := binary.LittleEndian.Uint64(block[0:8]) ^ wide
		w1 := binary.LittleEndian.Uint64(block[8:16]) ^ wide
		w2 := binary.LittleEndian.Uint64(block[16:24]) ^ wide
		w3 := binary.LittleEndian.Uint64(block[24:32]) ^ wide
		binary.LittleEndian.PutUint64(block[0:8], w0)
		binary.LittleEndian.PutUint64(block[8:16], w1)
		binary.LittleEndian.PutUint64(block[16:24], w2)
		binary.LittleEndian.PutUint64(block[24:32], w3)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	if len(b) >= 4 {
		binary.LittleEndian.PutUint32(b, binary.LittleEndian.Uint32(b)^key)
		b = b[4:]
	}
	for i := range b {
		b[i] ^= byte(key)
		key = bits.RotateLeft32(key, -8)
	}
}
