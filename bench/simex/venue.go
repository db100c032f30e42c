package simex

import (
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
)

// Venue is what all connections of one exchange share: keys, accounts, orders, streams, counts.
//
// Locks: Conn.mu, then Venue.mu, then any Conn.outMu; never the other way. A simulation on one goroutine never waits.
type Venue struct {
	config   Config
	protocol protocol
	tally    tally
	step     atomic.Int64 // ns that the venue's clock is off by a scripted fault
	started  atomic.Bool  // replays that wait for "go" may run
	masks    maskBook
	service  serviceRing

	mu          sync.Mutex
	rand        io.Reader
	keys        map[string]*apiKey
	accounts    map[string]*account
	instruments []*instrument
	orders      []*order // by order id, from firstOrderID
	byUID       map[string]*order
	events      []event // of the request in work
	scripted    uint64  // requests that the script has seen
	executionID uint64
	reports     int64
	connNumber  uint64
	usage       usage
	replayed    int // frames of the recording that some connection has been sent
	tokens      map[string]*token
	deadlines   []deadline
	alarm       func()
	tellsRest   bool  // the protocol words eventRested
	closedUntil int64 // end of scripted maintenance
	conns       []*Conn
}

// protocol is one exchange's paths: it opens sessions, answers REST and words the reports.
type protocol interface {
	// open chooses the session for a WebSocket path; a reply refuses the upgrade.
	open(c *Conn, now int64, r *request) (session, *reply)
	rest(c *Conn, now int64, r *request) *reply
	// publish words v.events for the user streams. The venue's lock is held.
	publish(now int64, origin *Conn, plan *Plan)
	// notice announces that the venue will cut an open connection; expire ends its logon, tokens and subscriptions.
	// Both hold the connection's lock.
	notice(c *Conn, now int64)
	expire(c *Conn, now int64)
}

// Kinds are the exchanges that the examiner speaks.
func Kinds() []string {
	return []string{"binance", "binance-usdm", "bybit", "kraken", "coinbase", "coinbase-advanced"}
}

// NewVenue makes a venue. It fails on a Kind, a key or an instrument that cannot be.
func NewVenue(config Config) (*Venue, error) {
	if config.Kind == "" {
		config.Kind = "binance"
	}
	if !slices.Contains(Kinds(), config.Kind) {
		return nil, fmt.Errorf("simex: unknown venue %q", config.Kind)
	}
	if config.Instruments == nil {
		config.Instruments = DefaultInstruments(config.Kind)
	}
	if config.Fill == FillDefault {
		config.Fill = FillAlways
	}
	if config.Limits == (Limits{}) {
		config.Limits = LooseLimits()
	}
	if config.MaxMessage == 0 {
		config.MaxMessage = 64 << 10
	}
	if config.MaxBacklog == 0 {
		config.MaxBacklog = 8 << 20
	}
	v := &Venue{config: config, rand: config.Rand, keys: map[string]*apiKey{}, accounts: map[string]*account{}, tokens: map[string]*token{}, byUID: map[string]*order{}}
	if v.rand == nil {
		v.rand = rand.Reader
	}
	for _, key := range config.Keys {
		if err := v.addKey(key); err != nil {
			return nil, err
		}
	}
	for _, spec := range config.Instruments {
		ins, err := newInstrument(spec)
		if err != nil {
			return nil, err
		}
		v.instruments = append(v.instruments, ins)
	}
	v.protocol = newProtocol(v)
	return v, nil
}

func newProtocol(v *Venue) protocol {
	switch v.config.Kind {
	case "binance":
		return newBinance(v)
	case "binance-usdm":
		return newFutures(v)
	case "bybit":
		return newBybit(v)
	case "kraken":
		return newKraken(v)
	case "coinbase":
		v.tellsRest = true
		return newCoinbase(v)
	case "coinbase-advanced":
		return newAdvanced(v)
	}
	panic("simex: a kind without a protocol: " + v.config.Kind)
}

// Accept opens the plaintext side of one more connection.
func (v *Venue) Accept(now int64) *Conn {
	v.tally.add(cConnections)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.connNumber++
	c := &Conn{v: v, born: now, number: v.connNumber, pinged: -1}
	v.conns = append(v.conns, c)
	return c
}

// Go starts the replays that wait for it.
func (v *Venue) Go() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.goLocked()
}

func (v *Venue) goLocked() {
	if v.started.Swap(true) {
		return
	}
	for _, c := range v.conns {
		c.wake()
	}
}

// Counts is a snapshot of what was seen so far.
func (v *Venue) Counts() Counts {
	counts := v.tally.counts()
	counts.Service = v.service.spread()
	return counts
}

// forget drops a connection that has ended.
func (v *Venue) forget(c *Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if at := slices.Index(v.conns, c); at >= 0 {
		v.conns = slices.Delete(v.conns, at, at+1)
	}
	for _, a := range v.accounts {
		a.unsubscribe(c)
	}
	for _, t := range v.tokens {
		if t.held == c {
			t.held = nil
		}
	}
}

// clock is the venue's wall time: now, plus what a script has set it off by.
func (v *Venue) clock(now int64) int64 { return now + v.step.Load() }

// random fills buf from the injected source.
func (v *Venue) random(buf []byte) {
	if _, err := io.ReadFull(v.rand, buf); err != nil {
		panic("simex: the source of randomness has ended: " + err.Error())
	}
}

// plan asks the script about one request. The lock is held.
func (v *Venue) plan(intent Intent) Plan {
	if v.config.Script == nil {
		return Plan{}
	}
	plan := v.config.Script(v.scripted, intent)
	v.scripted++
	if !plan.honest() {
		v.tally.add(cFaults)
	}
	return plan
}

// scripted plans never allocate the intent's strings without a script.
func (v *Venue) planFor(action string, now int64, a *account, symbol string, client []byte) Plan {
	if v.config.Script == nil {
		return Plan{}
	}
	return v.plan(Intent{Action: action, Account: a.name, Symbol: symbol, ClientID: string(client), Now: now})
}
