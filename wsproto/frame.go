package wsproto

import "encoding/binary"

// MaxHeader is the longest header of a client's frame: 2 bytes, a 64-bit length and the mask key (RFC 6455 §5.2).
const MaxHeader = 14

// maxControl is the largest payload of a control frame (RFC 6455 §5.5).
const maxControl = 125

// Opcode says what a frame is for (RFC 6455 §5.2).
type Opcode byte

// The opcodes that exist. All others are reserved, and a frame that carries one fails the connection.
const (
	OpContinuation Opcode = 0x0
	OpText         Opcode = 0x1
	OpBinary       Opcode = 0x2
	OpClose        Opcode = 0x8
	OpPing         Opcode = 0x9
	OpPong         Opcode = 0xA
)

// Bits of the first two bytes of a frame.
const (
	bitFin   = 0x80
	bitsRsv  = 0x70
	bitsOp   = 0x0f
	bitMask  = 0x80
	bitsSize = 0x7f

	size16 = 126 // the length follows in 2 bytes
	size64 = 127 // the length follows in 8 bytes
)

// FrameInPlace makes buf[at:at+n] the payload of one final frame: it masks the bytes where they lie, writes the header
// before them, and returns the bounds of the whole frame, which is buf[from:from+size].
//
// Shape:  at >= MaxHeader bytes of head room before the payload.
// Units:  n in bytes; a control frame (OpClose, OpPing, OpPong) holds at most 125.
// Panics: on a broken shape, or an opcode that a whole message cannot have.
// Source: RFC 6455 §5.2, §5.3. The mask must be fresh random bytes for every frame (Masks).
func FrameInPlace(buf []byte, at, n int, op Opcode, mask [4]byte) (from, size int) {
	if at < MaxHeader || n < 0 || n > len(buf)-at {
		panic("wsproto: frame without room for its header, or payload outside of the buffer")
	}
	if !sendable(op, n) {
		panic("wsproto: opcode of no whole message, or control frame over 125 bytes")
	}
	key := binary.LittleEndian.Uint32(mask[:])
	maskWords(buf[at:at+n], key)
	binary.LittleEndian.PutUint32(buf[at-4:at], key)
	switch {
	case n < size16:
		from = at - 6
		buf[from+1] = bitMask | byte(n)
	case n <= 0xffff:
		from = at - 8
		buf[from+1] = bitMask | size16
		binary.BigEndian.PutUint16(buf[from+2:], uint16(n))
	default:
		from = at - MaxHeader
		buf[from+1] = bitMask | size64
		binary.BigEndian.PutUint64(buf[from+2:], uint64(n))
	}
	buf[from] = bitFin | byte(op)
	return from, at + n - from
}

// sendable tells whether one final frame with this opcode may carry n bytes.
func sendable(op Opcode, n int) bool {
	switch op {
	case OpText, OpBinary:
		return true
	case OpClose, OpPing, OpPong:
		return n <= maxControl
	}
	return false
}
