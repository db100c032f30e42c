package runtime

import "orderwire/orders"

// The kill switch: new orders are refused from the next turn on, bytes that the kernel has not taken are aborted with their
// connection, and every open order is cancelled on a live path. It stays latched until an operator resets it.

// Kill latches the kill switch. It may be called from any goroutine, also from a signal handler's.
func (e *Engine) Kill(by orders.KillSource) { e.plan.Kill.Latch(by) }

// Reset opens the kill switch. Only a person should decide that.
func (e *Engine) Reset() { e.plan.Kill.Reset() }

// Killed tells who latched the switch, orders.KilledByNobody where it is open.
func (e *Engine) Killed() orders.KillSource { return e.plan.Kill.Latched() }

// CancelOpen asks for the end of every open order of this life, once, and stops nothing else. It may be called from any goroutine.
func (e *Engine) CancelOpen() { e.loop.cancels.Store(true) }

// dead tells whether the switch is latched.
func (l *Loop) dead() bool { return l.kill.Latched() != orders.KilledByNobody }

// latch makes the loop's own state follow the switch.
func (l *Loop) latch() {
	l.killed = l.dead()
	if !l.killed {
		l.sweep = 0
		return
	}
	l.counts.kills++
	for _, s := range l.sessions {
		// A record that waits could leave after the kill: its connection dies with it (design.md section 4).
		if s != nil && s.role == OrderRole && s.phase != Ended && l.port.Unsent(s.sock) > 0 {
			l.end(s, errKilled)
		}
	}
	l.sweep = l.placed.oldest()
}

// sweepBatch is how many open orders one turn cancels: what one turn costs stays bounded.
const sweepBatch = 8

// sweepOpen cancels open orders, oldest first, a batch a turn. Where the port has no room or no line is live it goes on
// from there in a later turn: a kill that was asked for once holds until every order was asked to end.
func (l *Loop) sweepOpen(now int64) (work int) {
	for ; l.sweep <= l.placed.last && work < sweepBatch; l.sweep++ {
		if state, known := l.track.State(l.sweep); !known || state.Ended() {
			continue
		}
		if _, outcome := l.Cancel(l.sweep, now); outcome != orders.Sent && outcome != orders.BadValue {
			return work
		}
		work++
	}
	if l.sweep > l.placed.last {
		l.sweep = 0
	}
	return work
}
