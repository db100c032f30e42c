package journal_test

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"orderwire/orders/journal"
)

// holderEnv makes this test binary the second process: it takes the folder that the variable names, prints each epoch
// that it gets, and goes on until it is killed.
const holderEnv = "JOURNAL_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holderEnv); dir != "" {
		os.Exit(hold(dir))
	}
	if dir := os.Getenv(writerEnv); dir != "" {
		os.Exit(write(dir))
	}
	os.Exit(m.Run())
}

func hold(dir string) int {
	state, err := journal.OpenState(dir)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for {
		epoch, err := state.NextEpoch()
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(epoch)
	}
}

func open(t *testing.T, dir string) *journal.State {
	t.Helper()
	state, err := journal.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	return state
}

func next(t *testing.T, state *journal.State) uint32 {
	t.Helper()
	epoch, err := state.NextEpoch()
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

func TestEpochRisesOverRestarts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "state")
	want := uint32(0)
	for range 3 {
		state, err := journal.OpenState(dir)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			want++
			if got := next(t, state); got != want {
				t.Errorf("epoch is %d, want %d", got, want)
			}
		}
		if err := state.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := state.NextEpoch(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v, want ErrClosed", err)
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o700 {
		t.Errorf("folder has mode %04o, want 0700", mode)
	}
}

// TestEpochDamageIsRefused cuts the file at every length and flips every bit of it: each must be refused by name, and
// nothing may be given out.
func TestEpochDamageIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	state := open(t, dir)
	for range 300 {
		next(t, state)
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"epoch", "format"} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var damaged [][]byte
		for cut := range whole {
			damaged = append(damaged, whole[:cut])
		}
		for bit := range len(whole) * 8 {
			flipped := append([]byte(nil), whole...)
			flipped[bit/8] ^= 1 << (bit % 8)
			damaged = append(damaged, flipped)
		}
		damaged = append(damaged, append(append([]byte(nil), whole...), '\n'), make([]byte, len(whole)))
		for _, text := range damaged {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			refuse(t, dir, journal.ErrCorrupt, path)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := next(t, open(t, dir)); got != 301 {
		t.Errorf("epoch after the repair is %d, want 301", got)
	}
}

func refuse(t *testing.T, dir string, want error, words ...string) {
	t.Helper()
	state, err := journal.OpenState(dir)
	if err == nil {
		t.Fatalf("opened, want %v (close: %v)", want, state.Close())
	}
	if want != nil && !errors.Is(err, want) {
		t.Fatalf("error is %q, want %v", err, want)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Fatalf("error %q does not name %q", err, word)
		}
	}
}

func TestEpochMissingIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	next(t, open(t, dir))
	if err := os.Remove(filepath.Join(dir, "epoch")); err != nil {
		t.Fatal(err)
	}
	second := filepath.Join(t.TempDir(), "second")
	if err := os.Rename(dir, second); err != nil { // the first State still holds the inode
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "format"), []byte("orderwire state 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, dir, journal.ErrCorrupt, "missing though the folder was used")
}

// TestEpochCrashDuringFirstStart leaves what a crash between the two first files leaves.
func TestEpochCrashDuringFirstStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	state := open(t, dir)
	next(t, state)
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "format")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "epoch.new"), []byte("orderw"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := next(t, open(t, dir)); got != 2 {
		t.Errorf("epoch is %d, want 2", got)
	}
}

func TestEpochExhausted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	state := open(t, dir)
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	body := "orderwire epoch 1 4294967295 "
	text := fmt.Sprintf("%s%08x\n", body, crc32.Checksum([]byte(body), crc32.MakeTable(crc32.Castagnoli)))
	if err := os.WriteFile(filepath.Join(dir, "epoch"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, dir).NextEpoch(); !errors.Is(err, journal.ErrExhausted) {
		t.Errorf("error is %v, want ErrExhausted", err)
	}
}

func TestEpochChangedUnderOurHands(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	state := open(t, dir)
	old, err := os.ReadFile(filepath.Join(dir, "epoch"))
	if err != nil {
		t.Fatal(err)
	}
	next(t, state)
	if err := os.WriteFile(filepath.Join(dir, "epoch"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // and it stays refused
		if _, err := state.NextEpoch(); !errors.Is(err, journal.ErrCorrupt) {
			t.Errorf("error is %v, want ErrCorrupt", err)
		}
	}
}

func TestStateFolderThatCannotBeUsed(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open777 := filepath.Join(base, "open")
	if err := os.Mkdir(open777, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open777, 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(base, "linked")
	if err := os.Mkdir(link, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, filepath.Join(link, "epoch")); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, dir string
		words     []string
	}{
		{"a file", file, []string{file}},
		{"beneath a file", filepath.Join(file, "state"), []string{file, "state_dir"}},
		{"in a file system that takes no folder", "/proc/orderwire-state", []string{"/proc/orderwire-state", "state_dir"}},
		{"writable by others", open777, []string{open777, "0777", "chmod 700"}},
		{"epoch is a link", link, []string{filepath.Join(link, "epoch")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { refuse(t, c.dir, nil, c.words...) })
	}
}

func TestStateFolderReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("run as root: permissions do not bind root")
	}
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	refuse(t, dir, os.ErrPermission, dir)
}

// TestEpochFolderRemoved takes the folder away while it is held: the write fails, and it says where.
func TestEpochFolderRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	state := open(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_, err := state.NextEpoch()
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error is %v, want one that names %s", err, dir)
	}
}

// TestTwoProcesses lets another process hold the folder, checks that it is refused here, kills it in the middle of its
// work (SIGKILL), and checks that what it had printed is never given again.
func TestTwoProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	last := uint64(0)
	for round := range 5 {
		other := exec.Command(os.Args[0])
		other.Env = append(os.Environ(), holderEnv+"="+dir)
		out, err := other.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 3 + round {
			if !lines.Scan() {
				t.Fatal("the other process ended early")
			}
			epoch, err := strconv.ParseUint(lines.Text(), 10, 32)
			if err != nil {
				t.Fatalf("the other process says: %s", lines.Text())
			}
			if epoch <= last {
				t.Fatalf("epoch %d came again: %d was given before", epoch, last)
			}
			last = epoch
		}
		refuse(t, dir, journal.ErrInUse, dir, "state_dir")
		if err := other.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it printed before it died counts as given
			if epoch, err := strconv.ParseUint(lines.Text(), 10, 32); err == nil {
				last = max(last, epoch)
			}
		}
		if err := other.Wait(); err == nil {
			t.Fatal("the other process was not killed")
		}
		state, err := journal.OpenState(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := uint64(next(t, state)); got <= last {
			t.Fatalf("epoch %d was given again: the other process had %d", got, last)
		} else {
			last = got
		}
		if err := state.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
