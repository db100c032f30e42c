package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
)

// Change is one setting that can be changed at run time.
type Change struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
	Why  string `json:"why"`
}

// Command is the change as an operator would type it.
func (c Change) Command() string { return fmt.Sprintf("echo %s > %s", c.New, c.Path) }

// Plan lists what should be changed for a loop on c.CPU. Nothing is changed; no root is needed.
func Plan(c Config) []Change {
	t := tree{c.Root}
	r := Look(c)
	var plan []Change
	add := func(file, want, why string) {
		if now, ok := t.text(file); ok && now != want {
			plan = append(plan, Change{Path: file, Old: now, New: want, Why: why})
		}
	}
	addChoice := func(file, want, why string, well ...string) {
		if now, ok := t.chosen(file); ok && !slices.Contains(well, now) {
			plan = append(plan, Change{Path: file, Old: now, New: want, Why: why})
		}
	}
	for _, fixed := range []struct{ file, want, why string }{
		{"/proc/sys/net/ipv4/tcp_slow_start_after_idle", "0", "order connections idle for seconds, and keep their window"},
		{"/proc/sys/net/ipv4/tcp_autocorking", "0", "a second small record does not wait for the first"},
		{"/proc/sys/kernel/numa_balancing", "0", "no page faults to see who touches what"},
		{"/proc/sys/kernel/watchdog", "0", "no watchdog thread on the loop's CPU"},
		{"/sys/kernel/mm/ksm/run", "0", "no page merging"},
		{fmt.Sprintf("/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", r.CPU), "performance", "full clock at all times"},
	} {
		add(fixed.file, fixed.want, fixed.why)
	}
	if n, ok := t.number("/proc/sys/vm/stat_interval"); ok && n < 10 {
		add("/proc/sys/vm/stat_interval", "120", "memory counters are folded once in two minutes")
	}
	const thp = "/sys/kernel/mm/transparent_hugepage/"
	addChoice(thp+"enabled", "madvise", "huge pages only where they are asked for", "madvise", "never")
	addChoice(thp+"defrag", "madvise", "no compaction in the middle of an order", "never", "defer", "defer+madvise", "madvise")
	plan = append(plan, planCPU(t, r)...)
	return plan
}

// planCPU keeps sleep states, kernel workers and interrupts off the loop's CPU.
func planCPU(t tree, r Report) []Change {
	var plan []Change
	for _, state := range t.match(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/cpuidle/state*", r.CPU)) {
		latency, _ := t.number(path.Join(state, "latency"))
		if disabled, ok := t.number(path.Join(state, "disable")); ok && disabled == 0 && latency > idleMax {
			plan = append(plan, Change{Path: path.Join(state, "disable"), Old: "0", New: "1", Why: "no sleep state that wakes up late"})
		}
	}
	const workers = "/sys/devices/virtual/workqueue/cpumask"
	if mask, ok := t.text(workers); ok {
		if has, err := maskHas(mask, r.CPU); err == nil && has {
			if without, some := maskWithout(mask, r.CPU); some {
				plan = append(plan, Change{Path: workers, Old: mask, New: without, Why: "kernel work runs elsewhere"})
			}
		}
	}
	for _, file := range t.match("/proc/irq/*/smp_affinity_list") {
		list, _ := t.text(file)
		cpus, err := ParseCPUs(list)
		at := slices.Index(cpus, r.CPU)
		if err != nil || at < 0 || len(cpus) < 2 {
			continue
		}
		plan = append(plan, Change{Path: file, Old: list, New: FormatCPUs(slices.Delete(cpus, at, at+1)), Why: "interrupts go elsewhere"})
	}
	return plan
}

// Outcome tells what became of one change.
type Outcome struct {
	Change
	Err error  `json:"-"`
	Say string `json:"outcome"` // "done", "refused: ..."
}

// ErrUndoExists is what Apply says when an undo file is there already: its old values would be lost.
var ErrUndoExists = errors.New("host: an undo file exists: run tune --undo first")

// Apply makes the changes, after it has written what undoes them to undoFile. A change that the kernel
// refuses (some interrupts cannot move) is told in its outcome, and the others are made.
//
// Errors: ErrUndoExists, or why the undo file could not be written: then nothing was changed.
func Apply(c Config, plan []Change, undoFile string) ([]Outcome, error) {
	text, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("host: write undo file: %w", err)
	}
	if err := writeNew(undoFile, append(text, '\n')); err != nil {
		return nil, err
	}
	t := tree{c.Root}
	outcomes := make([]Outcome, 0, len(plan))
	for _, change := range plan {
		outcomes = append(outcomes, t.set(change, change.New))
	}
	return outcomes, nil
}

// Undo sets everything in undoFile back to what it was, last change first, and removes the file when all went well.
func Undo(c Config, undoFile string) ([]Outcome, error) {
	text, err := os.ReadFile(undoFile)
	if err != nil {
		return nil, fmt.Errorf("host: read undo file: %w", err)
	}
	var plan []Change
	if err := json.Unmarshal(text, &plan); err != nil {
		return nil, fmt.Errorf("host: undo file %s is damaged: %w", undoFile, err)
	}
	t := tree{c.Root}
	var outcomes []Outcome
	failed := 0
	for _, change := range slices.Backward(plan) {
		outcome := t.set(change, change.Old)
		if outcome.Err != nil {
			failed++
		}
		outcomes = append(outcomes, outcome)
	}
	if failed > 0 {
		return outcomes, fmt.Errorf("host: %d of %d settings could not be set back; the undo file stays", failed, len(plan))
	}
	if err := os.Remove(undoFile); err != nil {
		return outcomes, fmt.Errorf("host: remove undo file: %w", err)
	}
	return outcomes, nil
}

// set writes value and reads it back: some files take anything and keep what they like.
func (t tree) set(change Change, value string) Outcome {
	o := Outcome{Change: change, Say: "done"}
	if o.Err = os.WriteFile(t.path(change.Path), []byte(value), 0o644); o.Err != nil {
		o.Say = "refused: " + o.Err.Error()
		return o
	}
	now, ok := t.chosen(change.Path)
	if !ok || !sameSetting(now, value) {
		o.Err = fmt.Errorf("host: %s is %q after writing %q", change.Path, now, value)
		o.Say = "refused: it stayed " + strconv.Quote(now)
	}
	return o
}

// sameSetting compares as the kernel does, which may write a mask or a list in another form.
func sameSetting(a, b string) bool {
	if a == b {
		return true
	}
	left, err := ParseCPUs(a)
	right, err2 := ParseCPUs(b)
	if err == nil && err2 == nil && slices.Equal(left, right) {
		return true
	}
	for cpu := range 1024 {
		inA, err := maskHas(a, cpu)
		inB, err2 := maskHas(b, cpu)
		if err != nil || err2 != nil || inA != inB {
			return false
		}
	}
	return true
}

// writeNew writes a file that must not exist yet, and makes sure that it is on the disk.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%w (%s)", ErrUndoExists, name)
	}
	if err != nil {
		return fmt.Errorf("host: write undo file: %w", err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if dir, openErr := os.Open(filepath.Dir(name)); openErr == nil {
		err = errors.Join(err, dir.Sync(), dir.Close())
	}
	if err != nil {
		return fmt.Errorf("host: write undo file: %w", err)
	}
	return nil
}
