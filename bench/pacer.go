package bench

import (
	"fmt"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/market"
	"orderwire/runtime"
)

// pacer is the strategy that is timed: it waits until an order is meant to leave while the loop goes on as in life, idle
// work and rehearsals included, and fires. Between two jobs the loop's thread is parked: others are being timed.
//
// It looks at the end of a wait only to ask whether it has come, and makes an order's values after it, so that nothing can
// be prepared for them; only a pacer that aims may know the next values (signing ahead).
type pacer struct {
	clock    netpoll.Clock
	contract *Contract
	aims     bool
	sweep    sweep
	lead     int64 // ns that the loop turns before the first order of a run

	jobs chan *job
	job  *job // under way; nil: the loop turns for itself, or is parked
	free bool // the loop turns without a job: at birth and at its end

	next     int   // order of the job
	due      int64 // its intended time, 0 while the answer to the one before is awaited
	order    runtime.Armed
	id       uint64
	asked    int64
	anchored int64
}

// job is what the control plane wants done. Its slices are as long as the job and are filled by the loop.
type job struct {
	sequence        Sequence
	warm, n         int
	unread          bool // push without waiting for answers
	free            bool // no orders: let the loop turn for itself
	send, wire, rtt []int64
	pushed          int
	answered        int
	told            bool // that all were pushed
	last            Ack
	done            chan error // room for two: an unread job tells when it has pushed, and when all is answered
}

// answerNanos is how long an answer is awaited until a run has failed.
const answerNanos = 5_000_000_000

// anchorNanos is how often the clock is compared with the kernel's, always right after an answer.
const anchorNanos = 1_000_000_000

func newPacer(clock netpoll.Clock, contract *Contract, aims bool) *pacer {
	return &pacer{clock: clock, contract: contract, aims: aims, jobs: make(chan *job), free: true}
}

// Market has nothing to read: a pacer is no strategy of a market.
func (p *pacer) Market(*market.Event, int64, runtime.Hand) {}

// Turn fires what is due, and parks the loop where there is nothing to do.
func (p *pacer) Turn(_ int64, hand runtime.Hand) {
	switch {
	case p.job == nil:
		p.take(hand)
	case p.job.unread:
		p.flood(hand)
	case p.due == 0:
		if now := p.clock.Now(); now-p.asked > answerNanos {
			p.end(fmt.Errorf("bench: order %d of the run was not answered within %d s", p.next, answerNanos/1_000_000_000))
		}
	default:
		if p.clock.Now() >= p.due {
			p.fire(hand)
		}
	}
}

// take waits for the next job. While the loop is free it only looks.
func (p *pacer) take(hand runtime.Hand) {
	var next *job
	if p.free {
		select {
		case next = <-p.jobs:
		default:
			return
		}
	} else {
		next = <-p.jobs
	}
	if p.free = next.free; p.free {
		next.done <- nil
		return
	}
	if next.n+next.warm == 0 { // to be parked is all that is asked
		next.done <- nil
		return
	}
	p.job, p.next = next, 0
	if !next.unread {
		p.anchor(0)
		p.wait(p.clock.Now()+p.lead, hand)
	}
}

// wait plans the next order. now is when the answer to the one before was read.
func (p *pacer) wait(now int64, hand runtime.Hand) {
	if p.sweep.run() {
		now = p.clock.Now()
	}
	p.due = now + p.job.sequence.Wait(p.next)
	if p.aims {
		price, qty := p.job.sequence.Order(p.next)
		hand.Aim(p.order, price, qty)
	}
}

func (p *pacer) fire(hand runtime.Hand) {
	price, qty := p.job.sequence.Order(p.next)
	id, outcome := hand.Push(p.order, price, qty, p.due)
	sent := p.clock.Now()
	if outcome != orders.Sent {
		p.end(fmt.Errorf("bench: order %d of the run was refused: %s", p.next, outcome))
		return
	}
	p.id, p.asked = id, p.due
	if i := p.next - p.job.warm; i >= 0 {
		p.job.send[i] = sent - p.due
	}
	p.due = 0
	p.job.pushed++
}

// flood pushes as fast as the port takes it, without looking at answers.
func (p *pacer) flood(hand runtime.Hand) {
	for p.job.pushed < p.job.n {
		price, qty := p.job.sequence.Order(p.job.pushed)
		if _, outcome := hand.Push(p.order, price, qty, p.clock.Now()); outcome != orders.Sent {
			if outcome != orders.BackPressured && outcome != orders.NoMask && outcome != orders.NoSlot {
				p.end(fmt.Errorf("bench: order %d was refused: %s", p.job.pushed, outcome))
			}
			return // a queue is full: the loop empties it
		}
		p.asked = p.clock.Now()
		p.job.pushed++
	}
	if p.job.pushed == p.job.n && !p.job.told {
		p.job.told = true
		p.job.done <- nil // what is left are the answers
	}
}

// Receipt ends the round of the order under way.
func (p *pacer) Receipt(r *orders.Receipt, now int64, hand runtime.Hand) {
	j := p.job
	if j != nil && j.unread {
		if j.answered++; j.answered == j.n {
			p.end(nil)
		}
		return
	}
	if j == nil || r.ID != p.id || p.due != 0 {
		return
	}
	if i := p.next - j.warm; i >= 0 {
		j.rtt[i], j.wire[i] = now-p.asked, p.contract.Last.RX-p.asked
	}
	j.answered++
	j.last = p.contract.Last
	if r.State == orders.Rejected {
		p.end(fmt.Errorf("bench: order %d of the run was rejected", p.next))
		return
	}
	if p.next++; p.next == j.warm+j.n {
		p.end(nil)
		return
	}
	p.anchor(now)
	p.wait(p.clock.Now(), hand)
}

// anchor compares the clock with the kernel's about once a second; at the start of a run (now is 0) it goes on until they
// agree.
func (p *pacer) anchor(now int64) {
	clock, can := p.clock.(netpoll.AnchoredClock)
	switch {
	case !can:
	case now == 0:
		settleClock(clock)
		p.anchored = p.clock.Now()
	case now-p.anchored > anchorNanos:
		clock.Anchor()
		p.anchored = p.clock.Now()
	}
}

func (p *pacer) end(err error) {
	p.job.done <- err
	p.job, p.due = nil, 0
}
