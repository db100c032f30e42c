package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"orderwire/bench/simex"
	"orderwire/netpoll"
)

// embeddedMarket is a minute of a real market, so that the first run needs nothing but the binary.
//
//go:embed testdata/binance-spot-btcusdt-20240808-221s-281s.jsonl.gz
var embeddedMarket []byte

// The environment variables in which the exchange's own throw-away credentials are looked for.
const (
	simKeyEnv    = "ORDERWIRE_SIM_KEY"
	simSecretEnv = "ORDERWIRE_SIM_SECRET"
	// simPassphraseEnv is the third one, that Coinbase asks for.
	simPassphraseEnv = "ORDERWIRE_SIM_PASSPHRASE"
)

// simFlags are the flags of sim.
type simFlags struct {
	listen, caOut       string
	replay, speed       string
	start               string
	hold                bool
	venue               string
	keyEnv, secretEnv   string
	cpu                 int
	spin                bool
	selftest, countsOut bool
}

func simCommand(s streams) *cobra.Command {
	var f simFlags
	c := &cobra.Command{
		Use:   "sim",
		Short: "serve the embedded exchange on loopback, with an examiner that counts what a client does wrong",
		Long: `Listens on loopback only, with a certificate of its own authority that is made at each start, replays a recorded market,
takes orders and checks every byte of them. One JSON line on stdout says where it listens; it serves until it is
interrupted. Credentials are throw-away ones from the environment; without them only public paths work.
GET /counts and GET /orders on the same port tell what the examiner saw, POST /go starts a held replay.`,
		Args: noArguments,
	}
	flags := c.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0", "loopback address and port; port 0 takes a free one")
	flags.StringVar(&f.caOut, "ca-out", "", "write the authority's certificate to this file")
	flags.StringVar(&f.replay, "replay", "", "recording to play (default: the embedded minute)")
	flags.StringVar(&f.speed, "speed", "1", "pace of the recording: a factor, or max for as fast as the client reads")
	flags.StringVar(&f.start, "start", "connect", "what starts the replay: connect, subscribe, or go (the first order, or POST /go)")
	flags.BoolVar(&f.hold, "hold", false, "keep market connections open when the recording has ended")
	flags.StringVar(&f.venue, "venue", "binance", "exchange to be: "+strings.Join(simex.Kinds(), ", "))
	flags.StringVar(&f.keyEnv, "key-env", simKeyEnv, "environment variable that holds the API key")
	flags.StringVar(&f.secretEnv, "secret-env", simSecretEnv, "environment variable that holds its secret")
	flags.IntVar(&f.cpu, "cpu", -1, "run on this CPU only; -1: wherever the system likes")
	flags.BoolVar(&f.spin, "spin", false, "read without sleeping, so that a client's send does not pay for our wake-up; costs a core")
	flags.BoolVar(&f.selftest, "selftest", false, "show that each counter of the examiner works, and stop")
	flags.BoolVar(&f.countsOut, "counts", false, "print the examiner's counts as a JSON line at the end")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if !slices.Contains(simex.Kinds(), f.venue) {
			return misused(c, fmt.Sprintf("--venue %q is none of %s", f.venue, strings.Join(simex.Kinds(), ", ")))
		}
		if f.selftest {
			return simex.Selftest(s.out, f.venue)
		}
		if !oneOf(f.start, "connect", "subscribe", "go") {
			return misused(c, fmt.Sprintf("--start %q is none of connect, subscribe, go", f.start))
		}
		speed, err := parseSpeed(f.speed)
		if err != nil {
			return misused(c, err.Error())
		}
		if err := moveTo(f.cpu); err != nil {
			return err
		}
		return serveSim(c.Context(), s.out, &f, speed)
	}
	return c
}

// parseSpeed reads --speed: 0 stands for as fast as the client reads.
func parseSpeed(text string) (float64, error) {
	if text == "max" {
		return 0, nil
	}
	speed, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(speed) || math.IsInf(speed, 0) || speed <= 0 {
		return 0, fmt.Errorf("--speed %q is neither a factor above 0 nor max", text)
	}
	return speed, nil
}

// simReadyLine says where the exchange listens. simReady of demo_sim.go reads it.
type simReadyLine struct {
	Ready   bool   `json:"ready"`
	Address string `json:"address"`
	Venue   string `json:"venue"`
	Frames  int    `json:"frames"` // of the recording
	CAFile  string `json:"ca_file,omitempty"`
}

func serveSim(ctx context.Context, out io.Writer, f *simFlags, speed float64) error {
	recording, err := openRecording(f.replay)
	if err != nil {
		return err
	}
	if recording, err = recording.As(f.venue); err != nil {
		return err
	}
	keys, err := simKeys(f)
	if err != nil {
		return err
	}
	server, err := simex.Serve(ctx, simex.ServeConfig{
		Venue: simex.Config{
			Kind: f.venue, Instruments: recordedInstruments(f.venue), Keys: keys, Market: recording, Speed: speed, ReplayStart: f.start, ReplayHold: f.hold,
		},
		Listen: f.listen, CAFile: f.caOut, Spin: f.spin,
	})
	if err != nil {
		return fmt.Errorf("the exchange cannot serve: %w", err)
	}
	line := simReadyLine{Ready: true, Address: server.Addr(), Venue: f.venue, Frames: recording.Len(), CAFile: f.caOut}
	if err := json.NewEncoder(out).Encode(line); err != nil {
		return errors.Join(err, server.Close())
	}
	<-ctx.Done()
	err = server.Close()
	if f.countsOut {
		err = errors.Join(err, json.NewEncoder(out).Encode(server.Counts()))
	}
	return err
}

// recordedInstruments are the venue's, with the tick of the recordings: their prices have two decimals wherever they are
// worded for another venue.
func recordedInstruments(venue string) []simex.Instrument {
	list := simex.DefaultInstruments(venue)
	for i := range list {
		list[i].Tick = "0.01"
	}
	return list
}

// openRecording reads a recording, or the embedded one where path is empty.
func openRecording(path string) (*simex.Recording, error) {
	if path == "" {
		return simex.ReadRecording(bytes.NewReader(embeddedMarket))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("recording cannot be read: %w: name a .jsonl or .jsonl.gz of `<receive ns> <raw frame>` lines", err)
	}
	recording, err := simex.ReadRecording(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("recording %s cannot be read: %w: name a .jsonl or .jsonl.gz of `<receive ns> <raw frame>` lines", path, err)
	}
	return recording, nil
}

// simKeys are the credentials that the exchange knows: both variables, or neither.
func simKeys(f *simFlags) ([]simex.Key, error) {
	key, secret := os.Getenv(f.keyEnv), os.Getenv(f.secretEnv)
	switch {
	case key == "" && secret == "":
		return nil, nil
	case key == "":
		return nil, fmt.Errorf("environment variable %s is not set though %s is: the exchange needs both, or neither", f.keyEnv, f.secretEnv)
	case secret == "":
		return nil, fmt.Errorf("environment variable %s is not set though %s is: the exchange needs both, or neither", f.secretEnv, f.keyEnv)
	}
	one := simex.Key{ID: key, Secret: secret, Passphrase: os.Getenv(simPassphraseEnv)}
	if f.venue == "coinbase-advanced" {
		public, err := es256Public(secret)
		if err != nil {
			return nil, fmt.Errorf("environment variable %s %w", f.secretEnv, err)
		}
		one.ECDSA = public
	}
	return []simex.Key{one}, nil
}

// moveTo makes cpu the only CPU of this process: the binding of the calling thread survives an exec, and the threads and
// the GOMAXPROCS of the program that begins anew follow from it. A negative cpu leaves things as they are.
func moveTo(cpu int) error {
	if cpu < 0 {
		return nil
	}
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	allowed, err := netpoll.Affinity()
	if err != nil {
		return err
	}
	if len(allowed) == 1 && allowed[0] == cpu {
		return nil
	}
	if !slices.Contains(allowed, cpu) {
		return fmt.Errorf("CPU %d is not among those that this process may use: %v", cpu, allowed)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot start anew on CPU %d: %w", cpu, err)
	}
	if err := netpoll.Pin(cpu); err != nil {
		return err
	}
	return fmt.Errorf("cannot start anew on CPU %d: %w", cpu, syscall.Exec(self, os.Args, os.Environ()))
}
