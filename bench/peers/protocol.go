package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// result is the answer to a run.
type result struct {
	N                int     `json:"n"`
	Bad              int64   `json:"bad"`
	Rec              int64   `json:"rec"`
	Seg              int64   `json:"seg"`
	Len              int64   `json:"len"`
	Send             []int64 `json:"send_ns"`
	Wire             []int64 `json:"wire_ns"`
	RTT              []int64 `json:"rtt_ns"`
	Allocs           float64 `json:"rt_allocs"`
	Bytes            float64 `json:"rt_bytes"`
	GCs              uint32  `json:"gcs"`
	Rehearsed        float64 `json:"rehearsed"`
	RehearsalWaitMax int64   `json:"rehearsal_wait_max_ns"`
}

// serve speaks the line protocol until the commands end.
func serve(name string, c client, lines *bufio.Scanner, out io.Writer) error {
	p := &pusher{client: c}
	if r, ok := c.(rehearser); ok {
		p.rehearser = r
	}
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(map[string]any{"ready": true, "peer": name, "tls": c.suite()}); err != nil {
		return err
	}
	for lines.Scan() {
		var n, warm int
		var think int64
		var seed uint64
		var answer any
		var err error
		if _, wrong := fmt.Sscanf(lines.Text(), "run %d %d %d %d", &n, &warm, &think, &seed); wrong == nil {
			answer, err = p.run(n, warm, think, seed)
		} else if _, wrong := fmt.Sscanf(lines.Text(), "alloc %d", &n); wrong == nil && n > 0 {
			answer, err = p.alloc(n)
		} else {
			err = fmt.Errorf("no command: %q", lines.Text())
		}
		if err != nil {
			return err
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// pusher times a client.
type pusher struct {
	client    client
	rehearser rehearser
	id        uint64
	from, to  int64 // the last rehearsal
}

const rehearseNanos = 20_000

func (p *pusher) run(n, warm int, think int64, seed uint64) (*result, error) {
	r := &result{N: n, Send: make([]int64, n), Wire: make([]int64, n), RTT: make([]int64, n)}
	var before, after runtime.MemStats
	clock := newMonotonic()
	met := 0
	var last ack
	runtime.ReadMemStats(&before)
	for i := range warm + n {
		due := clock.now() + waitOf(seed, i, think)
		if err := p.wait(clock, due); err != nil {
			return nil, err
		}
		price, qty := orderOf(seed, i)
		p.id++
		if err := p.client.push(p.id, price, qty); err != nil {
			return nil, err
		}
		sent := clock.now()
		a, err := p.client.answer()
		if err != nil {
			return nil, err
		}
		got := clock.now()
		if a.status != 200 {
			return nil, fmt.Errorf("order %d was refused with status %d", p.id, a.status)
		}
		last = a
		if at := i - warm; at >= 0 {
			r.Send[at], r.Wire[at], r.RTT[at] = sent-due, a.rx-due, got-due
			if due >= p.from && due < p.to {
				met++
				r.RehearsalWaitMax = max(r.RehearsalWaitMax, p.to-due)
			}
		}
	}
	runtime.ReadMemStats(&after)
	r.Bad, r.Rec, r.Seg, r.Len = last.bad, last.rec, last.seg, last.length
	if n > 0 {
		r.Rehearsed = float64(met) / float64(n)
	}
	r.Allocs = float64(after.Mallocs-before.Mallocs) / float64(max(warm+n, 1))
	r.Bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(max(warm+n, 1))
	r.GCs = after.NumGC - before.NumGC
	return r, nil
}

// wait spins until due, and rehearses where the client can. Whether the time has come is all that it asks.
func (p *pusher) wait(clock *monotonic, due int64) error {
	next := clock.now() + rehearseNanos
	for {
		now := clock.now()
		if now >= due {
			return nil
		}
		if p.rehearser != nil && now >= next {
			p.from = now
			if err := p.rehearser.rehearse(); err != nil {
				return err
			}
			p.to = clock.now()
			next = p.to + rehearseNanos
		}
	}
}

func (p *pusher) alloc(n int) (map[string]float64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range n {
		price, qty := orderOf(1, i)
		p.id++
		if err := p.client.push(p.id, price, qty); err != nil {
			return nil, err
		}
	}
	runtime.ReadMemStats(&after)
	for range n {
		if a, err := p.client.answer(); err != nil || a.status != 200 {
			return nil, errors.Join(fmt.Errorf("an order was answered with status %d", a.status), err)
		}
	}
	return map[string]float64{
		"send_allocs": float64(after.Mallocs-before.Mallocs) / float64(n),
		"send_bytes":  float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}, nil
}

func splitmix64(state uint64) uint64 {
	z := state + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func orderOf(seed uint64, i int) (price, qty int64) {
	x := splitmix64(seed + uint64(i))
	return int64(6412345 + x%100000), int64(1000 + (x>>32)%9000)
}

func waitOf(seed uint64, i int, think int64) int64 {
	y := splitmix64(^seed + uint64(i))
	t := float64(think)
	return int64(min(max(t*-math.Log(float64((y>>11)+1)/(1<<53)), t/4), 4*t))
}

// monotonic reads CLOCK_MONOTONIC by the vDSO.
type monotonic struct {
	base   time.Time
	offset int64
}

func newMonotonic() *monotonic {
	m := &monotonic{base: time.Now()}
	best := int64(math.MaxInt64)
	for range 32 { // of several paired readings the tightest decides
		before := int64(time.Since(m.base))
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			panic("no CLOCK_MONOTONIC: " + err.Error())
		}
		if took := int64(time.Since(m.base)) - before; took < best {
			best, m.offset = took, ts.Nano()-before-took/2
		}
	}
	return m
}

func (m *monotonic) now() int64 { return m.offset + int64(time.Since(m.base)) }
