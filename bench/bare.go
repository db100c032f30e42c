package bench

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	goruntime "runtime"
	"syscall"

	"orderwire/netpoll"
)

// Bare is the floor: a client that has nothing to do but to send ready bytes, in one raw system call, on the same core.
// Between orders it spins on the clock. Rehearsed, it sends as many bytes on a shadow connection of its own each 20 us
// while it waits, and empties that: the best that a client without TLS, WebSocket and order could do.
type Bare struct {
	name     string
	size     int
	jobs     chan *job
	ended    chan error
	sink     *netpoll.Sink
	shadow   *netpoll.Bare
	sock     *netpoll.Bare
	clock    netpoll.AnchoredClock
	message  []byte
	answer   []byte
	sweep    sweep
	from, to int64 // the last rehearsal
	met      int
	longest  int64
}

// BareConfig says which floor.
type BareConfig struct {
	Target Target
	CPU    int
	// SizeBytes is how long a message is: as long as the records of those who are compared. AnswerBytes likewise.
	SizeBytes   int
	AnswerBytes int
	Rehearsed   bool
	// ThrashBytes is swept through the cache when a wait begins. 0: nothing.
	ThrashBytes int
}

// rehearseNanos is the pause between two rehearsals, that of the engine.
const rehearseNanos = 20_000

// NewBare connects a floor to the target's raw port.
func NewBare(ctx context.Context, c BareConfig) (*Bare, error) {
	addr, err := c.Target.addr(c.Target.RawPort)
	if err != nil {
		return nil, err
	}
	b := &Bare{name: "bare", size: c.SizeBytes, jobs: make(chan *job), ended: make(chan error, 1)}
	b.clock, _ = netpoll.NewClock()
	b.sweep = newSweep(c.ThrashBytes)
	b.message, b.answer = make([]byte, c.SizeBytes), make([]byte, c.AnswerBytes)
	if _, err := rand.Read(b.message); err != nil {
		return nil, err
	}
	if b.sock, err = netpoll.DialBare(ctx, addr); err != nil {
		return nil, fmt.Errorf("bench: bare: %w", err)
	}
	var hello [8]byte
	binary.LittleEndian.PutUint32(hello[:], uint32(c.SizeBytes))
	binary.LittleEndian.PutUint32(hello[4:], uint32(c.AnswerBytes))
	if n, errno := b.sock.Send(hello[:]); n != len(hello) {
		return nil, errors.Join(fmt.Errorf("bench: bare: %w", errno), b.sock.Close())
	}
	if c.Rehearsed {
		b.name = "bare rehearsed"
		fd, sink, err := netpoll.NewSink(netpoll.SocketOptions{})
		if err != nil {
			return nil, errors.Join(err, b.sock.Close())
		}
		b.sink, b.shadow = sink, netpoll.NewBare(fd)
	}
	pinned := make(chan error, 1)
	go b.loop(c.CPU, pinned)
	if err := <-pinned; err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// loop is the pinned thread. It is parked between jobs.
func (b *Bare) loop(cpu int, pinned chan<- error) {
	goruntime.LockOSThread() // never unlocked: the thread ends with its goroutine, and its binding with it
	var err error
	if cpu >= 0 {
		err = netpoll.Pin(cpu)
	}
	pinned <- err
	for j := range b.jobs {
		j.done <- b.run(j)
	}
	b.ended <- nil
}

func (b *Bare) run(j *job) error {
	b.met, b.longest, b.from, b.to = 0, 0, 0, 0
	settleClock(b.clock)
	anchored := b.clock.Now()
	for i := range j.warm + j.n {
		now := b.clock.Now()
		if now-anchored > anchorNanos {
			b.clock.Anchor()
			anchored, now = now, b.clock.Now()
		}
		if b.sweep.run() {
			now = b.clock.Now()
		}
		due := now + j.sequence.Wait(i)
		b.waitUntil(due)
		if n, errno := b.sock.Send(b.message); n != len(b.message) {
			return fmt.Errorf("bench: %s: %d of %d bytes were sent: %w", b.name, n, len(b.message), errno)
		}
		sent := b.clock.Now()
		if err := b.read(due); err != nil {
			return err
		}
		if at := i - j.warm; at >= 0 {
			j.send[at], j.rtt[at] = sent-due, b.clock.Now()-due
			j.wire[at] = int64(binary.LittleEndian.Uint64(b.answer)) - due
			if due >= b.from && due < b.to {
				b.met++
				b.longest = max(b.longest, b.to-due)
			}
		}
	}
	return nil
}

// waitUntil spins on the clock, and rehearses where it was told to. Whether the time has come is all that it asks.
func (b *Bare) waitUntil(due int64) {
	next := b.clock.Now() + rehearseNanos
	for {
		now := b.clock.Now()
		if now >= due {
			return
		}
		if b.shadow != nil && now >= next {
			b.from = now
			b.shadow.Send(b.message)
			b.sink.Drain()
			b.to = b.clock.Now()
			next = b.to + rehearseNanos
		}
	}
}

// read takes the whole answer.
func (b *Bare) read(due int64) error {
	for got := 0; got < len(b.answer); {
		n, errno := b.sock.Receive(b.answer[got:])
		switch {
		case n > 0:
			got += n
		case errno != syscall.EAGAIN && errno != syscall.EINTR:
			return fmt.Errorf("bench: %s: the far end has left: %w", b.name, errno)
		case b.clock.Now()-due > answerNanos:
			return fmt.Errorf("bench: %s: no answer within %d s", b.name, answerNanos/1_000_000_000)
		}
	}
	return nil
}

// Name is "bare" or "bare rehearsed".
func (b *Bare) Name() string { return b.name }

// Run times one run. See Runner.
func (b *Bare) Run(ctx context.Context, c Command) (*Batch, error) {
	out := newBatch(c.N)
	j := &job{
		sequence: Sequence{Seed: c.Seed, ThinkNanos: c.ThinkNanos}, n: c.N, warm: c.Warm,
		send: out.Send, wire: out.Wire, rtt: out.RTT, done: make(chan error, 1),
	}
	before := readMemory()
	select {
	case b.jobs <- j:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if err := <-j.done; err != nil {
		return nil, err
	}
	after := readMemory()
	out.account(&before, &after, c.N+c.Warm)
	out.Len = int64(b.size)
	out.Rehearsed, out.RehearsalWaitMax = float64(b.met)/float64(max(c.N, 1)), b.longest
	return out, nil
}

// Close ends the thread and the connections.
func (b *Bare) Close() error {
	close(b.jobs)
	err := errors.Join(<-b.ended, b.sock.Close())
	if b.shadow != nil {
		err = errors.Join(err, b.shadow.Close(), b.sink.Close())
	}
	return err
}
