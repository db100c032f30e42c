package journal

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Report is a journal, examined.
type Report struct {
	Files   int      `json:"files"`
	Records int      `json:"records"` // intents, outcomes and what was lost; copies not counted
	Seals   int      `json:"seals"`
	Open    int      `json:"open"`     // intents without an end
	LastSeq uint64   `json:"last_seq"` //
	Torn    int      `json:"torn"`     // bytes at the end of the newest file that are no record: room not used, or a write that did not end
	Clean   bool     `json:"clean"`    // it ends with the end of a life in good order
	Damage  []Damage `json:"damage"`
}

// Verify examines the journal in a state folder, which may be in use. It changes nothing. An error means that it could not be
// read; damage is in the Report.
func Verify(stateDir string) (Report, error) {
	report := Report{Damage: []Damage{}}
	p := &past{open: newOpenSet()}
	err := eachSegment(stateDir, func(before, s *segment) error {
		report.Files++
		p.add(before, s)
		report.Seals += len(s.seals)
		report.Torn = s.torn
		for _, b := range s.records {
			if numbered(b) {
				report.Records++
			}
		}
		return nil
	})
	report.Damage = append(report.Damage, p.Damage...)
	report.Open, report.LastSeq = len(p.open.byKey), p.LastSeq
	report.Clean = p.ended && len(report.Damage) == 0
	return report, err
}

// Entry is one record for a reader.
type Entry struct {
	File    string
	Kind    Kind
	Carried bool // a copy of an earlier record
	Seq     uint64
	Wall    int64 // ns since the Unix epoch
	Intent  *IntentRecord
	Outcome *OutcomeRecord
	Note    []byte
}

// Walk gives every intact record of the journal in a state folder to see, oldest first, headers and seals left out.
func Walk(stateDir string, see func(Entry) error) error {
	return eachSegment(stateDir, func(_, s *segment) error {
		for _, b := range s.records {
			if err := see(entryOf(s.name, b)); err != nil {
				return err
			}
		}
		return nil
	})
}

func entryOf(name string, b []byte) Entry {
	e := Entry{File: name, Kind: kindOf(b), Carried: flagsOf(b)&flagCarried != 0, Seq: seqOf(b), Wall: wallOf(b)}
	switch e.Kind {
	case KindIntent:
		r := readIntent(b)
		e.Intent = &r
	case KindOutcome:
		r := readOutcome(b)
		e.Outcome = &r
	default:
		e.Note = append([]byte(nil), readNote(b)...)
	}
	return e
}

// ErrNoJournal: the state folder holds no journal.
var ErrNoJournal = errors.New("there is no journal in it")

// eachSegment reads the files that were begun, in order.
func eachSegment(stateDir string, use func(before, s *segment) error) error {
	dir := filepath.Join(stateDir, journalFolder)
	names, err := segmentNames(dir)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("journal: state folder %s: %w", stateDir, ErrNoJournal)
	}
	var before *segment
	for _, name := range names {
		s, err := loadSegment(dir, name)
		if errors.Is(err, errNotBegun) {
			continue
		}
		if err != nil {
			return err
		}
		if err := use(before, s); err != nil {
			return err
		}
		before = s
	}
	return nil
}
