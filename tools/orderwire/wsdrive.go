package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"orderwire/wsproto"
)

// Messages of fewer bytes go as text, others as binary.
const driveTextBelow = 1000

func wsDriveCommand(s streams) *cobra.Command {
	var config wsConfig
	c := &cobra.Command{
		Use:   "drive URL N SIZE",
		Short: "send N messages of SIZE bytes, check each echo, close with 1000",
		Args:  exactly("URL", "N", "SIZE"),
	}
	config.flags(c)
	c.Flags().DurationVar(&config.patience, "patience", openTimeout, "how long one echo may take")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := config.aim(c, args[0]); err != nil {
			return err
		}
		n, err := strconv.ParseUint(args[1], 10, 31)
		if err != nil {
			return misused(c, fmt.Sprintf("N is %q, want a number of messages", args[1]))
		}
		size, err := strconv.ParseUint(args[2], 10, 31)
		if err != nil || size > messageMax {
			return misused(c, fmt.Sprintf("SIZE is %q, want 0..%d bytes", args[2], messageMax))
		}
		config.limitBytes = max(int(size), 1)
		w, err := openWS(c.Context(), config)
		if err != nil {
			return err
		}
		defer context.AfterFunc(c.Context(), w.interrupt)()
		start := time.Now()
		if err := drive(w, int(n), int(size), config.patience); err != nil {
			return fmt.Errorf("ws drive %s: %w", config.target.where(), err)
		}
		_, err = fmt.Fprintf(s.err, "orderwire: %d messages of %d bytes echoed in %v\n", n, size, time.Since(start).Round(time.Microsecond))
		return err
	}
	return c
}

// drive sends and checks, then closes. A peer that echoed everything and then forgets to answer the Close did its job.
func drive(w *wsClient, n, size int, patience time.Duration) error {
	op, kind := wsproto.OpText, wsproto.EventText
	if size >= driveTextBelow {
		op, kind = wsproto.OpBinary, wsproto.EventBinary
	}
	message := make([]byte, size)
	for i := range n {
		fillMessage(message, i, op)
		if err := w.send(op, message); err != nil {
			return errors.Join(fmt.Errorf("message %d was not sent: %w", i, err), w.drop())
		}
		if err := checkEcho(w, kind, message, time.Now().Add(patience)); err != nil {
			return errors.Join(fmt.Errorf("echo of message %d: %w", i, err), giveUp(w, err))
		}
	}
	return bye(w)
}

// checkEcho waits for the echo of message, answering pings meanwhile.
func checkEcho(w *wsClient, kind wsproto.EventKind, message []byte, end time.Time) error {
	for {
		ev, err := w.next(end)
		if err != nil {
			return err
		}
		switch ev.Kind {
		case wsproto.EventPong:
		case wsproto.EventPing:
			if err := w.send(wsproto.OpPong, ev.Payload); err != nil {
				return err
			}
		case wsproto.EventClose:
			return ev.CloseError()
		case kind:
			if !bytes.Equal(ev.Payload, message) {
				return fmt.Errorf("%d bytes came back that differ from the %d sent", len(ev.Payload), len(message))
			}
			return nil
		default:
			return fmt.Errorf("a %v message came back for a %v one", ev.Kind, kind)
		}
	}
}

// giveUp tells the peer which rule it broke, if it was one.
func giveUp(w *wsClient, why error) error {
	var protocol *wsproto.ProtocolError
	if errors.As(why, &protocol) {
		return w.finish(protocol.Code, protocol.Rule)
	}
	return w.finish(wsproto.CloseNormal, "")
}

// bye closes with 1000 and waits for the peer's Close, a bounded time.
func bye(w *wsClient) error {
	if err := w.send(wsproto.OpClose, wsproto.AppendClose(nil, wsproto.CloseNormal, "")); err != nil {
		return errors.Join(err, w.drop())
	}
	for end := time.Now().Add(closeTimeout); time.Now().Before(end); {
		ev, err := w.next(end)
		if err != nil || ev.Kind == wsproto.EventClose {
			break // whatever ends the stream now: every echo was right, and our Close is sent
		}
	}
	return w.finish(0, "")
}

// fillMessage writes a text that tells the message and the place in it, so that a mixed-up echo cannot look right.
func fillMessage(message []byte, i int, op wsproto.Opcode) {
	state := uint64(i)*0x9e3779b97f4a7c15 + 1
	for at := range message {
		state ^= state << 13 // xorshift64: any full-period mixing will do
		state ^= state >> 7
		state ^= state << 17
		message[at] = byte(state)
		if op == wsproto.OpText {
			message[at] = 'a' + byte(state%26)
		}
	}
}
