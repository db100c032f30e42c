package runtime

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/tlsio"
)

// Endpoint is where one connection goes, and whom it trusts there.
type Endpoint struct {
	// URL is wss://host[:port]; the path comes from the dialect, unless the URL brings one.
	URL string
	// TLS holds trust, hello and limits; its ServerName is set from URL where it is empty.
	TLS tlsio.Config
	// Once: the connection is not made again when the peer closed it in good order (a replay that ended).
	Once bool
}

// Config is what an Engine is made of. It is turned into an immutable plan once; zero values mean the defaults.
type Config struct {
	// Dialect is the exchange's language. Required.
	Dialect orders.Dialect
	// Orders is the order connection. Required where Armed is not empty.
	Orders Endpoint
	// Reports is the connection for reports, at venues that have one of its own; its URL defaults to that of Orders.
	Reports Endpoint
	// REST is where tokens come from, at venues that have such: https://host[:port].
	REST Endpoint
	// Market is the market-data connection for Symbols. Its URL may be empty: then there is none.
	Market  Endpoint
	Symbols []string
	// Armed are the orders compiled when cold; a strategy names them by index.
	Armed []orders.Spec
	// IDs renders the client ids. Its epoch must have been made durable before. Required with Armed.
	IDs orders.IDSpace
	// Signer holds the credentials of the order session. Required with Armed.
	Signer *orders.Signer
	// Strategy decides. Required.
	Strategy Strategy
	// Journal and Risk stand in the push where design.md puts them. nil: none.
	Journal Journal
	Risk    Risk
	// Kill is the switch that stops new orders. nil: one of the Engine's own (Engine.Kill).
	Kill *orders.Kill
	// Sessions is a cache of TLS sessions, so that reconnects resume. nil: every handshake is a full one.
	Sessions *tlsio.Sessions
	// Observer is told, off the loop, of every timing, receipt and session event. nil: none.
	Observer Observer

	// CPU is the processor that the loop is pinned to; negative: not pinned. Default 0 means CPU 0.
	CPU int
	// Backend is auto, direct or ring. Default auto.
	Backend string
	// SlotCount and SlotBytes size the arena. Defaults 512 slots of 17 KiB: a whole TLS record fits.
	SlotCount int
	SlotBytes int
	// TrackMax is how many orders are remembered at once. Default 65536.
	TrackMax int
	// MessageMaxBytes bounds one message, whole. Default 1 MiB.
	MessageMaxBytes int
	// MaxSendAge is how long a record may wait to be handed to the kernel before its connection is aborted. Default 5 ms.
	MaxSendAge time.Duration
	// Recovered are the orders that earlier lives left without an end; they are asked about before anything new is sent.
	Recovered []Recovered
	// Reconcile asks the venue once at the start, also where nothing is known to be open. Recovered implies it.
	Reconcile bool
	// Start says what is done with open orders of ours from earlier lives. Default StartAdopt.
	Start StartPolicy
	// Settle is how long the venue may take to show in its answers what it has done: absence is believed only after it.
	// Default 15 s (lags of 10 to 15 s were reported).
	Settle time.Duration
	// SignAhead is how often a candidate that a strategy aims at is signed again (Hand.Aim). Default 100 ms; negative: never,
	// and every order is signed at its trigger.
	SignAhead time.Duration
	// OneWay is the delay to the venue that a candidate's age has to leave room for. Default 100 ms.
	OneWay time.Duration
	// RehearseEvery is the pause between two rehearsals of the push on a shadow connection while the loop is idle.
	// Default 20 us; negative: none.
	RehearseEvery time.Duration
	// Standbys is how many more order connections are kept connected, logged on and subscribed. When the one in use
	// fails, the next takes over in the same turn. Default 0, at most 8.
	Standbys int
	// SessionLife is how long a connection may live before it is replaced, the new one first; a quarter of it is jitter.
	// Default 22 h: Binance cuts after 24 h.
	SessionLife time.Duration
	// DataSilence is how long a market connection may bring no market data before it is made anew, whatever else it brings.
	// 0: what the dialect says of its venue; negative: for ever.
	DataSilence time.Duration
	// ConnectTimeout bounds resolve + connect + TLS + upgrade + login of one try. Default 10 s.
	ConnectTimeout time.Duration
	// FirstTries is how often a connection that was never live is tried before Run ends with its error. What trying again
	// cannot mend (trust, credentials, a 4xx, an unknown host, no answer in all of ConnectTimeout) ends it at the first try. A
	// connection that was live once is made again for ever. Default 0: all are tried for ever.
	FirstTries int
	// BackoffMin and BackoffMax bound the pause before the next try; it doubles, with jitter. Defaults 250 ms, 30 s.
	BackoffMin time.Duration
	BackoffMax time.Duration

	// Clock, Rand, Network and Tasks default to the host's. Several tasks read Rand.
	Clock   netpoll.Clock
	Rand    io.Reader
	Network Network
	Tasks   Tasks
}

// IDFormer is a dialect whose venue takes client ids of one form alone.
type IDFormer interface{ IDForm() orders.IDForm }

// Journal is told of an order before its bytes leave. Loop thread: no allocation, no blocking.
type Journal interface {
	// Room tells whether one more intent can be written.
	Room() bool
	// Intent records that id is about to be sent.
	Intent(id uint64, order Armed, v *orders.Values, now int64)
	// Outcome records what is now known of it.
	Outcome(r *orders.Receipt)
}

// Risk is the pre-trade gate. Loop thread: no allocation, no blocking.
// orders.Admission is the one that comes with the library.
type Risk interface {
	// Check refuses a request with a reason, or charges it and returns orders.Sent. A cancel passes every gate of ours, and
	// never a venue's ban. v.ID is the id under which the request will be sent.
	Check(spec *orders.Spec, v *orders.Values, now int64) orders.Outcome
	// Settle learns from what became of an order.
	Settle(r *orders.Receipt)
	// Observe reads the venue's own account of our usage; offset is what venue time is ahead of the loop's clock, ns.
	Observe(r *orders.Report, now, offset int64)
	// Watch gives the gate the tracker, once, before the first order.
	Watch(t *orders.Tracker)
}

// ClockWatcher is a Risk that wants to know how well the venue's clock is known. The clock is the loop's.
type ClockWatcher interface{ WatchClock(c *orders.VenueClock) }

// Observer is told what happened, in the control plane: it may allocate and block, and what it misses
// because its queue was full is counted (Stats.Dropped).
type Observer interface {
	Timing(t *Timing)
	Receipt(r *orders.Receipt)
	Session(e SessionEvent)
}

// SessionEvent is a change in one connection's life.
type SessionEvent struct {
	Role   Role
	Phase  Phase
	Peer   string // address, where known
	Note   string // what was negotiated, or nothing
	Kernel string // what seals the records of a Live connection
	Err    error  // why it ended or a try failed, nil at a start
}

// ErrConfig is what every refused Config wraps.
var ErrConfig = errors.New("runtime: config")

func (c Config) plan() (Config, error) {
	need := func(ok bool, field, rule string) error {
		if ok {
			return nil
		}
		return fmt.Errorf("%w: %s: %s", ErrConfig, field, rule)
	}
	if err := errors.Join(
		need(c.Dialect != nil, "Dialect", "is required"),
		need(c.Strategy != nil, "Strategy", "is required"),
		need(c.Orders.URL != "" || c.Market.URL != "", "Orders.URL, Market.URL", "at least one connection is required"),
		need(len(c.Armed) == 0 || c.Orders.URL != "", "Orders.URL", "is required to arm orders"),
		need(len(c.Armed) == 0 || c.Signer != nil, "Signer", "is required to arm orders"),
		need(c.Standbys >= 0 && c.Standbys <= 8, "Standbys", "is 0 to 8"),
		need(len(c.Armed) <= 1<<16, "Armed", "holds at most 65536 orders"),
		need(c.Market.URL == "" || len(c.Symbols) > 0, "Symbols", "name at least one for the market connection"),
		checkURL("Orders.URL", c.Orders.URL),
		checkURL("Market.URL", c.Market.URL),
	); err != nil {
		return c, err
	}
	setDefault(&c.Backend, "auto")
	setDefault(&c.SlotCount, 512)
	setDefault(&c.SlotBytes, 17<<10)
	setDefault(&c.TrackMax, 1<<16)
	setDefault(&c.MessageMaxBytes, 1<<20)
	setDefault(&c.MaxSendAge, 5*time.Millisecond)
	setDefault(&c.Settle, 15*time.Second)
	setDefault(&c.SignAhead, 100*time.Millisecond)
	setDefault(&c.OneWay, 100*time.Millisecond)
	setDefault(&c.RehearseEvery, 20*time.Microsecond)
	setDefault(&c.SessionLife, 22*time.Hour)
	setDefault(&c.ConnectTimeout, 10*time.Second)
	setDefault(&c.BackoffMin, 250*time.Millisecond)
	setDefault(&c.BackoffMax, 30*time.Second)
	c.Reconcile = c.Reconcile || len(c.Recovered) > 0
	if d, has := c.Dialect.(IDFormer); has {
		c.IDs.Form = d.IDForm()
	}
	if c.Journal == nil {
		c.Journal = noJournal{}
	}
	if c.Risk == nil {
		c.Risk = noRisk{}
	}
	if c.Kill == nil {
		c.Kill = new(orders.Kill)
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func checkURL(field, text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%w: %s: %q is not wss://host[:port][/path]", ErrConfig, field, text)
	}
	if u.Scheme != "wss" {
		return fmt.Errorf("%w: %s: scheme %q: orders and prices travel over wss only", ErrConfig, field, u.Scheme)
	}
	if u.User != nil {
		return fmt.Errorf("%w: %s: credentials do not belong in a URL", ErrConfig, field)
	}
	return nil
}

type noJournal struct{}

func (noJournal) Room() bool                                  { return true }
func (noJournal) Intent(uint64, Armed, *orders.Values, int64) {}
func (noJournal) Outcome(*orders.Receipt)                     {}

type noRisk struct{}

func (noRisk) Check(*orders.Spec, *orders.Values, int64) orders.Outcome { return orders.Sent }
func (noRisk) Settle(*orders.Receipt)                                   {}
func (noRisk) Observe(*orders.Report, int64, int64)                     {}
func (noRisk) Watch(*orders.Tracker)                                    {}
