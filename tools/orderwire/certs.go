package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderwire/netpoll"
	"orderwire/tlsio"
)

func certsCommand(s streams) *cobra.Command {
	trust := defaultTrust()
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "certs HOST[:PORT]",
		Short: "print the certificates of a server, their pins, and whether they would be trusted",
		Long: `Does a TLS handshake and prints what the server showed, also where it is refused. The pins (sha256/...) are those that
a config file takes. Exit code 0 where the server is trusted, 1 where it is not or could not be reached.`,
		Args: exactly("HOST[:PORT]"),
	}
	c.Flags().StringVar(&trust.RootsFile, "ca", "", "PEM file of the only authorities to trust; none: the system's")
	c.Flags().StringVar(&trust.Mode, "trust", trust.Mode, "system, pin or hybrid")
	c.Flags().StringSliceVar(&trust.Pins, "pin", nil, "known key of the chain, sha256/BASE64; may be given often")
	c.Flags().DurationVar(&timeout, "timeout", openTimeout, "how long it may take, 10s at most")
	c.RunE = func(c *cobra.Command, args []string) error {
		if timeout <= 0 || timeout > openTimeout {
			return misused(c, fmt.Sprintf("--timeout %v is not above 0 and at most %v", timeout, openTimeout))
		}
		target, err := parseHostPort(args[0])
		if err == nil {
			err = trust.check("--trust")
		}
		if err != nil {
			return misused(c, err.Error())
		}
		ctx, cancel := context.WithTimeout(c.Context(), timeout)
		defer cancel()
		report, err := inspect(ctx, target, &trust)
		if err != nil {
			return err
		}
		if err := printChain(s.out, report); err != nil {
			return err
		}
		return report.Refused
	}
	return c
}

// parseHostPort reads HOST, HOST:PORT, ADDRESS or [ADDRESS]:PORT; the port is 443 where none is given.
func parseHostPort(text string) (wsTarget, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), "443"
		if _, err := netip.ParseAddr(host); err != nil && strings.Contains(host, ":") {
			return wsTarget{}, fmt.Errorf("%q is not HOST[:PORT]", text)
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" || strings.ContainsAny(host, "/ @") {
		return wsTarget{}, fmt.Errorf("%q is not HOST[:PORT]", text)
	}
	return wsTarget{secure: true, host: host, port: uint16(n)}, nil
}

func inspect(ctx context.Context, target wsTarget, trust *TrustConfig) (*tlsio.ChainReport, error) {
	config, err := trust.tls(target.host)
	if err != nil {
		return nil, err
	}
	conn, err := dialTarget(ctx, target)
	if err != nil {
		return nil, err
	}
	report, err := tlsio.Inspect(ctx, conn, config)
	return report, errors.Join(err, ignoreEnd(conn))
}

// ignoreEnd closes a connection that has served: how the peer takes it is of no interest.
func ignoreEnd(conn *netpoll.Conn) error {
	if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func printChain(out io.Writer, r *tlsio.ChainReport) error {
	chain, title := r.Verified, "verified chain"
	if len(chain) == 0 {
		chain, title = r.Presented, "chain as presented, not verified"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: trust %v, %s\n", r.Host, r.Mode, title)
	if r.Info != nil {
		fmt.Fprintf(&text, "  %v %v\n", r.Info.Version, r.Info.Suite)
	}
	for _, cert := range chain {
		pinned := ""
		if cert.Pinned {
			pinned = "  (pinned)"
		}
		fmt.Fprintf(&text, "%s\n  subject  %s\n  issuer   %s\n", cert.Role, harmless(cert.Subject), harmless(cert.Issuer))
		if len(cert.Names) > 0 {
			fmt.Fprintf(&text, "  names    %s\n", harmless(strings.Join(cert.Names, ", ")))
		}
		fmt.Fprintf(&text, "  valid    %s to %s\n  key      %s, signed with %s\n  pin      %v%s\n",
			cert.NotBefore.UTC().Format(time.DateOnly), cert.NotAfter.UTC().Format(time.DateOnly), cert.Key, cert.Signature, cert.SPKI, pinned)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&text, "warning: %s\n", harmless(warning))
	}
	_, err := io.WriteString(out, text.String())
	return err
}
