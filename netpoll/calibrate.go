package netpoll

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
)

// Calibration is what each way of moving a small record costs on this very host, against the bare system
// call of the same run, and the port that follows from it.
type Calibration struct {
	PayloadBytes int      `json:"payload_bytes"`
	Rounds       int      `json:"rounds"`
	Sockets      int      `json:"sockets"` // watched by the loop for which the pick was made
	Clock        string   `json:"clock"`
	Send         []Way    `json:"send"`    // one record; the thread drains the peer itself
	FanOut       []Way    `json:"fan_out"` // k records on k sockets, against k bare sends
	Receive      []Way    `json:"receive"` // another thread sends; from before its send to after our dispatch
	Backend      string   `json:"backend"` // the pick: "auto", "direct" or "ring"
	FanOutMin    int      `json:"fan_out_min"`
	Why          string   `json:"why"`
	Skipped      []string `json:"skipped,omitempty"` // what could not be measured, and why
}

// Way is one row: ratios are to the bare call of the same run. Absolute figures do not travel.
type Way struct {
	Name     string  `json:"name"`
	Sockets  int     `json:"sockets"`
	N        int     `json:"n"`
	P50Nanos int64   `json:"p50_ns"`
	P90Nanos int64   `json:"p90_ns"`
	P99Nanos int64   `json:"p99_ns"`
	Ratio    float64 `json:"ratio_p50"`
	Ratio90  float64 `json:"ratio_p90"`
}

// CalibrateConfig says how thorough a calibration is. The zero value takes about a second.
type CalibrateConfig struct {
	// Rounds is how many samples each way gets. Default 2000; a figure that is claimed wants 20,000.
	Rounds int
	// PayloadBytes is the size of a record. Default 300.
	PayloadBytes int
	// Sockets is how many sockets the loop will watch: a spin must ask each of them in turn, a ring is told
	// which one has something. Range 2..16, default 4: orders, their standby, market data, a shadow.
	Sockets int
	// CPU and SenderCPU are where the measuring and the sending thread are pinned. Default (both 0): the last
	// and the first CPU that the process may use.
	CPU, SenderCPU int
	// Sleepers measures the Go netpoller, too: slow, and never a candidate.
	Sleepers bool
}

const (
	defaultRounds  = 2000
	defaultPayload = 300
	// ringMargin is how much slower a ring's receive may be and still be picked: it makes no idle system calls.
	ringMargin     = 1.03
	bareName       = "bare"
	defaultWatched = 4
)

// Calibrate measures every way that this host has, interleaved in random order. It runs on a thread of its
// own and takes its CPU meanwhile. Cold.
func Calibrate(ctx context.Context, c CalibrateConfig) (Calibration, error) {
	type result struct {
		calibration Calibration
		err         error
	}
	done := make(chan result, 1)
	go func() {
		goruntime.LockOSThread() // and never unlocked: pinning and rings die with the thread
		calibration, err := calibrateHere(ctx, c)
		done <- result{calibration, err}
	}()
	r := <-done
	return r.calibration, r.err
}

func calibrateHere(ctx context.Context, c CalibrateConfig) (Calibration, error) {
	if c.Rounds <= 0 {
		c.Rounds = defaultRounds
	}
	if c.PayloadBytes <= 0 {
		c.PayloadBytes = defaultPayload
	}
	if c.Sockets <= 0 {
		c.Sockets = defaultWatched
	}
	c.Sockets = min(max(c.Sockets, 2), 16)
	cpus, err := Affinity()
	if err != nil {
		return Calibration{}, err
	}
	if c.CPU == 0 && c.SenderCPU == 0 {
		c.CPU, c.SenderCPU = cpus[len(cpus)-1], cpus[0]
	}
	if err := Pin(c.CPU); err != nil {
		return Calibration{}, err
	}
	clock, how := NewClock()
	result := Calibration{PayloadBytes: c.PayloadBytes, Rounds: c.Rounds, Sockets: c.Sockets, Clock: how}
	bench := &workbench{clock: clock, config: c}
	if result.Send, err = bench.sends(ctx); err != nil {
		return result, err
	}
	for _, sockets := range []int{2, 4, 8, 16} {
		ways, err := bench.fanOut(ctx, sockets)
		if err != nil {
			return result, err
		}
		result.FanOut = append(result.FanOut, ways...)
	}
	if c.CPU == c.SenderCPU {
		result.Skipped = append(bench.skipped, "receive: it takes a second CPU to send from")
	} else {
		for _, sockets := range []int{1, c.Sockets} {
			ways, err := bench.receives(ctx, sockets)
			if err != nil {
				return result, err
			}
			result.Receive = append(result.Receive, ways...)
		}
		result.Skipped = bench.skipped
	}
	result.pick()
	return result, nil
}

// pick draws the conclusion and says why.
func (c *Calibration) pick() {
	c.FanOutMin = maxSockets
	for _, w := range slices.Backward(c.FanOut) { // from the most sockets down, as long as the ring wins
		if w.Name == bareName {
			continue
		}
		if w.Ratio > 1 {
			break
		}
		c.FanOutMin = w.Sockets
	}
	var reasons []string
	ring, ringSends := find(c.Send, "ring", 1)
	direct, _ := find(c.Send, "direct", 1)
	switch {
	case !ringSends:
		c.Backend = "direct"
		reasons = append(reasons, "there is no ring here")
	case ring.P50Nanos < direct.P50Nanos:
		c.Backend = "ring"
		reasons = append(reasons, fmt.Sprintf("one send by the ring takes %.2f of a bare one, by sendto %.2f", ring.Ratio, direct.Ratio))
	default:
		c.Backend = "auto"
		reasons = append(reasons, fmt.Sprintf("one send by sendto takes %.2f of a bare one, by the ring %.2f", direct.Ratio, ring.Ratio))
	}
	byRing, measured := find(c.Receive, "ring", c.Sockets)
	bySpin, _ := find(c.Receive, "direct", c.Sockets)
	if measured && c.Backend == "auto" {
		reasons = append(reasons, fmt.Sprintf("a receive on one of %d sockets takes %.2f of a bare spin by the ring, %.2f by recvfrom",
			c.Sockets, byRing.Ratio, bySpin.Ratio))
		if float64(byRing.P50Nanos) > ringMargin*float64(bySpin.P50Nanos) {
			c.Backend = "direct"
		}
	}
	if c.Backend != "direct" {
		if c.FanOutMin < maxSockets {
			reasons = append(reasons, fmt.Sprintf("from %d sockets on one enter beats single sends", c.FanOutMin))
		} else {
			reasons = append(reasons, "one enter never beats single sends")
		}
	}
	c.Why = c.Backend + ": " + strings.Join(reasons, "; ")
}

func find(ways []Way, name string, sockets int) (Way, bool) {
	for _, w := range ways {
		if w.Name == name && w.Sockets == sockets {
			return w, true
		}
	}
	return Way{}, false
}

// Open makes the port of a named backend: "auto", "direct", "ring", and "ring+sqpoll" and "giouring" where
// they are there. why says what was made. Loop thread only.
func Open(backend string, arena *Arena, clock Clock, c PortConfig) (port Port, why string, err error) {
	switch backend {
	case "", "auto":
		return Auto(arena, clock, c)
	case "direct":
		port, err = NewDirect(arena, clock, c)
		return port, "direct: as configured", err
	case "ring", "ring+sqpoll":
		c.SQPoll.On = backend == "ring+sqpoll"
		r, err := newRingPort(arena, clock, c, without{})
		if err != nil {
			return nil, "", err
		}
		return r, fmt.Sprintf("%s: as configured (%v)", backend, r.features), nil
	case "giouring":
		port, err = newGiouring(arena, clock, c)
		return port, "giouring: as configured", err
	}
	return nil, "", fmt.Errorf("netpoll: unknown backend %q: want auto, direct, ring, ring+sqpoll or giouring", backend)
}

// ErrNotBuilt is what Open says of a backend that this binary was built without.
var ErrNotBuilt = errors.New("netpoll: this binary was built without giouring (go build -tags giouring -ldflags=-checklinkname=0)")
