package orders

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// IDSpace makes client ids that never repeat: instance prefix, boot epoch, counter. The epoch is fsynced
// before the first signature of a process (orders/journal), so that no restart reuses an id.
type IDSpace struct {
	Prefix string // 1..3 of [a-z0-9]: tells our orders from all others of the account
	Epoch  uint32 // boot epoch, strictly rising over the life of a state folder; below EpochMax
	Form   IDForm // how the id is written; dialects that need a UUID set it themselves
}

// IDForm is how a client id is written.
type IDForm uint8

// The forms of a client id.
const (
	// IDText is prefix, epoch in 5 digits of base 36, counter in 10 decimal digits: at most 18 characters, which
	// is Kraken's limit and inside the alphabets of Binance and Bybit.
	IDText IDForm = iota
	// IDUUID is a UUID of version 8 (RFC 9562 section 5.8) that holds the same three values: Coinbase.
	IDUUID
	// IDBare is prefix and counter alone. The prefix may then also hold '-' and '_'. It repeats after a restart:
	// only for benches and test venues.
	IDBare
)

// Limits of an id.
const (
	counterDigits = 10
	epochDigits   = 5
	EpochMax      = 36*36*36*36*36 - 1 // 60,466,175: more than a boot a second for a year
	CounterMax    = 1e10 - 1
	uuidWidth     = 36
)

// check is asked by whatever compiles an IDSpace into something.
func (s IDSpace) check() error {
	if len(s.Prefix) < 1 || len(s.Prefix) > 3 {
		return fmt.Errorf("orders: id prefix %q must have 1 to 3 characters", s.Prefix)
	}
	for i := range len(s.Prefix) {
		b := s.Prefix[i]
		letter := b >= 'a' && b <= 'z' || b >= '0' && b <= '9'
		if !letter && (s.Form != IDBare || b != '-' && b != '_') {
			return fmt.Errorf("orders: id prefix %q must be of a-z and 0-9", s.Prefix)
		}
	}
	if s.Epoch > EpochMax {
		return fmt.Errorf("orders: boot epoch %d is past %d", s.Epoch, uint32(EpochMax))
	}
	if s.Form > IDBare {
		return errors.New("orders: id form is unknown")
	}
	return nil
}

// Width is the length of every id of the space, in bytes.
func (s IDSpace) Width() int {
	switch s.Form {
	case IDUUID:
		return uuidWidth
	case IDBare:
		return len(s.Prefix) + counterDigits
	default:
		return len(s.Prefix) + epochDigits + counterDigits
	}
}

// Text is the id of counter.
//
// Panics: on a counter past CounterMax, in the text forms.
func (s IDSpace) Text(counter uint64) string {
	return string(s.AppendText(make([]byte, 0, uuidWidth), counter))
}

// AppendText appends the id of counter to dst. It allocates only where dst has no room.
//
// Panics: on a counter past CounterMax, in the text forms.
func (s IDSpace) AppendText(dst []byte, counter uint64) []byte {
	if s.Form == IDUUID {
		var id [uuidWidth]byte
		s.putUUID(&id, counter)
		return append(dst, id[:]...)
	}
	if counter > CounterMax {
		panic("orders: id counter is past its 10 digits")
	}
	dst = s.appendStem(dst)
	var digits [counterDigits]byte
	putDigits10(digits[:], counter)
	return append(dst, digits[:]...)
}

// appendStem appends what all ids of a text form begin with.
func (s IDSpace) appendStem(dst []byte) []byte {
	dst = append(dst, s.Prefix...)
	if s.Form == IDBare {
		return dst
	}
	var digits [epochDigits]byte
	for i, rest := epochDigits-1, s.Epoch; i >= 0; i, rest = i-1, rest/36 {
		digits[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest%36]
	}
	return append(dst, digits[:]...)
}

// Parse reads an id that a venue named. ours is false for every id that this prefix and form cannot have made;
// epoch may be another than s.Epoch: that of an earlier life. It is 0 in the bare form.
func (s IDSpace) Parse(text []byte) (epoch uint32, counter uint64, ours bool) {
	if len(text) != s.Width() {
		return 0, 0, false
	}
	if s.Form == IDUUID {
		return s.parseUUID(text)
	}
	if string(text[:len(s.Prefix)]) != s.Prefix {
		return 0, 0, false
	}
	digits := text[len(s.Prefix):]
	if s.Form == IDText {
		for _, b := range digits[:epochDigits] {
			switch {
			case b >= '0' && b <= '9':
				epoch = epoch*36 + uint32(b-'0')
			case b >= 'a' && b <= 'z':
				epoch = epoch*36 + uint32(b-'a') + 10
			default:
				return 0, 0, false
			}
		}
		digits = digits[epochDigits:]
	}
	counter, ours = ParseCounter(digits)
	if !ours {
		return 0, 0, false
	}
	return epoch, counter, true
}

// ParseCounter reads the decimal counter that a venue echoes as the request id. It refuses everything else.
func ParseCounter(text []byte) (counter uint64, ok bool) {
	if len(text) == 0 || len(text) > counterDigits {
		return 0, false
	}
	for _, b := range text {
		if b < '0' || b > '9' {
			return 0, false
		}
		counter = counter*10 + uint64(b-'0')
	}
	return counter, true
}

// putUUID writes pppppp ee-eeee-8eec-8ccc-cccccccccccc: prefix (3 bytes, zero-filled in front), epoch, counter.
func (s IDSpace) putUUID(dst *[uuidWidth]byte, counter uint64) {
	var raw [15]byte // 30 hex digits: all of a UUID but version and variant
	copy(raw[3-len(s.Prefix):3], s.Prefix)
	for i := range 4 {
		raw[3+i] = byte(s.Epoch >> (24 - 8*i))
	}
	for i := range 8 {
		raw[7+i] = byte(counter >> (56 - 8*i))
	}
	var digits [30]byte
	hex.Encode(digits[:], raw[:])
	copy(dst[0:8], digits[0:8])
	dst[8] = '-'
	copy(dst[9:13], digits[8:12])
	dst[13], dst[14] = '-', '8' // version
	copy(dst[15:18], digits[12:15])
	dst[18], dst[19] = '-', '8' // variant
	copy(dst[20:23], digits[15:18])
	dst[23] = '-'
	copy(dst[24:36], digits[18:30])
}

// parseUUID undoes putUUID and refuses every other UUID. Venues may answer in upper case.
func (s IDSpace) parseUUID(text []byte) (epoch uint32, counter uint64, ours bool) {
	if text[8] != '-' || text[13] != '-' || text[14] != '8' || text[18] != '-' || text[19] != '8' || text[23] != '-' {
		return 0, 0, false
	}
	var digits [30]byte
	copy(digits[0:8], text[0:8])
	copy(digits[8:12], text[9:13])
	copy(digits[12:15], text[15:18])
	copy(digits[15:18], text[20:23])
	copy(digits[18:30], text[24:36])
	var raw [15]byte
	if _, err := hex.Decode(raw[:], digits[:]); err != nil {
		return 0, 0, false
	}
	var prefix [3]byte
	copy(prefix[3-len(s.Prefix):], s.Prefix)
	if [3]byte(raw[:3]) != prefix {
		return 0, 0, false
	}
	for _, b := range raw[3:7] {
		epoch = epoch<<8 | uint32(b)
	}
	for _, b := range raw[7:15] {
		counter = counter<<8 | uint64(b)
	}
	return epoch, counter, true
}

// IDs hands out the counters of one process life. One loop owns it. Counters begin at 1: 0 is no order.
type IDs struct{ last uint64 }

// Next is the next counter. Loops that rehearse use an IDs of their own.
//
// Panics: past CounterMax. Left asks first.
func (i *IDs) Next() uint64 {
	if i.last == CounterMax {
		panic("orders: id counter is used up")
	}
	i.last++
	return i.last
}

// Peek is what Next will hand out: admission and journal ask about an order under its own id before it has one.
func (i *IDs) Peek() uint64 { return i.last + 1 }

// Left is how many counters are left.
func (i *IDs) Left() uint64 { return CounterMax - i.last }

// Last is the counter handed out last, 0 where none was.
func (i *IDs) Last() uint64 { return i.last }
