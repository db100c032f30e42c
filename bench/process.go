package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"
)

// Process is a runner in a process of its own, behind the line protocol: our own `bench peer`, or somebody else's client.
type Process struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	hello ready
}

// lineMax is the longest answer that is read: a run of 100,000 orders has some megabytes.
const lineMax = 64 << 20

// StartProcess starts a client and waits until it is ready. What it says on standard error goes to log.
func StartProcess(ctx context.Context, name string, args []string, log io.Writer) (*Process, error) {
	p := &Process{name: name, cmd: exec.Command(args[0], args[1:]...)}
	p.cmd.Stderr = log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err1 := p.cmd.StdoutPipe()
	in, err2 := p.cmd.StdinPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", name, err)
	}
	p.in, p.out = in, bufio.NewReaderSize(out, 1<<16)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	if err := p.answer(ctx, &p.hello); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if !p.hello.Ready {
		return nil, errors.Join(fmt.Errorf("bench: %s did not become ready", name), p.Close())
	}
	return p, nil
}

// answer reads one line into v. Where ctx ends first, the client is ended.
func (p *Process) answer(ctx context.Context, v any) error {
	defer context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })() // it may have ended already
	line, err := p.out.ReadBytes('\n')
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("bench: %s: %w", p.name, context.Cause(ctx))
	case err != nil:
		return fmt.Errorf("bench: %s ended; its own message stands above (%w)", p.name, err)
	case len(line) > lineMax:
		return fmt.Errorf("bench: %s: an answer of %d bytes", p.name, len(line))
	}
	if err := json.Unmarshal(line, v); err != nil {
		return fmt.Errorf("bench: %s: its answer is none of the line protocol: %w", p.name, err)
	}
	return nil
}

// Name is what the row is called.
func (p *Process) Name() string { return p.name }

// TLS is what the client says it has negotiated.
func (p *Process) TLS() string { return p.hello.TLS }

// Run times one run. See Runner.
func (p *Process) Run(ctx context.Context, c Command) (*Batch, error) {
	if _, err := fmt.Fprintf(p.in, "run %d %d %d %d\n", c.N, c.Warm, c.ThinkNanos, c.Seed); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", p.name, err)
	}
	var b Batch
	if err := p.answer(ctx, &b); err != nil {
		return nil, err
	}
	if b.N != c.N || len(b.Send) != c.N || len(b.Wire) != c.N || len(b.RTT) != c.N {
		return nil, fmt.Errorf("bench: %s answered %d, %d, %d times for %d orders", p.name, len(b.Send), len(b.Wire), len(b.RTT), c.N)
	}
	return &b, nil
}

// leaveTime is how long a client has to leave when its input has ended.
const leaveTime = 5 * time.Second

// Close ends the client's input and waits for it.
func (p *Process) Close() error {
	_ = p.in.Close() // it may have gone already
	timer := time.AfterFunc(leaveTime, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	_, _ = io.Copy(io.Discard, p.out)
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("bench: %s: %w", p.name, err)
	}
	return nil
}
