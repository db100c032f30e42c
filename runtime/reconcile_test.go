package runtime_test

import (
	"context"
	"crypto/x509"
	"strings"
	"sync"
	"testing"
	"time"

	"orderwire/bench/simex"
	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/runtime"
	"orderwire/tlsio"
)

// burst pushes orders one after the other, each when the last one has an end, and stops when all have.
type burst struct {
	most  int
	busy  uint64
	ended map[uint64]orders.Receipt
	first map[uint64]orders.State // the first state that was told of each order
	stop  func()
}

func (b *burst) Market(*market.Event, int64, runtime.Hand) {}

func (b *burst) Turn(now int64, hand runtime.Hand) {
	if b.busy == 0 && len(b.ended) < b.most && hand.Live() {
		if id, outcome := hand.Push(0, fixed.Number{Mantissa: 6400000, Scale: 2}, fixed.Number{Mantissa: 1, Scale: 3}, now); outcome == orders.Sent {
			b.busy = id
		}
	}
}

func (b *burst) Receipt(r *orders.Receipt, _ int64, _ runtime.Hand) {
	if _, told := b.first[r.ID]; !told {
		b.first[r.ID] = r.State
	}
	if r.State.Ended() {
		b.ended[r.ID] = *r
		b.busy = 0
		if len(b.ended) == b.most {
			b.stop()
		}
	}
}

// sessions remembers why connections ended.
type sessions struct {
	mu   sync.Mutex
	ends []error
	live []string // what was negotiated, of each order connection
}

func (s *sessions) Timing(*runtime.Timing)  {}
func (s *sessions) Receipt(*orders.Receipt) {}
func (s *sessions) Session(e runtime.SessionEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Phase == runtime.Live && e.Role == runtime.OrderRole {
		s.live = append(s.live, e.Note)
	}
	if e.Err != nil {
		s.ends = append(s.ends, e.Err)
	}
}

// trade runs a burst against an exchange with a script, and returns what became of it and the exchange's truth.
func trade(t *testing.T, most int, script simex.Script, settle time.Duration) (*burst, simex.Counts, *sessions) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	exchange, err := simex.Serve(ctx, simex.ServeConfig{Venue: simex.Config{
		Keys: []simex.Key{{ID: "key", Secret: "secret"}}, Script: script,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer exchange.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(exchange.CA())
	signer, err := orders.NewHMACSigner("key", orders.NewSecret([]byte("secret")))
	if err != nil {
		t.Fatal(err)
	}
	b := &burst{most: most, ended: map[uint64]orders.Receipt{}, first: map[uint64]orders.State{}, stop: cancel}
	seen := &sessions{}
	engine, err := runtime.New(runtime.Config{
		Dialect: &binance.Dialect{}, Signer: signer, IDs: orders.IDSpace{Prefix: "rc"}, Strategy: b, Observer: seen, CPU: -1,
		Orders: runtime.Endpoint{URL: "wss://" + exchange.Addr(), TLS: tlsio.Config{Trust: tlsio.Trust{Roots: roots}}},
		Armed: []orders.Spec{{
			Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 5, WindowMillis: 500,
		}},
		BackoffMin: 10 * time.Millisecond, Settle: settle,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return b, exchange.Counts(), seen
}

// R1: an order whose reply is lost is Unknown, and ends by what the venue says: here Filled, and one execution.
func TestR1LostReplyIsResolvedByEvidence(t *testing.T) {
	b, counts, seen := trade(t, 5, func(n uint64, intent simex.Intent) simex.Plan {
		return simex.Plan{Cut: intent.Action == "place" && n == 2}
	}, time.Second)
	if len(b.ended) != 5 || counts.Filled != 5 || counts.Duplicates != 0 || counts.Executions != 5 {
		t.Fatalf("%d orders ended, the exchange filled %d in %d executions, %d ids came twice (%v)",
			len(b.ended), counts.Filled, counts.Executions, counts.Duplicates, seen.ends)
	}
	unknown := 0
	for id, r := range b.ended {
		if r.State != orders.Filled {
			t.Errorf("order %d ended as state %d", id, r.State)
		}
		if b.first[id] == orders.Unknown {
			unknown++
		}
	}
	if unknown != 1 {
		t.Errorf("%d orders were Unknown for a while, want the one whose reply was cut off", unknown)
	}
}

// A connection that was closed with nothing in doubt is made again by resuming its TLS session.
func TestReconnectResumes(t *testing.T) {
	b, counts, seen := trade(t, 2, func(n uint64, intent simex.Intent) simex.Plan {
		return simex.Plan{Close: map[bool]uint16{true: 1012}[intent.Action == "place" && n == 0]}
	}, time.Second)
	if len(b.ended) != 2 || counts.Filled != 2 {
		t.Fatalf("%d orders ended, the exchange filled %d (%v)", len(b.ended), counts.Filled, seen.ends)
	}
	if len(seen.live) < 2 || !strings.Contains(seen.live[1], "resumed true") {
		t.Errorf("connections %q: the second should have resumed the first one's session", seen.live)
	}
}

// An order that the venue answered with "unknown" and never executed is Rejected by absence, and only by the whole of it:
// window and settle time have passed, and status, open orders and fills agree.
func TestAbsenceEndsUnknownOnlyByTheWholeProof(t *testing.T) {
	started := time.Now()
	b, counts, seen := trade(t, 2, func(n uint64, intent simex.Intent) simex.Plan {
		return simex.Plan{Vanish: intent.Action == "place" && n == 0}
	}, 300*time.Millisecond)
	if len(b.ended) != 2 || counts.Filled != 1 || counts.Duplicates != 0 {
		t.Fatalf("%d orders ended, the exchange filled %d, %d ids came twice (%v)", len(b.ended), counts.Filled, counts.Duplicates, seen.ends)
	}
	if b.first[1] != orders.Unknown || b.ended[1].State != orders.Rejected {
		t.Errorf("order 1 was first %d and ended as %d, want Unknown and then Rejected", b.first[1], b.ended[1].State)
	}
	if took := time.Since(started); took < 800*time.Millisecond {
		t.Errorf("absence was believed after %s, before window (500 ms) and settle time (300 ms) had passed", took)
	}
}

// R4: a query that does not see the order yet is no proof that it is not there.
func TestR4NotFoundRightAfterIsNoProof(t *testing.T) {
	b, counts, seen := trade(t, 2, func(n uint64, intent simex.Intent) simex.Plan {
		hidden := intent.Action == "place" && n == 0
		return simex.Plan{Unknown: hidden, ReportLost: hidden, HideFor: map[bool]int64{true: 600e6}[hidden]}
	}, 2*time.Second)
	if len(b.ended) != 2 || counts.Filled != 2 {
		t.Fatalf("%d orders ended, the exchange filled %d (%v)", len(b.ended), counts.Filled, seen.ends)
	}
	if b.first[1] != orders.Unknown || b.ended[1].State != orders.Filled {
		t.Errorf("order 1 was first %d and ended as %d, want Unknown and then Filled", b.first[1], b.ended[1].State)
	}
}
