package simex

import "sort"

// Output appends the bytes that may leave now to dst and hands them over for good.
func (c *Conn) Output(now int64, dst []byte) []byte {
	c.outMu.Lock()
	defer c.outMu.Unlock()
	for len(c.later) > 0 && c.later[0].due <= now {
		c.out = append(c.out, c.later[0].bytes...)
		c.later = c.later[1:]
	}
	dst = append(dst, c.out...)
	c.out = c.out[:0]
	return dst
}

// Closed tells whether the connection has ended and all its bytes are fetched, and why if it was not in peace.
func (c *Conn) Closed() (bool, error) {
	c.outMu.Lock()
	defer c.outMu.Unlock()
	return c.ended && len(c.out) == 0, c.cause
}

// Hangup says that the client is gone.
func (c *Conn) Hangup(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rx = now
	c.end(nil)
	c.leave()
}

// OnOutput names a function that is called when another connection's request has left bytes here, or has moved
// NextTick. It must not block and must not call back into the venue.
func (c *Conn) OnOutput(notify func()) {
	c.outMu.Lock()
	defer c.outMu.Unlock()
	c.notify = notify
}

// append writes to the outbox through write.
func (c *Conn) append(write func(dst []byte) []byte) {
	c.outMu.Lock()
	defer c.outMu.Unlock()
	if !c.ended {
		c.out = write(c.out)
	}
}

// send frames one text message: at once, or when due has come. It keeps no part of payload.
func (c *Conn) send(now, due int64, payload []byte) {
	c.outMu.Lock()
	defer c.outMu.Unlock()
	switch {
	case c.ended || c.silent:
	case due > now:
		at := sort.Search(len(c.later), func(i int) bool { return c.later[i].due > due })
		c.later = append(c.later, delivery{})
		copy(c.later[at+1:], c.later[at:])
		c.later[at] = delivery{due, appendFrame(nil, opText, payload)}
	default:
		c.out = appendFrame(c.out, opText, payload)
	}
}

// sendBytes queues bytes of the HTTP side, never before what was queued there earlier.
func (c *Conn) sendBytes(now, due int64, bytes []byte) {
	c.outMu.Lock()
	defer c.outMu.Unlock()
	if c.ended {
		return
	}
	if n := len(c.later); n > 0 {
		due = max(due, c.later[n-1].due)
	}
	if due <= now {
		c.out = append(c.out, bytes...)
		return
	}
	c.later = append(c.later, delivery{due, bytes})
}

// deliver sends to a connection that may be another than the one in work, and wakes it then. A reader that has
// let too much pile up is cut off.
func (c *Conn) deliver(now, due int64, origin *Conn, payload []byte) {
	c.send(now, due, payload)
	if c == origin {
		return
	}
	c.outMu.Lock()
	if len(c.out) > c.v.config.MaxBacklog && !c.ended {
		c.out, c.ended, c.cause = nil, true, errSlow
		c.v.tally.add(cSlowClosed)
	}
	c.outMu.Unlock()
	c.wake()
}

func (c *Conn) wake() {
	c.outMu.Lock()
	notify := c.notify
	c.outMu.Unlock()
	if notify != nil {
		notify()
	}
}
