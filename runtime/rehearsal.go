package runtime

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/tlsio"
	"orderwire/tlsio/record"
	"orderwire/wsproto"
)

// Sink is the far end of the shadow connection, inside this process.
type Sink interface {
	Drain() int
	Close() error
}

// rehearsal runs the whole push, patch to send, on a shadow session while the loop is idle, so that code, branch
// predictors and the kernel's send path are warm when a real trigger comes: 5 ms after the last order a bare send
// takes 15 us, a rehearsed one 3 us.
//
// The shadow never sees a real secret: its record keys, its signing key and its API key are random, and it has its own
// ids, tracker, masks, marks and no journal. It shares the code, the arena and the CPU. A trigger that falls into a
// rehearsal waits for that one alone, and the wait is told (Timing.RehearsalWait).
type rehearsal struct {
	session *session
	port    netpoll.Port
	sink    Sink
	armed   []armed
	next    int // the armed order that is rehearsed next

	everyNanos int64
	nextAt     int64
	from, to   int64 // the last rehearsal: loop time
	price, qty fixed.Number
	done       [8]netpoll.Completion
}

// newRehearsal makes the shadow of an order session. Loop thread, before the first turn.
func (e *Engine) newRehearsal() (*rehearsal, error) {
	fd, sink, err := e.plan.Network.Sink()
	if err != nil {
		return nil, fmt.Errorf("runtime: rehearsal: %w", err)
	}
	r := &rehearsal{sink: sink, everyNanos: e.plan.RehearseEvery.Nanoseconds(), price: fixed.Number{Mantissa: 1}, qty: fixed.Number{Mantissa: 1}}
	if r.port, _, err = e.plan.Network.Port(e.plan.Clock, e.loop.arena); err != nil {
		return nil, errors.Join(fmt.Errorf("runtime: rehearsal: %w", err), sink.Close())
	}
	if err := r.build(e, fd); err != nil {
		return nil, errors.Join(fmt.Errorf("runtime: rehearsal: %w", err), r.port.Close(), sink.Close())
	}
	return r, nil
}

func (r *rehearsal) build(e *Engine, fd int) error {
	real, err := e.signerFor(OrderRole)
	if err != nil {
		return err
	}
	tokens := 1
	if e.tokenLife() > 0 {
		tokens = 10 // a JWT
	}
	signer, err := shadowSigner(e.plan.Rand, real, tokens)
	if err != nil {
		return err
	}
	for _, spec := range e.plan.Armed {
		template, err := e.plan.Dialect.Compile(spec, orders.IDSpace{Prefix: "x", Form: e.plan.IDs.Form}, signer)
		if err != nil {
			return err
		}
		r.armed = append(r.armed, armed{spec: spec, template: template})
	}
	link, err := shadowLink(e.plan.Rand)
	if err != nil {
		return err
	}
	w := &Wire{link: link, masks: wsproto.NewMasks(e.plan.Rand, maskPool), reader: wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 1 << 10})}
	if err := w.masks.Fill(); err != nil {
		return err
	}
	s := e.session(OrderRole, 0, w)
	s.signer, s.ids, s.track, s.journal, s.risk = signer, &orders.IDs{}, orders.NewTracker(shadowTrack), noJournal{}, noRisk{}
	s.port, s.arena, s.kill = r.port, e.loop.arena, new(orders.Kill)
	own := newTimings(shadowTrack)
	s.venue, s.ahead, s.timings = e.loop.venue, new(ahead), &own
	if s.sock, err = r.port.Attach(fd, 0); err != nil {
		return err
	}
	s.phase.advance(Live)
	r.session = s
	return nil
}

// shadowTrack is how many orders the shadow remembers: each is settled before the next.
const shadowTrack = 64

// shadowSigner has the real one's shape and none of its secrets; a token has tokens times 64 bytes.
func shadowSigner(random io.Reader, real *orders.Signer, tokens int) (*orders.Signer, error) {
	var raw [64]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return nil, fmt.Errorf("random key: %w", err)
	}
	text := hex.EncodeToString(raw[:])
	key := text[:min(len(real.APIKey()), len(text))] // as long as the real one, so that the records are as long
	var signer *orders.Signer
	var err error
	if real.Signs() {
		signer, err = orders.NewHMACSigner(key, orders.NewSecret([]byte(text[64:])))
	} else {
		signer, err = orders.NewSessionSigner(key)
	}
	if err == nil && !real.Token().Empty() {
		signer, err = signer.WithToken(orders.NewSecret([]byte(strings.Repeat(text[:64], tokens))))
	}
	if err == nil && !real.Passphrase().Empty() {
		signer, err = signer.WithPassphrase(orders.NewSecret([]byte(text[:16])))
	}
	return signer, err
}

// shadowLink has random keys that nobody else knows: the sink never opens a record.
func shadowLink(random io.Reader) (*tlsio.Link, error) {
	keys := func() (record.Keys, error) {
		k := record.Keys{Version: record.TLS13, Suite: record.AES128GCM, Secret: make([]byte, 32)}
		_, err := io.ReadFull(random, k.Secret)
		return k, err
	}
	write, err1 := keys()
	read, err2 := keys()
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("random record keys: %w", err)
	}
	defer write.Wipe()
	defer read.Wipe()
	link, err := record.NewLink(write, read)
	if err != nil {
		return nil, err
	}
	return &tlsio.Link{Link: *link}, nil
}

// rehearse runs one push on the shadow if it is time. It belongs to idle turns: load warms the path by itself.
func (l *Loop) rehearse() {
	r := l.shadow
	if r == nil || l.now < r.nextAt || l.orders == nil || l.orders.phase != Live {
		return
	}
	r.from = l.clock.Now()
	t := &l.trigger
	a := &r.armed[r.next]
	*t = trigger{spec: a.spec, template: a.template, intended: r.from}
	t.values = orders.Values{Price: r.price, Qty: r.qty}
	id, outcome := r.session.push(t, r.from)
	if outcome == orders.Sent {
		r.session.track.NotSent(id, r.from)
		l.counts.rehearsals++
	} else {
		l.counts.rehearsalsRefused++
	}
	r.collect()
	if r.next++; r.next == len(r.armed) {
		r.next = 0
	}
	r.to = l.clock.Now()
	r.nextAt = r.to + r.everyNanos
}

// collect gives the slots back and empties the sink, then does what keeps the shadow able: masks, and a new key long
// before the old one's limit (8 minutes of rehearsals reach it), off any trigger's way.
func (r *rehearsal) collect() {
	for _, c := range r.done[:r.port.Reap(r.done[:])] {
		if c.Kind == netpoll.Sent {
			r.session.flight.done(c.Slot)
		}
		if c.Slot != 0 {
			r.port.Arena().Put(c.Slot)
		}
	}
	r.sink.Drain()
	if r.session.masks.Left() < maskPool/4 {
		if err := r.session.masks.Fill(); err != nil {
			r.session.phase.advance(Ended) // no randomness: the live sessions will end of it too
			return
		}
	}
	if r.session.link.PendingControl() {
		r.session.flushControl(r.from)
	}
	r.session.warm()
}

// met tells how long a trigger that was meant for at had to wait for a rehearsal. Units: ns, 0 for none.
func (r *rehearsal) met(at int64) int64 {
	if r == nil || at < r.from || at >= r.to {
		return 0
	}
	return r.to - at
}

// close gives back what the shadow holds. Loop thread, after the last turn.
func (r *rehearsal) close() error {
	if r == nil {
		return nil
	}
	return errors.Join(r.port.Close(), r.sink.Close())
}
