package netpoll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	goruntime "runtime"
	"slices"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// workbench runs one calibration: lanes over loopback, turned in random order so that none always follows the same other.
type workbench struct {
	clock   Clock
	config  CalibrateConfig
	skipped []string
	random  *rand.Rand
}

// lane is one way to move a record: a port (or none, for the bare call) with sockets to peers.
type lane struct {
	name  string
	port  Port
	arena *Arena
	socks []Sock
	slots []Slot
	ours  []int // descriptors of lanes without a port
	peers []int
	conn  net.Conn // of the lane that sleeps
	turn  int      // which of ours the bare spin looks at
	took  []int64
	out   [64]Completion
	busy  []byte   // one record
	bare  [][]byte // one for each socket, as a port has: sixteen sends of the same cached bytes would flatter the bare call
}

// candidates opens a bare lane and one for each backend, with k sockets each.
func (w *workbench) candidates(k int, backends ...string) (lanes []*lane, err error) {
	if w.random == nil {
		w.random = rand.New(rand.NewPCG(1, uint64(w.config.Rounds)))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeLanes(lanes))
		}
	}()
	for _, name := range append([]string{bareName}, backends...) {
		l := &lane{name: name, took: make([]int64, 0, w.config.Rounds), busy: make([]byte, w.config.PayloadBytes)}
		if name != bareName {
			err := l.open(w, k)
			if errors.Is(err, ErrNoRing) {
				w.skip(fmt.Sprintf("%s: %v", name, err))
				continue
			}
			if err != nil {
				return lanes, err
			}
		}
		lanes = append(lanes, l)
		for range k {
			if err := l.connect(); err != nil {
				return lanes, err
			}
		}
	}
	return lanes, nil
}

func (w *workbench) skip(why string) {
	if !slices.Contains(w.skipped, why) {
		w.skipped = append(w.skipped, why)
	}
}

// open makes the lane's port.
func (l *lane) open(w *workbench, k int) (err error) {
	if l.arena, err = NewArena(4*k+64, max(4096, w.config.PayloadBytes)); err != nil {
		return err
	}
	c := PortConfig{ReceiveSlots: 16, FanOutMin: maxSockets}
	name := l.name
	if name == "one enter" {
		name, c.FanOutMin = "auto", 1
	}
	l.port, _, err = Open(name, l.arena, w.clock, c)
	if err != nil {
		err = errors.Join(err, l.arena.Close())
		l.arena = nil
	}
	return err
}

// connect adds a socket to the lane.
func (l *lane) connect() error {
	ours, peer, err := loopbackPair()
	if err != nil {
		return err
	}
	l.peers = append(l.peers, peer)
	if l.port == nil {
		l.ours = append(l.ours, ours)
		l.bare = append(l.bare, make([]byte, max(4096, len(l.busy)))[:len(l.busy)])
		return nil
	}
	s, err := l.port.Attach(ours, 0)
	if err != nil {
		return errors.Join(err, unix.Close(ours))
	}
	slot, _ := l.arena.Take() // the arena was made with enough
	l.socks, l.slots = append(l.socks, s), append(l.slots, slot)
	return nil
}

// send hands one record to each socket of the lane.
func (l *lane) send() syscall.Errno {
	if l.port == nil {
		for i, fd := range l.ours {
			if _, errno := sendNow(fd, l.bare[i]); errno != 0 {
				return errno
			}
		}
		return 0
	}
	for i, s := range l.socks {
		l.port.Send(s, l.slots[i], 0, len(l.busy))
		l.slots[i] = 0
	}
	l.port.Submit()
	return 0
}

// settle empties the peers and takes the slots back.
func (l *lane) settle(scratch []byte) error {
	for _, fd := range l.peers {
		for left := len(l.busy); left > 0; {
			n, errno := receiveNow(fd, scratch)
			if errno != 0 && errno != unix.EAGAIN {
				return &OpError{Op: "calibrate", Errno: errno}
			}
			left -= n
		}
	}
	if l.port == nil {
		return nil
	}
	for slices.Contains(l.slots, 0) {
		for _, c := range l.out[:l.port.Reap(l.out[:])] {
			if c.Kind != Sent {
				return &OpError{Op: "calibrate", Errno: c.Errno, Cause: os.ErrClosed}
			}
			l.slots[slices.Index(l.socks, c.Sock)] = c.Slot
		}
	}
	return nil
}

// sends measures one record.
func (w *workbench) sends(ctx context.Context) ([]Way, error) {
	lanes, err := w.candidates(1, "direct", "ring", "auto")
	if err != nil {
		return nil, err
	}
	return w.rotate(ctx, lanes)
}

// fanOut measures one record on each of k sockets.
func (w *workbench) fanOut(ctx context.Context, k int) ([]Way, error) {
	lanes, err := w.candidates(k, "one enter")
	if err != nil {
		return nil, err
	}
	return w.rotate(ctx, lanes)
}

// rotate turns the lanes in random order, and closes them.
func (w *workbench) rotate(ctx context.Context, lanes []*lane) (ways []Way, err error) {
	defer func() { err = errors.Join(err, closeLanes(lanes)) }()
	scratch := make([]byte, 64<<10)
	order := w.random.Perm(len(lanes))
	for range w.config.Rounds {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("netpoll: calibrate: %w", err)
		}
		w.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			l := lanes[i]
			from := w.clock.Now()
			errno := l.send()
			l.took = append(l.took, w.clock.Now()-from)
			if errno != 0 {
				return nil, &OpError{Op: "calibrate", Errno: errno}
			}
			if err := l.settle(scratch); err != nil {
				return nil, err
			}
		}
	}
	return rank(lanes), nil
}

// rank makes rows of what the lanes took. The first lane is the bare one.
func rank(lanes []*lane) []Way {
	var ways []Way
	for _, l := range lanes {
		slices.Sort(l.took)
		n := len(l.took)
		w := Way{
			Name: l.name, Sockets: len(l.peers), N: n,
			P50Nanos: l.took[n/2], P90Nanos: l.took[n*9/10], P99Nanos: l.took[n*99/100],
		}
		w.Ratio, w.Ratio90 = 1, 1
		if len(ways) > 0 {
			w.Ratio = float64(w.P50Nanos) / float64(max(ways[0].P50Nanos, 1))
			w.Ratio90 = float64(w.P90Nanos) / float64(max(ways[0].P90Nanos, 1))
		}
		ways = append(ways, w)
	}
	return ways
}

// closeLanes gives everything back.
func closeLanes(lanes []*lane) error {
	var failures []error
	for _, l := range lanes {
		if l.port != nil {
			for _, s := range l.slots {
				l.arena.Put(s)
			}
			failures = append(failures, l.port.Close(), l.arena.Close())
		}
		if l.conn != nil {
			failures = append(failures, l.conn.Close())
		}
		for _, fd := range append(l.ours, l.peers...) {
			failures = append(failures, unix.Close(fd))
		}
	}
	return errors.Join(failures...)
}

// request is the word by which the measuring thread asks the sending thread for a record, and learns when it went.
type request struct {
	ask  atomic.Int64 // the peer's descriptor plus 1; negative: end
	_    [56]byte
	sent atomic.Int64 // when the sender began
	_    [56]byte
}

// receives measures from before another thread's send to after our dispatch, when k sockets are watched and
// any one of them may be next.
func (w *workbench) receives(ctx context.Context, k int) ([]Way, error) {
	lanes, err := w.candidates(k, "direct", "ring")
	if err != nil {
		return nil, err
	}
	if w.config.Sleepers && k == 1 {
		sleeper, err := w.sleeper()
		if err != nil {
			return nil, errors.Join(err, closeLanes(lanes))
		}
		lanes = append(lanes, sleeper)
	}
	var q request
	ended := make(chan error, 1)
	go w.sender(&q, ended)
	ways, err := w.listen(ctx, lanes, &q)
	q.ask.Store(-1)
	return ways, errors.Join(err, <-ended)
}

// gapNanos is how long the sender lets the receiver wait.
const gapNanos = 50_000

// sender sends a record whenever it is asked for one.
func (w *workbench) sender(q *request, ended chan<- error) {
	goruntime.LockOSThread() // and never unlocked: it is pinned
	if err := Pin(w.config.SenderCPU); err != nil {
		ended <- err
		return
	}
	record := make([]byte, w.config.PayloadBytes)
	for {
		ask := q.ask.Load()
		if ask < 0 {
			ended <- nil
			return
		}
		if ask == 0 {
			continue // no Gosched: it would poll the Go netpoller for the sleeper
		}
		q.ask.Store(0)
		for until := w.clock.Now() + gapNanos; w.clock.Now() < until; {
			continue // back to back, a sleeper would never fall asleep
		}
		q.sent.Store(w.clock.Now())
		if _, errno := sendNow(int(ask-1), record); errno != 0 {
			ended <- &OpError{Op: "calibrate", Errno: errno}
			return
		}
	}
}

// listen spins on each lane in random order. A lane that sleeps gets blocks of its own.
func (w *workbench) listen(ctx context.Context, lanes []*lane, q *request) (ways []Way, err error) {
	defer func() { err = errors.Join(err, closeLanes(lanes)) }()
	spinning := slices.DeleteFunc(slices.Clone(lanes), func(l *lane) bool { return l.conn != nil })
	scratch := make([]byte, 64<<10)
	order := w.random.Perm(len(spinning))
	for round := range w.config.Rounds {
		w.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("netpoll: calibrate: %w", err)
			}
			l := spinning[i]
			q.ask.Store(int64(l.peers[w.random.IntN(len(l.peers))]) + 1)
			if err := l.await(scratch); err != nil {
				return nil, err
			}
			l.took = append(l.took, w.clock.Now()-q.sent.Load())
		}
		if sleeper := lanes[len(lanes)-1]; sleeper.conn != nil && round%sleepBlock == 0 {
			if err := w.sleep(sleeper, q, min(sleepBlock, w.config.Rounds-round)); err != nil {
				return nil, err
			}
		}
	}
	return rank(lanes), nil
}

// await spins until the lane has received one record.
func (l *lane) await(scratch []byte) error {
	for left := len(l.busy); left > 0; {
		if l.port == nil {
			l.turn = (l.turn + 1) % len(l.ours)
			n, errno := receiveNow(l.ours[l.turn], scratch)
			if errno != 0 && errno != unix.EAGAIN {
				return &OpError{Op: "calibrate", Errno: errno}
			}
			left -= n
			continue
		}
		for _, c := range l.out[:l.port.Reap(l.out[:])] {
			if c.Slot == 0 {
				return &OpError{Op: "calibrate", Errno: c.Errno, Cause: os.ErrClosed}
			}
			left -= c.To - c.From
			l.arena.Put(c.Slot)
		}
	}
	return nil
}

// sleepBlock is how many reads a sleeper does in a row.
const sleepBlock = 100

// sleeper opens a lane on the Go netpoller.
func (w *workbench) sleeper() (*lane, error) {
	l := &lane{name: "Go netpoller", busy: make([]byte, w.config.PayloadBytes), took: make([]int64, 0, w.config.Rounds)}
	if err := l.connect(); err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(l.ours[0]), "calibrate")
	l.ours = nil // the file's now
	conn, err := net.FileConn(file)
	l.conn = conn
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(err, closeLanes([]*lane{l}))
	}
	return l, nil
}

// sleep reads n records on a goroutine without a thread of its own: a locked one is slower still.
func (w *workbench) sleep(l *lane, q *request, n int) error {
	done := make(chan error, 1)
	go func() {
		scratch := make([]byte, len(l.busy))
		for range n {
			q.ask.Store(int64(l.peers[0]) + 1)
			if _, err := io.ReadFull(l.conn, scratch); err != nil {
				done <- fmt.Errorf("netpoll: calibrate: %w", err)
				return
			}
			l.took = append(l.took, w.clock.Now()-q.sent.Load())
		}
		done <- nil
	}()
	return <-done
}

// loopbackPair connects two non-blocking sockets over 127.0.0.1, with Nagle's algorithm off.
func loopbackPair() (ours, peer int, err error) {
	const flags = unix.SOCK_STREAM | unix.SOCK_CLOEXEC
	l, err := unix.Socket(unix.AF_INET, flags, 0)
	if err != nil {
		return -1, -1, &OpError{Op: "socket", Errno: errnoOf(err)}
	}
	defer unix.Close(l)
	if err := unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return -1, -1, &OpError{Op: "bind", Errno: errnoOf(err)}
	}
	if err := unix.Listen(l, 1); err != nil {
		return -1, -1, &OpError{Op: "listen", Errno: errnoOf(err)}
	}
	to, err := unix.Getsockname(l)
	if err != nil {
		return -1, -1, &OpError{Op: "getsockname", Errno: errnoOf(err)}
	}
	if ours, err = unix.Socket(unix.AF_INET, flags, 0); err != nil {
		return -1, -1, &OpError{Op: "socket", Errno: errnoOf(err)}
	}
	if err = unix.Connect(ours, to); err == nil {
		peer, _, err = unix.Accept4(l, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	}
	if err == nil {
		err = errors.Join(unix.SetNonblock(ours, true),
			SocketOptions{}.apply(ours, unix.AF_INET), SocketOptions{}.apply(peer, unix.AF_INET))
	}
	if err != nil {
		return -1, -1, errors.Join(&OpError{Op: "connect loopback", Errno: errnoOf(err)}, unix.Close(ours))
	}
	return ours, peer, nil
}
