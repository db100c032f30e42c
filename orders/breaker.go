package orders

// Reason is why the breaker has halted new orders.
type Reason uint8

// The reasons (R19).
const (
	ReasonNone         Reason = iota
	ReasonRejects             // a burst of rejects
	ReasonLatency             // acks came late again and again
	ReasonUnknown             // too many orders whose fate is unknown
	ReasonClock               // the bound of the venue clock's error is too wide
	ReasonStaleReports        // the report stream is silent for too long (R7)
	ReasonLimits              // the venue throttled or banned us
	ReasonDisconnects         // connections end again and again
	ReasonConflicts           // evidence contradicts evidence
	ReasonJournal             // intents cannot be made durable
)

var reasonNames = [...]string{
	"none", "rejects", "latency", "unknown", "clock", "stale_reports", "limits", "disconnects", "conflicts", "journal",
}

// ReasonCount is how many reasons there are, ReasonNone among them.
const ReasonCount = len(reasonNames)

// String is the name used in logs, JSON and metrics.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "reason?"
}

// BreakerState is whether new orders pass.
type BreakerState uint8

// The states of a breaker.
//
//	Closed --trip--> Open --rest is over--> HalfOpen --probe succeeds--> Closed
//	                   ^---- trip (probe fails) ----'
//	Open, HalfOpen --Rearm (a person)--> Closed
const (
	Closed   BreakerState = iota // new orders pass
	Open                         // none passes
	HalfOpen                     // one passes, as a probe
)

// BreakerLimits say when the breaker trips. A zero limit is switched off.
type BreakerLimits struct {
	RejectsMax     int   // rejects in WindowNanos
	LateAcksMax    int   // acks slower than AckNanos in WindowNanos
	DisconnectsMax int   // in WindowNanos
	ConflictsMax   int   // in WindowNanos
	WindowNanos    int64 // of all four
	AckNanos       int64 // from push to first answer
	UnknownMax     int   // orders in state Unknown at once
	ClockNanos     int64 // bound of the venue clock's error
	ReportNanos    int64 // silence of the report stream
	// RestNanos is how long it stays open before one order may probe; 0: until a person rearms it.
	RestNanos int64
}

// Breaker halts new orders when something is wrong. Cancels are not its business. One loop owns it.
type Breaker struct {
	limits  BreakerLimits
	state   BreakerState
	reason  Reason
	openAt  int64
	probe   uint64
	probing bool
	bursts  [4]burst
	trips   [ReasonCount]uint64
}

// burst remembers the last times something happened.
type burst struct {
	at   []int64
	next int
}

// NewBreaker makes a closed breaker.
func NewBreaker(limits BreakerLimits) *Breaker {
	b := &Breaker{limits: limits}
	for i, most := range [...]int{limits.RejectsMax, limits.LateAcksMax, limits.DisconnectsMax, limits.ConflictsMax} {
		b.bursts[i].at = make([]int64, max(most, 0))
		for j := range b.bursts[i].at {
			b.bursts[i].at[j] = longAgo
		}
	}
	return b
}

// longAgo is before any time of the loop.
const longAgo = -1 << 62

// Allow tells whether a new order may pass at now. In state HalfOpen it says yes until Probe names the one.
func (b *Breaker) Allow(now int64) bool {
	switch b.state {
	case Closed:
		return true
	case Open:
		if b.limits.RestNanos == 0 || now-b.openAt < b.limits.RestNanos {
			return false
		}
		b.state, b.probing = HalfOpen, false
	}
	return !b.probing
}

// Probe tells the breaker which order passed while it was half open. In other states it is nothing.
func (b *Breaker) Probe(id uint64) {
	if b.state == HalfOpen {
		b.probe, b.probing = id, true
	}
}

// Settle draws the conclusions from one receipt.
func (b *Breaker) Settle(r *Receipt) {
	switch {
	case r.Target != 0: // about a cancel
		return
	case r.State == Rejected && r.Before != Rejected:
		b.happened(0, ReasonRejects, r.At)
	case r.Before == Pushed && r.Kind != ReportOther && b.limits.AckNanos > 0 && r.At-r.PushedAt > b.limits.AckNanos:
		b.happened(1, ReasonLatency, r.At)
	}
	if b.state == HalfOpen && b.probing && r.ID == b.probe {
		b.probed(r)
	}
}

// probed judges the probe by its first receipt that says something.
func (b *Breaker) probed(r *Receipt) {
	switch r.State {
	case Received: // not yet
	case Acked, PartiallyFilled, Filled, Cancelled, Expired: // the engine took it
		b.state, b.reason = Closed, ReasonNone
	case NotSent:
		b.probing = false // it proves nothing: another may try
	default:
		b.Trip(b.reason, r.At)
	}
}

// Disconnected counts the end of a connection that was not asked for.
func (b *Breaker) Disconnected(now int64) { b.happened(2, ReasonDisconnects, now) }

// Contradicted counts evidence against evidence (Tally.Conflicts).
func (b *Breaker) Contradicted(now int64) { b.happened(3, ReasonConflicts, now) }

// happened trips when the count in the window reaches its limit: the ring holds exactly that many.
func (b *Breaker) happened(which int, reason Reason, now int64) {
	r := &b.bursts[which]
	if len(r.at) == 0 {
		return
	}
	r.at[r.next] = now
	if r.next++; r.next == len(r.at) {
		r.next = 0
	}
	oldest := r.at[r.next]
	if oldest != longAgo && now-oldest < b.limits.WindowNanos {
		b.Trip(reason, now)
	}
}

// Health is what is looked at between orders.
type Health struct {
	Unknown     int   // orders in state Unknown
	ClockNanos  int64 // bound of the venue clock's error
	ReportNanos int64 // since anything came on the report stream
	Throttled   bool  // the venue has told us to stop
	JournalFull bool
}

// Look trips on a state of affairs. It is called in idle turns and changes nothing while all is well.
func (b *Breaker) Look(h Health, now int64) {
	l := &b.limits
	switch {
	case l.UnknownMax > 0 && h.Unknown > l.UnknownMax:
		b.Trip(ReasonUnknown, now)
	case l.ClockNanos > 0 && h.ClockNanos > l.ClockNanos:
		b.Trip(ReasonClock, now)
	case l.ReportNanos > 0 && h.ReportNanos > l.ReportNanos:
		b.Trip(ReasonStaleReports, now)
	case h.Throttled:
		b.Trip(ReasonLimits, now)
	case h.JournalFull:
		b.Trip(ReasonJournal, now)
	}
}

// Trip opens the breaker. While it is open the first reason stays, and its rest begins anew: what is still wrong must
// end first.
func (b *Breaker) Trip(reason Reason, now int64) {
	if b.state != Open {
		b.reason = reason
		b.trips[reason]++
	}
	b.state, b.openAt, b.probing = Open, now, false
}

// Rearm closes the breaker by a person's decision. What happened before is forgotten.
func (b *Breaker) Rearm() {
	*b = Breaker{limits: b.limits, bursts: b.bursts, trips: b.trips}
	for i := range b.bursts {
		for j := range b.bursts[i].at {
			b.bursts[i].at[j] = longAgo
		}
	}
}

// State is whether new orders pass, and why not.
func (b *Breaker) State() (BreakerState, Reason) { return b.state, b.reason }

// Trips is how often it opened for a reason.
func (b *Breaker) Trips(r Reason) uint64 { return b.trips[r] }
