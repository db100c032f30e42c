package record

import "encoding/binary"

// MaxGCM is the longest text that a kernel takes, in bytes, the inner type included.
const MaxGCM = maxGCM

// GCM is a bare kernel of AES-GCM, without a record around it.
type GCM struct{ *gcm }

// GCMRows calls run with the name of every row that is a kernel of ours; skip is why it cannot run here.
func GCMRows(run func(name, skip string, build func(key []byte) (GCM, error))) {
	for _, row := range archKernels() {
		skip := ""
		if !row.available() {
			skip = "this CPU lacks what kernel " + row.name + " needs"
		}
		run(row.name, skip, func(key []byte) (GCM, error) {
			kind := kindAES128GCM
			if len(key) == 32 {
				kind = kindAES256GCM
			}
			aead, err := row.build(kind, key)
			if err != nil {
				return GCM{}, err
			}
			return GCM{aead.(*gcm)}, nil
		})
	}
}

// SealText protects text[:n] and the inner byte as application data; the tag goes behind.
func (g GCM) SealText(nonce *[12]byte, text []byte, n int, inner byte, additionalData []byte) {
	g.seal(nonce, text, n, inner, true, words(additionalData))
}

// Prepare makes keystream for total bytes under nonce.
func (g GCM) Prepare(nonce *[12]byte, total int) { g.prepare(nonce, total) }

// Wipe forgets the key.
func (g GCM) Wipe() { g.wipe() }

// Stream is what is left of keystream made ahead, and the tag block's.
func (g GCM) Stream() []byte { return g.key.stream[:] }

// Empty tells whether nothing secret is left.
func (g GCM) Empty() bool { return *g.key == material{} && g.ahead == 0 }

// SealerGCM is the kernel under the sending half; ok tells whether it is one of ours.
func (l *Link) SealerGCM() (g GCM, ok bool) { return GCM{l.Sealer.gcm}, l.Sealer.gcm != nil }

// OpenerGCM is the kernel under the receiving half; ok tells whether it is one of ours.
func (l *Link) OpenerGCM() (g GCM, ok bool) {
	ours, ok := l.Opener.aead.(*gcm)
	return GCM{ours}, ok
}

// PretendAhead makes the next record meet keystream, of zeros: what it takes does not depend on the bytes, and making real
// keystream would be timed with it.
func (s *Sealer) PretendAhead(n int) bool {
	if s.gcm == nil || n > MaxAhead {
		return false
	}
	s.gcm.ahead = n
	if s.version == TLS13 {
		s.setNonce(s.seq)
		s.gcm.ahead++
	}
	copy(s.gcm.key.nonce[:4], s.nonce[:4])
	binary.LittleEndian.PutUint64(s.gcm.key.nonce[4:], binary.LittleEndian.Uint64(s.nonce[4:])) // in the words of sameNonce
	return true
}
