package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"orderwire/bench"
	"orderwire/orders"
)

// peerFlags are the flags of bench peer.
type peerFlags struct {
	target bench.Target
	secret string
	impl   string
	cpu    int
}

func benchPeerCommand(s streams) *cobra.Command {
	var f peerFlags
	c := &cobra.Command{
		Use:   "peer",
		Short: "let a foreign harness time us: commands on stdin, one JSON object a line on stdout",
		Long: `Connects to wss://HOST:PORT/PATH and prints {"ready":true,"peer":NAME,"tls":SUITE}. On "run N WARM THINK_NS SEED" it pushes
WARM+N orders, one at a time, and prints what each took, counted from the end of the wait before it; on "alloc N" it
pushes N without waiting and prints what that allocated. Between commands its loop is parked. It ends with its input.

NAME is direct, ring or auto; /cold behind it turns rehearsals off, /ahead signs orders that are known beforehand.`,
		Args: noArguments,
	}
	flags := c.Flags()
	flags.StringVar(&f.impl, "impl", "auto", "what is timed: direct, ring, auto, with /cold or /ahead behind it")
	flags.StringVar(&f.target.Host, "host", "127.0.0.1", "loopback address of the far end")
	flags.Uint16Var(&f.target.Port, "port", 0, "its TLS port")
	flags.Uint16Var(&f.target.RawPort, "raw-port", 0, "its port for bare sockets; not used here")
	flags.StringVar(&f.target.CAFile, "ca", "", "file with its certificate authority, PEM")
	flags.StringVar(&f.target.Key, "key", "", "throw-away API key")
	flags.StringVar(&f.secret, "secret", "", "throw-away secret")
	flags.StringVar(&f.target.Path, "path", "/", "path of the WebSocket")
	flags.IntVar(&f.cpu, "cpu", -2, "CPU of the loop; -1 pins nothing (default: the last one allowed)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		f.target.Secret = orders.NewSecret([]byte(f.secret))
		return servePeer(c.Context(), s, &f)
	}
	return c
}

func servePeer(ctx context.Context, s streams, f *peerFlags) error {
	if f.target.Port == 0 || f.target.CAFile == "" || f.target.Key == "" || f.secret == "" {
		return usage("bench peer needs --port, --ca, --key and --secret")
	}
	if f.cpu == -2 {
		loop, _, err := loopCPUs()
		if err != nil {
			return err
		}
		f.cpu = loop
	}
	config := bench.PeerConfig{Impl: f.impl, Target: f.target, CPU: f.cpu}
	hotProcess()
	done, err := addGates(&config)
	if err != nil {
		return err
	}
	peer, err := bench.NewPeer(ctx, config)
	if err != nil {
		return errors.Join(err, done())
	}
	return errors.Join(bench.ServePeer(ctx, peer, s.in, s.out), peer.Close(), done())
}

// addGates gives a "gated" engine its journal and its risk gate, in a folder that done removes. Others need none.
func addGates(c *bench.PeerConfig) (done func() error, err error) {
	if filepath.Base(c.Impl) != "gated" {
		return func() error { return nil }, nil
	}
	folder, err := os.MkdirTemp("", "orderwire-bench-")
	if err != nil {
		return nil, err
	}
	gates, err := openGates(folder)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	c.Journal, c.Risk = gates.journal, gates.risk
	return func() error { return errors.Join(gates.close(), os.RemoveAll(folder)) }, nil
}
