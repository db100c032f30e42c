package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderwire/bench"
	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/hmac256"
	"orderwire/runtime"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	replay      string
	speed       string
	orders      int
	pace        time.Duration
	backend     string
	cpu         int
	simCPU      int
	simSleeps   bool
	threshold   string
	venue       string
	stateDir    string
	jsonFile    string
	printConfig bool
	limit       time.Duration
}

// simConfig is the demo as a configuration file for run.
//
//go:embed sim.toml
var simConfig string

func demoCommand(s streams) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Trade a recorded market against the embedded exchange and print where each microsecond went",
		Long: "demo starts the embedded exchange as a process of its own, connects to it over verified TLS WebSockets, listens to a\n" +
			"recorded market, follows each sweep with a signed order, pushes background orders at a steady pace, and prints the\n" +
			"stages of every push. All of it is real but the money: the exchange checks each signature with code of its own.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.replay, "replay", "", "recording to play, .jsonl.gz of `<recv ns> <raw frame>` lines (default: the embedded minute)")
	f.StringVar(&o.speed, "speed", "10", "pace of the recording: a factor, or max for as fast as it is read")
	f.IntVar(&o.orders, "orders", 2000, "paced background orders beside the triggered ones")
	f.DurationVar(&o.pace, "pace", 2500*time.Microsecond, "time between two background orders")
	f.StringVar(&o.venue, "venue", "binance", "exchange to trade at: "+strings.Join(venues, ", "))
	f.StringVar(&o.backend, "backend", "auto", "what moves the bytes: auto, direct or ring")
	f.IntVar(&o.cpu, "cpu", -2, "CPU of the pinned loop; -1 pins nothing (default: the last one allowed)")
	f.IntVar(&o.simCPU, "sim-cpu", -2, "CPU of the exchange; -1 pins nothing (default: the first one allowed)")
	f.BoolVar(&o.simSleeps, "sim-sleeps", false, "let the exchange sleep between messages: each send then pays for waking it (about 14 us)")
	f.StringVar(&o.threshold, "threshold", "100000", "quote value from which prints of one sweep are a whale's")
	f.StringVar(&o.stateDir, "state-dir", filepath.Join("build", "demo-state"), "folder of the boot epoch")
	f.StringVar(&o.jsonFile, "json", "", "write the result as JSON to this file (- for standard output, instead of the table)")
	f.BoolVar(&o.printConfig, "print-config", false, "print the equivalent configuration file for run, and stop")
	f.DurationVar(&o.limit, "limit", 10*time.Minute, "give up after this long")
	return cmd
}

// demoRun is one demo under way.
type demoRun struct {
	o        *demoOptions
	out, log io.Writer
	sim      *simProcess
	strategy *demoStrategy
	recorder *recorder
	engine   *runtime.Engine
	before   goruntime.MemStats
	after    goruntime.MemStats
}

func runDemo(ctx context.Context, out, log io.Writer, o *demoOptions) error {
	if o.printConfig {
		_, err := io.WriteString(out, simConfig)
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	d := &demoRun{o: o, out: out, log: log, recorder: newRecorder(log, true)}
	host := bench.ReadHost("/")
	sim, err := startSim(ctx, simOptions{venue: o.venue, replay: o.replay, speed: o.speed, cpu: o.simCPU, spin: o.simCPU >= 0 && !o.simSleeps, log: log})
	if err != nil {
		return err
	}
	d.sim = sim
	defer sim.stop()
	fmt.Fprintf(log, "exchange: %s, its certificate authority was made for this run\n", sim.address)
	if err := d.trade(ctx); err != nil {
		return err
	}
	result, err := d.result(ctx, host)
	if err != nil {
		return err
	}
	return d.report(result)
}

// check turns the flags into what can be used, or says which cannot.
func (o *demoOptions) check() error {
	if o.orders < 0 {
		return usage("--orders %d: a count is not negative", o.orders)
	}
	if _, known := demoVenues[o.venue]; !known {
		return usage("--venue %q is none of %s", o.venue, strings.Join(venues, ", "))
	}
	if o.pace <= 0 {
		return usage("--pace %s: must be positive", o.pace)
	}
	if _, err := parseSpeed(o.speed); err != nil {
		return usage("%w", err)
	}
	if _, err := openRecording(o.replay); err != nil {
		return err
	}
	cpus, err := netpoll.Affinity()
	if err != nil {
		return fmt.Errorf("the CPUs this process may use are unknown: %w", err)
	}
	if o.cpu == -2 {
		o.cpu = cpus[len(cpus)-1]
	}
	if o.simCPU == -2 {
		o.simCPU = cpus[0]
	}
	if o.cpu == o.simCPU && o.cpu >= 0 {
		fmt.Fprintf(os.Stderr, "note: loop and exchange share CPU %d: the figures will say so little that the loop is not pinned\n", o.cpu)
		o.cpu, o.simCPU = -1, -1
	}
	return nil
}

// trade connects, trades until market and background orders are through, and drains.
func (d *demoRun) trade(ctx context.Context) error {
	config, err := d.config()
	if err != nil {
		return err
	}
	if d.engine, err = runtime.New(config); err != nil {
		return err
	}
	// The hot process never collects garbage: it allocates nothing, and a memory limit stands behind that.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
	goruntime.GC()

	running, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- d.engine.Run(running) }()
	if err := d.await(ctx, done); err != nil {
		return err
	}
	stop()
	if err := <-done; err != nil {
		return err
	}
	return nil
}

// await returns when everything was traded and answered, or says what did not come to pass.
func (d *demoRun) await(ctx context.Context, done <-chan error) error {
	progress := time.NewTicker(50 * time.Millisecond)
	defer progress.Stop()
	settled := time.Time{}
	for {
		select {
		case err := <-done:
			return errors.Join(errors.New("the loop ended before the market did"), err, d.recorder.failure())
		case <-ctx.Done():
			stats := d.engine.Stats()
			return fmt.Errorf("interrupted after %d orders and %d market frames (%d unreadable); refused here: %s: %w",
				d.strategy.pushed.Load(), stats.MarketFrames, stats.BadMessages, refusals(&stats), context.Cause(ctx))
		case <-progress.C:
		}
		if err := d.recorder.failure(); err != nil {
			return err
		}
		if d.before.Mallocs == 0 && d.recorder.live.Load() {
			goruntime.ReadMemStats(&d.before)
		}
		if !d.recorder.marketEnded.Load() || d.strategy.left.Load() > 0 {
			continue
		}
		if settled.IsZero() {
			settled = time.Now()
		}
		if d.recorder.settled.Load() >= d.strategy.pushed.Load() || time.Since(settled) > 5*time.Second {
			goruntime.ReadMemStats(&d.after)
			return nil
		}
	}
}

// config is what a file for run would say, with this exchange's address and credentials.
func (d *demoRun) config() (runtime.Config, error) {
	c, err := parseConfig("sim.toml", simConfig)
	if err != nil {
		return runtime.Config{}, err
	}
	venue := demoVenues[d.o.venue]
	venue.settle(c)
	c.Orders.Venue = d.o.venue
	c.Instance.StateDir, c.Loop.CPU, c.Loop.Backend = d.o.stateDir, d.o.cpu, d.o.backend
	c.Orders.URL, c.Market.URL = "wss://"+d.sim.address, "wss://"+d.sim.address
	c.Orders.Trust.RootsFile, c.Market.Trust.RootsFile = d.sim.caFile, d.sim.caFile
	c.Whale.ThresholdQuote = d.o.threshold
	if err := c.Whale.finish(); err != nil {
		return runtime.Config{}, usage("--threshold: %w", err)
	}
	c.Armed = append(c.Armed, c.Armed...) // pacedBuy and pacedSell are of the same kind
	signer, err := venue.signer(d.sim)
	if err != nil {
		return runtime.Config{}, err
	}
	if d.strategy, err = c.strategy(d.o.orders, d.o.pace.Nanoseconds()); err != nil {
		return runtime.Config{}, err
	}
	config, err := c.runtimeConfig(signer)
	if err != nil {
		return runtime.Config{}, err
	}
	if config.IDs.Epoch, err = bootEpoch(d.o.stateDir); err != nil {
		return runtime.Config{}, err
	}
	config.REST, config.Standbys = config.Orders, venue.pool
	config.Strategy, config.Observer, config.Market.Once = d.strategy, d.recorder, true
	_, err = c.guarded(&config)
	return config, err
}

// result joins what the loop measured with what the exchange counted.
func (d *demoRun) result(ctx context.Context, host bench.Host) (*bench.Result, error) {
	truth, err := d.sim.counts(ctx)
	if err != nil {
		return nil, err
	}
	backend, _ := d.engine.Backend()
	pushed := d.strategy.pushed.Load()
	r := &bench.Result{
		Examiner: truth.examiner, Triggers: d.strategy.triggers.Load(),
		Market: bench.MarketCounts{Frames: d.strategy.frames.Load(), Trades: d.strategy.trades.Load(), Gaps: d.strategy.gaps.Load()},
		Stages: d.recorder.stages.Summaries(), TickToTrade: d.recorder.tick.Summary(),
		GCCycles: int64(d.after.NumGC - d.before.NumGC), Backend: backend,
		Kernel: bench.Kernel{SHA256: hmac256.KernelName(), Seal: d.recorder.sealedBy()}, Host: host,
	}
	d.recorder.fill(&r.Orders)
	r.Orders.Pushed = pushed
	r.Orders.Lost = max(0, int64(truth.accepted)-d.recorder.known())
	r.Orders.Duplicates = int64(truth.duplicates)
	if pushed > 0 {
		r.AllocsTotal = int64(d.after.Mallocs - d.before.Mallocs)
		r.AllocsPerPush = float64(r.AllocsTotal / pushed)
	}
	return r, nil
}

// report prints the table or the JSON, and fails where the run was not whole.
func (d *demoRun) report(r *bench.Result) error {
	text, err := r.Encode()
	if err != nil {
		return err
	}
	switch d.o.jsonFile {
	case "":
	case "-":
		if _, err := d.out.Write(text); err != nil {
			return err
		}
		return whole(r)
	default:
		if err := os.WriteFile(d.o.jsonFile, text, 0o644); err != nil {
			return fmt.Errorf("result not written: %w", err)
		}
	}
	if err := d.table(r); err != nil {
		return err
	}
	return whole(r)
}

// table is what a person reads.
func (d *demoRun) table(r *bench.Result) error {
	name, why := d.engine.Backend()
	w := &failingWriter{w: d.out}
	stats := d.engine.Stats()
	fmt.Fprintf(w, "\nmarket   %d frames, %d trades, %d gaps; %d whale sweeps found\n", r.Market.Frames, r.Market.Trades, r.Market.Gaps, r.Triggers)
	fmt.Fprintf(w, "orders   pushed %d, acked %d, filled %d, rejected %d, unknown %d, lost %d, duplicates %d; refused here: %s\n",
		r.Orders.Pushed, r.Orders.Acked, r.Orders.Filled, r.Orders.Rejected, r.Orders.Unknown, r.Orders.Lost, r.Orders.Duplicates, refusals(&stats))
	fmt.Fprintf(w, "examiner %s\n", examinerLine(r.Examiner))
	fmt.Fprintf(w, "backend  %s (%s); sha256 by %s, seal by %s\n", name, why, r.Kernel.SHA256, r.Kernel.Seal)
	fmt.Fprintf(w, "memory   %d allocations in the whole process while %d orders were pushed, %d GC cycles\n", r.AllocsTotal, r.Orders.Pushed, r.GCCycles)
	fmt.Fprintf(w, "idle     %d rehearsals on a shadow connection; %d orders met one, the longest wait was %d ns\n\n", stats.Rehearsals, stats.RehearsalsMet, d.recorder.longestWait)
	w.keep(d.recorder.stages.Print(w))
	fmt.Fprintln(w)
	w.keep(bench.PrintSummary(w, "TickToTrd", r.TickToTrade))
	fmt.Fprintf(w, "tick to trade: from the receive call that returned the market frame to Submitted, the %d triggered orders only\n", r.TickToTrade.N)
	fmt.Fprintf(w, "host     %s\n", r.Host)
	fmt.Fprintln(w, "Loopback in one machine: the send includes the receiver's TCP input. A venue's round trip is 0.07 to 10 ms.")
	return w.err
}

// refusals lists the outcomes that were no push, with how often they came.
func refusals(s *runtime.Stats) string {
	var list []string
	for i, n := range s.Outcomes {
		if outcome := orders.Outcome(i); n > 0 && outcome != orders.Sent {
			list = append(list, fmt.Sprintf("%s %d", outcome, n))
		}
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// whole is the verdict: a demo that lost, guessed or broke something has failed.
func whole(r *bench.Result) error {
	o := r.Orders
	switch {
	case o.Pushed == 0:
		return errors.New("no order was pushed: the market had no trade, or the order session never went live")
	case o.Acked != o.Pushed || o.Unknown != 0 || o.Lost != 0 || o.Duplicates != 0 || o.Rejected != 0:
		return fmt.Errorf("orders are not accounted for: pushed %d, acked %d, rejected %d, unknown %d, lost %d, duplicates %d",
			o.Pushed, o.Acked, o.Rejected, o.Unknown, o.Lost, o.Duplicates)
	case r.Market.Gaps != 0:
		return fmt.Errorf("the market data has %d gaps", r.Market.Gaps)
	}
	for name, n := range r.Examiner {
		if n != 0 {
			return fmt.Errorf("the exchange counted %s %d times", name, n)
		}
	}
	return nil
}
