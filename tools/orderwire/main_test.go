package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// result is what a command line gave.
type result struct {
	code        int
	out, report string
}

// call runs one command line in this process, as main would.
func call(t *testing.T, args ...string) result {
	t.Helper()
	return callWith(t.Context(), "", args...)
}

func callWith(ctx context.Context, stdin string, args ...string) result {
	var out, report bytes.Buffer
	code := execute(ctx, args, streams{in: strings.NewReader(stdin), out: &out, err: &report})
	return result{code, out.String(), report.String()}
}

// want checks the exit code and that the report is one sentence that names words.
func (r result) want(t *testing.T, code int, words ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d; report: %s", r.code, code, r.report)
	}
	if code != exitOK && (strings.Count(r.report, "\n") != 1 || !strings.HasPrefix(r.report, "orderwire: ")) {
		t.Errorf("the report is not one line: %q", r.report)
	}
	for _, word := range words {
		if !strings.Contains(r.report, word) {
			t.Errorf("report %q does not say %q", r.report, word)
		}
	}
}

func TestUsageIsExitCode2(t *testing.T) {
	cases := []struct {
		name string
		args string
		word string
	}{
		{"nothing", "", "needs a subcommand"},
		{"unknown subcommand", "trade", "trade"},
		{"unknown flag", "--fast", "--fast"},
		{"group without subcommand", "ws", "drive, echo"},
		{"group with unknown subcommand", "ws shout", "shout"},
		{"too few arguments", "ws echo", "wants URL"},
		{"too many arguments", "resolve a b", "wants HOST"},
		{"resolve with a port", "resolve localhost:443", "no host name"},
		{"resolve with a URL", "resolve https://localhost", "no host name"},
		{"version with an argument", "version 2", "knows no"},
		{"http URL", "ws echo http://localhost/", "is not ws://"},
		{"URL without host", "ws echo wss:///x", "is not ws://"},
		{"URL with a user", "ws echo ws://me:canary@localhost/", "credentials"},
		{"URL with a fragment", "ws echo ws://localhost/#x", "fragment"},
		{"URL with port 0", "ws echo ws://localhost:0/", "1..65535"},
		{"URL with a port too high", "ws echo ws://localhost:65536/", "1..65535"},
		{"limit 0", "ws echo ws://localhost/ --limit 0", "--limit 0"},
		{"limit is no number", "ws echo ws://localhost/ --limit many", "many"},
		{"timeout too long", "ws echo ws://localhost/ --timeout 11s", "at most 10s"},
		{"no patience", "ws drive ws://localhost/ 1 1 --patience 0s", "--patience"},
		{"N is no number", "ws drive ws://localhost/ -- -1 1", "N is"},
		{"SIZE too large", "ws drive ws://localhost/ 1 2000000000", "SIZE is"},
		{"sign without algorithm", "sign --secret-env X", "--alg"},
		{"sign with an unknown algorithm", "sign --alg md5 --secret-env X", "md5"},
		{"sign with an unknown encoding", "sign --alg ed25519 --encoding octal --secret-env X", "octal"},
		{"sign with an unknown secret encoding", "sign --alg ed25519 --secret-encoding octal --secret-env X", "octal"},
		{"sign without secret", "sign --alg ed25519", "--secret-env is missing"},
		{"sim with an unknown venue", "sim --venue nasdaq", "nasdaq"},
		{"sim with an unknown speed", "sim --speed fast", "fast"},
		{"sim with speed 0", "sim --speed 0", "above 0"},
		{"sim with speed NaN", "sim --speed NaN", "NaN"},
		{"sim with an unknown start", "sim --start never", "never"},
		{"config without subcommand", "config", "check"},
		{"config file missing", "config check /nowhere/x.toml", "/nowhere/x.toml"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := call(t, strings.Fields(c.args)...)
			r.want(t, exitUsage, c.word)
			if strings.Contains(r.report, "canary") {
				t.Errorf("the report repeats a password: %q", r.report)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	if r := call(t, "version"); r.code != exitOK || !strings.HasPrefix(r.out, "orderwire ") {
		t.Errorf("version: %+v", r)
	}
	if r := call(t, "--help"); r.code != exitOK || !strings.Contains(r.out, "resolve") {
		t.Errorf("--help: %+v", r)
	}
}

func TestResolve(t *testing.T) {
	if r := call(t, "resolve", "127.0.0.1"); r.code != exitOK || r.out != "127.0.0.1\n" {
		t.Errorf("literal: %+v", r)
	}
	if r := call(t, "resolve", "::1"); r.code != exitOK || r.out != "::1\n" {
		t.Errorf("literal: %+v", r)
	}
	// A name with an empty label cannot exist: the resolver says so without asking anybody.
	call(t, "resolve", "no..host").want(t, exitFailed, "no..host", "check the spelling")
}

// TestSign holds the signatures against openssl's: printf %s PAYLOAD | openssl dgst -sha256 -hmac KEY (and -sha512).
func TestSign(t *testing.T) {
	t.Setenv("SIGN_SECRET", "key")
	t.Setenv("SIGN_EMPTY", "")
	r := callWith(t.Context(), "abc", "sign", "--alg", "hmac-sha256", "--secret-env", "SIGN_SECRET")
	if want := "9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab"; r.code != exitOK || r.out != want || r.report != "" {
		t.Errorf("signature is %+v, want %s alone", r, want)
	}
	call(t, "sign", "--alg", "hmac-sha256", "--secret-env", "SIGN_NOT_SET").want(t, exitFailed, "SIGN_NOT_SET", "is not set", "export")
	call(t, "sign", "--alg", "hmac-sha256", "--secret-env", "SIGN_EMPTY").want(t, exitFailed, "SIGN_EMPTY", "is empty")
	call(t, "sign", "--alg", "ed25519", "--secret-env", "SIGN_SECRET", "--secret-encoding", "pem").want(t, exitFailed, "SIGN_SECRET", "pem")
	call(t, "sign", "--alg", "hmac-sha256", "--secret-env", "SIGN_SECRET", "--secret-encoding", "base64").want(t, exitFailed, "base64")
}
