package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"orderwire/orders"
	"orderwire/runtime"
)

// A running process is spoken to over a unix socket in its state folder (0600): one word, one JSON line back.

// controlName is the socket's name in the state folder, killName that of the file whose appearance kills.
const (
	controlName = "control.sock"
	killName    = "KILL"
)

// control serves the operator: socket, kill file and kill signal.
type control struct {
	engine   *runtime.Engine
	desk     *desk
	listener net.Listener
	path     string
	done     sync.WaitGroup
	stop     context.CancelFunc
}

// controlStatus is what `status` answers.
type controlStatus struct {
	Killed   string            `json:"killed"` // who latched the kill switch; nobody where it is open
	Backend  string            `json:"backend"`
	Orders   map[string]uint64 `json:"orders"`   // remembered, by state
	Outcomes map[string]uint64 `json:"outcomes"` // of all pushes
	Stats    runtime.Stats     `json:"-"`
	Market   uint64            `json:"market_frames"`
	Switches uint64            `json:"line_switches"`
	Dropped  uint64            `json:"events_dropped"`
	Risk     *riskStatus       `json:"risk"`
}

// openControl begins to listen in dir. SIGUSR1 and the file KILL in dir latch the kill switch, too.
func openControl(ctx context.Context, dir string, e *runtime.Engine, d *desk, log io.Writer) (*control, error) {
	path := filepath.Join(dir, controlName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // the folder is locked: nobody listens there
		return nil, fmt.Errorf("control socket: %w", err)
	}
	old := syscall.Umask(0o177)
	listener, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	c := &control{engine: e, desk: d, listener: listener, path: path, stop: stop}
	c.done.Go(c.accept)
	c.done.Go(func() { c.watch(ctx, filepath.Join(dir, killName), log) })
	return c, nil
}

func (c *control) close() error {
	c.stop()
	err := c.listener.Close()
	c.done.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (c *control) accept() {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return // closed
		}
		c.serve(conn)
	}
}

// controlTime bounds one conversation.
const controlTime = 2 * time.Second

func (c *control) serve(conn net.Conn) {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(controlTime)); err != nil {
		return
	}
	word, err := bufio.NewReader(io.LimitReader(conn, wordMax)).ReadString('\n')
	if err != nil {
		return // a client that says nothing gets nothing
	}
	_ = json.NewEncoder(conn).Encode(c.answer(strings.TrimSpace(word))) // a client that is gone needs no answer
}

// wordMax bounds what a client may say: a word, and an override's JSON behind it.
const wordMax = 4096

func (c *control) answer(text string) any {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "status":
	case "kill":
		c.engine.Kill(orders.KilledBySocket)
	case "reset":
		c.engine.Reset()
	case "cancel-all":
		c.engine.CancelOpen()
	case "rearm", "override":
		if err := c.decide(word, rest); err != nil {
			return map[string]string{"error": sentence(err)}
		}
	default:
		return map[string]string{"error": fmt.Sprintf("%q is none of status, kill, reset, rearm, override, cancel-all", word)}
	}
	return c.status()
}

// decide hands a person's decision to the desk.
func (c *control) decide(word, rest string) error {
	if word == "rearm" {
		return c.desk.rearm("socket")
	}
	var request overrideRequest
	if err := json.Unmarshal([]byte(rest), &request); err != nil {
		return fmt.Errorf("an override is said in JSON: %w", err)
	}
	return c.desk.override(&request)
}

func (c *control) status() controlStatus {
	stats := c.engine.Stats()
	backend, _ := c.engine.Backend()
	s := controlStatus{
		Killed: c.engine.Killed().String(), Backend: backend, Orders: map[string]uint64{}, Outcomes: map[string]uint64{},
		Market: stats.MarketFrames, Switches: stats.Switches, Dropped: stats.Dropped,
		Risk: c.desk.guard.seen.status(),
	}
	for state, n := range stats.States {
		s.Orders[orders.State(state).String()] = n
	}
	for outcome, n := range stats.Outcomes {
		s.Outcomes[orders.Outcome(outcome).String()] = n
	}
	return s
}

// killPoll is how often the kill file is looked for.
const killPoll = 50 * time.Millisecond

func (c *control) watch(ctx context.Context, file string, log io.Writer) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	defer signal.Stop(signals)
	ticker := time.NewTicker(killPoll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			c.engine.Kill(orders.KilledBySignal)
			fmt.Fprintln(log, "kill switch latched by SIGUSR1")
		case <-ticker.C:
			if _, err := os.Lstat(file); err == nil && c.engine.Killed() == orders.KilledByNobody {
				c.engine.Kill(orders.KilledByFile)
				fmt.Fprintf(log, "kill switch latched by the file %s; remove it before a reset\n", file)
			}
		}
	}
}

// controlCommands are the commands that speak to a running process.
func controlCommands(s streams) []*cobra.Command {
	var list []*cobra.Command
	for _, row := range []struct{ word, short string }{
		{"status", "ask a running process for its state"},
		{"kill", "latch the kill switch of a running process: no new orders, and cancels for all that is open"},
		{"reset", "open the kill switch of a running process again"},
		{"rearm", "close the circuit breaker and open the latched risk gate of a running process"},
		{"cancel-all", "let a running process ask for the end of every open order of its own"},
	} {
		var dir string
		c := &cobra.Command{Use: row.word, Short: row.short, Args: noArguments}
		c.Flags().StringVar(&dir, "state-dir", "", "state folder of the process (default: that of a config file without state_dir)")
		c.RunE = func(c *cobra.Command, _ []string) error {
			if dir == "" {
				var err error
				if dir, err = defaultStateDir(os.Getenv); err != nil {
					return misused(c, err.Error())
				}
			}
			return speak(s.out, filepath.Join(dir, controlName), row.word)
		}
		list = append(list, c)
	}
	return append(list, overrideCommand(s))
}

func speak(out io.Writer, path, word string) error {
	conn, err := net.DialTimeout("unix", path, controlTime)
	if err != nil {
		return fmt.Errorf("nobody listens at %s: is the process running, and is this its state folder? (%w)", path, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(controlTime)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(conn, word); err != nil {
		return fmt.Errorf("the process at %s does not take the word: %w", path, err)
	}
	answer, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if err != nil || len(answer) == 0 {
		return fmt.Errorf("the process at %s does not answer (%w)", path, errors.Join(err, io.ErrUnexpectedEOF))
	}
	var refused struct{ Error string }
	if err := json.Unmarshal(answer, &refused); err == nil && refused.Error != "" {
		return errors.New(harmless(refused.Error))
	}
	_, err = out.Write(answer)
	return err
}
