package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/journal"
	"orderwire/orders/market"
)

func journalCommand(s streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "journal",
		Short: "look at what is written before each order leaves",
		Args:  noArguments,
		RunE:  needsSubcommand,
	}
	c.AddCommand(
		journalReader("verify", "check every record, seal and joint of the journal; exit code 1 where it is damaged", func(dir string, asJSON bool) error {
			return verifyJournal(s.out, dir, asJSON)
		}),
		journalReader("show", "print the journal's records, one a line", func(dir string, asJSON bool) error {
			return showJournal(s.out, dir, asJSON)
		}),
		journalReader("export", "print the journal's records as JSON, one a line", func(dir string, _ bool) error {
			return showJournal(s.out, dir, true)
		}),
	)
	return c
}

// journalReader is a command that reads the journal of a state folder, which may be in use.
func journalReader(name, short string, read func(dir string, asJSON bool) error) *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{Use: name, Short: short, Args: noArguments}
	c.Flags().StringVar(&dir, "state-dir", "", "state folder (default: that of a config file without state_dir)")
	if name != "export" {
		c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		if dir == "" {
			var err error
			if dir, err = defaultStateDir(os.Getenv); err != nil {
				return misused(c, err.Error())
			}
		}
		return read(dir, asJSON)
	}
	return c
}

func verifyJournal(out io.Writer, dir string, asJSON bool) error {
	report, err := journal.Verify(dir)
	if err != nil {
		return err
	}
	if asJSON {
		err = json.NewEncoder(out).Encode(report)
	} else {
		err = printReport(out, report)
	}
	if err == nil && len(report.Damage) > 0 {
		return fmt.Errorf("the journal in %s is damaged in %d places: keep a copy of it, and ask the venue about every open order", dir, len(report.Damage))
	}
	return err
}

func printReport(out io.Writer, r journal.Report) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%d files, %d records up to number %d, %d seals, %d orders without an end\n", r.Files, r.Records, r.LastSeq, r.Seals, r.Open)
	switch {
	case r.Clean:
		text.WriteString("whole, and ended in good order\n")
	case len(r.Damage) == 0:
		fmt.Fprintf(&text, "whole, and not ended: it is in use, or its process was killed (%d bytes at its end are no record)\n", r.Torn)
	}
	for _, damage := range r.Damage {
		fmt.Fprintf(&text, "damaged: %v\n", damage)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// journalLine is a record for machines: names and units are stable.
type journalLine struct {
	File      string `json:"file"`
	Seq       uint64 `json:"seq"`
	Kind      string `json:"kind"`
	Copy      bool   `json:"copy,omitempty"`
	WallNanos int64  `json:"wall_ns"`
	Epoch     uint32 `json:"epoch,omitempty"`
	ID        uint64 `json:"id,omitempty"`
	Target    uint64 `json:"target,omitempty"`
	Action    string `json:"action,omitempty"`
	Symbol    string `json:"symbol,omitempty"`
	Side      string `json:"side,omitempty"`
	Price     string `json:"price,omitempty"`
	Qty       string `json:"qty,omitempty"`
	UntilWall int64  `json:"until_wall_ns,omitempty"`
	State     string `json:"state,omitempty"`
	Code      int32  `json:"code,omitempty"`
	LastQty   string `json:"last_qty,omitempty"`
	LastPrice string `json:"last_price,omitempty"`
	CumQty    string `json:"cum_qty,omitempty"`
	ExecID    string `json:"exec_id,omitempty"`
	VenueID   string `json:"venue_id,omitempty"`
	Note      string `json:"note,omitempty"`
}

func showJournal(out io.Writer, dir string, asJSON bool) error {
	encoder := json.NewEncoder(out)
	return journal.Walk(dir, func(e journal.Entry) error {
		line := lineOf(&e)
		if asJSON {
			return encoder.Encode(line)
		}
		_, err := fmt.Fprintln(out, line)
		return err
	})
}

func lineOf(e *journal.Entry) journalLine {
	line := journalLine{File: e.File, Seq: e.Seq, Kind: e.Kind.String(), Copy: e.Carried, WallNanos: e.Wall}
	switch {
	case e.Intent != nil:
		i := e.Intent
		line.Epoch, line.ID, line.Target, line.Symbol, line.UntilWall = i.Epoch, i.ID, i.Target, harmless(i.Symbol), i.UntilWall
		line.Action, line.Side = actionName(i.Action), sideName(i.Side)
		line.Price, line.Qty = fixed.Number(i.Price).String(), fixed.Number(i.Qty).String()
	case e.Outcome != nil:
		o := e.Outcome
		line.Epoch, line.ID, line.State, line.Code = o.Epoch, o.ID, o.State.String(), o.Code
		line.LastQty, line.LastPrice, line.CumQty = some(o.LastQty), some(o.LastPrice), some(o.CumQty)
		line.ExecID, line.VenueID = harmless(string(o.ExecID)), harmless(string(o.VenueID))
	case e.Kind == journal.KindOverride, e.Kind == journal.KindBudget:
		line.Note = harmless(string(e.Note))
	}
	return line
}

// some is a number as text, nothing for zero.
func some(d journal.Decimal) string {
	if d.Mantissa == 0 {
		return ""
	}
	return fixed.Number(d).String()
}

// String is a record for people.
func (l journalLine) String() string {
	var text strings.Builder
	at := time.Unix(0, l.WallNanos).UTC().Format("2006-01-02T15:04:05.000000Z")
	fmt.Fprintf(&text, "%8d %s %-8s", l.Seq, at, l.Kind)
	for _, part := range []struct{ name, value string }{
		{"", l.Action},
		{"", l.Side},
		{"", l.Symbol},
		{"qty", l.Qty},
		{"price", l.Price},
		{"", l.State},
		{"last", l.LastQty},
		{"at", l.LastPrice},
		{"filled", l.CumQty},
		{"exec", l.ExecID},
		{"venue", l.VenueID},
		{"", l.Note},
	} {
		if part.value == "" {
			continue
		}
		if part.name != "" {
			text.WriteString(" " + part.name)
		}
		text.WriteString(" " + part.value)
	}
	if l.ID != 0 {
		fmt.Fprintf(&text, " order %d of epoch %d", l.ID, l.Epoch)
	}
	if l.Target != 0 {
		fmt.Fprintf(&text, " meaning %d", l.Target)
	}
	if l.Code != 0 {
		fmt.Fprintf(&text, " code %d", l.Code)
	}
	if l.Copy {
		text.WriteString(" (copy)")
	}
	return text.String()
}

func actionName(a orders.Action) string {
	switch a {
	case orders.Place:
		return "place"
	case orders.Test:
		return "test"
	case orders.Cancel:
		return "cancel"
	case orders.CancelAll:
		return "cancel_all"
	}
	return "action?"
}

func sideName(side uint8) string {
	switch market.Side(side) {
	case market.Buy:
		return "buy"
	case market.Sell:
		return "sell"
	}
	return ""
}
