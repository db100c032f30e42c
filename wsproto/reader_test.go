package wsproto_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"orderwire/wsproto"
)

// TestUnfragmentedIsNotCopied: the payload lies in the caller's bytes and ends its capacity there.
func TestUnfragmentedIsNotCopied(t *testing.T) {
	for _, opcode := range []byte{0x1, 0x2, 0x8, 0x9, 0xA} {
		payload := "\x03\xe8ok"
		if opcode == 0x1 {
			payload = "text"
		}
		in := stream(serverFrame(true, opcode, []byte(payload)), []byte("behind"))
		ev, used, err := wsproto.NewReader(wsproto.ReaderConfig{}).Next(in)
		if err != nil || used != 6 {
			t.Fatalf("opcode %x: used %d, %v", opcode, used, err)
		}
		if &ev.Payload[len(ev.Payload)-1] != &in[5] || cap(ev.Payload) != len(ev.Payload) {
			t.Errorf("opcode %x: payload is a copy, or can grow into what is behind it", opcode)
		}
	}
}

// TestGatherMemoryIsTheCallers: fragments come together in the memory that the config gave.
func TestGatherMemoryIsTheCallers(t *testing.T) {
	gather := make([]byte, 8)
	reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 8, Gather: gather})
	in := stream(first(0x1, "abc"), final("de"))
	_, used, err := reader.Next(in)
	if err != nil || used != 5 {
		t.Fatalf("first fragment: used %d, %v", used, err)
	}
	ev, used, err := reader.Next(in[5:])
	if err != nil || used != 4 || string(ev.Payload) != "abcde" || &ev.Payload[0] != &gather[0] {
		t.Fatalf("message: %q used %d, %v", ev.Payload, used, err)
	}
}

// TestBufferSmallerThanTheMessage: with InPlace, 127 bytes of buffer are enough for any message.
func TestBufferSmallerThanTheMessage(t *testing.T) {
	long := strings.Repeat("€", 40000)
	in := stream(whole(0x1, long), control(0x9, strings.Repeat("p", 125)), whole(0x2, long), whole(0x1, "short"))
	reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: len(long), InPlace: 127})
	var buffer [127]byte
	filled := 0
	var got []heard
	for {
		taken := copy(buffer[filled:], in)
		filled, in = filled+taken, in[taken:]
		ev, used, err := reader.Next(buffer[:filled])
		if err != nil {
			t.Fatal(err)
		}
		if ev.Kind != wsproto.EventNone {
			got = append(got, heard{ev.Kind, ev.Code, string(ev.Payload)})
		}
		filled = copy(buffer[:], buffer[used:filled])
		if used == 0 && taken == 0 {
			break
		}
	}
	want := outcome{events: events(text(long), ping(strings.Repeat("p", 125)), octets(long), text("short"))}
	if err := (outcome{events: got}).differs(want); err != nil || filled != 0 {
		t.Fatalf("%v, %d bytes left", err, filled)
	}
}

// TestFailureIsKnownFromTheHeader: the fewest bytes that show the broken rule are enough, and one fewer is not.
func TestFailureIsKnownFromTheHeader(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []byte
		code uint16
	}{
		{"reserved bit", []byte{0xC1}, 1002},
		{"reserved opcode", []byte{0x83}, 1002},
		{"continuation of nothing", []byte{0x80}, 1002},
		{"fragmented ping", []byte{0x09}, 1002},
		{"mask bit", []byte{0x81, 0x80}, 1002},
		{"long ping", []byte{0x89, 126}, 1002},
		{"close of one byte", []byte{0x88, 1}, 1002},
		{"top bit of the length", []byte{0x82, 127, 0x80}, 1002},
		{"length not minimal", []byte{0x82, 126, 0, 125}, 1002},
		{"1001 bytes", []byte{0x82, 126, 0x03, 0xe9}, 1009},
		{"1 MiB", []byte{0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0}, 1009},
	} {
		t.Run(c.name, func(t *testing.T) {
			reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 1000})
			for to := range c.in {
				if _, used, err := reader.Next(c.in[:to]); used != 0 || err != nil {
					t.Fatalf("%d bytes: used %d, %v", to, used, err)
				}
			}
			_, _, err := reader.Next(c.in)
			var broken *wsproto.ProtocolError
			if !errors.As(err, &broken) || broken.Code != c.code {
				t.Fatalf("%v, want code %d", err, c.code)
			}
		})
	}
}

// TestFirstByteOfEachState walks all 256 first bytes in both states between frames, against the letter of RFC 6455.
func TestFirstByteOfEachState(t *testing.T) {
	for _, inMessage := range []bool{false, true} {
		for b := range 256 {
			reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 100})
			if inMessage {
				if _, used, err := reader.Next(first(0x2, "")); used != 2 || err != nil {
					t.Fatal(used, err)
				}
			}
			_, _, err := reader.Next([]byte{byte(b)})
			if legal := legalFirstByte(byte(b), inMessage); (err == nil) != legal {
				t.Errorf("first byte %#02x, inside a message %v: %v, want legal %v", b, inMessage, err, legal)
			}
		}
	}
}

func legalFirstByte(b byte, inMessage bool) bool {
	if b&0x70 != 0 {
		return false
	}
	final := b >= 0x80
	switch b & 0xf {
	case 0:
		return inMessage
	case 1, 2:
		return !inMessage
	case 8, 9, 10:
		return final
	}
	return false
}

func TestNewReaderPanics(t *testing.T) {
	for name, config := range map[string]wsproto.ReaderConfig{
		"negative limit":    {MaxMessage: -1},
		"negative in place": {InPlace: -1},
		"gather too short":  {MaxMessage: 10, Gather: make([]byte, 9)},
		"gather too long":   {MaxMessage: 10, Gather: make([]byte, 11)},
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, func() { wsproto.NewReader(config) }) })
	}
}

// TestReaderDisobeyed: a caller that gives other bytes than it was asked for gets wrong events, but no panic.
func TestReaderDisobeyed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	in := stream(whole(0x1, strings.Repeat("é", 50)), first(0x1, "é"), control(0x9, "x"), final("é"), whole(0x2, strings.Repeat("x", 300)))
	calls := 0
	for range 2000 {
		reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 1000})
		for range 20 {
			from := random.IntN(len(in) + 1)
			piece := in[from : from+random.IntN(len(in)-from+1)]
			if _, used, _ := reader.Next(piece); used < 0 || used > len(piece) {
				t.Fatalf("used %d of %d", used, len(piece))
			}
			calls++
		}
	}
	if calls != 40000 {
		t.Fatalf("%d calls", calls)
	}
}

// TestSteadyStateAllocates nothing: framing, masks, and each kind of event, in place and gathered.
func TestSteadyStateAllocates(t *testing.T) {
	in := stream(
		whole(0x1, "a text with é"), whole(0x2, strings.Repeat("b", 300)), first(0x1, "frag"), control(0x9, "ping"), middle("é"),
		final("ments"), control(0xA, ""),
	)
	reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 1000})
	heardCount := 0
	allocs := testing.AllocsPerRun(100, func() {
		for rest := in; len(rest) > 0; {
			ev, used, err := reader.Next(rest)
			if err != nil || used == 0 {
				panic("stream not read")
			}
			if ev.Kind != wsproto.EventNone {
				heardCount++
			}
			rest = rest[used:]
		}
	})
	if allocs != 0 || heardCount == 0 {
		t.Errorf("reading allocates %v times for %d events", allocs, heardCount)
	}
	masks := wsproto.NewMasks(&countingSource{budget: -1}, 4)
	buf := make([]byte, wsproto.MaxHeader+300)
	var notice []byte
	allocs = testing.AllocsPerRun(100, func() {
		if err := masks.Fill(); err != nil {
			panic(err)
		}
		wsproto.FrameInPlace(buf, wsproto.MaxHeader, 300, wsproto.OpText, masks.Next())
		notice = wsproto.AppendClose(notice[:0], wsproto.CloseGoingAway, "bye")
	})
	if allocs != 0 {
		t.Errorf("framing allocates %v times", allocs)
	}
}

// TestFailingAllocates nothing either: a peer that breaks rules in a loop of reconnects makes no garbage on the loop.
func TestFailingAllocates(t *testing.T) {
	reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 1000})
	if _, _, err := reader.Next([]byte{0xff}); err == nil {
		t.Fatal("reserved bits pass")
	}
	if allocs := testing.AllocsPerRun(100, func() { _, _, _ = reader.Next([]byte{0xff}) }); allocs != 0 {
		t.Errorf("a failed reader allocates %v times", allocs)
	}
}

// TestMaskWordsAgreesWithTheLetter: j = i MOD 4 (RFC 6455 §5.3), at each length and alignment.
func TestMaskWordsAgreesWithTheLetter(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	plain := make([]byte, 300)
	for i := range plain {
		plain[i] = byte(i * 7)
	}
	for size := range 140 {
		for at := range 9 {
			got := bytes.Clone(plain)
			wsproto.MaskWords(got[at:at+size], 0x3d21fa37)
			want := bytes.Clone(plain)
			for i := range size {
				want[at+i] ^= key[i%4]
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("size %d at %d is wrong", size, at)
			}
		}
	}
}

func TestEventKindNames(t *testing.T) {
	got := ""
	for kind := range wsproto.EventKind(7) {
		got += fmt.Sprint(kind, " ")
	}
	if want := "none text binary ping pong close unknown "; got != want {
		t.Fatalf("kinds %q, want %q", got, want)
	}
}
