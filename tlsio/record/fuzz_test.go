package record_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"orderwire/tlsio/record"
)

// fixedKeys are known, so that a found input replays.
func fixedKeys(suite record.Suite) record.Keys {
	k := record.Keys{Version: versionOf(suite), Suite: suite}
	if k.Version == record.TLS13 {
		k.Secret = bytes.Repeat([]byte{7}, suite.Hash()().Size())
		return k
	}
	k.Key, k.IV = bytes.Repeat([]byte{7}, suite.KeyLen()), []byte{7, 1, 2, 3}
	return k
}

func fixedSealer(tb testing.TB, suite record.Suite) *record.Sealer {
	tb.Helper()
	s, err := record.NewSealer(fixedKeys(suite))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func fixedOpener(tb testing.TB, suite record.Suite) *record.Opener {
	tb.Helper()
	o, err := record.NewOpener(fixedKeys(suite))
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// script builds a stream of records from fuzz bytes: mostly valid ones, then damage.
func script(tb testing.TB, suite record.Suite, plan []byte) (stream []byte) {
	tb.Helper()
	server := fixedSealer(tb, suite)
	take := func() byte {
		if len(plan) == 0 {
			return 0
		}
		b := plan[0]
		plan = plan[1:]
		return b
	}
	for range 40 {
		if len(plan) == 0 {
			break
		}
		op, size := take(), int(take())
		text := plan[:min(size, len(plan))]
		switch op % 10 {
		case 0, 1:
			stream = append(stream, server.SealRaw(record.TypeApplicationData, text, int(op))...)
		case 2:
			stream = append(stream, server.SealRaw(record.TypeHandshake, text, 0)...)
		case 3:
			stream = append(stream, server.SealRaw(record.TypeHandshake, goodTicket[:min(size, len(goodTicket))], 0)...)
		case 4:
			stream = append(stream, server.SealRaw(record.TypeHandshake, goodTicket[min(size, len(goodTicket)):], 3)...)
		case 5:
			stream = append(stream, server.SealRaw(record.TypeAlert, []byte{1, take()}, 0)...)
		case 6:
			stream = append(stream, server.SealRaw(take(), text, 0)...)
		case 7:
			if versionOf(suite) == record.TLS13 {
				rec, err := server.AppendKeyUpdate(nil, size%2 == 0)
				if err != nil {
					tb.Fatal(err)
				}
				stream = append(stream, rec...)
			}
		case 8:
			if len(stream) > 0 {
				stream[int(binary.BigEndian.Uint16([]byte{take(), take()}))%len(stream)] ^= byte(size)
			}
		case 9:
			stream = append(stream, text...)
		}
	}
	return stream
}

// drain reads a stream that arrives in pieces whose sizes cuts gives, and writes down all that came of it.
func drain(tb testing.TB, client *record.Opener, stream, cuts []byte) []string {
	tb.Helper()
	var log []string
	var buf []byte
	for first := true; len(stream) > 0 || first; first = false {
		n := len(stream)
		if len(cuts) > 0 {
			n, cuts = min(n, 1+int(cuts[0])), append(cuts[1:], cuts[0])
		}
		buf, stream = append(buf, stream[:n]...), stream[n:]
		for {
			ev, used, err := client.Next(buf)
			if err != nil {
				var alert *record.AlertError
				if !errors.As(err, &alert) {
					tb.Fatalf("an error without an alert: %v", err)
				}
				return append(log, err.Error())
			}
			if used < 0 || used > len(buf) || used == 0 && ev.Kind != record.EventNone {
				tb.Fatalf("used %d of %d bytes for %v", used, len(buf), ev.Kind)
			}
			if used == 0 || client.End() == nil && len(log) > 0 && ev.Kind == record.EventNone {
				break
			}
			if ev.Kind != record.EventNone {
				log = append(log, fmt.Sprintf("%v %v %x", ev.Kind, ev.Respond, ev.Data))
			}
			buf = buf[used:]
		}
	}
	return log
}

// FuzzOpen: no bytes of a peer crash the opener, and what they say does not depend on how they are cut.
func FuzzOpen(f *testing.F) {
	f.Add(byte(0), []byte{0, 5, 'h', 'e', 'l', 'l', 'o', 7, 0, 1, 3, 'a', 'b', 'c', 5, 0, 0}, []byte{1})
	f.Add(byte(1), []byte{3, 9, 4, 9, 0, 1, 'x', 8, 1, 0, 7}, []byte{0})
	f.Add(byte(4), []byte{0, 3, 'a', 'b', 'c', 2, 4, 0, 0, 0, 0}, []byte{200, 3})
	f.Add(byte(7), []byte{9, 6, 23, 3, 3, 0, 1, 0}, []byte{2})
	suites := []record.Suite{
		record.AES128GCM, record.AES256GCM, record.ChaCha20Poly1305, record.ECDHERSAAES128GCM, record.ECDHEECDSAAES256GCM,
	}
	f.Fuzz(func(t *testing.T, which byte, plan, cuts []byte) {
		suite := suites[int(which)%len(suites)]
		stream := script(t, suite, plan)
		whole := drain(t, fixedOpener(t, suite), stream, nil)
		pieces := drain(t, fixedOpener(t, suite), stream, append([]byte(nil), cuts...))
		if fmt.Sprint(whole) != fmt.Sprint(pieces) {
			t.Fatalf("whole:  %v\npieces: %v", whole, pieces)
		}
	})
}

// FuzzReassembly: handshake messages are the same messages however they are cut into records.
func FuzzReassembly(f *testing.F) {
	f.Add(append(append([]byte(nil), goodTicket...), goodTicket...), []byte{7})
	f.Add(longer(goodTicket), []byte{0})
	f.Add([]byte{4, 0, 0x7f, 0xfc}, []byte{1, 2})
	f.Add([]byte{24, 0, 0, 1, 0}, []byte{3})
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		if len(stream) > 1<<16 {
			t.Skip("longer than the property needs")
		}
		if bytes.IndexByte(stream, 24) >= 0 {
			t.Skip("a KeyUpdate must end its record, so the cut matters there")
		}
		one, oneErr := reassemble(t, stream, []byte{255, 255})
		two, twoErr := reassemble(t, stream, append([]byte(nil), cuts...)) // it turns them round
		if oneErr != twoErr {
			t.Fatalf("large pieces: %q, pieces of %v: %q", oneErr, cuts, twoErr)
		}
		if oneErr == "" && !bytes.Equal(one, two) {
			t.Fatalf("tickets differ: %x and %x", one, two)
		}
	})
}

func reassemble(tb testing.TB, stream, cuts []byte) (tickets []byte, failure string) {
	tb.Helper()
	client, server := fixedOpener(tb, record.AES128GCM), fixedSealer(tb, record.AES128GCM)
	for len(stream) > 0 {
		n := len(stream)
		if len(cuts) > 0 {
			n, cuts = min(n, 1+16*int(cuts[0])), append(cuts[1:], cuts[0])
		}
		n = min(n, record.MaxPlaintext)
		ev, _, err := client.Next(server.SealRaw(record.TypeHandshake, stream[:n], 0))
		if err != nil {
			return tickets, err.Error()
		}
		tickets, stream = append(tickets, ev.Data...), stream[n:]
	}
	return tickets, ""
}
