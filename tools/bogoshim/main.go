package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"orderwire/tlsio"
)

const (
	statusFailed        = 1
	statusUnimplemented = 89
)

func main() {
	if slices.Contains(os.Args[1:], "-is-handshaker-supported") {
		fmt.Println("No")
		return
	}
	err := run(os.Args[1:])
	switch {
	case err == nil:
	case errors.Is(err, errUnimplemented):
		fmt.Fprintln(os.Stderr, "bogoshim:", err)
		os.Exit(statusUnimplemented)
	default:
		fmt.Fprintln(os.Stderr, "bogoshim:", err)
		os.Exit(statusFailed)
	}
}

// run makes the first connection and the resumed ones, which share a session cache.
func run(args []string) error {
	initial, resumed, err := parseFlags(args)
	if err != nil {
		return err
	}
	sessions := tlsio.NewSessions(0, 0, nil)
	var files files
	delay := 0
	for i := range initial.resumeCount + 1 {
		o := initial
		if i > 0 {
			o = resumed
			delay += o.resumptionDelaySeconds
		}
		x, err := newExchange(o, &files, sessions, i > 0, delay)
		if err != nil {
			return err
		}
		if err := x.run(); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
	}
	return nil
}
