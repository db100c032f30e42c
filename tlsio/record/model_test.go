package record_test

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"encoding/binary"
	"os"
	"testing"

	"orderwire/tlsio/record"
)

// model is one connection as the invariants see it: the keys and the count of records, derived here without the room, a link
// whose every record is checked against them, and all bytes that ever were made under a (key, nonce).
type model struct {
	t      *testing.T
	random source
	suite  record.Suite
	link   *record.Link
	keys   record.Keys // the sending direction's, this epoch's
	seq    uint64
	seen   map[string][]byte // key and nonce to the record
	sent   [][]byte          // bytes on the wire, each with a copy made when they were sealed
	copies [][]byte
	ready  int // records that met keystream of their length
}

// TestOneNonceOneText interleaves orders, pings, alerts, KeyUpdates, closes, short writes, discards and reconnects at random,
// with keystream made ahead at any moment and for any length, and asks of every record that leaves: it opens under the key and
// the number that are due, by crypto/cipher, and no (key, nonce) ever covers two distinct byte strings, in the records or in
// what the kernels made.
func TestOneNonceOneText(t *testing.T) {
	steps := 4000
	switch {
	case os.Getenv("ORDERWIRE_LONG") != "":
		steps *= 250
	case testing.Short():
		steps /= 4
	}
	forEachSuite(t, func(t *testing.T, suite record.Suite) {
		made := map[string][]byte{}
		undo := record.WatchGCM(func(key, nonce, sealed []byte, _ bool) {
			once(t, made, string(key)+string(nonce), sealed)
		})
		defer undo()
		const seed = 20260802
		m := &model{t: t, random: newSource(seed), suite: suite, seen: map[string][]byte{}}
		m.connect()
		for range steps {
			m.step()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		m.wireUnchanged()
		if _, ours := m.link.SealerGCM(); ours && (m.ready < steps/20 || len(made) != len(m.seen)) {
			t.Fatalf("%d records met keystream; the kernels made %d records, %d left: the model is blind", m.ready, len(made), len(m.seen))
		}
	})
}

// once fails where a (key, nonce) covers a second text.
func once(t *testing.T, seen map[string][]byte, id string, text []byte) {
	t.Helper()
	if before, used := seen[id]; used && !bytes.Equal(before, text) {
		t.Errorf("two texts under one key and nonce: %x and %x", before, text)
	}
	seen[id] = bytes.Clone(text)
}

// connect starts over with new keys, as after any end of a connection.
func (m *model) connect() {
	if m.link != nil {
		m.link.Wipe()
	}
	m.keys = randomKeys(m.t, m.suite)
	m.seq = uint64(m.random.IntN(3)) // counted, not assumed
	m.keys.Seq = m.seq
	link, err := record.NewLink(m.keys, randomKeys(m.t, m.suite))
	if err != nil {
		m.t.Fatal(err)
	}
	m.link = link
}

func (m *model) step() {
	sizes := []int{1, 6, 131, 300, 301, 320, 321, 512}
	n := sizes[m.random.IntN(len(sizes))]
	switch m.random.IntN(24) {
	case 0, 1, 2, 3, 4, 5, 6, 7: // the idle turn guesses, and mostly right
		if m.link.PrepareNext(n) && m.random.IntN(4) > 0 {
			m.ready++
			m.data(n)
		}
	case 8, 9, 10, 11, 12, 13, 14:
		m.data(n)
	case 15: // a ping's answer
		m.data(6 + m.random.IntN(20))
	case 16:
		m.leaves(m.link.AppendAlert(nil, record.AlertUserCanceled), 21, []byte{1, 90})
	case 17, 18:
		m.keyUpdate()
	case 19:
		m.data(1 + m.random.IntN(4000))
	case 20: // EAGAIN and short writes: the same bytes once more, and no seal
		m.wireUnchanged()
	case 21: // sealed, and never sent: the connection is over
		buf := m.text(n)
		from, to := m.link.SealInPlace(buf, record.MaxHead, n)
		m.check(buf[from:to], 23, m.sample(n))
		m.connect()
	case 22:
		m.leaves(m.link.AppendAlert(nil, record.AlertCloseNotify), 21, []byte{1, 0})
		if m.link.PrepareNext(n) {
			m.t.Error("keystream after close_notify")
		}
		m.connect()
	case 23:
		m.connect()
	}
}

// sample is the same for a length, so that equal records would show.
func (m *model) sample(n int) []byte { return bytes.Repeat([]byte{'a' + byte(n%26)}, n) }

func (m *model) text(n int) []byte {
	buf := make([]byte, record.MaxHead+n+record.MaxTail)
	copy(buf[record.MaxHead:], m.sample(n))
	return buf
}

func (m *model) data(n int) {
	buf := m.text(n)
	from, to := m.link.SealInPlace(buf, record.MaxHead, n)
	m.leaves(buf[from:to], 23, m.sample(n))
}

func (m *model) keyUpdate() {
	if m.keys.Version != record.TLS13 {
		return
	}
	rec, err := m.link.AppendKeyUpdate(nil, false)
	if err != nil {
		m.t.Fatal(err)
	}
	m.leaves(rec, 22, []byte{24, 0, 0, 1, 0})
	m.keys.Secret = m.expand(m.keys.Secret, "traffic upd", len(m.keys.Secret))
	m.seq = 0
}

// leaves puts a record on the wire.
func (m *model) leaves(rec []byte, contentType byte, text []byte) {
	m.check(rec, contentType, text)
	m.sent, m.copies = append(m.sent, rec), append(m.copies, bytes.Clone(rec))
	if len(m.sent) == 50 {
		m.wireUnchanged()
		m.sent, m.copies = m.sent[:0], m.copies[:0]
	}
}

// wireUnchanged: an emitted buffer keeps its bytes until the kernel is done with it.
func (m *model) wireUnchanged() {
	for i := range m.sent {
		if !bytes.Equal(m.sent[i], m.copies[i]) {
			m.t.Errorf("an emitted record changed: %x, was %x", m.sent[i], m.copies[i])
		}
	}
}

// check opens a record by crypto/cipher under what is due, and counts it.
func (m *model) check(rec []byte, contentType byte, text []byte) {
	m.t.Helper()
	aead, key, iv := m.reference()
	nonce, body, additional := bytes.Clone(iv), rec[5:], rec[:5]
	counter := binary.BigEndian.AppendUint64(nil, m.seq)
	want := text
	switch {
	case m.keys.Version == record.TLS13:
		want = append(bytes.Clone(text), contentType)
	case len(iv) == 4: // the number travels
		if !bytes.Equal(body[:8], counter) {
			m.t.Errorf("record %d carries number %x", m.seq, body[:8])
		}
		nonce, body = append(nonce, counter...), body[8:]
	}
	if len(iv) == 12 {
		for i := range counter {
			nonce[4+i] ^= counter[i]
		}
	}
	if m.keys.Version == record.TLS12 {
		additional = append(counter, contentType, 3, 3, byte(len(text)>>8), byte(len(text)))
	}
	got, err := aead.Open(nil, nonce, body, additional)
	if err != nil || !bytes.Equal(got, want) {
		m.t.Fatalf("record %d of type %d: opened %x, want %x: %v", m.seq, contentType, got, want, err)
	}
	once(m.t, m.seen, string(key)+string(nonce), body)
	m.seq++
}

// reference is the cipher of the present epoch.
func (m *model) reference() (aead cipher.AEAD, key, iv []byte) {
	key, iv = m.keys.Key, m.keys.IV
	if m.keys.Version == record.TLS13 {
		key = m.expand(m.keys.Secret, "key", m.suite.KeyLen())
		iv = m.expand(m.keys.Secret, "iv", 12)
	}
	return referenceAEAD(m.t, m.suite, key), key, iv
}

// expand is HKDF-Expand-Label with an empty context, by the standard library. Source: RFC 8446 section 7.1.
func (m *model) expand(secret []byte, label string, n int) []byte {
	info := append([]byte{byte(n >> 8), byte(n), byte(6 + len(label))}, "tls13 "+label...)
	out, err := hkdf.Expand(m.suite.Hash(), secret, string(append(info, 0)), n)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}
