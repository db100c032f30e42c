package record

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	// MaxHead is the head room that SealInPlace may need: 5 bytes of header and 8 of explicit nonce (TLS 1.2, AES-GCM).
	MaxHead = headerLen + explicitLen
	// MaxTail is the tail room that SealInPlace may need: the inner type byte (TLS 1.3) and the tag.
	MaxTail = 1 + tagLen
	// MaxPlaintext is the most text one record may carry. Source: RFC 8446 §5.1.
	MaxPlaintext = 1 << 14

	headerLen   = 5
	explicitLen = 8
	tagLen      = 16
	nonceLen    = 12
)

// Content types. Source: RFC 8446 §5.1.
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplicationData  = 23
)

// The AES-GCM limits. RFC 8446 §5.5 allows 2^24.5 full records under one key. The soft limit asks for a KeyUpdate (1.3) or a
// new connection (1.2) long before; past the hard limit the sealer refuses. ChaCha20-Poly1305 has no limit before the sequence
// number's own, and gets one that no connection of ours reaches.
const (
	hardLimitGCM    = 1 << 24
	softLimitGCM    = 1 << 23
	hardLimitChaCha = 1 << 48
	softLimitChaCha = 1 << 47
)

const _ = uint(hardLimitGCM - softLimitGCM - 1<<20) // a control record always still fits

// Sealer protects what one side sends. It is not safe for concurrent use: its one owner is the loop that sends.
type Sealer struct {
	aead       cipher.AEAD
	gcm        *gcm   // aead, where it is a kernel of ours
	seq        uint64 // number of the next record under this key
	soft       uint64
	hard       uint64
	version    Version
	explicit   bool // TLS 1.2 AES-GCM: the nonce's last 8 bytes travel with the record
	finished   bool // an alert that ends this direction was sealed
	epoch      uint32
	suite      Suite
	tier       Tier
	kernel     string
	control    [ControlRoom]byte // control records are built here
	iv         [nonceLen]byte
	nonce      [nonceLen]byte
	additional [13]byte
	secret     trafficSecret
}

// NewSealer makes the sending half of a connection. It borrows k; the caller wipes it.
func NewSealer(k Keys) (*Sealer, error) {
	s := new(Sealer)
	if err := s.start(k); err != nil {
		return nil, err
	}
	return s, nil
}

// SealInPlace protects buf[at:at+n] as application data where it lies and returns the bounds of the whole record.
//
// Shape:  at >= MaxHead bytes before the text, MaxTail free bytes after it.
// Units:  n in bytes, 1..MaxPlaintext.
// Panics: on a broken shape, past the key's record limit (callers ask Left first), or after a closing alert.
// Source: RFC 8446 §5.2-5.3, RFC 5288 §3, RFC 7905 §2.
func (s *Sealer) SealInPlace(buf []byte, at, n int) (from, to int) {
	if n <= 0 {
		panic("record: sealing an empty text")
	}
	return s.seal(buf, at, n, typeApplicationData)
}

// seal is the one gate: every record that leaves passes here, and the sequence number rises before a byte is written.
func (s *Sealer) seal(buf []byte, at, n int, contentType byte) (from, to int) {
	if at < MaxHead || n < 0 || n > MaxPlaintext || len(buf)-at < n+MaxTail {
		panic("record: no room around the text, or a text of the wrong size")
	}
	seq := s.seq
	if seq >= s.hard {
		panic("record: sealing past the key's record limit")
	}
	if s.finished {
		panic("record: sealing after a closing alert")
	}
	s.seq = seq + 1
	if s.version == TLS13 {
		return s.seal13(buf, at, n, contentType, seq)
	}
	return s.seal12(buf, at, n, contentType, seq)
}

func (s *Sealer) seal13(buf []byte, at, n int, contentType byte, seq uint64) (from, to int) {
	from, to = at-headerLen, at+n+1+tagLen
	header := buf[from : from+headerLen : from+headerLen]
	body := n + 1 + tagLen
	putHeader(header, typeApplicationData, body)
	s.setNonce(seq)
	if s.gcm != nil {
		aad := additional{low: headerWord(typeApplicationData, body), size: headerLen}
		s.gcm.seal(&s.nonce, buf[at:to], n, contentType, contentType == typeApplicationData, aad)
		return from, to
	}
	buf[at+n] = contentType
	s.aead.Seal(buf[at:at], s.nonce[:], buf[at:at+n+1], header)
	return from, to
}

func (s *Sealer) seal12(buf []byte, at, n int, contentType byte, seq uint64) (from, to int) {
	from, to = at-headerLen, at+n+tagLen
	body := n + tagLen
	if s.explicit {
		// The explicit part is the sequence number, always: never random, so it cannot repeat.
		from, body = from-explicitLen, body+explicitLen
		binary.BigEndian.PutUint64(buf[at-explicitLen:at], seq)
		binary.BigEndian.PutUint64(s.nonce[4:], seq)
	} else {
		s.setNonce(seq)
	}
	putHeader(buf[from:from+headerLen], contentType, body)
	if s.gcm != nil {
		aad := additional{low: bits.ReverseBytes64(seq), high: headerWord(contentType, n), size: len(s.additional)}
		s.gcm.seal(&s.nonce, buf[at:to], n, 0, contentType == typeApplicationData, aad)
		return from, to
	}
	binary.BigEndian.PutUint64(s.additional[0:8], seq)
	s.additional[8], s.additional[9], s.additional[10] = contentType, 3, 3
	binary.BigEndian.PutUint16(s.additional[11:13], uint16(n))
	s.aead.Seal(buf[at:at], s.nonce[:], buf[at:at+n], s.additional[:])
	return from, to
}

// PrepareNext makes the keystream of the next record ahead, for application data of exactly n bytes, and tells whether it is
// ready: SealInPlace of n bytes then has only the hash left to do. Any other record, and Wipe, throws it away. It is for idle
// time; where it is ready already it does nothing.
//
// Units: n in bytes, 1..MaxAhead. Where n is out of that, the kernel is the standard library's, or no record may follow, nothing
// is made.
func (s *Sealer) PrepareNext(n int) bool {
	if s.gcm == nil || n < 1 || n > MaxAhead || s.Left() == 0 {
		return false
	}
	if s.version == TLS13 {
		s.setNonce(s.seq)
		s.gcm.prepare(&s.nonce, n+1)
		return true
	}
	binary.BigEndian.PutUint64(s.nonce[4:], s.seq)
	s.gcm.prepare(&s.nonce, n)
	return true
}

// AppendAlert seals one alert behind dst and returns the longer slice. After close_notify or a fatal alert nothing may follow.
//
// Panics: after an earlier closing alert.
func (s *Sealer) AppendAlert(dst []byte, code uint8) []byte {
	level := byte(alertLevelFatal)
	if code == AlertCloseNotify || code == AlertUserCanceled {
		level = alertLevelWarning
	}
	dst = s.appendRecord(dst, typeAlert, level, code)
	s.finished = code != AlertUserCanceled
	return dst
}

// AppendKeyUpdate seals a KeyUpdate under the present key behind dst, then moves to the next key. TLS 1.3 only.
//
// Panics: in TLS 1.2, which has no KeyUpdate.
// Source: RFC 8446 §4.6.3.
func (s *Sealer) AppendKeyUpdate(dst []byte, request bool) ([]byte, error) {
	if s.version != TLS13 {
		panic("record: KeyUpdate in TLS 1.2")
	}
	var ask byte
	if request {
		ask = 1
	}
	dst = s.appendRecord(dst, typeHandshake, messageKeyUpdate, 0, 0, 1, ask)
	return dst, s.rekey()
}

// AppendHandshake seals a piece of a handshake message behind dst. On a real stream no such message may leave after the handshake;
// it is for the room tlsio, which feeds tickets back to the handshake library.
//
// Panics: if text is longer than MaxPlaintext.
func (s *Sealer) AppendHandshake(dst, text []byte) []byte {
	buf := make([]byte, MaxHead+len(text)+MaxTail)
	copy(buf[MaxHead:], text)
	from, to := s.seal(buf, MaxHead, len(text), typeHandshake)
	return append(dst, buf[from:to]...)
}

// ControlRoom is the free capacity that one control record needs behind dst.
const ControlRoom = MaxHead + maxControlText + MaxTail

const maxControlText = 5

func (s *Sealer) appendRecord(dst []byte, contentType byte, text ...byte) []byte {
	n := copy(s.control[MaxHead:], text)
	from, to := s.seal(s.control[:], MaxHead, n, contentType)
	return append(dst, s.control[from:to]...)
}

// Left is how many records may still be sealed under this key. A loop that sees Due must send its control record, or (TLS 1.2)
// ask for a new connection, long before Left ends.
func (s *Sealer) Left() uint64 {
	if s.finished || s.seq >= s.hard {
		return 0
	}
	return s.hard - s.seq
}

// Due tells that the key is old enough to be changed.
func (s *Sealer) Due() bool { return s.seq >= s.soft }

// Gate is the number of the next record: the key's epoch and the sequence number in it. Prepared state is bound to it.
func (s *Sealer) Gate() (epoch uint32, seq uint64) { return s.epoch, s.seq }

// Overhead is how many bytes a record is longer than its text.
func (s *Sealer) Overhead() int {
	switch {
	case s.version == TLS13:
		return headerLen + 1 + tagLen
	case s.explicit:
		return headerLen + explicitLen + tagLen
	}
	return headerLen + tagLen
}

// Kernel names the AEAD implementation in use.
func (s *Sealer) Kernel() string { return s.kernel }

// Wipe clears what is ours of the keys; the sealer refuses every later call.
func (s *Sealer) Wipe() {
	clear(s.secret.bytes())
	clear(s.iv[:])
	clear(s.nonce[:])
	clear(s.additional[:])
	wipeAEAD(s.aead)
	s.aead, s.gcm, s.finished, s.hard, s.soft = nil, nil, true, 0, 0
}

func (s *Sealer) setNonce(seq uint64) {
	binary.BigEndian.PutUint64(s.nonce[4:], binary.BigEndian.Uint64(s.iv[4:])^seq)
}

// headerWord is what putHeader writes, as the low bytes of a word.
func headerWord(contentType byte, body int) uint64 {
	return uint64(contentType) | 0x0303<<8 | uint64(bits.ReverseBytes16(uint16(body)))<<24
}

func putHeader(header []byte, contentType byte, body int) {
	_ = header[4]
	header[0], header[1], header[2] = contentType, 3, 3
	header[3], header[4] = byte(body>>8), byte(body)
}

// start takes the keys of a new connection.
func (s *Sealer) start(k Keys) error {
	half, err := newHalf(k)
	if err != nil {
		return err
	}
	secret := hide(k.Secret) // it may be our own, so it is copied before ours is cleared
	clear(s.secret.bytes())
	wipeAEAD(s.aead)
	ours, _ := half.aead.(*gcm)
	*s = Sealer{
		aead: half.aead, gcm: ours, seq: k.Seq, soft: half.soft, hard: half.hard, version: k.Version, explicit: half.explicit,
		suite: k.Suite, tier: k.Tier, kernel: half.kernel, iv: half.iv, nonce: half.iv,
		secret: secret,
	}
	return nil
}

// rekey moves to the next generation of the traffic secret.
func (s *Sealer) rekey() error {
	secret := s.secret.bytes()
	if err := nextSecret(s.suite, secret); err != nil {
		return err
	}
	epoch := s.epoch + 1
	if err := s.start(Keys{Version: s.version, Suite: s.suite, Secret: secret, Tier: s.tier}); err != nil {
		return err
	}
	s.epoch = epoch
	return nil
}

// half is what both directions derive from Keys.
type half struct {
	aead       cipher.AEAD
	kernel     string
	explicit   bool
	soft, hard uint64
	iv         [nonceLen]byte
}

func newHalf(k Keys) (half, error) {
	row, ok := k.Suite.row()
	if !ok || row.version != k.Version {
		return half{}, fmt.Errorf("record: %v does not go with %v", k.Suite, k.Version)
	}
	h := half{soft: softLimitGCM, hard: hardLimitGCM, explicit: k.Version == TLS12 && row.kind.gcm()}
	if !row.kind.gcm() {
		h.soft, h.hard = softLimitChaCha, hardLimitChaCha
	}
	key, iv := k.Key, k.IV
	if k.Version == TLS13 {
		var err error
		if len(k.Secret) != k.Suite.Hash()().Size() {
			return half{}, fmt.Errorf("record: traffic secret of %d bytes for %v", len(k.Secret), k.Suite)
		}
		if key, err = ExpandLabel(k.Suite, k.Secret, "key", nil, row.kind.keyLen()); err != nil {
			return half{}, err
		}
		if iv, err = ExpandLabel(k.Suite, k.Secret, "iv", nil, nonceLen); err != nil {
			return half{}, err
		}
		defer clear(key)
		defer clear(iv)
	}
	want := nonceLen
	if h.explicit {
		want = 4
	}
	if len(iv) != want {
		return half{}, fmt.Errorf("record: IV of %d bytes for %v", len(iv), k.Suite)
	}
	copy(h.iv[:], iv)
	chosen := pickKernel(row.kind, k.Tier)
	aead, err := chosen.build(row.kind, key)
	if err != nil {
		return half{}, err
	}
	h.aead, h.kernel = aead, chosen.name
	return h, nil
}

// nextSecret overwrites secret with its next generation. Source: RFC 8446 §7.2.
func nextSecret(suite Suite, secret []byte) error {
	next, err := ExpandLabel(suite, secret, "traffic upd", nil, len(secret))
	if err != nil {
		return err
	}
	copy(secret, next)
	clear(next)
	return nil
}
