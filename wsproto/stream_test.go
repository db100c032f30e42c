package wsproto_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"orderwire/wsproto"
)

// serverFrame writes one unmasked frame with the shortest length form. It shares no code with what it tests.
func serverFrame(final bool, opcode byte, payload []byte) []byte {
	first := opcode
	if final {
		first |= 0x80
	}
	var frame []byte
	switch n := len(payload); {
	case n < 126:
		frame = []byte{first, byte(n)}
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64([]byte{first, 127}, uint64(n))
	}
	return append(frame, payload...)
}

// heard is one event as a value.
type heard struct {
	kind    wsproto.EventKind
	code    uint16
	payload string
}

func (h heard) String() string {
	if len(h.payload) > 40 {
		return fmt.Sprintf("%v(%d, %q... %d bytes)", h.kind, h.code, h.payload[:40], len(h.payload))
	}
	return fmt.Sprintf("%v(%d, %q)", h.kind, h.code, h.payload)
}

// outcome is all that a reader made of a stream.
type outcome struct {
	events []heard
	broken error // from Next
	end    error // from End, after the last byte
	abuse  error // the reader broke its own contract
}

// differs names the first difference between two outcomes of the same bytes.
func (o outcome) differs(want outcome) error {
	if o.abuse != nil {
		return o.abuse
	}
	for i := range max(len(o.events), len(want.events)) {
		switch {
		case i >= len(o.events):
			return fmt.Errorf("event %d is missing, want %v (broken: %v)", i, want.events[i], o.broken)
		case i >= len(want.events):
			return fmt.Errorf("event %d is %v, want none", i, o.events[i])
		case o.events[i] != want.events[i]:
			return fmt.Errorf("event %d is %v, want %v", i, o.events[i], want.events[i])
		}
	}
	if fmt.Sprint(o.broken) != fmt.Sprint(want.broken) {
		return fmt.Errorf("broken: %v, want %v", o.broken, want.broken)
	}
	if fmt.Sprint(o.end) != fmt.Sprint(want.end) {
		return fmt.Errorf("end: %v, want %v", o.end, want.end)
	}
	return nil
}

// cutter says how many bytes come next.
type cutter func() int

func wholly() int   { return 1 << 30 }
func bytewise() int { return 1 }

func randomCuts(seed uint64, longest int) cutter {
	random := rand.New(rand.NewPCG(seed, 6455))
	return func() int { return 1 + random.IntN(longest) }
}

// hear feeds the stream in the given cuts and keeps what Next left, as a receive buffer would.
func hear(config wsproto.ReaderConfig, stream []byte, cut cutter) (o outcome) {
	reader := wsproto.NewReader(config)
	from, to := 0, 0
	for {
		ev, used, err := reader.Next(stream[from:to])
		switch {
		case err != nil:
			o.broken, o.end = err, reader.End()
			if _, again, still := reader.Next(stream[from:to]); again != 0 || still != err {
				o.abuse = fmt.Errorf("after %v the reader says %v", err, still)
			}
			return o
		case used < 0 || used > to-from:
			o.abuse = fmt.Errorf("used %d of %d bytes", used, to-from)
			return o
		case used == 0 && ev.Kind != wsproto.EventNone:
			o.abuse = fmt.Errorf("event %v without bytes", ev.Kind)
			return o
		}
		from += used
		if ev.Kind != wsproto.EventNone {
			o.events = append(o.events, heard{ev.Kind, ev.Code, string(ev.Payload)})
		}
		if used == 0 {
			if to == len(stream) {
				o.end = reader.End()
				return o
			}
			to += min(cut(), len(stream)-to)
		}
	}
}
