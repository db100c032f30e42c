package netpoll

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Pin binds the calling thread to one CPU. The caller has locked its goroutine to the thread before.
// It binds no other thread: those must not be moved onto a busy core either.
func Pin(cpu int) error {
	var set unix.CPUSet
	if cpu < 0 || cpu >= len(set)*64 {
		return fmt.Errorf("netpoll: pin: there is no CPU %d", cpu)
	}
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return &OpError{Op: "pin", Addr: fmt.Sprintf("cpu %d", cpu), Errno: errnoOf(err)}
	}
	return nil
}

// Affinity lists the CPUs that the calling thread may run on.
func Affinity() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, &OpError{Op: "read affinity", Errno: errnoOf(err)}
	}
	var cpus []int
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// Unpin lets the calling thread run on all of cpus again.
func Unpin(cpus []int) error {
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return &OpError{Op: "unpin", Errno: errnoOf(err)}
	}
	return nil
}

// SetTimerSlack sets how late the kernel may wake the calling thread. Units: ns, from 1; the default is 50,000.
func SetTimerSlack(nanos int) error {
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(nanos), 0, 0, 0); err != nil {
		return &OpError{Op: "set timer slack", Errno: errnoOf(err)}
	}
	return nil
}

// NameThread names the calling thread, as perf and top show it. At most 15 bytes count.
func NameThread(name string) error {
	name = strings.ReplaceAll(name[:min(len(name), 15)], "\n", " ")
	if err := os.WriteFile("/proc/thread-self/comm", []byte(name), 0); err != nil {
		return fmt.Errorf("netpoll: name thread: %w", err)
	}
	return nil
}
