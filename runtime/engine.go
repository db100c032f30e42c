package runtime

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/market"
	"orderwire/tlsio"
	"orderwire/wsproto"
)

// Engine is one loop with its supervisors: the library's front door.
//
//	engine, err := runtime.New(config)
//	err = engine.Run(ctx) // until ctx ends
type Engine struct {
	plan     Config
	loop     *Loop
	ids      *orders.IDs
	track    *orders.Tracker
	why      string                  // why the port is the one it is
	places   [sessionMax]*supervisor // who owns which session place
	births   sync.Mutex              // many supervisors, one queue
	events   chan SessionEvent
	told     bell // an event waits
	tokens   tokens
	inquirer *inquirer  // nil: the dialect cannot be asked
	cold     *canceller // nil: orders are cancelled on their own connections
	// What the observer is shown by pointer; only drain writes it.
	timing  Timing
	receipt orders.Receipt
	stop    context.CancelFunc    // ends the run
	failed  atomic.Pointer[error] // why it was given up
}

// drainEvery is how often the control plane collects what the loop has to tell.
const drainEvery = 2 * time.Millisecond

// New checks c, compiles the armed orders and reserves all memory. Nothing is connected yet.
func New(c Config) (*Engine, error) {
	plan, err := c.plan()
	if err != nil {
		return nil, err
	}
	if plan.Clock == nil {
		plan.Clock, _ = netpoll.NewClock()
	}
	if plan.Rand == nil {
		plan.Rand = rand.Reader
	}
	if plan.Network == nil {
		plan.Network = HostNetwork(plan.Backend)
	}
	if plan.Tasks == nil {
		plan.Tasks = hostTasks{}
	}
	if plan.Sessions == nil {
		plan.Sessions = tlsio.NewSessions(0, 0, plan.Tasks.Now)
	}
	e := &Engine{plan: plan, ids: &orders.IDs{}, track: orders.NewTracker(plan.TrackMax), events: make(chan SessionEvent, 64), told: newBell()}
	e.loop = &Loop{
		clock: plan.Clock, silence: silenceOf(&plan), dialect: plan.Dialect, strategy: plan.Strategy, space: plan.IDs,
		maxSendAge: plan.MaxSendAge.Nanoseconds(),
		births:     newQueue[*session](2 * sessionMax),
		doubts:     newQueue[doubt](1 << 14), findings: newQueue[finding](1 << 12), journal: plan.Journal, risk: plan.Risk,
		tickets: newQueue[ticket](8), keepsTickets: plan.Sessions != nil,
		renewals: newQueue[uint16](2 * sessionMax),
		mints:    newQueue[*minted](4), colds: newQueue[coldCancel](1 << 10),
		ends:         newQueue[sessionEnd](2 * sessionMax),
		timing:       newQueue[Timing](1 << 14),
		needsReports: needsReports(&plan), timings: newTimings(timingsKept), placed: newPlaced(plan.TrackMax), ids: e.ids, track: e.track, kill: plan.Kill, venue: orders.NewVenueClock(0),
		receipt: newQueue[orders.Receipt](1 << 14),
	}
	e.loop.market.Depth.Bids = make([]market.Level, 0, levelsMax)
	e.loop.market.Depth.Asks = make([]market.Level, 0, levelsMax)
	e.loop.many, _ = plan.Dialect.(orders.Many)
	e.loop.responder, _ = plan.Dialect.(orders.Responder)
	if err := e.firstToken(); err != nil {
		return nil, fmt.Errorf("runtime: %w", err)
	}
	plan.Risk.Watch(e.track)
	if watcher, wants := plan.Risk.(ClockWatcher); wants {
		watcher.WatchClock(e.loop.venue)
	}
	if c := coldCancels(plan.Dialect); c != nil && plan.Signer != nil {
		e.cold, e.loop.cancelsCold = newCanceller(e, c), true
	}
	if a := archiveOf(e); a != nil {
		e.inquirer, e.loop.asks = newInquirer(e, a), true
	}
	armedAll, err := e.armFirst()
	if err != nil {
		return nil, fmt.Errorf("runtime: %w", err)
	}
	for i, a := range armedAll {
		template := a.template
		if room := plan.SlotBytes - headRoom - tailRoom; template.Len() > room {
			return nil, fmt.Errorf("%w: SlotBytes: armed order %d has %d bytes, a slot has room for %d", ErrConfig, i, template.Len(), room)
		}
		e.loop.armed = append(e.loop.armed, a)
	}
	e.loop.ahead = e.newAhead()
	e.restore()
	return e, nil
}

// armFirst compiles the armed orders for the first time, with whatever token there is.
func (e *Engine) armFirst() ([]armed, error) {
	if now := e.tokenNow(); now != nil {
		return now.armed, nil
	}
	var all []armed
	for i, spec := range e.plan.Armed {
		a, err := e.plan.arm(spec)
		if err != nil {
			return nil, fmt.Errorf("armed order %d: %w", i, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// windowMillis is how long a venue may take to accept an order whose Spec does not say: short, since a lost order stays
// Unknown for as long.
const windowMillis = 1000

// arm compiles an order and the request that cancels it.
func (c *Config) arm(spec orders.Spec) (a armed, err error) {
	setDefault(&spec.WindowMillis, windowMillis)
	a.spec = spec
	if a.template, err = c.Dialect.Compile(spec, c.IDs, c.Signer); err != nil {
		return a, err
	}
	a.cancelSpec = orders.Spec{Action: orders.Cancel, Symbol: spec.Symbol, WindowMillis: spec.WindowMillis}
	if coldCancels(c.Dialect) != nil {
		return a, nil
	}
	if a.cancel, err = c.Dialect.Compile(a.cancelSpec, c.IDs, c.Signer); err != nil {
		return a, fmt.Errorf("its cancel: %w", err)
	}
	return a, nil
}

// levelsMax is how many levels a side one market message may carry (Binance: a snapshot of 5000).
const levelsMax = 5000

// Run serves until ctx ends or, where every connection is wanted Once, until all have ended. It returns
// what stopped it, nil for ctx; with Config.FirstTries that may be a connection that cannot be made.
func (e *Engine) Run(ctx context.Context) error {
	ctx, e.stop = context.WithCancel(ctx)
	defer e.stop()
	tasks := e.plan.Tasks
	var unprepared, stopped error
	started := make(chan struct{})
	spinning := tasks.Thread(func() {
		unprepared = e.prepare()
		close(started)
		if unprepared == nil {
			stopped = e.spin()
		}
	})
	if e.await(started); unprepared != nil {
		return unprepared
	}
	watch, stopWatch := context.WithCancel(context.Background())
	watching := tasks.Go(func() { e.watch(watch) })

	asking, stopAsking := context.WithCancel(ctx)
	defer stopAsking()
	var serving []<-chan struct{}
	for _, v := range e.supervisors() {
		serving = append(serving, tasks.Go(func() { v.run(ctx) }))
	}
	halting := tasks.Go(func() {
		tasks.Wait(asking, time.Time{}, nil)
		e.loop.halt.Store(true) // the loop ends what it holds, and its supervisors return
	})
	var keeping []<-chan struct{}
	for _, k := range e.keepers() {
		keeping = append(keeping, tasks.Go(func() { k.run(asking, e) }))
	}
	if e.cold != nil {
		keeping = append(keeping, tasks.Go(func() { e.cold.run(asking) }))
	}
	inquiring := tasks.Go(func() {
		if e.inquirer != nil {
			e.inquirer.run(asking)
		}
	})
	for _, done := range serving {
		e.await(done)
	}
	stopAsking()
	e.await(halting)
	e.await(inquiring)
	for _, done := range keeping {
		e.await(done)
	}
	e.loop.quit.Store(true)
	e.await(spinning)
	stopWatch()
	e.await(watching)
	return errors.Join(e.failure(), stopped)
}

func (e *Engine) supervisors() []*supervisor {
	var all []*supervisor
	first := beginnings{}
	add := func(role Role, endpoint Endpoint, path string) {
		if endpoint.URL == "" {
			return
		}
		v := &supervisor{
			engine: e, role: role, index: uint16(2 * len(all)), endpoint: endpoint, path: path,
			ended: make(chan sessionEnd, 2), renew: newBell(), bell: newBell(), beginning: first.of(role, path),
		}
		e.places[v.index], e.places[v.index+1] = v, v
		all = append(all, v)
	}
	if e.loop.needsReports && e.plan.Orders.URL != "" {
		reports := e.plan.Reports
		if reports.URL == "" {
			reports = e.plan.Orders
		}
		add(ReportRole, reports, reportPath(e.plan.Dialect))
	}
	for range 1 + e.plan.Standbys {
		add(OrderRole, e.plan.Orders, e.plan.Dialect.OrderPath())
	}
	for _, path := range marketPaths(e.plan.Dialect, e.plan.Symbols) {
		add(MarketRole, e.plan.Market, path)
	}
	// One role after the other: an order whose report nobody hears must not leave, and a market that is heard before orders
	// can be placed only makes triggers that nobody can follow.
	var ready chan struct{}
	for i, v := range all {
		if i == 0 || all[i-1].role != v.role {
			v.after, ready = ready, make(chan struct{})
			next := ready
			v.served = sync.OnceFunc(func() { close(next) })
			continue
		}
		v.after = all[i-1].after
	}
	return all
}

// spin is the pinned thread: it turns until it is halted, and takes everything down.
func (e *Engine) spin() error {
	l := e.loop
	for !l.quit.Load() {
		l.turn(l.clock.Now())
	}
	l.seen.publish(&l.counts, l.track)
	if err := l.shadow.close(); err != nil {
		return fmt.Errorf("runtime: rehearsal: %w", err)
	}
	if err := l.port.Close(); err != nil {
		return fmt.Errorf("runtime: port: %w", err)
	}
	if err := l.arena.Close(); err != nil {
		return fmt.Errorf("runtime: arena: %w", err)
	}
	return nil
}

// prepare pins the thread and makes the port.
func (e *Engine) prepare() error {
	if e.plan.CPU >= 0 {
		if err := netpoll.Pin(e.plan.CPU); err != nil {
			return fmt.Errorf("runtime: pin the loop to CPU %d: %w", e.plan.CPU, err)
		}
	}
	arena, err := netpoll.NewArena(e.plan.SlotCount, e.plan.SlotBytes)
	if err != nil {
		return fmt.Errorf("runtime: arena: %w", err)
	}
	e.loop.arena = arena
	e.loop.port, e.why, err = e.plan.Network.Port(e.plan.Clock, arena)
	if err != nil {
		return fmt.Errorf("runtime: port: %w", err)
	}
	if len(e.plan.Armed) > 0 && e.plan.RehearseEvery > 0 {
		e.loop.shadow, err = e.newRehearsal()
	}
	return err
}

// watch is the control plane's ear: it hands to the observer what the loop left in its queues.
func (e *Engine) watch(ctx context.Context) {
	for ctx.Err() == nil {
		e.plan.Tasks.Wait(ctx, e.plan.Tasks.Now().Add(drainEvery), e.told)
		e.drain()
	}
	e.drain() // what was left after the loop's last turn
}

func (e *Engine) observe(ev SessionEvent) {
	if e.plan.Observer != nil {
		e.plan.Observer.Session(ev)
	}
}

func (e *Engine) drain() {
	observer := e.plan.Observer
	for e.loop.timing.take(&e.timing) {
		if observer != nil {
			observer.Timing(&e.timing)
		}
	}
	for e.loop.receipt.take(&e.receipt) {
		e.heard(&e.receipt)
		if observer != nil {
			observer.Receipt(&e.receipt)
		}
	}
	for e.loop.tickets.take(&e.loop.ticketIn) {
		t := &e.loop.ticketIn
		if err := t.session.link.Ticket(t.messages[:t.size]); err != nil {
			e.observe(SessionEvent{Role: t.session.role, Phase: Live, Err: err}) // the connection goes on; only the next handshake is a full one
		}
	}
	var end sessionEnd
	for e.loop.ends.take(&end) {
		end.session.link.Wipe()
		v := e.places[end.session.index]
		v.ended <- end
		v.bell.ring()
	}
	e.inquire()
	if e.cold != nil && !e.loop.colds.empty() {
		e.cold.bell.ring()
	}
	var index uint16
	for e.loop.renewals.take(&index) {
		v := e.places[index]
		v.renew.ring()
		v.bell.ring()
	}
	for {
		select {
		case ev := <-e.events:
			e.observe(ev)
		default:
			return
		}
	}
}

// inquire hands the loop's doubts to the inquirer.
func (e *Engine) inquire() {
	var d doubt
	for e.inquirer != nil && len(e.inquirer.wake) < cap(e.inquirer.wake) && e.loop.doubts.take(&d) {
		e.inquirer.wake <- d
		e.inquirer.bell.ring()
	}
}

// heard lets the inquirer drop a doubt that has ended by itself.
func (e *Engine) heard(r *orders.Receipt) {
	if e.inquirer == nil || !r.State.Ended() {
		return
	}
	select {
	case e.inquirer.settled <- r.ID:
		e.inquirer.bell.ring()
	default: // it asks once more than it needed to
	}
}

// deliver hands a connection to the loop.
func (e *Engine) deliver(s *session) {
	e.births.Lock()
	defer e.births.Unlock()
	if !e.loop.births.put(&s) {
		panic("runtime: more births than session places") // each supervisor has two places, and the queue has all
	}
}

// tell queues a session event for the observer. Control plane.
func (e *Engine) tell(ev SessionEvent) {
	e.events <- ev
	e.told.ring()
}

// Stats is a copy of the loop's counts, at most some thousand idle turns old; exact after Run.
func (e *Engine) Stats() Stats { return e.loop.seen.stats() }

// Backend names the port in use and says why. It is known once Run has started.
func (e *Engine) Backend() (name, why string) {
	if e.loop.port == nil {
		return "", ""
	}
	return e.loop.port.Backend(), e.why
}

// session makes the loop's half of a connection from its cold half.
func (e *Engine) session(role Role, index uint16, w *Wire) *session {
	s := &session{
		index: index, role: role, phase: Connecting,
		link: w.link, reader: w.reader, http: w.http, methods: httpMethods, masks: w.masks,
		signer: e.plan.Signer, ids: e.ids, track: e.track,
		journal: e.plan.Journal, risk: e.plan.Risk,
		marks: marks{clock: e.plan.Clock}, kill: e.plan.Kill, venue: e.loop.venue, ahead: &e.loop.ahead, timings: &e.loop.timings,
		flight: newFlight(e.plan.SlotCount),
	}
	if pinger, wanted := e.plan.Dialect.(orders.Pinger); wanted {
		s.ping, s.pingNanos = pinger.Ping()
	}
	s.armed, s.armedUntil = e.armedNow()
	s.cipher.buf = make([]byte, 0, 4*e.plan.SlotBytes)
	s.plain.buf = make([]byte, 0, e.plan.MessageMaxBytes+wsproto.MaxHeader+4*e.plan.SlotBytes)
	return s
}

// newAhead has the capacity and the times of signing ahead. A candidate is taken only if its age, the time it may wait
// here, the way to the venue and the clock's error fit in its window (design.md section 4).
func (e *Engine) newAhead() ahead {
	if e.plan.SignAhead < 0 || len(e.loop.armed) == 0 {
		return ahead{}
	}
	longest, window := 0, int64(1<<62)
	for i := range e.loop.armed {
		longest = max(longest, e.loop.armed[i].template.Len())
		window = min(window, int64(e.loop.armed[i].spec.WindowMillis)*1e6)
	}
	life := window - e.plan.MaxSendAge.Nanoseconds() - e.plan.OneWay.Nanoseconds() - clockBoundMax
	if life <= 0 {
		return ahead{} // the window is too short to sign anything ahead
	}
	return newAhead(min(e.plan.SignAhead.Nanoseconds(), life/2), life, longest)
}

// clockBoundMax is the error of the venue's clock that candidates leave room for. Units: ns.
const clockBoundMax = 50_000_000

// timingsKept is how many pushes can wait for their ack and still be timed.
const timingsKept = 1 << 12
