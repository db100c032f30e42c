package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Contest compares runners in interleaved runs: in each run every runner pushes the same orders at the same gaps, in
// blocks, in a rotating order, so that what disturbs the host disturbs all of them. Ratios are taken within one run, and
// the median of the runs is what is said.
type Contest struct {
	Runners []Runner
	// Floor and Rehearsed are the indexes of what the others are compared with; -1: there is none.
	Floor, Rehearsed int
	Gaps             []time.Duration
	// Samples is how many orders each runner pushes in all runs of one gap together.
	Samples int
	Runs    int
	Log     io.Writer // progress
}

// Row is one runner at one gap. Units: ns from the intended time of each order; of all runs together.
type Row struct {
	Name string  `json:"name"`
	Send Summary `json:"send_ns"`
	Wire Summary `json:"wire_ns"`
	Ack  Summary `json:"ack_ns"`
	// Ratios of p50 and p90 to the floors, each the median of the runs. 0: there is no such floor.
	SendToBare      Ratio   `json:"send_to_bare"`
	SendToRehearsed Ratio   `json:"send_to_bare_rehearsed"`
	WireToBare      Ratio   `json:"wire_to_bare"`
	AckToBare       Ratio   `json:"ack_to_bare"`
	Rehearsed       float64 `json:"rehearsed"`             // share of triggers that met a rehearsal
	RehearsalWait   int64   `json:"rehearsal_wait_max_ns"` // the longest wait for one
	Allocs          float64 `json:"allocs_per_order"`      // of the whole process
	GCs             int64   `json:"gcs"`
	Bad             int64   `json:"bad"`

	send, wire, ack *Histogram
	counted         int
}

// Ratio is of medians and of 90th percentiles.
type Ratio struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
}

// GapRows are the rows of one gap.
type GapRows struct {
	GapNanos  int64   `json:"gap_ns"`
	Runs      int     `json:"runs"`
	Discarded int     `json:"discarded"`  // runs in which the hypervisor took more than stealMax
	Steal     float64 `json:"stolen_pct"` // the most of any run that counts
	// SweptBytes is how much was swept through the cache before each order, 0 for nothing.
	SweptBytes int   `json:"swept_bytes,omitempty"`
	Rows       []Row `json:"rows"`
}

const (
	// stealMax is the share of stolen time past which a run says nothing. Units: percent.
	stealMax = 3.0
	// discardMax is how many runs may be thrown away until the host is called unfit.
	discardMax = 5
	// blockOrders is how many orders a runner pushes before the next one's turn; blockWarm of them do not count: they pay
	// for the sleep before.
	blockOrders = 250
	blockWarm   = 25
)

// Run holds the contest, one gap after the other.
func (c *Contest) Run(ctx context.Context) ([]GapRows, error) {
	all := make([]GapRows, 0, len(c.Gaps))
	for _, gap := range c.Gaps {
		rows, err := c.gap(ctx, gap)
		if err != nil {
			return nil, err
		}
		all = append(all, rows)
	}
	return all, nil
}

// samples are what one runner measured in one run.
type samples struct{ send, wire, ack []int64 }

func (c *Contest) gap(ctx context.Context, gap time.Duration) (GapRows, error) {
	out := GapRows{GapNanos: gap.Nanoseconds(), Rows: make([]Row, len(c.Runners))}
	for i, r := range c.Runners {
		out.Rows[i] = Row{Name: r.Name(), send: NewHistogram(), wire: NewHistogram(), ack: NewHistogram()}
	}
	var ratios [][4]Ratio // runs x runners
	for out.Runs < c.Runs {
		meter := StartSteal("/")
		taken, err := c.once(ctx, gap, out.Runs+out.Discarded, out.Rows)
		if err != nil {
			return out, err
		}
		stolen := meter.Percent()
		if stolen > stealMax {
			if out.Discarded++; out.Discarded > discardMax {
				return out, fmt.Errorf("bench: %d runs in which more than %g %% of the time was stolen by the hypervisor: this host is not fit to measure on", out.Discarded, stealMax)
			}
			fmt.Fprintf(c.Log, "\ngap %s: a run is discarded, %.1f %% of its time was stolen\n", gap, stolen)
			continue
		}
		out.Runs++
		out.Steal = max(out.Steal, stolen)
		for i := range taken {
			out.Rows[i].keep(&taken[i])
			ratios = append(ratios, c.compare(taken, i))
		}
	}
	for i := range out.Rows {
		out.Rows[i].close(ratios, i, len(c.Runners))
	}
	return out, nil
}

// once is one interleaved run of all runners.
func (c *Contest) once(ctx context.Context, gap time.Duration, run int, rows []Row) ([]samples, error) {
	taken := make([]samples, len(c.Runners))
	left := max(1, (c.Samples+c.Runs-1)/c.Runs)
	for block := 0; left > 0; block++ {
		n := min(left, blockOrders)
		left -= n
		command := Command{N: n, Warm: blockWarm, ThinkNanos: gap.Nanoseconds(), Seed: uint64(run)<<32 | uint64(block)<<16 | 1}
		for k := range c.Runners {
			i := (k + block + run) % len(c.Runners)
			b, err := c.Runners[i].Run(ctx, command)
			if err != nil {
				return nil, err
			}
			taken[i].send = append(taken[i].send, b.Send...)
			taken[i].wire = append(taken[i].wire, b.Wire...)
			taken[i].ack = append(taken[i].ack, b.RTT...)
			rows[i].note(b)
		}
		fmt.Fprintf(c.Log, "\rgap %-6s run %d of %d: %d orders to go   ", gap, run+1, c.Runs, left)
	}
	fmt.Fprint(c.Log, "\r\033[K")
	return taken, nil
}

// note adds what is counted, not timed.
func (r *Row) note(b *Batch) {
	n := float64(b.N)
	r.Rehearsed += b.Rehearsed * n // a sum until close
	r.Allocs += b.Allocs * n
	r.GCs += b.GCs
	r.RehearsalWait = max(r.RehearsalWait, b.RehearsalWaitMax)
	r.Bad = max(r.Bad, b.Bad)
	r.counted += b.N
}

func (r *Row) keep(s *samples) {
	for _, row := range []struct {
		into *Histogram
		from []int64
	}{{r.send, s.send}, {r.wire, s.wire}, {r.ack, s.ack}} {
		for _, v := range row.from {
			row.into.Record(v)
		}
	}
}

// compare makes runner i's ratios of one run: send to bare, send to rehearsed, wire to bare, ack to bare.
func (c *Contest) compare(taken []samples, i int) (out [4]Ratio) {
	if c.Floor >= 0 {
		floor := &taken[c.Floor]
		out[0] = ratioOf(taken[i].send, floor.send)
		out[2] = ratioOf(taken[i].wire, floor.wire)
		out[3] = ratioOf(taken[i].ack, floor.ack)
	}
	if c.Rehearsed >= 0 {
		out[1] = ratioOf(taken[i].send, taken[c.Rehearsed].send)
	}
	return out
}

func (r *Row) close(ratios [][4]Ratio, i, runners int) {
	r.Send, r.Wire, r.Ack = r.send.Summary(), r.wire.Summary(), r.ack.Summary()
	if r.counted > 0 {
		r.Rehearsed /= float64(r.counted)
		r.Allocs /= float64(r.counted)
	}
	for k, into := range []*Ratio{&r.SendToBare, &r.SendToRehearsed, &r.WireToBare, &r.AckToBare} {
		var p50, p90 []float64
		for at := i; at < len(ratios); at += runners {
			p50, p90 = append(p50, ratios[at][k].P50), append(p90, ratios[at][k].P90)
		}
		into.P50, into.P90 = median(p50), median(p90)
	}
}

// ratioOf compares two lists of durations of one run.
func ratioOf(ours, floor []int64) Ratio {
	return Ratio{P50: over(quantileOf(ours, 50), quantileOf(floor, 50)), P90: over(quantileOf(ours, 90), quantileOf(floor, 90))}
}

func over(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func quantileOf(values []int64, percent int) int64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}

func median[T cmp.Ordered](values []T) (m T) {
	if len(values) == 0 {
		return m
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// CloseAll ends all runners.
func CloseAll(runners []Runner) error {
	var err error
	for _, r := range runners {
		err = errors.Join(err, r.Close())
	}
	return err
}
