package world

import (
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/runtime"
)

// trader is the strategy of the world: it decides at times that follow from the seed, sends each decision once, cancels
// what rests, and keeps the rules of design.md: only what was NotSent is sent again.
type trader struct {
	w    *world
	life *life
	next int64 // when it has something to do
	live bool

	open map[uint64]*placement // by id: what it still cares about
	due  []*decision           // not yet sent, oldest first
}

// decision is one intent of the trader: to trade so much at most, once.
type decision struct {
	number    int
	at        int64
	armed     runtime.Armed
	price     fixed.Number
	qty       fixed.Number
	restNanos int64 // how long it may rest before it is cancelled
	reachable bool  // the venue could be reached when it was made
	sends     int
	sent      bool
	giveUp    int64
}

// placement is one order of a decision.
type placement struct {
	id       uint64
	decision *decision
	cancelAt int64
	tries    int
}

const (
	decideFor   = 1_000_000_000 // how long a decision is worth sending
	cancelAgain = 700_000_000
)

// newTrader goes on where the trader of an earlier life stopped; what that one had sent is the journal's business.
func (w *world) newTrader(l *life) *trader {
	return &trader{w: w, life: l, next: w.now, open: map[uint64]*placement{}}
}

// Turn makes the decisions that are due.
func (t *trader) Turn(now int64, hand runtime.Hand) {
	t.live = hand.Live()
	w := t.w
	for len(w.plan) > 0 && w.plan[0].at <= now {
		d := w.plan[0]
		w.plan = w.plan[1:]
		d.giveUp, d.reachable = now+decideFor, w.reachable()
		t.due = append(t.due, d)
		w.tally.decisions++
		if d.reachable {
			w.tally.reachable++
		}
	}
	t.send(now, hand)
	t.cancel(now, hand)
	t.next = t.soonest()
}

// send pushes what was decided and not yet sent.
func (t *trader) send(now int64, hand runtime.Hand) {
	kept := t.due[:0]
	for _, d := range t.due {
		id, outcome := hand.Push(d.armed, d.price, d.qty, now)
		t.w.record.push(d, id, outcome, t.life.epoch)
		switch {
		case outcome == orders.Sent:
			t.sent(d, id, now)
		case now < d.giveUp:
			kept = append(kept, d)
		default:
			t.w.tally.dropped[outcome]++
		}
	}
	clear(t.due[len(kept):])
	t.due = kept
}

func (t *trader) sent(d *decision, id uint64, now int64) {
	d.sends++
	if !d.sent {
		d.sent = true
		t.w.tally.sent++
		if d.reachable {
			t.w.tally.sentReachable++
		}
	}
	t.open[id] = &placement{id: id, decision: d, cancelAt: now + d.restNanos}
	t.w.bind(t.life.epoch, id, d)
}

// cancel asks for the end of what has rested long enough, again and again until the venue says what became of it.
func (t *trader) cancel(now int64, hand runtime.Hand) {
	for _, id := range sortedKeys(t.open) {
		p := t.open[id]
		if now < p.cancelAt {
			continue
		}
		if t.w.bug(OneShotCancel, p.tries > 0) {
			continue
		}
		_, outcome := hand.Cancel(id, now)
		t.w.record.cancel(id, outcome, t.life.epoch)
		if outcome == orders.Sent {
			p.tries++
			t.w.tally.cancels++
		}
		p.cancelAt = now + cancelAgain
	}
}

// soonest is when something is due.
func (t *trader) soonest() int64 {
	next := never
	if len(t.w.plan) > 0 {
		next = t.w.plan[0].at
	}
	if len(t.due) > 0 {
		next = min(next, t.w.now+sendAgain)
	}
	for _, p := range t.open {
		next = min(next, p.cancelAt)
	}
	return next
}

// sendAgain is how long the trader waits until it tries a refused push again.
const sendAgain = 20_000_000

// Receipt is told what is known of an order.
func (t *trader) Receipt(r *orders.Receipt, now int64, hand runtime.Hand) {
	t.w.record.receipt(r, t.life.epoch)
	p := t.open[r.ID]
	if p == nil || r.Target != 0 {
		return
	}
	d := p.decision
	again := r.State == orders.NotSent || t.w.bug(ResendUnknown, r.State == orders.Unknown)
	if r.State.Ended() {
		delete(t.open, r.ID)
	}
	if again && d.sends < sendsMax && now < d.giveUp {
		t.due = append(t.due, d)
		t.next = now
	}
}

// sendsMax is how often a decision is sent at most, each time under a new id.
const sendsMax = 5

// Market is not listened to.
func (t *trader) Market(*market.Event, int64, runtime.Hand) {}

// pacer is the strategy that the loop sees: the trader, and behind it the passing of time.
type pacer struct {
	*trader
	life *life
}

// Turn is the last thing that the loop does in a turn.
func (p *pacer) Turn(now int64, hand runtime.Hand) {
	p.trader.Turn(now, hand)
	if nanos := p.life.stall; nanos > 0 {
		p.life.stall = 0
		p.life.w.faults.darken(nanos)
		p.life.w.faults.hit(LoopStall)
		p.life.w.park(p.life.w.now+nanos, nil)
	}
	p.life.port.pace()
}

// watcher is the engine's observer.
type watcher struct{ life *life }

func (o *watcher) Timing(*runtime.Timing)  {}
func (o *watcher) Receipt(*orders.Receipt) {}

// Session records what became of a connection.
func (o *watcher) Session(e runtime.SessionEvent) { o.life.w.record.session(o.life, &e) }
