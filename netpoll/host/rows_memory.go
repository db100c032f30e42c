package host

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const memoryGroup = "memory"

func checkHugePages(t tree, _ Report, _ Config) []Row {
	const dir = "/sys/kernel/mm/transparent_hugepage/"
	const why = "the kernel stops a thread to compact memory for a huge page: up to milliseconds"
	var rows []Row
	for _, file := range []struct {
		name, ideal string
		well        []string
	}{
		{"enabled", "madvise or never", []string{"madvise", "never"}},
		{"defrag", "never, defer, defer+madvise or madvise", []string{"never", "defer", "defer+madvise", "madvise"}},
	} {
		name := "huge pages " + file.name
		word, ok := t.chosen(dir + file.name)
		if !ok {
			rows = append(rows, unseen(memoryGroup, name, file.ideal, why, dir+file.name+" is missing"))
			continue
		}
		rows = append(rows, row(memoryGroup, name, word, file.ideal, why).
			unless(slices.Contains(file.well, word), Warn, fmt.Sprintf("echo madvise > %s%s", dir, file.name)))
	}
	return rows
}

// zeroFile judges a switch that should be off. missing is what a kernel without it means.
func zeroFile(t tree, group, name, file, why string) []Row {
	n, ok := t.number(file)
	if !ok {
		return []Row{row(group, name, "not in this kernel", "0", why)}
	}
	return []Row{row(group, name, strconv.FormatInt(n, 10), "0", why).unless(n == 0, Warn, "echo 0 > "+file)}
}

func checkKSM(t tree, _ Report, _ Config) []Row {
	return zeroFile(t, memoryGroup, "page merging (ksm)", "/sys/kernel/mm/ksm/run",
		"merged pages are copied at the next write: a page fault in the middle of an order")
}

func checkNUMABalancing(t tree, _ Report, _ Config) []Row {
	return zeroFile(t, memoryGroup, "numa balancing", "/proc/sys/kernel/numa_balancing",
		"the kernel unmaps pages to see who touches them: a page fault each")
}

func checkSwap(t tree, _ Report, _ Config) []Row {
	const name, why = "swap", "a page that was swapped out costs milliseconds at its next touch"
	swaps, ok := t.text("/proc/swaps")
	if !ok {
		return []Row{unseen(memoryGroup, name, "none", why, "/proc/swaps is missing")}
	}
	devices := max(0, len(strings.Split(swaps, "\n"))-1)
	return []Row{row(memoryGroup, name, fmt.Sprintf("%d devices", devices), "none", why).
		unless(devices == 0, Warn, "swapoff -a, and take swap out of /etc/fstab")}
}

// memlockMin is what an arena and its rings need. Units: bytes.
const memlockMin = 64 << 20

func checkMemlock(_ tree, _ Report, _ Config) []Row {
	const name, ideal = "memlock limit", "unlimited, or 64 MiB and more"
	const why = "memory that may not be locked may be taken away; old kernels charge rings to this limit too"
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return []Row{unseen(memoryGroup, name, ideal, why, err.Error())}
	}
	value := "unlimited"
	if limit.Cur != unix.RLIM_INFINITY {
		value = fmt.Sprintf("%d KiB", limit.Cur>>10)
	}
	well := limit.Cur >= memlockMin || unix.Geteuid() == 0
	return []Row{row(memoryGroup, name, value, ideal, why).
		unless(well, Warn, "LimitMEMLOCK=infinity in the unit, or ulimit -l unlimited")}
}

func checkLocked(t tree, _ Report, _ Config) []Row {
	const name, why = "locked now (VmLck)", "how much of this very process the kernel may not take away; run and demo lock, doctor itself need not"
	status, ok := t.text("/proc/self/status")
	if !ok {
		return []Row{unseen(memoryGroup, name, "informs", why, "/proc/self/status is missing")}
	}
	for line := range strings.Lines(status) {
		if value, found := strings.CutPrefix(line, "VmLck:"); found {
			return []Row{row(memoryGroup, name, strings.TrimSpace(value), "informs", why)}
		}
	}
	return []Row{unseen(memoryGroup, name, "informs", why, "the kernel does not tell VmLck")}
}
