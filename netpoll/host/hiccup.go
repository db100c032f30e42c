package host

import (
	"context"
	"fmt"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"orderwire/netpoll"
)

// Hiccup is what was taken from an empty spin: the jitter that no program on this host can get rid of.
// Every latency figure stands beside one of the same hour, or stands for nothing.
type Hiccup struct {
	CPU         int               `json:"cpu"`
	Pinned      bool              `json:"pinned"`
	TookNanos   int64             `json:"took_ns"`
	Readings    uint64            `json:"readings"`
	Over1us     uint64            `json:"over_1us"`
	Over20us    uint64            `json:"over_20us"`
	MaxNanos    int64             `json:"max_ns"`
	LostNanos   int64             `json:"lost_ns"`      // the sum of all gaps over 1 us
	LostShare   float64           `json:"lost_share"`   // of the time taken
	StolenShare float64           `json:"stolen_share"` // by the hypervisor, as the kernel tells it
	Involuntary int64             `json:"involuntary_switches"`
	Interrupts  map[string]uint64 `json:"interrupts"` // LOC, RES, CAL, TLB on this CPU meanwhile
	Clock       string            `json:"clock"`
}

// String is one line.
func (h Hiccup) String() string {
	return fmt.Sprintf("CPU %d, %.1f s: %d gaps > 1 us, %d > 20 us, longest %.1f us, %.3f %% lost, %.2f %% stolen, %d involuntary switches, %d ticks",
		h.CPU, float64(h.TookNanos)/1e9, h.Over1us, h.Over20us, float64(h.MaxNanos)/1e3, h.LostShare*100,
		h.StolenShare*100, h.Involuntary, h.Interrupts["LOC"])
}

// Measure spins on cpu for d and counts the gaps. It takes the whole CPU meanwhile, and ends early with ctx.
func Measure(ctx context.Context, cpu int, d time.Duration) (Hiccup, error) {
	type result struct {
		h   Hiccup
		err error
	}
	done := make(chan result, 1)
	go func() { // a goroutine of its own: its thread is thrown away with its affinity
		goruntime.LockOSThread()
		h, err := measure(ctx, cpu, d)
		done <- result{h, err}
	}()
	r := <-done
	return r.h, r.err
}

func measure(ctx context.Context, cpu int, d time.Duration) (Hiccup, error) {
	h := Hiccup{CPU: cpu}
	if err := netpoll.Pin(cpu); err != nil {
		return h, err
	}
	h.Pinned = true
	clock, how := netpoll.NewClock()
	h.Clock = how
	t := tree{}
	before, err := snapshot(t, cpu)
	if err != nil {
		return h, err
	}
	spin(ctx, clock, d, &h)
	after, err := snapshot(t, cpu)
	if err != nil {
		return h, err
	}
	h.LostShare = float64(h.LostNanos) / float64(max(h.TookNanos, 1))
	h.Involuntary = after.involuntary - before.involuntary
	if ticks := after.total - before.total; ticks > 0 {
		h.StolenShare = float64(after.steal-before.steal) / float64(ticks)
	}
	h.Interrupts = map[string]uint64{}
	for name, n := range after.interrupts {
		h.Interrupts[name] = n - before.interrupts[name]
	}
	return h, nil
}

// spin reads the clock and nothing else. ctx is looked at once in some thousand readings.
func spin(ctx context.Context, clock netpoll.Clock, d time.Duration, h *Hiccup) {
	start := clock.Now()
	last := start
	for end := start + int64(d); last < end; {
		for range 4096 {
			now := clock.Now()
			gap := now - last
			last = now
			if gap < 1000 {
				continue
			}
			h.Over1us++
			h.LostNanos += gap
			h.MaxNanos = max(h.MaxNanos, gap)
			if gap >= 20_000 {
				h.Over20us++
			}
		}
		h.Readings += 4096
		if ctx.Err() != nil {
			break
		}
	}
	h.TookNanos = last - start
}

// counts are the kernel's own counters at one moment.
type counts struct {
	involuntary  int64
	steal, total uint64
	interrupts   map[string]uint64
}

func snapshot(t tree, cpu int) (counts, error) {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &usage); err != nil {
		return counts{}, fmt.Errorf("host: count switches: %w", err)
	}
	c := counts{involuntary: usage.Nivcsw, interrupts: map[string]uint64{}}
	if stat, ok := t.text("/proc/stat"); ok {
		c.steal, c.total, _ = stealOf(stat, cpu)
	}
	table, err := os.ReadFile(t.path("/proc/interrupts"))
	if err == nil { // hidden in some containers: then the rows say nothing about interrupts
		c.interrupts = interruptsOf(string(table), cpu)
	}
	return c, nil
}

// interruptsOf reads the column of one CPU in /proc/interrupts, for the rows that a spin is disturbed by.
func interruptsOf(table string, cpu int) map[string]uint64 {
	found := map[string]uint64{}
	column := -1
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if column < 0 {
			for i, head := range fields {
				if head == "CPU"+strconv.Itoa(cpu) {
					column = i
				}
			}
			if column < 0 {
				return found
			}
			continue
		}
		if len(fields) <= column+1 {
			continue
		}
		switch name := strings.TrimSuffix(fields[0], ":"); name {
		case "LOC", "RES", "CAL", "TLB":
			if n, err := strconv.ParseUint(fields[column+1], 10, 64); err == nil {
				found[name] = n
			}
		}
	}
	return found
}

// Rows judges a measured spin, to stand in the same table as what Look found.
func (h Hiccup) Rows() []Row {
	const group = "measured"
	seconds := max(float64(h.TookNanos)/1e9, 1e-9)
	ticks := float64(h.Interrupts["LOC"]) / seconds
	others := h.Interrupts["RES"] + h.Interrupts["CAL"] + h.Interrupts["TLB"]
	return []Row{
		row(group, "timer ticks", fmt.Sprintf("%.0f a second", ticks), "about 1 a second",
			"each tick stops the loop for 2 to 75 us").unless(ticks <= 5, Warn, "nohz_full on the loop's CPU"),
		row(group, "other interrupts", fmt.Sprintf("%d (RES %d, CAL %d, TLB %d)", others, h.Interrupts["RES"], h.Interrupts["CAL"], h.Interrupts["TLB"]),
			"0", "another CPU interrupted this one, to reschedule, to call, or to unmap memory").
			unless(float64(others)/seconds <= 5, Warn, "isolate the CPU; keep other threads of the process off it"),
		row(group, "gaps over 20 us", strconv.FormatUint(h.Over20us, 10), "0", "an order that falls into one is as late as the gap is long").
			unless(h.Over20us == 0, Warn, "see the rows about the CPU"),
		row(group, "longest gap", fmt.Sprintf("%.1f us", float64(h.MaxNanos)/1e3), "< 20 us", "the worst case of everything that runs here").
			unless(h.MaxNanos < 20_000, Warn, "see the rows about the CPU"),
		row(group, "time lost", fmt.Sprintf("%.3f %%", h.LostShare*100), "< 0.1 %", "the share of an empty spin that went elsewhere").
			unless(h.LostShare < 0.001, Warn, "see the rows about the CPU"),
		row(group, "time stolen", fmt.Sprintf("%.2f %%", h.StolenShare*100), "0 %", "the hypervisor ran somebody else").
			unless(h.StolenShare <= 0.03, Fail, "ask for dedicated cores: measured figures are worthless above 3 %"),
		row(group, "involuntary switches", strconv.FormatInt(h.Involuntary, 10), "0", "the scheduler ran another thread on this CPU").
			unless(h.Involuntary == 0, Warn, "isolate the CPU"),
	}
}
