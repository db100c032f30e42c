package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderwire/netpoll/host"
)

// examined is doctor --json, read, with its exit code held against what it says.
func examined(t *testing.T, args ...string) diagnosis {
	t.Helper()
	r := call(t, append([]string{"doctor", "--json", "--measure", "1ms"}, args...)...)
	var d diagnosis
	if err := json.Unmarshal([]byte(r.out), &d); err != nil {
		t.Fatalf("%v in %s %s", err, r.out, r.report)
	}
	want := exitOK
	switch {
	case d.Count(host.Fail) > 0:
		want = exitFailed
	case d.Count(host.Warn) > 0:
		want = exitWarned
	}
	if r.code != want || d.Exit != want || r.report != "" {
		t.Errorf("exit code %d (%d in the JSON) with %s; report %q", r.code, d.Exit, d.Summary, r.report)
	}
	leaks(t, "doctor", r.out)
	return d
}

func rowOf(t *testing.T, d *diagnosis, group, name string) host.Row {
	t.Helper()
	for _, r := range d.Rows {
		if r.Group == group && r.Name == name {
			return r
		}
	}
	t.Fatalf("no row %s of %s", name, group)
	return host.Row{}
}

// TestDoctor: every row says what it saw, what would be well, and why it matters.
func TestDoctor(t *testing.T) {
	d := examined(t)
	if len(d.Rows) < 30 || d.Hiccup == nil || d.Kernel == "" || d.CPUs < 1 {
		t.Errorf("%d rows, hiccup %v, kernel %q", len(d.Rows), d.Hiccup, d.Kernel)
	}
	for _, r := range d.Rows {
		if r.Group == "" || r.Name == "" || r.Value == "" || r.Ideal == "" || r.Why == "" {
			t.Errorf("a row leaves something out: %+v", r)
		}
	}
	text := call(t, "doctor", "--measure", "0s", "--all")
	for _, word := range []string{"isolated", "why:", "tune --dry-run", "process"} {
		if !strings.Contains(text.out, word) {
			t.Errorf("the table does not say %q", word)
		}
	}
	call(t, "doctor", "--venue", "nasdaq").want(t, exitUsage, "nasdaq")
	call(t, "doctor", "--measure", "2m").want(t, exitUsage, "--measure")
	call(t, "doctor", "--config", "/nowhere.toml").want(t, exitUsage, "/nowhere.toml")
}

// TestDoctorLooksAtAConfig, and at what only a person can see.
func TestDoctorLooksAtAConfig(t *testing.T) {
	t.Setenv("TEST_API_KEY", canaryKey)
	t.Setenv("TEST_SECRET", canarySecret)
	state := filepath.Join(t.TempDir(), "state")
	text := strings.Replace(liveConfig, "/var/lib/orderwire", state, 1)
	d := examined(t, "--config", configFile(t, text))
	if r := rowOf(t, &d, "config", "live"); r.Verdict != host.Warn || !strings.Contains(r.Value, liveEnv) {
		t.Errorf("live is %+v", r)
	}
	for _, name := range []string{"credentials", "state folder", "trust"} {
		if r := rowOf(t, &d, "config", name); r.Verdict != host.Pass {
			t.Errorf("%s is %+v", name, r)
		}
	}
	if r := rowOf(t, &d, "at binance", "key permissions"); r.Verdict != host.Warn || !strings.Contains(r.Value, "cannot be seen") {
		t.Errorf("key permissions are %+v", r)
	}
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_SECRET", "")
	d = examined(t, "--config", configFile(t, text))
	for _, name := range []string{"credentials", "state folder"} {
		if r := rowOf(t, &d, "config", name); r.Verdict != host.Fail {
			t.Errorf("%s is %+v", name, r)
		}
	}
}

// TestTune plans, applies and undoes on files that stand for a host's.
func TestTune(t *testing.T) {
	root := t.TempDir()
	file := "/proc/sys/net/ipv4/tcp_autocorking"
	if err := os.MkdirAll(filepath.Join(root, filepath.Dir(file)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+file, []byte("1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		t.Helper()
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	undo := filepath.Join(t.TempDir(), "undo.json")
	steps := []struct {
		name  string
		flags tuneFlags
		value string // afterwards
		words []string
		fails string
	}{
		{"dry run", tuneFlags{dryRun: true}, "1", []string{"echo 0 > " + file, "1 settings to change"}, ""},
		{"apply", tuneFlags{apply: true}, "0", []string{file + " = 0: done", "1 changed, 0 refused"}, ""},
		{"apply again", tuneFlags{apply: true}, "0", []string{"0 settings to change"}, ""},
		{"undo", tuneFlags{undo: true}, "1", []string{file + " = 1: done"}, ""},
		{"undo again", tuneFlags{undo: true}, "1", nil, "undo file"},
	}
	for _, step := range steps {
		step.flags.root, step.flags.undoFile = root, undo
		var out strings.Builder
		err := tune(&out, &step.flags)
		if (err != nil) != (step.fails != "") || err != nil && !strings.Contains(err.Error(), step.fails) {
			t.Errorf("%s: %v", step.name, err)
		}
		for _, word := range step.words {
			if !strings.Contains(out.String(), word) {
				t.Errorf("%s says %q, not %q", step.name, out.String(), word)
			}
		}
		if read() != step.value {
			t.Errorf("%s left %s, want %s", step.name, read(), step.value)
		}
	}
	if err := tune(&strings.Builder{}, &tuneFlags{apply: true, root: root, undoFile: undo}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+file, []byte("1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tune(&strings.Builder{}, &tuneFlags{apply: true, root: root, undoFile: undo}); err == nil || read() != "1" {
		t.Errorf("the old values were overwritten by a second tuning (%v)", err)
	}
	call(t, "tune").want(t, exitUsage, "--dry-run")
	call(t, "tune", "--apply", "--undo").want(t, exitUsage, "one of")
}

// TestVenuesSayWhatTheyWereTestedAgainst: the matrix has each exchange that a config can name, and claims nothing else.
func TestVenuesSayWhatTheyWereTestedAgainst(t *testing.T) {
	r := call(t, "venues", "--json")
	var list []venueFacts
	if err := json.Unmarshal([]byte(r.out), &list); err != nil || len(list) != len(venues) {
		t.Fatalf("%d venues, want %d (%v)", len(list), len(venues), err)
	}
	for i, v := range list {
		if v.Venue != venues[i] || v.TestedOn != "embedded examiner" || len(v.Budgets) == 0 {
			t.Errorf("%+v", v)
		}
	}
	if text := call(t, "venues"); strings.Count(text.out, "embedded examiner") != len(venues) || strings.Contains(text.out, "  \n") {
		t.Errorf("the table is\n%s", text.out)
	}
}
