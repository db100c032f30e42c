package world

import "syscall"

// pipe is one direction of a connection: bytes in order, each with its time of arrival.
//
//	send ─► held (while the way is blocked: the kernel tries again) ─► flying ─► to.receive
type pipe struct {
	s    *stage
	link *link
	to   *end

	blocked bool
	held    []parcel
	flying  []parcel
	flight  uint64 // of the parcels that fly: a block calls them back
	lastAt  int64  // arrival of what was sent last: nothing overtakes
	over    bool   // nothing more arrives

	cutAfter int   // bytes after which the connection is reset; negative: none
	slices   int   // how many bytes still arrive one by one
	slow     int64 // ns that each parcel takes longer
	onCut    func()
	flip     func() // called when it flips a bit of the next parcel; nil: none is flipped
}

// parcel is bytes, or the end of the stream.
type parcel struct {
	bytes []byte
	fin   bool
}

// send takes bytes from the sender's kernel.
func (p *pipe) send(b []byte) {
	if p.over || len(b) == 0 {
		return
	}
	p.post(parcel{bytes: append([]byte(nil), b...)})
}

// finish sends the end of the stream behind all that was sent.
func (p *pipe) finish() {
	if !p.over {
		p.post(parcel{fin: true})
	}
}

func (p *pipe) post(c parcel) {
	if p.blocked {
		p.held = append(p.held, c)
		return
	}
	for p.slices > 0 && len(c.bytes) > 1 {
		p.slices--
		p.dispatch(parcel{bytes: c.bytes[:1]})
		c.bytes = c.bytes[1:]
	}
	p.dispatch(c)
}

// dispatch puts a parcel on its way.
func (p *pipe) dispatch(c parcel) {
	p.flying = append(p.flying, c)
	p.lastAt = max(p.s.now+p.link.delay()+p.slow, p.lastAt+1)
	flight := p.flight
	p.s.at(p.lastAt, func() {
		if flight == p.flight && len(p.flying) > 0 {
			first := p.flying[0]
			p.flying = p.flying[1:]
			p.arrive(first)
		}
	})
}

func (p *pipe) arrive(c parcel) {
	switch {
	case p.over:
	case c.fin:
		p.over = true
		p.to.finish(0)
	case p.cutAfter >= 0 && len(c.bytes) >= p.cutAfter:
		p.to.receive(c.bytes[:p.cutAfter])
		p.onCut()
		p.link.reset()
	default:
		if p.cutAfter >= 0 {
			p.cutAfter -= len(c.bytes)
		}
		if p.flip != nil {
			c.bytes[p.link.dice.IntN(len(c.bytes))] ^= 1 << p.link.dice.IntN(8)
			p.flip()
			p.flip = nil
		}
		p.to.receive(c.bytes)
	}
}

// block loses what is on the way; the kernel keeps all of it, and sends it again when free lets it.
func (p *pipe) block() {
	if p.blocked {
		return
	}
	p.blocked = true
	p.flight++
	p.held = append(p.flying, p.held...)
	p.flying = nil
}

func (p *pipe) free() {
	if !p.blocked {
		return
	}
	p.blocked = false
	held := p.held
	p.held = nil
	for _, c := range held {
		p.dispatch(c)
	}
}

// abort resets the connection from the sender's side: what the kernel holds is purged, what is on the way arrives, then
// the reset. Where the way is blocked the reset is lost too.
func (p *pipe) abort() {
	p.held = nil
	if p.blocked {
		p.over = true
		return
	}
	p.lastAt = max(p.s.now+p.link.delay(), p.lastAt+1)
	p.s.at(p.lastAt, func() {
		p.over = true
		p.to.finish(syscall.ECONNRESET)
	})
}
