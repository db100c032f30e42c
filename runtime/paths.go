package runtime

import (
	"context"
	"time"

	"orderwire/orders"
)

// Where a venue's connections go, beyond the one path each that every dialect names.

// MarketPaths is a dialect whose market data may need several connections. Cold.
type MarketPaths interface {
	// MarketPaths has a path for each, or none where MarketPath is enough.
	MarketPaths(symbols []string) []string
}

func marketPaths(d orders.Dialect, symbols []string) []string {
	if several, can := d.(MarketPaths); can {
		if paths := several.MarketPaths(symbols); len(paths) > 0 {
			return paths
		}
	}
	return []string{d.MarketPath(symbols)}
}

// ReportKeys is a dialect whose report connection is found by a key that REST hands out (Binance USD-M). Cold.
type ReportKeys interface {
	// ReportKey is the request for a key, nil where there is no such connection.
	ReportKey(signer *orders.Signer) *orders.Request
	// ReadReportKey reads the answer and returns the path, which is as secret as the key.
	ReadReportKey(body []byte) (path string, err error)
	// KeepReportKey is the request that lets the key live on, and how often it is to be sent.
	KeepReportKey(signer *orders.Signer) (r *orders.Request, every time.Duration)
}

// reportKeys is the dialect where reports are found by a key, else nil.
func reportKeys(c *Config) ReportKeys {
	keys, can := c.Dialect.(ReportKeys)
	if !can || c.Signer == nil || keys.ReportKey(c.Signer) == nil {
		return nil
	}
	return keys
}

// needsReports tells whether what becomes of orders is told on a connection of its own.
func needsReports(c *Config) bool {
	_, is := c.Dialect.(orders.Reporter)
	return is || reportKeys(c) != nil
}

// reportPath is where reports are, as far as it is known before a key is.
func reportPath(d orders.Dialect) string {
	if reporter, has := d.(orders.Reporter); has {
		return reporter.ReportPath()
	}
	return ""
}

// locateReports asks for the key of a report connection that is about to be made, where it is found by one.
func (v *supervisor) locateReports(ctx context.Context) error {
	keys := reportKeys(&v.engine.plan)
	if keys == nil {
		return nil
	}
	body, err := v.engine.rest(ctx, keys.ReportKey(v.engine.plan.Signer))
	if err != nil {
		return err
	}
	v.path, err = keys.ReadReportKey(body)
	return err
}
