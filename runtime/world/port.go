package world

import (
	"slices"
	"syscall"

	"orderwire/netpoll"
)

// port is the loop's port: netpoll's fake, whose far ends are pipes.
type port struct {
	*netpoll.Fake
	life    *life
	ends    []attached
	poked   bool  // something happened that the loop should look at
	hot     int64 // until then the loop turns often
	arena   *netpoll.Arena
	chaotic bool                    // the kernel is unfriendly: what is there may come late
	failing map[netpoll.Sock]func() // told when a send has failed
}

type attached struct {
	sock netpoll.Sock
	end  *end
}

const (
	turnNanos  = 2_000      // what one busy turn takes
	spinNanos  = 20_000     // between two turns while something was just done
	hotNanos   = 200_000    // how long that is
	tightNanos = 500_000    // between two turns while bytes wait for the kernel
	idleNanos  = 20_000_000 // between two turns while nothing happens
)

// Attach takes over a connection that the control plane has handed over, with what has arrived for it meanwhile.
func (p *port) Attach(fd int, session uint16) (netpoll.Sock, error) {
	e, known := p.life.handed[fd]
	if !known {
		return netpoll.Sock{}, &netpoll.OpError{Op: "attach", Errno: syscall.EBADF}
	}
	delete(p.life.handed, fd)
	sock, err := p.Fake.Attach(fd, session)
	if err != nil {
		return sock, err
	}
	e.port, e.sock = p, sock
	p.ends = append(p.ends, attached{sock, e})
	if len(e.inbox) > 0 {
		p.Fake.Feed(sock, e.inbox)
		e.inbox = nil
	}
	if e.ended || e.broken != 0 {
		p.Fake.End(sock, e.broken)
	}
	p.poke()
	return sock, nil
}

// Submit hands bytes to the kernel.
func (p *port) Submit() {
	p.Fake.Submit()
	p.collect()
	p.poke()
}

// Reap returns what has finished.
func (p *port) Reap(out []netpoll.Completion) int {
	s := p.life.w.stage
	s.now += turnNanos
	n := p.Fake.Reap(out)
	p.collect()
	for i := range out[:n] {
		switch failed := p.failing[out[i].Sock]; {
		case out[i].Kind == netpoll.Closed:
			p.bury(out[i].Sock)
		case out[i].Kind == netpoll.Sent && out[i].Errno == syscall.ENOBUFS && failed != nil:
			failed()
			delete(p.failing, out[i].Sock)
		}
	}
	if n > 0 {
		p.poke()
	}
	return n
}

// pace lets time go on between two turns: the loop's thread spins, and nothing would ever happen while it does.
func (p *port) pace() {
	s := p.life.w.stage
	if s.now < p.hot {
		s.park(s.now+spinNanos, nil)
		return
	}
	p.poked = false
	s.park(p.rest(), func() bool { return p.poked })
}

// rest is when the loop looks again where nothing pokes it.
func (p *port) rest() int64 {
	s := p.life.w.stage
	rest := min(s.now+idleNanos, max(p.life.trader.next, s.now+spinNanos))
	for _, a := range p.ends {
		if p.chaotic || p.Fake.Unsent(a.sock) > 0 {
			rest = min(rest, s.now+tightNanos)
		}
	}
	return rest
}

// onSend names who is told when a send on sock has failed for want of buffers.
func (p *port) onSend(sock netpoll.Sock, told func()) {
	if p.failing == nil {
		p.failing = map[netpoll.Sock]func(){}
	}
	p.failing[sock] = told
}

// attached tells whether sock is still in use.
func (p *port) attached(sock netpoll.Sock) bool {
	return slices.ContainsFunc(p.ends, func(a attached) bool { return a.sock == sock })
}

// poke lets the loop turn soon.
func (p *port) poke() {
	p.poked = true
	p.hot = p.life.w.now + hotNanos
}

// collect moves what the kernel took to the pipes.
func (p *port) collect() {
	for _, a := range p.ends {
		if wire := p.Fake.Wire(a.sock); len(wire) > 0 {
			if !a.end.closed {
				a.end.out.send(wire)
			}
			p.Fake.Forget(a.sock)
		}
	}
}

// bury closes the end of a socket that the port has let go.
func (p *port) bury(sock netpoll.Sock) {
	_, aborted := p.Fake.Ended(sock)
	at := slices.IndexFunc(p.ends, func(a attached) bool { return a.sock == sock })
	p.ends[at].end.leave(aborted)
	p.ends = slices.Delete(p.ends, at, at+1)
}

// feed lets bytes arrive.
func (p *port) feed(e *end, b []byte) {
	p.Fake.Feed(e.sock, b)
	p.poke()
}

// end lets the stream end.
func (p *port) end(e *end, errno syscall.Errno) {
	p.Fake.End(e.sock, errno)
	p.poke()
}

// abandon lets go of everything, as the kernel does when a process is gone.
func (p *port) abandon() error {
	err := p.Fake.Close()
	for _, a := range p.ends {
		a.end.leave(false)
	}
	for {
		if _, more := p.arena.Take(); !more {
			break
		}
	}
	for slot := 1; slot <= p.arena.Slots(); slot++ {
		p.arena.Put(netpoll.Slot(slot)) // the loop was stopped with slots in its hands
	}
	if closed := p.arena.Close(); err == nil {
		err = closed
	}
	return err
}
