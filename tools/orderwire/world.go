package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderwire/runtime/world"
)

// worldOptions are the flags of world.
type worldOptions struct {
	seeds, from uint64
	minutes     float64
	orders      int
	standbys    int
	asJSON      bool
	log         bool
}

func worldCommand(s streams) *cobra.Command {
	var o worldOptions
	c := &cobra.Command{
		Use:   "world",
		Short: "live through simulated worlds where everything goes wrong, and check that no order is lost, doubled or guessed",
		Long: "world runs the whole of orderwire - engine, handshakes, record layer, dialect, tracker, journal - against the embedded\n" +
			"exchange on virtual time, one world a seed, with faults of network, host, disk and venue. It prints one line for each\n" +
			"broken invariant, with its seed: the same seed makes the same world again.",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return runWorlds(c.Context(), s.out, s.err, &o) },
	}
	f := c.Flags()
	f.Uint64Var(&o.seeds, "seeds", 100, "how many worlds")
	f.Uint64Var(&o.from, "from", 1, "the first seed")
	f.Float64Var(&o.minutes, "minutes", 1, "simulated minutes of trading in each world; quiet time for every doubt to end comes on top")
	f.IntVar(&o.orders, "orders", 100, "decisions in each world")
	f.IntVar(&o.standbys, "standbys", 0, "order connections that stand by")
	f.BoolVar(&o.asJSON, "json", false, "print JSON: one line a failed world, and one at the end")
	f.BoolVar(&o.log, "log", false, "print the event log of each world to standard error")
	return c
}

// worldTotals are the sums over all worlds of one run.
type worldTotals struct {
	Worlds          int               `json:"worlds"`
	Failed          int               `json:"failed"`
	Orders          int               `json:"orders"`
	Executions      int               `json:"executions"`
	Lost            int               `json:"lost"`
	Unfilled        int               `json:"unfilled"`
	Duplicates      int               `json:"duplicates"`
	WronglyTerminal int               `json:"wrongly_terminal"`
	Stuck           int               `json:"stuck"`
	Unknown         int               `json:"unknown"`
	Reachable       int               `json:"reachable"`
	Sent            int               `json:"sent"`
	Simulated       float64           `json:"simulated_s"`
	Took            float64           `json:"took_s"`
	Faults          map[string]uint64 `json:"faults"`
}

func (t *worldTotals) add(r *world.Report) {
	t.Worlds++
	if r.Failed() {
		t.Failed++
	}
	t.Orders += r.Orders
	t.Executions += r.Executions
	t.Lost += r.Lost
	t.Unfilled += r.Unfilled
	t.Duplicates += r.Duplicates
	t.WronglyTerminal += r.WronglyTerminal
	t.Stuck += r.Stuck
	t.Unknown += r.Unknown
	t.Reachable += r.Reachable
	t.Sent += r.Sent
	t.Simulated += r.Simulated.Seconds()
	t.Took += r.Took.Seconds()
	for _, kind := range world.Faults() {
		t.Faults[kind.String()] += r.Faults[kind]
	}
}

// runWorlds lives through all worlds; a broken invariant makes it fail at the end.
func runWorlds(ctx context.Context, out, log io.Writer, o *worldOptions) error {
	totals := worldTotals{Faults: map[string]uint64{}}
	for seed := o.from; seed < o.from+o.seeds && ctx.Err() == nil; seed++ {
		options := world.Options{Seed: seed, Minutes: o.minutes, Orders: o.orders, Standbys: o.standbys}
		if o.log {
			options.Log = log
		}
		r, err := world.Run(options)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		totals.add(&r)
		if err := tellWorld(out, &r, o.asJSON); err != nil {
			return err
		}
	}
	if err := totals.tell(out, o.asJSON); err != nil {
		return err
	}
	if totals.Failed > 0 {
		return fmt.Errorf("%d of %d worlds broke an invariant", totals.Failed, totals.Worlds)
	}
	return ctx.Err()
}

// tellWorld prints what a world broke.
func tellWorld(out io.Writer, r *world.Report, asJSON bool) error {
	if asJSON && r.Failed() {
		return json.NewEncoder(out).Encode(r)
	}
	for _, failure := range r.Failures {
		if _, err := fmt.Fprintf(out, "seed %d: %s\n", r.Seed, failure); err != nil {
			return err
		}
	}
	return nil
}

// tell prints the sums.
func (t *worldTotals) tell(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(t)
	}
	var text strings.Builder
	for _, kind := range world.Faults() {
		fmt.Fprintf(&text, "%-20s %d\n", kind, t.Faults[kind.String()])
	}
	fmt.Fprintf(&text, "%d worlds, %d failed; %d orders, %d executions\n", t.Worlds, t.Failed, t.Orders, t.Executions)
	fmt.Fprintf(&text, "lost %d, duplicates %d, wrongly terminal %d, stuck %d, unknown %d, unfilled %d\n", t.Lost, t.Duplicates, t.WronglyTerminal, t.Stuck, t.Unknown, t.Unfilled)
	fmt.Fprintf(&text, "sent %d of %d decisions made while the venue could be reached\n", t.Sent, t.Reachable)
	took := time.Duration(t.Took * float64(time.Second)).Round(time.Millisecond)
	fmt.Fprintf(&text, "%.0f orders/s, %.0f times real time, %s\n", float64(t.Orders)/t.Took, t.Simulated/t.Took, took)
	_, err := io.WriteString(out, text.String())
	return err
}
