package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"orderwire/netpoll/host"
)

// undoName is the file in the state folder that takes a tuning back.
const undoName = "tune-undo.json"

// tuneFlags are the flags of tune.
type tuneFlags struct {
	dryRun, apply, undo bool
	undoFile            string
	cpu                 int
	root                string // of the host's files, in tests
}

func tuneCommand(s streams) *cobra.Command {
	var f tuneFlags
	c := &cobra.Command{
		Use:   "tune",
		Short: "set what can be set at run time for a spinning loop, and set it back",
		Long: "--dry-run lists the changes as commands; --apply makes them (root), after what undoes them was written; --undo sets everything back.\n" +
			"What the kernel refuses is told, and the rest is done. Nothing survives a reboot.",
		Args: noArguments,
	}
	flags := c.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "list the changes, make none")
	flags.BoolVar(&f.apply, "apply", false, "make the changes")
	flags.BoolVar(&f.undo, "undo", false, "set back what --apply changed")
	flags.StringVar(&f.undoFile, "undo-file", "", "where the old values are kept (default: "+undoName+" in the state folder)")
	flags.IntVar(&f.cpu, "cpu", host.LastCPU, "CPU of the loop (default: the last one allowed)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		chosen := 0
		for _, flag := range []bool{f.dryRun, f.apply, f.undo} {
			if flag {
				chosen++
			}
		}
		if chosen != 1 {
			return misused(c, "tune wants one of --dry-run, --apply and --undo")
		}
		if f.undoFile == "" && !f.dryRun {
			dir, err := defaultStateDir(os.Getenv)
			if err != nil {
				return misused(c, "--undo-file is missing: "+err.Error())
			}
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return fmt.Errorf("state folder: %w", err)
			}
			f.undoFile = filepath.Join(dir, undoName)
		}
		return tune(s.out, &f)
	}
	return c
}

func tune(out io.Writer, f *tuneFlags) error {
	config := host.Config{CPU: f.cpu, Root: f.root}
	switch {
	case f.undo:
		outcomes, err := host.Undo(config, f.undoFile)
		return errors.Join(printOutcomes(out, outcomes, func(c host.Change) string { return c.Old }), err)
	case f.dryRun:
		return printPlan(out, host.Plan(config))
	}
	plan := host.Plan(config)
	if len(plan) == 0 {
		return printPlan(out, plan)
	}
	outcomes, err := host.Apply(config, plan, f.undoFile)
	if err != nil {
		return err
	}
	if err := printOutcomes(out, outcomes, func(c host.Change) string { return c.New }); err != nil {
		return err
	}
	refused := 0
	for i := range outcomes {
		if outcomes[i].Err != nil {
			refused++
		}
	}
	if refused == len(outcomes) {
		err := fmt.Errorf("none of the %d settings could be changed: run it as root, outside of a container", refused)
		return errors.Join(err, os.Remove(f.undoFile)) // there is nothing to undo
	}
	_, err = fmt.Fprintf(out, "%d changed, %d refused; `orderwire tune --undo` sets them back from %s\n", len(outcomes)-refused, refused, f.undoFile)
	return err
}

func printPlan(out io.Writer, plan []host.Change) error {
	w := &failingWriter{w: out}
	for _, change := range plan {
		fmt.Fprintf(w, "%s    # is %s: %s\n", change.Command(), change.Old, change.Why)
	}
	fmt.Fprintf(w, "%d settings to change; nothing was changed. What needs a reboot `orderwire doctor` says.\n", len(plan))
	return w.err
}

func printOutcomes(out io.Writer, outcomes []host.Outcome, value func(host.Change) string) error {
	w := &failingWriter{w: out}
	for i := range outcomes {
		fmt.Fprintf(w, "%s = %s: %s\n", outcomes[i].Path, value(outcomes[i].Change), harmless(outcomes[i].Say))
	}
	return w.err
}
