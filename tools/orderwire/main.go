package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every subcommand.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// streams is what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// execute runs one command line and returns its exit code. What went wrong is one line on streams.err.
func execute(ctx context.Context, args []string, s streams) int {
	root := rootCommand(s)
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var quiet quietExit
	if errors.As(err, &quiet) {
		return int(quiet)
	}
	fmt.Fprintln(s.err, "orderwire: "+sentence(err))
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// rootCommand is the whole tree.
func rootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "orderwire",
		Short:         "push signed orders to an exchange with as little delay as the host allows",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE:          needsSubcommand,
	}
	root.AddCommand(
		signCommand(s),
		resolveCommand(s),
		certsCommand(s),
		simCommand(s),
		wsCommand(s),
		configCommand(s),
		journalCommand(s),
		demoCommand(s),
		runCommand(s),
		worldCommand(s),
		benchCommand(s),
		doctorCommand(s),
		tuneCommand(s),
		venuesCommand(s),
		versionCommand(s),
	)
	root.AddCommand(controlCommands(s)...)
	adopt(root)
	return root
}

// adopt makes every command of the tree report wrong usage alike.
func adopt(c *cobra.Command) {
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return misused(c, err.Error()) })
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			var usage *usageError
			if err == nil || errors.As(err, &usage) {
				return err
			}
			return misused(c, err.Error())
		}
	}
	for _, child := range c.Commands() {
		adopt(child)
	}
}

// usageError is a wrong command line or config file: exit code 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usage is a wrong call, said with the flag and what it would take.
func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// misused says what is wrong with the call of c and where its help is.
func misused(c *cobra.Command, what string) error {
	return &usageError{fmt.Errorf("%s (see %s --help)", strings.TrimSuffix(what, "."), c.CommandPath())}
}

// exactly wants one argument for each name.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return misused(c, fmt.Sprintf("%s wants %s, got %d arguments", c.CommandPath(), strings.Join(names, " "), len(args)))
		}
		return nil
	}
}

func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misused(c, fmt.Sprintf("%s knows no %q", c.CommandPath(), args[0]))
	}
	return nil
}

// needsSubcommand is what a command does that only holds others.
func needsSubcommand(c *cobra.Command, _ []string) error {
	names := []string{}
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	return misused(c, fmt.Sprintf("%s needs a subcommand: %s", c.CommandPath(), strings.Join(names, ", ")))
}
