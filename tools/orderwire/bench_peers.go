package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderwire/bench"
)

// ourPeers are the engines that others are compared with, each in a process of its own like them.
var ourPeers = []string{"auto", "auto/cold", "auto/ahead"}

// cPeers are the clients of c/openssl.c.
var cPeers = []string{"c-bare", "c-bare-rehearsed", "openssl"}

func benchPeersCommand(s streams) *cobra.Command {
	var f benchFlags
	source, buildFolder := filepath.Join("bench", "peers"), filepath.Join("build", "bench")
	c := &cobra.Command{
		Use:   "peers",
		Short: "the same orders by the libraries that you would pick instead, in one interleaved run",
		Long: `Builds the module bench/peers (and its C client, where a C compiler and OpenSSL's headers are there), then times every client
of it beside the engine and the bare sends: each in a process of its own, all with the same orders at the same gaps, in
turn. What cannot be built is skipped by name.`,
		Args: noArguments,
	}
	f.add(c, 60*time.Microsecond, time.Millisecond, 5*time.Millisecond)
	c.Flags().StringVar(&source, "source", source, "folder of the peers' source")
	c.Flags().StringVar(&buildFolder, "build", buildFolder, "folder for what is built")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return benchPeers(c.Context(), s, &f, source, buildFolder)
	}
	return c
}

func benchPeers(ctx context.Context, s streams, f *benchFlags, source, buildFolder string) error {
	if err := f.finish(); err != nil {
		return err
	}
	report := newReport("bench peers: the same orders by others", bench.Said...)
	commands, skipped, err := buildPeers(ctx, s.err, source, buildFolder)
	if err != nil {
		return err
	}
	for _, line := range skipped {
		report.Notes = append(report.Notes, "skipped: "+line)
	}
	report.Notes = append(report.Notes, "NAME-careful: one buffer, reused HMAC, a spinning socket where the library allows it, a pinned thread and no garbage collection; NAME alone: as most people write it. net-http: send is the request written, by another goroutine.")
	far, err := startFar(ctx, f.farCPU, s.err)
	if err != nil {
		return err
	}
	defer far.stop()
	hotProcess()
	report.Host.Jitter = emptySpin(ctx, f.cpu)
	steal := bench.StartSteal("/")
	runners, err := startPeers(ctx, s.err, f, far, commands)
	if err != nil {
		return err
	}
	contest := bench.Contest{Runners: runners, Floor: 0, Rehearsed: 1, Gaps: f.gaps, Samples: f.samples, Runs: f.runs, Log: s.err}
	report.Gaps, err = contest.Run(ctx)
	report.Host.StealPercent = steal.Percent()
	if err == nil {
		report.Far, err = far.service(ctx)
	}
	if err = errors.Join(err, bench.CloseAll(runners)); err != nil {
		return err
	}
	return f.publish(s, report)
}

// peerCommand is a client by name, and the program that holds it.
type peerCommand struct{ name, program string }

// buildPeers builds what can be built, and says what cannot.
func buildPeers(ctx context.Context, log io.Writer, source, folder string) (all []peerCommand, skipped []string, err error) {
	if _, err := os.Stat(filepath.Join(source, "go.mod")); err != nil {
		return nil, nil, fmt.Errorf("the peers' source is not in %s: run this in a checkout, or name it by --source: %w", source, err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, nil, err
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return nil, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range ourPeers {
		all = append(all, peerCommand{name, self})
	}
	inGo, inC := filepath.Join(folder, "peers"), filepath.Join(folder, "peers-c")
	fmt.Fprintf(log, "building %s\n", source)
	if text, err := build(ctx, source, "go", "build", "-o", inGo, "."); err != nil {
		skipped = append(skipped, fmt.Sprintf("the clients in Go (%v): %s", err, text))
	} else if names, err := build(ctx, source, inGo, "--list"); err != nil {
		skipped = append(skipped, fmt.Sprintf("the clients in Go (%v)", err))
	} else {
		for _, name := range strings.Fields(names) {
			all = append(all, peerCommand{name, inGo})
		}
	}
	if text, err := build(ctx, source, "cc", "-O2", "-Wno-deprecated-declarations", "-o", inC, filepath.Join("c", "openssl.c"), "-lssl", "-lcrypto", "-lm"); err != nil {
		skipped = append(skipped, fmt.Sprintf("the client in C, which needs gcc and libssl-dev (%v): %.200s", err, text))
	} else {
		for _, name := range cPeers {
			all = append(all, peerCommand{name, inC})
		}
	}
	return all, skipped, nil
}

func build(ctx context.Context, folder, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = folder
	text, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(text)), err
}

// startPeers connects all clients, the floors first.
func startPeers(ctx context.Context, log io.Writer, f *benchFlags, far *farProcess, commands []peerCommand) (all []bench.Runner, err error) {
	none := *f
	none.rows = []string{"floors alone"}
	all, _, err = pushRunners(ctx, &none, far, nil, 0)
	if err != nil {
		return nil, err
	}
	size, err := bench.ContractRecordBytes(far.target.Key)
	if err != nil {
		return nil, errors.Join(err, bench.CloseAll(all))
	}
	for _, c := range commands {
		if !f.wants(c.name) {
			continue
		}
		args := []string{
			c.program, "--impl", c.name, "--host", far.target.Host, "--port", strconv.Itoa(int(far.target.Port)),
			"--raw-port", strconv.Itoa(int(far.target.RawPort)), "--ca", far.target.CAFile, "--key", far.target.Key,
			"--secret", far.secret, "--path", far.target.Path, "--cpu", strconv.Itoa(f.cpu),
		}
		switch {
		case slices.Contains(ourPeers, c.name):
			args = slices.Insert(args, 1, "bench", "peer")
		case slices.Contains(cPeers, c.name):
			args = append(args, "--size", strconv.Itoa(size))
		}
		p, err := bench.StartProcess(ctx, c.name, args, log)
		if err != nil {
			return nil, errors.Join(err, bench.CloseAll(all))
		}
		all = append(all, p)
	}
	return all, nil
}
