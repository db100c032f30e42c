//go:build !purego

package hmac256

import (
	"encoding/binary"

	"github.com/klauspost/cpuid/v2"
)

//go:generate sh -c "cd _asm && go run . -out ../block_amd64.s -stubs ../stub_amd64.go -pkg hmac256"

func archKernels() []kernel {
	return []kernel{{
		name: "shani", tier: "shani", missing: "SHA extensions (SHA-NI, SSE4.1, SSSE3)", mac: macShani,
		available: cpuid.CPU.Supports(cpuid.SHA, cpuid.SSE4, cpuid.SSSE3),
	}}
}

// macShani pads the end of the message in p's own space and gives the kernel both parts. The kernel is not
// preemptible, so long messages go in pieces; orders are a few blocks.
func macShani(p *Prefix, tail []byte) {
	inner, bits := &p.inner.words, (p.inner.bytes+uint64(len(tail)))*8
	if len(tail) > maxPiece {
		longer := absorb(&p.inner, tail[:len(tail)/BlockSize*BlockSize])
		inner, tail = &longer.words, tail[len(tail)/BlockSize*BlockSize:]
	}
	whole := len(tail) / BlockSize
	rest := tail[whole*BlockSize:]
	last := &p.work.last
	clear(last[:])
	copy(last[:BlockSize], rest)
	last[len(rest)] = 0x80
	blocks := 1
	if len(rest) >= BlockSize-8 {
		blocks = 2
	}
	binary.BigEndian.PutUint64(last[blocks*BlockSize-8:], bits)
	text := &last[0] // not read where there is no whole block
	if whole > 0 {
		text = &tail[0]
	}
	macSHANI(inner, &p.outer.words, text, whole, &last[0], blocks, &p.sum, &p.hex)
}

// maxPiece is how much one call of a kernel may hash: style.md's bound for code without preemption.
const maxPiece = 64 << 10
