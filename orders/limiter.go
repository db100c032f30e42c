package orders

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Budget is what a venue counts.
type Budget uint8

// The budgets.
const (
	BudgetWeight   Budget = iota // request weight, mostly by IP address
	BudgetOrders                 // new orders, by account
	BudgetMessages               // messages or requests, by connection or address
	BudgetConnects               // new connections, by IP address
	budgetCount
)

// String is the name used in logs, JSON and metrics.
func (b Budget) String() string {
	return [...]string{"weight", "orders", "messages", "connects", "budget?"}[min(b, budgetCount)]
}

// Shape is how a venue's window moves.
type Shape uint8

// The shapes.
const (
	// ShapeSliding is never more than Max in any span of Window. Right for every venue that counts in windows.
	ShapeSliding Shape = iota
	// ShapeBucket is a bucket of Max that refills evenly over Window: Coinbase, Kraken.
	ShapeBucket
)

// LimitRule is one window of one budget, as the venue's exchangeInfo or documents have it.
type LimitRule struct {
	Budget Budget
	Shape  Shape
	Window int64 // ns
	Max    int64
	// Reserve is kept for cancels: new orders find only Max - Reserve.
	Reserve int64
}

// Cost is what one request takes of each budget.
type Cost [budgetCount]int64

// Limiter keeps us inside a venue's budgets: several windows a budget, a reserve for cancels, bans with a time, and the
// venue's own counts read back. It is shared by all connections of one loop to a venue, and its state outlives the
// process (Append, Restore). One loop owns it; it allocates nothing after its making.
type Limiter struct {
	windows     []window
	bannedUntil int64 // loop clock, ns
}

// window is one rule and what was taken of it.
//
// A sliding window is cut into slices. A slice counts until the last moment at which its first request could still be
// inside the venue's window, so that the sum is never less than what the venue sees; the price is 1/64 of the budget.
type window struct {
	rule   LimitRule
	bucket leak
	slice  int64 // ns of a slice
	now    int64 // number of the newest slice
	taken  [slices + 1]int64
	sum    int64
}

const slices = 64

// NewLimiter checks the rules. Their windows start empty: Restore first where an earlier life has left something.
func NewLimiter(rules []LimitRule) (*Limiter, error) {
	l := &Limiter{windows: make([]window, len(rules))}
	for i, r := range rules {
		switch {
		case r.Budget >= budgetCount || r.Shape > ShapeBucket:
			return nil, errors.New("orders: limit rule: budget or shape is unknown")
		case r.Max < 1 || r.Max > 1<<40:
			return nil, fmt.Errorf("orders: limit rule for %s: max of %d is outside of 1 to 2^40", r.Budget, r.Max)
		case r.Window < 1_000_000:
			return nil, fmt.Errorf("orders: limit rule for %s: window of %d ns is below a millisecond", r.Budget, r.Window)
		case r.Reserve < 0 || r.Reserve >= r.Max:
			return nil, fmt.Errorf("orders: limit rule for %s: reserve of %d leaves nothing of %d", r.Budget, r.Reserve, r.Max)
		}
		l.windows[i] = window{rule: r, bucket: newLeak(r.Max, r.Window), slice: (r.Window + slices - 1) / slices}
	}
	return l, nil
}

// Room tells whether a request of this cost fits every window. A cancel may use the reserve; nothing passes a ban.
func (l *Limiter) Room(c *Cost, cancel bool, now int64) bool {
	if now < l.bannedUntil {
		return false
	}
	for i := range l.windows {
		w := &l.windows[i]
		n := c[w.rule.Budget]
		if n == 0 {
			continue
		}
		if !cancel {
			n += w.rule.Reserve
		}
		if !w.room(n, now) {
			return false
		}
	}
	return true
}

// Take charges a request that is being sent, whether or not Room was asked.
func (l *Limiter) Take(c *Cost, now int64) {
	for i := range l.windows {
		w := &l.windows[i]
		if n := c[w.rule.Budget]; n != 0 {
			w.take(n, now)
		}
	}
}

// GiveBack returns units that the venue returns too: unfilled-order counts at Binance fall with a fill.
func (l *Limiter) GiveBack(b Budget, n, now int64) {
	for i := range l.windows {
		if w := &l.windows[i]; w.rule.Budget == b {
			w.give(n, now)
		}
	}
}

// Observe corrects a window by the venue's own count of it: theirs counts where it is higher, because others may share
// the address or the account. A limit other than ours is taken over. windowNanos names the window; 0 is the shortest.
func (l *Limiter) Observe(b Budget, windowNanos, used, limit, now int64) {
	at := -1
	for i := range l.windows {
		w := &l.windows[i]
		if w.rule.Budget != b || windowNanos != 0 && w.rule.Window != windowNanos {
			continue
		}
		if at < 0 || w.rule.Window < l.windows[at].rule.Window {
			at = i
		}
	}
	if at < 0 {
		return
	}
	w := &l.windows[at]
	if limit > 0 && limit != w.rule.Max {
		w.rule.Reserve = scaled(w.rule.Reserve, limit, w.rule.Max)
		w.rule.Max = limit
		w.bucket = leak{burstNanos: newLeak(limit, w.rule.Window).burstNanos, unitNanos: newLeak(limit, w.rule.Window).unitNanos, fullAt: w.bucket.fullAt}
	}
	if missing := used - w.used(now); missing > 0 {
		w.take(missing, now)
	}
}

// scaled is the same part of limit that reserve was of most, so that a venue with a narrower window than ours still takes new
// orders. At least 1 is left of it, and of the rest, as far as limit has both.
func scaled(reserve, limit, most int64) int64 {
	if reserve == 0 || limit < 2 {
		return 0
	}
	high, low := bits.Mul64(uint64(reserve), uint64(limit))
	part, _ := bits.Div64(high, low, uint64(most)) // reserve < most: the quotient is below limit
	return max(int64(part), 1)
}

// Ban refuses everything, cancels too, until a loop time: 429 and 418 (R11). A later ban is never shortened.
func (l *Limiter) Ban(until int64) { l.bannedUntil = max(l.bannedUntil, until) }

// BannedUntil is the loop time at which the ban ends; in the past: there is none.
func (l *Limiter) BannedUntil() int64 { return l.bannedUntil }

// Used is how much of a budget's fullest window is taken, and that window's size.
func (l *Limiter) Used(b Budget, now int64) (used, limit int64) {
	for i := range l.windows {
		w := &l.windows[i]
		if w.rule.Budget != b {
			continue
		}
		if n := w.used(now); limit == 0 || n*limit > used*w.rule.Max {
			used, limit = n, w.rule.Max
		}
	}
	return used, limit
}

// advance forgets the slices that the window has left.
func (w *window) advance(now int64) {
	number := now / w.slice
	if number-w.now > slices {
		w.taken, w.sum, w.now = [slices + 1]int64{}, 0, number
		return
	}
	for w.now < number {
		w.now++
		old := &w.taken[w.now%(slices+1)]
		w.sum -= *old
		*old = 0
	}
}

func (w *window) room(n, now int64) bool {
	if w.rule.Shape == ShapeBucket {
		return w.bucket.room(n, now)
	}
	w.advance(now)
	return w.sum+n <= w.rule.Max
}

func (w *window) take(n, now int64) {
	if w.rule.Shape == ShapeBucket {
		w.bucket.take(n, now)
		return
	}
	w.advance(now)
	w.taken[w.now%(slices+1)] += n
	w.sum += n
}

// give takes back from the newest slices first: what is given back is what was taken last.
func (w *window) give(n, now int64) {
	if w.rule.Shape == ShapeBucket {
		w.bucket.fullAt = max(w.bucket.fullAt-n*w.bucket.unitNanos, 0)
		return
	}
	w.advance(now)
	for back := int64(0); back <= slices && n > 0 && w.now >= back; back++ {
		slice := &w.taken[(w.now-back)%(slices+1)]
		by := min(n, *slice)
		*slice -= by
		w.sum -= by
		n -= by
	}
}

func (w *window) used(now int64) int64 {
	if w.rule.Shape == ShapeBucket {
		return w.bucket.level(now)
	}
	w.advance(now)
	return w.sum
}

// limiterVersion begins a saved state.
const limiterVersion = 1

// Append appends the limiter's state in a form that Restore reads, with ages instead of times: wallNanos is the wall
// clock's reading at now.
func (l *Limiter) Append(dst []byte, now, wallNanos int64) []byte {
	dst = append(dst, limiterVersion)
	dst = binary.AppendVarint(dst, wallNanos)
	dst = binary.AppendVarint(dst, max(l.bannedUntil-now, 0))
	dst = binary.AppendVarint(dst, int64(len(l.windows)))
	for i := range l.windows {
		w := &l.windows[i]
		dst = append(dst, byte(w.rule.Budget), byte(w.rule.Shape))
		dst = binary.AppendVarint(dst, w.rule.Window)
		dst = binary.AppendVarint(dst, w.used(now))
	}
	return dst
}

// errLimiterState is all that is said about bytes that are no state: they are ours, and the file's checksum is the
// journal's affair.
var errLimiterState = errors.New("orders: limiter: the saved state cannot be read")

// Restore charges what an earlier life has used and the windows may still hold: all of it as if it had been used just
// before it was saved. Windows that the rules no longer have are left out.
func (l *Limiter) Restore(state []byte, now, wallNanos int64) error {
	r := stateReader{rest: state}
	version, savedAt, ban, n := r.byte(), r.varint(), r.varint(), r.varint()
	if r.bad || version != limiterVersion || n < 0 || n > 1<<10 || ban < 0 {
		return errLimiterState
	}
	age := max(wallNanos-savedAt, 0) // a wall clock that went back makes nothing older
	type saved struct {
		budget       Budget
		shape        Shape
		window, used int64
	}
	all := make([]saved, 0, n)
	for range n {
		all = append(all, saved{Budget(r.byte()), Shape(r.byte()), r.varint(), r.varint()})
	}
	if r.bad || len(r.rest) > 0 {
		return errLimiterState
	}
	if left := ban - age; left > 0 {
		l.Ban(now + left)
	}
	for _, s := range all {
		for i := range l.windows {
			w := &l.windows[i]
			if w.rule.Budget == s.budget && w.rule.Shape == s.shape && w.rule.Window == s.window && s.used > 0 && age < s.window {
				w.take(min(s.used, w.rule.Max), now-age)
			}
		}
	}
	return nil
}

// stateReader reads what Append wrote; bad stays set after the first thing that is missing.
type stateReader struct {
	rest []byte
	bad  bool
}

func (r *stateReader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *stateReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}
