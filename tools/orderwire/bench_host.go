package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"orderwire/bench"
	"orderwire/netpoll"
	"orderwire/orders"
)

// benchFlags are the flags that all scenarios have.
type benchFlags struct {
	quick    bool
	jsonFile string
	keep     string
	rows     []string
	gaps     []time.Duration
	samples  int
	runs     int
	cpu      int
	farCPU   int
	profile  string
}

// add declares the flags; a scenario without gaps gives none.
func (f *benchFlags) add(c *cobra.Command, gaps ...time.Duration) {
	flags := c.Flags()
	flags.BoolVar(&f.quick, "quick", false, "2,000 samples a row instead of 20,000: for a first look, not for a claim")
	flags.StringVar(&f.jsonFile, "json", "", "write the result as JSON to this file (- for standard output, instead of the table)")
	flags.StringVar(&f.keep, "keep", "", "keep the result and its histograms (HdrHistogram logs) in this folder, for report")
	flags.IntVar(&f.cpu, "cpu", -2, "CPU of the loop; -1 pins nothing (default: the last one allowed)")
	flags.IntVar(&f.farCPU, "far-cpu", -2, "CPU of the far end (default: the first one allowed)")
	flags.StringVar(&f.profile, "profile", "", "write CPU and allocation profiles (pprof) of the bench's own process to this folder")
	if len(gaps) > 0 {
		flags.DurationSliceVar(&f.gaps, "gap", gaps, "mean time between an answer and the next order")
		flags.StringSliceVar(&f.rows, "row", nil, "measure these rows only (they keep their floors)")
		flags.IntVar(&f.samples, "samples", 0, "orders of each row at each gap (default 20,000; 2,000 with --quick)")
		flags.IntVar(&f.runs, "runs", 3, "runs of which the median ratio is said")
	}
}

// finish fills in the defaults.
func (f *benchFlags) finish() error {
	loop, far, err := loopCPUs()
	if err != nil {
		return err
	}
	if f.cpu == -2 {
		f.cpu = loop
	}
	if f.farCPU == -2 {
		f.farCPU = far
	}
	if f.samples == 0 {
		f.samples = 20_000
		if f.quick {
			f.samples = 2_000
		}
	}
	if f.samples < 0 || f.runs < 0 {
		return usage("--samples and --runs are not negative")
	}
	for _, gap := range f.gaps {
		if gap <= 0 {
			return usage("--gap %s: must be positive", gap)
		}
	}
	return nil
}

// wants tells whether a row was asked for.
func (f *benchFlags) wants(name string) bool { return len(f.rows) == 0 || oneOf(name, f.rows...) }

// publish prints the report, writes its JSON and keeps its histograms.
func (f *benchFlags) publish(s streams, r *bench.Report) error {
	if f.keep != "" {
		if err := r.Keep(f.keep); err != nil {
			return err
		}
		fmt.Fprintf(s.err, "kept in %s\n", f.keep)
	}
	text, err := r.Encode()
	if err != nil {
		return err
	}
	switch f.jsonFile {
	case "":
	case "-":
		_, err := s.out.Write(text)
		return err
	default:
		if err := os.WriteFile(f.jsonFile, text, 0o644); err != nil {
			return fmt.Errorf("result not written: %w", err)
		}
	}
	return r.Print(s.out)
}

// newReport begins a report with what is known before anything was measured.
func newReport(scenario string, notes ...string) *bench.Report {
	return &bench.Report{Scenario: scenario, At: time.Now().UTC().Truncate(time.Second), Host: bench.ReadHost("/"), Notes: notes}
}

// jitterSpan is how long the empty spin of a bench is watched.
const jitterSpan = time.Second

// emptySpin measures what the host takes from an empty loop on cpu, in a thread that ends with it.
func emptySpin(ctx context.Context, cpu int) *bench.Jitter {
	clock, _ := netpoll.NewClock()
	done := make(chan bench.Jitter)
	go func() {
		goruntime.LockOSThread() // never unlocked: the thread's binding ends with it
		if cpu >= 0 {
			_ = netpoll.Pin(cpu) // unpinned it says less, and still something
		}
		done <- bench.Spin(ctx, clock.Now, jitterSpan)
	}()
	j := <-done
	return &j
}

// farProcess is the far end, running.
type farProcess struct {
	cmd    *exec.Cmd
	folder string
	ready  farReady
	target bench.Target
	feed   bench.Feed
	secret string // throw-away: foreign clients are told it on their command line
}

// benchPath is the path of the order socket; usage reports are left out of the answers.
const benchPath = "/ws-api/v3?returnRateLimits=false"

// startFar starts the far end on cpu with throw-away credentials and waits until it serves.
func startFar(ctx context.Context, cpu int, log io.Writer) (*farProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the far end cannot be started: %w", err)
	}
	folder, err := os.MkdirTemp("", "orderwire-bench-")
	if err != nil {
		return nil, fmt.Errorf("no temporary folder for the far end's certificate: %w", err)
	}
	key, secret := throwAway(32), throwAway(32) // as long as the venue's own
	f := &farProcess{folder: folder, secret: secret}
	f.cmd = exec.CommandContext(ctx, self, "bench", "far", "--folder", folder, "--cpu", strconv.Itoa(cpu))
	f.cmd.Env = append(os.Environ(), simKeyEnv+"="+key, simSecretEnv+"="+secret)
	f.cmd.Stderr = log
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	f.cmd.Cancel = func() error { return f.cmd.Process.Signal(syscall.SIGTERM) }
	f.cmd.WaitDelay = 2 * time.Second
	lines, err := f.cmd.StdoutPipe()
	if err == nil {
		err = f.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the far end cannot be started: %w", err), os.RemoveAll(folder))
	}
	if err := f.await(lines, key, secret); err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

func (f *farProcess) await(lines io.Reader, key, secret string) error {
	reader := bufio.NewReader(lines)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the far end ended before it served; its own message stands above (%w)", err)
	}
	if err := json.Unmarshal(line, &f.ready); err != nil || !f.ready.Ready {
		return fmt.Errorf("the far end said %q instead of where it serves", line)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }() // nothing more is expected; an unread pipe would block it
	logon, err := os.ReadFile(filepath.Join(f.folder, farLogonFile))
	if err != nil {
		return err
	}
	f.target = bench.Target{
		Host: "127.0.0.1", CAFile: f.ready.CAFile, Path: benchPath, Key: key, Secret: orders.NewSecret([]byte(secret)),
		LogonKey: logonKeyOf(key), Logon: orders.NewSecret(logon),
	}
	if f.feed.Addr, err = netip.ParseAddrPort(f.ready.Feed); err != nil {
		return fmt.Errorf("the far end's feed: %w", err)
	}
	f.feed.CAFile = f.ready.FeedCA
	for _, row := range []struct {
		address string
		port    *uint16
	}{{f.ready.Address, &f.target.Port}, {f.ready.Raw, &f.target.RawPort}} {
		_, text, _ := strings.Cut(row.address, ":")
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return fmt.Errorf("the far end serves at %q, which has no port", row.address)
		}
		*row.port = uint16(n)
	}
	return nil
}

// service is how long the far end took with its last requests, from bytes read to answer written.
func (f *farProcess) service(ctx context.Context) (*bench.Summary, error) {
	sim := simProcess{address: f.ready.Address, caFile: f.ready.CAFile}
	text, err := sim.get(ctx, "/counts")
	if err != nil {
		return nil, fmt.Errorf("the far end's counts: %w", err)
	}
	var counts struct {
		BadSignatures uint64 `json:"bad_signatures"`
		BadFrames     uint64 `json:"bad_frames"`
		Service       struct {
			N    int64 `json:"n"`
			P50  int64 `json:"p50_ns"`
			P99  int64 `json:"p99_ns"`
			P999 int64 `json:"p999_ns"`
			Max  int64 `json:"max_ns"`
		} `json:"service_ns"`
	}
	if err := json.Unmarshal(text, &counts); err != nil {
		return nil, fmt.Errorf("the far end's counts: %w", err)
	}
	if counts.BadSignatures+counts.BadFrames > 0 {
		return nil, fmt.Errorf("the far end counted %d bad signatures and %d bad frames: what was timed is wrong", counts.BadSignatures, counts.BadFrames)
	}
	v := counts.Service
	return &bench.Summary{N: v.N, P50Nanos: v.P50, P99Nanos: v.P99, P999Nanos: v.P999, MaxNanos: v.Max}, nil
}

func (f *farProcess) stop() {
	_ = f.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	_ = f.cmd.Wait()                          // it was told to end: how it did so is not news
	_ = os.RemoveAll(f.folder)
}
