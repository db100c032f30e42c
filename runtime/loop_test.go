package runtime

import (
	"bytes"
	"errors"
	"io"
	goruntime "runtime"
	"testing"

	"orderwire/orders"
	"orderwire/tlsio/record"
	"orderwire/wsproto"
)

func TestPingIsAnsweredBeforeAnythingElse(t *testing.T) {
	r := newRig(t, 1)
	id := r.mustPush()
	r.heard()
	// A ping inside a fragmented message (RFC 6455 §5.4), whose last part completes an ack.
	ack := ackOf(r.loop.space.Text(id))
	var in []byte
	in = append(in, serverFrame(0x01, []byte(ack[:20]))...)
	in = append(in, serverFrame(0x89, []byte("ping payload"))...)
	in = append(in, serverFrame(0x80, []byte(ack[20:]))...)
	r.port.Feed(r.sock, r.seal(in))
	r.turn()
	frames := r.heard()
	if len(frames) != 1 || frames[0].op != 0xA || string(frames[0].payload) != "ping payload" {
		t.Fatalf("answers %v, want one pong with the same payload", frames)
	}
	if len(r.watch.receipts) != 1 || r.watch.receipts[0].State != orders.Acked {
		t.Errorf("receipts %+v, want the ack that came in fragments", r.watch.receipts)
	}
}

func TestForeignBytesEndTheSessionWithAReason(t *testing.T) {
	for _, row := range []struct {
		name  string
		bytes func(r *rig) []byte
		code  uint16 // of the Close that is sent, 0 for none
		check func(error) bool
	}{
		{"masked server frame", func(r *rig) []byte { return r.seal([]byte{0x81, 0x81, 1, 2, 3, 4, 5}) }, 1002, isProtocol},
		{"reserved bit", func(r *rig) []byte { return r.seal([]byte{0xC1, 0x00}) }, 1002, isProtocol},
		{"bad UTF-8", func(r *rig) []byte { return r.seal(serverFrame(0x81, []byte{0xff})) }, 1007, isProtocol},
		{"message too big", func(r *rig) []byte { return r.seal([]byte{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 1}) }, 1009, isProtocol},
		{"flipped bit", func(r *rig) []byte { b := r.seal(serverFrame(0x81, []byte("{}"))); b[9] ^= 1; return b }, 0, isAlert},
		{"record too long", func(r *rig) []byte { return []byte{23, 3, 3, 0xff, 0xff} }, 0, isAlert},
		{"plain text instead of a record", func(r *rig) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, 0, isAlert},
		{"close", func(r *rig) []byte { return r.seal(serverFrame(0x88, []byte{0x03, 0xE8})) }, 1000, isClosed},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, 1)
			r.port.Feed(r.sock, row.bytes(r))
			for range 3 {
				r.turn()
			}
			if r.session.phase != Ended || !row.check(r.session.cause) {
				t.Fatalf("phase %s, cause %v", r.session.phase, r.session.cause)
			}
			if row.code == 0 {
				return
			}
			frames := r.heard()
			if len(frames) != 1 || frames[0].op != 8 || len(frames[0].payload) < 2 ||
				uint16(frames[0].payload[0])<<8|uint16(frames[0].payload[1]) != row.code {
				t.Errorf("answers %v, want one Close with %d", frames, row.code)
			}
		})
	}
}

func isProtocol(err error) bool { var e *wsproto.ProtocolError; return errors.As(err, &e) }
func isAlert(err error) bool    { var e *record.AlertError; return errors.As(err, &e) }
func isClosed(err error) bool   { var e *wsproto.CloseError; return errors.As(err, &e) }

func TestEndOfStreamInsideAFrame(t *testing.T) {
	r := newRig(t, 1)
	whole := r.seal(serverFrame(0x81, bytes.Repeat([]byte("x"), 50)))
	r.port.Feed(r.sock, whole[:len(whole)-1])
	r.port.End(r.sock, 0)
	for range 3 {
		r.turn()
	}
	if !errors.Is(r.session.cause, io.ErrUnexpectedEOF) {
		t.Errorf("cause %v, want an unexpected end", r.session.cause)
	}
}

func TestKeyUpdateIsAnsweredBeforeTheNextOrder(t *testing.T) {
	r := newRig(t, 1)
	update, err := r.peer.AppendKeyUpdate(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	r.port.Feed(r.sock, update)
	r.turn()
	epoch, _ := r.session.link.Sealer.Gate()
	if epoch == 0 {
		t.Error("our own key was not changed")
	}
	r.mustPush()
	if frames := r.heard(); len(frames) != 1 || frames[0].op != 1 { // heard fails where the order is not under the new key
		t.Errorf("peer read %v, want the order", frames)
	}
}

func TestGluedBytesAreReadAtBirth(t *testing.T) {
	r := newRig(t, 1)
	glued := serverFrame(0x89, []byte("early"))
	r.session.handover = handover{fd: 4, plain: glued[:3], cipher: r.seal(glued[3:])}
	if err := r.loop.glued(r.session, 1); err != nil {
		t.Fatal(err)
	}
	if frames := r.heard(); len(frames) != 1 || string(frames[0].payload) != "early" {
		t.Errorf("answers %v, want the pong to what came with the handshake", frames)
	}
}

func TestHaltDrains(t *testing.T) {
	r := newRig(t, 1)
	id := r.mustPush()
	r.heard()
	r.loop.halt.Store(true)
	r.turn()
	if _, outcome := r.push(); outcome != orders.NotLive {
		t.Errorf("push after halt: %s", outcome)
	}
	r.turn()
	if frames := r.heard(); len(frames) != 0 {
		t.Errorf("sent %v although an ack is still to come", frames)
	}
	r.ack(id)
	r.turn()
	r.turn()
	if frames := r.heard(); len(frames) != 1 || frames[0].op != 8 {
		t.Errorf("sent %v, want a Close once every order is answered", frames)
	}
	if len(r.watch.receipts) != 1 {
		t.Errorf("receipts %+v, want the ack that came while draining", r.watch.receipts)
	}
	r.clock.now += drainNanos + 1
	r.turn()
	r.turn()
	if !errors.Is(r.session.cause, ErrStopped) {
		t.Errorf("cause %v, want that it was stopped", r.session.cause)
	}
}

func TestPhases(t *testing.T) {
	legal := map[[2]Phase]bool{
		{Cold, Connecting}: true, {Connecting, Live}: true, {Connecting, Ended}: true, {Live, Draining}: true,
		{Live, Ended}: true, {Draining, Ended}: true, {Ended, Connecting}: true,
	}
	for from := Cold; from <= Ended; from++ {
		for to := Cold; to <= Ended; to++ {
			p, refused := from, false
			func() {
				defer func() { refused = recover() != nil }()
				p.advance(to)
			}()
			if refused == legal[[2]Phase{from, to}] {
				t.Errorf("%s to %s: refused %t", from, to, refused)
			}
		}
	}
}

func TestQueue(t *testing.T) {
	q := newQueue[int](3) // rounded up to 4
	for round := range 5 {
		for i := range 4 {
			if v := round*10 + i; !q.put(&v) {
				t.Fatalf("round %d: no room for value %d", round, i)
			}
		}
		if v := 99; q.put(&v) {
			t.Fatal("a fifth value found room in four places")
		}
		for i := range 4 {
			var v int
			if !q.take(&v) || v != round*10+i {
				t.Fatalf("round %d: took %d, want %d", round, v, round*10+i)
			}
		}
		if v := 0; q.take(&v) {
			t.Fatal("an empty queue gave a value")
		}
	}
}

func TestQueueBetweenGoroutines(t *testing.T) {
	q := newQueue[int](64)
	const n = 100_000
	go func() {
		for i := range n {
			for !q.put(&i) {
				goruntime.Gosched()
			}
		}
	}()
	for want := range n {
		var got int
		for !q.take(&got) {
			goruntime.Gosched()
		}
		if got != want {
			t.Fatalf("took %d, want %d", got, want)
		}
	}
}
