package bench

import (
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"strings"
)

// Host is what a figure must be read with. A fact that the host does not tell is "missing", never guessed.
type Host struct {
	CPU         string   `json:"cpu"`
	Flags       []string `json:"flags"` // those of flagsThatMatter that this CPU has
	CPUs        int      `json:"cpus"`
	MaxProcs    int      `json:"gomaxprocs"`
	Arch        string   `json:"arch"`
	Kernel      string   `json:"kernel"`
	Go          string   `json:"go"`
	Governor    string   `json:"governor"`
	ClockSource string   `json:"clocksource"`
	Virtualised bool     `json:"virtualised"`
	// StealPercent is the share of CPU time that the hypervisor took between StealMeter's start and end.
	StealPercent float64 `json:"steal_pct"`
	// Jitter is the empty spin of the same process, nil where it was not measured.
	Jitter *Jitter `json:"jitter,omitempty"`
}

const missing = "missing"

// flagsThatMatter are the CPU features by which kernels are picked or clocks trusted; the arm64 names stand last.
var flagsThatMatter = []string{
	"constant_tsc", "nonstop_tsc", "aes", "pclmulqdq", "vaes", "vpclmulqdq", "sha_ni", "avx2", "bmi2",
	"avx512f", "avx512bw", "avx512vl", "avx512_vbmi2", "gfni", "hypervisor",
	"pmull", "sha1", "sha2", "sha512", "asimd",
}

// ReadHost reads the host's facts. root is "/" but in tests.
func ReadHost(root string) Host {
	info := readText(root, "proc/cpuinfo")
	flags := strings.Fields(cpuinfoValue(info, "flags", "Features"))
	h := Host{
		CPU:         orMissing(cpuinfoValue(info, "model name", "CPU part")),
		Flags:       []string{},
		CPUs:        goruntime.NumCPU(),
		MaxProcs:    goruntime.GOMAXPROCS(0),
		Arch:        goruntime.GOARCH,
		Kernel:      orMissing(readText(root, "proc/sys/kernel/osrelease")),
		Go:          goruntime.Version(),
		Governor:    orMissing(readText(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
		ClockSource: orMissing(readText(root, "sys/devices/system/clocksource/clocksource0/current_clocksource")),
	}
	has := make(map[string]bool, len(flags))
	for _, flag := range flags {
		has[flag] = true
	}
	for _, flag := range flagsThatMatter {
		if has[flag] {
			h.Flags = append(h.Flags, flag)
		}
	}
	h.Virtualised = has["hypervisor"] || readText(root, "sys/hypervisor/type") != ""
	return h
}

// String is the host in one line, to stand over a table.
func (h Host) String() string {
	where := "bare metal, or a hypervisor that hides"
	if h.Virtualised {
		where = fmt.Sprintf("virtual machine, %.1f %% stolen", h.StealPercent)
	}
	return fmt.Sprintf("%s, %d CPUs, %s, kernel %s, %s, clocksource %s, governor %s",
		h.CPU, h.CPUs, where, h.Kernel, h.Go, h.ClockSource, h.Governor)
}

// StealMeter measures what the hypervisor takes from start to Percent.
type StealMeter struct {
	root  string
	start cpuTimes
}

// StartSteal takes the first reading. root is "/" but in tests.
func StartSteal(root string) StealMeter {
	return StealMeter{root: root, start: readCPUTimes(root)}
}

// Percent is the share of all CPUs' time since the start that was stolen, 0 where /proc/stat cannot be read.
func (m StealMeter) Percent() float64 {
	now := readCPUTimes(m.root)
	if now.all <= m.start.all {
		return 0
	}
	return 100 * float64(now.steal-m.start.steal) / float64(now.all-m.start.all)
}

// cpuTimes is the first line of /proc/stat, in ticks.
type cpuTimes struct{ all, steal uint64 }

func readCPUTimes(root string) cpuTimes {
	line, _, _ := strings.Cut(readText(root, "proc/stat"), "\n")
	fields := strings.Fields(line)
	const stealField, guestField = 8, 9 // "cpu" is field 0; guest time is inside user time already (proc_stat(5))
	var t cpuTimes
	for i := 1; i < len(fields) && i < guestField; i++ {
		ticks, err := strconv.ParseUint(fields[i], 10, 64)
		if err != nil {
			return cpuTimes{}
		}
		t.all += ticks
		if i == stealField {
			t.steal = ticks
		}
	}
	return t
}

// readText is the trimmed text of a file, "" where it cannot be read: the caller says "missing".
func readText(root, name string) string {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// cpuinfoValue is the value of the first line whose key is one of keys.
func cpuinfoValue(info string, keys ...string) string {
	for line := range strings.Lines(info) {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		for _, key := range keys {
			if strings.TrimSpace(name) == key {
				return strings.TrimSpace(value)
			}
		}
	}
	return ""
}

func orMissing(text string) string {
	if text == "" {
		return missing
	}
	return text
}
