package world

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"orderwire/orders"
	"orderwire/orders/journal"
	"orderwire/tlsio"
)

// Options say what a world is. The zero value of each field is its default.
type Options struct {
	Seed    uint64
	Orders  int     // decisions of the trader. Default 100
	Minutes float64 // simulated time in which it decides. Default 1
	Venue   string  // Default binance
	Calm    bool    // nothing goes wrong
	// Standbys is how many order connections stand by. Default 0.
	Standbys int
	Bug      Bug       // a planted mistake
	Log      io.Writer // gets the event log as text; nil: only its hash is made
	Dir      string    // where the journal lies. Default: a new folder on /dev/shm or in TMPDIR, removed at the end
}

func (o Options) filled() Options {
	if o.Orders == 0 {
		o.Orders = 100
	}
	if o.Minutes == 0 {
		o.Minutes = 1
	}
	if o.Venue == "" {
		o.Venue = "binance"
	}
	return o
}

// The times of a world.
const (
	settleNanos    = 2 * time.Second // how long the venue may take to show what it has done: it takes less
	sessionLife    = 25 * time.Second
	connectTimeout = 3 * time.Second
	backoffMin     = 50 * time.Millisecond
	backoffMax     = 2 * time.Second
	flusherNever   = 1 << 40 * time.Nanosecond // the world flushes the journal itself, at its own times
	flushNanos     = 1_000_000
	stopNanos      = int64(20_000_000_000)
	calmNanos      = int64(60_000_000_000) // after the last decision: every doubt must have ended by then
	warmNanos      = int64(500_000_000)
)

// world is one run.
type world struct {
	*stage
	options      Options
	market       exchange
	record       *record
	faults       *faults
	peer         *peer
	life         *life // nil: no process runs
	lives        int
	links        uint64
	oneWay       int64
	host         host
	disk         journal.FaultyDisk
	dir          string
	damaged      bool // a fault has damaged the journal
	sessions     *tlsio.Sessions
	certificates *certificates

	plan  []*decision
	made  []*decision
	bound map[orderKey]*decision
	tally tally

	wire        dice
	clientBytes *rand.ChaCha8
	venueBytes  *rand.ChaCha8
	failures    []string
	verdict     Report
	drops       int
	venueAhead  int64 // what the venue's clock was set off by
}

// orderKey names an order over all lives.
type orderKey struct {
	epoch uint32
	id    uint64
}

// Run lives through one world and tells what was found. An error means that there was no world: nothing was examined.
func Run(o Options) (Report, error) {
	o = o.filled()
	w, err := newWorld(o)
	if err != nil {
		return Report{}, err
	}
	began := time.Now()
	err = w.live()
	if o.Dir == "" {
		err = errors.Join(err, os.RemoveAll(w.dir))
	}
	if err != nil {
		return Report{}, err
	}
	return w.report(time.Since(began))
}

func newWorld(o Options) (*world, error) {
	make, known := exchanges[o.Venue]
	if !known {
		return nil, fmt.Errorf("world: venue %q is not one of %v", o.Venue, slices.Sorted(maps.Keys(exchanges)))
	}
	w := &world{
		stage: &stage{now: bootNanos}, options: o, market: make(), bound: map[orderKey]*decision{},
		wire: diceFor(o.Seed, "wire"), clientBytes: bytesFor(o.Seed, "client"), venueBytes: bytesFor(o.Seed, "venue"),
		dir: o.Dir, disk: journal.FaultyDisk{Free: -1},
	}
	w.record = newRecord(w.stage, o.Log)
	w.oneWay = w.wire.between(100_000, 20_000_000)
	w.faults = newFaults(w)
	var err error
	if w.certificates, err = makeCertificates(); err != nil {
		return nil, err
	}
	venue, err := w.market.venue(w)
	if err != nil {
		return nil, err
	}
	w.peer = &peer{w: w, venue: venue, good: w.serverTLS(w.certificates.good), strange: w.serverTLS(w.certificates.strange), expired: w.serverTLS(w.certificates.expired)}
	w.peer.good.GetConfigForClient = w.faults.hello
	w.peer.newTickets(w.wire)
	if w.dir == "" {
		if w.dir, err = os.MkdirTemp(scratch(), "orderwire-world-"); err != nil {
			return nil, fmt.Errorf("world: %w", err)
		}
	}
	return w, nil
}

// scratch is a folder in memory where there is one: the journal is on its disk thousands of times a second.
func scratch() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

// live lets everything happen: decisions under faults, then quiet until every doubt should have ended, then a good end.
func (w *world) live() error {
	span := int64(w.options.Minutes * 60e9)
	w.made = w.market.decide(diceFor(w.options.Seed, "decisions"), w.options.Orders, w.now+warmNanos, w.now+warmNanos+span)
	w.plan = w.made
	w.flushing()
	w.faults.arrange(w.now+warmNanos, w.now+warmNanos+span)
	w.takers(diceFor(w.options.Seed, "takers"), w.now+warmNanos+span)
	if err := w.start(); err != nil {
		return err
	}
	w.stage.run(w.now+warmNanos+span, w.over)
	w.stage.run(w.now+calmNanos, w.over)
	if w.broken != nil {
		w.fail("%v", w.broken)
		w.broken = nil
		if w.life != nil {
			w.kill(w.life)
		}
		return nil
	}
	if err := w.life.end(); err != nil {
		return err
	}
	return w.check()
}

// over tells whether the world can end before its time.
func (w *world) over() bool { return w.broken != nil }

// flushing brings the journal to the disk in the rhythm of its flusher, on the world's time.
func (w *world) flushing() {
	if l := w.life; l != nil && !l.dead {
		_ = l.log.Sync() // a disk that takes nothing is a fault of the world; the log refuses orders then
	}
	w.after(flushNanos, w.flushing)
}

// wall is the venue's time, hostWall what our host believes.
func (w *world) wall() int64     { return wallAt(w.now) }
func (w *world) hostWall() int64 { return wallAt(w.now) + w.host.aheadNanos }

// nextEpoch is a boot epoch that was never used.
func (w *world) nextEpoch(s *journal.State) (uint32, error) {
	if w.bug(ReuseID, w.lives > 1) {
		return 1, nil
	}
	return s.NextEpoch()
}

func (w *world) dialect() orders.Dialect { return w.market.dialect() }

// reachable tells whether the venue can be reached at this moment, as far as the world is concerned.
func (w *world) reachable() bool { return w.life != nil && w.now >= w.faults.dark }

// bind remembers which decision an order belongs to.
func (w *world) bind(epoch uint32, id uint64, d *decision) { w.bound[orderKey{epoch, id}] = d }

// fail notes what must not be.
func (w *world) fail(format string, args ...any) {
	w.failures = append(w.failures, fmt.Sprintf(format, args...))
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
