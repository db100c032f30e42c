package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Keep writes the report as report.json and every histogram of it as an HdrHistogram log into folder. The logs are read by
// every tool of that format; each has one interval, tagged with scenario, gap, row and measure.
func (r *Report) Keep(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("bench: keep: %w", err)
	}
	r.Files = nil
	for i := range r.Gaps {
		g := &r.Gaps[i]
		for k := range g.Rows {
			row := &g.Rows[k]
			for _, m := range []struct {
				name   string
				values *Histogram
			}{{"send", row.send}, {"wire", row.wire}, {"ack", row.ack}} {
				if m.values == nil || m.values.Count() == 0 {
					continue
				}
				name := fileName(time.Duration(g.GapNanos).String(), g.SweptBytes, row.Name, m.name)
				if err := keepHistogram(filepath.Join(folder, name), m.values, r.At); err != nil {
					return err
				}
				r.Files = append(r.Files, name)
			}
		}
	}
	text, err := r.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "report.json"), text, 0o644); err != nil {
		return fmt.Errorf("bench: keep: %w", err)
	}
	return nil
}

// fileName is gap.row.measure.hlog, with nothing in it that a file system minds.
func fileName(gap string, swept int, row, measure string) string {
	if swept > 0 {
		gap += "-swept"
	}
	clean := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}
	return strings.Map(clean, strings.ReplaceAll(gap, "µ", "u")) + "." + strings.Map(clean, row) + "." + measure + ".hlog"
}

func keepHistogram(path string, h *Histogram, at time.Time) error {
	var text bytes.Buffer
	w := hdrhistogram.NewHistogramLogWriter(&text)
	for _, step := range []func() error{
		w.OutputLogFormatVersion,
		func() error { return w.OutputStartTime(at.UnixMilli()) },
		w.OutputLegend,
		func() error { return w.OutputIntervalHistogram(h.values) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("bench: keep %s: %w", filepath.Base(path), err)
		}
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("bench: keep: %w", err)
	}
	return nil
}

// readHistogram reads what keepHistogram wrote.
func readHistogram(path string) (*Histogram, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	values, err := hdrhistogram.NewHistogramLogReader(bytes.NewReader(text)).NextIntervalHistogram()
	if err != nil {
		return nil, fmt.Errorf("bench: %s: %w", filepath.Base(path), err)
	}
	if values == nil {
		return nil, fmt.Errorf("bench: %s holds no histogram", filepath.Base(path))
	}
	h := NewHistogram()
	if dropped := h.values.Merge(values); dropped != 0 {
		return nil, fmt.Errorf("bench: %s: %d values do not fit", filepath.Base(path), dropped)
	}
	h.n, h.min, h.max = values.TotalCount(), values.Min(), values.Max()
	h.sum = int64(values.Mean() * float64(h.n)) // the log keeps no exact sum
	return h, nil
}
