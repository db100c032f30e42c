package journal

import (
	"encoding/binary"
	"hash/crc32"

	"orderwire/orders"
)

// Every record, in the hot log and in the files, is recordBytes long and little-endian:
//
//	0   CRC32C of all that follows it
//	4   kind, 5 format version, 6 flags (2 bytes)
//	8   sequence number
//	16  wall time, ns since the Unix epoch
//	24  what the kind says
//
// Source: RFC 3720 section 12.1 for CRC32C (Castagnoli), which finds every error of up to five bits in 128 bytes.
const (
	recordBytes   = 128
	formatVersion = 1

	atKind    = 4
	atVersion = 5
	atFlags   = 6
	atSeq     = 8
	atWall    = 16
	atBody    = 24
)

// SymbolMax and TextMax are the longest symbol and the longest execution or venue id that a record holds, in bytes.
// The venues' own are at most 22 and 36.
const (
	SymbolMax = 24
	TextMax   = 40
	noteMax   = recordBytes - atBody - 1
)

// Kind tells what a record says.
type Kind uint8

// The kinds. Intents and outcomes carry sequence numbers without gaps; the others stand between them in a file and
// carry that of the last record before them.
const (
	kindNone     Kind = iota
	KindIntent        // an order or a cancel is about to be sent
	KindOutcome       // what is now known of one
	KindHeader        // the first record of a file
	KindSeal          // the SHA-256 chain over all that stands before it
	KindStart         // the boot epoch of the process that writes; each file has one
	KindEnd           // it closed in good order
	KindOverride      // a person overrode a rule: who and what
	KindBudget        // the limiter's state
	KindLost          // outcomes that found no room
)

var kindNames = [...]string{"none", "intent", "outcome", "header", "seal", "start", "end", "override", "budget", "lost"}

// String is the kind as `orderwire journal show` names it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// flagCarried marks a copy at the start of a file: the order was open when the file was begun. flagCut marks a text that
// was too long, flagVenueID one that is a venue id and not an execution id.
const (
	flagCarried uint16 = 1 << iota
	flagCut
	flagVenueID
)

// Decimal is an exact number: Mantissa / 10^Scale. It converts to and from fixed.Number.
type Decimal struct {
	Mantissa int64
	Scale    uint8
}

// IntentRecord is written before an order's bytes leave.
type IntentRecord struct {
	ID        uint64 // counter of the client id
	Target    uint64 // of a cancel: the order it means
	Epoch     uint32 // boot epoch of the client id
	Armed     uint16 // which template
	Session   uint16 // which connection
	Action    orders.Action
	Side      uint8 // market.Side
	Type      orders.Type
	TIF       orders.TIF
	Price     Decimal
	Qty       Decimal
	WallNanos int64  // when it is sent, ns since the Unix epoch
	UntilWall int64  // when its window at the venue ends; 0: it carries none
	Symbol    string // at most SymbolMax bytes
}

// cancels tells whether the record asks for an end: such records may use the reserve.
func (r *IntentRecord) cancels() bool {
	return r.Action == orders.Cancel || r.Action == orders.CancelAll
}

// OutcomeRecord is what is now known of an order.
type OutcomeRecord struct {
	ID        uint64
	Epoch     uint32
	State     orders.State
	Before    orders.State
	Kind      orders.ReportKind // what caused it
	Code      int32             // the venue's error code
	LastQty   Decimal
	LastPrice Decimal
	CumQty    Decimal
	WallNanos int64
	ExecID    []byte // at most TextMax bytes; borrowed until the call returns
	VenueID   []byte // as above
}

// header writes what all records have but the CRC, and clears the body.
func header(b []byte, kind Kind, flags uint16, seq uint64, wallNanos int64) {
	_ = b[recordBytes-1]
	clear(b[atBody:recordBytes])
	b[atKind], b[atVersion] = byte(kind), formatVersion
	binary.LittleEndian.PutUint16(b[atFlags:], flags)
	binary.LittleEndian.PutUint64(b[atSeq:], seq)
	binary.LittleEndian.PutUint64(b[atWall:], uint64(wallNanos))
}

// finish writes the CRC of a record that is complete.
func finish(b []byte) {
	binary.LittleEndian.PutUint32(b, crc32.Checksum(b[4:recordBytes], castagnoli))
}

// intact tells whether the CRC fits.
func intact(b []byte) bool {
	return binary.LittleEndian.Uint32(b) == crc32.Checksum(b[4:recordBytes], castagnoli)
}

func putIntent(b []byte, r *IntentRecord, seq uint64) {
	header(b, KindIntent, 0, seq, r.WallNanos)
	le := binary.LittleEndian
	le.PutUint64(b[24:], r.ID)
	le.PutUint64(b[32:], r.Target)
	le.PutUint64(b[40:], uint64(r.Price.Mantissa))
	le.PutUint64(b[48:], uint64(r.Qty.Mantissa))
	le.PutUint64(b[56:], uint64(r.UntilWall))
	le.PutUint32(b[64:], r.Epoch)
	le.PutUint16(b[68:], r.Armed)
	le.PutUint16(b[70:], r.Session)
	b[72], b[73], b[74], b[75] = byte(r.Action), r.Side, byte(r.Type), byte(r.TIF)
	b[76], b[77], b[78] = r.Price.Scale, r.Qty.Scale, byte(len(r.Symbol))
	copy(b[80:80+SymbolMax], r.Symbol)
	finish(b)
}

func readIntent(b []byte) IntentRecord {
	le := binary.LittleEndian
	return IntentRecord{
		ID: le.Uint64(b[24:]), Target: le.Uint64(b[32:]),
		Price:     Decimal{int64(le.Uint64(b[40:])), b[76]},
		Qty:       Decimal{int64(le.Uint64(b[48:])), b[77]},
		UntilWall: int64(le.Uint64(b[56:])),
		Epoch:     le.Uint32(b[64:]), Armed: le.Uint16(b[68:]), Session: le.Uint16(b[70:]),
		Action: orders.Action(b[72]), Side: b[73], Type: orders.Type(b[74]), TIF: orders.TIF(b[75]),
		Symbol:    string(b[80 : 80+min(int(b[78]), SymbolMax)]),
		WallNanos: int64(le.Uint64(b[atWall:])),
	}
}

// putOutcome writes r with one of its two texts.
func putOutcome(b []byte, r *OutcomeRecord, text []byte, flags uint16, seq uint64) {
	if len(text) > TextMax {
		text, flags = text[:TextMax], flags|flagCut
	}
	header(b, KindOutcome, flags, seq, r.WallNanos)
	le := binary.LittleEndian
	le.PutUint64(b[24:], r.ID)
	le.PutUint32(b[32:], r.Epoch)
	le.PutUint32(b[36:], uint32(r.Code))
	le.PutUint64(b[40:], uint64(r.LastQty.Mantissa))
	le.PutUint64(b[48:], uint64(r.LastPrice.Mantissa))
	le.PutUint64(b[56:], uint64(r.CumQty.Mantissa))
	b[64], b[65], b[66] = r.LastQty.Scale, r.LastPrice.Scale, r.CumQty.Scale
	b[67], b[68], b[69], b[70] = byte(r.State), byte(r.Before), byte(r.Kind), byte(len(text))
	copy(b[72:72+TextMax], text)
	finish(b)
}

func readOutcome(b []byte) OutcomeRecord {
	le := binary.LittleEndian
	r := OutcomeRecord{
		ID: le.Uint64(b[24:]), Epoch: le.Uint32(b[32:]), Code: int32(le.Uint32(b[36:])),
		LastQty:   Decimal{int64(le.Uint64(b[40:])), b[64]},
		LastPrice: Decimal{int64(le.Uint64(b[48:])), b[65]},
		CumQty:    Decimal{int64(le.Uint64(b[56:])), b[66]},
		State:     orders.State(b[67]), Before: orders.State(b[68]), Kind: orders.ReportKind(b[69]),
		WallNanos: int64(le.Uint64(b[atWall:])),
	}
	text := append([]byte(nil), b[72:72+min(int(b[70]), TextMax)]...)
	switch {
	case len(text) == 0:
	case flagsOf(b)&flagVenueID != 0:
		r.VenueID = text
	default:
		r.ExecID = text
	}
	return r
}

// putNote writes a record whose body is a text: the start, the end, an override, a budget, what was lost.
func putNote(b []byte, kind Kind, seq uint64, wallNanos int64, text []byte) {
	header(b, kind, 0, seq, wallNanos)
	n := copy(b[atBody+1:], text)
	b[atBody] = byte(n)
	finish(b)
}

// putLost says how many outcomes found no room before it.
func putLost(b []byte, seq, count uint64) {
	header(b, KindLost, 0, seq, 0)
	binary.LittleEndian.PutUint64(b[atBody:], count)
	finish(b)
}

func lostOf(b []byte) uint64 { return binary.LittleEndian.Uint64(b[atBody:]) }

func readNote(b []byte) []byte {
	return b[atBody+1 : atBody+1+min(int(b[atBody]), noteMax)]
}

func kindOf(b []byte) Kind    { return Kind(b[atKind]) }
func flagsOf(b []byte) uint16 { return binary.LittleEndian.Uint16(b[atFlags:]) }
func seqOf(b []byte) uint64   { return binary.LittleEndian.Uint64(b[atSeq:]) }
func wallOf(b []byte) int64   { return int64(binary.LittleEndian.Uint64(b[atWall:])) }

// numbered tells whether the record counts in the sequence.
func numbered(b []byte) bool {
	kind := kindOf(b)
	return (kind == KindIntent || kind == KindOutcome || kind == KindLost) && flagsOf(b)&flagCarried == 0
}
