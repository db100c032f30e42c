package netpoll

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ErrSharedCore is why a submitting thread is refused: beside a spinning loop it runs when the scheduler says so.
var ErrSharedCore = errors.New("netpoll: the submitting thread of SQPOLL would share a core with a loop (measured: 8 ms until a send leaves)")

const defaultSQIdleMillis = 1000

// filled is s with its defaults, or why it is refused.
func (s SQPoll) filled() (SQPoll, error) {
	if !s.On {
		return s, nil
	}
	if s.IdleMillis <= 0 {
		s.IdleMillis = defaultSQIdleMillis
	}
	if len(s.LoopCPUs) == 0 {
		own, err := Affinity()
		if err != nil {
			return s, err
		}
		if len(own) != 1 {
			return s, fmt.Errorf("%w: this thread may run on CPUs %v; pin it first, or name LoopCPUs", ErrSharedCore, own)
		}
		s.LoopCPUs = own
	}
	core := siblingsOf(s.CPU)
	for _, loop := range s.LoopCPUs {
		if slices.Contains(core, loop) {
			return s, fmt.Errorf("%w: CPU %d and the loop's CPU %d are one core", ErrSharedCore, s.CPU, loop)
		}
	}
	return s, nil
}

// siblingsOf lists the CPUs of cpu's core, itself included. Where the kernel does not tell, it stands alone.
func siblingsOf(cpu int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	if err != nil {
		return []int{cpu}
	}
	return append(parseSiblings(strings.TrimSpace(string(text))), cpu)
}

// parseSiblings reads the kernel's list form: "2,6" or "0-1".
func parseSiblings(list string) []int {
	var cpus []int
	for part := range strings.SplitSeq(list, ",") {
		low, high, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(low)
		if err != nil {
			continue
		}
		last := first
		if isRange {
			if last, err = strconv.Atoi(high); err != nil {
				continue
			}
		}
		for cpu := first; cpu <= min(last, first+1024); cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}
