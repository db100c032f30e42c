package journal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"orderwire/orders"
)

// Recovery is what earlier lives left behind.
type Recovery struct {
	// Clean: the last life closed in good order, nothing is damaged and nothing is missing. Where it is false, the venue
	// must be asked about open orders and fills before anything new is sent, and its orders with our prefix are adopted.
	Clean bool
	// Orders are the intents without an end, oldest first.
	Orders []OpenOrder
	// LastSeq is the sequence number of the last record, 0 where there is none.
	LastSeq uint64
	// LastEpoch is the boot epoch of the last life that wrote here, 0 where there is none.
	LastEpoch uint32
	// FromHot is how many records only the hot log had: the process was killed.
	FromHot int
	// HotLost: there was a journal and no hot log of it. The host has crashed or was restarted, or somebody tidied up.
	HotLost bool
	// Lost is how many outcomes found no room when they came.
	Lost uint64
	// Budget is the limiter's state as last noted.
	Budget []byte
	// Damage is what does not check. New orders should wait until a person has seen it.
	Damage []Damage
}

// OpenOrder is an intent without an end.
type OpenOrder struct {
	Intent   IntentRecord
	State    orders.State // of the last outcome; Unknown where there is none
	Outcomes []OutcomeRecord
}

// past is a Recovery with what the writer needs to go on from it.
type past struct {
	Recovery
	identity [identityLen]byte
	ordinal  uint64            // of the newest file
	seal     [sha256.Size]byte // the last good one
	fileSeq  uint64            // of the last record in the files
	rest     []byte            // the records that only the hot log has
	open     *openSet          // as of the files
	files    []string
	unbegun  []string // files without a single record: the process died, or the disk was full, when they were made
	ended    bool     // the last record is an end
}

// readPast reads all files of dir, then what the hot log has beyond them.
func readPast(dir string, hot *hotLog, fresh bool) (*past, error) {
	p := &past{open: newOpenSet()}
	names, err := segmentNames(dir)
	if err != nil {
		return nil, err
	}
	var before *segment
	for _, name := range names {
		if ordinal, ok := ordinalOf(name); ok {
			p.ordinal = max(p.ordinal, ordinal)
		}
		s, err := loadSegment(dir, name)
		if errors.Is(err, errNotBegun) {
			p.unbegun = append(p.unbegun, name)
			continue
		}
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, name)
		p.add(before, s)
		before = s
	}
	p.fileSeq = p.LastSeq
	p.readHot(hot, fresh, before != nil)
	if p.identity == [identityLen]byte{} {
		if _, err := io.ReadFull(rand.Reader, p.identity[:]); err != nil {
			return nil, fmt.Errorf("journal: no random bytes: %w", err)
		}
	}
	return p, nil
}

func loadSegment(dir, name string) (*segment, error) {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	s, err := scanSegment(name, data)
	if err != nil {
		return nil, fmt.Errorf("journal: %s: %w", filepath.Join(dir, name), err)
	}
	return s, nil
}

// add takes the next file. Carried records count only where the file they were copied from is not here.
func (p *past) add(before, s *segment) {
	p.Damage = append(p.Damage, s.damage...)
	p.Damage = append(p.Damage, joint(before, s)...)
	p.seal = s.after()
	if !s.headless {
		p.identity = s.identity
	}
	if before == nil {
		p.LastSeq = s.firstSeq
	}
	for _, b := range s.records {
		p.take(s.name, b, before == nil)
	}
}

// joint checks that s continues the file before it.
func joint(before, s *segment) []Damage {
	if before == nil || before.headless || s.headless {
		return nil
	}
	switch {
	case before.identity != s.identity:
		return []Damage{{s.name, 0, "belongs to another journal"}}
	case !before.leadsTo(s):
		return []Damage{{s.name, 0, "does not continue " + before.name}}
	}
	return nil
}

// take follows the sequence and applies one record.
func (p *past) take(name string, b []byte, first bool) {
	p.ended = kindOf(b) == KindEnd
	switch kindOf(b) {
	case KindStart:
		if text := readNote(b); len(text) >= 4 {
			p.LastEpoch = binary.LittleEndian.Uint32(text)
		}
	case KindBudget:
		p.Budget = append([]byte(nil), readNote(b)...)
	}
	if flagsOf(b)&flagCarried != 0 {
		if r := orderKeyOf(b); first || p.open.byKey[r] == nil && len(p.Damage) > 0 {
			p.open.apply(plain(b))
		}
		return
	}
	if !numbered(b) {
		return
	}
	seq := seqOf(b)
	if seq <= p.LastSeq {
		return // it was written again, after a write that failed
	}
	if seq != p.LastSeq+1 {
		p.Damage = append(p.Damage, Damage{name, -1, fmt.Sprintf("records %d to %d are missing", p.LastSeq+1, seq-1)})
	}
	p.LastSeq = seq
	p.count(b)
	p.open.apply(b)
}

func (p *past) count(b []byte) {
	if kindOf(b) == KindLost {
		p.Lost += lostOf(b)
	}
}

// orderKeyOf is the order that a record is about.
func orderKeyOf(b []byte) orderKey {
	if kindOf(b) == KindIntent {
		r := readIntent(b)
		return orderKey{r.Epoch, r.ID}
	}
	r := readOutcome(b)
	return orderKey{r.Epoch, r.ID}
}

// plain is a carried record as it was before it was copied.
func plain(b []byte) []byte {
	out := append([]byte(nil), b...)
	out[atFlags] &^= byte(flagCarried)
	finish(out)
	return out
}

// readHot takes what only the hot log has. Its head is not trusted: records are, one by one, by number and CRC.
func (p *past) readHot(hot *hotLog, fresh, files bool) {
	bad := func(what string) { p.Damage = append(p.Damage, Damage{"hot log", -1, what}) }
	switch {
	case fresh || hot.untouched():
		p.HotLost = files && !p.ended
		return
	case !hot.valid():
		bad("its header does not fit its CRC")
		return
	case p.identity == [identityLen]byte{}:
		copy(p.identity[:], hot.mem[16:])
	case !hot.belongs(p.identity):
		p.HotLost = true
		return
	}
	head := hot.head.Load()
	if oldest := hot.oldest(head); oldest < head && oldest > p.LastSeq+1 {
		bad(fmt.Sprintf("records %d to %d are in no file", p.LastSeq+1, oldest-1))
		p.LastSeq, p.fileSeq = oldest-1, oldest-1
	}
	for hot.has(p.LastSeq + 1) {
		b := hot.place(p.LastSeq + 1)
		p.LastSeq++
		p.FromHot++
		p.ended = false
		p.rest = append(p.rest, b...)
		p.count(b)
	}
	// A process that was killed behind its record and before the head moved leaves one more than the head says.
	if end := p.LastSeq + 1; head != end && head+1 != end {
		bad(fmt.Sprintf("its records end before %d, its head says %d", end, head))
	}
}

// judge decides what the past is worth to a life with this boot epoch.
func (p *past) judge(epoch uint32) {
	p.Clean = p.ended && len(p.Damage) == 0 && p.FromHot == 0 && p.LastEpoch+1 == epoch
	if len(p.files) == 0 && len(p.Damage) == 0 && p.FromHot == 0 && epoch <= 1 {
		p.Clean = true // the first life of all
	}
	all := newOpenSet()
	for key, records := range p.open.byKey {
		all.byKey[key] = append([][]byte(nil), records...)
	}
	all.applyAll(p.rest)
	p.Orders = all.orders()
}

// setAside renames the files of a damaged journal, so that they stay for a person to look at and are not read again. All
// that could be read of them stands in the new file.
func setAside(dir string, names []string) error {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.Rename(path, path+".damaged"); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	if err := (folder{dir}).sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
