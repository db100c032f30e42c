package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The line protocol by which a harness times a client in another process: commands on its standard input, one JSON object
// a line on its standard output, and nothing else there.
//
//	<- {"ready":true,"peer":NAME,"tls":SUITE}        connected and warm
//	-> run N WARM THINK_NS SEED
//	<- Batch
//	-> alloc N
//	<- {"send_allocs":x,"send_bytes":y}              per order, while N are pushed without waiting for answers
//	-> end of file
//
// Between two commands the client neither spins nor rehearses.

// ready is a client's first line.
type ready struct {
	Ready bool   `json:"ready"`
	Peer  string `json:"peer"`
	TLS   string `json:"tls"`
}

// allocated is the answer to alloc.
type allocated struct {
	Allocs float64 `json:"send_allocs"`
	Bytes  float64 `json:"send_bytes"`
}

// commandMax bounds N: a typing error must not ask for all memory.
const commandMax = 10_000_000

// ErrCommand is a line that is no command.
var ErrCommand = errors.New("bench: not a command: want `run N WARM THINK_NS SEED` or `alloc N`")

// ServePeer speaks the line protocol for p until the commands end.
func ServePeer(ctx context.Context, p *Peer, in io.Reader, out io.Writer) error {
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(ready{Ready: true, Peer: p.Name(), TLS: p.Suite()}); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		answer, err := serveCommand(ctx, p, fields)
		if err != nil {
			return err
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func serveCommand(ctx context.Context, p *Peer, fields []string) (answer any, err error) {
	switch {
	case fields[0] == "run" && len(fields) == 5:
		c, err := parseRun(fields[1:])
		if err != nil {
			return nil, err
		}
		return p.Run(ctx, c)
	case fields[0] == "alloc" && len(fields) == 2:
		n, err := parseCount(fields[1])
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%w: %q", ErrCommand, strings.Join(fields, " "))
		}
		var a allocated
		a.Allocs, a.Bytes, err = p.Alloc(ctx, n)
		return a, err
	}
	return nil, fmt.Errorf("%w: %q", ErrCommand, strings.Join(fields, " "))
}

// parseRun reads N WARM THINK_NS SEED.
func parseRun(fields []string) (c Command, err error) {
	var err1, err2, err3, err4 error
	c.N, err1 = parseCount(fields[0])
	c.Warm, err2 = parseCount(fields[1])
	c.ThinkNanos, err3 = strconv.ParseInt(fields[2], 10, 64)
	c.Seed, err4 = strconv.ParseUint(fields[3], 10, 64)
	if err := errors.Join(err1, err2, err3, err4); err != nil || c.ThinkNanos < 0 || c.N+c.Warm == 0 {
		return c, fmt.Errorf("%w: %q", ErrCommand, "run "+strings.Join(fields, " "))
	}
	return c, nil
}

func parseCount(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && (n < 0 || n > commandMax) {
		err = ErrCommand
	}
	return n, err
}
