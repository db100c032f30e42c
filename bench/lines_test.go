package bench

import (
	"errors"
	"strings"
	"testing"
)

func TestCommands(t *testing.T) {
	c, err := parseRun(strings.Fields("100 10 60000 18446744073709551615"))
	if err != nil || c != (Command{N: 100, Warm: 10, ThinkNanos: 60000, Seed: 1<<64 - 1}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, text := range []string{"a 1 1 1", "1 -1 1 1", "1 1 -1 1", "1 1 1 -1", "0 0 1 1", "99999999999 1 1 1", "1 1 1.5 1"} {
		if _, err := parseRun(strings.Fields(text)); !errors.Is(err, ErrCommand) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWrongLinesEndThePeer(t *testing.T) {
	for _, text := range []string{"run 1 2 3", "alloc", "alloc 0", "alloc x", "walk 1 2 3 4", "run 1 1 1 1 1"} {
		if _, err := serveCommand(t.Context(), nil, strings.Fields(text)); !errors.Is(err, ErrCommand) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTargetsAreLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "localhost": true, "::ffff:127.0.0.1": true,
		"10.0.0.1": false, "0.0.0.0": false, "example.com": false, "": false, "localhost.example.com": false, "::ffff:10.0.0.1": false,
	} {
		target := Target{Host: host, Port: 1}
		if _, err := target.url(); (err == nil) != want || err != nil && !errors.Is(err, ErrNotLoopback) {
			t.Errorf("%q: %v", host, err)
		}
		if _, err := target.addr(1); (err == nil) != want {
			t.Errorf("%q: %v", host, err)
		}
	}
}

func TestImplNames(t *testing.T) {
	for _, impl := range []string{"direct", "ring", "auto", "auto/cold", "direct/ahead", "auto/logon", "ring/gated"} {
		if _, _, err := (&PeerConfig{Impl: impl}).split(); err != nil {
			t.Errorf("%s: %v", impl, err)
		}
	}
	for _, impl := range []string{"", "fast", "auto/", "/cold", "auto/cold/ahead", "auto/warm"} {
		if _, _, err := (&PeerConfig{Impl: impl}).split(); err == nil {
			t.Errorf("%q was taken", impl)
		}
	}
}
