package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// riskText sets every limit that a live exchange asks for.
const riskText = `
[risk]
messages_max = 10
messages_window_ms = 1000
duplicate_window_ms = 5
repeats_max = 20
repeats_window_ms = 1000

[[risk.symbols]]
symbol = "BTCUSDT"
quantity_min = "0.00001"
quantity_max = "0.01"
value_max_quote = "1000"
collar_ppm = 2000
passive_ppm = 20000
reference_max_age_ms = 1000
position_max = "0.05"
open_value_max_quote = "5000"
open_orders_max = 10

[breaker]
window_ms = 1000
rejects_max = 5
late_acks_max = 5
disconnects_max = 3
conflicts_max = 1
ack_max_ms = 100
unknown_max = 2
clock_bound_max_ms = 100
report_silence_max_ms = 2000
rest_ms = 1000
`

// liveConfig could trade for real: nothing is missing but the word in the environment.
var liveConfig = strings.Replace(strings.Replace(wholeConfig, "[instance]", "[instance]\nmode = \"live\"", 1), `profile = "test"`, "", 1) + riskText

// liveEnvs are environments by what they hold.
func liveEnvs(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// TestEveryLiveRefusal: each thing that must be there, taken away, is named; with all of them the file may trade.
func TestEveryLiveRefusal(t *testing.T) {
	yes := liveEnvs(liveEnv, "yes")
	without := func(key string) func(string) string {
		return func(text string) string {
			lines := strings.Split(text, "\n")
			for i, line := range lines {
				if strings.HasPrefix(line, key+" ") {
					return strings.Join(append(lines[:i:i], lines[i+1:]...), "\n")
				}
			}
			t.Fatalf("the sample has no %q", key)
			return ""
		}
	}
	instead := func(old, fresh string) func(string) string {
		return func(text string) string {
			if !strings.Contains(text, old) {
				t.Fatalf("the sample has no %q", old)
			}
			return strings.Replace(text, old, fresh, 1)
		}
	}
	same := func(text string) string { return text }
	cases := []struct {
		name string
		edit func(string) string
		env  func(string) string
		word string // "": allowed
	}{
		{"everything there", same, yes, ""},
		{"a dry run, no word needed", instead(`mode = "live"`, `mode = "dry_run"`), liveEnvs(), ""},
		{"no word in the environment", same, liveEnvs(), "ORDERWIRE_LIVE=yes"},
		{"another word", same, liveEnvs(liveEnv, "1"), "ORDERWIRE_LIVE=yes"},
		{"a key log", same, liveEnvs(liveEnv, "yes", "SSLKEYLOGFILE", "/tmp/keys"), "SSLKEYLOGFILE"},
		{"no risk", func(text string) string {
			before, after, _ := strings.Cut(text, "[risk]")
			return before + after[strings.Index(after, "[breaker]"):]
		}, yes, "[risk] is missing"},
		{"no breaker", func(text string) string { return strings.Split(text, "[breaker]")[0] }, yes, "[breaker] is missing"},
		{"no duplicate window", without("duplicate_window_ms"), yes, "risk.duplicate_window_ms is not set"},
		{"no repeats", func(text string) string { return without("repeats_max")(without("repeats_window_ms")(text)) }, yes, "risk.repeats_max is not set"},
		{"no passive band", without("passive_ppm"), yes, "passive_ppm is not set"},
		{"no reject burst", without("rejects_max"), yes, "breaker.rejects_max is not set"},
		{"no late acks", without("late_acks_max"), yes, "breaker.late_acks_max is not set"},
		{"no disconnects", without("disconnects_max"), yes, "breaker.disconnects_max is not set"},
		{"no conflicts", without("conflicts_max"), yes, "breaker.conflicts_max is not set"},
		{"no unknowns", without("unknown_max"), yes, "breaker.unknown_max is not set"},
		{"no clock bound", without("clock_bound_max_ms"), yes, "breaker.clock_bound_max_ms is not set"},
		{"no silence", without("report_silence_max_ms"), yes, "breaker.report_silence_max_ms is not set"},
		{"a market order", func(text string) string {
			return instead("type = \"limit\"\ntime_in_force = \"ioc\"", "type = \"market\"")(text)
		}, yes, "is a market order"},
		{"a load for tests", instead("[whale]", "[paced]\nevery_us = 10"), yes, "load for tests"},
		{"a first try that is too large", instead("[risk]", "[risk]\nfirst_live = true"), yes, "is not 0.00001"},
		{"a first try of unknown size", func(text string) string {
			return without("quantity_min")(instead("[risk]", "[risk]\nfirst_live = true")(text))
		}, yes, "quantity_min"},
		{"a first try", func(text string) string {
			return instead("[whale]", "[whale]\nquantity = \"0.00001\"")(instead("[risk]", "[risk]\nfirst_live = true")(text))
		}, yes, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			config, err := parseConfig("x.toml", c.edit(liveConfig))
			if err != nil {
				t.Fatal(err)
			}
			err = config.refusal(c.env)
			if c.word == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.word) {
				t.Errorf("refusal is %v, want one that says %q", err, c.word)
			}
		})
	}
}

// TestEndpointsCountAsLiveUnlessMarked: without limits no order leaves over them.
func TestEndpointsCountAsLiveUnlessMarked(t *testing.T) {
	cases := []struct {
		name, url, profile string
		refused            bool
	}{
		{"live exchange, unmarked", "wss://ws-api.binance.com/ws-api/v3", "", true},
		{"unknown host, unmarked", "wss://exchange.example/", "", true},
		{"loopback, unmarked", "wss://127.0.0.1:9443/", "", true},
		{"loopback as sim", "wss://127.0.0.1:9443/", "sim", false},
		{"IPv6 loopback as sim", "wss://[::1]:9443/", "sim", false},
		{"testnet as test", "wss://ws-api.testnet.binance.vision/ws-api/v3", "test", false},
		{"demo host as test", "wss://demo-ws-api.binance.com/ws-api/v3", "test", false},
		{"testnet as live", "wss://ws-api.testnet.binance.vision/ws-api/v3", "live", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(wholeConfig, "wss://ws-api.testnet.binance.vision/ws-api/v3", c.url, 1)
			profile := ""
			if c.profile != "" {
				profile = "profile = \"" + c.profile + "\""
			}
			config, err := parseConfig("x.toml", strings.Replace(text, `profile = "test"`, profile, 1))
			if err != nil {
				t.Fatal(err)
			}
			err = config.refusal(liveEnvs(liveEnv, "yes"))
			if (err != nil) != c.refused {
				t.Errorf("refusal is %v, want refused %v", err, c.refused)
			}
			if err != nil && !strings.Contains(err.Error(), c.url) {
				t.Errorf("refusal %q does not name the endpoint", err)
			}
			config.Armed = nil
			if err := config.refusal(liveEnvs()); err != nil {
				t.Errorf("refused without armed orders: %v", err)
			}
		})
	}
}

// TestSealedProcess seals a process of its own, since that cannot be undone, and lets the kernel say so.
func TestSealedProcess(t *testing.T) {
	if os.Getenv("ORDERWIRE_TEST_SEAL") == "yes" {
		if sealed, err := isSealed(); err != nil || sealed {
			t.Fatalf("sealed before: %v (%v)", sealed, err)
		}
		if err := seal(); err != nil {
			t.Fatal(err)
		}
		if sealed, err := isSealed(); err != nil || !sealed {
			t.Fatalf("sealed after: %v (%v)", sealed, err)
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self, "-test.run", "^TestSealedProcess$", "-test.v")
	child.Env = append(os.Environ(), "ORDERWIRE_TEST_SEAL=yes")
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestSealedProcess") {
		t.Errorf("%v\n%s", err, out)
	}
}
