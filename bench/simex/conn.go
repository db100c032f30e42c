package simex

import (
	"errors"
	"math"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Conn is the plaintext side of one connection: HTTP first, then a WebSocket session or further requests.
// It does no input or output and reads no clock; now is wall time in nanoseconds and never runs backwards.
//
// Feed and Tick may be called from two goroutines; Output and Closed from any.
type Conn struct {
	v      *Venue
	number uint64
	born   int64

	mu       sync.Mutex
	phase    connPhase
	hung     bool   // HTTP: a reply was lost; nothing behind it is read, since its answer would be taken for the lost one
	heard    int64  // last bytes from the client
	left     bool   // taken off the venue's lists
	in       []byte // bytes not yet used
	request  request
	doc      document
	message  []byte // fragments so far
	midway   byte   // opcode of the fragmented message, or 0
	trail    maskTrail
	session  session
	inbound  []int64 // receive times of the last client frames, where the path limits them
	every    int64
	pingNext int64
	pinged   int64 // when the oldest unanswered PING left, or -1
	payloads [4][]byte
	pings    int
	pongWait int64
	dies     int64 // end of the connection's allowed life, 0 for never
	rx       int64 // receive stamp of the message in work
	text     []byte
	inject   *Incident // asked for by a control request
	greet    []byte    // sent right behind the upgrade

	outMu  sync.Mutex
	out    []byte
	later  []delivery
	ended  bool
	silent bool // by script: control frames only
	cause  error
	notify func()
}

// session is what a WebSocket path does with messages. The connection's lock is held in every call.
type session interface {
	message(now int64, text []byte)
	tick(now int64)
	next() int64 // when tick has something to do; never for "not of itself"
}

// delivery is a frame that leaves later.
type delivery struct {
	due   int64
	bytes []byte
}

type connPhase uint8

const (
	phaseHTTP   connPhase = iota // requests, or the opening handshake
	phaseOpen                    // WebSocket
	phaseEnding                  // our Close is sent, the client's is awaited
	phaseEnded
)

const (
	never          = math.MaxInt64
	closeWaitNanos = 1e9 // how long the client's answer to our Close is awaited
)

var (
	// ErrReset is the cause of a connection that must end with a TCP reset and no close_notify.
	ErrReset = errors.New("simex: connection reset by script")
	errSlow  = errors.New("simex: client does not read")
)

// Feed hands over plaintext bytes from the client. It keeps no part of in.
func (c *Conn) Feed(now int64, in []byte) {
	if incident := c.feed(now, in); incident != nil {
		c.v.Inject(now, *incident)
	}
}

// feed does the work of Feed and returns the incident that a control request asked for, or nil.
func (c *Conn) feed(now int64, in []byte) *Incident {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.leave()
	if c.phase == phaseEnded {
		return nil
	}
	c.in = append(c.in, in...)
	c.rx, c.heard = now, now
	if c.v.config.RxClock != nil {
		c.rx = c.v.config.RxClock()
	}
	used := 0
	for c.phase != phaseEnded {
		n := c.step(now, c.in[used:])
		if n == 0 {
			break
		}
		used += n
	}
	c.in = c.in[:copy(c.in, c.in[used:])]
	incident := c.inject
	c.inject = nil
	return incident
}

// step uses one request or one frame of in and returns its length; 0 when there is no whole one.
func (c *Conn) step(now int64, in []byte) int {
	if len(in) == 0 {
		return 0
	}
	if c.phase == phaseHTTP && c.hung {
		return len(in)
	}
	if c.phase == phaseHTTP {
		used, fault := readRequest(in, &c.request)
		if fault != "" {
			c.refuse(400, cBadHTTP, fault)
			return 0
		}
		if used > 0 {
			c.exchange(now)
		}
		return used
	}
	f, used, fault := readFrame(in, c.v.config.MaxMessage)
	if fault != nil {
		c.fail(fault)
		return 0
	}
	if used > 0 && c.phase == phaseOpen {
		c.frame(now, &f)
	} else if used > 0 && f.op == opClose {
		c.end(nil)
	}
	return used
}

// exchange answers one HTTP request, or opens the WebSocket.
func (c *Conn) exchange(now int64) {
	r := &c.request
	if answer := c.v.control(c, r); answer != nil {
		c.respond(now, answer)
		return
	}
	c.v.tally.add(cRequests)
	if !r.wantsUpgrade() {
		if answer := c.v.protocol.rest(c, now, r); answer != nil {
			c.respond(now, answer)
		}
		return
	}
	if fault := r.upgradeFault(); fault != "" {
		c.refuse(400, cBadHTTP, fault)
		return
	}
	session, refusal := c.v.protocol.open(c, now, r)
	if refusal != nil {
		refusal.closes = true
		c.respond(now, refusal)
		return
	}
	c.v.tally.add(cUpgrades)
	c.phase, c.session = phaseOpen, session
	c.append(func(dst []byte) []byte { return r.appendSwitch(dst) })
	if c.greet != nil {
		c.send(now, now, c.greet)
	}
}

func (c *Conn) respond(now int64, answer *reply) {
	c.sendBytes(now, now, answer.append(nil))
	if answer.closes || c.request.lists("Connection", "close") {
		c.end(nil)
	}
}

// respondLater sends a response that a script holds back. Responses keep their order, so those behind it wait too.
func (c *Conn) respondLater(now, due int64, answer *reply) {
	c.sendBytes(now, due, answer.append(nil))
}

// refuse ends the HTTP side with one counted fault.
func (c *Conn) refuse(status int, which counter, why string) {
	c.v.tally.add(which)
	body := append([]byte(`{"msg":`), appendQuoted(nil, []byte(why))...)
	answer := reply{status: status, body: append(body, '}'), closes: true}
	c.append(answer.append)
	c.end(errors.New("simex: " + why))
}

// frame handles one client frame of an open session.
func (c *Conn) frame(now int64, f *frame) {
	if c.v.masks.note(f.mask) || c.trail.note(f.mask) {
		c.v.tally.add(cBadMasks)
	}
	if !c.admitInbound(now) {
		return
	}
	switch f.op {
	case opPing:
		c.append(func(dst []byte) []byte { return appendFrame(dst, opPong, f.payload) })
	case opPong:
		c.pong(f.payload)
	case opClose:
		c.closing(f.payload)
	default:
		c.data(now, f)
	}
}

// data puts fragments together and hands whole messages to the session.
func (c *Conn) data(now int64, f *frame) {
	switch {
	case f.op == opContinuation && c.midway == 0:
		c.fail(&frameFault{cBadFrames, 1002, "continuation of nothing"})
		return
	case f.op != opContinuation && c.midway != 0:
		c.fail(&frameFault{cBadFrames, 1002, "new message inside a message"})
		return
	}
	op, whole := f.op, f.payload
	if f.op == opContinuation || !f.fin {
		if len(c.message)+len(f.payload) > c.v.config.MaxMessage {
			c.fail(&frameFault{cBadFrames, 1009, "message too big"})
			return
		}
		c.message = append(c.message, f.payload...)
		if f.op != opContinuation {
			c.midway = f.op
		}
		if !f.fin {
			return
		}
		op, whole = c.midway, c.message
		c.midway = 0
	}
	defer func() { c.message = c.message[:0] }()
	switch {
	case op == opBinary:
		c.fail(&frameFault{cUnexpected, 1003, "binary message"})
	case !utf8.Valid(whole):
		c.fail(&frameFault{cBadFrames, 1007, "text is not UTF-8"})
	default:
		c.v.tally.add(cRequests)
		c.session.message(now, whole)
	}
}

// closing answers the client's Close.
func (c *Conn) closing(payload []byte) {
	if fault := closeFault(payload); fault != nil {
		c.fail(fault)
		return
	}
	c.append(func(dst []byte) []byte { return appendFrame(dst, opClose, payload[:min(len(payload), 2)]) })
	c.end(nil)
}

// fail counts a fault, sends Close and ends.
func (c *Conn) fail(fault *frameFault) {
	c.v.tally.add(fault.counter)
	c.append(func(dst []byte) []byte { return appendClose(dst, fault.code, fault.text) })
	c.end(errors.New("simex: client failed: " + fault.text))
}

// closeWith starts the closing handshake from our side.
func (c *Conn) closeWith(now int64, code uint16, reason string) {
	if c.phase != phaseOpen {
		return
	}
	c.append(func(dst []byte) []byte { return appendClose(dst, code, reason) })
	c.phase, c.dies = phaseEnding, now+closeWaitNanos
}

// end lets the connection finish once its output is drained.
func (c *Conn) end(cause error) {
	if c.phase == phaseEnded {
		return
	}
	c.phase = phaseEnded
	c.outMu.Lock()
	c.ended, c.cause = true, cause
	c.later = nil
	if errors.Is(cause, ErrReset) {
		c.out = nil
	}
	c.outMu.Unlock()
}

// leave takes an ended connection off the venue's lists. It is called last, where the venue's lock is free.
func (c *Conn) leave() {
	if c.phase == phaseEnded && !c.left {
		c.left = true
		c.v.forget(c)
	}
}

// pong checks that it answers one of our PINGs.
func (c *Conn) pong(payload []byte) {
	for i, sent := range c.payloads {
		if sent != nil && string(sent) == string(payload) {
			c.payloads[i], c.pinged = nil, -1
			c.v.tally.add(cPongs)
			return
		}
	}
	if len(payload) > 0 || c.pinged >= 0 {
		c.v.tally.add(cBadPong)
	}
}

// startPings sets the venue's rhythm, from the Config where it says so.
func (c *Conn) startPings(now, every, wait, life int64) {
	config := &c.v.config
	if config.PingEvery != 0 {
		every = config.PingEvery
	}
	if config.PongWait != 0 {
		wait = config.PongWait
	}
	if config.LifeTime != 0 {
		life = config.LifeTime
	}
	c.every, c.pingNext, c.pongWait = every, now+every, wait
	if every <= 0 {
		c.pingNext = never
	}
	if life > 0 {
		c.dies = c.born + life
	}
}

// Tick does what time asks for: PINGs, deadlines, replies that were held back, the next market frames.
func (c *Conn) Tick(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.leave()
	if c.phase == phaseEnding && now >= c.dies || c.phase == phaseHTTP && now >= c.idleUntil() {
		c.end(nil)
	}
	if c.phase != phaseOpen {
		return
	}
	if c.pinged >= 0 && now >= c.pinged+c.pongWait {
		c.v.tally.add(cBadPong)
		c.append(func(dst []byte) []byte { return appendClose(dst, 1008, "no pong in time") })
		c.end(errors.New("simex: no pong in time"))
		return
	}
	if c.dies > 0 && now >= c.dies {
		c.closeWith(now, 1001, "connection has lived its time")
		return
	}
	if now >= c.pingNext {
		c.ping(now)
	}
	c.session.tick(now)
}

func (c *Conn) ping(now int64) {
	payload := strconv.AppendInt(nil, now/1e6, 10)
	c.payloads[c.pings%len(c.payloads)] = payload
	c.pings++
	if c.pinged < 0 {
		c.pinged = now
	}
	c.pingNext = now + c.every
	c.v.tally.add(cPings)
	c.append(func(dst []byte) []byte { return appendFrame(dst, opPing, payload) })
}

// NextTick is when Tick has something to do; math.MaxInt64 for never.
func (c *Conn) NextTick() int64 {
	c.mu.Lock()
	next := int64(never)
	if c.phase == phaseOpen {
		next = min(c.pingNext, c.session.next())
		if c.pinged >= 0 {
			next = min(next, c.pinged+c.pongWait)
		}
		if c.dies > 0 {
			next = min(next, c.dies)
		}
	}
	switch c.phase {
	case phaseEnding:
		next = c.dies
	case phaseHTTP:
		next = c.idleUntil()
	}
	c.mu.Unlock()
	c.outMu.Lock()
	defer c.outMu.Unlock()
	if len(c.later) > 0 {
		next = min(next, c.later[0].due)
	}
	return next
}

// idleUntil is when an HTTP connection without requests is closed.
func (c *Conn) idleUntil() int64 {
	if c.v.config.HTTPIdle <= 0 {
		return never
	}
	return max(c.born, c.heard) + c.v.config.HTTPIdle
}

// admitInbound enforces a path's limit on client frames a second, control frames included.
func (c *Conn) admitInbound(now int64) bool {
	if cap(c.inbound) == 0 {
		return true
	}
	if len(c.inbound) == cap(c.inbound) {
		if now-c.inbound[0] < 1e9 {
			c.fail(&frameFault{cOverLimit, 1008, "too many messages"})
			return false
		}
		c.inbound = append(c.inbound[:0], c.inbound[1:]...)
	}
	c.inbound = append(c.inbound, now)
	return true
}
