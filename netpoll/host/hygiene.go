package host

import (
	"errors"
	"fmt"
	"io"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"

	"golang.org/x/sys/unix"

	"orderwire/netpoll"
)

// ErrOneCPU is why a loop must not spin here.
var ErrOneCPU = errors.New("host: only one CPU: a spinning loop would starve everything else, the kernel's network included; use an idle strategy that sleeps, or a larger machine")

// CanSpin says why a loop of this process must not spin, or nil. Each loop needs a CPU of its own, and the
// rest of the process one more.
func CanSpin(loops int) error {
	cpus, err := netpoll.Affinity()
	if err != nil {
		return err
	}
	if len(cpus) < 2 {
		return ErrOneCPU
	}
	if loops >= len(cpus) {
		return fmt.Errorf("host: %d loops on %d CPUs leave none to the rest of the process", loops, len(cpus))
	}
	return nil
}

// ErrThrottled is why SCHED_FIFO must not be used here.
var ErrThrottled = errors.New("host: SCHED_FIFO under the real-time throttle stops the loop for 51 ms each second: sysctl -w kernel.sched_rt_runtime_us=-1, or SCHED_OTHER")

// SafeScheduler says why the calling thread's scheduling class would stall a spinning loop, or nil.
func SafeScheduler() error {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return fmt.Errorf("host: read scheduling class: %w", err)
	}
	limit, ok := tree{}.number("/proc/sys/kernel/sched_rt_runtime_us")
	return safeScheduler(attr.Policy, limit, ok)
}

func safeScheduler(policy uint32, rtRuntimeMicros int64, known bool) error {
	if policy != unix.SCHED_FIFO && policy != unix.SCHED_RR {
		return nil
	}
	if known && rtRuntimeMicros < 0 {
		return nil
	}
	return ErrThrottled
}

// SetProcs raises GOMAXPROCS so that each pinned loop has a P beside those of the ordinary goroutines, and
// returns what it is now. It never lowers it.
func SetProcs(loops int) int {
	const controlPlane = 2 // a supervisor that works, and a journal or metrics goroutine beside it
	want := max(goruntime.GOMAXPROCS(0), loops+controlPlane)
	goruntime.GOMAXPROCS(want)
	return want
}

// TameCollector switches the garbage collector off up to limitBytes, and returns what undoes it. Under the
// limit no cycle ever runs; at it the collector comes back, rather than the kernel's killer.
func TameCollector(limitBytes int64) (restore func()) {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(limitBytes)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// Memory is how near the process is to the limit of TameCollector.
type Memory struct {
	UsedBytes  uint64  `json:"used_bytes"`
	LimitBytes uint64  `json:"limit_bytes"`
	Share      float64 `json:"share"`
	Cycles     uint64  `json:"gc_cycles"`
	Near       bool    `json:"near"` // above NearShare: say so, loudly, before the collector comes back
}

// NearShare is the share of the memory limit from which an operator should hear of it.
const NearShare = 0.8

// MemoryGauge reads Memory without garbage of its own. One goroutine uses it.
type MemoryGauge struct{ samples [4]metrics.Sample }

// NewMemoryGauge makes a gauge.
func NewMemoryGauge() *MemoryGauge {
	g := &MemoryGauge{}
	for i, name := range []string{
		"/memory/classes/total:bytes", "/memory/classes/heap/released:bytes", "/gc/gomemlimit:bytes", "/gc/cycles/total:gc-cycles",
	} {
		g.samples[i].Name = name
	}
	return g
}

// Read tells the state now.
func (g *MemoryGauge) Read() Memory {
	metrics.Read(g.samples[:])
	m := Memory{
		UsedBytes:  g.samples[0].Value.Uint64() - g.samples[1].Value.Uint64(),
		LimitBytes: g.samples[2].Value.Uint64(),
		Cycles:     g.samples[3].Value.Uint64(),
	}
	m.Share = float64(m.UsedBytes) / float64(max(m.LimitBytes, 1))
	m.Near = m.Share >= NearShare
	return m
}

// LockMemory keeps every page of the process in memory once it was touched. It refuses where the limit is
// finite: with it, the next mapping of the Go runtime would fail, and the process die.
func LockMemory() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return fmt.Errorf("host: read RLIMIT_MEMLOCK: %w", err)
	}
	if limit.Cur != unix.RLIM_INFINITY && !mayLock() {
		return fmt.Errorf("host: RLIMIT_MEMLOCK is %d bytes: the process cannot be locked into memory safely (LimitMEMLOCK=infinity, or CAP_IPC_LOCK)", limit.Cur)
	}
	// ONFAULT: the Go runtime reserves far more than it ever touches, and locking it all would take it all.
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		return fmt.Errorf("host: lock memory: %w", err)
	}
	return nil
}

// capIPCLock is the number of the capability that lifts RLIMIT_MEMLOCK (capabilities(7)).
const capIPCLock = 14

// mayLock tells whether the process has CAP_IPC_LOCK.
func mayLock() bool {
	status, _ := tree{}.text("/proc/self/status")
	for line := range strings.Lines(status) {
		if value, found := strings.CutPrefix(line, "CapEff:"); found {
			var bits uint64
			if _, err := fmt.Sscanf(strings.TrimSpace(value), "%x", &bits); err != nil {
				return false
			}
			return bits>>capIPCLock&1 == 1
		}
	}
	return false
}

// UnlockMemory takes LockMemory back.
func UnlockMemory() error {
	if err := unix.Munlockall(); err != nil {
		return fmt.Errorf("host: unlock memory: %w", err)
	}
	return nil
}

// Prefault touches every page of b, so that none faults later. b keeps its content.
func Prefault(b []byte) {
	for page := os.Getpagesize(); len(b) > 0; b = b[min(page, len(b)):] {
		kept := b[0]
		b[0] = kept // a write: after a read the page would only be mapped to the shared zero page
	}
}

// HoldLatency keeps every CPU of the host out of deep sleep until the returned closer is closed.
func HoldLatency() (io.Closer, error) {
	f, err := os.OpenFile("/dev/cpu_dma_latency", os.O_WRONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("host: hold CPU latency: %w", err)
	}
	if _, err := f.Write([]byte{0, 0, 0, 0}); err != nil {
		return nil, errors.Join(fmt.Errorf("host: hold CPU latency: %w", err), f.Close())
	}
	return f, nil
}
