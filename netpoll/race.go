package netpoll

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Racer connects to several endpoints of one venue and keeps the nearest, by the kernel's own measurement
// of the handshake (TCP_INFO's least round trip: no ping is sent, which some venues count). Control plane.
type Racer struct {
	config RaceConfig
	mu     sync.Mutex
	table  map[netip.AddrPort]*Endpoint
	chosen netip.AddrPort
}

// RaceConfig tunes a Racer. Dial's Addrs are ignored.
type RaceConfig struct {
	Dial DialConfig
	// Candidates is how many endpoints one race may connect to. Default 4.
	Candidates int
	// Hysteresis is by how much of the present endpoint's round trip a rival must be nearer to win. Default
	// 0.1; a venue's load balancer is worth more than a microsecond.
	Hysteresis float64
	// Budget is asked before each connect, with the source address of Dial: races are charged to the venue's
	// connect limit. Default: no limit.
	Budget func(source netip.Addr) bool
	// Measure reads a path. Default: Conn.Path.
	Measure func(*Conn) (Path, error)
	// Now is the wall clock. Default time.Now.
	Now func() time.Time
}

// Endpoint is one row of the table that a Racer keeps.
type Endpoint struct {
	Host     string         `json:"host"`
	Addr     netip.AddrPort `json:"addr"`
	RTTNanos int64          `json:"rtt_ns"` // of the last race; 0: not measured yet
	BestNano int64          `json:"best_rtt_ns"`
	Races    int            `json:"races"`
	Failures int            `json:"failures"`
	LastErr  string         `json:"last_error,omitempty"`
	At       time.Time      `json:"at"` // of the last race
	Chosen   bool           `json:"chosen"`
}

// Target is a host with its addresses and port: a venue may have several, which are siblings.
type Target struct {
	Host  string
	Addrs []netip.AddrPort
}

// ErrBudget is what a race says when the connect budget allowed no connect at all.
var ErrBudget = errors.New("the connect budget is spent")

const (
	defaultCandidates = 4
	defaultHysteresis = 0.1
)

// NewRacer makes a racer.
func NewRacer(c RaceConfig) *Racer {
	if c.Candidates <= 0 {
		c.Candidates = defaultCandidates
	}
	if c.Hysteresis <= 0 {
		c.Hysteresis = defaultHysteresis
	}
	if c.Budget == nil {
		c.Budget = func(netip.Addr) bool { return true }
	}
	if c.Measure == nil {
		c.Measure = (*Conn).Path
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Racer{config: c, table: make(map[netip.AddrPort]*Endpoint)}
}

// Race connects to the candidates and returns the winner's connection; the others are closed. The present
// endpoint wins unless a rival is nearer by more than the hysteresis.
//
// Errors: why the best known endpoint could not be reached, when none could; ErrBudget.
func (r *Racer) Race(ctx context.Context, targets []Target) (*Conn, error) {
	runners := r.start(ctx, r.candidates(targets))
	if len(runners) == 0 {
		return nil, &OpError{Op: "race", Cause: ErrBudget}
	}
	var winner *runner
	for _, run := range runners {
		<-run.done
		r.note(run)
		if run.err == nil && (winner == nil || r.nearer(run, winner)) {
			winner = run
		}
	}
	for _, run := range runners {
		if run.err == nil && run != winner {
			run.err = run.conn.Close()
		}
	}
	if winner == nil {
		return nil, runners[0].err
	}
	r.choose(winner.addr)
	return winner.conn, nil
}

// Rerace looks whether there is something nearer than where we are, without giving that up: it returns a
// connection to a rival that won, or nil. Addresses as in Race.
func (r *Racer) Rerace(ctx context.Context, targets []Target) (*Conn, error) {
	before := r.Chosen()
	conn, err := r.Race(ctx, targets)
	if err != nil || conn.Remote() != before {
		return conn, err
	}
	return nil, conn.Close()
}

// Chosen is the endpoint of the last race's winner.
func (r *Racer) Chosen() netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.chosen
}

// Table is what is known of each endpoint, nearest first, unmeasured ones last.
func (r *Racer) Table() []Endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := make([]Endpoint, 0, len(r.table))
	for _, e := range r.table {
		row := *e
		row.Chosen = row.Addr == r.chosen
		rows = append(rows, row)
	}
	slices.SortFunc(rows, compareEndpoints)
	return rows
}

func compareEndpoints(a, b Endpoint) int {
	switch {
	case (a.RTTNanos == 0) != (b.RTTNanos == 0):
		if a.RTTNanos == 0 {
			return 1
		}
		return -1
	case a.RTTNanos != b.RTTNanos:
		return int(min(max(a.RTTNanos-b.RTTNanos, -1), 1))
	}
	return a.Addr.Compare(b.Addr)
}

// runner is one connect of a race.
type runner struct {
	host string
	addr netip.AddrPort
	conn *Conn
	rtt  int64
	err  error
	done chan struct{}
}

// candidates are the endpoints to try: the present one, then those never measured, then the nearest.
func (r *Racer) candidates(targets []Target) []*runner {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*runner
	seen := map[netip.AddrPort]bool{}
	for _, t := range targets {
		for _, a := range t.Addrs {
			if seen[a] {
				continue
			}
			seen[a] = true
			all = append(all, &runner{host: t.Host, addr: a, done: make(chan struct{})})
			if r.table[a] == nil {
				r.table[a] = &Endpoint{Host: t.Host, Addr: a}
			}
		}
	}
	rank := func(run *runner) int64 {
		e := r.table[run.addr]
		switch {
		case run.addr == r.chosen:
			return -2
		case e.Races == 0:
			return -1
		case e.RTTNanos == 0: // it failed the last time
			return 1 << 62
		}
		return e.RTTNanos
	}
	slices.SortStableFunc(all, func(a, b *runner) int { return int(min(max(rank(a)-rank(b), -1), 1)) })
	return all[:min(len(all), r.config.Candidates)]
}

// start lets the candidates run, as far as the budget allows.
func (r *Racer) start(ctx context.Context, all []*runner) []*runner {
	for i, run := range all {
		if !r.config.Budget(r.config.Dial.Source) {
			return all[:i]
		}
		go func() {
			defer close(run.done)
			dial := r.config.Dial
			dial.Addrs = []netip.AddrPort{run.addr}
			run.conn, run.err = Dial(ctx, dial)
			if run.err != nil {
				return
			}
			path, err := r.config.Measure(run.conn)
			if err != nil {
				run.err = errors.Join(err, run.conn.Close())
				return
			}
			run.rtt = max(path.MinRTTNanos, 1) // 0 is "not measured"
		}()
	}
	return all
}

// note writes what a runner found into the table.
func (r *Racer) note(run *runner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.table[run.addr]
	e.Races++
	e.At = r.config.Now()
	e.LastErr, e.RTTNanos = "", run.rtt
	if run.err != nil {
		e.Failures++
		e.LastErr = run.err.Error()
		return
	}
	if e.BestNano == 0 || run.rtt < e.BestNano {
		e.BestNano = run.rtt
	}
}

// nearer tells whether a beats b, which leads so far.
func (r *Racer) nearer(a, b *runner) bool {
	chosen := r.Chosen()
	edge := func(rtt int64) int64 { return int64(float64(rtt) * (1 - r.config.Hysteresis)) }
	switch chosen {
	case b.addr:
		return a.rtt < edge(b.rtt)
	case a.addr:
		return b.rtt >= edge(a.rtt)
	}
	return a.rtt < b.rtt
}

func (r *Racer) choose(a netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.chosen = a
}
