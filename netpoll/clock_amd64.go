//go:build !purego

package netpoll

import (
	"os"
	"strings"
)

// counter reads the time stamp counter. About 8 ns.
//
//go:noescape
func counter() uint64

// counterUnfit says why the time stamp counter must not be used as a clock here; empty: it may.
func counterUnfit() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "/proc/cpuinfo cannot be read"
	}
	source, err := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	if err != nil {
		return "the kernel's clock source cannot be read"
	}
	return unfit(string(info), strings.TrimSpace(string(source)))
}

// unfit judges the text of /proc/cpuinfo and the name of the kernel's clock source.
func unfit(cpuinfo, source string) string {
	flags := ""
	for line := range strings.Lines(cpuinfo) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "flags" {
			flags = " " + strings.TrimSpace(value) + " "
			break
		}
	}
	for _, flag := range []string{"constant_tsc", "nonstop_tsc"} {
		if !strings.Contains(flags, " "+flag+" ") {
			return "the CPU lacks " + flag
		}
	}
	if source != "tsc" {
		return "the kernel's clock source is " + source
	}
	return ""
}
