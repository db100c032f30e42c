package runtime

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"testing"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/tlsio"
	"orderwire/tlsio/record"
	"orderwire/wsproto"
)

// handClock is a clock that moves only when a test turns it.
type handClock struct{ now int64 }

func (c *handClock) Now() int64           { return c.now }
func (c *handClock) Wall(now int64) int64 { return 1_700_000_000_000_000_000 + now }

// watcher is a strategy that remembers what it was told.
type watcher struct {
	receipts []orders.Receipt
	trades   []market.Trade
}

func (w *watcher) Market(ev *market.Event, _ int64, _ Hand) {
	if ev.Kind == market.KindTrade {
		w.trades = append(w.trades, ev.Trade)
	}
}

func (w *watcher) Receipt(r *orders.Receipt, _ int64, _ Hand) { w.receipts = append(w.receipts, *r) }
func (w *watcher) Turn(int64, Hand)                           {}

// rig is a loop on a fake port with one session, and the far end of that session.
type rig struct {
	t       testing.TB
	clock   *handClock
	port    *netpoll.Fake
	loop    *Loop
	engine  *Engine
	session *session
	watch   *watcher
	peer    *record.Link // the server's half of the keys
	sock    netpoll.Sock
	read    int    // bytes of the wire that the peer has opened
	plain   []byte // opened, not yet read as frames
}

var rigSpec = orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 5}

func newRig(t testing.TB, seed uint64) *rig {
	t.Helper()
	return newRigOf(t, seed, OrderRole, Config{})
}

// newRigOf makes a rig whose session has a role; c may set Journal, Risk, TrackMax, SlotCount, MaxSendAge.
func newRigOf(t testing.TB, seed uint64, role Role, c Config) *rig {
	t.Helper()
	r := &rig{t: t, clock: &handClock{now: 1}, watch: &watcher{}}
	signer, err := orders.NewHMACSigner("key", orders.NewSecret([]byte("secret")))
	if err != nil {
		t.Fatal(err)
	}
	c.Dialect, c.Strategy, c.Signer, c.Clock, c.Rand, c.CPU = &binance.Dialect{}, r.watch, signer, r.clock, rand.Reader, -1
	c.Orders.URL, c.IDs.Prefix = "wss://127.0.0.1:1", "t"
	c.Armed = []orders.Spec{rigSpec}
	setDefault(&c.SlotCount, 64)
	setDefault(&c.TrackMax, 1024)
	c.MessageMaxBytes = 1 << 16
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	arena, err := netpoll.NewArena(c.SlotCount, e.plan.SlotBytes)
	if err != nil {
		t.Fatal(err)
	}
	r.port = netpoll.NewFake(arena, r.clock, netpoll.PortConfig{QueueSlots: 8}, seed)
	r.loop = e.loop
	r.loop.arena, r.loop.port = arena, r.port
	r.engine = e
	e.loop.venue.Sample(0, 0, 1_700_000_000_000_000_000, 0) // the venue's clock is known
	r.line(role, 0, nil)
	t.Cleanup(func() {
		if err := r.port.Close(); err != nil {
			t.Error(err)
		}
		if free, all := arena.Free(), arena.Slots(); free != all {
			t.Errorf("%d of %d slots came back", free, all)
		}
		if err := arena.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// line attaches a new session to the loop and makes it the one that the rig speaks through.
func (r *rig) line(role Role, index uint16, replaces *session) {
	r.t.Helper()
	ours, theirs := linkPair(r.t)
	w := &Wire{
		link: &tlsio.Link{Link: *ours}, masks: wsproto.NewMasks(rand.Reader, maskPool),
		reader: wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: r.engine.plan.MessageMaxBytes}),
	}
	if err := w.masks.Fill(); err != nil {
		r.t.Fatal(err)
	}
	s := r.engine.session(role, index, w)
	s.handover.fd, s.replaces = 3, replaces
	r.engine.deliver(s)
	r.turn()
	r.session, r.sock, r.peer, r.read, r.plain = s, s.sock, theirs, 0, nil
}

// standby attaches one more order session and returns a rig that speaks through it; r stays with the first.
func (r *rig) standby(index uint16) *rig {
	r.t.Helper()
	other := *r
	other.line(OrderRole, index, nil)
	return &other
}

// linkPair is two ends of one connection.
func linkPair(t testing.TB) (ours, theirs *record.Link) {
	t.Helper()
	keys := func() record.Keys {
		k := record.Keys{Version: record.TLS13, Suite: record.AES128GCM, Secret: make([]byte, 32)}
		if _, err := rand.Read(k.Secret); err != nil {
			t.Fatal(err)
		}
		return k
	}
	up, down := keys(), keys()
	clone := func(k record.Keys) record.Keys { k.Secret = bytes.Clone(k.Secret); return k }
	ours, err := record.NewLink(clone(up), clone(down))
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = record.NewLink(down, up); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

func (r *rig) turn() { r.loop.turn(r.clock.Now()) }

// push fires the armed order.
func (r *rig) push() (uint64, orders.Outcome) {
	r.clock.now++
	return r.loop.Push(0, fixed.Number{Mantissa: 6_400_000, Scale: 2}, fixed.Number{Mantissa: 1, Scale: 3}, r.clock.now)
}

// mustPush fires it and fails the test where it was refused.
func (r *rig) mustPush() uint64 {
	r.t.Helper()
	id, outcome := r.push()
	if outcome != orders.Sent {
		r.t.Fatalf("push: %s", outcome)
	}
	return id
}

// say lets the peer send one text frame, sealed.
func (r *rig) say(format string, args ...any) {
	r.port.Feed(r.sock, r.seal(serverFrame(0x81, fmt.Appendf(nil, format, args...))))
}

func (r *rig) ack(id uint64) {
	r.say(`{"id":%q,"status":200,"result":{"symbol":"BTCUSDT","orderId":7,"orderListId":-1,"clientOrderId":%q,"transactTime":1700000000000}}`,
		r.loop.space.Text(id), r.loop.space.Text(id))
}

// seal makes a record of text under the peer's key.
func (r *rig) seal(text []byte) []byte {
	buf := make([]byte, record.MaxHead+len(text)+record.MaxTail)
	copy(buf[record.MaxHead:], text)
	from, to := r.peer.SealInPlace(buf, record.MaxHead, len(text))
	return buf[from:to]
}

// serverFrame is one unmasked frame (RFC 6455 §5.2).
func serverFrame(first byte, payload []byte) []byte {
	switch n := len(payload); {
	case n < 126:
		return append([]byte{first, byte(n)}, payload...)
	default:
		return append(binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(n)), payload...)
	}
}

// clientFrame is what the peer read.
type clientFrame struct {
	op      byte
	payload []byte
}

// heard opens and reads all that the loop handed over since the last call.
func (r *rig) heard() []clientFrame {
	r.t.Helper()
	wire := bytes.Clone(r.port.Wire(r.sock)[r.read:])
	for {
		ev, used, err := r.peer.Next(wire)
		if err != nil {
			r.t.Fatalf("peer cannot open what was sent: %v", err)
		}
		if used == 0 {
			break
		}
		if ev.Kind == record.EventData {
			r.plain = append(r.plain, ev.Data...)
		}
		wire, r.read = wire[used:], r.read+used
	}
	var frames []clientFrame
	for len(r.plain) > 0 {
		frame, size := readClientFrame(r.t, r.plain)
		frames = append(frames, frame)
		r.plain = r.plain[size:]
	}
	return frames
}

// readClientFrame is a strict reader of one masked frame, written from RFC 6455 §5.2.
func readClientFrame(t testing.TB, in []byte) (clientFrame, int) {
	t.Helper()
	if in[0]&0x70 != 0 || in[1]&0x80 == 0 {
		t.Fatalf("frame header % x: reserved bits set or not masked", in[:2])
	}
	n, head := int(in[1]&0x7f), 2
	switch n {
	case 126:
		n, head = int(binary.BigEndian.Uint16(in[2:])), 4
	case 127:
		t.Fatal("a frame of this test never needs 64 bits of length")
	}
	key, payload := in[head:head+4], bytes.Clone(in[head+4:head+4+n])
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	return clientFrame{in[0] & 0x0f, payload}, head + 4 + n
}
