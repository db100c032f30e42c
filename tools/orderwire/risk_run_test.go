package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orderwire/bench/simex"
	"orderwire/orders/journal"
)

// exchange is the embedded exchange in this process, and a config for run that trades there.
type exchange struct {
	server *simex.Server
	state  string
	text   string
}

// openExchange replays the embedded market at ten times its pace, for as long as the test lives.
func openExchange(t *testing.T, change func(c *simex.ServeConfig)) *exchange {
	t.Helper()
	const key, secret = "TestKey", "TestSecret"
	t.Setenv("TEST_API_KEY", key)
	t.Setenv("TEST_SECRET", secret)
	recording, err := openRecording("")
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	config := simex.ServeConfig{
		Venue:  simex.Config{Kind: "binance", Instruments: recordedInstruments("binance"), Keys: []simex.Key{{ID: key, Secret: secret}}, Market: recording, Speed: 10, ReplayHold: true},
		Listen: "127.0.0.1:0", CAFile: ca,
	}
	if change != nil {
		change(&config)
	}
	server, err := simex.Serve(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	x := &exchange{server: server, state: filepath.Join(t.TempDir(), "state")}
	x.text = pacedConfig(server.Addr(), ca, x.state)
	return x
}

// pacedConfig fires buys and sells in turn: orders that fill at once, and orders that rest until they are cancelled.
func pacedConfig(address, ca, state string) string {
	return strings.NewReplacer("ADDRESS", address, "CA", ca, "STATE", state).Replace(`
[instance]
id_prefix = "kn"
state_dir = "STATE"
mode = "live"
[loop]
cpu = -1
[credentials]
api_key_env = "TEST_API_KEY"
secret_env = "TEST_SECRET"
[orders]
venue = "binance"
url = "wss://ADDRESS"
profile = "sim"
trust.roots_file = "CA"
[market]
url = "wss://ADDRESS"
symbols = ["BTCUSDT"]
trust.roots_file = "CA"
`) + pacedArmed("buy", "ioc") + pacedArmed("sell", "gtc") + pacedArmed("sell", "ioc") + pacedArmed("buy", "gtc") + `
[paced]
every_us = 500
away_ppm = 20000
cancel_after = 4
` + strings.NewReplacer("messages_max = 10", "messages_max = 100000", "repeats_max = 20", "repeats_max = 100000", "value_max_quote = \"1000\"", "value_max_quote = \"100000\"",
		"open_orders_max = 10", "open_orders_max = 100", `open_value_max_quote = "5000"`, `open_value_max_quote = "1000000"`, `position_max = "0.05"`, `position_max = "1"`,
		"collar_ppm = 2000\npassive_ppm = 20000", "collar_ppm = 5000\npassive_ppm = 50000", "duplicate_window_ms = 5", "duplicate_window_ms = 1",
		"reference_max_age_ms = 1000", "reference_max_age_ms = 60000", "ack_max_ms = 100", "ack_max_ms = 10000", "report_silence_max_ms = 2000", "report_silence_max_ms = 20000").Replace(riskText)
}

func pacedArmed(side, time string) string {
	return fmt.Sprintf("[[armed]]\nsymbol = \"BTCUSDT\"\nside = %q\ntype = \"limit\"\ntime_in_force = %q\nprice_decimals = 2\nquantity_decimals = 5\nwindow_ms = 5000\n", side, time)
}

// started is a run in this process.
type started struct {
	t    *testing.T
	stop context.CancelFunc
	done chan result
}

func start(t *testing.T, text string) *started {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s := &started{t: t, stop: stop, done: make(chan result, 1)}
	path := configFile(t, text)
	go func() { s.done <- callWith(ctx, "", "run", "--json", "--config", path) }()
	t.Cleanup(stop)
	return s
}

// patience is how long a test waits for what must come, however busy the machine.
const patience = 30 * time.Second

// end waits for the run's own end, or asks for it.
func (s *started) end(ask bool) (r result) {
	s.t.Helper()
	if ask {
		s.stop()
	}
	select {
	case r = <-s.done:
	case <-time.After(patience):
		s.t.Fatal("the run does not end")
	}
	return r
}

// status asks a run until want is true of what it says.
func status(t *testing.T, dir string, want func(s *controlStatus) bool) controlStatus {
	t.Helper()
	var last string
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		r := call(t, "status", "--state-dir", dir)
		last = r.out + r.report
		var s controlStatus
		if r.code == exitOK && json.Unmarshal([]byte(r.out), &s) == nil && want(&s) {
			return s
		}
	}
	t.Fatalf("the run never said what was waited for; last: %s", last)
	return controlStatus{}
}

func pushed(n uint64) func(s *controlStatus) bool {
	return func(s *controlStatus) bool { return s.Outcomes["sent"] >= n }
}

// TestRunUnderItsLimits: the gate's limits hold at the venue, an operator changes one and it is in the journal, a latched gate
// takes no more until it is rearmed.
func TestRunUnderItsLimits(t *testing.T) {
	x := openExchange(t, nil)
	run := start(t, strings.Replace(x.text, "open_orders_max = 100", "open_orders_max = 2", 1))
	first := status(t, x.state, func(s *controlStatus) bool { return s.Outcomes["sent"] > 50 && s.Risk.Refused["open_orders"] > 10 })
	if open := first.Orders["acked"] + first.Orders["pushed"]; open > 2 {
		t.Errorf("%d orders are open, 2 are allowed: %+v", open, first.Orders)
	}
	if first.Risk.Allowed["orders"] == 0 || first.Risk.Used["weight"] == 0 || first.Risk.Breaker != "closed" {
		t.Errorf("budgets and breaker are %+v", first.Risk)
	}
	call(t, "override", "BTCUSDT", "open_orders_max", "50", "--state-dir", x.state).want(t, exitUsage, "--by")
	call(t, "override", "ETHUSDT", "open_orders_max", "50", "--state-dir", x.state, "--by", "ann", "--reason", "more room").want(t, exitFailed, "ETHUSDT", "no limits")
	call(t, "override", "BTCUSDT", "quantity_min", "50", "--state-dir", x.state, "--by", "ann", "--reason", "more room").want(t, exitFailed, "none of quantity_max")
	call(t, "override", "BTCUSDT", "quantity_max", "0", "--state-dir", x.state, "--by", "ann", "--reason", "more room").want(t, exitFailed, "not above zero")
	call(t, "override", "BTCUSDT", "open_orders_max", "50", "--state-dir", x.state, "--by", "ann", "--reason", "more room").want(t, exitOK)
	call(t, "override", "BTCUSDT", "quantity_max", "0.0005", "--state-dir", x.state, "--by", "ann", "--reason", "less").want(t, exitOK)
	status(t, x.state, func(s *controlStatus) bool { return s.Risk.Refused["qty"] > 10 })
	call(t, "rearm", "--state-dir", x.state).want(t, exitOK)
	r := run.end(true)
	if r.code != exitOK {
		t.Fatalf("run ended with %d: %s", r.code, r.report)
	}
	notes := ""
	budgets := 0
	if err := journal.Walk(x.state, func(e journal.Entry) error {
		switch e.Kind {
		case journal.KindOverride:
			notes += string(e.Note) + "\n"
		case journal.KindBudget:
			budgets++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := "ann: more room\nBTCUSDT open_orders_max 2 -> 50\nann: less\nBTCUSDT quantity_max 0.01 -> 0.0005\nrearm by socket\n"
	if notes != want || budgets == 0 {
		t.Errorf("the journal has %d budgets and the notes\n%s, want\n%s", budgets, notes, want)
	}
}

// TestFirstLiveSendsOneOrder, of the smallest size, and ends.
func TestFirstLiveSendsOneOrder(t *testing.T) {
	x := openExchange(t, nil)
	text := strings.Replace(x.text, "[risk]", "[risk]\nfirst_live = true", 1)
	run := start(t, strings.Replace(text, "every_us = 500", "every_us = 500\nquantity = \"0.00001\"", 1))
	r := run.end(false)
	if r.code != exitOK || !strings.Contains(r.report, "risk.max_orders") {
		t.Errorf("ended with %d: %s", r.code, r.report)
	}
	orders := x.server.Venue().Orders()
	if len(orders) != 1 || orders[0].Qty != "0.00001" {
		t.Errorf("the exchange has %+v, want one order of 0.00001", orders)
	}
}

// TestMaxOrdersLatches: what the file allows in all is never exceeded.
func TestMaxOrdersLatches(t *testing.T) {
	x := openExchange(t, nil)
	run := start(t, strings.Replace(x.text, "[risk]", "[risk]\nmax_orders = 7", 1))
	status(t, x.state, func(s *controlStatus) bool { return s.Risk.Latched == "orders_in_total" })
	run.end(true)
	if orders := x.server.Venue().Orders(); len(orders) != 7 {
		t.Errorf("the exchange has %d orders, 7 are allowed", len(orders))
	}
}

// TestBudgetsOutliveTheProcess: what one life has used the next one starts with.
func TestBudgetsOutliveTheProcess(t *testing.T) {
	x := openExchange(t, nil)
	text := x.text + "\n[limits]\nshare_percent = 100\ncancel_reserve_percent = 50\n[[limits.windows]]\nbudget = \"messages\"\nshape = \"sliding\"\nwindow_ms = 3600000\nmax = 1000\n" +
		"[[limits.windows]]\nbudget = \"weight\"\nshape = \"sliding\"\nwindow_ms = 3600000\nmax = 1000000\n"
	run := start(t, text)
	status(t, x.state, pushed(40))
	run.end(true)
	before := journalBudget(t, x.state)
	if len(before) == 0 {
		t.Fatal("the journal holds no budget")
	}
	run = start(t, strings.Replace(text, "every_us = 500", "every_us = 3600000000", 1))
	s := status(t, x.state, func(s *controlStatus) bool { return s.Market > 0 && s.Risk.Used["weight"] > 0 })
	if s.Risk.Used["weight"] < 40 {
		t.Errorf("the next life begins with a weight of %d, at least 40 were used", s.Risk.Used["weight"])
	}
	run.end(true)
}

// journalBudget is the limiter's state as last noted.
func journalBudget(t *testing.T, dir string) (last []byte) {
	t.Helper()
	if err := journal.Walk(dir, func(e journal.Entry) error {
		if e.Kind == journal.KindBudget {
			last = append([]byte(nil), e.Note...)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return last
}
