package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSimServes starts the exchange, asks it for its counts over its own TLS, ends it, and reads the last line.
func TestSimServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	var report strings.Builder
	go func() {
		code := execute(ctx, []string{"sim", "--ca-out", ca, "--counts"}, streams{out: writer, err: &report})
		ended <- code
		_ = writer.Close() // never fails on an io.Pipe
	}()
	lines := bufio.NewReader(reader)
	text, err := lines.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ready struct {
		Ready   bool   `json:"ready"`
		Address string `json:"address"`
		Frames  int    `json:"frames"`
	}
	if err := json.Unmarshal(text, &ready); err != nil || !ready.Ready || ready.Frames != 10678 {
		t.Fatalf("ready line is %s (%v)", text, err)
	}
	if body := fetchOver(t, ca, "https://"+ready.Address+"/counts"); !strings.Contains(body, `"bad_signatures":0`) {
		t.Errorf("counts are %s", body)
	}
	cancel()
	last, err := lines.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var counts map[string]any
	if err := json.Unmarshal(last, &counts); err != nil || counts["connections"] != 1.0 {
		t.Errorf("the last line is %s (%v), want counts with one connection", last, err)
	}
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d: %s", code, report.String())
	}
}

func fetchOver(t *testing.T, ca, url string) string {
	t.Helper()
	pem, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the authority file")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	reply, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestSimSelftest(t *testing.T) {
	r := call(t, "sim", "--selftest")
	r.want(t, exitOK)
	if !strings.Contains(r.out, "bad_signatures") || !strings.Contains(r.out, " 0 failed") {
		t.Errorf("selftest says %q", r.out)
	}
}

func TestSimRefusals(t *testing.T) {
	folder := t.TempDir()
	garbage := filepath.Join(folder, "garbage.jsonl")
	if err := os.WriteFile(garbage, []byte("1723 {}\nnot a line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(folder, "torn.jsonl.gz")
	if err := os.WriteFile(torn, embeddedMarket[:1000], 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(folder, "empty.jsonl")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SIM_TEST_KEY", "key")
	cases := []struct {
		name  string
		args  []string
		words []string
	}{
		{"recording missing", []string{"--replay", filepath.Join(folder, "none.gz")}, []string{"none.gz", "name a .jsonl"}},
		{"recording is a folder", []string{"--replay", folder}, []string{folder}},
		{"recording is garbage", []string{"--replay", garbage}, []string{garbage, "line 2"}},
		{"recording is torn", []string{"--replay", torn}, []string{torn}},
		{"recording is empty", []string{"--replay", empty}, []string{empty, "no frames"}},
		{"not loopback", []string{"--listen", "0.0.0.0:0"}, []string{"0.0.0.0", "loopback"}},
		{"authority file cannot be written", []string{"--ca-out", filepath.Join(folder, "no", "ca.pem")}, []string{"ca.pem"}},
		{"a key without its secret", []string{"--key-env", "SIM_TEST_KEY", "--secret-env", "SIM_TEST_NONE"}, []string{"SIM_TEST_NONE", "not set"}},
		{"a secret without its key", []string{"--key-env", "SIM_TEST_NONE", "--secret-env", "SIM_TEST_KEY"}, []string{"SIM_TEST_NONE", "not set"}},
		{"no such CPU", []string{"--cpu", "4000"}, []string{"CPU 4000"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			call(t, append([]string{"sim"}, c.args...)...).want(t, exitFailed, c.words...)
		})
	}
}
