package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderwire/bench"
)

// The rows of bench push: what is named first is what the others are compared with.
var pushRows = []string{"auto", "auto/ahead", "auto/logon", "auto/gated", "auto+10k", "auto+100k", "direct", "ring"}

var coldRows = []string{"auto", "auto/cold", "direct/cold"}

func benchPushCommand(s streams) *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "push",
		Short: "trigger to send, wire and ack, beside a bare send and a rehearsed bare send",
		Long: `Pushes signed orders through the whole engine to the embedded exchange, which runs on another core and checks each of them,
and in the same run ready bytes of the same length by one bare system call: with nothing else to do (bare), and rehearsed
on a shadow connection while it waits (bare rehearsed). All rows push the same orders at the same gaps, in turn.`,
		Args: noArguments,
	}
	f.add(c, 60*time.Microsecond, time.Millisecond, 5*time.Millisecond)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return benchContest(c.Context(), s, "bench push: trigger to send, wire and ack", &f, pushRows)
	}
	return c
}

func benchColdCommand(s streams) *cobra.Command {
	var f benchFlags
	thrash := 6
	c := &cobra.Command{
		Use:   "cold",
		Short: "what a rare trigger costs: gaps up to 50 ms, and after the cache was swept, with rehearsal and without",
		Args:  noArguments,
	}
	f.add(c, 60*time.Microsecond, time.Millisecond, 5*time.Millisecond, 50*time.Millisecond)
	c.Flags().IntVar(&thrash, "thrash", thrash, "MiB that are swept through the cache before each order of the last table")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return benchCold(c.Context(), s, &f, thrash)
	}
	return c
}

// answerBytes is how long the answers to bare sends are: about what the exchange answers.
const answerBytes = 384

// pushRunners connects the floors and the rows.
func pushRunners(ctx context.Context, f *benchFlags, far *farProcess, rows []string, thrash int) (all []bench.Runner, done func() error, err error) {
	var closers []func() error
	done = func() error {
		err := bench.CloseAll(all)
		for _, c := range closers {
			err = errors.Join(err, c())
		}
		return err
	}
	size, err := bench.ContractRecordBytes(far.target.Key)
	if err != nil {
		return nil, nil, err
	}
	for _, rehearsed := range []bool{false, true} {
		floor, err := bench.NewBare(ctx, bench.BareConfig{
			Target: far.target, CPU: f.cpu, SizeBytes: size, AnswerBytes: answerBytes, Rehearsed: rehearsed, ThrashBytes: thrash,
		})
		if err != nil {
			return nil, nil, errors.Join(err, done())
		}
		all = append(all, floor)
	}
	for _, impl := range rows {
		if !f.wants(impl) {
			continue
		}
		config := bench.PeerConfig{Target: far.target, CPU: f.cpu, ThrashBytes: thrash, Feed: far.feed}
		rate := ""
		config.Impl, rate, _ = strings.Cut(impl, "+")
		if rate != "" {
			thousands, err := strconv.Atoi(strings.TrimSuffix(rate, "k"))
			if err != nil {
				return nil, nil, errors.Join(err, done())
			}
			config.FeedRate = 1000 * thousands
		}
		closer, err := addGates(&config)
		if err == nil {
			closers = append(closers, closer)
			var peer *bench.Peer
			if peer, err = bench.NewPeer(ctx, config); err == nil {
				all = append(all, peer)
			}
		}
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("%s: %w", impl, err), done())
		}
	}
	return all, done, nil
}

// benchContest holds one contest of engines and floors, and publishes it.
func benchContest(ctx context.Context, s streams, title string, f *benchFlags, rows []string) error {
	report, err := contestReport(ctx, s, title, f, rows, 0)
	if err != nil {
		return err
	}
	return f.publish(s, report)
}

func contestReport(ctx context.Context, s streams, title string, f *benchFlags, rows []string, thrash int) (*bench.Report, error) {
	if err := f.finish(); err != nil {
		return nil, err
	}
	report := newReport(title, bench.Said...)
	far, err := startFar(ctx, f.farCPU, s.err)
	if err != nil {
		return nil, err
	}
	defer far.stop()
	hotProcess()
	report.Host.Jitter = emptySpin(ctx, f.cpu)
	steal := bench.StartSteal("/")
	runners, done, err := pushRunners(ctx, f, far, rows, thrash)
	if err != nil {
		return nil, err
	}
	contest := bench.Contest{Runners: runners, Floor: 0, Rehearsed: 1, Gaps: f.gaps, Samples: f.samples, Runs: f.runs, Log: s.err}
	stop, err := startProfile(f.profile)
	if err != nil {
		return nil, errors.Join(err, done())
	}
	report.Gaps, err = contest.Run(ctx)
	err = errors.Join(err, stop())
	report.Host.StealPercent = steal.Percent()
	if err == nil {
		report.Far, err = far.service(ctx)
	}
	return report, errors.Join(err, done())
}

// benchCold is a contest at long gaps, and one more in which the cache is swept before each order.
func benchCold(ctx context.Context, s streams, f *benchFlags, thrashMiB int) error {
	report, err := contestReport(ctx, s, "bench cold: what a rare trigger costs", f, coldRows, 0)
	if err != nil {
		return err
	}
	if thrashMiB > 0 {
		swept := *f
		swept.gaps = []time.Duration{time.Millisecond}
		more, err := contestReport(ctx, s, "", &swept, coldRows, thrashMiB<<20)
		if err != nil {
			return err
		}
		for i := range more.Gaps {
			more.Gaps[i].SweptBytes = thrashMiB << 20
		}
		report.Gaps = append(report.Gaps, more.Gaps...)
	}
	return f.publish(s, report)
}
