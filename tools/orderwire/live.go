package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"orderwire/orders"
)

// Orders to a live exchange: what has to be true before one may leave, and what the process does for itself then.

// liveEnv must be "yes" for real orders: a config file that was copied does not trade by itself.
const liveEnv = "ORDERWIRE_LIVE"

// keyLogEnv names the file in which TLS libraries leave their secrets.
const keyLogEnv = "SSLKEYLOGFILE"

// trades tells whether orders of this file would be executed for real money.
func (c *Config) trades() bool {
	return len(c.Armed) > 0 && c.Orders.live() && c.Instance.Mode == modeLive
}

// refusal says why no order may leave by this file, nil where they may. Every endpoint counts as live unless its profile marks
// it; the journal and the kill switch are part of every run with armed orders, the limits are the operator's to set.
func (c *Config) refusal(env func(string) string) error {
	if len(c.Armed) == 0 || !c.Orders.live() {
		return nil
	}
	if err := c.limitsForLive(); err != nil {
		return fmt.Errorf("orders.url %s counts as a live exchange: %w; or use its test network with orders.profile = \"test\"", c.Orders.URL, err)
	}
	if c.Paced != nil {
		return errPacedLive
	}
	if c.Instance.Mode != modeLive {
		return nil // a dry run ends in the venue's test call, or before the wire
	}
	if env(liveEnv) != "yes" {
		return fmt.Errorf("instance.mode = \"live\" and orders.url %s is a live exchange: real orders need %s=yes in the environment as well", c.Orders.URL, liveEnv)
	}
	if env(keyLogEnv) != "" {
		return fmt.Errorf("%s is set, and whoever reads that file can read and forge live orders: unset it", keyLogEnv)
	}
	return c.ordersForLive()
}

// limitsForLive wants every limit set: a zero is no limit, and there is no such thing at a live exchange.
func (c *Config) limitsForLive() error {
	switch {
	case c.Risk == nil:
		return errors.New("[risk] is missing: set every limit of the pre-trade gate")
	case c.Breaker == nil:
		return errors.New("[breaker] is missing: say when new orders are halted")
	}
	type row struct {
		key   string
		value int64
	}
	b := c.Breaker
	rows := []row{
		{"risk.duplicate_window_ms", int64(c.Risk.DuplicateWindowMS)},
		{"risk.repeats_max", int64(c.Risk.RepeatsMax)},
		{"breaker.rejects_max", int64(b.RejectsMax)},
		{"breaker.late_acks_max", int64(b.LateAcksMax)},
		{"breaker.disconnects_max", int64(b.DisconnectsMax)},
		{"breaker.conflicts_max", int64(b.ConflictsMax)},
		{"breaker.ack_max_ms", int64(b.AckMaxMS)},
		{"breaker.unknown_max", int64(b.UnknownMax)},
		{"breaker.clock_bound_max_ms", int64(b.ClockBoundMaxMS)},
		{"breaker.report_silence_max_ms", int64(b.ReportSilenceMaxMS)},
	}
	for i := range c.Risk.Symbols {
		rows = append(rows, row{"risk.symbols of " + c.Risk.Symbols[i].Symbol + ": passive_ppm", c.Risk.Symbols[i].PassivePPM})
	}
	for _, r := range rows {
		if r.value == 0 {
			return fmt.Errorf("%s is not set, and every limit must be", r.key)
		}
	}
	return nil
}

// ordersForLive looks at the orders themselves: none may be without a price, and a first try is as small as the venue allows.
func (c *Config) ordersForLive() error {
	for i := range c.Armed {
		spec, err := c.Armed[i].spec()
		if err != nil {
			return err
		}
		if spec.Type == orders.Market {
			return fmt.Errorf("armed number %d is a market order, which a live exchange would fill at any price: write type = \"limit\" and time_in_force = \"ioc\", whose price the collar bounds", i+1)
		}
	}
	if !c.Risk.FirstLive {
		return nil
	}
	for i := range c.Risk.Symbols {
		s := &c.Risk.Symbols[i]
		if !c.arms(s.Symbol) {
			continue
		}
		least, err := positive(s.QuantityMin)
		if err != nil {
			return fmt.Errorf("risk.first_live needs risk.symbols of %s: quantity_min, the venue's smallest order", s.Symbol)
		}
		if c.Whale == nil {
			continue
		}
		if qty, err := positive(c.Whale.Quantity); err != nil || qty.Cmp(least) != 0 {
			return fmt.Errorf("risk.first_live sends one order of quantity_min, and whale.quantity %s is not %s", c.Whale.Quantity, s.QuantityMin)
		}
	}
	return nil
}

// arms tells whether there is an armed order of symbol.
func (c *Config) arms(symbol string) bool {
	for i := range c.Armed {
		if c.Armed[i].Symbol == symbol {
			return true
		}
	}
	return false
}

// prSetDumpable is PR_SET_DUMPABLE. Source: include/uapi/linux/prctl.h.
const (
	prGetDumpable = 3
	prSetDumpable = 4
)

// seal keeps the secrets of a live process out of core files and away from debuggers of the same user.
func seal() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("core files cannot be switched off, and one would hold the keys: %w", err)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0); errno != 0 {
		return fmt.Errorf("the process cannot be made undumpable: %w", errno)
	}
	if sealed, err := isSealed(); err != nil || !sealed {
		return errors.Join(errors.New("the process is still dumpable after PR_SET_DUMPABLE"), err)
	}
	return nil
}

// isSealed asks the kernel.
func isSealed() (bool, error) {
	dumpable, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prGetDumpable, 0, 0)
	if errno != 0 {
		return false, errno
	}
	var core syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &core); err != nil {
		return false, err
	}
	return dumpable == 0 && core.Cur == 0 && core.Max == 0, nil
}

// allowed prepares a run: it refuses what must not trade, and seals what may.
func (c *Config) allowed() error {
	if err := c.refusal(os.Getenv); err != nil {
		return err
	}
	if c.trades() {
		return seal()
	}
	return nil
}
