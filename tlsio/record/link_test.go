package record_test

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"orderwire/tlsio/record"
)

func TestKeyUpdateIsAnsweredOnceAndBeforeData(t *testing.T) {
	client, server := pair(t, record.AES128GCM)
	for range 3 { // three requests before our answer are answered once
		rec, err := server.AppendKeyUpdate(nil, true)
		if err != nil {
			t.Fatal(err)
		}
		ev, _, err := client.Next(rec)
		if err != nil || ev.Kind != record.EventKeyUpdate || !ev.Respond {
			t.Fatalf("%v, %v", ev.Kind, err)
		}
	}
	if !client.PendingControl() {
		t.Fatal("no answer is pending")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Fatal("data overtook the KeyUpdate")
			}
		}()
		sealText(client, []byte("too early"))
	}()
	answer, err := client.AppendControl(nil)
	if err != nil || client.PendingControl() {
		t.Fatalf("answer: %v, still pending: %v", err, client.PendingControl())
	}
	ev, used, err := server.Next(answer)
	if err != nil || used != len(answer) || ev.Kind != record.EventKeyUpdate || ev.Respond {
		t.Fatalf("server saw %v, %v", ev.Kind, err)
	}
	if ev, _, err := server.Next(sealText(client, []byte("now"))); err != nil || string(ev.Data) != "now" {
		t.Fatalf("data after the update: %v, %v", ev.Kind, err)
	}
	if ev, _, err := client.Next(sealText(server, []byte("down"))); err != nil || string(ev.Data) != "down" {
		t.Fatalf("data from the server: %v, %v", ev.Kind, err)
	}
}

func TestOwnKeyUpdateBeforeTheLimit(t *testing.T) {
	client, server := pair(t, record.AES256GCM)
	for _, l := range []*record.Link{client, server} {
		l.Sealer.SetSeq(record.SoftLimitGCM - 1)
		l.Opener.SetSeq(record.SoftLimitGCM - 1)
	}
	if client.PendingControl() {
		t.Fatal("an update is pending before the limit")
	}
	if _, _, err := server.Next(sealText(client, []byte("last"))); err != nil {
		t.Fatal(err)
	}
	if !client.PendingControl() || client.Left() != record.HardLimitGCM-record.SoftLimitGCM {
		t.Fatalf("pending %v, left %d", client.PendingControl(), client.Left())
	}
	sealText(client, []byte("it may wait")) // our own update is not urgent
	client.Sealer.SetSeq(record.SoftLimitGCM)
	rec, err := client.AppendControl(nil)
	if err != nil || client.PendingControl() {
		t.Fatalf("%v, pending %v", err, client.PendingControl())
	}
	if epoch, seq := client.Sealer.Gate(); epoch != 1 || seq != 0 {
		t.Fatalf("gate %d %d", epoch, seq)
	}
	if ev, _, err := server.Next(rec); err != nil || ev.Kind != record.EventKeyUpdate {
		t.Fatalf("%v, %v", ev.Kind, err)
	}
}

func TestPeerIsAskedForANewKey(t *testing.T) {
	client, server := pair(t, record.AES128GCM)
	server.Sealer.SetSeq(record.SoftLimitGCM - 1)
	client.Opener.SetSeq(record.SoftLimitGCM - 1)
	if _, _, err := client.Next(sealText(server, []byte("last"))); err != nil {
		t.Fatal(err)
	}
	rec, err := client.AppendControl(nil)
	if err != nil || client.PendingControl() { // asked once, not again and again
		t.Fatalf("%v, pending %v", err, client.PendingControl())
	}
	ev, _, err := server.Next(rec)
	if err != nil || !ev.Respond {
		t.Fatalf("%v, %v", ev, err)
	}
	answer, err := server.AppendControl(nil)
	if err != nil {
		t.Fatal(err)
	}
	if ev, _, err := client.Next(answer); err != nil || ev.Kind != record.EventKeyUpdate {
		t.Fatalf("%v, %v", ev.Kind, err)
	}
	if epoch, _ := client.Opener.Gate(); epoch != 1 || client.Opener.Due() {
		t.Fatalf("epoch %d, due %v", epoch, client.Opener.Due())
	}
}

func TestLimits(t *testing.T) {
	client, _ := pair(t, record.ECDHERSAAES128GCM)
	client.Sealer.SetSeq(record.SoftLimitGCM)
	if !client.WantsReconnect() || client.PendingControl() {
		t.Fatal("TLS 1.2 must ask for a new connection, and has no KeyUpdate")
	}
	client.Sealer.SetSeq(record.HardLimitGCM - 1)
	if client.Left() != 1 {
		t.Fatalf("left %d", client.Left())
	}
	sealText(client, []byte("the last one"))
	defer func() {
		if recover() == nil || client.Left() != 0 {
			t.Fatal("sealed past the limit")
		}
	}()
	sealText(client, []byte("one too many"))
}

func TestNothingAfterAClosingAlert(t *testing.T) {
	client, server := pair(t, record.AES128GCM)
	client.AppendAlert(nil, record.AlertCloseNotify)
	rec, err := server.AppendKeyUpdate(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.Next(rec); err != nil || client.PendingControl() || client.Left() != 0 || !client.Finished() {
		t.Fatalf("%v, pending %v, left %d", err, client.PendingControl(), client.Left())
	}
	defer func() {
		if recover() == nil {
			t.Fatal("data after close_notify")
		}
	}()
	sealText(client, []byte("late"))
}

// spy is an AEAD that remembers what it sealed under each (key, nonce).
type spy struct {
	cipher.AEAD
	key    string
	sealed map[string][sha256.Size]byte
	fail   func(string)
}

func (s *spy) Seal(dst, nonce, text, additional []byte) []byte {
	out := s.AEAD.Seal(dst, nonce, text, additional)
	sum := sha256.Sum256(append(append([]byte(nil), out[len(dst):]...), additional...))
	at := s.key + string(nonce)
	if before, ok := s.sealed[at]; ok && before != sum {
		s.fail(fmt.Sprintf("two records under one nonce %x", nonce))
	}
	s.sealed[at] = sum
	return out
}

// TestOneRecordPerNonce is the model test of the gate: whatever a connection does, in any order, no (key, nonce) ever protects
// two different byte strings.
func TestOneRecordPerNonce(t *testing.T) {
	const seed = 20260101
	random := rand.New(rand.NewPCG(seed, 1))
	sealed := map[string][sha256.Size]byte{}
	undo := record.WatchKernels(func(key []byte, aead cipher.AEAD) cipher.AEAD {
		return &spy{AEAD: aead, key: string(key), sealed: sealed, fail: func(why string) { t.Errorf("seed %d: %s", seed, why) }}
	})
	defer undo()
	count := 0
	for range 200 { // reconnects
		suites := allSuites()
		suite := suites[random.IntN(len(suites))]
		client, server := pair(t, suite)
		for range 40 {
			switch random.IntN(8) {
			case 0, 1, 2: // an order
				sealText(client, bytes.Repeat([]byte{byte(random.Uint32())}, 1+random.IntN(400)))
			case 3: // a pong
				sealText(client, []byte{0x8a, 0x80, byte(random.Uint32())})
			case 4:
				if versionOf(suite) == record.TLS13 {
					if _, err := client.AppendKeyUpdate(nil, random.IntN(2) == 0); err != nil {
						t.Fatal(err)
					}
				}
			case 5:
				if versionOf(suite) == record.TLS13 {
					rec, err := server.AppendKeyUpdate(nil, true)
					if err != nil {
						t.Fatal(err)
					}
					if _, _, err := client.Next(rec); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := client.AppendControl(nil); err != nil {
					t.Fatal(err)
				}
			case 6: // a broken caller
				func() {
					defer func() { _ = recover() }()
					client.SealInPlace(make([]byte, 10), 5, 1)
				}()
			case 7:
				client.AppendAlert(nil, record.AlertUserCanceled)
			}
			count++
		}
		client.AppendAlert(nil, record.AlertCloseNotify)
	}
	if count != 8000 || len(sealed) < 5000 {
		t.Fatalf("%d steps, %d records: the model did not run", count, len(sealed))
	}
}

func TestWipe(t *testing.T) {
	client, server := pair(t, record.AES256GCM)
	sealText(client, []byte("x"))
	if _, _, err := client.Next(server.SealRaw(record.TypeHandshake, goodTicket[:9], 0)); err != nil {
		t.Fatal(err)
	}
	memory := client.Secrets()
	client.Wipe()
	for i, part := range memory {
		if !bytes.Equal(part, make([]byte, len(part))) {
			t.Fatalf("part %d is not cleared", i)
		}
	}
	if client.Left() != 0 || !client.Finished() {
		t.Fatal("a wiped sealer still offers records")
	}
	if _, _, err := client.Next(make([]byte, 100)); err == nil {
		t.Fatal("a wiped opener still opens")
	}
}

func TestKeysNeverPrint(t *testing.T) {
	keys := record.Keys{Version: record.TLS13, Suite: record.AES128GCM, Secret: []byte("canary-canary-canary-canary-1234")}
	inside := struct{ Keys record.Keys }{keys}
	link, err := record.NewLink(keys, keys)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		link  *record.Link
		value record.Sealer
	}
	held := holder{link, link.Sealer} // nothing in a Sealer minds a copy that is only printed
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d"} {
		for _, value := range []any{keys, &keys, inside, link, &link.Sealer, &link.Opener, held, &held} {
			text := fmt.Sprintf(verb, value)
			if strings.Contains(text, "canary") || strings.Contains(strings.ToLower(text), "63616e617279") || strings.Contains(text, "99 97 110") {
				t.Fatalf("%s prints the secret: %s", verb, text)
			}
		}
	}
}
