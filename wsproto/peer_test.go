package wsproto_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"orderwire/wsproto"
)

// peer is a blocking client made of the room's functions over a connection: the smallest one that can be made.
type peer struct {
	conn   net.Conn
	reader *wsproto.Reader
	masks  *wsproto.Masks
	in     []byte // receive buffer
	from   int
	to     int
	out    []byte
}

const peerLimit = 1 << 20

// join opens a WebSocket over conn and gives the upgrade's subprotocol.
func join(conn net.Conn, upgrade *wsproto.Upgrade) (*peer, string, error) {
	p := &peer{
		conn:   conn,
		reader: wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: peerLimit}),
		masks:  wsproto.NewMasks(rand.Reader, 64),
		in:     make([]byte, peerLimit+wsproto.MaxHeader),
	}
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, "", err
	}
	request, err := upgrade.AppendRequest(nil, nonce)
	if err != nil {
		return nil, "", err
	}
	if _, err := conn.Write(request); err != nil {
		return nil, "", err
	}
	reply := wsproto.NewUpgradeReader(upgrade, nonce)
	for {
		done, used, err := reply.Next(p.in[p.from:p.to])
		p.from += used
		if done || err != nil {
			return p, reply.Subprotocol(), err
		}
		if err := p.receive(); err != nil {
			return nil, "", errors.Join(err, reply.End())
		}
	}
}

func (p *peer) receive() error {
	p.to = copy(p.in, p.in[p.from:p.to])
	p.from = 0
	n, err := p.conn.Read(p.in[p.to:])
	p.to += n
	if n > 0 {
		return nil
	}
	return err
}

func (p *peer) send(op wsproto.Opcode, payload string) error {
	if p.masks.Left() == 0 {
		if err := p.masks.Fill(); err != nil {
			return err
		}
	}
	p.out = append(append(p.out[:0], make([]byte, wsproto.MaxHeader)...), payload...)
	from, size := wsproto.FrameInPlace(p.out, wsproto.MaxHeader, len(payload), op, p.masks.Next())
	_, err := p.conn.Write(p.out[from : from+size])
	return err
}

// next is the next message or close; pings are answered on the way and counted.
func (p *peer) next(pings *int) (heard, error) {
	for {
		ev, used, err := p.reader.Next(p.in[p.from:p.to])
		if err != nil {
			return heard{}, err
		}
		p.from += used
		switch {
		case ev.Kind == wsproto.EventPing:
			*pings++
			if err := p.send(wsproto.OpPong, string(ev.Payload)); err != nil {
				return heard{}, err
			}
		case ev.Kind != wsproto.EventNone && ev.Kind != wsproto.EventPong:
			return heard{ev.Kind, ev.Code, string(ev.Payload)}, nil
		case used == 0:
			if err := p.receive(); err != nil {
				return heard{}, errors.Join(err, p.reader.End())
			}
		}
	}
}

// talk echoes messages of all the sizes that matter through a server that answers in its own way, and then closes.
func (p *peer) talk(t *testing.T, pings *int) {
	t.Helper()
	for _, size := range []int{0, 1, 125, 126, 127, 4096, 65535, 65536, 70000, peerLimit - 3} {
		for _, op := range []wsproto.Opcode{wsproto.OpText, wsproto.OpBinary} {
			payload := sampleText(size)
			want := text(payload)
			if op == wsproto.OpBinary {
				payload = sampleBytes(size)
				want = octets(payload)
			}
			if err := p.send(op, payload); err != nil {
				t.Fatalf("opcode %d of %d bytes: %v", op, size, err)
			}
			got, err := p.next(pings)
			if err != nil {
				t.Fatalf("opcode %d of %d bytes: %v", op, size, err)
			}
			if got != want {
				t.Fatalf("opcode %d of %d bytes: heard %v", op, size, got)
			}
		}
	}
}

// sampleText is UTF-8 of exactly size bytes with runes of all lengths in it.
func sampleText(size int) string {
	var out []byte
	for len(out) < size {
		out = append(out, "aé☃\U0001f433"[:]...)
	}
	for cut := size; cut >= 0; cut-- {
		if firstBad(out[:cut]) < 0 {
			return string(out[:cut]) + "xxx"[:size-cut]
		}
	}
	return ""
}

func sampleBytes(size int) string {
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(i*7 + i>>8)
	}
	return string(out)
}

// hangUp sends a Close and wants the server's own, then the end of the stream.
func (p *peer) hangUp(code uint16, reason string) (heard, error) {
	if err := p.send(wsproto.OpClose, string(wsproto.AppendClose(nil, code, reason))); err != nil {
		return heard{}, err
	}
	var pings int
	got, err := p.next(&pings)
	if err != nil {
		return heard{}, err
	}
	if got.kind != wsproto.EventClose {
		return got, fmt.Errorf("heard %v, want a close", got)
	}
	for {
		if err := p.receive(); err != nil {
			if !errors.Is(err, io.EOF) {
				return got, err
			}
			return got, p.reader.End()
		}
	}
}
