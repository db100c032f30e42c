package host

import (
	"fmt"
	"os"
	goruntime "runtime"
	"strings"

	"orderwire/netpoll"
)

// Verdict is what a row thinks of the host.
type Verdict string

// The verdicts.
const (
	Pass Verdict = "pass"
	Warn Verdict = "warn" // costs latency or jitter, or cannot be seen
	Fail Verdict = "fail" // a loop must not run like this, or loses what it is for
)

// Row is one fact about the host.
type Row struct {
	Group   string  `json:"group"`
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Value   string  `json:"value"` // what was seen
	Ideal   string  `json:"ideal"`
	Why     string  `json:"why"`            // why it matters
	Mend    string  `json:"mend,omitempty"` // the command that mends it; empty where it is well, or nothing can be done from inside
}

// Report is all that Look found.
type Report struct {
	CPU       int    `json:"cpu"` // the loop's, on which the rows are judged
	CPUs      int    `json:"cpus"`
	Kernel    string `json:"kernel"`
	Guest     bool   `json:"guest"` // under a hypervisor
	Contained bool   `json:"contained"`
	Rows      []Row  `json:"rows"`
}

// Config says what to look at. The zero value looks at this host, for a loop on the last CPU, on all interfaces.
type Config struct {
	// CPU is the loop's. Negative or past the last: the last CPU that this process may use. Default 0 is CPU 0:
	// use LastCPU for the usual choice.
	CPU int
	// Interface narrows the rows about network cards to one. Default: all but lo.
	Interface string
	// Fd is a connected socket whose NAPI id is looked at. Default 0: none.
	Fd int
	// Root stands for the host's file system, in tests. Default: the real one.
	Root string
}

// LastCPU is the value of Config.CPU for the last CPU that the process may use.
const LastCPU = -1

// row makes a Row from what every check knows.
func row(group, name, value, ideal, why string) Row {
	return Row{Group: group, Name: name, Verdict: Pass, Value: value, Ideal: ideal, Why: why}
}

// unless sets the verdict and the mending where the row is not well.
func (r Row) unless(well bool, verdict Verdict, mend string) Row {
	if !well {
		r.Verdict, r.Mend = verdict, mend
	}
	return r
}

// unseen is a row about something that is hidden here.
func unseen(group, name, ideal, why, because string) Row {
	return Row{Group: group, Name: name, Verdict: Warn, Value: "cannot be seen: " + because, Ideal: ideal, Why: why}
}

// Look checks the host. It needs no root, and takes some milliseconds.
func Look(c Config) Report {
	t := tree{c.Root}
	r := Report{CPUs: goruntime.NumCPU()}
	cpus, err := netpoll.Affinity()
	if err == nil && (c.CPU < 0 || c.CPU > cpus[len(cpus)-1]) {
		c.CPU = cpus[len(cpus)-1]
	}
	r.CPU = max(c.CPU, 0)
	r.Kernel, _ = t.text("/proc/sys/kernel/osrelease")
	info, _ := t.text("/proc/cpuinfo")
	r.Guest = strings.Contains(info, " hypervisor")
	r.Contained = contained(t)
	for _, check := range checks {
		r.Rows = append(r.Rows, check(t, r, c)...)
	}
	return r
}

// check looks at one matter and gives one or more rows.
type check func(t tree, r Report, c Config) []Row

// checks are all there are, in the order in which a reader wants them.
var checks = []check{
	checkCPUs, checkIsolated, checkNohzFull, checkCallbacks, checkIRQs, checkWorkqueues,
	checkGovernor, checkIdleStates, checkHaltpoll, checkLatencyDevice, checkClockSource, checkSMT,
	checkHugePages, checkKSM, checkNUMABalancing, checkSwap, checkMemlock, checkLocked,
	checkRTThrottle, checkWatchdog, checkStatInterval, checkSteal, checkVulnerabilities,
	checkBusyPoll, checkNAPI, checkNICs, checkSlowStart, checkAutocorking, checkCongestion, checkQdisc,
	checkRing,
}

// contained tells whether this process sees a container's file system.
func contained(t tree) bool {
	for _, sign := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(t.path(sign)); err == nil {
			return true
		}
	}
	group, _ := t.text("/proc/1/cgroup")
	return strings.Contains(group, "docker") || strings.Contains(group, "kubepods") || strings.Contains(group, "containerd")
}

// Count is how many rows have the verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, row := range r.Rows {
		if row.Verdict == v {
			n++
		}
	}
	return n
}

// ExitCode is 0 where all is well, 1 where something failed, 3 where there are warnings only.
func (r Report) ExitCode() int {
	switch {
	case r.Count(Fail) > 0:
		return 1
	case r.Count(Warn) > 0:
		return 3
	}
	return 0
}

// Summary is one sentence.
func (r Report) Summary() string {
	return fmt.Sprintf("%d checks for a loop on CPU %d: %d pass, %d warn, %d fail",
		len(r.Rows), r.CPU, r.Count(Pass), r.Count(Warn), r.Count(Fail))
}
