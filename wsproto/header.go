package wsproto

import "encoding/binary"

// header reads the header at the start of in and checks it byte by byte, so that the first bad byte is the one that
// counts, however the stream is cut. head is 0 while it is incomplete.
func (r *Reader) header(in []byte) (head, size int, broken *ProtocolError) {
	if len(in) == 0 {
		return 0, 0, nil
	}
	if broken := r.firstByte(in[0]); broken != nil {
		return 0, 0, broken
	}
	if len(in) == 1 {
		return 0, 0, nil
	}
	if in[1]&bitMask != 0 {
		return 0, 0, errMasked
	}
	head, size = 2, int(in[1]&bitsSize)
	if in[0]&0x08 != 0 {
		if size > maxControl {
			return 0, 0, errLongControl
		}
		if size == 1 && Opcode(in[0]&bitsOp) == OpClose {
			return 0, 0, errCloseSize
		}
		return head, size, nil
	}
	if size >= size16 {
		return r.longHeader(in, size)
	}
	if size > r.maxMessage-r.filled {
		return 0, 0, errTooBig
	}
	return head, size, nil
}

// firstByte checks the reserved bits, the opcode, and whether such a frame may come now.
func (r *Reader) firstByte(b byte) *ProtocolError {
	switch {
	case b&bitsRsv != 0:
		return errReservedBits
	case b&0x07 > 2:
		return errReservedOpcode // 3-7 and B-F
	case b&0x08 != 0:
		if b&bitFin == 0 {
			return errFragmentedCtl
		}
	case Opcode(b&bitsOp) == OpContinuation:
		if r.op == OpContinuation {
			return errNothingOpen
		}
	case r.op != OpContinuation:
		return errStillOpen
	}
	return nil
}

// longHeader reads a 16-bit or 64-bit length of a data frame.
func (r *Reader) longHeader(in []byte, form int) (head, size int, broken *ProtocolError) {
	var length uint64
	if form == size16 {
		if len(in) < 4 {
			return 0, 0, nil
		}
		head, length = 4, uint64(binary.BigEndian.Uint16(in[2:]))
		if length < size16 {
			return 0, 0, errLengthForm
		}
	} else {
		if len(in) > 2 && in[2]&0x80 != 0 {
			return 0, 0, errLengthTopBit
		}
		if len(in) < 10 {
			return 0, 0, nil
		}
		head, length = 10, binary.BigEndian.Uint64(in[2:])
		if length <= 0xffff {
			return 0, 0, errLengthForm
		}
	}
	if length > uint64(r.maxMessage-r.filled) {
		return 0, 0, errTooBig
	}
	return head, int(length), nil
}
