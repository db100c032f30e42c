package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/journal"
	"orderwire/orders/market"
)

// journalOf writes a small journal in good order and returns its state folder.
func journalOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	state, err := journal.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := state.NextEpoch()
	if err != nil {
		t.Fatal(err)
	}
	log, _, err := journal.OpenLog(state, epoch, journal.Config{Places: 64})
	if err != nil {
		t.Fatal(err)
	}
	taken := log.Intent(&journal.IntentRecord{
		ID: 7, Epoch: epoch, Side: uint8(market.Buy), Symbol: "BTCUSDT", WallNanos: 1_700_000_000_000_000_000,
		Price: journal.Decimal{Mantissa: 6_412_345, Scale: 2}, Qty: journal.Decimal{Mantissa: 100, Scale: 5},
	})
	taken = taken && log.Outcome(&journal.OutcomeRecord{
		ID: 7, Epoch: epoch, State: orders.Acked, VenueID: []byte("venue\x1b[31m-1"), WallNanos: 1_700_000_000_000_100_000,
	})
	if !taken {
		t.Fatal("the journal is full")
	}
	err = log.Note(journal.KindOverride, []byte("max_qty by ada"))
	if err := errors.Join(err, log.Close(), state.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestJournalCommands(t *testing.T) {
	dir := journalOf(t)
	r := call(t, "journal", "verify", "--state-dir", dir)
	r.want(t, exitOK)
	if !strings.Contains(r.out, "2 records up to number 2") || !strings.Contains(r.out, "1 orders without an end") || !strings.Contains(r.out, "ended in good order") {
		t.Errorf("verify says %q", r.out)
	}
	r = call(t, "journal", "show", "--state-dir", dir)
	r.want(t, exitOK)
	for _, word := range []string{"place buy BTCUSDT qty 0.00100 price 64123.45", "order 7 of epoch 1", "override max_qty by ada", "end"} {
		if !strings.Contains(r.out, word) {
			t.Errorf("show does not say %q:\n%s", word, r.out)
		}
	}
	if strings.ContainsRune(r.out, 0x1b) {
		t.Errorf("a control character of the venue reaches the terminal: %q", r.out)
	}
	r = call(t, "journal", "export", "--state-dir", dir)
	r.want(t, exitOK)
	first, _, _ := strings.Cut(r.out[strings.Index(r.out, `{"file"`):], "\n")
	var line map[string]any
	if err := json.Unmarshal([]byte(first), &line); err != nil {
		t.Errorf("export is no JSON a line: %v in %s", err, first)
	}
	if !strings.Contains(r.out, `"price":"64123.45"`) {
		t.Errorf("export says %s", r.out)
	}
}

func TestJournalDamageIsExitCode1(t *testing.T) {
	dir := journalOf(t)
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*.owj"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files (%v)", err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[3*128+40] ^= 8
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	r := call(t, "journal", "verify", "--state-dir", dir)
	r.want(t, exitFailed, dir, "damaged", "keep a copy")
	if !strings.Contains(r.out, "damaged: "+filepath.Base(files[0])+": byte 384") {
		t.Errorf("verify does not say where: %q", r.out)
	}
	r = call(t, "journal", "verify", "--json", "--state-dir", dir)
	if r.code != exitFailed || !strings.Contains(r.out, `"offset":384`) {
		t.Errorf("verify --json: %+v", r)
	}
}

func TestJournalRefusals(t *testing.T) {
	call(t, "journal").want(t, exitUsage, "export, show, verify")
	call(t, "journal", "verify", "--state-dir", t.TempDir()).want(t, exitFailed, "there is no journal")
	call(t, "journal", "show", "extra").want(t, exitUsage, "extra")
}
