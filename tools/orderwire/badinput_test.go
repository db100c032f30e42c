package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunAndDemoRefusals: what can be known before anything is connected is known then, in one sentence.
func TestRunAndDemoRefusals(t *testing.T) {
	folder := t.TempDir()
	edit := func(old, fresh string) string {
		text := strings.Replace(wholeConfig, "/var/lib/orderwire", filepath.Join(folder, "state"), 1)
		if !strings.Contains(text, old) {
			t.Fatalf("the sample has no %q", old)
		}
		return configFile(t, strings.Replace(text, old, fresh, 1))
	}
	busy := filepath.Join(folder, "file")
	if err := os.WriteFile(busy, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_API_KEY", canaryKey)
	t.Setenv("TEST_SECRET", canarySecret)
	cases := []struct {
		name  string
		args  []string
		code  int
		words []string
	}{
		{"run without a file", []string{"run"}, exitUsage, []string{"--config"}},
		{"no such file", []string{"run", "--config", "/nowhere.toml"}, exitUsage, []string{"/nowhere.toml"}},
		{"unknown key", []string{"run", "--config", edit(`side = "buy"`, "side = \"buy\"\nspeed = 3")}, exitUsage, []string{":22:1", "armed.speed"}},
		{"live exchange", []string{"run", "--config", edit(`profile = "test"`, "")}, exitFailed, []string{"live exchange", "[risk] is missing", "orders.profile"}},
		{"missing secret", []string{"run", "--config", edit("TEST_SECRET", "TEST_NOT_SET")}, exitFailed, []string{"TEST_NOT_SET", "is not set", "export"}},
		{"missing roots", []string{"run", "--config", edit("[market]", "[orders.trust]\nroots_file = \"/nowhere.pem\"\n[market]")}, exitFailed, []string{"/nowhere.pem"}},
		{"one armed order for a whale", []string{"run", "--config", edit(`side = "sell"`, `side = "buy"`)}, exitUsage, []string{"armed"}},
		{"unreadable recording", []string{"demo", "--replay", "/nowhere.gz"}, exitFailed, []string{"/nowhere.gz", "cannot be read"}},
		{"demo at speed 0", []string{"demo", "--speed", "0"}, exitUsage, []string{"--speed"}},
		{"demo with fewer than no orders", []string{"demo", "--orders", "-1"}, exitUsage, []string{"--orders"}},
		{"demo with an unknown flag", []string{"demo", "--fast"}, exitUsage, []string{"--fast"}},
		{"demo with an argument", []string{"demo", "now"}, exitUsage, []string{"now"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := call(t, c.args...)
			r.want(t, c.code, c.words...)
			leaks(t, c.name, r.out+r.report)
		})
	}
}

// TestStateFolderThatCannotBeMade: run needs its boot epoch on the disk before anything is signed.
func TestStateFolderThatCannotBeMade(t *testing.T) {
	busy := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(busy, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_API_KEY", canaryKey)
	t.Setenv("TEST_SECRET", canarySecret)
	text := strings.Replace(wholeConfig, "/var/lib/orderwire", filepath.Join(busy, "state"), 1)
	r := call(t, "run", "--config", configFile(t, text))
	r.want(t, exitFailed, busy, "state folder")
	leaks(t, "run", r.out+r.report)
}
