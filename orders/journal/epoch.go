package journal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// The faults of a state folder. Each error that wraps one names the folder and what to do.
var (
	ErrInUse     = errors.New("another process holds the state folder")
	ErrCorrupt   = errors.New("the state folder is damaged")
	ErrExhausted = errors.New("all boot epochs are used")
)

const (
	formatName = "format"
	formatText = "orderwire state 1\n"
	epochName  = "epoch"
	epochHead  = "orderwire epoch 1 "
	// stateFileMax bounds what is read of a file that should hold one line.
	stateFileMax = 4096
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// State is one state folder, held by this process alone until Close.
type State struct {
	mu     sync.Mutex
	dir    *os.File // the flock sits on this descriptor
	path   string
	epoch  uint32 // the last one that is on the disk
	broken error  // a write failed: what is on the disk is not known until the folder is opened again
}

// OpenState takes the state folder dir, and makes it (0700) where it does not exist. It fails where another process
// holds it, where others than its owner may write to it, and where its files do not check.
func OpenState(dir string) (*State, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: state folder %q: %w", dir, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("journal: cannot make the state folder %s (set state_dir to a folder that can be written): %w", path, err)
	}
	handle, err := os.OpenFile(path, unix.O_DIRECTORY|os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("journal: cannot open the state folder %s: %w", path, err)
	}
	s := &State{dir: handle, path: path}
	if err := s.take(); err != nil {
		return nil, errors.Join(err, handle.Close())
	}
	return s, nil
}

// NextEpoch gives the next boot epoch, 1 at first. It is on the disk when it returns: file and directory are synced.
// After an error nothing was given out, and the folder must be opened again.
func (s *State) NextEpoch() (uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return 0, s.broken
	}
	next, err := s.raise()
	if err != nil {
		s.broken = err
		return 0, err
	}
	return next, nil
}

// Dir is the absolute path of the folder.
func (s *State) Dir() string { return s.path }

// Close lets another process take the folder. A second Close does nothing.
func (s *State) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == nil {
		return nil
	}
	err := s.dir.Close()
	s.dir, s.broken = nil, fmt.Errorf("journal: state folder %s: %w", s.path, fs.ErrClosed)
	return err
}

// subfolder makes a folder (0700) beneath this one, durably.
func (s *State) subfolder(name string) error {
	err := unix.Mkdirat(int(s.dir.Fd()), name, 0o700)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	if err == nil {
		err = s.dir.Sync()
	}
	if err != nil {
		return fmt.Errorf("journal: cannot make %s: %w", filepath.Join(s.path, name), err)
	}
	return nil
}

// take locks the folder and reads what is in it.
func (s *State) take() error {
	if err := unix.Flock(int(s.dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return fmt.Errorf("journal: state folder %s: %w: stop the other orderwire, or give this one its own state_dir and instance prefix", s.path, ErrInUse)
		}
		return fmt.Errorf("journal: cannot lock the state folder %s: %w", s.path, err)
	}
	info, err := s.dir.Stat()
	if err != nil {
		return fmt.Errorf("journal: state folder %s: %w", s.path, err)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("journal: state folder %s may be written by others (mode %04o): run chmod 700 on it", s.path, mode)
	}
	return s.load()
}

// load reads the epoch of a used folder, or starts a fresh one. The epoch file comes first and the format file second:
// a folder with a format but no epoch has lost it, whatever the moment of a crash.
func (s *State) load() error {
	format, used, err := s.read(formatName)
	if err != nil {
		return err
	}
	if used && format != formatText {
		return s.corrupt(formatName, fmt.Sprintf("it says %q, want %q", format, formatText))
	}
	text, found, err := s.read(epochName)
	if err != nil {
		return err
	}
	switch {
	case found:
		if s.epoch, err = parseEpoch(text); err != nil {
			return s.corrupt(epochName, err.Error())
		}
	case used:
		return s.corrupt(epochName, "it is missing though the folder was used")
	default:
		if err := s.write(epochName, renderEpoch(0)); err != nil {
			return err
		}
	}
	if used {
		return nil
	}
	return s.write(formatName, formatText)
}

func (s *State) raise() (uint32, error) {
	text, found, err := s.read(epochName)
	if err != nil {
		return 0, err
	}
	if !found || text != renderEpoch(s.epoch) {
		return 0, s.corrupt(epochName, "it was changed by another hand while the folder was held")
	}
	if s.epoch == math.MaxUint32 {
		return 0, fmt.Errorf("journal: state folder %s: %w: start a new folder with another instance prefix", s.path, ErrExhausted)
	}
	if err := s.write(epochName, renderEpoch(s.epoch+1)); err != nil {
		return 0, err
	}
	s.epoch++
	return s.epoch, nil
}

// read returns the text of a file of the folder and whether it exists.
func (s *State) read(name string) (text string, found bool, err error) {
	file, err := s.openAt(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("journal: cannot read %s: %w", filepath.Join(s.path, name), err)
	}
	bytes, err := io.ReadAll(io.LimitReader(file, stateFileMax))
	if err = errors.Join(err, file.Close()); err != nil {
		return "", false, fmt.Errorf("journal: cannot read %s: %w", filepath.Join(s.path, name), err)
	}
	return string(bytes), true, nil
}

// write replaces a file of the folder as a whole, durably. All paths go through the locked descriptor, so that a folder
// renamed under us is still the folder that we hold.
func (s *State) write(name, text string) error {
	failed := func(err error) error {
		return fmt.Errorf("journal: cannot write %s (is the disk full or read-only?): %w", filepath.Join(s.path, name), err)
	}
	fresh := name + ".new"
	file, err := s.openAt(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return failed(err)
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return failed(err)
	}
	at := int(s.dir.Fd())
	if err := unix.Renameat(at, fresh, at, name); err != nil {
		return failed(err)
	}
	if err := s.dir.Sync(); err != nil {
		return failed(err)
	}
	return nil
}

func (s *State) openAt(name string, flags int) (*os.File, error) {
	fd, err := unix.Openat(int(s.dir.Fd()), name, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), filepath.Join(s.path, name)), nil
}

func (s *State) corrupt(name, why string) error {
	return fmt.Errorf("journal: %s: %w: %s: ids may repeat if it is guessed, so start a new state_dir with another instance prefix",
		filepath.Join(s.path, name), ErrCorrupt, why)
}

// renderEpoch is the one text of an epoch: head, ten digits, CRC32C of all before it.
func renderEpoch(epoch uint32) string {
	body := fmt.Sprintf("%s%010d ", epochHead, epoch)
	return fmt.Sprintf("%s%08x\n", body, crc32.Checksum([]byte(body), castagnoli))
}

// parseEpoch accepts exactly what renderEpoch writes.
func parseEpoch(text string) (uint32, error) {
	digits, ok := strings.CutPrefix(text, epochHead)
	if !ok || len(digits) < 10 {
		return 0, errors.New("it is torn, or of another format")
	}
	epoch, err := strconv.ParseUint(digits[:10], 10, 32)
	if err != nil {
		return 0, errors.New("its number does not parse")
	}
	if text != renderEpoch(uint32(epoch)) {
		return 0, errors.New("its checksum does not fit")
	}
	return uint32(epoch), nil
}
