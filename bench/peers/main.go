package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// target is the far end and the throw-away credentials for it.
type target struct {
	host, path  string
	port        int
	ca          string
	key, secret string
}

// client pushes one order at a time.
type client interface {
	// push makes order id of price (2 decimals) and quantity (5), signs it and returns when the send call has returned.
	push(id uint64, price, qty int64) error
	// answer waits for the answer and parses it.
	answer() (ack, error)
	// suite is what TLS has negotiated.
	suite() string
}

// rehearser is a client that has something to do while it waits.
type rehearser interface {
	client
	// rehearse runs one whole push on a shadow connection.
	rehearse() error
}

// clients are the ways in which an order can be pushed. The careful ones run pinned and without garbage collection.
var clients = map[string]struct {
	careful bool
	connect func(*target) (client, error)
}{
	"crypto-tls":           {true, func(t *target) (client, error) { return newExpert(t, false) }},
	"crypto-tls-rehearsed": {true, func(t *target) (client, error) { return newExpert(t, true) }},
	"gorilla":              {false, newGorilla},
	"gorilla-careful":      {true, newGorillaCareful},
	"gobwas":               {false, newGobwas},
	"gobwas-careful":       {true, newGobwasCareful},
	"gws":                  {false, newGws},
	"gws-careful":          {true, newGwsCareful},
	"coder":                {false, newCoder},
	"coder-careful":        {true, newCoderCareful},
	"go-binance":           {false, newGoBinance},
	"net-http":             {false, newNetHTTP},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peers: "+err.Error())
		os.Exit(1)
	}
}

func run() error {
	var t target
	var impl string
	var rawPort, cpu int
	var list bool
	flag.StringVar(&impl, "impl", "", "which client")
	flag.StringVar(&t.host, "host", "127.0.0.1", "loopback address of the far end")
	flag.IntVar(&t.port, "port", 0, "its TLS port")
	flag.IntVar(&rawPort, "raw-port", 0, "not used")
	flag.StringVar(&t.ca, "ca", "", "its certificate authority, PEM")
	flag.StringVar(&t.key, "key", "", "throw-away API key")
	flag.StringVar(&t.secret, "secret", "", "throw-away secret")
	flag.StringVar(&t.path, "path", "/", "path of the WebSocket")
	flag.IntVar(&cpu, "cpu", -1, "CPU to run the client's thread on; -1: any")
	flag.BoolVar(&list, "list", false, "print the names of all clients")
	flag.Parse()
	if list {
		names := make([]string, 0, len(clients))
		for name := range clients {
			names = append(names, name)
		}
		slices.Sort(names)
		fmt.Println(strings.Join(names, "\n"))
		return nil
	}
	row, ok := clients[impl]
	if !ok {
		return fmt.Errorf("impl %q is unknown; see --list", impl)
	}
	if ip := net.ParseIP(t.host); t.host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is not a loopback address", t.host)
	}
	t.path = "/" + strings.TrimPrefix(t.path, "/")
	if row.careful {
		if err := careful(cpu); err != nil {
			return err
		}
	}
	c, err := row.connect(&t)
	if err != nil {
		return fmt.Errorf("%s: %w", impl, err)
	}
	return serve(impl, c, bufio.NewScanner(os.Stdin), os.Stdout)
}

// careful is what somebody does who has read about latency in Go: one thread, one CPU, no garbage collection.
func careful(cpu int) error {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(2 << 30)
	runtime.LockOSThread()
	if cpu < 0 {
		return nil
	}
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin to CPU %d: %w", cpu, err)
	}
	return nil
}

// tlsConfig trusts the target's authority alone.
func (t *target) tlsConfig() (*tls.Config, error) {
	pem, err := os.ReadFile(t.ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("the authority's file holds no certificate")
	}
	return &tls.Config{RootCAs: roots, ServerName: t.host, NextProtos: []string{"http/1.1"}, DynamicRecordSizingDisabled: true}, nil
}

func (t *target) address() string { return net.JoinHostPort(t.host, fmt.Sprint(t.port)) }
func (t *target) url() string     { return "wss://" + t.address() + t.path }
