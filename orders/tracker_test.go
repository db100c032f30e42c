package orders_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// trackedTemplate is any order to buy BTCUSDT with a window of 5 s.
func trackedTemplate(t testing.TB) *orders.Template {
	t.Helper()
	return specTemplate(t, limitSpec())
}

func specTemplate(t testing.TB, spec orders.Spec) *orders.Template {
	t.Helper()
	session, err := orders.NewSessionSigner("key")
	if err != nil {
		t.Fatal(err)
	}
	b := orders.NewTemplateBuilder(orders.FrameText, spec, testIDs).Text(`{"i":"`).Field(orders.FieldClientID, orders.FormText)
	b.Text(`","t":"`).Field(orders.FieldTarget, orders.FormText).Text(`","p":`).Field(orders.FieldPrice, orders.FormBare)
	return mustBuild(t, b.Text(`,"q":`).Field(orders.FieldQty, orders.FormBare).Text("}"), session)
}

func amount(mantissa int64) fixed.Number { return fixed.Number{Mantissa: mantissa, Scale: 5} }

func apply(t *testing.T, tracker *orders.Tracker, id uint64, r orders.Report) (orders.Receipt, bool) {
	t.Helper()
	receipt, news := tracker.Apply(&r, id, 500)
	if err := tracker.Check(); err != nil {
		t.Fatal(err)
	}
	return receipt, news
}

func wantState(t *testing.T, tracker *orders.Tracker, id uint64, want orders.State) {
	t.Helper()
	if have, known := tracker.State(id); have != want || !known {
		t.Fatalf("order %d is %s (%v), want %s", id, have, known, want)
	}
}

func TestTrackerReceipt(t *testing.T) {
	tracker := orders.NewTracker(4)
	tracker.Add(7, 100, trackedTemplate(t), fixed.Number{Mantissa: 6412345, Scale: 2}, amount(1000))
	if tracker.Waiting() != 1 || tracker.Open() != 1 || tracker.Count(orders.Pushed) != 1 {
		t.Fatalf("waiting %d, open %d", tracker.Waiting(), tracker.Open())
	}
	receipt, news := apply(t, tracker, 7, orders.Report{Kind: orders.ReportAcked, VenueID: []byte("12569099453")})
	want := orders.Receipt{ID: 7, State: orders.Acked, Before: orders.Pushed, Kind: orders.ReportAcked, PushedAt: 100, At: 500}
	if !news || receipt != want {
		t.Fatalf("%+v, want %+v", receipt, want)
	}
	if id, ok := tracker.ByVenueID([]byte("12569099453")); !ok || id != 7 {
		t.Fatalf("by the venue's id: %d, %v", id, ok)
	}
	receipt, news = apply(t, tracker, 7, orders.Report{Kind: orders.ReportTrade, ExecID: []byte("e1"), LastQty: amount(400), LastPrice: amount(5)})
	if !news || receipt.LastQty != amount(400) || receipt.CumQty != amount(400) || receipt.State != orders.PartiallyFilled {
		t.Fatalf("%+v", receipt)
	}
	receipt, news = apply(t, tracker, 7, orders.Report{Kind: orders.ReportCancelled, CumQty: amount(400)})
	if !news || receipt.State != orders.Cancelled || receipt.CumQty != amount(400) || tracker.Open() != 0 {
		t.Fatalf("a cancelled order with a filled quantity: %+v", receipt)
	}
	if receipt, news = apply(t, tracker, 7, orders.Report{Kind: orders.ReportAcked}); news {
		t.Fatalf("a late ack is news: %+v", receipt)
	}
}

// TestR5ExecutionsCountOnce: by execution id, in any state, with or without the venue's cumulative quantity.
func TestR5ExecutionsCountOnce(t *testing.T) {
	tracker := orders.NewTracker(4)
	tracker.Add(1, 0, trackedTemplate(t), fixed.Number{}, amount(1000))
	trade := orders.Report{Kind: orders.ReportTrade, ExecID: []byte("77"), LastQty: amount(250)}
	if _, news := apply(t, tracker, 1, trade); !news {
		t.Fatal("a fill before the ack is no news")
	}
	if receipt, news := apply(t, tracker, 1, trade); news {
		t.Fatalf("the same execution again is news: %+v", receipt)
	}
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportCancelled})
	receipt, news := apply(t, tracker, 1, orders.Report{Kind: orders.ReportTrade, ExecID: []byte("78"), LastQty: amount(50)})
	if !news || receipt.State != orders.Cancelled || receipt.CumQty != amount(300) {
		t.Fatalf("an execution after the end is lost: %+v, %v", receipt, news)
	}
	if bought := tracker.Position("BTCUSDT").Bought; bought != amount(300) {
		t.Fatalf("bought %v", bought)
	}
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportCancelled, CumQty: amount(600)})
	receipt, news = apply(t, tracker, 1, orders.Report{Kind: orders.ReportTrade, ExecID: []byte("79"), LastQty: amount(300)})
	if news || tracker.Position("BTCUSDT").Bought != amount(600) {
		t.Fatalf("an execution that the cumulative quantity had told counts again: %+v", receipt)
	}
	// The same execution twice is a duplicate as execution and as news; the other two were news that was known.
	if tally := tracker.Tally(); tally != (orders.Tally{Duplicates: 3}) {
		t.Fatalf("%+v", tally)
	}
}

// TestTrackerOddExecutions: without an id an execution is not booked by its quantity, for nobody could tell it from its repetition;
// without a quantity it books nothing; a sum that is no Number is counted.
func TestTrackerOddExecutions(t *testing.T) {
	tracker := orders.NewTracker(2)
	tracker.Add(1, 0, trackedTemplate(t), fixed.Number{}, amount(1000))
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportTrade, LastQty: amount(5)})
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportTrade, ExecID: []byte("1")})
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportTrade, ExecID: []byte("1"), LastQty: amount(7)})
	if info, _ := tracker.Order(1); info.Executed != amount(7) || tracker.Tally() != (orders.Tally{Duplicates: 1}) {
		t.Fatalf("%+v, %+v", info, tracker.Tally())
	}
	tracker.Add(2, 0, trackedTemplate(t), fixed.Number{}, fixed.Number{Mantissa: 1<<63 - 1})
	huge := fixed.Number{Mantissa: 1<<63 - 2}
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportTrade, ExecID: []byte("1"), LastQty: huge})
	before := tracker.Tally().Unbooked
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportTrade, ExecID: []byte("2"), LastQty: huge})
	if info, _ := tracker.Order(2); info.Executed != huge || tracker.Tally().Unbooked != before+1 {
		t.Fatalf("%+v, %+v", info, tracker.Tally())
	}
	if all, open := tracker.Snapshot(nil, false), tracker.Snapshot(nil, true); len(all) != 2 || len(open) != 2 {
		t.Fatalf("%+v, %+v", all, open)
	}
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportCancelled})
	if all, open := tracker.Snapshot(nil, false), tracker.Snapshot(nil, true); len(all) != 2 || len(open) != 1 || open[0].ID != 2 {
		t.Fatalf("%+v, %+v", all, open)
	}
}

// TestR2EvidenceStopsTheRetry: a NotSent order may be retried until anything is heard of it.
func TestR2EvidenceStopsTheRetry(t *testing.T) {
	for _, kind := range []orders.ReportKind{
		orders.ReportReceived, orders.ReportAcked, orders.ReportTrade, orders.ReportFilled, orders.ReportCancelled,
		orders.ReportExpired, orders.ReportRejected, orders.ReportUnknown,
	} {
		tracker := orders.NewTracker(1)
		tracker.Add(1, 0, trackedTemplate(t), fixed.Number{}, amount(1))
		if receipt, news := tracker.NotSent(1, 5); !news || receipt.State != orders.NotSent || !tracker.MayRetry(1) {
			t.Fatalf("%+v", receipt)
		}
		apply(t, tracker, 1, orders.Report{Kind: kind})
		if tracker.MayRetry(1) || tracker.Tally().Conflicts != 1 {
			t.Errorf("kind %d leaves the retry standing", kind)
		}
	}
	for _, state := range []orders.ReportKind{orders.ReportUnknown, orders.ReportReceived, orders.ReportRejected} {
		tracker := orders.NewTracker(1)
		tracker.Add(1, 0, trackedTemplate(t), fixed.Number{}, amount(1))
		apply(t, tracker, 1, orders.Report{Kind: state})
		if tracker.NotSent(1, 5); tracker.MayRetry(1) {
			t.Errorf("an order that the venue spoke of (%d) may be retried", state)
		}
	}
}

// TestR4AbsenceNeedsTheWholeRule: no single "not found", no timer, nothing without a window.
func TestR4AbsenceNeedsTheWholeRule(t *testing.T) {
	const second = 1_000_000_000
	whole := orders.Absence{AskedAt: 100 + 5*second + 3*second + 4, Status: true, OpenOrders: true, Fills: true, SettleNanos: 3 * second, BoundNanos: 3}
	noWindow := limitSpec()
	noWindow.WindowMillis = 0
	for _, row := range []struct {
		name   string
		change func(a *orders.Absence)
		spec   orders.Spec
		before orders.ReportKind
		want   orders.State
	}{
		{name: "whole", want: orders.Rejected},
		{name: "no status", change: func(a *orders.Absence) { a.Status = false }, want: orders.Unknown},
		{name: "no open orders", change: func(a *orders.Absence) { a.OpenOrders = false }, want: orders.Unknown},
		{name: "no fills", change: func(a *orders.Absence) { a.Fills = false }, want: orders.Unknown},
		{name: "asked too early", change: func(a *orders.Absence) { a.AskedAt-- }, want: orders.Unknown},
		{name: "no window", spec: noWindow, want: orders.Unknown},
		{name: "acked before", before: orders.ReportAcked, want: orders.Acked},
		{name: "received before", before: orders.ReportReceived, want: orders.Received},
	} {
		tracker := orders.NewTracker(1)
		if row.spec.Symbol == "" {
			row.spec = limitSpec()
		}
		tracker.Add(1, 100, specTemplate(t, row.spec), fixed.Number{}, amount(1))
		if row.before != orders.ReportOther {
			apply(t, tracker, 1, orders.Report{Kind: row.before})
		}
		if _, news := tracker.Absent(1, whole, 0); news {
			t.Errorf("%s: absent while it may be on its way", row.name)
		}
		tracker.Lose(200)
		apply(t, tracker, 1, orders.Report{Kind: orders.ReportNotFound})
		proof := whole
		if row.change != nil {
			row.change(&proof)
		}
		tracker.Absent(1, proof, proof.AskedAt+1)
		if have, _ := tracker.State(1); have != row.want {
			t.Errorf("%s: %s, want %s", row.name, have, row.want)
		}
	}
}

// TestCancels: the request's own answer, the target's end, and a lost connection.
func TestCancels(t *testing.T) {
	fresh := func() *orders.Tracker {
		tracker := orders.NewTracker(3)
		tracker.Add(1, 0, trackedTemplate(t), fixed.Number{}, amount(10))
		apply(t, tracker, 1, orders.Report{Kind: orders.ReportAcked})
		tracker.AddCancel(0, 2, 1, 50)
		if info, _ := tracker.Order(1); info.Cancel != 2 || tracker.Waiting() != 1 {
			t.Fatalf("%+v", info)
		}
		return tracker
	}
	t.Run("refused", func(t *testing.T) {
		tracker := fresh()
		receipt, news := apply(t, tracker, 2, orders.Report{Kind: orders.ReportCancelRejected, Code: -2011})
		if !news || receipt.ID != 2 || receipt.Target != 1 || receipt.State != orders.Rejected || receipt.Code != -2011 {
			t.Fatalf("%+v", receipt)
		}
		wantState(t, tracker, 1, orders.Acked)
	})
	t.Run("R5 refused after the fill", func(t *testing.T) {
		tracker := fresh()
		apply(t, tracker, 1, orders.Report{Kind: orders.ReportFilled})
		if _, news := apply(t, tracker, 2, orders.Report{Kind: orders.ReportCancelRejected}); news {
			t.Fatal("news of a cancel that is settled")
		}
		wantState(t, tracker, 1, orders.Filled)
		apply(t, tracker, 1, orders.Report{Kind: orders.ReportCancelRejected})
		wantState(t, tracker, 1, orders.Filled)
	})
	t.Run("accepted under the request's id", func(t *testing.T) {
		tracker := fresh()
		receipt, news := apply(t, tracker, 2, orders.Report{Kind: orders.ReportCancelled})
		if !news || receipt.ID != 1 || receipt.State != orders.Cancelled {
			t.Fatalf("%+v", receipt)
		}
		wantState(t, tracker, 1, orders.Cancelled)
	})
	t.Run("accepted under the order's id", func(t *testing.T) {
		tracker := fresh()
		apply(t, tracker, 1, orders.Report{Kind: orders.ReportCancelled})
		if tracker.Waiting() != 0 {
			t.Fatal("the cancel still waits")
		}
	})
	t.Run("lost", func(t *testing.T) {
		tracker := fresh()
		receipt, more := tracker.Lose(60)
		if !more || receipt.ID != 2 || receipt.Target != 1 || receipt.State != orders.Unknown {
			t.Fatalf("%+v", receipt)
		}
		wantState(t, tracker, 1, orders.Acked)
		if _, more := tracker.Lose(60); more {
			t.Fatal("an acked order was lost")
		}
	})
	t.Run("not sent", func(t *testing.T) {
		tracker := fresh()
		if receipt, news := tracker.NotSent(2, 60); !news || receipt.State != orders.NotSent || tracker.Waiting() != 0 {
			t.Fatalf("%+v", receipt)
		}
	})
}

// TestCancelAnswers: every kind of answer settles the request, tells all about it, and leaves the order alone.
func TestCancelAnswers(t *testing.T) {
	for kind, want := range map[orders.ReportKind]orders.State{
		orders.ReportCancelRejected: orders.Rejected, orders.ReportRejected: orders.Rejected, orders.ReportThrottled: orders.Rejected,
		orders.ReportNotFound: orders.Rejected, orders.ReportUnknown: orders.Unknown, orders.ReportAcked: orders.Acked, orders.ReportReceived: orders.Acked,
	} {
		tracker := orders.NewTracker(3)
		tracker.Add(1, 0, trackedTemplate(t), fixed.Number{}, amount(10))
		apply(t, tracker, 1, orders.Report{Kind: orders.ReportAcked})
		tracker.AddCancel(4, 2, 1, 50)
		receipt, news := apply(t, tracker, 2, orders.Report{Kind: kind, Code: 7})
		expect := orders.Receipt{ID: 2, Target: 1, State: want, Before: orders.Pushed, Kind: kind, Code: 7, PushedAt: 50, At: 500}
		if !news || receipt != expect {
			t.Errorf("%+v, want %+v", receipt, expect)
		}
		info, _ := tracker.Order(1)
		if info.State != orders.Acked || info.Cancel != 0 || tracker.Waiting() != 0 || tracker.Tally() != (orders.Tally{}) {
			t.Errorf("kind %d: %+v, %+v", kind, info, tracker.Tally())
		}
	}
}

// TestSecondCancel: the order knows the request that was sent last, and an execution settles neither.
func TestSecondCancel(t *testing.T) {
	tracker := orders.NewTracker(3)
	tracker.Add(1, 0, trackedTemplate(t), fixed.Number{}, amount(10))
	tracker.AddCancel(0, 2, 1, 50)
	tracker.AddCancel(0, 3, 1, 60)
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportCancelRejected})
	if info, _ := tracker.Order(1); info.Cancel != 3 {
		t.Fatalf("the second request is forgotten with the first: %+v", info)
	}
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportTrade, ExecID: []byte("1"), LastQty: amount(1)})
	if info, _ := tracker.Order(1); info.Cancel != 3 || tracker.Waiting() != 1 {
		t.Fatalf("an execution settled the request: %+v", info)
	}
	tracker.NotSent(99, 1)
	tracker.Apply(&orders.Report{Kind: orders.ReportAcked}, 98, 1)
	if tally := tracker.Tally(); tally != (orders.Tally{Strays: 2}) {
		t.Fatalf("%+v", tally)
	}
}

// TestR14AnswersWithoutAnID belong to the only request that waits on their connection, or to nobody.
func TestR14AnswersWithoutAnID(t *testing.T) {
	tracker := orders.NewTracker(4)
	template := trackedTemplate(t)
	if _, alone, some := tracker.FirstWaiting(1); alone || some {
		t.Fatal("somebody waits in an empty tracker")
	}
	tracker.AddOn(2, 1, 0, template, fixed.Number{}, amount(1))
	tracker.AddOn(1, 2, 0, template, fixed.Number{}, amount(1))
	if id, alone, some := tracker.FirstWaiting(1); id != 2 || !alone || !some {
		t.Fatalf("%d, %v, %v", id, alone, some)
	}
	tracker.AddCancel(1, 3, 1, 0)
	if id, alone, some := tracker.FirstWaiting(1); id != 2 || alone || !some {
		t.Fatalf("%d, %v, %v", id, alone, some)
	}
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportAcked})
	if id, alone, some := tracker.FirstWaiting(1); id != 3 || !alone || !some {
		t.Fatalf("%d, %v, %v", id, alone, some)
	}
}

// TestTrackerVenueIDs: the first id binds, a longer one than any venue's does not, and one for two orders is a conflict.
func TestTrackerVenueIDs(t *testing.T) {
	tracker := orders.NewTracker(3)
	for id := uint64(1); id <= 2; id++ {
		tracker.Add(id, 0, trackedTemplate(t), fixed.Number{}, amount(10))
	}
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportAcked, VenueID: []byte("first")})
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportAcked, VenueID: []byte("second")})
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportReceived, VenueID: []byte("first")})
	if tracker.Tally().Conflicts != 1 {
		t.Fatalf("%+v", tracker.Tally())
	}
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportReceived})
	long := make([]byte, 41)
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportAcked, VenueID: long})
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportAcked, VenueID: long[:40]})
	for text, want := range map[string]uint64{"first": 1, "second": 0, "": 0, string(long): 0, string(long[:40]): 2} {
		if id, ok := tracker.ByVenueID([]byte(text)); id != want || ok != (want > 0) {
			t.Errorf("%q is order %d, want %d", text, id, want)
		}
	}
	tracker.AddCancel(0, 3, 1, 0)
	if _, known := tracker.State(3); known {
		t.Error("a cancel has a state")
	}
	if _, known := tracker.Order(3); known {
		t.Error("a cancel is an order")
	}
	if len(tracker.Snapshot(nil, false)) != 2 {
		t.Error("a cancel is in the snapshot")
	}
}

// TestManySymbols: more symbols than there are books lose their sums, which is counted, and not their states.
func TestManySymbols(t *testing.T) {
	tracker := orders.NewTracker(2)
	for id := uint64(1); id <= 3; id++ { // the third takes the place of the first
		spec := limitSpec()
		spec.Symbol = fmt.Sprint("SYMBOL", id)
		tracker.Add(id, 0, specTemplate(t, spec), fixed.Number{Mantissa: 5, Scale: 2}, amount(10))
		apply(t, tracker, id, orders.Report{Kind: orders.ReportFilled, CumQty: amount(10)})
	}
	if tracker.Tally().Unbooked != 1 || tracker.Position("SYMBOL2").Bought != amount(10) || len(tracker.Positions(nil)) != 2 {
		t.Fatalf("%+v, %+v", tracker.Tally(), tracker.Positions(nil))
	}
	for id, want := range map[uint64]string{2: "SYMBOL2", 3: ""} {
		if info, _ := tracker.Order(id); info.Symbol != want || info.State != orders.Filled {
			t.Fatalf("%+v", info)
		}
	}
}

func TestTestedOrderIsOver(t *testing.T) {
	spec := limitSpec()
	spec.Action = orders.Test
	tracker := orders.NewTracker(1)
	tracker.Add(1, 0, specTemplate(t, spec), fixed.Number{}, amount(10))
	if position := tracker.Position("BTCUSDT"); position.OpenOrders != 0 || position.OpenBuy.Mantissa != 0 {
		t.Fatalf("a dry run is exposed: %+v", position)
	}
	receipt, news := apply(t, tracker, 1, orders.Report{Kind: orders.ReportTested})
	if !news || receipt.Kind != orders.ReportTested || tracker.Open() != 0 || !tracker.Room() {
		t.Fatalf("%+v, %d open", receipt, tracker.Open())
	}
}

func TestLoseOnOneConnection(t *testing.T) {
	tracker := orders.NewTracker(6)
	template := trackedTemplate(t)
	for id := uint64(1); id <= 6; id++ {
		tracker.AddOn(uint16(id%2), id, 0, template, fixed.Number{}, amount(1))
	}
	apply(t, tracker, 3, orders.Report{Kind: orders.ReportAcked})
	lost := 0
	for {
		receipt, more := tracker.LoseOn(1, 9)
		if !more {
			break
		}
		if receipt.ID%2 != 1 || receipt.State != orders.Unknown || receipt.Before != orders.Pushed {
			t.Fatalf("%+v", receipt)
		}
		lost++
	}
	if lost != 2 || tracker.Count(orders.Unknown) != 2 || tracker.Waiting() != 3 {
		t.Fatalf("%d lost, %d unknown, %d wait", lost, tracker.Count(orders.Unknown), tracker.Waiting())
	}
}

func TestTrackerEvictsTheOldestEnd(t *testing.T) {
	tracker := orders.NewTracker(3)
	template := trackedTemplate(t)
	for id := uint64(1); id <= 3; id++ {
		tracker.Add(id, 0, template, fixed.Number{}, amount(1))
	}
	if tracker.Room() {
		t.Fatal("room for a fourth open order")
	}
	apply(t, tracker, 2, orders.Report{Kind: orders.ReportFilled, VenueID: []byte("v2")})
	apply(t, tracker, 1, orders.Report{Kind: orders.ReportCancelled})
	tracker.Add(4, 0, template, fixed.Number{}, amount(1))
	if _, known := tracker.State(2); known {
		t.Fatal("the order that ended first is still here")
	}
	if _, ok := tracker.ByVenueID([]byte("v2")); ok {
		t.Fatal("its venue id is still here")
	}
	wantState(t, tracker, 1, orders.Cancelled)
	if _, news := tracker.Apply(&orders.Report{Kind: orders.ReportAcked}, 2, 0); news || tracker.Tally().Strays != 1 || tracker.Tally().Evicted != 1 {
		t.Fatalf("%+v", tracker.Tally())
	}
	tracker.Add(5, 0, template, fixed.Number{}, amount(1))
	defer func() {
		if recover() == nil {
			t.Fatal("an open order was evicted")
		}
	}()
	tracker.Add(6, 0, template, fixed.Number{}, amount(1))
}

func TestTrackerRestore(t *testing.T) {
	tracker := orders.NewTracker(4)
	for i, state := range []orders.State{orders.Pushed, orders.Acked, orders.Filled, orders.Unknown} {
		tracker.Restore(orders.Info{ID: uint64(i + 1), State: state, Symbol: "BTCUSDT", Side: market.Sell, Qty: amount(10), Executed: amount(int64(i)), VenueID: fmt.Sprint("v", i)}, 5e9)
		if err := tracker.Check(); err != nil {
			t.Fatal(err)
		}
	}
	wantState(t, tracker, 1, orders.Unknown)
	wantState(t, tracker, 2, orders.Acked)
	wantState(t, tracker, 3, orders.Filled)
	if id, ok := tracker.ByVenueID([]byte("v1")); !ok || id != 2 || tracker.Open() != 3 {
		t.Fatalf("%d, %v, %d open", id, ok, tracker.Open())
	}
	if open := tracker.Snapshot(nil, true); len(open) != 3 || len(tracker.Snapshot(nil, false)) != 4 {
		t.Fatalf("%+v", open)
	}
}

// TestTrackerAgainstModel runs random lives against maps and checks every invariant on the way.
func TestTrackerAgainstModel(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	template := trackedTemplate(t)
	for range 30 {
		capacity := 1 + random.IntN(20)
		tracker := orders.NewTracker(capacity)
		states := map[uint64]orders.State{}
		var next uint64
		for range 2000 {
			id := next - uint64(random.IntN(2*capacity))
			op := random.IntN(10)
			switch state, known := tracker.State(id); {
			case op < 3 && tracker.Room():
				next++
				if random.IntN(2) == 0 {
					tracker.Ready(next)
				}
				tracker.Add(next, 1, template, fixed.Number{Mantissa: int64(next), Scale: 2}, amount(int64(1+next%7)))
				states[next] = orders.Pushed
			case op == 3:
				tracker.NotSent(id, 2)
				states[id] = expected(states[id], orders.NotHanded)
			case op == 4:
				if receipt, more := tracker.Lose(2); more {
					states[receipt.ID] = expected(states[receipt.ID], orders.ConnectionLost)
				}
			case known:
				kind := orders.ReportKind(random.IntN(int(orders.ReportSessionError) + 1))
				receipt, news := tracker.Apply(&orders.Report{Kind: kind}, id, 3) // without executions: the state alone is asked
				want := expected(state, orders.EventOf(kind))
				if news && receipt.State != want || news != (want != state) && kind != orders.ReportCancelRejected {
					t.Fatalf("kind %d on %s: %+v, %v, want %s", kind, state, receipt, news, want)
				}
				states[id] = want
			}
			if err := tracker.Check(); err != nil {
				t.Fatal(err)
			}
			if state, known := tracker.State(id); known && state != states[id] {
				t.Fatalf("order %d is %s, want %s", id, state, states[id])
			}
		}
	}
}

func TestTrackerAllocatesNothing(t *testing.T) {
	tracker := orders.NewTracker(64)
	template := trackedTemplate(t)
	ack := orders.Report{Kind: orders.ReportAcked, VenueID: []byte("12569099453")}
	fill := orders.Report{Kind: orders.ReportFilled, ExecID: []byte("1650422481"), LastQty: amount(1)}
	var id uint64
	if n := testing.AllocsPerRun(1000, func() {
		id++
		tracker.Add(id, 1, template, fixed.Number{}, amount(1))
		tracker.Apply(&ack, id, 2)
		tracker.Apply(&fill, id, 3)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkTracker(b *testing.B) {
	tracker := orders.NewTracker(1 << 16)
	template := trackedTemplate(b)
	ack := orders.Report{Kind: orders.ReportAcked, VenueID: []byte("12569099453")}
	fill := orders.Report{Kind: orders.ReportFilled, ExecID: []byte("1650422481"), LastQty: amount(1)}
	var id uint64
	b.Run("add", func(b *testing.B) {
		for b.Loop() {
			id++
			tracker.Add(id, 1, template, fixed.Number{}, amount(1))
			if id%2 == 0 { // every second is the other half of a pair
				tracker.Apply(&fill, id, 3)
				tracker.Apply(&fill, id-1, 3)
			}
		}
	})
	b.Run("add when ready", func(b *testing.B) {
		for b.Loop() {
			id++
			tracker.Ready(id)
			tracker.Add(id, 1, template, fixed.Number{}, amount(1))
			tracker.Apply(&fill, id, 3)
		}
	})
	b.Run("add, ack, fill", func(b *testing.B) {
		for b.Loop() {
			id++
			tracker.Add(id, 1, template, fixed.Number{}, amount(1))
			tracker.Apply(&ack, id, 2)
			tracker.Apply(&fill, id, 3)
		}
	})
}
