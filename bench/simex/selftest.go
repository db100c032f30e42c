package simex

import (
	"errors"
	"fmt"
	"io"
)

// badClient is one client of the selftest and the one rule that it breaks; "" for the clients that break none.
type badClient struct {
	name  string
	rule  string
	setup func(*Config)
	play  func(*probe) error
}

// Selftest proves that the examiner can see: for each rule one deliberately bad client raises exactly that counter, to
// exactly 1, and no other; the documented good frames raise none. It prints one line a client.
func Selftest(w io.Writer, kind string) error {
	clients := append(selftestOf(kind), frameClients(wsPathOf(kind))...)
	if len(clients) == 0 {
		return fmt.Errorf("simex: selftest: unknown venue %q", kind)
	}
	failed := 0
	for _, client := range clients {
		verdict := "ok"
		if err := client.run(kind); err != nil {
			failed++
			verdict = "FAILED: " + err.Error()
		}
		rule := client.rule
		if rule == "" {
			rule = "(none)"
		}
		if _, err := fmt.Fprintf(w, "%-16s %-48s %s\n", rule, client.name, verdict); err != nil {
			return fmt.Errorf("simex: selftest: %w", err)
		}
	}
	if _, err := fmt.Fprintf(w, "%s: %d clients, %d failed\n", kind, len(clients), failed); err != nil {
		return fmt.Errorf("simex: selftest: %w", err)
	}
	if failed > 0 {
		return errSelftest
	}
	return nil
}

func selftestOf(kind string) []badClient {
	switch kind {
	case "binance", "binance-usdm":
		return binanceClients(kind)
	case "bybit":
		return bybitClients()
	case "kraken":
		return krakenClients()
	case "coinbase":
		return coinbaseClients()
	case "coinbase-advanced":
		return advancedClients()
	}
	return nil
}

// wsPathOf is a WebSocket path of the venue that needs no login, for the framing rules.
func wsPathOf(kind string) string {
	switch kind {
	case "binance":
		return "/ws-api/v3"
	case "binance-usdm":
		return "/ws-fapi/v1"
	case "bybit":
		return "/v5/trade"
	case "kraken":
		return "/v2"
	case "coinbase", "coinbase-advanced":
		return "/"
	}
	return ""
}

// run plays one client against a fresh venue and compares every rule counter.
func (b *badClient) run(kind string) error {
	config := probeConfig(kind)
	if b.setup != nil {
		b.setup(&config)
	}
	p, err := newProbe(config)
	if err != nil {
		return err
	}
	errs := []error{b.play(p), p.broken}
	counts := p.v.Counts()
	for _, violation := range counts.Violations() {
		want := uint64(0)
		if violation.Name == b.rule {
			want = 1
		}
		if violation.N != want {
			errs = append(errs, fmt.Errorf("%s is %d, not %d", violation.Name, violation.N, want))
		}
	}
	return errors.Join(errs...)
}
