package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"orderwire/bench"
)

func benchTickCommand(s streams) *cobra.Command {
	var f benchFlags
	rates := []int{0, 10_000, 100_000, 1_000_000}
	ticks, every, backend := 0, time.Millisecond, "auto"
	c := &cobra.Command{
		Use:   "tick",
		Short: "tick to trade under market data of 0 to 1,000,000 frames a second, open loop",
		Long: `A feed of its own sends quotes at a fixed rate and, at planned times, trades that are triggers. Each order is counted from the
time for which its trigger was planned, so that a feed or a loop that falls behind is seen to.`,
		Args: noArguments,
	}
	f.add(c)
	c.Flags().IntSliceVar(&rates, "rate", rates, "market frames a second")
	c.Flags().IntVar(&ticks, "ticks", 0, "triggers at each rate (default 20,000; 2,000 with --quick)")
	c.Flags().DurationVar(&every, "every", every, "time between two triggers")
	c.Flags().StringVar(&backend, "backend", backend, "auto, direct or ring")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := f.finish(); err != nil {
			return err
		}
		if ticks == 0 {
			ticks = f.samples
		}
		return benchTick(c.Context(), s, &f, rates, bench.TickConfig{CPU: f.cpu, Ticks: ticks, Every: every, Backend: backend})
	}
	return c
}

func benchTick(ctx context.Context, s streams, f *benchFlags, rates []int, config bench.TickConfig) error {
	report := newReport("bench tick: tick to trade under load", bench.Said...)
	report.Notes = append(report.Notes, "from plan: the feed's own delay on its core is in it. from recv: from the receive call that returned the trigger's bytes to the send call's return.")
	far, err := startFar(ctx, f.farCPU, s.err)
	if err != nil {
		return err
	}
	defer far.stop()
	hotProcess()
	report.Host.Jitter = emptySpin(ctx, f.cpu)
	steal := bench.StartSteal("/")
	table := bench.Table{Name: "tick to trade, " + config.Backend + ", ns", Columns: []string{
		"plan p50", "plan p99", "plan p99.9", "plan max", "recv p50", "recv p99", "recv p99.9", "recv max", "frames", "lost",
	}}
	config.Target, config.Feed = far.target, far.feed
	for _, rate := range rates {
		config.Rate = rate
		r, err := bench.Tick(ctx, config, s.err)
		if err != nil {
			return fmt.Errorf("%d frames/s: %w", rate, err)
		}
		t, v := r.TickToTrade, r.Received
		table.Rows = append(table.Rows, bench.Line{Name: fmt.Sprintf("%d frames/s", rate), Values: []float64{
			float64(t.P50Nanos), float64(t.P99Nanos), float64(t.P999Nanos), float64(t.MaxNanos),
			float64(v.P50Nanos), float64(v.P99Nanos), float64(v.P999Nanos), float64(v.MaxNanos), float64(r.Frames), float64(r.Lost),
		}})
	}
	report.Host.StealPercent = steal.Percent()
	report.Tables = []bench.Table{table}
	return f.publish(s, report)
}
