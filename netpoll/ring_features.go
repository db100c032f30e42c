package netpoll

import (
	"errors"
	"fmt"
	goruntime "runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// RingFeatures tells what of io_uring is in use: what the kernel has, less what was refused.
type RingFeatures struct {
	SingleIssuer   bool // 6.0: the kernel knows that one thread submits
	DeferTaskrun   bool // 6.1: completions are made when we ask for them, not by an interrupt
	CoopTaskrun    bool // 5.19: the older form of the same
	TaskrunFlag    bool // 5.19: a mapped flag tells when to ask, so that an idle spin makes no system call
	RegisteredRing bool // 5.18
	FixedFiles     bool // 5.5
	BufferRing     bool // 5.19
	Multishot      bool // 6.0: one receive is armed for good
	SendZC         bool // 6.0
	Bundle         bool // 6.10: one receive fills several slots
	NAPI           bool // 6.9: busy polling of the socket's queue by the ring
	FixedBuffers   bool // 5.1: the arena is registered, so that zero-copy sends need not look up its pages
	SQPoll         bool // a kernel thread submits
	LastOp         int  // the probe's last operation
}

// without is what is switched off: for tests, which play older kernels, and for picking by measurement.
type without struct {
	deferTaskrun, taskrunFlag, registeredRing, fixedFiles, bufferRing, multishot bool
	cqEntries                                                                    uint32 // 0: as many as can be needed
}

// String lists what is in use, for the line that says which backend was picked.
func (f RingFeatures) String() string {
	var have []string
	for _, row := range []struct {
		name string
		has  bool
	}{
		{"single-issuer", f.SingleIssuer},
		{"defer-taskrun", f.DeferTaskrun},
		{"coop-taskrun", f.CoopTaskrun},
		{"taskrun-flag", f.TaskrunFlag},
		{"registered-ring", f.RegisteredRing},
		{"fixed-files", f.FixedFiles},
		{"buffer-ring", f.BufferRing},
		{"multishot", f.Multishot},
		{"send-zc", f.SendZC},
		{"bundle", f.Bundle},
		{"napi", f.NAPI},
		{"fixed-buffers", f.FixedBuffers},
		{"sqpoll", f.SQPoll},
	} {
		if row.has {
			have = append(have, row.name)
		}
	}
	if len(have) == 0 {
		return "plain"
	}
	return strings.Join(have, " ")
}

// setUp opens the best ring that this kernel grants, trying the flags of newer kernels first.
func setUp(c PortConfig, sockets int, off without) (*ring, RingFeatures, error) {
	var refused syscall.Errno
	for _, flags := range attempts(c.SQPoll.On) {
		if off.deferTaskrun && flags&setupDeferTaskrun != 0 || off.taskrunFlag && flags&setupTaskrunFlag != 0 {
			continue
		}
		params := ringParams{flags: flags | setupCQSize, cqEntries: completionsFor(c, sockets)}
		if c.SQPoll.On {
			params.sqThreadCPU, params.sqThreadIdle = uint32(c.SQPoll.CPU), uint32(c.SQPoll.IdleMillis)
		}
		if off.cqEntries != 0 {
			params.cqEntries = off.cqEntries
		}
		r, errno := openRing(uint32(c.Entries), &params)
		if errno == unix.EINVAL {
			refused = errno
			continue
		}
		if errno != 0 {
			return nil, RingFeatures{}, noRing(errno)
		}
		return r, r.use(sockets, off), nil
	}
	return nil, RingFeatures{}, noRing(refused)
}

// attempts are the sets of set-up flags, newest kernel first. A ring with a submitting thread can neither
// defer its work nor be told of it: the thread does it.
func attempts(sqPoll bool) []uint32 {
	if sqPoll {
		return []uint32{
			setupSQPoll | setupSQAff | setupSubmitAll | setupSingleIssuer,
			setupSQPoll | setupSQAff,
		}
	}
	return []uint32{
		setupSubmitAll | setupSingleIssuer | setupDeferTaskrun | setupTaskrunFlag | setupNoSQArray,
		setupSubmitAll | setupSingleIssuer | setupDeferTaskrun | setupTaskrunFlag,
		setupSubmitAll | setupCoopTaskrun | setupTaskrunFlag,
		0,
	}
}

// completionsFor is a queue size at which no completion can find it full: every receive slot, and a
// cancel, an end of stream and a chain of sends for each socket.
func completionsFor(c PortConfig, sockets int) uint32 {
	need := c.ReceiveSlots + sockets*(maxChain+4)
	n := uint32(c.Entries) * 2
	for n < uint32(need) {
		n <<= 1
	}
	return n
}

// use registers what can be, and notes what there is.
func (r *ring) use(sockets int, off without) RingFeatures {
	known, last := r.probe()
	f := RingFeatures{
		SingleIssuer: r.setup&setupSingleIssuer != 0,
		DeferTaskrun: r.setup&setupDeferTaskrun != 0,
		CoopTaskrun:  r.setup&setupCoopTaskrun != 0,
		TaskrunFlag:  r.setup&setupTaskrunFlag != 0,
		SQPoll:       r.setup&setupSQPoll != 0,
		SendZC:       known[opSendZC],
		Bundle:       r.features&featRecvSendBundle != 0,
		Multishot:    known[opSendZC] && !off.multishot, // both came with 6.0, and only the operation can be probed
		LastOp:       last,
	}
	f.RegisteredRing = !off.registeredRing && r.registerSelf()
	f.FixedFiles = !off.fixedFiles && r.registerFiles(sockets)
	return f
}

// noRing says in one sentence why there is no ring, and what to do.
func noRing(errno syscall.Errno) error {
	hint := ""
	switch {
	case errors.Is(errno, unix.ENOSYS):
		hint = "the kernel has none, or a container's seccomp profile hides it"
	case errors.Is(errno, unix.EPERM), errors.Is(errno, unix.EACCES):
		hint = "forbidden by sysctl kernel.io_uring_disabled or by a seccomp profile"
	case errors.Is(errno, unix.ENOMEM):
		hint = "RLIMIT_MEMLOCK is too small: raise it (ulimit -l)"
	case errors.Is(errno, unix.EINVAL):
		hint = "the kernel is too old"
	default:
		return fmt.Errorf("%w: %w", ErrNoRing, errno)
	}
	return fmt.Errorf("%w: %w: %s", ErrNoRing, errno, hint)
}

// ProbeRing makes a small ring, asks what it has, and closes it again: for reports. On a thread of its own.
func ProbeRing() (RingFeatures, error) {
	type result struct {
		features RingFeatures
		err      error
	}
	done := make(chan result, 1)
	go func() {
		goruntime.LockOSThread() // and never unlocked: the ring is bound to the thread, which ends here
		c, err := PortConfig{Entries: 8, ReceiveSlots: 8, Sockets: 1}.filled()
		if err != nil {
			done <- result{err: err}
			return
		}
		r, features, err := setUp(c, c.Sockets, without{})
		if err == nil {
			features.BufferRing = features.Multishot // found out for certain only by registering one
			err = r.close()
		}
		done <- result{features, err}
	}()
	got := <-done
	return got.features, got.err
}
