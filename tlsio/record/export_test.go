package record

import "crypto/cipher"

// The keyholes of the outside tests: records that no honest caller can make, and an AEAD that watches.

// Content types for SealRaw.
const (
	TypeChangeCipherSpec = typeChangeCipherSpec
	TypeAlert            = typeAlert
	TypeHandshake        = typeHandshake
	TypeApplicationData  = typeApplicationData
	SoftLimitGCM         = softLimitGCM
	HardLimitGCM         = hardLimitGCM
)

// SealRaw makes a record of any type, also an empty one, with padding behind the inner type (TLS 1.3).
func (s *Sealer) SealRaw(contentType byte, text []byte, padding int) []byte {
	if s.version == TLS12 || padding == 0 {
		buf := make([]byte, MaxHead+len(text)+MaxTail)
		copy(buf[MaxHead:], text)
		finished := s.finished
		s.finished = false
		from, to := s.seal(buf, MaxHead, len(text), contentType)
		s.finished = finished
		return buf[from:to]
	}
	inner := append(append([]byte(nil), text...), contentType)
	inner = append(inner, make([]byte, padding)...)
	return s.SealInner(inner)
}

// SealInner seals an inner text of TLS 1.3 as it is, type byte and padding included.
func (s *Sealer) SealInner(inner []byte) []byte {
	header := make([]byte, headerLen, headerLen+len(inner)+tagLen)
	putHeader(header, typeApplicationData, len(inner)+tagLen)
	s.setNonce(s.seq)
	s.seq++
	return s.aead.Seal(header, s.nonce[:], inner, header)
}

// SetSeq moves the counter, to reach limits.
func (s *Sealer) SetSeq(seq uint64) { s.seq = seq }

// SetSeq moves the counter, to reach limits.
func (o *Opener) SetSeq(seq uint64) { o.seq = seq }

// Secrets gives the memory that Wipe must clear.
func (l *Link) Secrets() [][]byte {
	return [][]byte{
		l.Sealer.secret.bytes(), l.Sealer.iv[:], l.Sealer.nonce[:], l.Opener.secret.bytes(), l.Opener.iv[:], l.Opener.nonce[:],
		l.Opener.hand[:cap(l.Opener.hand)],
	}
}

// WatchKernels puts a watcher around every AEAD that is made until undo is called.
func WatchKernels(watch func(key []byte, aead cipher.AEAD) cipher.AEAD) (undo func()) {
	before := kernels
	watched := append([]kernel(nil), before...)
	for i, row := range watched {
		watched[i].build = func(kind aeadKind, key []byte) (cipher.AEAD, error) {
			aead, err := row.build(kind, key)
			if err != nil {
				return nil, err
			}
			return watch(append([]byte(nil), key...), aead), nil
		}
	}
	kernels = watched
	return func() { kernels = before }
}

// EachKernel calls run with the name of every row for a suite; skip is why it cannot run here.
func EachKernel(suite Suite, run func(name, skip string, build func(key []byte) (cipher.AEAD, error))) {
	row, _ := suite.row()
	for _, k := range kernels {
		skip := ""
		switch {
		case !k.suits(row.kind):
			skip = "kernel " + k.name + " does not do " + suite.String()
		case !k.available():
			skip = "this CPU lacks what kernel " + k.name + " needs"
		}
		run(k.name, skip, func(key []byte) (cipher.AEAD, error) { return k.build(row.kind, key) })
	}
}

// KeyLen of a suite in bytes.
func (s Suite) KeyLen() int {
	row, _ := s.row()
	return row.kind.keyLen()
}

// EachTier calls run once for every kernel that this CPU has for a suite, with the tier that chooses it.
func EachTier(suite Suite, run func(name string, tier Tier)) {
	row, _ := suite.row()
	for _, k := range kernels {
		if k.suits(row.kind) && k.available() {
			run(k.name, k.tier)
		}
	}
}
