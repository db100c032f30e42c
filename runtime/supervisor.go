package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"orderwire/orders"
	"orderwire/wsproto"
)

// Login is what a dialect adds where a connection has to introduce itself before it serves: messages to
// send, one after the other, each answered before the next.
type Login interface {
	// Login returns message number step, or nil when the connection is ready. It is given venue time, ns.
	Login(step int, wallNanos int64, signer *orders.Signer) ([]byte, error)
}

// handover is what the control plane leaves for the loop: the socket and what has arrived already.
type handover struct {
	fd     int
	cipher []byte
	plain  []byte
	early  [][]byte // messages that came while it logged in and answered none of our questions: reports, snapshots
	// samples of the venue's clock, from the answers to the login
	samples []clockSample
}

// clockSample is one answer that told the venue's time: sent and received on the loop's clock, ns.
type clockSample struct{ sent, received, venueNanos int64 }

// TimeQuery is a dialect that can ask for the venue's clock.
type TimeQuery interface{ Time(id string) []byte }

// timeQueries is how many questions for the time a login asks: the fastest answer bounds the clock.
const timeQueries = 5

// supervisor keeps one connection alive: it gives birth to it, hands it to the loop, waits for its end,
// and tries again. Straight-line blocking code, one goroutine a connection.
type supervisor struct {
	engine   *Engine
	role     Role
	index    uint16 // the first of its two session places: the connection in use and the one that replaces it
	endpoint Endpoint
	path     string
	ended    chan sessionEnd
	renew    bell            // the loop asks for a replacement: the venue announced the end of this connection
	bell     bell            // ended or renew has something
	after    <-chan struct{} // closed when this connection may be made; nil: at once
	served   func()          // called when it was handed over for the first time; may be nil

	beginning *beginning // shared with all others to the same address
}

// run returns when ctx ends or when the connection ended in good order and is wanted once.
func (v *supervisor) run(ctx context.Context) {
	tasks := v.engine.plan.Tasks
	if v.after != nil {
		tasks.Wait(ctx, time.Time{}, v.after)
	}
	pause := v.engine.plan.BackoffMin
	for ctx.Err() == nil {
		started := tasks.Now()
		err := v.once(ctx)
		if v.endpoint.Once && errors.Is(err, errServed) || v.engine.failure() != nil {
			return
		}
		if tasks.Now().Sub(started) > v.engine.plan.BackoffMax {
			pause = v.engine.plan.BackoffMin // it lived: start anew
		}
		var closed *wsproto.CloseError
		if errors.As(err, &closed) && closed.Advice() != wsproto.Reconnect {
			pause = v.engine.plan.BackoffMax // told to slow down, or our own frames were refused
		}
		// Full jitter, so that many clients of one venue do not come back in step.
		tasks.Wait(ctx, tasks.Now().Add(pause/2+v.engine.jitter(pause/2)), nil)
		pause = min(2*pause, v.engine.plan.BackoffMax)
	}
}

// errServed is the end of a connection that the peer closed in good order.
var errServed = errors.New("runtime: closed by the peer in good order")

// once lives through one connection and returns why it ended.
func (v *supervisor) once(ctx context.Context) error {
	v.engine.tell(SessionEvent{Role: v.role, Phase: Connecting, Peer: v.endpoint.URL})
	s, err := v.birth(ctx, v.index)
	if err != nil && v.givesUp(ctx, err) {
		return err // Run returns it: nobody needs to hear it twice
	}
	if err != nil {
		v.engine.tell(SessionEvent{Role: v.role, Phase: Ended, Peer: v.endpoint.URL, Err: err})
		return err
	}
	v.beginning.lived.Store(true)
	v.hand(s)
	if v.served != nil {
		v.served()
	}
	err = v.attend(ctx, s)
	var closed *wsproto.CloseError
	if errors.As(err, &closed) && closed.Code == wsproto.CloseNormal {
		err = fmt.Errorf("%w: %w", errServed, err)
	}
	v.engine.tell(SessionEvent{Role: v.role, Phase: Ended, Peer: v.endpoint.URL, Err: err})
	return err
}

// hand gives a connection to the loop, which ends everything that it took over, also when it stops.
func (v *supervisor) hand(s *session) {
	v.engine.tell(SessionEvent{Role: v.role, Phase: Live, Peer: v.endpoint.URL, Note: noteOf(&s.link.Info), Kernel: s.link.Info.SealedBy})
	v.engine.deliver(s)
}

// attend waits for the end of the connection in use. Before the venue cuts it (its life is known) or when the venue says
// that it will, a replacement is made first: orders in flight are followed on the old one until they are answered.
func (v *supervisor) attend(ctx context.Context, used *session) error {
	tasks := v.engine.plan.Tasks
	until := v.lived()
	for {
		tasks.Wait(context.Background(), until, v.bell) // when ctx ends the loop ends the connection, and that is told here
		select {
		case end := <-v.ended:
			if end.session == used {
				return end.err
			}
			v.bell.ring() // the replaced one has been followed to its end; there may be more
			continue
		default:
		}
		select {
		case <-v.renew:
		default:
			if tasks.Now().Before(until) {
				continue
			}
		}
		next, err := v.birth(ctx, v.index+(used.index-v.index+1)%2)
		if err != nil {
			v.engine.tell(SessionEvent{Role: v.role, Phase: Connecting, Peer: v.endpoint.URL, Err: fmt.Errorf("runtime: replacement: %w", err)})
			until = tasks.Now().Add(v.engine.plan.BackoffMax)
			continue
		}
		next.replaces = used
		v.hand(next)
		used, until = next, v.lived()
	}
}

// lived is when a connection made now has lived. A quarter of its life is jitter, so that standbys are never replaced together.
func (v *supervisor) lived() time.Time {
	life := v.engine.plan.SessionLife
	return v.engine.plan.Tasks.Now().Add(life - v.engine.jitter(life/4))
}

// birth is the list of steps from nothing to a connection that the loop can take at place index.
func (v *supervisor) birth(ctx context.Context, index uint16) (*session, error) {
	ctx, cancel := v.engine.plan.Tasks.Timeout(ctx, v.engine.plan.ConnectTimeout)
	defer cancel()
	if v.role == ReportRole {
		if err := v.locateReports(ctx); err != nil {
			return nil, err
		}
	}
	w, err := v.open(ctx)
	if err != nil {
		return nil, err
	}
	if v.role == OrderRole {
		if err := v.engine.renewToken(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("runtime: session token: %w", err), w.Close())
		}
	}
	samples, err := v.login(w)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("runtime: login at %s: %w", v.endpoint.URL, err), w.Close())
	}
	s := v.engine.session(v.role, index, w)
	s.handover = handover{cipher: w.cipher, plain: w.plain, early: w.early, samples: samples}
	if s.handover.fd, err = w.conn.Detach(); err != nil {
		return nil, errors.Join(fmt.Errorf("runtime: hand-over of %s: %w", v.endpoint.URL, err), w.Close())
	}
	return s, nil
}

// open makes the cold connection.
func (v *supervisor) open(ctx context.Context) (*Wire, error) {
	config := v.endpoint.TLS
	if config.Sessions == nil {
		config.Sessions = v.engine.plan.Sessions
	}
	return Open(ctx, WireConfig{
		URL: webSocketURL(v.url()), HTTP: v.role == OrderRole && v.engine.loop.responder != nil, TLS: config, MessageMaxBytes: v.engine.plan.MessageMaxBytes,
		Network: v.engine.plan.Network, Rand: v.engine.plan.Rand,
	})
}

func (v *supervisor) url() string {
	if t, err := parseTarget(v.endpoint.URL); err == nil && t.path == "/" {
		return trimSlash(v.endpoint.URL) + v.path
	}
	return v.endpoint.URL
}

func trimSlash(text string) string {
	if n := len(text); n > 0 && text[n-1] == '/' {
		return text[:n-1]
	}
	return text
}

// login introduces an order connection where the dialect wants that, each message answered before the next, and asks for
// the venue's time: no order is stamped by a clock that was never compared.
func (v *supervisor) login(w *Wire) (samples []clockSample, err error) {
	if v.role == MarketRole {
		return nil, v.subscribe(w)
	}
	ask := func(message []byte) error {
		sample, err := v.ask(w, message)
		if sample.venueNanos != 0 {
			samples = append(samples, sample)
		}
		return err
	}
	if w.http != nil {
		return v.timeByHTTP(w)
	}
	for step := 0; ; step++ {
		message, err := v.loginStep(step)
		if err != nil {
			return nil, err
		}
		if message == nil {
			break
		}
		if err := ask(message); err != nil {
			return nil, err
		}
	}
	if pinger, can := v.engine.plan.Dialect.(orders.Pinger); can && v.role == OrderRole {
		for range timeQueries { // a pong tells the venue's time
			message, _ := pinger.Ping()
			if err := ask(message); err != nil {
				return nil, err
			}
		}
	}
	if query, can := v.engine.plan.Dialect.(TimeQuery); can && v.role == OrderRole {
		for i := range timeQueries {
			if err := ask(query.Time("time-" + strconv.Itoa(i))); err != nil {
				return nil, err
			}
		}
	}
	if _, own := v.engine.plan.Dialect.(HostTime); own {
		samples = append(samples, v.hostSample())
	}
	return samples, nil
}

// loginStep is what the dialect wants said at step, nil for nothing more.
func (v *supervisor) loginStep(step int) ([]byte, error) {
	clock := v.engine.plan.Clock
	wall := clock.Wall(clock.Now())
	signer, err := v.engine.signerFor(v.role)
	if err != nil {
		return nil, err
	}
	if v.role == ReportRole {
		reporter, wanted := v.engine.plan.Dialect.(orders.Reporter)
		if !wanted {
			return nil, nil
		}
		return reporter.ReportLogin(step, v.engine.plan.Symbols, wall, signer)
	}
	if login, wanted := v.engine.plan.Dialect.(Login); wanted {
		return login.Login(step, wall, signer)
	}
	return nil, nil
}

// subscribe asks for market data, where that takes messages. Their answers are read by the loop, among the data.
func (v *supervisor) subscribe(w *Wire) error {
	subscriber, wanted := v.engine.plan.Dialect.(orders.Subscriber)
	if !wanted {
		return nil
	}
	for step := 0; ; step++ {
		clock := v.engine.plan.Clock
		message, err := subscriber.Subscribe(step, v.engine.plan.Symbols, clock.Wall(clock.Now()), v.engine.plan.Signer)
		if err != nil || message == nil {
			return err
		}
		if err := w.Send(wsproto.OpText, message); err != nil {
			return err
		}
	}
}

// ask sends one message and waits for its answer.
func (v *supervisor) ask(w *Wire, message []byte) (sample clockSample, err error) {
	sample.sent = v.engine.plan.Clock.Now()
	if w.http != nil {
		return sample, errors.New("runtime: an HTTP venue has no login by messages")
	}
	if err := w.Send(wsproto.OpText, message); err != nil {
		return sample, err
	}
	var r orders.Report
	for {
		ev, err := w.Next()
		sample.received = v.engine.plan.Clock.Now()
		if err != nil {
			return sample, err
		}
		if ev.Kind == wsproto.EventClose {
			return sample, ev.CloseError()
		}
		if ev.Kind != wsproto.EventText {
			continue
		}
		next, err := v.engine.classify(ev.Payload, &r)
		if err != nil {
			return sample, err
		}
		switch aboutOrder := next != 0 || r.ClientID != nil || r.VenueID != nil; {
		case aboutOrder, r.Kind == orders.ReportOther:
			w.early = append(w.early, slices.Clone(ev.Payload))
		case r.Kind == orders.ReportLoggedOn, r.Kind == orders.ReportSubscribed, r.Kind == orders.ReportTime:
			sample.venueNanos = r.VenueNanos
			return sample, nil
		case r.Kind == orders.ReportRejected, r.Kind == orders.ReportSessionError, r.Kind == orders.ReportThrottled, r.Kind == orders.ReportUnknown:
			return sample, refusal(v.engine.plan.Dialect.Venue(), &r)
		}
	}
}

// classify reads the first report of a message, and tells where the next one begins, 0 for none.
func (e *Engine) classify(message []byte, r *orders.Report) (next int, err error) {
	if e.loop.many != nil {
		return e.loop.many.ClassifyNext(message, 0, r)
	}
	return 0, e.plan.Dialect.Classify(message, r)
}
