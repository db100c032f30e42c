package netpoll_test

import (
	"context"
	"errors"
	goruntime "runtime"
	"strings"
	"testing"

	"orderwire/netpoll"
)

func TestCalibrate(t *testing.T) {
	got, err := netpoll.Calibrate(t.Context(), netpoll.CalibrateConfig{Rounds: 20, Sleepers: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(got.Why, got.Skipped)
	if got.Backend == "" || got.Why == "" || got.FanOutMin < 1 || got.Clock == "" {
		t.Errorf("no conclusion: %+v", got)
	}
	ways := append(append(append([]netpoll.Way{}, got.Send...), got.FanOut...), got.Receive...)
	for _, w := range ways {
		if w.N != 20 || w.P50Nanos <= 0 || w.P90Nanos < w.P50Nanos || w.Ratio <= 0 || w.Sockets < 1 {
			t.Errorf("odd row %+v", w)
		}
	}
	if len(got.Send) < 2 || got.Send[0].Name != "bare" || got.Send[0].Ratio != 1 {
		t.Errorf("sends %+v", got.Send)
	}
	cpus, err := netpoll.Affinity()
	if err != nil {
		t.Fatal(err)
	}
	if len(cpus) > 1 && len(got.Receive) < 4 {
		t.Errorf("receives %+v", got.Receive)
	}
}

func TestCalibrateEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := netpoll.Calibrate(ctx, netpoll.CalibrateConfig{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestCalibrationPicks draws conclusions from told figures.
func TestCalibrationPicks(t *testing.T) {
	way := func(name string, sockets int, p50 int64, ratio float64) netpoll.Way {
		return netpoll.Way{Name: name, Sockets: sockets, P50Nanos: p50, Ratio: ratio}
	}
	usual := []netpoll.Way{way("bare", 1, 1000, 1), way("direct", 1, 1020, 1.02), way("ring", 1, 1150, 1.15), way("auto", 1, 1030, 1.03)}
	fan := []netpoll.Way{
		way("bare", 4, 4000, 1), way("one enter", 4, 4044, 1.011),
		way("bare", 8, 8000, 1), way("one enter", 8, 7856, 0.982),
		way("bare", 16, 16000, 1), way("one enter", 16, 15520, 0.97),
	}
	hear := func(ring float64) []netpoll.Way {
		return []netpoll.Way{
			way("bare", 1, 4300, 1), way("direct", 1, 4300, 1), way("ring", 1, 4300*9, 9), // with one socket: does not decide
			way("bare", 4, 4300, 1), way("direct", 4, 4300, 1), way("ring", 4, int64(4300*ring), ring),
		}
	}
	for _, row := range []struct {
		name    string
		in      netpoll.Calibration
		backend string
		fanOut  int
		says    string
	}{
		{"as measured", netpoll.Calibration{Send: usual, FanOut: fan, Receive: hear(1.02)}, "auto", 8, "from 8 sockets on"},
		{"slow ring receives", netpoll.Calibration{Send: usual, FanOut: fan, Receive: hear(5)}, "direct", 8, "takes 5.00 of a bare spin by the ring"},
		{"no ring", netpoll.Calibration{Send: usual[:2]}, "direct", 1024, "no ring here"},
		{"a fast ring", netpoll.Calibration{Send: []netpoll.Way{usual[0], usual[1], way("ring", 1, 900, 0.9)}, FanOut: fan}, "ring", 8, "by the ring takes 0.90"},
		{"fan-out never wins", netpoll.Calibration{Send: usual, FanOut: []netpoll.Way{way("one enter", 16, 1, 1.1)}, Receive: hear(1)}, "auto", 1024, "never beats"},
		{"a gap in the winning row", netpoll.Calibration{Send: usual, FanOut: []netpoll.Way{
			way("one enter", 2, 1, 0.9), way("one enter", 4, 1, 1.1), way("one enter", 8, 1, 0.9),
		}, Receive: hear(1)}, "auto", 8, "from 8"},
	} {
		row.in.Sockets = 4
		got := netpoll.Pick(row.in)
		if got.Backend != row.backend || got.FanOutMin != row.fanOut || !strings.Contains(got.Why, row.says) {
			t.Errorf("%s: %s from %d: %s", row.name, got.Backend, got.FanOutMin, got.Why)
		}
	}
}

func TestOpenByName(t *testing.T) {
	goruntime.LockOSThread()
	for _, row := range []struct {
		name, backend string
		want          error
	}{
		{"", "auto", nil},
		{"auto", "auto", nil},
		{"direct", "direct", nil},
		{"ring", "ring", nil},
		{"giouring", "giouring", netpoll.ErrNotBuilt},
		{"carrier pigeon", "", nil},
	} {
		arena := newArena(t, 64, 512)
		port, why, err := netpoll.Open(row.name, arena, netpoll.NewMonoClock(), netpoll.PortConfig{})
		if errors.Is(err, netpoll.ErrNoRing) || row.name == "auto" && strings.HasPrefix(why, "direct") {
			t.Logf("%q: %v %s", row.name, err, why)
			continue
		}
		if row.want != nil && len(tagged) == 0 && errors.Is(err, row.want) {
			continue
		}
		if row.backend == "" {
			if err == nil {
				t.Errorf("%q was opened", row.name)
			}
			continue
		}
		if err != nil || port.Backend() != row.backend || why == "" {
			t.Errorf("%q: %v, %q, %v", row.name, port, why, err)
			continue
		}
		if err := port.Close(); err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkCalibrate prints the whole table for this host, with enough rounds to claim something.
func BenchmarkCalibrate(b *testing.B) {
	for range b.N {
		got, err := netpoll.Calibrate(b.Context(), netpoll.CalibrateConfig{Rounds: 20_000, Sleepers: true})
		if err != nil {
			b.Fatal(err)
		}
		for _, table := range []struct {
			name string
			ways []netpoll.Way
		}{{"send", got.Send}, {"fan-out", got.FanOut}, {"receive", got.Receive}} {
			for _, w := range table.ways {
				b.Logf("%-8s %-20s x%-2d p50 %6d ns (%.3f)  p90 %6d ns (%.3f)  p99 %6d ns", table.name, w.Name, w.Sockets,
					w.P50Nanos, w.Ratio, w.P90Nanos, w.Ratio90, w.P99Nanos)
			}
		}
		b.Log(got.Why, got.Skipped)
	}
}
