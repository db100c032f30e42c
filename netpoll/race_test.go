package netpoll_test

import (
	"errors"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"orderwire/netpoll"
)

// track is a set of endpoints whose round trips a test chooses: a real connect, a told TCP_INFO.
type track struct {
	mu      sync.Mutex
	rtts    map[netip.AddrPort]int64
	addrs   []netip.AddrPort
	allowed int // connects that the budget still allows; negative: all
	racer   *netpoll.Racer
}

func newTrack(t *testing.T, endpoints int, c netpoll.RaceConfig) *track {
	t.Helper()
	k := &track{rtts: map[netip.AddrPort]int64{}, allowed: -1}
	for range endpoints {
		k.addrs = append(k.addrs, addrOf(listen(t)))
	}
	c.Measure = func(conn *netpoll.Conn) (netpoll.Path, error) {
		if _, err := conn.Path(); err != nil { // the real one must work, too
			return netpoll.Path{}, err
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		return netpoll.Path{MinRTTNanos: k.rtts[conn.Remote()]}, nil
	}
	c.Budget = func(netip.Addr) bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.allowed == 0 {
			return false
		}
		k.allowed--
		return true
	}
	c.Now = func() time.Time { return time.Unix(1_700_000_000, 0) }
	k.racer = netpoll.NewRacer(c)
	return k
}

func (k *track) set(micros ...int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, us := range micros {
		k.rtts[k.addrs[i]] = us * 1000
	}
}

func (k *track) race(t *testing.T, targets []netpoll.Target, want int) {
	t.Helper()
	conn, err := k.racer.Race(t.Context(), targets)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if conn.Remote() != k.addrs[want] || k.racer.Chosen() != k.addrs[want] {
		t.Errorf("%v won, want endpoint %d of %v", conn.Remote(), want, k.addrs)
	}
}

func TestRaceKeepsTheNearest(t *testing.T) {
	k := newTrack(t, 3, netpoll.RaceConfig{Hysteresis: 0.2})
	targets := []netpoll.Target{
		{Host: "a.test", Addrs: k.addrs[:2]},
		{Host: "sibling.test", Addrs: k.addrs[1:]}, // one address stands in both
	}
	k.set(900, 300, 500)
	k.race(t, targets, 1)
	k.set(900, 300, 250) // nearer, but not by a fifth
	k.race(t, targets, 1)
	k.set(900, 300, 239)
	k.race(t, targets, 2)
	k.set(100, 300, 239)
	rival, err := k.racer.Rerace(t.Context(), targets)
	if err != nil || rival == nil || rival.Remote() != k.addrs[0] {
		t.Fatalf("Rerace found %v, %v", rival, err)
	}
	_ = rival.Close()
	if again, err := k.racer.Rerace(t.Context(), targets); again != nil || err != nil {
		t.Errorf("Rerace from the nearest found %v, %v", again, err)
	}

	table := k.racer.Table()
	if len(table) != 3 {
		t.Fatalf("%d rows: %+v", len(table), table)
	}
	for i, want := range []struct {
		at     int
		host   string
		rtt    int64
		best   int64
		chosen bool
	}{{0, "a.test", 100_000, 100_000, true}, {2, "sibling.test", 239_000, 239_000, false}, {1, "a.test", 300_000, 300_000, false}} {
		row := table[i]
		if row.Addr != k.addrs[want.at] || row.Host != want.host || row.RTTNanos != want.rtt || row.BestNano != want.best ||
			row.Chosen != want.chosen || row.Races != 5 || row.Failures != 0 {
			t.Errorf("row %d: %+v", i, row)
		}
	}
}

func TestRacePassesByTheDead(t *testing.T) {
	k := newTrack(t, 2, netpoll.RaceConfig{})
	k.set(500, 600)
	dead := refusingAddr(t)
	targets := []netpoll.Target{{Host: "a.test", Addrs: append([]netip.AddrPort{dead}, k.addrs...)}}
	k.race(t, targets, 0)
	table := k.racer.Table()
	last := table[len(table)-1]
	if last.Addr != dead || last.Failures != 1 || last.LastErr == "" || last.RTTNanos != 0 {
		t.Errorf("the dead endpoint's row: %+v", last)
	}
	_, err := k.racer.Race(t.Context(), []netpoll.Target{{Host: "b.test", Addrs: []netip.AddrPort{dead}}})
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("only dead ones: %v", err)
	}
}

func TestRaceStaysInItsBudget(t *testing.T) {
	k := newTrack(t, 4, netpoll.RaceConfig{Candidates: 3})
	k.set(400, 300, 200, 100)
	targets := []netpoll.Target{{Host: "a.test", Addrs: k.addrs}}
	k.allowed = 2
	k.race(t, targets, 1) // two connects were allowed
	if _, err := k.racer.Race(t.Context(), targets); !errors.Is(err, netpoll.ErrBudget) {
		t.Errorf("without budget: %v", err)
	}
	k.allowed = 3
	k.race(t, targets, 3) // the present one and the two that were never tried
	if k.allowed != 0 {
		t.Errorf("%d connects were not used", k.allowed)
	}
}
