package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wholeConfig says everything that most installations say.
const wholeConfig = `
[instance]
id_prefix = "ow1"
state_dir = "/var/lib/orderwire"

[credentials]
api_key_env = "TEST_API_KEY"
secret_env = "TEST_SECRET"

[orders]
venue = "binance"
url = "wss://ws-api.testnet.binance.vision/ws-api/v3"
profile = "test"

[market]
url = "wss://stream.testnet.binance.vision"
symbols = ["BTCUSDT"]

[[armed]]
symbol = "BTCUSDT"
side = "buy"
type = "limit"
time_in_force = "ioc"
price_decimals = 2
quantity_decimals = 5

[[armed]]
symbol = "BTCUSDT"
side = "sell"
type = "limit"
time_in_force = "ioc"
price_decimals = 2
quantity_decimals = 5

[whale]
`

func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orderwire.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigDefaults(t *testing.T) {
	c, err := parseConfig("x.toml", wholeConfig)
	if err != nil {
		t.Fatal(err)
	}
	if c.Instance.Mode != "dry_run" || c.Loop.Backend != "auto" || c.Loop.ConnectMS != 10_000 || c.Loop.CPU < 0 {
		t.Errorf("defaults are %+v %+v", c.Instance, c.Loop)
	}
	if *c.Whale.OffsetTicks != 5 || c.Whale.ThresholdQuote != "100000" || c.Whale.Quantity != "0.001" {
		t.Errorf("whale is %+v", c.Whale)
	}
	if err := c.refusal(os.Getenv); err != nil {
		t.Errorf("a test endpoint is refused: %v", err)
	}
	if c.Limits.SharePercent != 95 || c.Limits.CancelReservePercent != 10 {
		t.Errorf("limits are %+v", c.Limits)
	}
}

// TestConfigPrintsWhatItMeans reads the printed config again: it must mean the same.
func TestConfigPrintsWhatItMeans(t *testing.T) {
	first, err := parseConfig("x.toml", wholeConfig)
	if err != nil {
		t.Fatal(err)
	}
	var once, twice bytes.Buffer
	if err := first.print(&once); err != nil {
		t.Fatal(err)
	}
	second, err := parseConfig("printed.toml", once.String())
	if err != nil {
		t.Fatalf("the printed config does not parse: %v\n%s", err, once.String())
	}
	if err := second.print(&twice); err != nil {
		t.Fatal(err)
	}
	if once.String() != twice.String() {
		t.Errorf("printed once:\n%s\nprinted again:\n%s", once.String(), twice.String())
	}
}

func TestConfigRefusals(t *testing.T) {
	replace := func(old, fresh string) string {
		if !strings.Contains(wholeConfig, old) {
			t.Fatalf("the sample has no %q", old)
		}
		return strings.Replace(wholeConfig, old, fresh, 1)
	}
	cases := []struct {
		name, text, word string
	}{
		{"unknown key", replace(`side = "buy"`, "side = \"buy\"\nspeed = 3"), ":22:1: unknown key armed.speed"},
		{"unknown table", wholeConfig + "[fast]\n", "unknown key fast"},
		{"unit left out", replace("[market]", "[loop]\nmax_send_age = 5\n[market]"), "it is called max_send_age_us"},
		{"a secret in the file", replace("secret_env", "secret"), "secrets do not belong into the file"},
		{"a secret for a name", replace("TEST_SECRET", "aBcD1234canary"), "credentials.secret_env is no NAME"},
		{"not TOML", "[orders\n", ":1:"},
		{"wrong type", replace(`venue = "binance"`, "venue = 7"), ":11:9: this is a TOML integer, want a string"},
		{"number for a text", replace("price_decimals = 2", `price_decimals = "2"`), ":24:18: this is a TOML string"},
		{"prefix too long", replace("ow1", "ow12"), "longer than 3"},
		{"prefix with capitals", replace("ow1", "OW1"), "a-z and 0-9"},
		{"prefix missing", replace(`id_prefix = "ow1"`, ""), "id_prefix"},
		{"unknown mode", replace(`id_prefix = "ow1"`, "id_prefix=\"ow1\"\nmode = \"test\""), "dry_run"},
		{"unknown venue", replace(`"binance"`, `"nasdaq"`), "nasdaq"},
		{"venue missing", replace(`venue = "binance"`, ""), "orders.venue"},
		{"unknown profile", replace(`"test"`, `"paper"`), "paper"},
		{"ws for orders", replace("wss://ws-api", "ws://ws-api"), "wss only"},
		{"user in a URL", replace("wss://ws-api", "wss://me:canary@ws-api"), "credentials"},
		{"query in a URL", replace("/ws-api/v3", "/ws-api/v3?key=canary"), "orders.url"},
		{"sim that is not loopback", replace(`"test"`, `"sim"`), "loopback"},
		{"test that is live", replace("ws-api.testnet.binance.vision", "ws-api.binance.com"), "is a live exchange"},
		{"no symbols", replace(`symbols = ["BTCUSDT"]`, ""), "market.symbols"},
		{"no endpoint", "[orders]\nvenue = \"binance\"\n", "both missing"},
		{"unknown side", replace(`"buy"`, `"long"`), "armed number 1"},
		{"unknown type", replace(`"limit"`, `"stop"`), "stop"},
		{"decimals", replace("price_decimals = 2", "price_decimals = 19"), "0..18"},
		{"credentials missing", replace(`secret_env = "TEST_SECRET"`, ""), "secret_env"},
		{"both secrets", replace(`secret_env = "TEST_SECRET"`, "secret_env=\"A\"\nsecret_file=\"b\""), "keep one"},
		{"unknown algorithm", replace(`secret_env = "TEST_SECRET"`, "secret_env=\"A\"\nalgorithm=\"md5\""), "md5"},
		{"pin mode without pins", wholeConfig + "[orders.trust]\nmode = \"pin\"\n", "orders.trust.pins"},
		{"pins in system mode", wholeConfig + "[market.trust]\npins = [\"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"]\n", "use pin or hybrid"},
		{"a pin that is none", wholeConfig + "[market.trust]\nmode = \"pin\"\npins = [\"sha256/abc\"]\n", "pins number 1"},
		{"unknown hello", wholeConfig + "[market.trust]\nhello = \"netscape\"\n", "netscape"},
		{"unknown trust", wholeConfig + "[market.trust]\nmode = \"off\"\n", "none of system, pin, hybrid"},
		{"cpu", replace("[market]", "[loop]\ncpu = 4000\n[market]"), "loop.cpu = 4000"},
		{"backoff", replace("[market]", "[loop]\nbackoff_min_ms = 5000\nbackoff_max_ms = 100\n[market]"), "backoff_max_ms"},
		{"whale quantity", replace("[whale]", "[whale]\nquantity = \"0\""), "not above zero"},
		{"whale threshold", replace("[whale]", "[whale]\nthreshold_quote = \"1e5\""), "decimal"},
		{"duplicate key", replace(`venue = "binance"`, "venue = \"binance\"\nvenue = \"binance\""), "venue"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := call(t, "config", "check", configFile(t, c.text))
			r.want(t, exitUsage, "orderwire.toml", c.word)
			if strings.Contains(r.report+r.out, "canary") {
				t.Errorf("a value that may be a secret is repeated: %q", r.report)
			}
		})
	}
}

func TestLiveExchangesAreKnown(t *testing.T) {
	cases := []struct {
		host string
		live bool
	}{
		{"ws-api.binance.com", true},
		{"WS-API.Binance.COM.", true},
		{"stream.bybit.com", true},
		{"ws-auth.kraken.com", true},
		{"api.exchange.coinbase.com", true},
		{"binance.com", true},
		{"stream-testnet.bybit.com", false},
		{"api-public.sandbox.exchange.coinbase.com", false},
		{"demo-futures.kraken.com", false},
		{"notbinance.com", false},
		{"testnet.binance.vision", false},
		{"demonstration.binance.com", true},
	}
	for _, c := range cases {
		if got := production(c.host); got != c.live {
			t.Errorf("%s counts as live: %v, want %v", c.host, got, c.live)
		}
	}
}

func TestConfigCheckLooksForSecrets(t *testing.T) {
	path := configFile(t, wholeConfig)
	r := call(t, "config", "check", path)
	r.want(t, exitFailed, "TEST_API_KEY", "is not set", "export")
	r = call(t, "config", "check", path, "--without-secrets")
	r.want(t, exitOK)
	t.Setenv("TEST_API_KEY", "key")
	call(t, "config", "check", path).want(t, exitFailed, "TEST_SECRET", "is not set")
	t.Setenv("TEST_SECRET", "secret with a space")
	call(t, "config", "check", path).want(t, exitFailed, "TEST_SECRET", "white space")
	t.Setenv("TEST_SECRET", "secret")
	r = call(t, "config", "check", path)
	r.want(t, exitOK)
	if !strings.Contains(r.out, "[redacted]") || !strings.Contains(r.out, "id_prefix = 'ow1'") {
		t.Errorf("printed %q", r.out)
	}
}

func TestSecretFiles(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cases := []struct {
		name, path string
		code       int
		word       string
	}{
		{"good", write("good", "secret\n", 0o600), exitOK, ""},
		{"good, read only", write("readonly", "secret", 0o400), exitOK, ""},
		{"group can read", write("group", "canary", 0o640), exitFailed, "mode 0640"},
		{"all can read", write("all", "canary", 0o644), exitFailed, "chmod 600"},
		{"empty", write("empty", "\n", 0o600), exitFailed, "is empty"},
		{"too long", write("long", strings.Repeat("canary", 20_000), 0o600), exitFailed, "bytes"},
		{"missing", filepath.Join(folder, "none"), exitFailed, "none"},
		{"a folder", folder, exitFailed, "no regular file"},
	}
	t.Setenv("TEST_API_KEY", "key")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(wholeConfig, `secret_env = "TEST_SECRET"`, `secret_file = "`+c.path+`"`, 1)
			r := call(t, "config", "check", configFile(t, text))
			r.want(t, c.code, c.word)
			if strings.Contains(r.out+r.report, "canary") {
				t.Errorf("the secret is printed: %q", r.out+r.report)
			}
		})
	}
}

func TestDefaultStateDir(t *testing.T) {
	cases := []struct {
		name, xdg, home, want string
	}{
		{"XDG", "/x/state", "/h/me", "/x/state/orderwire"},
		{"home", "", "/h/me", "/h/me/.local/state/orderwire"},
		{"relative XDG is ignored", "state", "/h/me", "/h/me/.local/state/orderwire"},
		{"nothing", "", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := defaultStateDir(func(name string) string {
				return map[string]string{"XDG_STATE_HOME": c.xdg, "HOME": c.home}[name]
			})
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("state folder is %q (%v), want %q", got, err, c.want)
			}
		})
	}
}
