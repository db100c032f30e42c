package world

import (
	"syscall"

	"orderwire/netpoll"
)

// Faults of the way: connections, the kernel's half of them, TLS and frames.

// cut resets a connection: at once, or when some more bytes have gone.
func (f *faults) cut(kind Fault) {
	k := f.pick()
	if k == nil {
		return
	}
	bytes := int(f.d.between(0, 700))
	switch kind {
	case Reset:
		k.reset()
		f.hit(kind)
	case ResetInside:
		k.down.cutAfter, k.down.onCut = bytes, func() { f.hit(kind) }
	case ResetUpward:
		k.up.cutAfter, k.up.onCut = bytes, func() { f.hit(kind) }
	}
}

// hole blocks one way or both, for a while or for ever.
func (f *faults) hole(kind Fault) {
	k := f.pick()
	if k == nil {
		return
	}
	f.hit(kind)
	if kind != HoleDown {
		k.up.block()
	}
	if kind != HoleUp {
		k.down.block()
	}
	if kind == HoleForEver {
		f.darken(holeNoticed)
		return
	}
	nanos := f.d.between(20_000_000, 6_000_000_000)
	f.darken(nanos)
	f.w.after(nanos, func() {
		k.up.free()
		k.down.free()
	})
}

// holeNoticed is within which time a connection that delivers nothing must be noticed.
const holeNoticed = 3_000_000_000

// heal opens all ways that are blocked for a while.
func (w *world) heal() {
	if w.life == nil {
		return
	}
	for _, k := range w.life.links {
		k.up.slow, k.down.slow = 0, 0
	}
}

// slow delays a connection, or cuts what arrives into single bytes.
func (f *faults) slow(kind Fault) {
	k := f.pick()
	if k == nil {
		return
	}
	f.hit(kind)
	if kind == SliceBytes {
		k.down.slices, k.up.slices = int(f.d.between(10, 400)), int(f.d.between(0, 200))
		return
	}
	k.down.slow, k.up.slow = f.d.between(1_000_000, 400_000_000), f.d.between(1_000_000, 400_000_000)
	f.w.after(f.d.between(100_000_000, 5_000_000_000), func() { k.down.slow, k.up.slow = 0, 0 })
}

// disturb makes the kernel unfriendly for a while.
func (f *faults) disturb(kind Fault) {
	if f.w.life == nil || f.w.life.port == nil || len(f.w.life.port.ends) == 0 {
		return
	}
	p := f.w.life.port
	var chaos netpoll.Chaos
	switch kind {
	case ShortSends:
		chaos.Short = 0.7
	case SendAgain:
		chaos.Again = 0.6
	case LateCompletion:
		chaos.Late = 0.9
	case Reordered:
		chaos.Reordered, chaos.Late = 0.8, 0.3
	case CutReceives:
		chaos.Cut, chaos.Starved = 0.8, 0.3
	}
	before := p.Fake.Counters()
	p.Fake.Disturb(chaos)
	p.chaotic = true
	f.w.after(f.d.between(200_000_000, 3_000_000_000), func() {
		p.Fake.Disturb(netpoll.Chaos{})
		p.chaotic = false
		after := p.Fake.Counters()
		met := after.Sends > before.Sends || after.Receives > before.Receives
		if kind == ShortSends {
			met = after.ShortSends > before.ShortSends
		} else if kind == SendAgain {
			met = after.Again > before.Again
		}
		if met {
			f.hit(kind)
		}
	})
}

// stuck lets the kernel take nothing for longer than a record may wait, or fail the next send.
func (f *faults) stuck(kind Fault) {
	l := f.w.life
	if l == nil || l.port == nil || len(l.port.ends) == 0 {
		return
	}
	p := l.port
	a := p.ends[f.d.IntN(len(p.ends))]
	if kind == NoBuffers {
		p.onSend(a.sock, func() { f.hit(kind) })
		p.Fake.FailSends(a.sock, syscall.ENOBUFS)
		return
	}
	p.Fake.Window(a.sock, int(f.d.between(0, 300)))
	nanos := f.d.between(1_000_000, 60_000_000)
	f.w.after(nanos, func() {
		if p.attached(a.sock) {
			if p.Fake.Unsent(a.sock) > 0 {
				f.hit(kind)
			}
			p.Fake.Window(a.sock, -1)
			p.poke()
			return
		}
		f.hit(kind) // its connection was given up meanwhile
	})
}

// spoilTLS breaks something of TLS.
func (f *faults) spoilTLS(kind Fault) {
	k := f.pick()
	switch kind {
	case TLSAlert:
		f.nextAlert = true
	case TLSExpired:
		f.nextExpired = true
	case TLSTickets:
		f.w.peer.newTickets(f.d)
		f.hit(kind)
		return
	}
	if k == nil {
		return
	}
	switch kind {
	case TLSAlert, TLSExpired:
		k.reset() // what follows meets the fault
	case TLSBadRecord:
		k.down.flip = func() { f.hit(kind) }
	case TLSBadRecordUp:
		k.up.flip = func() { f.hit(kind) }
	case TLSTruncated:
		k.server.leave(false)
		f.hit(kind)
	}
}

// spoilFrames lets the venue send what a WebSocket client must survive or refuse.
func (f *faults) spoilFrames(kind Fault) {
	if kind == SlowUpgrade {
		f.slowUpgrades++
		if k := f.pick(); k != nil {
			k.reset()
		}
		return
	}
	n := f.pickLine()
	if n == nil {
		return
	}
	switch kind {
	case Fragments:
		n.fragments = int(f.d.between(1, 20))
	case Oversize:
		n.send(frameHead(opText, true, oversizeBytes))
		f.hit(kind)
	case BadUTF8:
		n.send(append(frameHead(opText, true, 4), '"', 0xC3, 0x28, '"'))
		f.hit(kind)
	case PingFlood:
		for i := range f.d.between(20, 300) {
			n.send(append(frameHead(opPing, true, 4), byte(i), byte(i>>8), 'p', 'f'))
		}
		f.hit(kind)
	}
}

// oversizeBytes is more than a message may have (life.config).
const oversizeBytes = 70 << 10
