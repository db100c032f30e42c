package main

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderwire/netpoll"
)

func resolveCommand(s streams) *cobra.Command {
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "resolve HOST",
		Short: "print the addresses of a host, in the order in which they would be tried",
		Args:  exactly("HOST"),
	}
	c.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "how long the name servers may take")
	c.RunE = func(c *cobra.Command, args []string) error {
		host := args[0]
		if host == "" || strings.ContainsAny(host, "/ ") || hasPort(host) {
			return misused(c, fmt.Sprintf("%q is no host name: give it without scheme, port and path", host))
		}
		resolver := netpoll.NewResolver(netpoll.ResolverConfig{Timeout: timeout})
		answer, err := resolver.Lookup(c.Context(), host)
		if err != nil {
			return err
		}
		for _, addr := range answer.Addrs {
			if _, err := fmt.Fprintln(s.out, addr); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

// hasPort tells host:port from a bare IPv6 address.
func hasPort(host string) bool {
	_, _, err := net.SplitHostPort(host)
	return err == nil
}
