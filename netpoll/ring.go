package netpoll

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is one io_uring by raw system calls: the mapped queues, and nothing about sockets.
//
// Shape: one thread, the one that made it, uses it (SINGLE_ISSUER: the kernel refuses others).
// Owner: an entry of the submission queue is ours from reserve until the next enter.
type ring struct {
	fd         int
	enterFD    uintptr // the registered index of fd, or fd
	enterFlags uintptr
	setup      uint32
	features   uint32

	queueMem []byte // both queues (FEAT_SINGLE_MMAP: every kernel from 5.4)
	entryMem []byte
	scratch  []byte // a page for what the kernel reads by an address inside a struct

	sqHead    *uint32
	sqTail    *uint32
	sqFlags   *uint32
	sqEntries uint32
	sqMask    uint32
	prepared  uint32 // our tail; the kernel's is stored at enter
	entered   uint32 // what of it the kernel has taken

	cqHead     *uint32
	cqTail     *uint32
	cqOverflow *uint32
	cqMask     uint32
	cqes       unsafe.Pointer
	enters     uint64
}

// Errors of the ring backends.
var (
	// ErrNoRing is what a ring backend says where io_uring is missing, disabled or forbidden.
	ErrNoRing = errors.New("netpoll: io_uring is not available")
	// ErrWrongThread is what a ring says to any thread but the one that made it.
	ErrWrongThread = errors.New("netpoll: ring used from another thread than the one that made it")
)

// openRing sets up a ring with the flags in params, which setup fills in.
func openRing(entries uint32, params *ringParams) (*ring, syscall.Errno) {
	// SAFETY: params lives on until the call returns; the kernel writes only its size (rule: pointer converted in the argument list).
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(params)), 0)
	if errno != 0 {
		return nil, errno
	}
	r := &ring{fd: int(fd), enterFD: fd, setup: params.flags, features: params.features}
	if errno := r.mapQueues(params); errno != 0 {
		_ = r.close() // nothing was ever in it; the mapping's failure is what counts
		return nil, errno
	}
	return r, 0
}

// mapQueues maps the queues and notes where things lie in them.
func (r *ring) mapQueues(p *ringParams) syscall.Errno {
	if p.features&featSingleMmap == 0 {
		return unix.ENOSYS // before 5.4 there was no networking worth having either
	}
	size := max(int(p.sq.array)+int(p.sqEntries)*4, int(p.cq.cqes)+int(p.cqEntries)*cqeBytes)
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	var err error
	if r.queueMem, err = unix.Mmap(r.fd, ringOffSQ, size, prot, flags); err != nil {
		return errnoOf(err)
	}
	if r.scratch, err = unix.Mmap(-1, 0, 4096, prot, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS); err != nil {
		return errnoOf(err)
	}
	if r.entryMem, err = unix.Mmap(r.fd, ringOffSQEs, int(p.sqEntries)*sqeBytes, prot, flags); err != nil {
		return errnoOf(err)
	}
	// SAFETY: the kernel's offsets lie inside the mapping of the size that it told, which stays until close.
	base := unsafe.Pointer(unsafe.SliceData(r.queueMem))
	word := func(at uint32) *uint32 { return (*uint32)(unsafe.Add(base, at)) }
	r.sqHead, r.sqTail, r.sqFlags = word(p.sq.head), word(p.sq.tail), word(p.sq.flags)
	r.sqMask, r.sqEntries = *word(p.sq.mask), p.sqEntries
	r.cqHead, r.cqTail, r.cqOverflow = word(p.cq.head), word(p.cq.tail), word(p.cq.overflow)
	r.cqMask = *word(p.cq.mask)
	r.cqes = unsafe.Add(base, p.cq.cqes)
	if p.flags&setupNoSQArray == 0 {
		for i := range p.sqEntries { // the order of submission is the order of the entries, for good
			*word(p.sq.array + i*4) = i
		}
	}
	r.prepared = *r.sqTail
	r.entered = r.prepared
	return 0
}

// reserve returns a zeroed entry, or nil when the queue is full: enter makes room.
func (r *ring) reserve() *sqe {
	if r.prepared-atomic.LoadUint32(r.sqHead) >= r.sqEntries {
		return nil
	}
	// SAFETY: the index is masked, so the entry lies inside entryMem; the kernel does not read it before enter.
	e := (*sqe)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(r.entryMem)), uintptr(r.prepared&r.sqMask)*sqeBytes))
	*e = sqe{}
	r.prepared++
	return e
}

// room is how many entries can be reserved.
func (r *ring) room() int {
	return int(r.sqEntries - (r.prepared - atomic.LoadUint32(r.sqHead)))
}

// waiting is how many reserved entries the kernel was not told of.
func (r *ring) waiting() bool { return r.prepared != r.entered }

// enter hands over what was reserved. With getEvents it also runs the work that the kernel has put off.
// What it does not take (EAGAIN, EBUSY) stays in the queue, and the next enter tries it again.
func (r *ring) enter(atLeast uint32, flags uintptr) syscall.Errno {
	if r.setup&setupSQPoll != 0 {
		return r.enterPolled(atLeast, flags)
	}
	*r.sqTail = r.prepared // only this thread reads it, inside the call: an atomic store would cost 8 ns
	r.enters++
	n, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, r.enterFD, uintptr(r.prepared-r.entered),
		uintptr(atLeast), flags|r.enterFlags, 0, 0)
	if errno != 0 {
		return errno
	}
	r.entered += uint32(n)
	return 0
}

// wait sleeps until a completion comes. Cold: only Close sleeps.
func (r *ring) wait() {
	r.enters++
	// EINTR and all else lead to the same: the caller looks at the queue, and gives up after some tries.
	n, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, r.enterFD, uintptr(r.prepared-r.entered), 1,
		enterGetEvents|r.enterFlags, 0, 0)
	if errno == 0 && r.setup&setupSQPoll == 0 {
		r.entered += uint32(n)
	}
}

// enterPolled only wakes the kernel's submission thread, where that fell asleep.
func (r *ring) enterPolled(atLeast uint32, flags uintptr) syscall.Errno {
	atomic.StoreUint32(r.sqTail, r.prepared)
	r.entered = r.prepared
	// The store of the tail and this load must not be swapped: atomics of Go are sequentially consistent.
	if atomic.LoadUint32(r.sqFlags)&sqNeedWakeup != 0 {
		flags |= enterSQWakeup
	}
	if flags == 0 {
		return 0
	}
	r.enters++
	_, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, r.enterFD, 0, uintptr(atLeast), flags|r.enterFlags, 0, 0)
	return errno
}

// ready is how many completions lie in the queue.
func (r *ring) ready() uint32 { return atomic.LoadUint32(r.cqTail) - *r.cqHead }

// flags are the kernel's hints: sqTaskrun, sqOverflow, sqNeedWakeup.
func (r *ring) flags() uint32 { return atomic.LoadUint32(r.sqFlags) }

// peek is the i-th completion that lies in the queue. It is the kernel's again after advance.
func (r *ring) peek(i uint32) *cqe {
	// SAFETY: the index is masked, so the entry lies inside queueMem; callers ask ready first.
	return (*cqe)(unsafe.Add(r.cqes, uintptr((*r.cqHead+i)&r.cqMask)*cqeBytes))
}

// advance gives n completions back to the kernel.
func (r *ring) advance(n uint32) { atomic.StoreUint32(r.cqHead, *r.cqHead+n) }

// register is io_uring_register. what points to memory that lives until the call returns.
func (r *ring) register(op uintptr, what unsafe.Pointer, n int) (int, syscall.Errno) {
	// SAFETY: the pointer is converted in the argument list; the kernel copies what it needs before it returns.
	got, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), op, uintptr(what), uintptr(n), 0, 0)
	return int(got), errno
}

// registerSelf spares each enter the look-up of the descriptor (5.18). Without it all else works.
func (r *ring) registerSelf() bool {
	update := filesUpdate{offset: anyRegisteredRingSlot, data: uint64(r.fd)}
	// SAFETY: update lives on this stack frame until register returns.
	if n, errno := r.register(registerRingFDs, unsafe.Pointer(&update), 1); errno != 0 || n != 1 {
		return false
	}
	r.enterFD, r.enterFlags = uintptr(update.offset), enterRegisteredRing
	return true
}

// registerFiles makes a table of n empty places for sockets (5.5).
func (r *ring) registerFiles(n int) bool {
	places := make([]int32, n)
	for i := range places {
		places[i] = -1
	}
	// SAFETY: places lives until register returns; the kernel reads n descriptors from it.
	_, errno := r.register(registerFiles, unsafe.Pointer(unsafe.SliceData(places)), n)
	return errno == 0
}

// setFile puts fd into a place of the table; -1 empties it.
func (r *ring) setFile(place int, fd int) syscall.Errno {
	// SAFETY: scratch is a mapping of its own: unlike a Go variable it does not move while its address lies in a plain number.
	value := (*int32)(unsafe.Pointer(unsafe.SliceData(r.scratch)))
	*value = int32(fd)
	update := filesUpdate{offset: uint32(place), data: uint64(uintptr(unsafe.Pointer(value)))}
	// SAFETY: update lives on this stack frame until register returns.
	_, errno := r.register(registerFilesUpdate, unsafe.Pointer(&update), 1)
	return errno
}

// datedMessage is the address of the message header that dated receives refer to: it only says how many
// bytes each slot keeps free for control messages.
func (r *ring) datedMessage() uint64 {
	// SAFETY: scratch is a mapping of its own, which stays until close; the second cache line is used for nothing else.
	message := (*unix.Msghdr)(unsafe.Pointer(&r.scratch[64]))
	message.SetControllen(datedControl)
	return uint64(uintptr(unsafe.Pointer(message)))
}

// registerArena pins the arena's pages for zero-copy sends. Without it they work, and look the pages up each time.
func (r *ring) registerArena(a *Arena) bool {
	// SAFETY: scratch is a mapping of its own; the third cache line is used for nothing else. The arena outlives the ring.
	vector := (*unix.Iovec)(unsafe.Pointer(&r.scratch[128]))
	vector.Base = unsafe.SliceData(a.mem)
	vector.SetLen(len(a.mem))
	_, errno := r.register(registerBuffers, unsafe.Pointer(vector), 1)
	return errno == 0
}

// napiSetting is struct io_uring_napi.
type napiSetting struct {
	busyMicros uint32
	prefer     uint8
	_          [3]uint8
	_          uint64
}

// registerNAPI lets waits of this ring poll the cards' queues (6.9).
func (r *ring) registerNAPI(micros int) bool {
	setting := napiSetting{busyMicros: uint32(micros), prefer: 1}
	// SAFETY: setting lives on this stack frame until register returns.
	_, errno := r.register(registerNAPI, unsafe.Pointer(&setting), 1)
	return errno == 0
}

// probe tells which operations the kernel knows (5.6).
func (r *ring) probe() (known [probeOps]bool, last int) {
	var answer probeAnswer
	// SAFETY: answer has room for the table length that is passed, and lives until register returns.
	if _, errno := r.register(registerProbe, unsafe.Pointer(&answer), probeOps); errno != 0 {
		return known, 0
	}
	for i := range min(int(answer.ops), probeOps) {
		known[i] = answer.table[i].flags&probeOpSupported != 0
	}
	return known, int(answer.lastOp)
}

// close frees the ring. Nothing may be in flight: callers cancel and reap first.
func (r *ring) close() error {
	var failures []error
	if r.enterFlags&enterRegisteredRing != 0 {
		update := filesUpdate{offset: uint32(r.enterFD)}
		// SAFETY: update lives on this stack frame until register returns.
		if _, errno := r.register(unregisterRingFDs, unsafe.Pointer(&update), 1); errno != 0 {
			failures = append(failures, fmt.Errorf("netpoll: unregister ring: %w", errno))
		}
		r.enterFD, r.enterFlags = uintptr(r.fd), 0
	}
	for _, mem := range []*[]byte{&r.entryMem, &r.queueMem, &r.scratch} {
		if *mem == nil {
			continue
		}
		if err := unix.Munmap(*mem); err != nil {
			failures = append(failures, fmt.Errorf("netpoll: unmap ring: %w", err))
		}
		*mem = nil
	}
	if err := unix.Close(r.fd); err != nil {
		failures = append(failures, fmt.Errorf("netpoll: close ring: %w", err))
	}
	return errors.Join(failures...)
}
