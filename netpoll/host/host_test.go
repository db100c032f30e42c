package host_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"orderwire/netpoll/host"
)

// tuned is a host as it should be, for a loop on CPU 1 of 2.
var tuned = map[string]string{
	"/proc/cpuinfo":                                                      "flags : fpu tsc",
	"/proc/sys/kernel/osrelease":                                         "6.18.0-test",
	"/proc/cmdline":                                                      "quiet isolcpus=1 nohz_full=1 rcu_nocbs=1",
	"/sys/devices/system/cpu/isolated":                                   "1",
	"/sys/devices/system/cpu/nohz_full":                                  "1",
	"/proc/irq/9/smp_affinity_list":                                      "0",
	"/proc/irq/10/smp_affinity_list":                                     "0",
	"/sys/devices/virtual/workqueue/cpumask":                             "1",
	"/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor":              "performance",
	"/sys/devices/system/cpu/cpu1/cpuidle/state0/name":                   "POLL",
	"/sys/devices/system/cpu/cpu1/cpuidle/state0/latency":                "0",
	"/sys/devices/system/cpu/cpu1/cpuidle/state0/disable":                "0",
	"/sys/devices/system/cpu/cpu1/cpuidle/state1/name":                   "C6",
	"/sys/devices/system/cpu/cpu1/cpuidle/state1/latency":                "133",
	"/sys/devices/system/cpu/cpu1/cpuidle/state1/disable":                "1",
	"/dev/cpu_dma_latency":                                               "",
	"/sys/devices/system/clocksource/clocksource0/current_clocksource":   "tsc",
	"/sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet",
	"/sys/devices/system/cpu/smt/active":                                 "0",
	"/sys/kernel/mm/transparent_hugepage/enabled":                        "always [madvise] never",
	"/sys/kernel/mm/transparent_hugepage/defrag":                         "always defer defer+madvise [madvise] never",
	"/sys/kernel/mm/ksm/run":                                             "0",
	"/proc/sys/kernel/numa_balancing":                                    "0",
	"/proc/swaps":                                                        "Filename Type Size Used Priority",
	"/proc/self/status":                                                  "Name:\tx\nVmLck:\t  64 kB\n",
	"/proc/sys/kernel/sched_rt_runtime_us":                               "-1",
	"/proc/sys/kernel/watchdog":                                          "0",
	"/proc/sys/vm/stat_interval":                                         "120",
	"/proc/stat":                                                         "cpu  1 1 1 1 1 1 1 1 0 0\ncpu0 9 9 9 9 9 9 9 9 0 0\ncpu1 1000 0 0 9000 0 0 0 0 0 0\n",
	"/sys/devices/system/cpu/vulnerabilities/spectre":                    "Not affected",
	"/proc/sys/net/core/busy_read":                                       "0",
	"/proc/sys/net/core/busy_poll":                                       "0",
	"/proc/sys/net/core/default_qdisc":                                   "fq_codel",
	"/proc/sys/net/ipv4/tcp_slow_start_after_idle":                       "0",
	"/proc/sys/net/ipv4/tcp_autocorking":                                 "0",
	"/proc/sys/net/ipv4/tcp_congestion_control":                          "cubic",
}

// fakeHost writes files into a folder that stands for a host's file system.
func fakeHost(t *testing.T, changed map[string]string) host.Config {
	t.Helper()
	root := t.TempDir()
	write := func(name, text string) {
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range tuned {
		if other, ok := changed[name]; ok {
			text = other
		}
		if text != "(missing)" {
			write(name, text)
		}
	}
	for name, text := range changed {
		if _, known := tuned[name]; !known {
			write(name, text)
		}
	}
	return host.Config{CPU: 1, Root: root}
}

// hostRows are the rows about what the folder says; the others look at this very process or machine.
func hostRows(r host.Report) map[string]host.Row {
	rows := map[string]host.Row{}
	for _, row := range r.Rows {
		if row.Name != "cpus" && row.Name != "memlock limit" && row.Name != "io_uring" {
			rows[row.Name] = row
		}
	}
	return rows
}

func TestLookAtATunedHost(t *testing.T) {
	if goruntime.NumCPU() < 2 {
		t.Skip("this machine has one CPU, on which no loop may spin")
	}
	report := host.Look(fakeHost(t, nil))
	for name, row := range hostRows(report) {
		if row.Verdict != host.Pass {
			t.Errorf("%s: %s (%s), mend %q", name, row.Verdict, row.Value, row.Mend)
		}
		if row.Mend != "" {
			t.Errorf("%s passes, and is to be mended by %q", name, row.Mend)
		}
	}
	if report.Guest || report.Contained || report.Kernel != "6.18.0-test" || report.CPU != 1 {
		t.Errorf("report head %+v", report)
	}
	if plan := host.Plan(fakeHost(t, nil)); len(plan) != 0 {
		t.Errorf("a tuned host would be changed: %+v", plan)
	}
}

// TestEachRowSees spoils one fact at a time, and wants exactly that row to say so, with a way to mend it.
func TestEachRowSees(t *testing.T) {
	for _, row := range []struct{ file, text, name, value, mend string }{
		{"/sys/devices/system/cpu/isolated", "", "isolated", "none", "isolcpus=1"},
		{"/sys/devices/system/cpu/nohz_full", "(null)", "nohz_full", "(null)", "nohz_full=1"},
		{"/proc/cmdline", "quiet", "rcu_nocbs", "not set", "rcu_nocbs=1"},
		{"/proc/irq/9/smp_affinity_list", "0-1", "interrupts elsewhere", "1 may come here: irq 9", "tune --apply"},
		{"/sys/devices/virtual/workqueue/cpumask", "3", "kernel workers elsewhere", "3", "echo 1 >"},
		{"/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave", "governor", "powersave", "echo performance"},
		{"/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "(missing)", "governor", "cannot be seen", ""},
		{"/sys/devices/system/cpu/cpu1/cpuidle/state1/disable", "0", "idle states", "C6 133 us", "state1/disable"},
		{"/dev/cpu_dma_latency", "(missing)", "cpu_dma_latency", "not openable", "chmod"},
		{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet", "clock source", "hpet", "echo tsc"},
		{"/sys/devices/system/cpu/smt/active", "1", "hyper-threading", "on", "smt/control"},
		{"/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never", "huge pages enabled", "always", "madvise"},
		{"/sys/kernel/mm/transparent_hugepage/defrag", "[always] defer", "huge pages defrag", "always", "madvise"},
		{"/sys/kernel/mm/ksm/run", "1", "page merging (ksm)", "1", "echo 0"},
		{"/proc/sys/kernel/numa_balancing", "1", "numa balancing", "1", "echo 0"},
		{"/proc/swaps", "Filename\n/dev/sda2 partition 1 0 -2", "swap", "1 devices", "swapoff"},
		{"/proc/sys/kernel/watchdog", "1", "watchdog", "1", "echo 0"},
		{"/proc/sys/vm/stat_interval", "1", "vm.stat_interval", "1", "echo 120"},
		{"/proc/stat", "cpu1 1000 0 0 9000 0 0 0 500 0 0", "stolen time", "4.76 % since boot", "dedicated"},
		{"/proc/stat", "cpu0 1 1 1 1 1 1 1 1", "stolen time", "does not list CPU 1", ""},
		{"/proc/stat", "cpu1 nonsense", "stolen time", "cannot be seen", ""},
		{"/proc/sys/net/ipv4/tcp_slow_start_after_idle", "1", "slow start after idle", "1", "sysctl"},
		{"/proc/sys/net/ipv4/tcp_autocorking", "1", "autocorking", "1", "sysctl"},
		{"/proc/sys/net/ipv4/tcp_congestion_control", "bbr", "congestion control", "bbr", "cubic"},
		{"/proc/sys/net/core/default_qdisc", "tbf", "default queueing", "tbf", "fq_codel"},
	} {
		t.Run(row.name+" "+row.value, func(t *testing.T) {
			report := host.Look(fakeHost(t, map[string]string{row.file: row.text}))
			for name, got := range hostRows(report) {
				if name != row.name {
					if got.Verdict != host.Pass {
						t.Errorf("%s complains too: %s", name, got.Value)
					}
					continue
				}
				if got.Verdict == host.Pass || !strings.Contains(got.Value, row.value) || !strings.Contains(got.Mend, row.mend) {
					t.Errorf("%s: %s, value %q, mend %q", name, got.Verdict, got.Value, got.Mend)
				}
				if got.Why == "" || got.Ideal == "" {
					t.Errorf("%s does not say why: %+v", name, got)
				}
			}
			if report.ExitCode() == 0 {
				t.Error("exit code 0 in spite of a warning")
			}
		})
	}
}

func TestLookAtAGuestAndACard(t *testing.T) {
	report := host.Look(fakeHost(t, map[string]string{
		"/proc/cpuinfo": "flags : fpu hypervisor tsc",
		"/sys/devices/system/cpu/cpuidle/current_driver": "acpi_idle",
		"/.dockerenv":                                      "",
		"/sys/class/net/eth7/operstate":                    "up",
		"/sys/class/net/eth7/napi_defer_hard_irqs":         "2",
		"/sys/class/net/eth7/gro_flush_timeout":            "200000",
		"/sys/class/net/eth8/operstate":                    "down",
		"/sys/devices/system/cpu/vulnerabilities/meltdown": "Mitigation: PTI",
	}))
	if !report.Guest || !report.Contained {
		t.Errorf("guest %v, contained %v", report.Guest, report.Contained)
	}
	rows := hostRows(report)
	if got := rows["haltpoll"]; got.Verdict != host.Warn || got.Value != "acpi_idle" {
		t.Errorf("haltpoll: %+v", got)
	}
	if got := rows["eth7 interrupt deferral"]; got.Verdict != host.Warn || got.Value != "2 times, 200000 ns" {
		t.Errorf("deferral: %+v", got)
	}
	if _, ok := rows["eth8 interrupt deferral"]; ok {
		t.Error("a card that is down is judged")
	}
	if got := rows["mitigations"]; got.Verdict != host.Pass || got.Value != "1 active: meltdown" {
		t.Errorf("mitigations: %+v", got)
	}
}

// TestLookAtAnEmptyTree is a container that hides everything: it is said, and nothing breaks.
func TestLookAtAnEmptyTree(t *testing.T) {
	report := host.Look(host.Config{CPU: 1, Root: t.TempDir()})
	if report.Count(host.Fail) > 0 && goruntime.NumCPU() > 1 {
		t.Errorf("hidden facts fail: %+v", report.Rows)
	}
	if report.ExitCode() == 0 {
		t.Error("a host of which nothing can be seen is all well")
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var back host.Report
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(back.Rows, report.Rows) {
		t.Errorf("JSON does not come back: %v", err)
	}
}

func TestLookAtThisHost(t *testing.T) {
	report := host.Look(host.Config{CPU: host.LastCPU})
	t.Log(report.Summary())
	for _, row := range report.Rows {
		t.Logf("%-4s %-8s %-26s %s", row.Verdict, row.Group, row.Name, row.Value)
		if row.Name == "" || row.Value == "" || row.Why == "" || row.Ideal == "" {
			t.Errorf("incomplete row %+v", row)
		}
	}
}

func TestExitCodes(t *testing.T) {
	rows := func(verdicts ...host.Verdict) host.Report {
		var r host.Report
		for _, v := range verdicts {
			r.Rows = append(r.Rows, host.Row{Verdict: v})
		}
		return r
	}
	for _, row := range []struct {
		report host.Report
		want   int
	}{
		{rows(), 0},
		{rows(host.Pass, host.Pass), 0},
		{rows(host.Pass, host.Warn), 3},
		{rows(host.Warn, host.Fail, host.Pass), 1},
	} {
		if got := row.report.ExitCode(); got != row.want {
			t.Errorf("%v: exit %d, want %d", row.report.Rows, got, row.want)
		}
	}
}

func TestTuneAndUndo(t *testing.T) {
	spoilt := map[string]string{
		"/proc/sys/net/ipv4/tcp_slow_start_after_idle":          "1",
		"/proc/sys/vm/stat_interval":                            "1",
		"/sys/kernel/mm/transparent_hugepage/enabled":           "always", // a plain file has no brackets to move
		"/sys/devices/virtual/workqueue/cpumask":                "ffffffff,00000003",
		"/proc/irq/9/smp_affinity_list":                         "0-3",
		"/sys/devices/system/cpu/cpu1/cpuidle/state1/disable":   "0",
		"/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave",
	}
	c := fakeHost(t, spoilt)
	undo := filepath.Join(t.TempDir(), "undo.json")
	plan := host.Plan(c)
	want := map[string]string{
		"/proc/sys/net/ipv4/tcp_slow_start_after_idle":          "0",
		"/proc/sys/vm/stat_interval":                            "120",
		"/sys/kernel/mm/transparent_hugepage/enabled":           "madvise",
		"/sys/devices/virtual/workqueue/cpumask":                "ffffffff,1",
		"/proc/irq/9/smp_affinity_list":                         "0,2-3",
		"/sys/devices/system/cpu/cpu1/cpuidle/state1/disable":   "1",
		"/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "performance",
	}
	if len(plan) != len(want) {
		t.Errorf("%d changes, want %d: %+v", len(plan), len(want), plan)
	}
	for _, change := range plan {
		if want[change.Path] != change.New || spoilt[change.Path] != change.Old || change.Why == "" {
			t.Errorf("change %+v, want %q", change, want[change.Path])
		}
		if change.Command() != fmt.Sprintf("echo %s > %s", change.New, change.Path) {
			t.Errorf("command %q", change.Command())
		}
	}
	outcomes, err := host.Apply(c, plan, undo)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if o.Err != nil || o.Say != "done" {
			t.Errorf("%s: %s", o.Path, o.Say)
		}
	}
	if left := host.Plan(c); len(left) != 0 {
		t.Errorf("still to change: %+v", left)
	}
	if _, err := host.Apply(c, plan, undo); !errors.Is(err, host.ErrUndoExists) {
		t.Errorf("second Apply: %v", err)
	}
	if _, err := host.Undo(c, undo); err != nil {
		t.Fatal(err)
	}
	for file, text := range spoilt {
		now, err := os.ReadFile(filepath.Join(c.Root, file))
		if err != nil || strings.TrimSpace(string(now)) != text {
			t.Errorf("%s is %q after undo, want %q", file, now, text)
		}
	}
	if _, err := os.Stat(undo); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the undo file is still there: %v", err)
	}
}

func TestTuneSaysWhatIsRefused(t *testing.T) {
	c := fakeHost(t, map[string]string{"/proc/sys/kernel/watchdog": "1"})
	undo := filepath.Join(t.TempDir(), "undo.json")
	plan := append(host.Plan(c), host.Change{Path: "/proc/none/such", Old: "1", New: "0"})
	outcomes, err := host.Apply(c, plan, undo)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcomes) != 2 || outcomes[0].Err != nil || outcomes[1].Err == nil || !strings.HasPrefix(outcomes[1].Say, "refused: ") {
		t.Errorf("outcomes %+v", outcomes)
	}
	if _, err := host.Undo(c, undo); err == nil {
		t.Error("undo hides that a setting could not be set back")
	}
	if _, err := os.Stat(undo); err != nil {
		t.Error("the undo file is gone although not all was undone")
	}
	if _, err := host.Apply(c, nil, filepath.Join(t.TempDir(), "none", "undo.json")); err == nil {
		t.Error("applied without an undo file")
	}
	if err := os.WriteFile(undo, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := host.Undo(c, undo); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged undo file: %v", err)
	}
}

func TestCPULists(t *testing.T) {
	for _, row := range []struct {
		text string
		cpus []int
	}{
		{"", nil},
		{"3", []int{3}},
		{"0-2,5", []int{0, 1, 2, 5}},
		{"1,3-4,9", []int{1, 3, 4, 9}},
	} {
		got, err := host.ParseCPUs(row.text)
		if err != nil || !slices.Equal(got, row.cpus) {
			t.Errorf("%q: %v, %v", row.text, got, err)
		}
		if back := host.FormatCPUs(row.cpus); back != row.text {
			t.Errorf("%v is written %q, want %q", row.cpus, back, row.text)
		}
	}
	for _, bad := range []string{"x", "1-", "3-1", "-2", "0-999999999"} {
		if got, err := host.ParseCPUs(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

func TestMeasure(t *testing.T) {
	h, err := host.Measure(t.Context(), 0, 3*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if h.Readings == 0 || h.TookNanos < 3_000_000 || !h.Pinned || h.MaxNanos > h.TookNanos || h.LostNanos > h.TookNanos || h.Clock == "" {
		t.Errorf("measured %+v", h)
	}
	if rows := h.Rows(); len(rows) != 7 {
		t.Errorf("%d rows", len(rows))
	}
	t.Log(h)
	if _, err := host.Measure(t.Context(), 1000, time.Millisecond); err == nil {
		t.Error("measured a CPU that is not there")
	}
}

func TestHiccupRowsJudge(t *testing.T) {
	good := host.Hiccup{TookNanos: 2e9, MaxNanos: 900, Interrupts: map[string]uint64{"LOC": 2}}
	for _, row := range good.Rows() {
		if row.Verdict != host.Pass {
			t.Errorf("a quiet CPU: %+v", row)
		}
	}
	bad := host.Hiccup{
		TookNanos: 2e9, MaxNanos: 5e6, Over20us: 9, LostShare: 0.2, StolenShare: 0.2, Involuntary: 3,
		Interrupts: map[string]uint64{"LOC": 500, "RES": 100},
	}
	for _, row := range bad.Rows() {
		if row.Verdict == host.Pass || row.Mend == "" {
			t.Errorf("a noisy CPU: %+v", row)
		}
	}
}
