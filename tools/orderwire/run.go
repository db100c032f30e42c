package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"orderwire/bench"
	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/bybit"
	"orderwire/orders/coinbase"
	"orderwire/orders/journal"
	"orderwire/orders/kraken"
	"orderwire/orders/market"
	"orderwire/orders/whale"
	"orderwire/runtime"
)

// dialects are the exchanges that this binary speaks to, by the name that a config gives. host is what HTTP requests are
// addressed to.
var dialects = map[string]func(host string) orders.Dialect{
	"binance":           func(string) orders.Dialect { return &binance.Dialect{} },
	"binance-usdm":      func(string) orders.Dialect { return &binance.Dialect{Product: binance.USDM} },
	"bybit":             func(string) orders.Dialect { return &bybit.Dialect{} },
	"coinbase":          func(host string) orders.Dialect { return &coinbase.Dialect{Host: host} },
	"coinbase-advanced": func(host string) orders.Dialect { return &coinbase.Dialect{API: coinbase.Advanced, Host: host} },
	"kraken":            func(string) orders.Dialect { return &kraken.Dialect{} },
}

// runOptions are the flags of run.
type runOptions struct {
	config string
	json   bool
}

func runCommand(s streams) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Trade by a configuration file until interrupted",
		Long: "run connects as the file says, follows whale sweeps with the armed orders, and prints a table when it is interrupted.\n" +
			"A dry run (the default mode) ends in the venue's own test call and is reported as tested, never as pushed.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.config == "" {
				return misused(cmd, "run needs --config FILE.toml (orderwire demo --print-config shows one)")
			}
			return runConfigured(cmd.Context(), s, &o)
		},
	}
	cmd.Flags().StringVar(&o.config, "config", "", "configuration file (TOML)")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the result as JSON instead of the table")
	return cmd
}

// running is one run under way: what it is made of, in the order in which it is made.
type running struct {
	c        *Config
	s        streams
	config   runtime.Config
	strategy *demoStrategy // its counts
	recorder *recorder
	kept     *standing // nil: nothing is armed
	guard    *guard    // nil: nothing is armed
	engine   *runtime.Engine
}

func runConfigured(ctx context.Context, s streams, o *runOptions) (failed error) {
	c, err := loadConfig(o.config)
	if err != nil {
		return err
	}
	if err := c.allowed(); err != nil {
		return err
	}
	r := &running{c: c, s: s, recorder: newRecorder(s.err, false)}
	defer func() { failed = errors.Join(failed, r.close()) }()
	if err := r.make(); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "mode %s, epoch %d; interrupt to drain and report\n", c.Instance.Mode, r.config.IDs.Epoch)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if r.guard != nil {
		desk := openDesk(ctx, r.guard, r.kept.log, s.err, stop)
		defer func() { failed = errors.Join(failed, desk.close()) }()
		operator, err := openControl(ctx, c.Instance.StateDir, r.engine, desk, s.err)
		if err != nil {
			return err
		}
		defer func() { failed = errors.Join(failed, operator.close()) }()
	}
	before, restore := quiet()
	defer restore()
	if err := r.engine.Run(ctx); err != nil {
		return err
	}
	return reportRun(s.out, o, c, r.engine, r.strategy, r.recorder, before)
}

// firstTries is how often a host that refuses is tried before the run gives up; a connection that was live is made again for
// ever.
const firstTries = 3

// make builds the engine, with the journal and the guard where orders are armed.
func (r *running) make() error {
	c := r.c
	var signer *orders.Signer
	var err error
	if c.Orders.URL != "" {
		if signer, err = c.Credentials.signer(); err != nil {
			return err
		}
	}
	if r.strategy, err = c.strategy(0, 0); err != nil {
		return err
	}
	if r.config, err = c.runtimeConfig(signer); err != nil {
		return err
	}
	r.config.Strategy, r.config.Observer, r.config.FirstTries = r.strategy, r.recorder, firstTries
	if c.Paced != nil {
		if r.config.Strategy, err = newPacedStrategy(c.Paced, r.strategy, r.config.Armed); err != nil {
			return err
		}
	}
	if len(c.Armed) > 0 {
		if err := r.protect(); err != nil {
			return err
		}
	}
	r.engine, err = runtime.New(r.config)
	return err
}

// protect opens the journal and puts the guard in between.
func (r *running) protect() (err error) {
	if r.kept, err = r.c.keep(&r.config, r.s.err); err != nil {
		return err
	}
	if r.guard, err = r.c.guarded(&r.config); err != nil {
		return err
	}
	if err := r.guard.restoreBudgets(r.kept.recovery.Budget); err != nil {
		fmt.Fprintln(r.s.err, "note: "+sentence(err)+"; they count as unused")
	}
	return nil
}

// close ends what outlives the engine.
func (r *running) close() error {
	if r.kept == nil {
		return nil
	}
	return r.kept.close()
}

// quiet switches collection off, behind a memory limit, and returns the heap's state: the hot process allocates nothing.
func quiet() (before goruntime.MemStats, restore func()) {
	goruntime.GC()
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(memoryLimitBytes)
	goruntime.ReadMemStats(&before)
	return before, func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// memoryLimitBytes is where the collector comes back, as a safety net.
const memoryLimitBytes = 1 << 30

// reportRun prints what happened between start and interrupt.
func reportRun(out io.Writer, o *runOptions, c *Config, e *runtime.Engine, s *demoStrategy, r *recorder, before goruntime.MemStats) error {
	var after goruntime.MemStats
	goruntime.ReadMemStats(&after)
	stats := e.Stats()
	counts := bench.Orders{}
	r.fill(&counts)
	if c.Instance.Mode == modeLive {
		counts.Pushed = s.pushed.Load()
	}
	name, why := e.Backend()
	if o.json {
		text, err := json.MarshalIndent(map[string]any{
			"mode": c.Instance.Mode, "orders": counts, "triggers": s.triggers.Load(),
			"market": bench.MarketCounts{Frames: s.frames.Load(), Trades: s.trades.Load(), Gaps: s.gaps.Load()},
			"stages": r.stages.Summaries(), "tick_to_trade_ns": r.tick.Summary(), "backend": name,
			"gc_cycles": after.NumGC - before.NumGC, "bad_messages": stats.BadMessages, "host": bench.ReadHost("/"),
		}, "", "  ")
		if err != nil {
			return err
		}
		_, err = out.Write(append(text, '\n'))
		return err
	}
	w := &failingWriter{w: out}
	fmt.Fprintf(w, "market   %d frames, %d trades, %d gaps, %d unreadable; %d whale sweeps found\n",
		s.frames.Load(), s.trades.Load(), s.gaps.Load(), stats.BadMessages, s.triggers.Load())
	fmt.Fprintf(w, "orders   mode %s: pushed %d, tested %d, acked %d, filled %d, rejected %d, unknown %d; refused here %d\n",
		c.Instance.Mode, counts.Pushed, counts.Tested, counts.Acked, counts.Filled, counts.Rejected, counts.Unknown, s.refused.Load())
	fmt.Fprintf(w, "backend  %s (%s)\n", name, why)
	if s.pushed.Load() > 0 {
		w.keep(r.stages.Print(w))
	}
	return w.err
}

// strategy is the whale follower that the file asks for, with background orders beside it for a demo.
func (c *Config) strategy(background int, paceNanos int64) (*demoStrategy, error) {
	symbols, err := market.NewSymbols(c.Market.Symbols)
	if err != nil {
		return nil, err
	}
	gaps := market.NewGaps(symbols)
	if c.Whale == nil {
		return newDemoStrategy(nil, gaps, background, paceNanos), nil
	}
	if len(c.Armed) > 0 && (len(c.Armed) < 2 || c.Armed[whaleBuy].Side != "buy" || c.Armed[whaleSell].Side != "sell") {
		return nil, usage("whale fires the first two armed orders: make the first a buy and the second a sell")
	}
	w := whale.Config{OffsetTicks: *c.Whale.OffsetTicks, CoolDownNanos: int64(c.Whale.CooldownMS) * int64(time.Millisecond)}
	tick, err1 := positive(c.Whale.Tick)
	threshold, err2 := positive(c.Whale.ThresholdQuote)
	qty, err3 := positive(c.Whale.Quantity)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	w.Threshold, w.Qty = threshold, qty
	for _, symbol := range c.Market.Symbols {
		w.Symbols = append(w.Symbols, whale.Symbol{Name: symbol, Tick: tick})
	}
	detector, err := whale.New(w)
	if err != nil {
		return nil, err
	}
	return newDemoStrategy(detector, gaps, background, paceNanos), nil
}

// runtimeConfig is the file in the words of the library.
func (c *Config) runtimeConfig(signer *orders.Signer) (runtime.Config, error) {
	out := runtime.Config{
		Dialect: dialects[c.Orders.Venue](c.Orders.host()), Signer: signer, Symbols: c.Market.Symbols,
		CPU: c.Loop.CPU, Backend: c.Loop.Backend, SlotCount: c.Loop.SlotCount, SlotBytes: c.Loop.SlotBytes,
		TrackMax: c.Loop.TrackMax, MessageMaxBytes: c.Loop.MessageMaxBytes,
		Settle:         time.Duration(c.Orders.SettleMS) * time.Millisecond,
		MaxSendAge:     time.Duration(c.Loop.MaxSendAgeUS) * time.Microsecond,
		ConnectTimeout: time.Duration(c.Loop.ConnectMS) * time.Millisecond,
		BackoffMin:     time.Duration(c.Loop.BackoffMinMS) * time.Millisecond,
		BackoffMax:     time.Duration(c.Loop.BackoffMaxMS) * time.Millisecond,
	}
	var err error
	if out.Orders, err = endpoint(c.Orders.URL, &c.Orders.Trust); err != nil {
		return out, err
	}
	if out.Market, err = endpoint(c.Market.URL, &c.Market.Trust); err != nil {
		return out, err
	}
	for i := range c.Armed {
		spec, err := c.Armed[i].spec()
		if err != nil {
			return out, err
		}
		if c.Instance.Mode == modeDryRun {
			spec.Action = orders.Test
		}
		out.Armed = append(out.Armed, spec)
	}
	out.IDs.Prefix = c.Instance.IDPrefix
	if c.Orders.Venue == "coinbase" {
		out.IDs.Form = orders.IDUUID // the venue takes no other
	}
	return out, nil
}

// keep opens what must survive a restart, and gives the loop its journal and what earlier lives left. The boot epoch is
// durable before anything is signed.
func (c *Config) keep(config *runtime.Config, log io.Writer) (*standing, error) {
	config.Clock, _ = netpoll.NewClock()
	kept, err := openStanding(c.Instance.StateDir, config.Armed, config.Clock)
	if err != nil {
		return nil, err
	}
	kept.say(log)
	if err := kept.usable(); err != nil {
		return nil, errors.Join(err, kept.close())
	}
	config.IDs.Epoch, config.Journal = kept.epoch, kept.tap
	config.Recovered, config.Reconcile = kept.recovered(config.Armed), !kept.recovery.Clean
	config.Start = startPolicies[c.Instance.Start]
	return kept, nil
}

// startPolicies are what a config may ask about open orders of earlier lives.
var startPolicies = map[string]runtime.StartPolicy{"adopt": runtime.StartAdopt, "cancel": runtime.StartCancel, "refuse": runtime.StartRefuse}

func endpoint(address string, trust *TrustConfig) (runtime.Endpoint, error) {
	if address == "" {
		return runtime.Endpoint{}, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return runtime.Endpoint{}, usage("%q is no URL", address)
	}
	config, err := trust.tls(u.Hostname())
	return runtime.Endpoint{URL: address, TLS: config}, err
}

// bootEpoch makes the boot epoch durable before the first signature, as every run does.
func bootEpoch(dir string) (uint32, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, fmt.Errorf("state folder: %w", err)
	}
	state, err := journal.OpenState(dir)
	if err != nil {
		return 0, err
	}
	epoch, err := state.NextEpoch()
	return epoch, errors.Join(err, state.Close())
}
