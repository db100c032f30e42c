package journal

import (
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"orderwire/orders"
)

// Config fixes what a Log may hold. The zero value is a good default.
type Config struct {
	// Places is how many records the hot log holds: what may be written before the disk has taken it. A power of two,
	// 64..1<<20, default 16384 (2 MiB).
	Places int
	// Reserve is how many of them new orders leave to outcomes and cancels. Default an eighth.
	Reserve int
	// FlushEvery is how often records are copied to the disk and synced there. Default 1 ms.
	FlushEvery time.Duration
	// SyncBeforeSend makes Intent wait until the record is on the disk. It then survives a host crash, at the cost of one
	// fdatasync an order (0.1 to 10 ms, by disk) on the loop. Default off: a killed process loses nothing, a crashed host
	// up to FlushEvery and a sync, and recovery adopts the venue's orders that bear our prefix.
	SyncBeforeSend bool
	// FileMaxBytes ends a file. Default 16 MiB.
	FileMaxBytes int64
	// KeepFiles is how many files are kept, at least 2. Each begins with all open orders, so older ones are history. Default 16.
	KeepFiles int
	// HotDir is where the hot log should lie. Default: /dev/shm, then XDG_RUNTIME_DIR; it must be a tmpfs.
	HotDir string
	// Wall is the wall clock of records that no order causes. Default time.Now.
	Wall func() int64

	disk disk // a fault-injecting one in tests
}

const (
	defaultPlaces  = 1 << 14
	defaultFlush   = time.Millisecond
	defaultFileMax = 16 << 20
	defaultKeep    = 16
	journalFolder  = "journal"
)

func (c Config) filled() (Config, error) {
	if c.Places == 0 {
		c.Places = defaultPlaces
	}
	if c.Places < 64 || c.Places > 1<<20 || bits.OnesCount(uint(c.Places)) != 1 {
		return c, fmt.Errorf("journal: places = %d: want a power of two in 64..1048576", c.Places)
	}
	if c.Reserve == 0 {
		c.Reserve = c.Places / 8
	}
	if c.Reserve < 1 || c.Reserve >= c.Places {
		return c, fmt.Errorf("journal: reserve = %d: want 1..%d", c.Reserve, c.Places-1)
	}
	if c.FlushEvery <= 0 {
		c.FlushEvery = defaultFlush
	}
	if c.FileMaxBytes == 0 {
		c.FileMaxBytes = defaultFileMax
	}
	if c.FileMaxBytes < 64*recordBytes {
		return c, fmt.Errorf("journal: file_max_bytes = %d: want %d or more", c.FileMaxBytes, 64*recordBytes)
	}
	if c.KeepFiles == 0 {
		c.KeepFiles = defaultKeep
	}
	if c.KeepFiles < 2 {
		return c, fmt.Errorf("journal: keep_files = %d: want 2 or more", c.KeepFiles)
	}
	if c.Wall == nil {
		c.Wall = func() int64 { return time.Now().UnixNano() }
	}
	return c, nil
}

// Log is the journal in use. The loop calls Room, Intent and Outcome; everything else is for the control plane.
type Log struct {
	// The loop's own.
	hot     *hotLog
	next    uint64 // sequence number that comes next
	limit   uint64 // new orders fit below it, as far as was last looked
	lost    uint64 // outcomes that found no room since the last record
	places  uint64
	reserve uint64
	wait    bool // SyncBeforeSend

	_ [64]byte // what follows is written by the flusher: the loop's lines stay its own

	synced atomic.Uint64 // all records below it are on the disk
	halted atomic.Bool   // the disk takes nothing: no new orders
	missed atomic.Uint64 // outcomes lost for good, in total

	flusher flusher
	stop    chan struct{}
	stopped sync.WaitGroup
}

// OpenLog reads what earlier lives left in the state folder, and begins to write. epoch is this life's boot epoch.
//
// Damage is no error: it is in the Recovery, and new orders should wait until the venue was asked about everything.
func OpenLog(s *State, epoch uint32, c Config) (*Log, *Recovery, error) {
	c, err := c.filled()
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(s.Dir(), journalFolder)
	if err := s.subfolder(journalFolder); err != nil {
		return nil, nil, err
	}
	hot, fresh, err := openHot(c.HotDir, s.Dir(), uint64(c.Places))
	if err != nil {
		return nil, nil, err
	}
	past, err := readPast(dir, hot, fresh)
	if err != nil {
		return nil, nil, errors.Join(err, hot.close())
	}
	past.judge(epoch)
	if c.disk == nil {
		c.disk = folder{dir}
	}
	l := &Log{hot: hot, places: uint64(c.Places), reserve: uint64(c.Reserve), wait: c.SyncBeforeSend, stop: make(chan struct{})}
	if err := l.begin(dir, past, epoch, c); err != nil {
		return nil, nil, errors.Join(err, hot.close())
	}
	l.stopped.Go(func() { l.flusher.run(l.stop, c.FlushEvery) })
	return l, &past.Recovery, nil
}

// begin makes the past durable in a new file, then empties the ring: in this order, so that a kill in between loses nothing.
func (l *Log) begin(dir string, past *past, epoch uint32, c Config) error {
	f := &l.flusher
	*f = flusher{log: l, config: c, identity: past.identity, epoch: epoch, ordinal: past.ordinal, good: past.seal, budget: past.Budget, open: past.open}
	if err := f.resume(past); err != nil {
		return err
	}
	for _, name := range past.unbegun {
		if err := c.disk.remove(name); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	if len(past.Damage) > 0 {
		if err := setAside(dir, past.files); err != nil {
			return err
		}
	}
	if l.hot.mask+1 != l.places {
		hot, err := l.hot.replace(l.places)
		if err != nil {
			return err
		}
		l.hot = hot
	}
	l.next = past.LastSeq + 1
	l.hot.reset(past.identity, l.next)
	l.synced.Store(l.next)
	return nil
}

// Room tells whether Intent would take a new order. Loop thread.
func (l *Log) Room() bool {
	if l.halted.Load() {
		return false
	}
	if l.next < l.limit {
		return true
	}
	l.limit = l.synced.Load() + l.places - l.reserve
	return l.next < l.limit
}

// Full is the opposite of Room. Loop thread.
func (l *Log) Full() bool { return !l.Room() }

// Intent records that r is about to be sent. Where it tells false, a new order must not be sent: there is no room, or the
// disk takes nothing. A cancel may use the reserve, and goes even where it is not recorded.
//
// Loop thread; allocates nothing. It waits for nothing but where the config says SyncBeforeSend.
func (l *Log) Intent(r *IntentRecord) bool {
	if len(r.Symbol) > SymbolMax || (!r.cancels() && !l.Room()) || !l.fits() {
		return false
	}
	putIntent(l.hot.place(l.next), r, l.next)
	l.publish()
	if l.wait && l.flusher.flush() != nil {
		l.Outcome(&OutcomeRecord{ID: r.ID, Epoch: r.Epoch, State: orders.NotSent, WallNanos: r.WallNanos})
		return false
	}
	return true
}

// Outcome records what is now known of an order, and tells false where there was no room: how many were lost is then
// recorded with the next one, and recovery asks the venue. Loop thread; allocates nothing.
func (l *Log) Outcome(r *OutcomeRecord) bool {
	if !l.fits() {
		l.lost++
		l.missed.Add(1)
		return false
	}
	text, flags := r.ExecID, uint16(0)
	if len(text) == 0 {
		text, flags = r.VenueID, flagVenueID
	}
	putOutcome(l.hot.place(l.next), r, text, flags, l.next)
	l.publish()
	if len(r.ExecID) > 0 && len(r.VenueID) > 0 && l.fits() {
		putOutcome(l.hot.place(l.next), r, r.VenueID, flagVenueID, l.next)
		l.publish()
	}
	return true
}

// fits tells whether there is a place, the reserve included; it first says what was lost, if something was.
func (l *Log) fits() bool {
	free := l.synced.Load() + l.places - l.next
	if l.lost > 0 && free > 1 {
		putLost(l.hot.place(l.next), l.next, l.lost)
		l.lost = 0
		l.publish()
		free--
	}
	return free > 0
}

// publish makes the record at next one of the log: its bytes are in memory before head moves.
func (l *Log) publish() {
	l.next++
	l.hot.head.Store(l.next)
}

// Stats is the journal in figures.
type Stats struct {
	Written uint64 // records below this sequence number were written
	Synced  uint64 // and below this one are on the disk
	Lost    uint64 // outcomes that found no room
	File    string // in use
	Untidy  error  // why old files could not be removed
	OnDisk  bool   // the hot log lies on a disk: write-back may stall the loop
	Err     error  // why the disk takes nothing at the moment
}

// Stats tells how far the disk is behind. Control plane.
func (l *Log) Stats() Stats {
	f := &l.flusher
	f.mu.Lock()
	defer f.mu.Unlock()
	return Stats{
		Written: l.hot.head.Load(), Synced: l.synced.Load(), Lost: l.missed.Load(),
		File: segmentName(f.ordinal), Untidy: f.untidy, OnDisk: l.hot.onDisk, Err: f.failed,
	}
}

// Sync returns when all that was written before it is on the disk. Control plane.
func (l *Log) Sync() error { return l.flusher.flush() }

// Note records what is no order, durably when it returns: KindOverride with who and what, KindBudget with the limiter's
// state. At most 103 bytes. Control plane.
func (l *Log) Note(kind Kind, text []byte) error {
	if kind != KindOverride && kind != KindBudget {
		return fmt.Errorf("journal: a note is an override or a budget, not %v", kind)
	}
	if len(text) > noteMax {
		return fmt.Errorf("journal: a note of %d bytes is longer than %d", len(text), noteMax)
	}
	return l.flusher.note(kind, text)
}

// Close makes everything durable, ends the journal in good order, and lets go of it. The loop must have ended; the State
// is closed after it. Where the disk fails, the hot log stays for the next life.
func (l *Log) Close() error {
	close(l.stop)
	l.stopped.Wait()
	if err := l.flusher.end(); err != nil {
		return errors.Join(err, l.hot.close())
	}
	return l.hot.remove()
}
