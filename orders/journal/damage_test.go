package journal_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"orderwire/orders"
	"orderwire/orders/journal"
)

// sweptRecords is the size of the file that the damage sweeps work on.
const sweptRecords = 10_000

// sweptJournal writes a journal of one file, closed in good order, and returns its folder, the file and what it says.
func sweptJournal(t *testing.T, records int) (dir, file string, data []byte) {
	t.Helper()
	dir = stateDir(t)
	l := begin(t, dir, quiet())
	for id := uint64(1); int(id) <= records/2; id++ {
		l.push(id)
		state := orders.Filled
		if id%10 == 0 {
			state = orders.Acked
		}
		l.outcome(id, state, "", fmt.Sprint("venue-", id))
		if id%100 == 0 {
			l.sync()
		}
	}
	l.close()
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*.owj"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files (%v), want 1", len(files), err)
	}
	data, err = os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return dir, files[0], data
}

// content is every record of a journal as a line, and what Verify says of it.
func content(t *testing.T, dir string) ([]string, journal.Report) {
	t.Helper()
	report, err := journal.Verify(dir)
	if err != nil {
		if errors.Is(err, journal.ErrNoJournal) {
			return nil, report
		}
		t.Fatal(err)
	}
	var lines []string
	err = journal.Walk(dir, func(e journal.Entry) error {
		lines = append(lines, fmt.Sprintf("%v %d %+v %+v %s", e.Kind, e.Seq, e.Intent, e.Outcome, e.Note))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines, report
}

func isPrefix(short, long []string) bool {
	return len(short) <= len(long) && slices.Equal(short, long[:len(short)])
}

// TestEveryFlippedBitOfARecordIsSeen flips each bit of each of the records of a file: the record's own CRC must tell.
func TestEveryFlippedBitOfARecordIsSeen(t *testing.T) {
	_, _, data := sweptJournal(t, sweptRecords)
	step := 1
	if testing.Short() {
		step = 101
	}
	flips := 0
	for bit := 0; bit < len(data)*8; bit += step {
		at := bit / 8 / journal.RecordBytes * journal.RecordBytes
		record := data[at : at+journal.RecordBytes]
		data[bit/8] ^= 1 << (bit % 8)
		if journal.Intact(record) {
			t.Fatalf("bit %d flipped, and the record still fits its CRC", bit)
		}
		data[bit/8] ^= 1 << (bit % 8)
		flips++
	}
	if !journal.Intact(data[:journal.RecordBytes]) || flips < len(data)*8/step {
		t.Fatalf("%d flips over %d bytes", flips, len(data))
	}
}

// TestFlippedBitsInWholeFiles verifies whole files with one flipped bit: it is detected, or it took nothing away but the last seal.
func TestFlippedBitsInWholeFiles(t *testing.T) {
	dir, file, data := sweptJournal(t, 100)
	want, _ := content(t, dir)
	random := rand.New(rand.NewPCG(5, 6))
	bits := []int{}
	for range 150 {
		bits = append(bits, random.IntN(len(data)*8))
	}
	for bit := range 8 * journal.RecordBytes { // every bit of the header, some of the last record
		bits = append(bits, bit)
		if bit%4 == 0 {
			bits = append(bits, len(data)*8-1-bit)
		}
	}
	for _, bit := range bits {
		damaged := slices.Clone(data)
		damaged[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		got, report := content(t, dir)
		if len(report.Damage) > 0 {
			continue
		}
		if bit < (len(data)-journal.RecordBytes)*8 || !slices.Equal(got, want) {
			t.Fatalf("bit %d: no damage is reported, and %d records are read of %d; only the last seal can be missed", bit, len(got), len(want))
		}
	}
}

// TestEveryCutIsHarmlessOrSeen cuts a file at each length: what is left is a true beginning, and never called whole.
func TestEveryCutIsHarmlessOrSeen(t *testing.T) {
	dir, file, data := sweptJournal(t, 16)
	want, _ := content(t, dir)
	for cut := range data {
		if err := os.WriteFile(file, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		got, report := content(t, dir)
		if len(report.Damage) > 0 {
			t.Fatalf("cut at %d: %v", cut, report.Damage)
		}
		if !isPrefix(got, want) || len(got) < cut/journal.RecordBytes-report.Seals-1 {
			t.Fatalf("cut at %d of %d: %d records are read of %d, and they are no beginning of them", cut, len(data), len(got), len(want))
		}
		if report.Clean && len(got) < len(want) {
			t.Fatalf("cut at %d: %d records of %d are called clean", cut, len(got), len(want))
		}
	}
}

// TestCutsOfALongFile does the same at every record of a long file, and a few bytes beside it.
func TestCutsOfALongFile(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: long file")
	}
	dir, file, data := sweptJournal(t, sweptRecords)
	want, _ := content(t, dir)
	for cut := 0; cut < len(data); cut += 397*journal.RecordBytes + 13 {
		if err := os.WriteFile(file, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		got, report := content(t, dir)
		if len(report.Damage) > 0 || !isPrefix(got, want) || report.Clean {
			t.Fatalf("cut at %d: %d records, damage %v, clean %v", cut, len(got), report.Damage, report.Clean)
		}
	}
}

// TestSwappedAndCopiedRecordsAreSeen: records with good CRCs in the wrong place break the chain.
func TestSwappedAndCopiedRecordsAreSeen(t *testing.T) {
	dir, file, data := sweptJournal(t, 400)
	at := func(b []byte, i int) []byte { return b[i*journal.RecordBytes : (i+1)*journal.RecordBytes] }
	cases := []struct {
		name   string
		change func(b []byte) []byte
	}{
		{"two records swapped", func(b []byte) []byte {
			first := slices.Clone(at(b, 10))
			copy(at(b, 10), at(b, 11))
			copy(at(b, 11), first)
			return b
		}},
		{"a record copied over another", func(b []byte) []byte { copy(at(b, 20), at(b, 22)); return b }},
		{"a record taken out", func(b []byte) []byte {
			return slices.Delete(b, 20*journal.RecordBytes, 21*journal.RecordBytes)
		}},
		{"a record put in twice", func(b []byte) []byte {
			return slices.Insert(b, 20*journal.RecordBytes, slices.Clone(at(b, 19))...)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(file, c.change(slices.Clone(data)), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, report := content(t, dir); len(report.Damage) == 0 {
				t.Error("no damage is reported")
			}
		})
	}
}

// TestDamageBetweenFiles takes a file away, begins one anew, or damages its header: the files behind it tell.
func TestDamageBetweenFiles(t *testing.T) {
	cases := []struct {
		name   string
		change func(files []string) error
		hurt   bool
	}{
		{"nothing", func([]string) error { return nil }, false},
		{"the oldest is gone", func(files []string) error { return os.Remove(files[0]) }, false},
		{"one in the middle is gone", func(files []string) error { return os.Remove(files[1]) }, true},
		{"one in the middle is empty", func(files []string) error { return os.Truncate(files[1], 0) }, true},
		{"one in the middle is cut", func(files []string) error { return os.Truncate(files[1], 20*journal.RecordBytes) }, true},
		{"one has a bad header", func(files []string) error { return flip(files[1], 50) }, true},
		{"the newest was never begun", func(files []string) error {
			return os.WriteFile(filepath.Join(filepath.Dir(files[0]), "00000000000000ff.owj"), make([]byte, 4096), 0o600)
		}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := stateDir(t)
			config := quiet()
			config.FileMaxBytes = 64 * journal.RecordBytes
			l := begin(t, dir, config)
			for id := uint64(1); id <= 3000; id++ {
				l.push(id)
				if id%7 != 0 {
					l.outcome(id, orders.Filled, "", "")
				}
				if id%20 == 0 {
					l.sync()
				}
			}
			l.close()
			files, err := filepath.Glob(filepath.Join(dir, "journal", "*.owj"))
			if err != nil || len(files) < 3 {
				t.Fatalf("%d files (%v)", len(files), err)
			}
			if err := c.change(files); err != nil {
				t.Fatal(err)
			}
			second := begin(t, dir, config)
			defer second.close()
			if (len(second.past.Damage) > 0) != c.hurt || second.past.Clean == c.hurt {
				t.Errorf("damage %v, clean %v; want damage %v", second.past.Damage, second.past.Clean, c.hurt)
			}
			if len(second.past.Orders) != 3000/7 {
				t.Errorf("%d open orders are known, want %d: each file begins with all of them", len(second.past.Orders), 3000/7)
			}
		})
	}
}

func flip(file string, at int) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	data[at] ^= 1
	return os.WriteFile(file, data, 0o600)
}

// TestDamageIsToldOnceAndSetAside: the damaged files stay for a person, the new ones hold all that could be read.
func TestDamageIsToldOnceAndSetAside(t *testing.T) {
	dir, file, data := sweptJournal(t, 400)
	data[60*journal.RecordBytes+30] ^= 4
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	second := begin(t, dir, quiet())
	if len(second.past.Damage) == 0 || second.past.Clean || len(second.past.Orders) < 20 {
		t.Errorf("damage %v, clean %v, %d open", second.past.Damage, second.past.Clean, len(second.past.Orders))
	}
	known := ids(second.past)
	second.kill()
	if _, err := os.Stat(file + ".damaged"); err != nil {
		t.Errorf("the damaged file is gone: %v", err)
	}
	third := begin(t, dir, quiet())
	defer third.close()
	third.wantPast(false, known...)
}

// TestHotLogDamage flips bits of the hot log of a killed process: the records are all there, or damage is reported.
func TestHotLogDamage(t *testing.T) {
	c := quiet()
	c.Places = 64
	random := rand.New(rand.NewPCG(7, 8))
	healed := 0
	rounds := 24
	if os.Getenv("ORDERWIRE_LONG") != "" {
		rounds = 2000
	}
	for round := range rounds {
		dir := stateDir(t)
		l := begin(t, dir, c)
		for id := uint64(1); id <= 20; id++ {
			l.push(id)
			if id == 5 {
				l.sync()
			}
		}
		l.kill()
		path := journal.HotPath(dir)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bit := random.IntN(72 * 8)
		if round%2 == 0 {
			bit = random.IntN(len(data) * 8)
		}
		data[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		second := begin(t, dir, c)
		if len(second.past.Damage) == 0 {
			healed++
			if len(second.past.Orders) != 20 {
				t.Errorf("bit %d: no damage is reported, and %d of 20 orders are known", bit, len(second.past.Orders))
			}
		}
		if len(second.past.Orders) < 5 {
			t.Errorf("bit %d: %d orders are known, 5 were on the disk", bit, len(second.past.Orders))
		}
		second.close()
	}
	if healed == 0 || healed == rounds {
		t.Errorf("%d of all flips did no harm: the test does not test", healed)
	}
}

// TestHotLogHealsACutFile: what a cut took from the file is still in the hot log.
func TestHotLogHealsACutFile(t *testing.T) {
	dir := stateDir(t)
	l := begin(t, dir, quiet())
	for id := uint64(1); id <= 50; id++ {
		l.push(id)
		l.sync()
	}
	l.kill()
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*.owj"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	if err := os.Truncate(files[0], 31*journal.RecordBytes+7); err != nil {
		t.Fatal(err)
	}
	second := begin(t, dir, quiet())
	defer second.close()
	if len(second.past.Orders) != 50 || second.past.FromHot == 0 || len(second.past.Damage) != 0 {
		t.Errorf("%d orders, %d from the hot log, damage %v", len(second.past.Orders), second.past.FromHot, second.past.Damage)
	}
}

// writerEnv makes this test binary a process that journals orders until it is killed, printing each id once Intent has taken it.
const writerEnv = "JOURNAL_TEST_WRITE"

func write(dir string) int {
	state, err := journal.OpenState(dir)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	epoch, err := state.NextEpoch()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	log, past, err := journal.OpenLog(state, epoch, journal.Config{Places: 64, FileMaxBytes: 1 << 16})
	if err != nil || len(past.Damage) > 0 {
		fmt.Println(err, past)
		return 1
	}
	fmt.Println("open", len(past.Orders))
	for id := uint64(1); ; id++ {
		intent := journal.IntentRecord{ID: id, Epoch: epoch, Symbol: "BTCUSDT"}
		if !log.Intent(&intent) {
			id--
			continue // the disk is behind
		}
		fmt.Println(epoch, id)
		if id%3 == 0 {
			log.Outcome(&journal.OutcomeRecord{ID: id - 1, Epoch: epoch, State: orders.Filled})
		}
	}
}

// TestKilledWriterLosesNothing kills a writing process at random points: each intent that it printed is known afterwards.
func TestKilledWriterLosesNothing(t *testing.T) {
	dir := stateDir(t)
	random := rand.New(rand.NewPCG(9, 10))
	rounds := 10
	if os.Getenv("ORDERWIRE_LONG") != "" {
		rounds = 1000
	}
	c := journal.Config{Places: 64, FileMaxBytes: 1 << 16}
	for range rounds {
		epoch, last := killedWriter(t, dir, 1+random.IntN(400))
		l := begin(t, dir, c)
		if len(l.past.Damage) > 0 || l.past.Clean {
			t.Fatalf("after the kill: clean %v, damage %v", l.past.Clean, l.past.Damage)
		}
		known := map[uint64]bool{}
		for _, order := range l.past.Orders {
			if order.Intent.Epoch == epoch {
				known[order.Intent.ID] = true
			}
		}
		for id := uint64(1); id <= last; id++ {
			ended := id%3 == 2 && id+1 <= last
			if !ended && !known[id] && (id%3 != 2 || id+1 < last) {
				t.Fatalf("intent %d of epoch %d was taken and is not known", id, epoch)
			}
		}
		for _, order := range l.past.Orders { // an end for each, so that the set stays small
			if !l.log.Outcome(&journal.OutcomeRecord{ID: order.Intent.ID, Epoch: order.Intent.Epoch, State: orders.Rejected}) {
				l.sync()
				l.log.Outcome(&journal.OutcomeRecord{ID: order.Intent.ID, Epoch: order.Intent.Epoch, State: orders.Rejected})
			}
		}
		l.close()
	}
}

// killedWriter lets a process write until it has printed lines, kills it, and returns its epoch and the last id it printed.
func killedWriter(t *testing.T, dir string, lines int) (epoch uint32, last uint64) {
	t.Helper()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), writerEnv+"="+dir)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	scan := bufio.NewScanner(out)
	for i := 0; scan.Scan(); i++ {
		if i == lines {
			if err := other.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		epochText, idText, ok := bytes.Cut(scan.Bytes(), []byte(" "))
		if i == 0 || !ok {
			continue // "open N"
		}
		e, errEpoch := strconv.ParseUint(string(epochText), 10, 32)
		id, errID := strconv.ParseUint(string(idText), 10, 64)
		if errEpoch != nil || errID != nil || id != last+1 {
			break // torn by the kill
		}
		epoch, last = uint32(e), id
	}
	if err := other.Wait(); err == nil || last == 0 {
		t.Fatalf("the writer was not killed (%v), or wrote nothing (last %d)", err, last)
	}
	return epoch, last
}
