package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExamplesAreGoodConfigs checks every example of docs/examples as a user would.
func TestExamplesAreGoodConfigs(t *testing.T) {
	paths, err := filepath.Glob("../../docs/examples/*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no examples found (%v)", err)
	}
	for _, path := range paths {
		call(t, "config", "check", path, "--without-secrets").want(t, exitOK)
	}
}

// TestReadmeNamesWhatThereIs: each command of the README's table is known to the binary, and each linked file is there.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	root := rootCommand(streams{})
	found := 0
	for _, row := range regexp.MustCompile("(?m)^\\| `orderwire ([a-z ]+)").FindAllStringSubmatch(string(text), -1) {
		found++
		words := strings.Fields(row[1])
		if c, rest, err := root.Find(words); err != nil || len(rest) > 0 {
			t.Errorf("README names orderwire %s, the binary knows %s (%v)", row[1], c.CommandPath(), err)
		}
	}
	if found < 8 {
		t.Errorf("only %d commands found in README's table", found)
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join("../..", link[1])); err != nil {
			t.Errorf("README links to %s: %v", link[1], err)
		}
	}
}
