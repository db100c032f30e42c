package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Report is the JSON of one bench: what was measured, on which host, how quiet it was, and what must be said beside it.
type Report struct {
	Scenario string    `json:"scenario"`
	At       time.Time `json:"at"`
	Host     Host      `json:"host"` // with the jitter of an empty spin of the same run
	Notes    []string  `json:"notes"`
	Gaps     []GapRows `json:"gaps,omitempty"`
	Tables   []Table   `json:"tables,omitempty"`
	Files    []string  `json:"files,omitempty"` // histograms that were kept (HdrHistogram logs)
	// Far is how long the far end itself took from bytes read to answer written. Units: ns.
	Far *Summary `json:"far_service_ns,omitempty"`
}

// Table is figures that are no percentiles of one order: costs by number of connections, of stages, of backends.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    []Line   `json:"rows"`
}

// Line is one row of a Table: as many values as the table has columns.
type Line struct {
	Name   string    `json:"name"`
	Values []float64 `json:"values"`
}

// Said is what stands beside every figure of a push, wherever it is published (docs/performance.md).
var Said = []string{
	"Counted from the intended time of each order. Loopback: the peer's TCP input runs inside send, and rehearsal warms exactly that, so that the ratios do not carry over to a network card.",
	"A spinning loop costs a whole core. A venue's round trip takes 0.07 to 10 ms; what is compared here are microseconds.",
	"ahead: the order was known before its trigger, and signed then. logon: the session had logged on, and orders carry no signature. All others are signed at the trigger.",
}

// Encode is the indented JSON with a newline at its end.
func (r *Report) Encode() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("bench: report: %w", err)
	}
	return append(text, '\n'), nil
}

// DecodeReport reads what Encode wrote.
func DecodeReport(text []byte) (*Report, error) {
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("bench: report: %w", err)
	}
	return &r, nil
}

// Print writes the report for a person.
func (r *Report) Print(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\nhost: %s\n", r.Scenario, r.Host)
	if j := r.Host.Jitter; j != nil {
		fmt.Fprintf(&text, "empty spin of the same run: %.2f %% of its time lost, %d gaps over 1 us and %d over 20 us in %.1f s, the longest %.1f us\n",
			j.StolenPercent, j.Over1us, j.Over20us, float64(j.SpanNanos)/1e9, float64(j.MaxNanos)/1e3)
	}
	for i := range r.Gaps {
		r.Gaps[i].print(&text)
	}
	for i := range r.Tables {
		r.Tables[i].print(&text)
	}
	if r.Far != nil {
		fmt.Fprintf(&text, "\nthe far end's own work, in every ack but the bare ones: p50 %.1f us\n", float64(r.Far.P50Nanos)/1e3)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&text, "* %s\n", note)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (g *GapRows) print(w io.Writer) {
	fmt.Fprintf(w, "\norders %s apart, %d runs, %d discarded, at most %.1f %% stolen; us from the intended time; ratios of p50 (p90)\n",
		time.Duration(g.GapNanos), g.Runs, g.Discarded, g.Steal)
	if g.SweptBytes > 0 {
		fmt.Fprintf(w, "before each order %d MiB were swept through the cache\n", g.SweptBytes>>20)
	}
	fmt.Fprintf(w, "%-22s %24s %11s %11s %11s %11s | %8s %6s | %8s %6s | %7s %8s %7s\n",
		"", "send p50/p99/p99.9/max", "to bare", "(p90)", "to reh'd", "(p90)", "wire p50", "ratio", "ack p50", "ratio", "met reh", "longest", "alloc/o")
	us := func(n int64) float64 { return float64(n) / 1e3 }
	for i := range g.Rows {
		r := &g.Rows[i]
		spread := fmt.Sprintf("%.2f/%.1f/%.0f/%.0f", us(r.Send.P50Nanos), us(r.Send.P99Nanos), us(r.Send.P999Nanos), us(r.Send.MaxNanos))
		if g.SweptBytes > 0 {
			fmt.Fprintf(w, "before each order %d MiB were swept through the cache\n", g.SweptBytes>>20)
		}
		fmt.Fprintf(w, "%-22s %24s %11s %11s %11s %11s | %8.2f %6s | %8.2f %6s | %6.1f%% %8.1f %7.2f",
			r.Name, spread, ratioText(r.SendToBare.P50), ratioText(r.SendToBare.P90), ratioText(r.SendToRehearsed.P50), ratioText(r.SendToRehearsed.P90),
			us(r.Wire.P50Nanos), ratioText(r.WireToBare.P50), us(r.Ack.P50Nanos), ratioText(r.AckToBare.P50),
			100*r.Rehearsed, us(r.RehearsalWait), r.Allocs)
		if r.GCs > 0 {
			fmt.Fprintf(w, " %d GCs", r.GCs)
		}
		if r.Bad > 0 {
			fmt.Fprintf(w, " %d BAD", r.Bad)
		}
		fmt.Fprintln(w)
	}
}

func ratioText(r float64) string {
	if r == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", r)
}

func (t *Table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n%-44s", t.Name, "")
	for _, name := range t.Columns {
		fmt.Fprintf(w, " %14s", name)
	}
	fmt.Fprintln(w)
	for _, line := range t.Rows {
		fmt.Fprintf(w, "%-44s", line.Name)
		for _, v := range line.Values {
			fmt.Fprintf(w, " %14s", figure(v))
		}
		fmt.Fprintln(w)
	}
}

// figure is a value with as many digits as it deserves.
func figure(v float64) string {
	switch {
	case v == float64(int64(v)):
		return fmt.Sprintf("%d", int64(v))
	case v >= 1000 || v <= -1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 10 || v <= -10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
