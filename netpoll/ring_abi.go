package netpoll

import "unsafe"

// The kernel's side of io_uring, as far as it is used here.
// Source: Linux 6.18 include/uapi/linux/io_uring.h. The number behind a name is the first kernel that has it.

// sqe is one submission.
type sqe struct {
	opcode      uint8
	flags       uint8
	ioprio      uint16
	fd          int32
	off         uint64
	addr        uint64
	length      uint32
	opFlags     uint32 // msg_flags, cancel_flags
	userData    uint64
	buf         uint16 // buffer index or buffer group
	personality uint16
	fileIndex   int32
	addr3       uint64
	_           uint64
}

// cqe is one completion.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

const (
	sqeBytes = 64
	cqeBytes = 16
	_        = uint(sqeBytes-unsafe.Sizeof(sqe{})) + uint(unsafe.Sizeof(sqe{})-sqeBytes)
	_        = uint(2*cacheLine-unsafe.Sizeof(socket{})) + uint(unsafe.Sizeof(socket{})-2*cacheLine)
	_        = uint(cqeBytes-unsafe.Sizeof(cqe{})) + uint(unsafe.Sizeof(cqe{})-cqeBytes)
)

// ringParams is what io_uring_setup takes and fills.
type ringParams struct {
	sqEntries    uint32
	cqEntries    uint32
	flags        uint32
	sqThreadCPU  uint32
	sqThreadIdle uint32
	features     uint32
	wqFD         uint32
	_            [3]uint32
	sq           struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

// Opcodes.
const (
	opNop         = 0
	opSendMsg     = 9
	opRecvMsg     = 10
	opAsyncCancel = 14
	opSend        = 26 // 5.6
	opRecv        = 27 // 5.6
	opSendZC      = 47 // 6.0
)

// Flags of a submission.
const (
	sqeFixedFile    = 1 << 0
	sqeLink         = 1 << 2
	sqeBufferSelect = 1 << 5 // 5.7
)

// ioprio flags of send and receive.
const (
	recvsendPollFirst = 1 << 0 // 5.19
	recvMultishot     = 1 << 1 // 6.0
	recvsendFixedBuf  = 1 << 2 // 6.0
	sendZCReportUsage = 1 << 3 // 6.2
	recvsendBundle    = 1 << 4 // 6.10
)

// Flags of a completion.
const (
	cqeBuffer      = 1 << 0 // the upper 16 bits name the buffer
	cqeMore        = 1 << 1 // the submission will complete again
	cqeNotif       = 1 << 3 // the second completion of a zero-copy send
	cqeBufferShift = 16
)

// io_uring_setup flags.
const (
	setupSQPoll       = 1 << 1
	setupSQAff        = 1 << 2
	setupCQSize       = 1 << 3
	setupSubmitAll    = 1 << 7  // 5.18
	setupCoopTaskrun  = 1 << 8  // 5.19
	setupTaskrunFlag  = 1 << 9  // 5.19
	setupSingleIssuer = 1 << 12 // 6.0
	setupDeferTaskrun = 1 << 13 // 6.1
	setupNoSQArray    = 1 << 16 // 6.6
)

// Feature bits that setup answers.
const (
	featSingleMmap     = 1 << 0  // 5.4
	featNoDrop         = 1 << 1  // 5.5
	featFastPoll       = 1 << 5  // 5.7
	featExtArg         = 1 << 8  // 5.11
	featRecvSendBundle = 1 << 14 // 6.10
)

// io_uring_enter flags.
const (
	enterGetEvents      = 1 << 0
	enterSQWakeup       = 1 << 1
	enterRegisteredRing = 1 << 4 // 5.18
)

// Flags of the mapped submission queue.
const (
	sqNeedWakeup = 1 << 0
	sqOverflow   = 1 << 1 // completions wait in the kernel for room in the queue
	sqTaskrun    = 1 << 2 // work waits for the submitter to enter
)

// io_uring_register operations.
const (
	registerBuffers       = 0
	registerFiles         = 2
	registerFilesUpdate   = 6
	registerProbe         = 8
	registerRingFDs       = 20 // 5.18
	unregisterRingFDs     = 21
	registerPbufRing      = 22 // 5.19
	unregisterPbufRing    = 23
	registerNAPI          = 27 // 6.9
	unregisterNAPI        = 28
	probeOpSupported      = 1
	probeOps              = 64
	ringOffSQ             = 0
	ringOffCQ             = 0x8000000
	ringOffSQEs           = 0x10000000
	anyRegisteredRingSlot = 1<<32 - 1
)

// filesUpdate is struct io_uring_rsrc_update: also what ring file descriptors are registered with.
type filesUpdate struct {
	offset uint32
	_      uint32
	data   uint64 // a pointer, or a file descriptor for ring fds
}

// pbufReg is struct io_uring_buf_reg.
type pbufReg struct {
	addr    uint64
	entries uint32
	group   uint16
	flags   uint16
	_       [3]uint64
}

// pbuf is struct io_uring_buf: one buffer of a buffer ring. In the first one the last two bytes are the ring's tail.
type pbuf struct {
	addr   uint64
	length uint32
	word   uint32 // buffer id, and in the first entry the tail above it
}

// probeAnswer is struct io_uring_probe with its table.
type probeAnswer struct {
	lastOp uint8
	ops    uint8
	_      uint16
	_      [3]uint32
	table  [probeOps]struct {
		op    uint8
		_     uint8
		flags uint16
		_     uint32
	}
}
