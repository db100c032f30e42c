package host

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"orderwire/netpoll"
)

const kernelGroup = "kernel"

func checkRTThrottle(t tree, _ Report, _ Config) []Row {
	const name, file = "real-time throttle", "/proc/sys/kernel/sched_rt_runtime_us"
	const why = "under the throttle a SCHED_FIFO loop is stopped for 51 ms in each second; orderwire therefore stays with SCHED_OTHER"
	n, ok := t.number(file)
	if !ok {
		return []Row{unseen(kernelGroup, name, "-1, or no SCHED_FIFO", why, file+" is missing")}
	}
	value := strconv.FormatInt(n, 10)
	if n >= 0 {
		value += " (harmless while nothing here asks for SCHED_FIFO)"
	}
	return []Row{row(kernelGroup, name, value, "-1, or no SCHED_FIFO", why)}
}

func checkWatchdog(t tree, _ Report, _ Config) []Row {
	return zeroFile(t, kernelGroup, "watchdog", "/proc/sys/kernel/watchdog",
		"a thread on every CPU wakes up to prove that it can, and interrupts the loop")
}

func checkStatInterval(t tree, _ Report, _ Config) []Row {
	const name, file = "vm.stat_interval", "/proc/sys/vm/stat_interval"
	const why = "the kernel folds its memory counters on each CPU once in so many seconds"
	n, ok := t.number(file)
	if !ok {
		return []Row{unseen(kernelGroup, name, ">= 10", why, file+" is missing")}
	}
	return []Row{row(kernelGroup, name, strconv.FormatInt(n, 10), ">= 10", why).unless(n >= 10, Warn, "echo 120 > "+file)}
}

// stealMax is the share of stolen time since boot from which a figure is not worth much.
const stealMax = 0.01

func checkSteal(t tree, r Report, _ Config) []Row {
	const name, ideal = "stolen time", "0 %"
	const why = "the hypervisor ran somebody else on our CPU: no figure taken meanwhile means anything"
	stat, ok := t.text("/proc/stat")
	if !ok {
		return []Row{unseen(kernelGroup, name, ideal, why, "/proc/stat is missing")}
	}
	steal, total, ok := stealOf(stat, r.CPU)
	if !ok || total == 0 {
		return []Row{unseen(kernelGroup, name, ideal, why, fmt.Sprintf("/proc/stat does not list CPU %d", r.CPU))}
	}
	share := float64(steal) / float64(total)
	mend := "ask for dedicated cores, or measure elsewhere"
	return []Row{row(kernelGroup, name, fmt.Sprintf("%.2f %% since boot", share*100), ideal, why).unless(share <= stealMax, Warn, mend)}
}

// stealOf reads the line of one CPU in /proc/stat. Units: ticks since boot.
func stealOf(stat string, cpu int) (steal, total uint64, ok bool) {
	prefix := fmt.Sprintf("cpu%d ", cpu)
	for line := range strings.Lines(stat) {
		rest, found := strings.CutPrefix(line, prefix)
		if !found {
			continue
		}
		for i, text := range strings.Fields(rest) {
			n, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				return 0, 0, false
			}
			if i == 7 { // user nice system idle iowait irq softirq steal guest guest_nice (proc(5))
				steal = n
			}
			if i < 8 { // guest time is in user already
				total += n
			}
		}
		return steal, total, true
	}
	return 0, 0, false
}

func checkVulnerabilities(t tree, _ Report, _ Config) []Row {
	const name, why = "mitigations", "each costs some ns at each system call; informs only: whether to switch them off is a question of trust, not of speed"
	files := t.match("/sys/devices/system/cpu/vulnerabilities/*")
	if len(files) == 0 {
		return []Row{unseen(kernelGroup, name, "informs", why, "the folder is hidden")}
	}
	var active []string
	for _, file := range files {
		if s, ok := t.text(file); ok && strings.HasPrefix(s, "Mitigation") {
			active = append(active, path.Base(file))
		}
	}
	value := fmt.Sprintf("%d active: %s", len(active), strings.Join(active, ", "))
	if len(active) == 0 {
		value = "none active"
	}
	return []Row{row(kernelGroup, name, value, "informs", why)}
}

func checkRing(t tree, _ Report, _ Config) []Row {
	const name, ideal = "io_uring", "available, with defer-taskrun and multishot (6.1)"
	const why = "receiving by a ring spins without system calls, and many sends take one; without it the direct backend is used"
	disabled, told := t.number("/proc/sys/kernel/io_uring_disabled")
	features, err := netpoll.ProbeRing()
	if err != nil {
		mend := "allow io_uring in the container's seccomp profile"
		if told && disabled != 0 {
			mend = "sysctl -w kernel.io_uring_disabled=0"
		}
		return []Row{row(kernelGroup, name, err.Error(), ideal, why).unless(false, Warn, mend)}
	}
	value := fmt.Sprintf("last operation %d; %v", features.LastOp, features)
	return []Row{row(kernelGroup, name, value, ideal, why).
		unless(features.DeferTaskrun && features.Multishot, Warn, "boot a kernel from 6.1 on")}
}
