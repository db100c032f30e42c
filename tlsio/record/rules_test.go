package record_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"orderwire/tlsio/record"
)

// ticket builds a NewSessionTicket message.
func ticket(lifetimeSeconds uint32, nonce, label, extensions []byte) []byte {
	body := binary.BigEndian.AppendUint32(nil, lifetimeSeconds)
	body = binary.BigEndian.AppendUint32(body, 0x01020304)
	body = append(append(body, byte(len(nonce))), nonce...)
	body = append(binary.BigEndian.AppendUint16(body, uint16(len(label))), label...)
	body = append(binary.BigEndian.AppendUint16(body, uint16(len(extensions))), extensions...)
	return append([]byte{4, 0, byte(len(body) >> 8), byte(len(body))}, body...)
}

var (
	goodTicket = ticket(3600, []byte{0, 1}, []byte("opaque ticket"), []byte{0, 42, 0, 4, 0, 0, 1, 0})
	updateOnly = []byte{24, 0, 0, 1, 0}
	updateBoth = []byte{24, 0, 0, 1, 1}
)

// play seals raw records from the server, one after the other, and returns what the client makes of them.
func play(tb testing.TB, suite record.Suite, records ...func(*record.Link) []byte) (events []record.Event, err error) {
	tb.Helper()
	client, server := pair(tb, suite)
	for _, make := range records {
		rec := make(server)
		ev, used, err := client.Next(rec)
		if err != nil {
			return events, err
		}
		if used != len(rec) {
			tb.Fatalf("used %d of %d bytes", used, len(rec))
		}
		ev.Data = append([]byte(nil), ev.Data...)
		events = append(events, ev)
	}
	return events, nil
}

func raw(contentType byte, text []byte) func(*record.Link) []byte {
	return func(l *record.Link) []byte { return l.SealRaw(contentType, text, 0) }
}

func times(n int, one func(*record.Link) []byte) []func(*record.Link) []byte {
	list := make([]func(*record.Link) []byte, n)
	for i := range list {
		list[i] = one
	}
	return list
}

func keyUpdate(request bool) func(*record.Link) []byte {
	return func(l *record.Link) []byte {
		rec, err := l.AppendKeyUpdate(nil, request)
		if err != nil {
			panic(err)
		}
		return rec
	}
}

func TestRefusals(t *testing.T) {
	type step = func(*record.Link) []byte
	data := raw(record.TypeApplicationData, []byte("data"))
	rows := []struct {
		name    string
		suite   record.Suite
		records []step
		alert   uint8
	}{
		{"1.3 inner padding only", record.AES128GCM, []step{func(l *record.Link) []byte { return l.SealInner(make([]byte, 5)) }}, record.AlertUnexpectedMessage},
		{"1.3 empty inner text", record.AES128GCM, []step{func(l *record.Link) []byte { return l.SealInner(nil) }}, record.AlertUnexpectedMessage},
		{"1.3 inner text too long", record.AES128GCM, []step{func(l *record.Link) []byte {
			return l.SealInner(append(bytes.Repeat([]byte{1}, record.MaxPlaintext+1), record.TypeApplicationData))
		}}, record.AlertRecordOverflow},
		{"1.3 sealed ChangeCipherSpec", record.AES128GCM, []step{raw(record.TypeChangeCipherSpec, []byte{1})}, record.AlertUnexpectedMessage},
		{"1.3 plain ChangeCipherSpec", record.AES128GCM, []step{func(*record.Link) []byte { return []byte{20, 3, 3, 0, 1, 1} }}, record.AlertUnexpectedMessage},
		{"1.3 plain alert", record.AES128GCM, []step{func(*record.Link) []byte { return []byte{21, 3, 3, 0, 2, 2, 40} }}, record.AlertUnexpectedMessage},
		{"1.3 unknown inner type", record.AES128GCM, []step{raw(99, []byte("?"))}, record.AlertUnexpectedMessage},
		{"1.2 unknown type", record.ECDHERSAAES128GCM, []step{func(*record.Link) []byte { return []byte{99, 3, 3, 0, 1, 1} }}, record.AlertUnexpectedMessage},
		{"1.2 ChangeCipherSpec", record.ECDHERSAAES128GCM, []step{raw(record.TypeChangeCipherSpec, []byte{1})}, record.AlertUnexpectedMessage},
		{"wrong version", record.AES128GCM, []step{func(*record.Link) []byte { return []byte{23, 3, 1, 0, 1, 1} }}, record.AlertProtocolVersion},
		{"1.3 body too long", record.AES128GCM, []step{func(*record.Link) []byte { return []byte{23, 3, 3, 0x41, 0x01} }}, record.AlertRecordOverflow},
		{"1.2 body too long", record.ECDHERSAAES128GCM, []step{func(*record.Link) []byte { return []byte{23, 3, 3, 0x48, 0x01} }}, record.AlertRecordOverflow},
		{"1.2 body shorter than its tag", record.ECDHERSAAES128GCM, []step{func(*record.Link) []byte { return []byte{23, 3, 3, 0, 3, 1, 2, 3} }}, record.AlertBadRecordMAC},
		{"empty handshake record", record.AES128GCM, []step{raw(record.TypeHandshake, nil)}, record.AlertUnexpectedMessage},
		{"too many empty records", record.AES128GCM, times(33, raw(record.TypeApplicationData, nil)), record.AlertUnexpectedMessage},
		{"too many warnings", record.ECDHERSAAES128GCM, times(5, raw(record.TypeAlert, []byte{1, 90})), record.AlertUnexpectedMessage},
		{"too many KeyUpdates", record.AES128GCM, times(33, keyUpdate(false)), record.AlertUnexpectedMessage},
		{"alert of one byte", record.AES128GCM, []step{raw(record.TypeAlert, []byte{1})}, record.AlertDecodeError},
		{"two alerts in a record", record.AES128GCM, []step{raw(record.TypeAlert, []byte{1, 0, 1, 0})}, record.AlertDecodeError},
		{"alert of unknown level", record.AES128GCM, []step{raw(record.TypeAlert, []byte{3, 0})}, record.AlertIllegalParameter},
		{"1.3 warning", record.AES128GCM, []step{raw(record.TypeAlert, []byte{1, 70})}, record.AlertDecodeError},
		{"HelloRequest", record.ECDHERSAAES128GCM, []step{raw(record.TypeHandshake, []byte{0, 0, 0, 0})}, record.AlertNoRenegotiation},
		{"malformed HelloRequest", record.ECDHERSAAES128GCM, []step{raw(record.TypeHandshake, []byte{0, 0, 0, 1, 0})}, record.AlertDecodeError},
		{"1.2 Finished again", record.ECDHERSAAES128GCM, []step{raw(record.TypeHandshake, []byte{20, 0, 0, 12})}, record.AlertUnexpectedMessage},
		{"1.3 HelloRequest", record.AES128GCM, []step{raw(record.TypeHandshake, []byte{0, 0, 0, 0})}, record.AlertUnexpectedMessage},
		{"1.3 CertificateRequest", record.AES128GCM, []step{raw(record.TypeHandshake, []byte{13, 0, 0, 0})}, record.AlertUnexpectedMessage},
		{"KeyUpdate of wrong length", record.AES128GCM, []step{raw(record.TypeHandshake, []byte{24, 0, 0, 2, 0, 0})}, record.AlertDecodeError},
		{"KeyUpdate of unknown value", record.AES128GCM, []step{raw(record.TypeHandshake, []byte{24, 0, 0, 1, 2})}, record.AlertIllegalParameter},
		{"data behind a KeyUpdate", record.AES128GCM, []step{raw(record.TypeHandshake, append(updateOnly[:5:5], goodTicket...))}, record.AlertUnexpectedMessage},
		{"two KeyUpdates in a record", record.AES128GCM, []step{raw(record.TypeHandshake, append(updateOnly[:5:5], updateOnly...))}, record.AlertUnexpectedMessage},
		{"data inside a handshake message", record.AES128GCM, []step{raw(record.TypeHandshake, goodTicket[:7]), data}, record.AlertUnexpectedMessage},
		{"alert inside a handshake message", record.AES128GCM, []step{raw(record.TypeHandshake, goodTicket[:7]), raw(record.TypeAlert, []byte{1, 0})}, record.AlertUnexpectedMessage},
		{"ticket with nothing in it", record.AES128GCM, []step{raw(record.TypeHandshake, []byte{4, 0, 0, 0})}, record.AlertDecodeError},
		{"ticket without a label", record.AES128GCM, []step{raw(record.TypeHandshake, ticket(1, nil, nil, nil))}, record.AlertDecodeError},
		{"ticket with a byte too many", record.AES128GCM, []step{raw(record.TypeHandshake, longer(goodTicket))}, record.AlertDecodeError},
		{"ticket with a broken extension", record.AES128GCM, []step{raw(record.TypeHandshake, ticket(1, nil, []byte("t"), []byte{0, 42, 0}))}, record.AlertDecodeError},
		{"ticket with an extension twice", record.AES128GCM, []step{raw(record.TypeHandshake, ticket(1, nil, []byte("t"), []byte{9, 9, 0, 0, 8, 8, 0, 1, 1, 9, 9, 0, 0}))}, record.AlertIllegalParameter},
		{"ticket that lives too long", record.AES128GCM, []step{raw(record.TypeHandshake, ticket(604801, nil, []byte("t"), nil))}, record.AlertIllegalParameter},
		{"handshake message too long", record.AES128GCM, []step{raw(record.TypeHandshake, []byte{4, 0, 0x80, 0})}, record.AlertIllegalParameter},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			events, err := play(t, row.suite, row.records...)
			wantAlert(t, err, row.alert)
			for _, ev := range events {
				if ev.Kind == record.EventData {
					t.Fatal("data was handed out before the refusal")
				}
			}
		})
	}
}

func longer(message []byte) []byte {
	out := append(append([]byte(nil), message...), 0)
	binary.BigEndian.PutUint16(out[2:], uint16(len(out)-4))
	return out
}

func TestErrorsAreFinal(t *testing.T) {
	client, server := pair(t, record.AES128GCM)
	bad := sealText(server, []byte("x"))
	bad[len(bad)-1] ^= 1
	_, _, err := client.Next(bad)
	wantAlert(t, err, record.AlertBadRecordMAC)
	_, used, again := client.Next(sealText(server, []byte("y")))
	if !errors.Is(again, err) || used != 0 {
		t.Fatalf("after an error: used %d, %v", used, again)
	}
	if end := client.End(); !errors.Is(end, err) {
		t.Fatalf("end: %v", end)
	}
	alert := client.AppendError(nil, err)
	if _, _, err := server.Next(alert); err == nil || err.Error() != "record: peer sent alert bad_record_mac (20)" {
		t.Fatalf("the peer saw %v", err)
	}
	if more := client.AppendError(nil, err); len(more) != 0 {
		t.Fatal("a second alert was sealed")
	}
}

// TestEveryBit flips each bit of a record: none may be read as data, and each must be refused or wait for bytes that never come.
func TestEveryBit(t *testing.T) {
	forEachSuite(t, func(t *testing.T, suite record.Suite) {
		up, down := randomKeys(t, suite), randomKeys(t, suite)
		server, err := record.NewLink(down, up)
		if err != nil {
			t.Fatal(err)
		}
		rec := sealText(server, []byte("an order"))
		for bit := range len(rec) * 8 {
			client, err := record.NewLink(up, down)
			if err != nil {
				t.Fatal(err)
			}
			damaged := append([]byte(nil), rec...)
			damaged[bit/8] ^= 1 << (bit % 8)
			ev, used, err := client.Next(damaged)
			longer := bit/8 == 3 || bit/8 == 4
			if err == nil && !(longer && used == 0 && ev.Kind == record.EventNone && errors.Is(client.End(), record.ErrTruncated)) {
				t.Fatalf("bit %d: %v, used %d", bit, ev.Kind, used)
			}
			if err != nil {
				var alert *record.AlertError
				if !errors.As(err, &alert) || !alert.Sent {
					t.Fatalf("bit %d: %v", bit, err)
				}
			}
		}
	})
}

func TestLegalRecords(t *testing.T) {
	t.Run("padding is stripped", func(t *testing.T) {
		events, err := play(t, record.AES128GCM, func(l *record.Link) []byte { return l.SealRaw(record.TypeApplicationData, []byte("padded\x00"), 200) })
		if err != nil || string(events[0].Data) != "padded\x00" {
			t.Fatalf("%v, %v", events, err)
		}
	})
	t.Run("empty records are skipped, and data resets their count", func(t *testing.T) {
		empty := times(32, raw(record.TypeApplicationData, nil))
		steps := append(append(append([]func(*record.Link) []byte{}, empty...), raw(record.TypeApplicationData, []byte("d"))), empty...)
		if _, err := play(t, record.AES128GCM, steps...); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("KeyUpdates are counted between data", func(t *testing.T) {
		updates := times(32, keyUpdate(false))
		steps := append(append(append([]func(*record.Link) []byte{}, updates...), raw(record.TypeApplicationData, []byte("d"))), updates...)
		if _, err := play(t, record.AES256GCM, steps...); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("user_canceled, then close_notify, then silence", func(t *testing.T) {
		events, err := play(t, record.AES128GCM, raw(record.TypeAlert, []byte{1, 90}), raw(record.TypeAlert, []byte{1, 0}), raw(record.TypeApplicationData, []byte("late")))
		if err != nil || events[1].Kind != record.EventCloseNotify || events[2].Kind != record.EventNone {
			t.Fatalf("%v, %v", events, err)
		}
	})
	t.Run("a fatal alert of the peer", func(t *testing.T) {
		_, err := play(t, record.AES128GCM, raw(record.TypeAlert, []byte{2, 48}))
		var alert *record.AlertError
		if !errors.As(err, &alert) || alert.Sent || alert.Code != 48 {
			t.Fatalf("%v", err)
		}
	})
	t.Run("tickets together, in pieces, and before a KeyUpdate", func(t *testing.T) {
		two := append(append([]byte(nil), goodTicket...), goodTicket...)
		pieces := [][]byte{two[:10], two[10 : len(goodTicket)+3], two[len(goodTicket)+3:]}
		client, server := pair(t, record.AES128GCM)
		var got []byte
		for _, text := range append([][]byte{two}, pieces...) {
			ev, _, err := client.Next(server.SealRaw(record.TypeHandshake, text, 0))
			if err != nil {
				t.Fatal(err)
			}
			if ev.Kind == record.EventTicket {
				got = append(got, ev.Data...)
			}
		}
		if want := append(append([]byte(nil), two...), two...); !bytes.Equal(got, want) {
			t.Fatalf("tickets: %x, want %x", got, want)
		}
		ev, _, err := client.Next(server.SealRaw(record.TypeHandshake, append(goodTicket[:len(goodTicket):len(goodTicket)], updateBoth...), 0))
		if err != nil || ev.Kind != record.EventKeyUpdate || !ev.Respond || !bytes.Equal(ev.Data, goodTicket) {
			t.Fatalf("%v %v, %v", ev.Kind, ev.Respond, err)
		}
	})
}

func TestTruncated(t *testing.T) {
	client, server := pair(t, record.AES128GCM)
	rec := sealText(server, []byte("x"))
	if _, used, err := client.Next(rec[:len(rec)-1]); used != 0 || err != nil {
		t.Fatalf("used %d, %v", used, err)
	}
	if err := client.End(); !errors.Is(err, record.ErrTruncated) {
		t.Fatalf("end inside a record: %v", err)
	}
	if _, _, err := client.Next(server.AppendAlert(nil, record.AlertCloseNotify)); err == nil {
		t.Fatal("a record out of order was accepted") // its number is one too high
	}
	client, server = pair(t, record.AES128GCM)
	if _, _, err := client.Next(server.AppendAlert(nil, record.AlertCloseNotify)); err != nil || client.End() != nil {
		t.Fatalf("end after close_notify: %v, %v", err, client.End())
	}
}
