package simex

import (
	"encoding/binary"
	"unicode/utf8"
)

// The server half of RFC 6455, written for this room alone: the examiner must not share a line with the
// client it examines.

const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA

	maxControl = 125 // RFC 6455 §5.5
)

// frame is one client frame with its payload unmasked in place.
type frame struct {
	op      byte
	fin     bool
	mask    [4]byte
	payload []byte
}

// frameFault is why a connection must fail: the counter it belongs to and the code of our Close.
type frameFault struct {
	counter counter
	code    uint16
	text    string
}

// readFrame reads one frame from in and unmasks it there. used is 0 when more bytes are needed; the header
// is judged as soon as its bytes are there, before the payload has come.
//
// Source: RFC 6455 §5.2.
func readFrame(in []byte, limit int) (f frame, used int, fault *frameFault) {
	if len(in) < 2 {
		return f, 0, nil
	}
	f.fin, f.op = in[0]&0x80 != 0, in[0]&0x0F
	control := f.op&0x8 != 0
	switch {
	case in[0]&0x70 != 0:
		return f, 0, &frameFault{cBadFrames, 1002, "reserved bit set"}
	case f.op > opBinary && f.op < opClose || f.op > opPong:
		return f, 0, &frameFault{cBadFrames, 1002, "reserved opcode"}
	case control && !f.fin:
		return f, 0, &frameFault{cBadFrames, 1002, "fragmented control frame"}
	case control && in[1]&0x7F > maxControl:
		return f, 0, &frameFault{cBadFrames, 1002, "control frame too long"}
	case in[1]&0x80 == 0:
		return f, 0, &frameFault{cBadMasks, 1002, "client frame without a mask"}
	}
	head, length := 2, uint64(in[1]&0x7F)
	switch length {
	case 126:
		if len(in) < 4 {
			return f, 0, nil
		}
		head, length = 4, uint64(binary.BigEndian.Uint16(in[2:]))
		if length < 126 {
			return f, 0, &frameFault{cBadFrames, 1002, "length not minimal"}
		}
	case 127:
		if len(in) < 10 {
			return f, 0, nil
		}
		head, length = 10, binary.BigEndian.Uint64(in[2:])
		if length < 1<<16 || length>>63 != 0 {
			return f, 0, &frameFault{cBadFrames, 1002, "length not minimal or beyond 63 bits"}
		}
	}
	if length > uint64(limit) {
		return f, 0, &frameFault{cBadFrames, 1009, "message too big"}
	}
	if uint64(len(in)) < uint64(head)+4+length {
		return f, 0, nil
	}
	copy(f.mask[:], in[head:])
	f.payload = in[head+4 : head+4+int(length)]
	unmask(f.payload, f.mask)
	return f, head + 4 + int(length), nil
}

func unmask(payload []byte, mask [4]byte) {
	word := uint64(binary.LittleEndian.Uint32(mask[:]))
	word |= word << 32
	at := 0
	for ; at+8 <= len(payload); at += 8 {
		binary.LittleEndian.PutUint64(payload[at:], binary.LittleEndian.Uint64(payload[at:])^word)
	}
	for ; at < len(payload); at++ {
		payload[at] ^= mask[at&3]
	}
}

// appendHead writes the header of a whole, unmasked server frame. Its room must be known before the payload:
// replies are built behind a gap, see outbox.
func appendHead(dst []byte, op byte, length int) []byte {
	dst = append(dst, 0x80|op)
	switch {
	case length < 126:
		return append(dst, byte(length))
	case length < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(length))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(length))
}

func appendFrame(dst []byte, op byte, payload []byte) []byte {
	return append(appendHead(dst, op, len(payload)), payload...)
}

func appendClose(dst []byte, code uint16, reason string) []byte {
	dst = appendHead(dst, opClose, 2+len(reason))
	return append(binary.BigEndian.AppendUint16(dst, code), reason...)
}

// closeFault judges the payload of a client's Close.
//
// Source: RFC 6455 §5.5.1, §7.4; 1012-1014 from the IANA registry.
func closeFault(payload []byte) *frameFault {
	if len(payload) == 0 {
		return nil
	}
	if len(payload) == 1 {
		return &frameFault{cBadFrames, 1002, "close of one byte"}
	}
	code := binary.BigEndian.Uint16(payload)
	lawful := code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
	if !lawful {
		return &frameFault{cBadFrames, 1002, "close code that may not be sent"}
	}
	if !utf8.Valid(payload[2:]) {
		return &frameFault{cBadFrames, 1007, "close reason is not UTF-8"}
	}
	return nil
}
