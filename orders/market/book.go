package market

// Book is the ladder of one symbol: price levels by side, kept by applying changes to a snapshot, and above all
// the knowledge of whether it may be believed. One loop owns it.
//
//	state    | depth that joins | depth that does not | snapshot       | Void, crossed ladder
//	Waiting  | kept aside       | kept aside          | Joining        | Waiting
//	Joining  | Good             | Waiting             | Joining        | Waiting
//	Good     | Good             | Waiting             | Joining        | Waiting
//
// A change joins where it builds on the state that the book has: its first number is the book's last plus one,
// or its previous number (USD-M pu) is the book's last. Right after a snapshot it may begin earlier, since a
// snapshot falls anywhere between two changes. What a snapshot needs is replayed from what was kept aside. With
// InBand snapshots Joining is skipped.
//
// Source: Binance web-socket-streams.md, "How to manage a local order book correctly".
type Book struct {
	config  BookConfig
	state   BookState
	last    int64 // number of the state that the ladder shows
	bids    ladder
	asks    ladder
	pending pending
	counts  BookCounts
}

// BookConfig is the fixed size of a book. Zero fields mean their default.
type BookConfig struct {
	// Levels is how many levels a side are kept, the best ones. Default 4096. 8..65536.
	Levels int
	// Window tells that the venue itself keeps the ladder Levels deep and sends again what comes into it: levels
	// beyond are dropped without a trace. Without Window a drop leaves a horizon: see Ladder.
	Window bool
	// InBand tells that snapshots come inside the stream of changes and need no joining.
	InBand bool
	// Unnumbered tells that changes have no numbers (Kraken): each joins, and the checksum alone tells what is missing.
	Unnumbered bool
	// PendingEvents and PendingLevels are the room for changes that wait for a snapshot. Default 64 and 16384.
	PendingEvents, PendingLevels int
}

// BookState is what a book is worth.
type BookState uint8

// The states of a book.
const (
	BookWaiting BookState = iota // it needs a snapshot
	BookJoining                  // it has one, and no change has joined it yet
	BookGood
)

// BookCounts tell what became of the events.
type BookCounts struct {
	Applied   uint64 // changes that are in the ladder
	Stale     uint64 // changes that were in it already
	Gaps      uint64 // changes that did not join: each voided the book
	Crossed   uint64 // times that the best bid was not below the best ask: each voided the book
	Mismatch  uint64 // checksums that were not those of the ladder: each voided the book
	TooOld    uint64 // snapshots that the kept changes do not join
	Overflown uint64 // changes that found no room while they waited
}

// NewBook makes a book with all the memory it will ever have.
func NewBook(config BookConfig) *Book {
	orDefault := func(value *int, standard, low, high int) {
		if *value == 0 {
			*value = standard
		}
		*value = min(max(*value, low), high)
	}
	orDefault(&config.Levels, 4096, 8, 65536)
	orDefault(&config.PendingEvents, 64, 1, 4096)
	orDefault(&config.PendingLevels, 16384, 1, 1<<20)
	return &Book{
		config: config,
		bids:   newLadder(config.Levels, config.Window, true), asks: newLadder(config.Levels, config.Window, false),
		pending: newPending(config.PendingEvents, config.PendingLevels),
	}
}

// Apply takes one event of the book's symbol (or a snapshot that was asked for it) and returns the state after
// it. Events of other kinds change nothing; KindGap voids. It allocates nothing and keeps nothing of ev.
func (b *Book) Apply(ev *Event) BookState {
	switch ev.Kind {
	case KindGap:
		b.Void()
	case KindSnapshot:
		b.snapshot(&ev.Depth)
	case KindDepth:
		b.change(&ev.Depth)
	}
	return b.state
}

// Void gives the book up: the connection was lost, or a checksum failed. It is good again after a snapshot.
func (b *Book) Void() {
	b.state = BookWaiting
	b.bids.clear()
	b.asks.clear()
	b.pending.clear()
}

// State is what the book is worth now.
func (b *Book) State() BookState { return b.state }

// Best is the best level of each side. ok is false while the book is not good, and where a side is empty.
func (b *Book) Best() (bid, ask Level, ok bool) {
	bid, bidOK := b.Bid(0)
	ask, askOK := b.Ask(0)
	return bid, ask, bidOK && askOK
}

// Bid is the nth best bid, from 0. ok is false while the book is not good, and past the last known level.
func (b *Book) Bid(nth int) (level Level, ok bool) { return b.bids.nth(nth, b.state == BookGood) }

// Ask is the nth best ask, from 0. ok is false while the book is not good, and past the last known level.
func (b *Book) Ask(nth int) (level Level, ok bool) { return b.asks.nth(nth, b.state == BookGood) }

// Depths are how many levels a side are known; 0 while the book is not good.
func (b *Book) Depths() (bids, asks int) {
	if b.state != BookGood {
		return 0, 0
	}
	return len(b.bids.levels), len(b.asks.levels)
}

// Last is the number of the state that the ladder shows.
func (b *Book) Last() int64 { return b.last }

// Counts tell what became of the events so far.
func (b *Book) Counts() BookCounts { return b.counts }

// snapshot replaces the ladder, then replays what was kept aside.
func (b *Book) snapshot(depth *Depth) {
	b.bids.clear()
	b.asks.clear()
	b.put(depth)
	b.last = depth.Last
	b.state = BookJoining
	if b.crossed() || b.mismatch(depth) {
		return
	}
	if b.config.InBand {
		b.state = BookGood
		b.pending.clear()
		return
	}
	for i := range b.pending.events {
		kept := b.pending.at(i)
		if kept.Last <= b.last || b.join(&kept) {
			continue
		}
		if b.state != BookWaiting { // it does not join; where the ladder crossed, all is void already
			b.counts.TooOld++
			b.state = BookWaiting
			b.bids.clear()
			b.asks.clear() // what is kept stays: a later snapshot may still fit it
		}
		return
	}
	b.pending.clear()
}

// change takes one change in whatever state the book is.
func (b *Book) change(depth *Depth) {
	if b.state == BookWaiting {
		b.keep(depth)
		return
	}
	if depth.Last <= b.last && !b.config.Unnumbered {
		b.counts.Stale++
		return
	}
	if b.join(depth) {
		return
	}
	if b.state != BookWaiting { // a gap, and not a ladder that proved to be wrong
		b.counts.Gaps++
		b.Void()
	}
	b.keep(depth) // the first of those that the next snapshot is for
}

// join applies a change that builds on the state that the book has.
func (b *Book) join(depth *Depth) bool {
	before := depth.before()
	if before != b.last && !b.config.Unnumbered && (b.state != BookJoining || before > b.last) {
		return false
	}
	b.put(depth)
	b.last = depth.Last
	b.counts.Applied++
	b.state = BookGood
	return !b.crossed() && !b.mismatch(depth)
}

// put brings a whole message in; a window is cut after it, since a level may leave and come back within one.
func (b *Book) put(depth *Depth) {
	for i := range depth.Bids {
		b.bids.set(depth.Bids[i])
	}
	for i := range depth.Asks {
		b.asks.set(depth.Asks[i])
	}
	if b.config.Window {
		b.bids.trim(b.config.Levels)
		b.asks.trim(b.config.Levels)
	}
}

// crossed voids a ladder that cannot be: its best bid is not below its best ask.
func (b *Book) crossed() bool {
	bid, bidOK := b.bids.nth(0, true)
	ask, askOK := b.asks.nth(0, true)
	if !bidOK || !askOK || bid.Price.Cmp(ask.Price) < 0 {
		return false
	}
	b.counts.Crossed++
	b.Void()
	return true
}

// mismatch voids a ladder whose checksum is not the one that the venue sent with it.
func (b *Book) mismatch(depth *Depth) bool {
	if !depth.Checked || b.checksum() == depth.Checksum {
		return false
	}
	b.counts.Mismatch++
	b.Void()
	return true
}

func (b *Book) keep(depth *Depth) {
	if b.config.InBand {
		return // what comes before a snapshot inside the stream is in that snapshot
	}
	if !b.pending.add(depth) {
		b.counts.Overflown += uint64(len(b.pending.events)) + 1
		b.pending.clear()
	}
}
