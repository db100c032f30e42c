package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// venueFacts is one exchange as this program trades there. Source: the exchanges' documentation, as of 2026-11.
type venueFacts struct {
	Venue        string         `json:"venue"`
	Orders       string         `json:"orders"`      // the path that orders take
	Credentials  string         `json:"credentials"` // algorithms that the venue has, the recommended first
	SignedOrders string         `json:"signed_orders"`
	Ack          string         `json:"ack"` // what the first answer means
	DryRun       string         `json:"dry_run"`
	TestNetwork  string         `json:"test_network"`
	DeadMan      string         `json:"dead_mans_switch"`
	ClientID     string         `json:"client_id"` // where the venue protects from an id given twice
	SessionLife  string         `json:"session_life"`
	Market       string         `json:"market_data"`
	Budgets      []WindowConfig `json:"documented_limits"`
	TestedOn     string         `json:"tested_against"`
}

// testedOn is the same for each, and has to be: no live exchange was ever contacted.
const testedOn = "embedded examiner"

var facts = []venueFacts{
	{
		Venue: "binance", Orders: "WebSocket API", Credentials: "ed25519, hmac-sha256, rsa-sha256", SignedOrders: "none after session.logon (ed25519); else each",
		Ack: "accepted by the engine", DryRun: "order.test", TestNetwork: "yes", DeadMan: "none", ClientID: "unique among open orders", SessionLife: "24 h", Market: "trades, quotes, depth; SBE",
	},
	{
		Venue: "binance-usdm", Orders: "WebSocket API", Credentials: "ed25519, hmac-sha256", SignedOrders: "none after session.logon; else each",
		Ack: "accepted by the engine", DryRun: "none by WebSocket", TestNetwork: "yes", DeadMan: "REST countdown by symbol", ClientID: "unique among open orders", SessionLife: "24 h", Market: "trades, quotes, depth",
	},
	{
		Venue: "bybit", Orders: "WebSocket trade", Credentials: "hmac-sha256", SignedOrders: "none after op auth",
		Ack: "received; the order topic accepts", DryRun: "none", TestNetwork: "yes", DeadMan: "DCP, institutional accounts", ClientID: "unique", SessionLife: "not stated", Market: "trades, books",
	},
	{
		Venue: "coinbase", Orders: "HTTP/1.1, one in flight a connection", Credentials: "hmac-sha256 with passphrase", SignedOrders: "each, by the second",
		Ack: "created", DryRun: "none", TestNetwork: "sandbox", DeadMan: "none by REST", ClientID: "not checked", SessionLife: "not stated", Market: "matches, ticker, level 2",
	},
	{
		Venue: "coinbase-advanced", Orders: "HTTP/1.1, one in flight a connection", Credentials: "es256", SignedOrders: "none, a token of 120 s",
		Ack: "created, or success:false", DryRun: "none", TestNetwork: "static sandbox", DeadMan: "none", ClientID: "unique", SessionLife: "not stated", Market: "trades, ticker, level 2",
	},
	{
		Venue: "kraken", Orders: "WebSocket v2", Credentials: "hmac-sha512", SignedOrders: "none, a token",
		Ack: "accepted by the engine", DryRun: "validate", TestNetwork: "none", DeadMan: "cancel_all_orders_after, account-wide", ClientID: "unique among open orders", SessionLife: "not stated", Market: "trades, ticker, book with CRC32",
	},
}

func venuesCommand(s streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "venues",
		Short: "the exchanges that this binary trades at, what each can and cannot do, and against what it was tested",
		Args:  noArguments,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(*cobra.Command, []string) error { return printVenues(s.out, asJSON) }
	return c
}

// matrix is facts with what is the same for each.
func matrix() []venueFacts {
	list := append([]venueFacts(nil), facts...)
	for i := range list {
		list[i].TestedOn, list[i].Budgets = testedOn, budgets[list[i].Venue].windows
	}
	return list
}

func printVenues(out io.Writer, asJSON bool) error {
	list := matrix()
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(list)
	}
	w := &failingWriter{w: out}
	for i := range list {
		v := &list[i]
		fmt.Fprintf(w, "%s\n", v.Venue)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, row := range [][2]string{
			{"orders", v.Orders},
			{"credentials", v.Credentials},
			{"signature an order", v.SignedOrders},
			{"first answer means", v.Ack},
			{"dry run by the venue", v.DryRun},
			{"test network", v.TestNetwork},
			{"dead man's switch", v.DeadMan},
			{"client id", v.ClientID},
			{"session life", v.SessionLife},
			{"market data", v.Market},
			{"documented limits", windowsText(v.Budgets)},
			{"tested against", v.TestedOn},
		} {
			fmt.Fprintf(table, "  %s\t%s\n", row[0], row[1])
		}
		w.keep(table.Flush())
	}
	fmt.Fprintln(w, "No live exchange was ever contacted from here; behaviour is from their documentation and public recordings.")
	return w.err
}

func windowsText(windows []WindowConfig) string {
	text := ""
	for i, w := range windows {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %d in %g s", w.Budget, w.Max, float64(w.WindowMS)/1000)
	}
	return text
}
