package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"orderwire/orders"
	"orderwire/orders/journal"
)

// life is one process's hold on a state folder. It flushes when the test says so, unless its config says otherwise.
type life struct {
	t     *testing.T
	state *journal.State
	log   *journal.Log
	past  *journal.Recovery
	epoch uint32
}

// stateDir is a fresh folder; the hot log of it goes with the test.
func stateDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	t.Cleanup(func() {
		if err := os.Remove(journal.HotPath(dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
	return dir
}

func quiet() journal.Config {
	return journal.Config{FlushEvery: time.Hour, Places: 1 << 10, Wall: func() int64 { return 1_700_000_000_000_000_000 }}
}

func begin(t *testing.T, dir string, c journal.Config) *life {
	t.Helper()
	state, err := journal.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	epoch := next(t, state)
	log, past, err := journal.OpenLog(state, epoch, c)
	if err != nil {
		t.Fatal(errors.Join(err, state.Close()))
	}
	return &life{t, state, log, past, epoch}
}

func (l *life) close() {
	l.t.Helper()
	if err := errors.Join(l.log.Close(), l.state.Close()); err != nil {
		l.t.Fatal(err)
	}
}

// kill ends the life as SIGKILL would.
func (l *life) kill() {
	l.t.Helper()
	if err := errors.Join(l.log.Abandon(), l.state.Close()); err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) sync() {
	l.t.Helper()
	if err := l.log.Sync(); err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) intent(id uint64) journal.IntentRecord {
	return journal.IntentRecord{
		ID: id, Epoch: l.epoch, Armed: uint16(id % 7), Session: 1, Action: orders.Place, Side: 1, Type: orders.Limit, TIF: orders.IOC,
		Price: journal.Decimal{Mantissa: 6_412_345 + int64(id), Scale: 2}, Qty: journal.Decimal{Mantissa: 100, Scale: 5},
		WallNanos: 1_700_000_000_000_000_000 + int64(id), UntilWall: 1_700_000_005_000_000_000, Symbol: "BTCUSDT",
	}
}

func (l *life) push(id uint64) journal.IntentRecord {
	l.t.Helper()
	r := l.intent(id)
	if !l.log.Intent(&r) {
		l.t.Fatalf("intent %d was refused", id)
	}
	return r
}

func (l *life) outcome(id uint64, state orders.State, execID, venueID string) journal.OutcomeRecord {
	l.t.Helper()
	r := journal.OutcomeRecord{
		ID: id, Epoch: l.epoch, State: state, Before: orders.Pushed, Kind: orders.ReportTrade, Code: -1013,
		LastQty: journal.Decimal{Mantissa: 5, Scale: 5}, LastPrice: journal.Decimal{Mantissa: 641, Scale: 1},
		CumQty: journal.Decimal{Mantissa: 5, Scale: 5}, WallNanos: 1_700_000_000_500_000_000,
	}
	if execID != "" {
		r.ExecID = []byte(execID)
	}
	if venueID != "" {
		r.VenueID = []byte(venueID)
	}
	if !l.log.Outcome(&r) {
		l.t.Fatalf("outcome of %d found no room", id)
	}
	return r
}

// ids are those of the open orders.
func ids(past *journal.Recovery) []uint64 {
	list := []uint64{}
	for _, order := range past.Orders {
		list = append(list, order.Intent.ID)
	}
	return list
}

func (l *life) wantPast(clean bool, open ...uint64) {
	l.t.Helper()
	if l.past.Clean != clean || len(l.past.Damage) != 0 {
		l.t.Errorf("clean %v damage %v, want clean %v and no damage", l.past.Clean, l.past.Damage, clean)
	}
	if got := ids(l.past); fmt.Sprint(got) != fmt.Sprint(open) {
		l.t.Errorf("open orders are %v, want %v", got, open)
	}
}

func TestRecoveryGivesBackWhatWasWritten(t *testing.T) {
	for _, how := range []string{"closed", "killed with all in the hot log", "killed after a sync", "host crashed after a sync"} {
		t.Run(how, func(t *testing.T) {
			dir := stateDir(t)
			first := begin(t, dir, quiet())
			first.wantPast(true)
			open := first.push(1)
			ended := first.push(2)
			silent := first.push(3)
			acked := first.outcome(1, orders.Acked, "", "venue-1")
			traded := first.outcome(1, orders.PartiallyFilled, "exec-1", "")
			first.outcome(ended.ID, orders.Filled, "exec-2", "")
			switch how {
			case "closed":
				first.close()
			case "killed with all in the hot log":
				first.kill()
			case "killed after a sync":
				first.sync()
				first.kill()
			case "host crashed after a sync":
				first.sync()
				first.kill()
				if err := os.Remove(journal.HotPath(dir)); err != nil {
					t.Fatal(err)
				}
			}
			second := begin(t, dir, quiet())
			defer second.close()
			second.wantPast(how == "closed", 1, 3)
			if second.past.LastEpoch != first.epoch || second.past.LastSeq != 6 {
				t.Errorf("last epoch %d seq %d, want %d 6", second.past.LastEpoch, second.past.LastSeq, first.epoch)
			}
			if second.past.HotLost != (how == "host crashed after a sync") {
				t.Errorf("hot log lost: %v", second.past.HotLost)
			}
			got := second.past.Orders
			if !reflect.DeepEqual(got[0].Intent, open) || !reflect.DeepEqual(got[1].Intent, silent) {
				t.Errorf("intents are %+v and %+v, want %+v and %+v", got[0].Intent, got[1].Intent, open, silent)
			}
			if !reflect.DeepEqual(got[0].Outcomes, []journal.OutcomeRecord{acked, traded}) || got[0].State != orders.PartiallyFilled {
				t.Errorf("outcomes are %+v in state %v, want %+v", got[0].Outcomes, got[0].State, []journal.OutcomeRecord{acked, traded})
			}
			if got[1].State != orders.Unknown {
				t.Errorf("an order without outcome is in state %v, want Unknown", got[1].State)
			}
		})
	}
}

// TestLifeWithoutJournalIsNotClean: an epoch that was given out between two lives of the journal may have sent orders.
func TestLifeWithoutJournalIsNotClean(t *testing.T) {
	dir := stateDir(t)
	begin(t, dir, quiet()).close()
	state := open(t, dir)
	next(t, state)
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	second := begin(t, dir, quiet())
	second.wantPast(false)
	second.close()
	third := begin(t, dir, quiet())
	third.wantPast(true)
	third.close()
}

func TestBothTextsOfAnOutcomeAreKept(t *testing.T) {
	dir := stateDir(t)
	first := begin(t, dir, quiet())
	first.push(1)
	first.outcome(1, orders.PartiallyFilled, "exec-1", "venue-1")
	first.outcome(1, orders.PartiallyFilled, string(make([]byte, journal.TextMax+1)), "")
	first.close()
	second := begin(t, dir, quiet())
	defer second.close()
	got := second.past.Orders[0].Outcomes
	if len(got) != 3 || string(got[0].ExecID) != "exec-1" || string(got[1].VenueID) != "venue-1" || len(got[2].ExecID) != journal.TextMax {
		t.Errorf("outcomes are %+v", got)
	}
}

func TestRoomAndReserve(t *testing.T) {
	dir := stateDir(t)
	c := quiet()
	c.Places, c.Reserve = 64, 8
	l := begin(t, dir, c)
	for id := range uint64(56) {
		l.push(id + 1)
	}
	if l.log.Room() || !l.log.Full() {
		t.Fatal("there is room beyond the reserve")
	}
	over := l.intent(57)
	if l.log.Intent(&over) {
		t.Fatal("a new order took from the reserve")
	}
	cancel := journal.IntentRecord{ID: 58, Target: 1, Epoch: l.epoch, Action: orders.Cancel, Symbol: "BTCUSDT"}
	if !l.log.Intent(&cancel) {
		t.Fatal("a cancel may not use the reserve")
	}
	for id := range uint64(7) {
		l.outcome(id+1, orders.Filled, "", "")
	}
	lost := journal.OutcomeRecord{ID: 8, Epoch: l.epoch, State: orders.Filled}
	for range 3 {
		if l.log.Outcome(&lost) {
			t.Fatal("an outcome overwrote a record that is not on the disk")
		}
	}
	l.sync()
	if !l.log.Room() {
		t.Fatal("no room after a sync")
	}
	l.push(59)
	if got := l.log.Stats(); got.Lost != 3 || got.Written != got.Synced+2 {
		t.Errorf("stats are %+v, want 3 lost, and their record and an order not yet synced", got)
	}
	l.close()
	second := begin(t, dir, c)
	defer second.close()
	if second.past.Lost != 3 || len(second.past.Orders) != 50 || len(second.past.Damage) != 0 {
		t.Errorf("lost %d, %d open, damage %v; want 3, 50, none", second.past.Lost, len(second.past.Orders), second.past.Damage)
	}
}

func TestRotationKeepsOpenOrders(t *testing.T) {
	dir := stateDir(t)
	c := quiet()
	c.FileMaxBytes, c.KeepFiles = 100*journal.RecordBytes, 3
	first := begin(t, dir, c)
	if err := first.log.Note(journal.KindBudget, []byte("weight 17")); err != nil {
		t.Fatal(err)
	}
	first.push(1)
	first.outcome(1, orders.Acked, "", "venue-1")
	for id := uint64(2); id < 5000; id++ {
		first.push(id)
		first.outcome(id, orders.Filled, "", "")
		if id%50 == 0 {
			first.sync()
		}
	}
	first.close()
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*.owj"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files are kept (%v), want 3", len(files), err)
	}
	report, err := journal.Verify(dir)
	if err != nil || len(report.Damage) != 0 || !report.Clean || report.Open != 1 {
		t.Fatalf("verify says %+v (%v)", report, err)
	}
	second := begin(t, dir, c)
	defer second.close()
	second.wantPast(true, 1)
	if string(second.past.Budget) != "weight 17" || len(second.past.Orders[0].Outcomes) != 1 {
		t.Errorf("budget %q, order %+v", second.past.Budget, second.past.Orders[0])
	}
	if want := uint64(2*4999 + 0); second.past.LastSeq != want {
		t.Errorf("last record is %d, want %d", second.past.LastSeq, want)
	}
}

// TestOtherPlaces opens a killed journal with a ring of another size: what lay in the old one is not lost.
func TestOtherPlaces(t *testing.T) {
	dir := stateDir(t)
	c := quiet()
	for life, places := range []int{1 << 10, 1 << 8, 1 << 12} {
		c.Places = places
		l := begin(t, dir, c)
		if len(l.past.Orders) != 3*life || len(l.past.Damage) != 0 {
			t.Errorf("life %d finds %v, damage %v", life, ids(l.past), l.past.Damage)
		}
		for id := range uint64(3) {
			l.push(uint64(life)*10 + id + 1)
		}
		l.kill()
	}
}

func TestDiskFull(t *testing.T) {
	dir := stateDir(t)
	c := quiet()
	c.Places, c.Reserve = 64, 8
	disk := &journal.FaultyDisk{Free: -1}
	c.UseDisk(dir, disk)
	l := begin(t, dir, c)
	l.push(1)
	l.sync()
	disk.Free = 2*journal.RecordBytes + 77 // the next batch is torn in the middle
	for id := uint64(2); id < 20; id++ {
		l.push(id)
	}
	for range 3 {
		if err := l.log.Sync(); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("sync says %v, want ENOSPC", err)
		}
		disk.Free = 0
	}
	if l.log.Room() {
		t.Error("new orders are taken though the disk takes nothing")
	}
	l.outcome(1, orders.Filled, "", "")
	cancel := journal.IntentRecord{ID: 30, Target: 2, Epoch: l.epoch, Action: orders.Cancel, Symbol: "BTCUSDT"}
	if !l.log.Intent(&cancel) {
		t.Error("a cancel is not recorded while the disk is full")
	}
	if l.log.Stats().Err == nil {
		t.Error("the stats hide that the disk is full")
	}
	disk.Free = -1
	l.sync()
	if !l.log.Room() || l.log.Stats().Err != nil {
		t.Error("no room after the disk was mended")
	}
	l.push(40)
	l.close()
	second := begin(t, dir, c)
	defer second.close()
	if got := len(second.past.Orders); got != 19 || len(second.past.Damage) != 0 || !second.past.Clean || second.past.LastSeq != 22 {
		t.Errorf("%d open, damage %v, clean %v, last %d; want 19, none, true, 22", got, second.past.Damage, second.past.Clean, second.past.LastSeq)
	}
}

// TestDiskFullWhenKilled: the process dies while the disk is full. The hot log has the rest.
func TestDiskFullWhenKilled(t *testing.T) {
	dir := stateDir(t)
	c := quiet()
	disk := &journal.FaultyDisk{Free: -1}
	c.UseDisk(dir, disk)
	l := begin(t, dir, c)
	l.push(1)
	l.sync()
	disk.Free = 3*journal.RecordBytes + 5
	for id := uint64(2); id < 10; id++ {
		l.push(id)
	}
	if err := l.log.Sync(); err == nil {
		t.Fatal("the full disk took everything")
	}
	l.kill()
	disk.Free = -1
	second := begin(t, dir, c)
	defer second.close()
	second.wantPast(false, 1, 2, 3, 4, 5, 6, 7, 8, 9)
}

// TestSyncFails: after a failed fdatasync the file is given up, and everything since the last good one is written anew.
func TestSyncFails(t *testing.T) {
	dir := stateDir(t)
	c := quiet()
	disk := &journal.FaultyDisk{Free: -1}
	c.UseDisk(dir, disk)
	l := begin(t, dir, c)
	l.push(1)
	l.sync()
	disk.Broken = syscall.EIO
	l.push(2)
	if err := l.log.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("sync says %v, want EIO", err)
	}
	late := l.intent(3)
	if l.log.Intent(&late) {
		t.Error("a new order is taken after a failed sync")
	}
	disk.Broken = nil
	l.sync()
	l.push(4)
	l.close()
	report, err := journal.Verify(dir)
	if err != nil || len(report.Damage) != 0 {
		t.Errorf("verify says %+v (%v)", report, err)
	}
	second := begin(t, dir, c)
	defer second.close()
	second.wantPast(true, 1, 2, 4)
}

func TestSyncBeforeSend(t *testing.T) {
	dir := stateDir(t)
	c := quiet()
	c.SyncBeforeSend = true
	disk := &journal.FaultyDisk{Free: -1}
	c.UseDisk(dir, disk)
	l := begin(t, dir, c)
	l.push(1)
	if got := l.log.Stats(); got.Written != got.Synced {
		t.Errorf("an intent came back before it was on the disk: %+v", got)
	}
	disk.Broken = syscall.EIO
	refused := l.intent(2)
	if l.log.Intent(&refused) {
		t.Error("an intent that is not on the disk was accepted")
	}
	l.kill()
	if err := os.Remove(journal.HotPath(dir)); err != nil {
		t.Fatal(err)
	}
	disk.Broken = nil
	second := begin(t, dir, c)
	defer second.close()
	if got := ids(second.past); len(got) == 0 || got[0] != 1 {
		t.Errorf("open orders are %v, want 1 among them", got)
	}
}

func TestForeignHotLogIsRefused(t *testing.T) {
	dir := stateDir(t)
	state := open(t, dir)
	epoch := next(t, state)
	if err := os.WriteFile(journal.HotPath(dir), []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(journal.HotPath(dir), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := journal.OpenLog(state, epoch, quiet()); err == nil {
		t.Fatal("a hot log that others may write was taken")
	}
}

func TestNotesAndLimits(t *testing.T) {
	dir := stateDir(t)
	l := begin(t, dir, quiet())
	defer l.close()
	if err := l.log.Note(journal.KindIntent, nil); err == nil {
		t.Error("a note may be an intent")
	}
	if err := l.log.Note(journal.KindOverride, make([]byte, 200)); err == nil {
		t.Error("a note of 200 bytes was taken")
	}
	if err := l.log.Note(journal.KindOverride, []byte("max_qty by ada: block trade")); err != nil {
		t.Error(err)
	}
	long := l.intent(1)
	long.Symbol = "A-SYMBOL-OF-MORE-THAN-24-BYTES"
	if l.log.Intent(&long) {
		t.Error("a symbol that does not fit was cut")
	}
	found := ""
	err := journal.Walk(dir, func(e journal.Entry) error {
		if e.Kind == journal.KindOverride {
			found = string(e.Note)
		}
		return nil
	})
	if err != nil || found != "max_qty by ada: block trade" {
		t.Errorf("the override reads %q (%v)", found, err)
	}
	for _, bad := range []journal.Config{{Places: 100}, {Places: 64, Reserve: 64}, {FileMaxBytes: 1}, {KeepFiles: 1}} {
		if _, _, err := journal.OpenLog(l.state, l.epoch, bad); err == nil {
			t.Errorf("config %+v was taken", bad)
		}
	}
}

func TestLoopCallsAllocateNothing(t *testing.T) {
	dir := stateDir(t)
	c := quiet()
	c.Places = 1 << 14
	l := begin(t, dir, c)
	defer l.close()
	intent := l.intent(1)
	outcome := journal.OutcomeRecord{ID: 1, Epoch: l.epoch, State: orders.Acked, ExecID: []byte("exec"), VenueID: []byte("venue")}
	refused := 0
	if n := testing.AllocsPerRun(2000, func() {
		if !l.log.Room() || !l.log.Intent(&intent) || !l.log.Outcome(&outcome) {
			refused++
		}
	}); n != 0 || refused != 0 {
		t.Errorf("%v allocations a push, %d refused; want none", n, refused)
	}
}

// BenchmarkIntent has the flusher run beside it, as in life; rows that found the ring full are refused, and counted.
func BenchmarkIntent(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "state")
	state, err := journal.OpenState(dir)
	if err != nil {
		b.Fatal(err)
	}
	epoch, err := state.NextEpoch()
	if err != nil {
		b.Fatal(err)
	}
	log, _, err := journal.OpenLog(state, epoch, journal.Config{Places: 1 << 16})
	if err != nil {
		b.Fatal(err)
	}
	intent := journal.IntentRecord{Epoch: epoch, Symbol: "BTCUSDT", Price: journal.Decimal{Mantissa: 6_412_345, Scale: 2}}
	refused := 0
	for i := 0; b.Loop(); i++ {
		intent.ID = uint64(i)
		if !log.Intent(&intent) {
			refused++
		}
	}
	b.ReportMetric(float64(refused)/float64(b.N), "refused/op")
	if err := errors.Join(log.Close(), state.Close()); err != nil {
		b.Fatal(err)
	}
}
