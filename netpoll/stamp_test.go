package netpoll_test

import (
	"testing"

	"orderwire/netpoll"
)

// TestStampsFindTheirRecords dates every third of many records, some of which are cut short, and finds each
// date by its key, between the moments before the send and after the peer had read it.
func TestStampsFindTheirRecords(t *testing.T) {
	onEach(t, netpoll.PortConfig{}, 128, 4096, func(t *testing.T, r *rig) {
		clock := netpoll.NewMonoClock()
		stamper, ok := r.port.(netpoll.Stamper)
		if !ok {
			t.Skipf("%s cannot date", r.port.Backend())
		}
		fd, peer := pair(t, netpoll.SocketOptions{})
		s := r.attach(fd, 5)
		if err := stamper.Watch(s); err != nil {
			t.Fatal(err)
		}
		type span struct{ from, to int64 }
		spans := map[uint32]span{}
		buf := make([]byte, 4096)
		for i := range 60 {
			size := 100 + i*50
			var slot netpoll.Slot
			until(t, "a slot", func() bool {
				r.turn()
				taken, ok := r.arena.Take()
				slot = taken
				return ok
			})
			before := clock.Now()
			key := uint32(0)
			if i%3 == 0 {
				key = stamper.SendStamped(s, slot, 0, size)
			} else {
				r.port.Send(s, slot, 0, size)
			}
			r.port.Submit()
			r.read(peer, buf[:size])
			if i%3 == 0 {
				spans[key] = span{before, clock.Now()}
			}
		}
		var out [8]netpoll.Stamp
		until(t, "a date for each dated record", func() bool {
			r.turn()
			for _, stamp := range out[:stamper.Stamps(out[:])] {
				span, ok := spans[stamp.Key]
				if !ok {
					t.Errorf("a date for a record that is none: %+v", stamp)
				}
				delete(spans, stamp.Key)
				// The kernel tells realtime, which is mapped through two readings: a few us of error.
				const slack = 1_000_000
				if stamp.At < span.from-slack || stamp.At > span.to+slack || stamp.Session != 5 || stamp.Sock != s {
					t.Errorf("date %d is outside %d..%d: %+v", stamp.At, span.from, span.to, stamp)
				}
			}
			return len(spans) == 0
		})
		if n := stamper.Stamps(out[:]); n != 0 {
			t.Errorf("%d dates too many", n)
		}
		if n := r.port.Unsent(s); n != 0 {
			t.Errorf("unsent %d", n)
		}
	})
}

func TestReceivesAreDated(t *testing.T) {
	onEach(t, netpoll.PortConfig{ReceiveStampEvery: 1}, 128, 4096, func(t *testing.T, r *rig) {
		clock := netpoll.NewMonoClock()
		stamper, ok := r.port.(netpoll.Stamper)
		if !ok {
			t.Skipf("%s cannot date", r.port.Backend())
		}
		fd, peer := pair(t, netpoll.SocketOptions{})
		s := r.attach(fd, 5)
		if err := stamper.Watch(s); err != nil {
			t.Fatal(err)
		}
		dateless := false
		if ring, ok := r.port.(*netpoll.Ring); ok {
			dateless = !ring.Features().BufferRing
		}
		dated, at := 0, 0
		until(t, "a dated receive", func() bool { // the kernel turns dating on in the background, some time after Watch
			before := clock.Now()
			if _, err := peer.Write(pattern(at, 100)); err != nil {
				t.Fatal(err)
			}
			at += 100
			var out [4]netpoll.Completion
			until(t, "the bytes", func() bool {
				n := r.port.Reap(out[:])
				for _, c := range out[:n] {
					r.got[s] = append(r.got[s], r.arena.Bytes(c.Slot)[c.From:c.To]...)
					r.arena.Put(c.Slot)
					const slack = 1_000_000
					if c.Kernel == 0 {
						continue
					}
					if dated++; c.Kernel < before-slack || c.Kernel > clock.Now()+slack {
						t.Errorf("received at %d, outside %d..%d", c.Kernel, before, clock.Now())
					}
				}
				return len(r.got[s]) >= at
			})
			return dated > 3 || dateless && at > 3000
		})
		if dateless && dated > 0 {
			t.Errorf("%d dates from a ring without RECVMSG", dated)
		}
		for i := 0; i < at; i += 100 {
			if string(r.got[s][i:i+100]) != string(pattern(i, 100)) {
				t.Fatalf("other bytes than were sent at %d", i)
			}
		}
		_ = peer.Close()
		until(t, "the end of the stream", func() bool { r.turn(); return r.ended[s] })
		if r.errno[s] != 0 {
			t.Errorf("ended with %v", r.errno[s])
		}
	})
}

// FuzzControl reads control messages of any shape.
func FuzzControl(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 256))
	f.Add([]byte{64, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 37, 0, 0, 0})
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 37, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		wall, _, _, sent := netpoll.ReadControl(b)
		if len(b) < 16 && (wall != 0 || sent) {
			t.Errorf("found a date in %d bytes", len(b))
		}
		if from, _ := netpoll.ReadDated(b); from > len(b) || from < 0 {
			t.Errorf("the stream begins at %d of %d bytes", from, len(b))
		}
	})
}
