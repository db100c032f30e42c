package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync/atomic"
	"time"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/market"
	"orderwire/runtime"
	"orderwire/tlsio"
	"orderwire/wsproto"
)

// Feed is where a Target's market data comes from.
type Feed struct {
	Addr   netip.AddrPort
	CAFile string
}

// endpoint asks the feed for rate quotes a second and ticks trades, every ns apart.
func (f *Feed) endpoint(rate, ticks int, every time.Duration, skip bool) (runtime.Endpoint, error) {
	roots, err := tlsio.LoadRoots(f.CAFile)
	if err != nil || f.CAFile == "" {
		return runtime.Endpoint{}, fmt.Errorf("bench: the feed's certificate authority: %w", err)
	}
	skips := 0
	if skip {
		skips = 1
	}
	return runtime.Endpoint{
		URL: fmt.Sprintf("wss://%s/feed?rate=%d&ticks=%d&every=%d&skip=%d", f.Addr, rate, ticks, every.Nanoseconds(), skips),
		TLS: tlsio.Config{ServerName: f.Addr.Addr().String(), Trust: tlsio.Trust{Mode: tlsio.TrustSystem, Roots: roots}},
	}, nil
}

// TickConfig is one measurement of tick-to-trade.
type TickConfig struct {
	Target  Target
	Feed    Feed
	CPU     int
	Backend string
	Rate    int // market frames a second beside the triggers
	Ticks   int
	Every   time.Duration
}

// TickResult is what one rate showed. Units: ns.
type TickResult struct {
	Rate   int    `json:"frames_per_s"`
	Frames uint64 `json:"frames"` // read
	Lost   int    `json:"lost"`   // triggers that never became an order
	// TickToTrade is from the time for which the trigger was meant to be sent by the feed to the send call's return: it
	// counts the feed's own delay, the market connection and the order.
	TickToTrade Summary `json:"tick_to_trade_ns"`
	// Received is from the receive call that returned the trigger to the send call's return: our own part.
	Received Summary `json:"received_to_trade_ns"`

	trade, received *Histogram
}

// Tick measures one rate: an engine with a market and an order connection, a trigger in the market each Every.
func Tick(ctx context.Context, c TickConfig, log io.Writer) (*TickResult, error) {
	url, err1 := c.Target.url()
	trust, err2 := c.Target.tls()
	signer, err3 := orders.NewHMACSigner(c.Target.Key, c.Target.Secret)
	feed, err4 := c.Feed.endpoint(c.Rate, c.Ticks, c.Every, false)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	feed.Once = true
	clock, _ := netpoll.NewClock()
	s := &tickStrategy{clock: clock, trade: make([]int64, 0, c.Ticks), received: make([]int64, 0, c.Ticks)}
	o := &tickObserver{ended: make(chan error, 1)}
	engine, err := runtime.New(runtime.Config{
		Dialect: &Contract{Path: c.Target.Path}, Orders: runtime.Endpoint{URL: url, TLS: trust}, Market: feed, Symbols: []string{"BTCUSDT"},
		Armed: []orders.Spec{ContractOrder}, IDs: ContractIDs, Signer: signer, Strategy: s, Observer: o,
		CPU: c.CPU, Backend: c.Backend, Clock: clock, SignAhead: -1, MaxSendAge: time.Second,
	})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- engine.Run(running) }()
	var failed error
	select {
	case failed = <-o.ended:
	case failed = <-done:
		done <- nil
	case <-ctx.Done():
		failed = context.Cause(ctx)
	}
	for range 500 { // what was fired is answered
		if s.answered.Load() >= s.fired.Load() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := errors.Join(failed, <-done); err != nil {
		return nil, err
	}
	fmt.Fprintf(log, "%d frames/s: %d triggers\n", c.Rate, len(s.trade))
	return s.result(c), nil
}

// tickStrategy fires one order at each trade. Loop thread, but for the atomics.
type tickStrategy struct {
	clock           netpoll.AnchoredClock
	frames          uint64
	anchored        int64
	trade, received []int64
	fired, answered atomic.Int64
}

// Market fires at trades. A trade's id is the time for which it was meant.
func (s *tickStrategy) Market(ev *market.Event, at int64, hand runtime.Hand) {
	s.frames++
	if ev.Kind != market.KindTrade {
		return
	}
	intended := ev.Trade.ID
	price, qty := Sequence{Seed: 1}.Order(len(s.trade))
	if _, outcome := hand.Push(0, price, qty, intended); outcome != orders.Sent || len(s.trade) == cap(s.trade) {
		return
	}
	sent := s.clock.Now()
	s.trade, s.received = append(s.trade, sent-intended), append(s.received, sent-at)
	s.fired.Add(1)
}

// Receipt counts the answers.
func (s *tickStrategy) Receipt(*orders.Receipt, int64, runtime.Hand) { s.answered.Add(1) }

// Turn keeps the clock at the kernel's: the feed's times are compared with it.
func (s *tickStrategy) Turn(now int64, _ runtime.Hand) {
	if now-s.anchored > anchorNanos {
		s.clock.Anchor()
		s.anchored = now
	}
}

func (s *tickStrategy) result(c TickConfig) *TickResult {
	r := &TickResult{Rate: c.Rate, Frames: s.frames, Lost: c.Ticks - len(s.trade), trade: NewHistogram(), received: NewHistogram()}
	for i := range s.trade {
		r.trade.Record(s.trade[i])
		r.received.Record(s.received[i])
	}
	r.TickToTrade, r.Received = r.trade.Summary(), r.received.Summary()
	return r
}

// tickObserver hears when the market has ended.
type tickObserver struct{ ended chan error }

// Timing is not needed: the strategy has read the clock.
func (o *tickObserver) Timing(*runtime.Timing) {}

// Receipt is not needed: the strategy was told.
func (o *tickObserver) Receipt(*orders.Receipt) {}

// Session hears how a connection ended.
func (o *tickObserver) Session(e runtime.SessionEvent) {
	switch {
	case e.Phase != runtime.Ended:
	case e.Role == runtime.MarketRole && closedInOrder(e.Err):
		offer(o.ended, nil)
	case e.Err != nil && !errors.Is(e.Err, runtime.ErrStopped):
		offer(o.ended, fmt.Errorf("bench: the %s connection ended: %w", e.Role, e.Err))
	}
}

// closedInOrder tells whether the peer has closed with 1000.
func closedInOrder(err error) bool {
	var closed *wsproto.CloseError
	return errors.As(err, &closed) && closed.Code == wsproto.CloseNormal
}
