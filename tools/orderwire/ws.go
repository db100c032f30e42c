package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func wsCommand(s streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "ws",
		Short: "a bare WebSocket client over our own TLS, for foreign examiners",
		Args:  noArguments,
		RunE:  needsSubcommand,
	}
	c.AddCommand(wsEchoCommand(s), wsDriveCommand(s))
	return c
}

// flags are those that both clients know.
func (w *wsConfig) flags(c *cobra.Command) {
	c.Flags().StringVar(&w.caFile, "ca", "", "PEM file of the only authorities to trust; none: the system's")
	c.Flags().StringVar(&w.subprotocol, "subprotocol", "", "subprotocol to offer")
	c.Flags().DurationVar(&w.openTimeout, "timeout", openTimeout, "how long the way to an open connection may take, 10s at most")
}

// aim takes the URL and checks what both clients were given.
func (w *wsConfig) aim(c *cobra.Command, url string) (err error) {
	if w.target, err = parseWSURL(url); err != nil {
		return misused(c, err.Error())
	}
	if w.openTimeout <= 0 || w.openTimeout > openTimeout {
		return misused(c, fmt.Sprintf("--timeout %v is not above 0 and at most %v", w.openTimeout, openTimeout))
	}
	if w.patience <= 0 {
		return misused(c, fmt.Sprintf("--patience %v must be positive", w.patience))
	}
	return nil
}
