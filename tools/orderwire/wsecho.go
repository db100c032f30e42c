package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"orderwire/wsproto"
)

func wsEchoCommand(s streams) *cobra.Command {
	var config wsConfig
	c := &cobra.Command{
		Use:   "echo URL",
		Short: "connect once and echo every message until the connection ends",
		Long: `Echoes every text and binary message in kind and order. Exit code 0 when an opened connection has ended, in
whatever way; 1 where TLS or the opening handshake failed.`,
		Args: exactly("URL"),
	}
	config.flags(c)
	c.Flags().IntVar(&config.limitBytes, "limit", wsproto.DefaultMaxMessage, "largest message in bytes; a larger one is refused with 1009")
	c.Flags().DurationVar(&config.patience, "patience", time.Minute, "end where the next message takes longer")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := config.aim(c, args[0]); err != nil {
			return err
		}
		if config.limitBytes < 1 || config.limitBytes > messageMax {
			return misused(c, fmt.Sprintf("--limit %d is not 1..%d", config.limitBytes, messageMax))
		}
		w, err := openWS(c.Context(), config)
		if err != nil {
			return err
		}
		defer context.AfterFunc(c.Context(), w.interrupt)()
		echoed, end := echo(w, config.patience)
		_, err = fmt.Fprintf(s.err, "orderwire: echoed %d messages; %s\n", echoed, end)
		return err
	}
	return c
}

// echo serves an open connection to its end, which it closes, and says how many messages it echoed and how it ended.
func echo(w *wsClient, patience time.Duration) (echoed int, end string) {
	for {
		ev, err := w.next(time.Now().Add(patience))
		if err != nil {
			return echoed, closing(w, err)
		}
		switch ev.Kind {
		case wsproto.EventText:
			err = w.send(wsproto.OpText, ev.Payload)
		case wsproto.EventBinary:
			err = w.send(wsproto.OpBinary, ev.Payload)
		case wsproto.EventPing:
			err = w.send(wsproto.OpPong, ev.Payload)
		case wsproto.EventClose:
			return echoed, closed(w, ev)
		}
		if err != nil {
			return echoed, closing(w, err)
		}
		if ev.Kind == wsproto.EventText || ev.Kind == wsproto.EventBinary {
			echoed++
		}
	}
}

// closed answers the peer's Close with the same code (RFC 6455 section 5.5.1).
func closed(w *wsClient, ev wsproto.Event) string {
	end := sentence(ev.CloseError())
	code, payload := ev.Code, wsproto.AppendClose(nil, ev.Code, "")
	if err := w.send(wsproto.OpClose, payload); err != nil {
		return end + "; it could not be answered: " + sentence(errors.Join(err, w.drop()))
	}
	if err := w.finish(0, ""); err != nil {
		return fmt.Sprintf("%s; after the answer %d: %s", end, code, sentence(err))
	}
	return end
}

// closing ends a connection that failed here and says why: a broken rule is named to the peer by its close code.
func closing(w *wsClient, err error) string {
	code, reason := uint16(0), ""
	var protocol *wsproto.ProtocolError
	switch {
	case errors.As(err, &protocol):
		code, reason = protocol.Code, protocol.Rule
	case errors.Is(err, os.ErrDeadlineExceeded):
		code, reason = wsproto.CloseGoingAway, "no more patience"
	}
	return sentence(errors.Join(err, w.finish(code, reason)))
}
