package bench

import (
	"context"
	"io"
	"math"
	"path/filepath"
	"testing"
	"time"
)

// steady is a runner whose orders take a known time.
type steady struct {
	name  string
	nanos int64
	runs  *[]string
}

func (s *steady) Name() string { return s.name }
func (s *steady) Close() error { return nil }

func (s *steady) Run(_ context.Context, c Command) (*Batch, error) {
	*s.runs = append(*s.runs, s.name)
	b := newBatch(c.N)
	for i := range c.N {
		b.Send[i], b.Wire[i], b.RTT[i] = s.nanos, 2*s.nanos, 4*s.nanos
	}
	b.Rehearsed, b.RehearsalWaitMax, b.Allocs = 0.5, s.nanos, 2
	return b, nil
}

func contestOf(t *testing.T, samples int) ([]GapRows, []string) {
	t.Helper()
	var order []string
	c := Contest{
		Runners: []Runner{&steady{"bare", 1000, &order}, &steady{"rehearsed", 500, &order}, &steady{"ours", 750, &order}},
		Floor:   0, Rehearsed: 1, Gaps: []time.Duration{time.Microsecond}, Samples: samples, Runs: 3, Log: io.Discard,
	}
	gaps, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return gaps, order
}

func TestContestRatios(t *testing.T) {
	gaps, _ := contestOf(t, 900)
	if len(gaps) != 1 || gaps[0].Runs != 3 {
		t.Fatalf("%+v", gaps)
	}
	ours := gaps[0].Rows[2]
	for _, row := range []struct {
		name      string
		got, want float64
	}{
		{"send to bare", ours.SendToBare.P50, 0.75},
		{"send to rehearsed", ours.SendToRehearsed.P50, 1.5},
		{"p90", ours.SendToBare.P90, 0.75},
		{"wire to bare", ours.WireToBare.P50, 0.75},
		{"ack to bare", ours.AckToBare.P50, 0.75},
		{"rehearsed", ours.Rehearsed, 0.5},
		{"allocs", ours.Allocs, 2},
	} {
		if math.Abs(row.got-row.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", row.name, row.got, row.want)
		}
	}
	if ours.Send.N != 900 || ours.Send.MaxNanos != 750 || ours.RehearsalWait != 750 {
		t.Errorf("%+v", ours)
	}
}

func TestContestTakesTurnsInARotatingOrder(t *testing.T) {
	_, order := contestOf(t, 3*3*blockOrders)
	first := map[string]int{}
	for i := 0; i < len(order); i += 3 {
		first[order[i]]++
		seen := map[string]bool{order[i]: true, order[i+1]: true, order[i+2]: true}
		if len(seen) != 3 {
			t.Fatalf("a round of %v", order[i:i+3])
		}
	}
	if len(order) != 27 || first["bare"] != 3 || first["rehearsed"] != 3 || first["ours"] != 3 {
		t.Errorf("%d turns, begun by %v", len(order), first)
	}
}

func TestKeptHistogramsComeBack(t *testing.T) {
	gaps, _ := contestOf(t, 300)
	folder := t.TempDir()
	r := &Report{Scenario: "test", At: time.Unix(1_700_000_000, 0), Gaps: gaps}
	if err := r.Keep(folder); err != nil {
		t.Fatal(err)
	}
	if len(r.Files) != 9 {
		t.Fatalf("kept %v", r.Files)
	}
	h, err := readHistogram(filepath.Join(folder, "1us.ours.send.hlog"))
	if err != nil {
		t.Fatal(err)
	}
	if s := h.Summary(); s.N != 300 || s.P50Nanos != 750 {
		t.Errorf("%+v", s)
	}
	if _, err := readHistogram(filepath.Join(folder, "report.json")); err == nil {
		t.Error("a report was taken for a histogram")
	}
}

func TestMedianAndQuantile(t *testing.T) {
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("median %v", got)
	}
	if got := median([]float64(nil)); got != 0 {
		t.Errorf("median of nothing %v", got)
	}
	values := []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	if got := quantileOf(values, 50); got != 6 {
		t.Errorf("p50 %d", got)
	}
	if got := quantileOf(values, 90); got != 10 {
		t.Errorf("p90 %d", got)
	}
	if values[0] != 10 {
		t.Error("the samples were sorted in place")
	}
}
