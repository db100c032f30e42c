package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"orderwire/orders"
	"orderwire/tlsio"
)

// Runner is a client that pushes orders when it is told, and is quiet in between: an engine of ours, a bare socket, or a
// foreign process behind the line protocol. Runs of several runners are what a Contest compares.
type Runner interface {
	// Name tells rows apart.
	Name() string
	// Run pushes c.Warm orders that do not count and c.N that do, one at a time, each after the answer to the one before.
	Run(ctx context.Context, c Command) (*Batch, error)
	// Close ends the client.
	Close() error
}

// Command is one run: `run N WARM THINK_NS SEED` of the line protocol.
type Command struct {
	N, Warm    int
	ThinkNanos int64
	Seed       uint64
}

// Batch is what one run measured. Units: ns of CLOCK_MONOTONIC from the intended time of each order, per order.
type Batch struct {
	N   int   `json:"n"`
	Bad int64 `json:"bad"` // as the far end says in the last answer
	Rec int64 `json:"rec"`
	Seg int64 `json:"seg"`
	Len int64 `json:"len"`

	Send []int64 `json:"send_ns"` // the send call had returned
	Wire []int64 `json:"wire_ns"` // the far end had read the bytes
	RTT  []int64 `json:"rtt_ns"`  // the answer was parsed

	Allocs float64 `json:"rt_allocs"` // of the whole process, per order
	Bytes  float64 `json:"rt_bytes"`
	GCs    int64   `json:"gcs"`

	Rehearsed        float64 `json:"rehearsed"` // share of triggers that met a rehearsal
	RehearsalWaitMax int64   `json:"rehearsal_wait_max_ns"`
}

// Target is the far end that runners connect to.
type Target struct {
	Host    string
	Port    uint16
	RawPort uint16 // where bare sockets are answered; 0: nowhere
	CAFile  string // certificate authority of the TLS port, PEM
	Path    string // of the WebSocket
	Key     string // throw-away API key
	Secret  orders.Secret
	// Logon is an Ed25519 key in PEM for sessions that log on, with its own API key. "": none.
	LogonKey string
	Logon    orders.Secret
}

// ErrNotLoopback is a target that another machine could be.
var ErrNotLoopback = errors.New("bench: not a loopback address: throw-away keys and a flood of orders belong on this host only")

// addr is host and port, or a refusal.
func (t *Target) addr(port uint16) (netip.AddrPort, error) {
	addr, err := netip.ParseAddr(t.Host)
	if t.Host == "localhost" {
		addr, err = netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	if err != nil || !addr.Unmap().IsLoopback() {
		return netip.AddrPort{}, fmt.Errorf("%w: %q", ErrNotLoopback, t.Host)
	}
	return netip.AddrPortFrom(addr, port), nil
}

// url is where the orders go.
func (t *Target) url() (string, error) {
	addr, err := t.addr(t.Port)
	if err != nil {
		return "", err
	}
	return "wss://" + addr.String() + "/" + strings.TrimPrefix(t.Path, "/"), nil
}

// tls trusts the target's authority alone.
func (t *Target) tls() (tlsio.Config, error) {
	if t.CAFile == "" {
		return tlsio.Config{}, errors.New("bench: the target's certificate authority is not named")
	}
	roots, err := tlsio.LoadRoots(t.CAFile)
	if err != nil {
		return tlsio.Config{}, fmt.Errorf("bench: certificate authority: %w", err)
	}
	return tlsio.Config{ServerName: t.Host, Trust: tlsio.Trust{Mode: tlsio.TrustSystem, Roots: roots}}, nil
}

// readyTime bounds how long a client may take to connect.
const readyTime = 20 * time.Second
