package bench

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/runtime"
)

// PeerConfig says which engine is timed.
type PeerConfig struct {
	// Impl is BACKEND[/HOW]: direct, ring or auto; then nothing, or one of
	//
	//	cold    no rehearsals
	//	ahead   orders are known before their trigger, and signed ahead
	//	logon   the session has logged on (Ed25519), and orders carry no signature
	//	gated   with the risk gate and all its rules, and the journal
	Impl   string
	Target Target
	CPU    int // of the loop; negative: not pinned
	// RehearseEvery is the pause between two rehearsals. 0: the engine's default.
	RehearseEvery time.Duration
	// Journal and Risk are what gated stands for; the caller makes and closes them.
	Journal runtime.Journal
	Risk    runtime.Risk
	// Stages is filled with the marks of every order that counts. nil: they are not kept.
	Stages *Stages
	// ThrashBytes is swept through the cache when a wait begins. 0: nothing.
	ThrashBytes int
	// FeedRate is how many market frames a second the loop reads beside its orders, from Feed. 0: none, and no connection.
	FeedRate int
	Feed     Feed
}

// hows are the ways in which an engine may be timed.
var hows = []string{"", "cold", "ahead", "logon", "gated"}

// split takes Impl apart.
func (c *PeerConfig) split() (backend, how string, err error) {
	backend, how, _ = strings.Cut(c.Impl, "/")
	if !slices.Contains([]string{"direct", "ring", "auto"}, backend) || !slices.Contains(hows, how) || strings.HasSuffix(c.Impl, "/") {
		return "", "", fmt.Errorf("bench: impl %q is not direct, ring or auto, with nothing or one of /cold, /ahead, /logon, /gated behind it", c.Impl)
	}
	return backend, how, nil
}

// Peer is an engine that pushes when it is told. Between two commands its loop is parked.
type Peer struct {
	name     string
	engine   *runtime.Engine
	pacer    *pacer
	observer *peerObserver
	stop     context.CancelFunc
	ended    chan error
}

// NewPeer connects an engine, lets it rehearse for a moment, and parks it.
func NewPeer(ctx context.Context, c PeerConfig) (*Peer, error) {
	backend, how, err := c.split()
	if err != nil {
		return nil, err
	}
	clock, _ := netpoll.NewClock()
	contract := &Contract{Path: "/" + strings.TrimPrefix(c.Target.Path, "/")}
	p := &Peer{
		name: c.name(), pacer: newPacer(clock, contract, how == "ahead"), ended: make(chan error, 1),
		observer: &peerObserver{live: make(chan string, 1), failed: make(chan error, 1), stages: c.Stages},
	}
	p.pacer.sweep = newSweep(c.ThrashBytes)
	config, err := c.engine(backend, how, p, contract, clock)
	if err != nil {
		return nil, err
	}
	if p.engine, err = runtime.New(config); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	p.stop = stop
	go func() { p.ended <- p.engine.Run(running) }()
	if err := p.settle(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// engine is the engine's own configuration.
func (c *PeerConfig) engine(backend, how string, p *Peer, contract *Contract, clock netpoll.Clock) (config runtime.Config, err error) {
	url, err := c.Target.url()
	if err != nil {
		return config, err
	}
	trust, err := c.Target.tls()
	if err != nil {
		return config, err
	}
	signer, err := c.signer(how)
	if err != nil {
		return config, err
	}
	config = runtime.Config{
		Dialect: contract, Orders: runtime.Endpoint{URL: url, TLS: trust}, Armed: []orders.Spec{ContractOrder},
		IDs: ContractIDs, Signer: signer, Strategy: p.pacer, Observer: p.observer, CPU: c.CPU, Backend: backend,
		Clock: clock, RehearseEvery: c.RehearseEvery, SignAhead: -1, MaxSendAge: time.Second,
	}
	if c.FeedRate > 0 {
		if config.Market, err = c.Feed.endpoint(c.FeedRate, 0, time.Second, true); err != nil {
			return config, err
		}
		config.Symbols, p.pacer.lead = []string{"BTCUSDT"}, feedLead
	}
	switch how {
	case "cold":
		config.RehearseEvery = -1
	case "ahead":
		config.SignAhead = 0
		config.Armed[0].WindowMillis = 5000
		config.Armed = slices.Clone(config.Armed)
	case "gated":
		config.Journal, config.Risk = c.Journal, c.Risk
	}
	return config, nil
}

// feedLead is how long a loop with market data turns before the first order of a run: it first reads what has piled up while
// it was parked. Units: ns.
const feedLead = 30_000_000

// name is the impl, and the rate of the feed where there is one.
func (c *PeerConfig) name() string {
	switch {
	case c.FeedRate == 0:
		return c.Impl
	case c.FeedRate%1000 == 0:
		return fmt.Sprintf("%s+%dk", c.Impl, c.FeedRate/1000)
	}
	return fmt.Sprintf("%s+%d", c.Impl, c.FeedRate)
}

// signer signs each order, or logs on.
func (c *PeerConfig) signer(how string) (*orders.Signer, error) {
	if how == "logon" {
		if c.Target.LogonKey == "" {
			return nil, errors.New("bench: this far end has no key to log on with")
		}
		return orders.NewLogonSigner(c.Target.LogonKey, orders.AlgEd25519, c.Target.Logon, "pem")
	}
	return orders.NewHMACSigner(c.Target.Key, c.Target.Secret)
}

// settleTime is how long a fresh engine turns and rehearses before it is parked.
const settleTime = 50 * time.Millisecond

// settle waits for the connection, lets the loop warm up, and parks it.
func (p *Peer) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	select {
	case <-p.observer.live:
	case err := <-p.observer.failed:
		return err
	case err := <-p.ended:
		p.ended <- nil
		return errors.Join(errors.New("bench: the engine ended before it was connected"), err)
	case <-ctx.Done():
		return fmt.Errorf("bench: %s was not connected: %w", p.name, context.Cause(ctx))
	}
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return p.do(ctx, &job{done: make(chan error, 2)})
}

// do hands the loop a job and waits for its end.
func (p *Peer) do(ctx context.Context, j *job) error {
	select {
	case p.pacer.jobs <- j:
	case err := <-p.observer.failed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return p.done(ctx, j)
}

func (p *Peer) done(ctx context.Context, j *job) error {
	select {
	case err := <-j.done:
		return err
	case err := <-p.observer.failed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Name is the impl.
func (p *Peer) Name() string { return p.name }

// Suite is what was negotiated.
func (p *Peer) Suite() string { return p.observer.suiteName() }

// Backend is the port in use, and why.
func (p *Peer) Backend() (name, why string) { return p.engine.Backend() }

// Run times one run. See Runner.
func (p *Peer) Run(ctx context.Context, c Command) (*Batch, error) {
	b := newBatch(c.N)
	j := &job{
		sequence: Sequence{Seed: c.Seed, ThinkNanos: c.ThinkNanos}, n: c.N, warm: c.Warm,
		send: b.Send, wire: b.Wire, rtt: b.RTT, done: make(chan error, 2),
	}
	p.observer.begin(c.Warm)
	before := readMemory()
	err := p.do(ctx, j)
	after := readMemory()
	if err != nil {
		return nil, err
	}
	b.account(&before, &after, c.N+c.Warm)
	b.Bad, b.Rec, b.Seg, b.Len = j.last.Bad, j.last.Rec, j.last.Seg, j.last.Len
	met, longest, err := p.observer.end(ctx, c.N+c.Warm)
	if err != nil {
		return nil, err
	}
	b.Rehearsed, b.RehearsalWaitMax = float64(met)/float64(max(c.N, 1)), longest
	return b, nil
}

// Alloc pushes n orders without waiting for an answer, then waits for all of them. What is returned is allocated per order
// while they were pushed.
func (p *Peer) Alloc(ctx context.Context, n int) (allocs, bytes float64, err error) {
	j := &job{sequence: Sequence{Seed: 1}, n: n, unread: true, done: make(chan error, 2)}
	p.observer.begin(0)
	before := readMemory()
	err = p.do(ctx, j)
	after := readMemory()
	if err != nil {
		return 0, 0, err
	}
	if err := p.done(ctx, j); err != nil {
		return 0, 0, err
	}
	var b Batch
	b.account(&before, &after, n)
	return b.Allocs, b.Bytes, nil
}

// Close lets the loop go on, so that it can leave politely, and waits for its end.
func (p *Peer) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	p.observer.leave()
	select {
	case err := <-p.ended:
		p.stop()
		return err
	default:
	}
	err := p.do(ctx, &job{free: true, done: make(chan error, 2)})
	p.stop()
	return errors.Join(err, <-p.ended)
}

func newBatch(n int) *Batch {
	return &Batch{N: n, Send: make([]int64, n), Wire: make([]int64, n), RTT: make([]int64, n)}
}

func readMemory() (m goruntime.MemStats) {
	goruntime.ReadMemStats(&m)
	return m
}

// account fills in what the process allocated.
func (b *Batch) account(before, after *goruntime.MemStats, orders int) {
	if orders > 0 {
		b.Allocs = float64(after.Mallocs-before.Mallocs) / float64(orders)
		b.Bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(orders)
	}
	b.GCs = int64(after.NumGC - before.NumGC)
}

// peerObserver hears of an engine's life, and counts the rehearsals that orders met.
type peerObserver struct {
	live   chan string
	failed chan error
	stages *Stages

	mu      sync.Mutex
	suite   string
	leaving bool
	warm    int // timings of the run that do not count
	seen    int
	met     int
	longest int64
}

// Timing takes the marks of one order.
func (o *peerObserver) Timing(t *runtime.Timing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen++; o.seen <= o.warm {
		return
	}
	if t.RehearsalWait > 0 {
		o.met++
		o.longest = max(o.longest, t.RehearsalWait)
	}
	if o.stages != nil {
		at := [MarkCount]int64(t.At)
		o.stages.Add(&at)
	}
}

// Receipt needs no answer: the pacer heard it.
func (o *peerObserver) Receipt(*orders.Receipt) {}

// Session hears that the connection is there, or that it has ended.
func (o *peerObserver) Session(e runtime.SessionEvent) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case e.Phase == runtime.Live && e.Role == runtime.OrderRole:
		for _, word := range strings.Fields(e.Note) {
			if strings.HasPrefix(word, "TLS_") {
				o.suite = strings.TrimSuffix(word, ",")
			}
		}
		offer(o.live, o.suite)
	case e.Phase == runtime.Ended && e.Err != nil && !o.leaving:
		offer(o.failed, fmt.Errorf("bench: the connection to %s ended: %w", e.Peer, e.Err))
	}
}

// offer leaves a value where there is room: the first one counts.
func offer[T any](c chan T, v T) {
	select {
	case c <- v:
	default:
	}
}

func (o *peerObserver) suiteName() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.suite
}

func (o *peerObserver) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leaving = true
}

// begin starts the count of a run.
func (o *peerObserver) begin(warm int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.warm, o.seen, o.met, o.longest = warm, 0, 0, 0
}

// end waits until the marks of all orders of the run have come: they take a queue and 2 ms.
func (o *peerObserver) end(ctx context.Context, all int) (met int, longest int64, err error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		o.mu.Lock()
		seen, met, longest := o.seen, o.met, o.longest
		o.mu.Unlock()
		if seen >= all {
			return met, longest, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, 0, fmt.Errorf("bench: the marks of %d of %d orders never came: %w", all-seen, all, context.Cause(ctx))
		}
	}
}
