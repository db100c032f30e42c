package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// The canaries have the shape of real credentials: letters of both cases and digits.
const (
	canaryKey    = "KeyCanary7hVd3QpLw9XzR2"
	canarySecret = "SecretCanary5tGb8YnMk1JsE6"
	canaryPhrase = "PhraseCanary4fRe0UjTb7WqA3"
)

// leaks fails where text holds a canary, as it is, in hex, in base64, or in the list of numbers that %v makes of bytes.
func leaks(t *testing.T, where, text string) {
	t.Helper()
	for _, canary := range []string{canaryKey, canarySecret, canaryPhrase} {
		raw := []byte(canary)
		for _, form := range []string{
			canary, hex.EncodeToString(raw), fmt.Sprintf("%X", raw), base64.StdEncoding.EncodeToString(raw)[:16],
			strings.Trim(fmt.Sprint(raw[:8]), "[]"), fmt.Sprintf("%q", raw)[1:12],
		} {
			if strings.Contains(text, form) {
				t.Errorf("%s shows %s as %q", where, canary[:6], form)
			}
		}
	}
}

// TestNoSecretLeaks lets every command see the canaries, rightly and wrongly placed, and reads all that is printed.
func TestNoSecretLeaks(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TEST_API_KEY", canaryKey)
	t.Setenv("TEST_SECRET", canarySecret)
	t.Setenv("TEST_PHRASE", canaryPhrase)
	file := filepath.Join(folder, "secret")
	if err := os.WriteFile(file, []byte(canarySecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(folder, "open")
	if err := os.WriteFile(open, []byte(canarySecret+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	edit := func(old, fresh string) string { return configFile(t, strings.Replace(wholeConfig, old, fresh, 1)) }
	lines := [][]string{
		{"config", "check", configFile(t, wholeConfig)},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, "secret_env = \"TEST_SECRET\"\npassphrase_env = \"TEST_PHRASE\"")},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, `secret_file = "`+file+`"`)},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, `secret_file = "`+open+`"`)},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, `secret_env = "`+canarySecret+`"`)},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, `secret = "`+canarySecret+`"`)},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, `secret_env = `+canarySecret)},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, `secret_env = "TEST_SECRET" "`+canarySecret+`"`)},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, "secret_env = \"TEST_SECRET\"\nsecret_encoding = \"base64\"")},
		{"config", "check", edit(`secret_env = "TEST_SECRET"`, "secret_env = \"TEST_SECRET\"\nalgorithm = \"ed25519\"\nsecret_encoding = \"pem\"")},
		{"config", "check", edit("wss://ws-api", "wss://"+canaryKey+":"+canarySecret+"@ws-api")},
		{"config", "check", edit("/ws-api/v3", "/ws-api/v3?signature="+canarySecret)},
		{"sign", "--alg", "hmac-sha256", "--secret-env", "TEST_SECRET"},
		{"sign", "--alg", "hmac-sha256", "--secret-env", canarySecret},
		{"sign", "--alg", "ed25519", "--secret-env", "TEST_SECRET", "--secret-encoding", "base64"},
		{"sign", "--alg", "rsa-sha256", "--secret-env", "TEST_SECRET", "--secret-encoding", "pem"},
		{"ws", "echo", "ws://" + canaryKey + ":" + canarySecret + "@127.0.0.1:1/"},
		{"sim", "--key-env", "TEST_API_KEY", "--secret-env", "TEST_NONE"},
		{"sim", "--key-env", "TEST_API_KEY", "--secret-env", "TEST_SECRET", "--listen", "0.0.0.0:0"},
	}
	for _, line := range lines {
		r := callWith(t.Context(), "payload", line...)
		if r.out+r.report == "" {
			t.Errorf("%v printed nothing", line)
		}
		leaks(t, "orderwire "+line[0]+" ("+r.report+")", r.out+r.report)
	}
}

// TestNoPrinterOpensASigner prints what the config makes of the credentials, in every verb and format.
func TestNoPrinterOpensASigner(t *testing.T) {
	t.Setenv("TEST_API_KEY", canaryKey)
	t.Setenv("TEST_SECRET", canarySecret)
	t.Setenv("TEST_PHRASE", canaryPhrase)
	config, err := parseConfig("x.toml", strings.Replace(wholeConfig, "[orders]", "passphrase_env = \"TEST_PHRASE\"\n[orders]", 1))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := config.Credentials.signer()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := config.Credentials.secret()
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		Shown  any
		hidden any
	}
	for name, value := range map[string]any{"config": config, "signer": signer, "secret": secret} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			leaks(t, name+" in "+verb, fmt.Sprintf(verb, value))
			leaks(t, name+" in a struct in "+verb, fmt.Sprintf(verb, holder{value, value}))
		}
		text, err := json.Marshal(holder{Shown: value})
		if err != nil {
			t.Errorf("%s as JSON: %v", name, err)
		}
		leaks(t, name+" as JSON", string(text))
	}
	text, err := toml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	leaks(t, "config as TOML", string(text))
}
