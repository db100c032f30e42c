package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"orderwire/bench"
)

// simOptions say which exchange a demo wants.
type simOptions struct {
	venue  string
	replay string
	speed  string
	cpu    int
	spin   bool
	log    io.Writer
}

// simProcess is the embedded exchange, running as a process of its own: it shares nothing with the loop but the loopback.
type simProcess struct {
	cmd        *exec.Cmd
	folder     string
	address    string
	caFile     string
	key        string
	secret     string
	passphrase string
}

// simReady is the line that `orderwire sim` prints when it listens.
type simReady struct {
	Address string `json:"address"`
}

// startSim starts `orderwire sim` with throw-away credentials and waits until it listens.
func startSim(ctx context.Context, o simOptions) (*simProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the exchange cannot be started: %w", err)
	}
	folder, err := os.MkdirTemp("", "orderwire-demo-")
	if err != nil {
		return nil, fmt.Errorf("no temporary folder for the exchange's certificate: %w", err)
	}
	s := &simProcess{folder: folder, caFile: filepath.Join(folder, "ca.pem"), key: throwAway(16), secret: demoSecret(), passphrase: throwAway(8)}
	if make := demoVenues[o.venue].secret; make != nil {
		if s.secret, err = make(); err != nil {
			return nil, errors.Join(err, os.RemoveAll(folder))
		}
	}
	args := []string{"sim", "--venue", o.venue, "--start", demoVenues[o.venue].start, "--listen", "127.0.0.1:0", "--ca-out", s.caFile, "--speed", o.speed, "--cpu", strconv.Itoa(o.cpu), "--spin=" + strconv.FormatBool(o.spin)}
	if o.replay != "" {
		args = append(args, "--replay", o.replay)
	}
	s.cmd = exec.CommandContext(ctx, self, args...)
	s.cmd.Env = append(os.Environ(), "ORDERWIRE_SIM_KEY="+s.key, "ORDERWIRE_SIM_SECRET="+s.secret, "ORDERWIRE_SIM_PASSPHRASE="+s.passphrase)
	s.cmd.Stderr = o.log
	// The exchange ends with the demo, however that ends.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 2 * time.Second
	lines, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the exchange cannot be started: %w", err), os.RemoveAll(folder))
	}
	if err := s.await(lines); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// await reads the READY line.
func (s *simProcess) await(lines io.Reader) error {
	reader := bufio.NewReader(lines)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the exchange ended before it listened; its own message stands above (%w)", err)
	}
	var ready simReady
	if err := json.Unmarshal(line, &ready); err != nil || ready.Address == "" {
		return fmt.Errorf("the exchange said %q instead of where it listens", line)
	}
	s.address = ready.Address
	go func() { _, _ = io.Copy(io.Discard, reader) }() // nothing more is expected; an unread pipe would block it
	return nil
}

// demoSecret is 32 random bytes in the base64 that every venue's secrets may have.
func demoSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // as in throwAway
	return base64.StdEncoding.EncodeToString(raw)
}

// throwAway is n random bytes in hex: credentials that live as long as the demo.
func throwAway(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process where the system has no randomness
	return hex.EncodeToString(raw)
}

// simTruth is what the exchange counted.
type simTruth struct {
	accepted   uint64
	duplicates uint64
	examiner   bench.Examiner
}

// counts asks the exchange what it saw, over its own TLS.
func (s *simProcess) counts(ctx context.Context) (simTruth, error) {
	text, err := s.get(ctx, "/simex/counts")
	if err != nil {
		return simTruth{}, fmt.Errorf("the exchange's counts: %w", err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return simTruth{}, fmt.Errorf("the exchange's counts: %w", err)
	}
	number := func(name string) (n uint64) {
		if err == nil {
			if err = json.Unmarshal(all[name], &n); err != nil {
				err = fmt.Errorf("the exchange's count %s: %w", name, err)
			}
		}
		return n
	}
	t := simTruth{accepted: number("accepted"), duplicates: number("duplicates"), examiner: bench.Examiner{}}
	for _, name := range examinerCounts {
		t.examiner[name] = number(name)
	}
	return t, err
}

// examinerCounts are the exchange's counts of what a client did wrong.
var examinerCounts = []string{
	"bad_signatures", "bad_keys", "bad_frames", "bad_json", "bad_masks", "bad_numbers", "bad_ids", "bad_window", "bad_nonce",
	"bad_params", "bad_pong", "bad_http", "over_limit", "unexpected",
}

func (s *simProcess) get(ctx context.Context, path string) ([]byte, error) {
	pem, err := os.ReadFile(s.caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.address+path, nil)
	if err != nil {
		return nil, err
	}
	reply, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, 64<<20))
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", path, reply.Status)
	}
	return text, err
}

// stop ends the exchange and removes its certificate.
func (s *simProcess) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	_ = s.cmd.Wait()                          // it was told to end: how it did so is not news
	_ = os.RemoveAll(s.folder)
}
