package wsproto_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"orderwire/wsproto"
)

// TestFrameInPlace frames each interesting size and reads the frame back by the letter of RFC 6455 §5.2.
func TestFrameInPlace(t *testing.T) {
	mask := [4]byte{0x01, 0x80, 0xfe, 0x7f}
	for _, size := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 125, 126, 127, 300, 65535, 65536, 70001} {
		for _, at := range []int{wsproto.MaxHeader, wsproto.MaxHeader + 1, 64} {
			payload := make([]byte, size)
			if _, err := rand.Read(payload); err != nil {
				t.Fatal(err)
			}
			buf := append(append(bytes.Repeat([]byte{0xdb}, at), payload...), 0xdb, 0xdb, 0xdb)
			from, length := wsproto.FrameInPlace(buf, at, size, wsproto.OpBinary, mask)
			if err := checkClientFrame(buf[from:from+length], 0x82, payload, mask); err != nil {
				t.Fatalf("size %d at %d: %v", size, at, err)
			}
			if from+length != at+size || bytes.Count(buf[:from], []byte{0xdb}) != from || !bytes.HasSuffix(buf, []byte{0xdb, 0xdb, 0xdb}) {
				t.Fatalf("size %d at %d: bytes outside of the frame were touched", size, at)
			}
		}
	}
}

// checkClientFrame reads a frame independently of the code.
func checkClientFrame(frame []byte, firstByte byte, payload []byte, mask [4]byte) error {
	if frame[0] != firstByte || frame[1]&0x80 == 0 {
		return fmt.Errorf("starts with % x", frame[:2])
	}
	head, size := 2, uint64(frame[1]&0x7f)
	switch size {
	case 126:
		head, size = 4, uint64(binary.BigEndian.Uint16(frame[2:]))
		if size < 126 {
			return errors.New("length not minimal")
		}
	case 127:
		head, size = 10, binary.BigEndian.Uint64(frame[2:])
		if size < 1<<16 {
			return errors.New("length not minimal")
		}
	}
	if size != uint64(len(payload)) || len(frame) != head+4+len(payload) || !bytes.Equal(frame[head:head+4], mask[:]) {
		return fmt.Errorf("length %d, mask % x", size, frame[head:head+4])
	}
	for i, b := range frame[head+4:] {
		if b^mask[i%4] != payload[i] {
			return fmt.Errorf("payload byte %d is wrong", i)
		}
	}
	return nil
}

func TestFrameInPlaceOpcodes(t *testing.T) {
	for opcode, want := range map[wsproto.Opcode]byte{
		wsproto.OpText: 0x81, wsproto.OpBinary: 0x82, wsproto.OpClose: 0x88, wsproto.OpPing: 0x89, wsproto.OpPong: 0x8a,
	} {
		buf := make([]byte, wsproto.MaxHeader+125)
		from, _ := wsproto.FrameInPlace(buf, wsproto.MaxHeader, 125, opcode, [4]byte{})
		if buf[from] != want {
			t.Errorf("opcode %x: first byte %x, want %x", opcode, buf[from], want)
		}
	}
}

func TestFrameInPlacePanics(t *testing.T) {
	for _, c := range []struct {
		name  string
		at, n int
		op    wsproto.Opcode
	}{
		{"no head room", wsproto.MaxHeader - 1, 1, wsproto.OpText},
		{"negative size", wsproto.MaxHeader, -1, wsproto.OpText},
		{"past the end", wsproto.MaxHeader, 200, wsproto.OpText},
		{"start past the end", 400, 0, wsproto.OpText},
		{"long ping", wsproto.MaxHeader, 126, wsproto.OpPing},
		{"continuation", wsproto.MaxHeader, 1, wsproto.OpContinuation},
		{"reserved opcode", wsproto.MaxHeader, 1, 0x3},
		{"opcode with flags", wsproto.MaxHeader, 1, 0x81},
	} {
		t.Run(c.name, func(t *testing.T) {
			mustPanic(t, func() { wsproto.FrameInPlace(make([]byte, wsproto.MaxHeader+130), c.at, c.n, c.op, [4]byte{}) })
		})
	}
}

func mustPanic(t *testing.T, broken func()) {
	t.Helper()
	defer func() {
		if said, ok := recover().(string); !ok || !strings.HasPrefix(said, "wsproto: ") {
			t.Errorf("panic says %v, want the room's words", said)
		}
	}()
	broken()
}

// countingSource hands out the numbers 1, 2, 3 ... as keys, so that a key that comes twice is seen.
type countingSource struct {
	next   uint32
	budget int // bytes until it fails; -1 for ever
}

var errSource = errors.New("no entropy")

func (s *countingSource) Read(p []byte) (int, error) {
	if s.budget == 0 {
		return 0, errSource
	}
	n := len(p)
	if s.budget > 0 {
		n = min(n, s.budget)
		s.budget -= n
	}
	for i := 0; i+4 <= n; i += 4 {
		s.next++
		binary.LittleEndian.PutUint32(p[i:], s.next)
	}
	return n, nil
}

// TestMasksHandOutEachKeyOnce: the source's keys come in order, none twice and none left out, over many turns of the ring.
func TestMasksHandOutEachKeyOnce(t *testing.T) {
	masks := wsproto.NewMasks(&countingSource{budget: -1}, 7)
	if masks.Left() != 0 {
		t.Fatalf("a new pool has %d keys, want none before Fill", masks.Left())
	}
	want := uint32(0)
	for turn := range 50 {
		if err := masks.Fill(); err != nil || masks.Left() != 7 {
			t.Fatalf("Fill: %v, left %d", err, masks.Left())
		}
		for range 1 + turn%7 {
			want++
			if key := masks.Next(); binary.LittleEndian.Uint32(key[:]) != want {
				t.Fatalf("turn %d: key % x, want number %d", turn, key, want)
			}
		}
	}
}

func TestMasksFillFails(t *testing.T) {
	for budget, want := range map[int]error{0: errSource, 1: errSource, 27: errSource} {
		masks := wsproto.NewMasks(&countingSource{budget: budget}, 7)
		if err := masks.Fill(); !errors.Is(err, want) || masks.Left() != 0 {
			t.Errorf("budget %d: %v, left %d, want %v and none", budget, err, masks.Left(), want)
		}
	}
	masks := wsproto.NewMasks(strings.NewReader("1234567"), 2)
	if err := masks.Fill(); !errors.Is(err, io.ErrUnexpectedEOF) || masks.Left() != 0 {
		t.Errorf("short source: %v, left %d", err, masks.Left())
	}
	full := wsproto.NewMasks(&countingSource{budget: 28}, 7)
	if err := errors.Join(full.Fill(), full.Fill()); err != nil {
		t.Errorf("a full pool reads again: %v", err)
	}
}

func TestMasksPanics(t *testing.T) {
	mustPanic(t, func() { wsproto.NewMasks(rand.Reader, 0) })
	mustPanic(t, func() { wsproto.NewMasks(nil, 1) })
	mustPanic(t, func() { wsproto.NewMasks(rand.Reader, 1).Next() })
}
