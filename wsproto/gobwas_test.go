package wsproto_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"orderwire/wsproto"
)

// gobwasServer echoes over one end of a pipe: each message in two fragments with a ping between them. It returns the code
// that it was closed with.
func gobwasServer(conn net.Conn) (code ws.StatusCode, err error) {
	upgrader := ws.Upgrader{Protocol: func(name []byte) bool { return string(name) == "v1" }}
	if _, err := upgrader.Upgrade(conn); err != nil {
		return 0, fmt.Errorf("upgrade: %w", err)
	}
	reader := wsutil.Reader{Source: conn, State: ws.StateServerSide, CheckUTF8: true}
	for {
		header, err := reader.NextFrame()
		if err != nil {
			return 0, fmt.Errorf("frame: %w", err)
		}
		payload, err := io.ReadAll(&reader)
		if err != nil {
			return 0, fmt.Errorf("payload: %w", err)
		}
		switch header.OpCode {
		case ws.OpPong:
			return 0, errors.New("pong that was not asked for")
		case ws.OpClose:
			code, reason := ws.ParseCloseFrameData(payload)
			if err := ws.CheckCloseFrameData(code, reason); err != nil {
				return 0, err
			}
			return code, writeFrame(conn, ws.NewCloseFrame(payload))
		}
		if err := echoAroundPing(conn, header.OpCode, payload); err != nil {
			return 0, err
		}
	}
}

// echoAroundPing writes the first half, a ping, waits for its pong, and writes the rest: the pong must come while the
// message is still open (RFC 6455 §5.5.2).
func echoAroundPing(conn net.Conn, opcode ws.OpCode, payload []byte) error {
	half := len(payload) / 2
	ask := []byte(fmt.Sprintf("%d bytes\xff", len(payload)))
	for _, frame := range []ws.Frame{ws.NewFrame(opcode, false, payload[:half]), ws.NewPingFrame(ask)} {
		if err := writeFrame(conn, frame); err != nil {
			return err
		}
	}
	pong, err := ws.ReadFrame(conn)
	if err != nil {
		return err
	}
	if pong = ws.UnmaskFrame(pong); pong.Header.OpCode != ws.OpPong || !bytes.Equal(pong.Payload, ask) {
		return fmt.Errorf("pong %v %q, want %q", pong.Header, pong.Payload, ask)
	}
	return writeFrame(conn, ws.NewFrame(ws.OpContinuation, true, payload[half:]))
}

// writeFrame writes a frame in one piece: ws.WriteFrame writes an empty payload by itself, for which a pipe waits for ever.
func writeFrame(conn net.Conn, frame ws.Frame) error {
	compiled, err := ws.CompileFrame(frame)
	if err != nil {
		return err
	}
	_, err = conn.Write(compiled)
	return err
}

// TestAgainstGobwas: handshake, echoes in fragments around a ping, and a close, through a pipe that buffers nothing.
func TestAgainstGobwas(t *testing.T) {
	ours, theirs := net.Pipe()
	type ending struct {
		code ws.StatusCode
		err  error
	}
	ended := make(chan ending, 1)
	go func() {
		code, err := gobwasServer(theirs)
		ended <- ending{code, errors.Join(err, theirs.Close())}
	}()
	p, subprotocol, err := join(ours, &wsproto.Upgrade{Host: "pipe", Path: "/", Subprotocols: []string{"v1"}})
	if err != nil || subprotocol != "v1" {
		t.Fatalf("upgrade: %v, subprotocol %q", err, subprotocol)
	}
	var pings int
	p.talk(t, &pings)
	if got, err := p.hangUp(3456, "done"); err != nil || got != bye(3456, "done") {
		t.Fatalf("close: %v, %v", got, err)
	}
	if end := <-ended; end.err != nil || end.code != 3456 || pings != 20 {
		t.Fatalf("the server ended with %+v after %d pings", end, pings)
	}
}

// gobwasHears reads a server's stream with gobwas's reader: what it hears until it fails or the stream ends.
func gobwasHears(in []byte) (events []heard, broken bool) {
	kinds := map[ws.OpCode]wsproto.EventKind{
		ws.OpText: wsproto.EventText, ws.OpBinary: wsproto.EventBinary, ws.OpPing: wsproto.EventPing, ws.OpPong: wsproto.EventPong,
	}
	reader := wsutil.Reader{Source: bytes.NewReader(in), State: ws.StateClientSide, CheckUTF8: true}
	reader.OnIntermediate = func(header ws.Header, body io.Reader) error {
		payload, err := io.ReadAll(body)
		events = append(events, heard{kinds[header.OpCode], 0, string(payload)})
		return err
	}
	for {
		header, err := reader.NextFrame()
		if err != nil {
			return events, !errors.Is(err, io.EOF)
		}
		payload, err := io.ReadAll(&reader)
		if err != nil {
			return events, true
		}
		events = append(events, heard{kinds[header.OpCode], 0, string(payload)})
	}
}

// TestReaderAgreesWithGobwas: on random streams, sound and damaged in ways that both call damage, both hear the same.
func TestReaderAgreesWithGobwas(t *testing.T) {
	random := rand.New(rand.NewPCG(6455, 5))
	sound, damaged := 0, 0
	for range 3000 {
		in := randomStream(random)
		events, broken := gobwasHears(in)
		for _, cut := range []cutter{wholly, randomCuts(random.Uint64(), 50)} {
			got := hear(wsproto.ReaderConfig{MaxMessage: 1 << 12}, in, cut)
			want := outcome{events: events, broken: got.broken, end: got.end}
			if err := got.differs(want); err != nil {
				t.Fatalf("% x: %v", in, err)
			}
			if (got.broken != nil) != broken {
				t.Fatalf("% x: we say %v, gobwas says broken %v", in, got.broken, broken)
			}
		}
		if broken {
			damaged++
		} else {
			sound++
		}
	}
	if sound < 500 || damaged < 500 {
		t.Fatalf("%d sound and %d damaged streams: too few of one", sound, damaged)
	}
}

// randomStream is some messages, whole or in fragments with control frames between, and perhaps one frame at its end that
// breaks a rule.
func randomStream(random *rand.Rand) []byte {
	var in []byte
	chat := func() {
		if random.IntN(2) == 0 {
			in = append(in, control(byte(0x9+random.IntN(2)), sampleBytes(random.IntN(126)))...)
		}
	}
	for range random.IntN(5) {
		opcode, payload := byte(0x1), sampleText(random.IntN(400))
		if random.IntN(2) == 0 {
			opcode, payload = 0x2, sampleBytes(random.IntN(400))
		}
		chat()
		if random.IntN(2) == 0 {
			in = append(in, whole(opcode, payload)...)
			continue
		}
		at := random.IntN(len(payload) + 1)
		in = append(in, first(opcode, payload[:at])...)
		chat()
		in = append(in, middle("")...)
		chat()
		in = append(in, final(payload[at:])...)
	}
	damage := [][]byte{
		nil, nil, nil, nil, nil,
		{0xC1, 0},
		{0xA2, 0},
		{0x90, 0},
		{0x83, 0},
		{0x8B, 0},
		{0x80, 0},
		{0x00, 0},
		{0x09, 0},
		{0x08, 0},
		{0x81, 0x80, 0, 0, 0, 0},
		{0x01, 0, 0x81, 0},
		{0x01, 0, 0x02, 0},
		whole(0x1, "a\xff"), whole(0x1, "\xed\xa0\x80"), whole(0x1, "\xe2\x98"),
		stream(first(0x1, "\xe2"), final("x")),
	}
	return append(in, damage[random.IntN(len(damage))]...)
}
