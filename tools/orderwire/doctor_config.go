package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"orderwire/netpoll/host"
	"orderwire/orders/journal"
)

// What a config file and an exchange add to the doctor's rows.

// configRows look at what a file points to. No secret is shown, and nothing is connected.
func configRows(path string) (rows []host.Row, venue string, err error) {
	c, err := loadConfig(path)
	if err != nil {
		return nil, "", err
	}
	row := func(name, ideal, why, mend string, verdict host.Verdict, value string, failed error) {
		r := host.Row{Group: "config", Name: name, Verdict: host.Pass, Value: value, Ideal: ideal, Why: why}
		if failed != nil {
			r.Verdict, r.Value, r.Mend = verdict, sentence(failed), mend
		}
		rows = append(rows, r)
	}
	_, failed := c.Orders.Trust.tls("orders")
	if failed == nil {
		_, failed = c.Market.Trust.tls("market")
	}
	row("trust", "roots readable, pins well formed", "an endpoint whose certificates cannot be checked is not connected", "see [orders.trust] and [market.trust]", host.Fail, "as the file says", failed)
	if c.Credentials.named() {
		signer, failed := c.Credentials.signer()
		if failed == nil {
			signer.Wipe()
		}
		row("credentials", "there, and of the right form", "orders are signed with them", "export the variables, or chmod 600 the file", host.Fail, "there; values are [redacted]", failed)
	}
	if len(c.Armed) > 0 {
		row("live", "all that live orders need", "a run refuses what is missing here", "see docs/runbook.md, \"The first live order\"", host.Warn, c.liveness(), c.refusal(os.Getenv))
		value, failed := c.stateRow()
		row("state folder", "0700, its journal whole", "what is known about every order survives a crash there", "docs/runbook.md, \"After a crash\"", host.Fail, value, failed)
	}
	if c.Loop.CPU < 0 {
		row("loop.cpu", "a CPU of its own", "an unpinned loop is moved about, and its caches stay behind", "set loop.cpu", host.Warn, "", errors.New("the loop is not pinned"))
	}
	return rows, c.Orders.Venue, nil
}

// liveness says where this file's orders would go.
func (c *Config) liveness() string {
	switch {
	case c.trades():
		return "live orders"
	case c.Instance.Mode == modeDryRun:
		return "a dry run"
	}
	return "orders to the profile " + c.Orders.Profile
}

// stateRow looks at the state folder without taking it.
func (c *Config) stateRow() (string, error) {
	info, err := os.Stat(c.Instance.StateDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.Instance.StateDir + " will be made by the first run", nil
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("%s is no folder", c.Instance.StateDir)
	case info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("%s has mode %04o: others can read which orders were sent", c.Instance.StateDir, info.Mode().Perm())
	}
	report, err := journal.Verify(c.Instance.StateDir)
	switch {
	case errors.Is(err, journal.ErrNoJournal):
		return c.Instance.StateDir + ", no journal yet", nil
	case err != nil:
		return "", err
	case len(report.Damage) > 0:
		return "", fmt.Errorf("the journal in %s is damaged in %d places", c.Instance.StateDir, len(report.Damage))
	}
	return fmt.Sprintf("%s, %d records, %d orders without an end", c.Instance.StateDir, report.Records, report.Open), nil
}

// venueRows are what only a person can see, at the exchange: each is a warning until somebody has looked.
func venueRows(venue string) []host.Row {
	rows := []host.Row{}
	for _, look := range personChecks {
		if look.venue != "" && look.venue != venue {
			continue
		}
		rows = append(rows, host.Row{
			Group: "at " + venue, Name: look.name, Verdict: host.Warn, Value: "cannot be seen: nothing was asked of the exchange",
			Ideal: look.ideal, Why: look.why, Mend: look.mend,
		})
	}
	return rows
}

// personChecks by venue; an empty venue stands for each.
var personChecks = []struct{ venue, name, ideal, why, mend string }{
	{"", "key permissions", "trade, and no withdrawal", "a stolen key that can withdraw empties the account", "look at the exchange's page of API keys"},
	{"", "address allow-list", "this host's addresses alone", "a stolen key is worth little elsewhere", "set it on the exchange's page of API keys"},
	{"", "region", "the account may trade from here", "exchanges refuse regions, some only at the first order", "read the exchange's terms"},
	{"", "foreign orders", "known", "orders without our prefix are never touched, and share the account's limits", "look at the open orders before the first start"},
	{"binance", "dead man's switch", "a hot standby", "Binance Spot has none: orders of a dead process stay open", "standbys, and somebody who can call cancel-all"},
	{"binance-usdm", "margin mode, leverage", "as the limits assume", "a position limit in base units says nothing about leverage", "look at the account's settings"},
	{"bybit", "disconnect protection", "asked for, if the account may have it", "Bybit cancels by itself only for accounts with DCP", "ask the exchange; it is for institutional accounts"},
	{"coinbase", "dead man's switch", "somebody who can call cancel-all", "Coinbase has none for REST orders", "cancel-all, or the exchange's page"},
	{"coinbase-advanced", "dead man's switch", "somebody who can call cancel-all", "Coinbase has none for REST orders", "cancel-all, or the exchange's page"},
	{"kraken", "tier", "as [limits] has it", "the built-in window is that of Intermediate: 125, decaying 2.34 a second", "write [[limits.windows]] for another tier"},
}
