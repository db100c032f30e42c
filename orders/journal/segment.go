package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	segmentMagic  = "orderwire journal"
	segmentSuffix = ".owj"
)

// chain is the SHA-256 chain of a file: each seal is the hash of the seal before it and of every record between.
type chain struct {
	last [sha256.Size]byte
	sum  hash.Hash
}

func newChain(last [sha256.Size]byte) *chain {
	c := &chain{last: last, sum: sha256.New()}
	c.sum.Write(last[:])
	return c
}

func (c *chain) add(records []byte) { c.sum.Write(records) }

// seal ends a link and begins the next.
func (c *chain) seal() [sha256.Size]byte {
	c.sum.Sum(c.last[:0])
	c.restart(c.last)
	return c.last
}

func (c *chain) restart(last [sha256.Size]byte) {
	c.last = last
	c.sum.Reset()
	c.sum.Write(last[:])
}

// putSegmentHeader is the first record of a file: whose it is, which one, and the seal that it continues.
func putSegmentHeader(b []byte, identity [identityLen]byte, ordinal, seq uint64, wallNanos int64, last [sha256.Size]byte) {
	header(b, KindHeader, 0, seq, wallNanos)
	copy(b[24:], segmentMagic)
	copy(b[48:], identity[:])
	copy(b[64:], last[:])
	binary.LittleEndian.PutUint64(b[96:], ordinal)
	finish(b)
}

func putSeal(b []byte, seq uint64, wallNanos int64, value [sha256.Size]byte) {
	header(b, KindSeal, 0, seq, wallNanos)
	copy(b[atBody:], value[:])
	finish(b)
}

func sealOf(b []byte) (value [sha256.Size]byte) {
	copy(value[:], b[atBody:])
	return value
}

// segment is one file, read.
type segment struct {
	name     string
	headless bool // its header is damaged: identity, before and firstSeq are void
	identity [identityLen]byte
	before   [sha256.Size]byte   // the seal that it continues
	seals    [][sha256.Size]byte // its own, oldest first
	firstSeq uint64              // the last sequence number before it
	records  [][]byte            // intact ones in order, without the header
	torn     int                 // bytes at the end that are no record: a write that did not end, or room not yet used
	damage   []Damage
}

// Damage is one place that does not check.
type Damage struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"` // bytes; -1 where it is no place in a file
	What   string `json:"what"`
}

// String is the damage in a sentence.
func (d Damage) String() string {
	if d.Offset < 0 {
		return d.File + ": " + d.What
	}
	return fmt.Sprintf("%s: byte %d: %s", d.File, d.Offset, d.What)
}

// errNotBegun: the file was made and holds no record yet. errVersion: another version of this program wrote it.
var (
	errNotBegun = errors.New("it was never begun")
	errVersion  = errors.New("unknown format version")
)

// scanSegment reads the bytes of one file. What is bad at the very end is torn, what is bad before a good record is damage.
func scanSegment(name string, data []byte) (*segment, error) {
	end := lastIntact(data)
	if end == 0 {
		return nil, errNotBegun
	}
	s := &segment{name: name, torn: len(data) - end}
	if err := s.open(data); err != nil {
		return nil, err
	}
	links := newChain(s.before)
	links.add(data[:recordBytes])
	for at := recordBytes; at < end; at += recordBytes {
		s.take(links, data[at:at+recordBytes], int64(at))
	}
	return s, nil
}

// open reads the header. Without a good one the records are still worth reading.
func (s *segment) open(data []byte) error {
	if !intact(data) || kindOf(data) != KindHeader || !bytes.HasPrefix(data[24:], []byte(segmentMagic)) {
		s.damage = append(s.damage, Damage{s.name, 0, "its first record is no header of a journal"})
		s.headless = true
		return nil
	}
	if data[atVersion] != formatVersion {
		return fmt.Errorf("%w: it is %d, this program knows %d", errVersion, data[atVersion], formatVersion)
	}
	copy(s.identity[:], data[48:])
	copy(s.before[:], data[64:])
	s.firstSeq = seqOf(data)
	return nil
}

// lastIntact is where the last good record ends.
func lastIntact(data []byte) int {
	at := len(data) / recordBytes * recordBytes
	for at > 0 && !intact(data[at-recordBytes:at]) {
		at -= recordBytes
	}
	return at
}

func (s *segment) take(links *chain, b []byte, at int64) {
	if !intact(b) {
		s.damage = append(s.damage, Damage{s.name, at, "record does not fit its CRC"})
		links.add(b)
		return
	}
	if kindOf(b) != KindSeal {
		links.add(b)
		s.records = append(s.records, b)
		return
	}
	if value := sealOf(b); links.seal() != value {
		s.damage = append(s.damage, Damage{s.name, at, "seal does not fit the records before it"})
		links.restart(value)
	}
	s.seals = append(s.seals, links.last)
}

// after is its last seal, or the one that it continues.
func (s *segment) after() [sha256.Size]byte {
	if len(s.seals) == 0 {
		return s.before
	}
	return s.seals[len(s.seals)-1]
}

// leadsTo tells whether next continues this file: from its last seal, or from an earlier one where this file was given
// up after a failed write.
func (s *segment) leadsTo(next *segment) bool {
	return next.before == s.before || slices.Contains(s.seals, next.before)
}

// segmentNames lists the files of a journal folder, oldest first.
func segmentNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if _, ok := ordinalOf(entry.Name()); ok {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func segmentName(ordinal uint64) string { return fmt.Sprintf("%016x%s", ordinal, segmentSuffix) }

func ordinalOf(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	ordinal, err := strconv.ParseUint(digits, 16, 64)
	return ordinal, err == nil
}

// disk is where files lie; tests put one that fills up or fails in its place.
type disk interface {
	names() ([]string, error)
	create(name string, sizeBytes int64) (output, error)
	remove(name string) error
}

// output is one file being written. A write lands at its offset, whatever failed before.
type output interface {
	WriteAt(p []byte, at int64) (int, error)
	Sync() error
	Truncate(sizeBytes int64) error
	Close() error
}

// folder is the disk of a real journal.
type folder struct{ path string }

func (f folder) names() ([]string, error) { return segmentNames(f.path) }

// create makes a file and reserves its whole room, so that a full disk shows now and not in the middle.
func (f folder) create(name string, sizeBytes int64) (output, error) {
	path := filepath.Join(f.path, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Fallocate(int(file.Fd()), 0, 0, sizeBytes)
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = nil // the file grows as it is written: slower, and just as safe
	}
	if err = errors.Join(err, f.sync()); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	return dataSynced{file}, nil
}

func (f folder) remove(name string) error {
	return errors.Join(os.Remove(filepath.Join(f.path, name)), f.sync())
}

// sync makes names durable.
func (f folder) sync() error {
	dir, err := os.Open(f.path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// dataSynced is a file whose Sync leaves out what no reader needs (times).
type dataSynced struct{ *os.File }

func (d dataSynced) Sync() error {
	for {
		err := unix.Fdatasync(int(d.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
