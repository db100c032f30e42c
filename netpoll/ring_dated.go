package netpoll

import "encoding/binary"

// A dated receive of a ring is a multishot RECVMSG (6.0): the kernel writes a head of 16 bytes, then the
// control messages, then the bytes of the stream, all into one slot.
const (
	datedControl = 128
	datedHead    = 16 + datedControl
)

// readDated tells where in b the bytes of the stream begin, and when the kernel received them (wall ns, 0: not told).
//
// Shape: b is the whole of what the kernel wrote: struct io_uring_recvmsg_out, control, payload.
func readDated(b []byte) (from int, wall int64) {
	if len(b) < datedHead {
		return len(b), 0
	}
	control := int(binary.NativeEndian.Uint32(b[4:]))
	wall, _, _, _ = readControl(b[16 : 16+min(control, datedControl)])
	return datedHead, wall
}
