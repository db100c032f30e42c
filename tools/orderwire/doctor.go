package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderwire/netpoll"
	"orderwire/netpoll/host"
)

// exitWarned is the exit code of a doctor who has warnings and nothing worse.
const exitWarned = 3

// quietExit ends the process with a code, where what is to be said was said.
type quietExit int

func (q quietExit) Error() string { return fmt.Sprintf("exit code %d", int(q)) }

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	json    bool
	all     bool
	venue   string
	config  string
	cpu     int
	card    string
	measure time.Duration
}

func doctorCommand(s streams) *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use:   "doctor",
		Short: "say what keeps this host from being fast, why it matters, and the command that mends it",
		Long: "Each row is pass, warn or fail. No root is needed; what a container or a guest hides is said to be unseen. With --config the file's\n" +
			"credentials, state folder, journal and limits are looked at too; with --venue what only a person can check at the exchange.\n" +
			"Exit codes: 0 all well, 1 something failed, 3 warnings only.",
		Args: noArguments,
	}
	flags := c.Flags()
	flags.BoolVar(&f.json, "json", false, "print JSON")
	flags.BoolVar(&f.all, "all", false, "print the rows that pass as well")
	flags.StringVar(&f.venue, "venue", "", "exchange to prepare for: "+strings.Join(venues, ", "))
	flags.StringVar(&f.config, "config", "", "config file to look at")
	flags.IntVar(&f.cpu, "cpu", host.LastCPU, "CPU of the loop (default: the last one allowed)")
	flags.StringVar(&f.card, "interface", "", "network card to look at (default: all but lo)")
	flags.DurationVar(&f.measure, "measure", 2*time.Second, "how long an empty spin is timed; 0: not at all")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if f.venue != "" && !slices.Contains(venues, f.venue) {
			return misused(c, fmt.Sprintf("--venue %q is none of %s", f.venue, strings.Join(venues, ", ")))
		}
		if f.measure < 0 || f.measure > time.Minute {
			return misused(c, fmt.Sprintf("--measure %s is not in 0..1m", f.measure))
		}
		return examine(c.Context(), s.out, &f)
	}
	return c
}

// diagnosis is what doctor --json prints.
type diagnosis struct {
	host.Report
	Hiccup  *host.Hiccup `json:"hiccup,omitempty"`
	Summary string       `json:"summary"`
	Exit    int          `json:"exit_code"`
}

func examine(ctx context.Context, out io.Writer, f *doctorFlags) error {
	d := diagnosis{Report: host.Look(host.Config{CPU: f.cpu, Interface: f.card})}
	d.Rows = append(d.Rows, ownRows()...)
	if f.measure > 0 {
		h, err := host.Measure(ctx, d.CPU, f.measure)
		if err != nil {
			return err
		}
		d.Hiccup = &h
		d.Rows = append(d.Rows, h.Rows()...)
	}
	venue := f.venue
	if f.config != "" {
		rows, of, err := configRows(f.config)
		if err != nil {
			return err
		}
		if d.Rows = append(d.Rows, rows...); venue == "" {
			venue = of
		}
	}
	if venue != "" {
		d.Rows = append(d.Rows, venueRows(venue)...)
	}
	d.Summary, d.Exit = d.Report.Summary(), d.Report.ExitCode()
	var err error
	if f.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(d)
	} else {
		err = d.print(out, f.all)
	}
	if err == nil && d.Exit != exitOK {
		return quietExit(d.Exit)
	}
	return err
}

// print is the table: what is wrong first in each group, with why and how to mend it.
func (d *diagnosis) print(out io.Writer, all bool) error {
	w := &failingWriter{w: out}
	place := "a machine of its own"
	switch {
	case d.Contained:
		place = "a container"
	case d.Guest:
		place = "a guest of a hypervisor"
	}
	fmt.Fprintf(w, "kernel %s, %d CPUs, the loop on CPU %d, %s\n", d.Kernel, d.CPUs, d.CPU, place)
	group := ""
	for i := range d.Rows {
		r := &d.Rows[i]
		if r.Verdict == host.Pass && !all {
			continue
		}
		if r.Group != group {
			group = r.Group
			fmt.Fprintf(w, "\n%s\n", group)
		}
		fmt.Fprintf(w, "  %-4s %-22s %s (want %s)\n", r.Verdict, r.Name, harmless(r.Value), r.Ideal)
		if r.Verdict == host.Pass {
			continue
		}
		fmt.Fprintf(w, "       %-22s why: %s\n", "", r.Why)
		if r.Mend != "" {
			fmt.Fprintf(w, "       %-22s do:  %s\n", "", r.Mend)
		}
	}
	if d.Hiccup != nil {
		fmt.Fprintf(w, "\nempty spin: %s\n", d.Hiccup)
	}
	fmt.Fprintf(w, "\n%s", d.Summary)
	if d.Count(host.Pass) > 0 && !all {
		fmt.Fprint(w, " (--all prints those that pass, too)")
	}
	fmt.Fprintln(w, "\n`orderwire tune --dry-run` shows what can be set at run time; docs/tuning.md explains each row.")
	return w.err
}

// ownRows are about this process.
func ownRows() []host.Row {
	const group = "process"
	rows := []host.Row{}
	add := func(name, value, ideal, why string, err error, mend string) {
		r := host.Row{Group: group, Name: name, Verdict: host.Pass, Value: value, Ideal: ideal, Why: why}
		if err != nil {
			r.Verdict, r.Value, r.Mend = host.Warn, strings.TrimPrefix(err.Error(), "host: "), mend
		}
		rows = append(rows, r)
	}
	add("spin", "a loop may spin here", "a CPU to itself, and one beside it", "a loop that shares its CPU loses milliseconds at a time", host.CanSpin(1), "taskset or a cpuset with two CPUs or more")
	add("scheduler", "safe", "SCHED_OTHER, or SCHED_FIFO without throttling", "a throttled real-time thread stands still for 50 ms each second", host.SafeScheduler(), "sysctl -w kernel.sched_rt_runtime_us=-1")
	_, how := netpoll.NewClock()
	add("loop clock", how, "tsc", "each stage mark is a clock reading: 10 ns by TSC, 25 ns and more by the kernel", nil, "")
	return rows
}
