package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"orderwire/bench/simex"
	"orderwire/netpoll"
)

// The far end of a bench: the embedded exchange, a port for bare sockets, and a market feed of any rate, in one process on
// a core of its own. Connections spin, so that a send pays for no wake-up; one that has been quiet sleeps.

// farRest is how long a connection must have been quiet to sleep: longer than any wait between two orders of a run.
const farRest = 100 * time.Millisecond

// farMemoryBytes is the limit behind which the far end collects garbage after all. It keeps every order.
const farMemoryBytes = 3 << 30

// farReady is the line that says where everything is.
type farReady struct {
	Ready   bool   `json:"ready"`
	Address string `json:"address"` // TLS
	Raw     string `json:"raw"`     // bare sockets
	Feed    string `json:"feed"`    // market data, TLS
	CAFile  string `json:"ca_file"`
	FeedCA  string `json:"feed_ca_file"`
}

const farLogonFile = "logon.pem"

func benchFarCommand(s streams) *cobra.Command {
	folder, cpu := "", -1
	c := &cobra.Command{
		Use:    "far",
		Short:  "the far end that the other benches start",
		Hidden: true,
		Args:   noArguments,
	}
	c.Flags().StringVar(&folder, "folder", "", "folder for certificates")
	c.Flags().IntVar(&cpu, "cpu", -1, "run on this CPU only")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if folder == "" {
			return usage("bench far needs --folder")
		}
		if err := moveTo(cpu); err != nil {
			return err
		}
		return serveFar(c.Context(), s, folder)
	}
	return c
}

func serveFar(ctx context.Context, s streams, folder string) error {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(farMemoryBytes)
	clock, _ := netpoll.NewClock()
	go anchorEachSecond(ctx, clock)
	exchange, err := farExchange(ctx, folder, clock)
	if err != nil {
		return err
	}
	raw, err := serveRaw(ctx, clock)
	if err != nil {
		return errors.Join(err, exchange.Close())
	}
	feed, err := serveFeed(ctx, filepath.Join(folder, "feed.pem"), clock)
	if err != nil {
		return errors.Join(err, exchange.Close())
	}
	line := farReady{
		Ready: true, Address: exchange.Addr(), Raw: raw, Feed: feed,
		CAFile: filepath.Join(folder, "ca.pem"), FeedCA: filepath.Join(folder, "feed.pem"),
	}
	if err := json.NewEncoder(s.out).Encode(line); err != nil {
		return errors.Join(err, exchange.Close())
	}
	<-ctx.Done()
	return exchange.Close()
}

// anchorEachSecond keeps the clock at CLOCK_MONOTONIC: stamps of two processes are compared.
func anchorEachSecond(ctx context.Context, clock netpoll.AnchoredClock) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			clock.Anchor()
		}
	}
}

// farExchange is the embedded exchange with stamps in CLOCK_MONOTONIC, taken when the bytes had come and before they are
// opened. There is always somebody who sells: no order rests, so that the examiner does not slow down with their number.
func farExchange(ctx context.Context, folder string, clock netpoll.Clock) (*simex.Server, error) {
	keys, err := farKeys(folder)
	if err != nil {
		return nil, err
	}
	var arrived atomic.Int64
	server, err := simex.Serve(ctx, simex.ServeConfig{
		Venue: simex.Config{
			Kind: "binance", Keys: keys, AckRx: true, RxClock: arrived.Load, Fill: simex.FillQuote,
			PingEvery: int64(24 * time.Hour), LifeTime: -1,
		},
		CAFile: filepath.Join(folder, "ca.pem"), Spin: true, SpinRest: farRest,
		Arrived: func() { arrived.Store(clock.Now()) },
	})
	if err != nil {
		return nil, fmt.Errorf("the exchange cannot serve: %w", err)
	}
	server.Venue().Quote(time.Now().UnixNano(), "BTCUSDT", "0.01", "1000000", "0.02", "1000000")
	return server, nil
}

// farKeys are the credentials from the environment, and a key to log on with that is left in folder.
func farKeys(folder string) ([]simex.Key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(filepath.Join(folder, farLogonFile), text, 0o600); err != nil {
		return nil, err
	}
	key, secret := os.Getenv(simKeyEnv), os.Getenv(simSecretEnv)
	if key == "" || secret == "" {
		return nil, fmt.Errorf("environment variables %s and %s are not set: the far end has no credentials to check", simKeyEnv, simSecretEnv)
	}
	return []simex.Key{{ID: key, Secret: secret}, {ID: logonKeyOf(key), Ed25519: public}}, nil
}

// logonKeyOf is the API key of the sessions that log on.
func logonKeyOf(key string) string { return key + "-logon" }
