package host

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

const cpuGroup = "cpu"

// guestNote is appended where only the hypervisor could do something.
func guestNote(r Report) string {
	if r.Guest {
		return "this is a guest: the hypervisor's host decides"
	}
	return "the kernel was built without it, or the driver is not loaded"
}

func checkCPUs(_ tree, r Report, _ Config) []Row {
	return []Row{row(cpuGroup, "cpus", strconv.Itoa(r.CPUs), ">= 2",
		"a spinning loop takes a whole CPU; on the only one it would starve the kernel and its own control plane").
		unless(r.CPUs >= 2, Fail, "give the machine a second CPU, or run the loop on an idle strategy that sleeps")}
}

// inList judges a file with a list of CPUs that should have the loop's in it.
func inList(t tree, r Report, file, name, why, parameter string) []Row {
	ideal := fmt.Sprintf("contains %d", r.CPU)
	list, ok := t.text(file)
	if !ok {
		return []Row{unseen(cpuGroup, name, ideal, why, file+" is missing")}
	}
	cpus, err := ParseCPUs(strings.Trim(list, "()nul"))
	if err != nil {
		return []Row{unseen(cpuGroup, name, ideal, why, err.Error())}
	}
	value := list
	if value == "" {
		value = "none"
	}
	return []Row{row(cpuGroup, name, value, ideal, why).
		unless(slices.Contains(cpus, r.CPU), Warn, fmt.Sprintf("add %s=%d to the kernel command line and reboot", parameter, r.CPU))}
}

func checkIsolated(t tree, r Report, _ Config) []Row {
	return inList(t, r, "/sys/devices/system/cpu/isolated", "isolated",
		"the scheduler puts other threads on a CPU that is not isolated: milliseconds lost at a time", "isolcpus")
}

func checkNohzFull(t tree, r Report, _ Config) []Row {
	return inList(t, r, "/sys/devices/system/cpu/nohz_full", "nohz_full",
		"without it the timer tick interrupts the loop HZ times a second, 25 to 75 us each on a guest", "nohz_full")
}

func checkCallbacks(t tree, r Report, _ Config) []Row {
	const name, why = "rcu_nocbs", "the kernel's deferred frees run on the loop's CPU otherwise"
	line, ok := t.text("/proc/cmdline")
	if !ok {
		return []Row{unseen(cpuGroup, name, "set", why, "/proc/cmdline is missing")}
	}
	value := "not set"
	well := false
	for word := range strings.FieldsSeq(line) {
		if list, found := strings.CutPrefix(word, "rcu_nocbs="); found {
			value = list
			cpus, err := ParseCPUs(list)
			well = list == "all" || err == nil && slices.Contains(cpus, r.CPU)
		}
	}
	return []Row{row(cpuGroup, name, value, fmt.Sprintf("contains %d", r.CPU), why).
		unless(well, Warn, fmt.Sprintf("add rcu_nocbs=%d to the kernel command line and reboot", r.CPU))}
}

func checkIRQs(t tree, r Report, _ Config) []Row {
	const name, why = "interrupts elsewhere", "a device interrupt on the loop's CPU costs it 2 to 50 us, and what it had in the cache"
	ideal := fmt.Sprintf("none on %d", r.CPU)
	files := t.match("/proc/irq/*/smp_affinity_list")
	if len(files) == 0 {
		return []Row{unseen(cpuGroup, name, ideal, why, "/proc/irq is hidden")}
	}
	var here []string
	for _, file := range files {
		list, ok := t.text(file)
		if effective, found := t.text(path.Join(path.Dir(file), "effective_affinity_list")); found && effective != "" {
			list = effective // where the interrupt really goes, of all the CPUs where it may
		}
		if cpus, err := ParseCPUs(list); ok && err == nil && slices.Contains(cpus, r.CPU) {
			here = append(here, path.Base(path.Dir(file)))
		}
	}
	value := "none"
	if len(here) > 0 {
		value = fmt.Sprintf("%d may come here: irq %s", len(here), strings.Join(here[:min(len(here), 12)], ", "))
	}
	return []Row{row(cpuGroup, name, value, ideal, why).
		unless(len(here) == 0, Warn, "orderwire tune --apply (as root), and switch irqbalance off or give it IRQBALANCE_BANNED_CPULIST")}
}

func checkWorkqueues(t tree, r Report, _ Config) []Row {
	const name, file = "kernel workers elsewhere", "/sys/devices/virtual/workqueue/cpumask"
	const why = "unbound kernel work runs on the loop's CPU otherwise"
	ideal := fmt.Sprintf("mask without %d", r.CPU)
	mask, ok := t.text(file)
	if !ok {
		return []Row{unseen(cpuGroup, name, ideal, why, file+" is missing")}
	}
	has, err := maskHas(mask, r.CPU)
	if err != nil {
		return []Row{unseen(cpuGroup, name, ideal, why, err.Error())}
	}
	without, _ := maskWithout(mask, r.CPU)
	return []Row{row(cpuGroup, name, mask, ideal, why).
		unless(!has, Warn, fmt.Sprintf("echo %s > %s", without, file))}
}

func checkGovernor(t tree, r Report, _ Config) []Row {
	const name, why = "governor", "a CPU that was clocked down takes 10 to 500 us to come up again"
	file := fmt.Sprintf("/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", r.CPU)
	governor, ok := t.text(file)
	if !ok {
		return []Row{unseen(cpuGroup, name, "performance", why, "no cpufreq here; "+guestNote(r))}
	}
	return []Row{row(cpuGroup, name, governor, "performance", why).
		unless(governor == "performance", Warn, "echo performance > "+file)}
}

// idleMax is the exit latency from which a sleep state hurts. Units: us.
const idleMax = 1

func checkIdleStates(t tree, r Report, _ Config) []Row {
	const name, ideal = "idle states", "POLL only, or none slower than 1 us"
	const why = "a core that slept wakes up 2 to 200 us late; a spinning loop never sleeps, but its sibling and its package do"
	states := t.match(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/cpuidle/state*", r.CPU))
	if len(states) == 0 {
		return []Row{unseen(cpuGroup, name, ideal, why, "no cpuidle here; "+guestNote(r))}
	}
	var slow, mend []string
	for _, state := range states {
		label, _ := t.text(path.Join(state, "name"))
		latency, _ := t.number(path.Join(state, "latency"))
		disabled, _ := t.number(path.Join(state, "disable"))
		if latency > idleMax && disabled == 0 {
			slow = append(slow, fmt.Sprintf("%s %d us", label, latency))
			mend = append(mend, fmt.Sprintf("echo 1 > %s/disable", state))
		}
	}
	value := "none slower than 1 us"
	if len(slow) > 0 {
		value = strings.Join(slow, ", ")
	}
	return []Row{row(cpuGroup, name, value, ideal, why).unless(len(slow) == 0, Warn, strings.Join(mend, "; "))}
}

func checkHaltpoll(t tree, r Report, _ Config) []Row {
	const name, why = "haltpoll", "a guest's halt goes through the hypervisor: 5 to 50 us to wake up, unless it polls before it halts"
	driver, ok := t.text("/sys/devices/system/cpu/cpuidle/current_driver")
	if !r.Guest {
		return []Row{row(cpuGroup, name, "not a guest", "does not apply", why)}
	}
	if !ok {
		return []Row{unseen(cpuGroup, name, "haltpoll", why, "no cpuidle driver is named")}
	}
	value := driver
	const limitFile = "/sys/module/haltpoll/parameters/guest_halt_poll_ns"
	limit, told := t.number(limitFile)
	if told {
		value += fmt.Sprintf(", polls up to %d ns", limit)
	}
	if driver == "haltpoll" && told && limit == 0 {
		return []Row{row(cpuGroup, name, value, "haltpoll", why).unless(false, Warn, "echo 200000 > "+limitFile)}
	}
	return []Row{row(cpuGroup, name, value, "haltpoll", why).
		unless(driver == "haltpoll", Warn, "boot with cpuidle_haltpoll.force=1, or idle=poll where the power bill allows")}
}

func checkLatencyDevice(t tree, _ Report, _ Config) []Row {
	const name, file = "cpu_dma_latency", "/dev/cpu_dma_latency"
	const why = "a process that holds it open with 0 keeps every CPU out of deep sleep while it runs"
	f, err := os.OpenFile(t.path(file), os.O_WRONLY, 0)
	if err != nil {
		return []Row{row(cpuGroup, name, "not openable", "openable", why).
			unless(false, Warn, "chgrp the device to the loop's group and chmod g+rw "+file)}
	}
	_ = f.Close() // nothing was written, so nothing was held
	return []Row{row(cpuGroup, name, "openable", "openable", why)}
}

func checkClockSource(t tree, _ Report, _ Config) []Row {
	const name, dir = "clock source", "/sys/devices/system/clocksource/clocksource0/"
	const why = "with any other the clock costs a system call (160 ns and more) in place of 10 ns"
	source, ok := t.text(dir + "current_clocksource")
	if !ok {
		return []Row{unseen(cpuGroup, name, "tsc", why, dir+" is missing")}
	}
	mend := "boot with tsc=reliable clocksource=tsc"
	if available, _ := t.text(dir + "available_clocksource"); slices.Contains(strings.Fields(available), "tsc") {
		mend = "echo tsc > " + dir + "current_clocksource"
	}
	return []Row{row(cpuGroup, name, source, "tsc", why).unless(source == "tsc", Warn, mend)}
}

func checkSMT(t tree, r Report, _ Config) []Row {
	const name, why = "hyper-threading", "a sibling thread takes half of the core's execution units and caches"
	active, ok := t.number("/sys/devices/system/cpu/smt/active")
	if !ok {
		return []Row{unseen(cpuGroup, name, "off", why, "no smt file; "+guestNote(r))}
	}
	value := map[bool]string{true: "off", false: "on"}[active == 0]
	return []Row{row(cpuGroup, name, value, "off", why).
		unless(active == 0, Warn, "echo off > /sys/devices/system/cpu/smt/control, or keep the sibling of the loop's CPU idle")}
}
