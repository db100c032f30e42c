package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The hot log is a ring of records in a file on tmpfs, mapped and shared: its pages are never written back, so the kernel
// never write-protects them under the loop, and they outlive a killed process (not the host). First comes one page:
//
//	0    magic "owhotlg1"   8 places   16 identity of the state folder   32 CRC32C of all that
//	64   head: the sequence number that comes next, atomic
const (
	hotMagic    = "owhotlg1"
	hotPage     = 4096
	hotHead     = 64
	hotCRC      = 32
	identityLen = 16
)

// hotLog is the mapping. The loop writes, the flusher reads what lies below head.
type hotLog struct {
	file   *os.File
	mem    []byte
	mask   uint64
	head   *atomic.Uint64
	onDisk bool // no tmpfs was found: the pages are those of a disk's file, and write-back may stall the loop
}

// openHot maps the hot log of the state folder. One that is there keeps its size, so that its records can be read; else
// it is made with places records (a power of two) and fresh is true. The folder's flock keeps other processes out.
func openHot(hotDir, stateDir string, places uint64) (hot *hotLog, fresh bool, err error) {
	path, onDisk := hotPath(hotDir, stateDir)
	hot, fresh, err = openHotFile(path, places)
	if err != nil {
		return nil, false, err
	}
	hot.onDisk = onDisk
	return hot, fresh, nil
}

func openHotFile(path string, places uint64) (hot *hotLog, fresh bool, err error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("journal: hot log %s cannot be opened: %w", path, err)
	}
	file := os.NewFile(uintptr(fd), path)
	hot, fresh, err = mapHot(file, places)
	if err != nil {
		return nil, false, errors.Join(fmt.Errorf("journal: hot log %s: %w", path, err), file.Close())
	}
	return hot, fresh, nil
}

// hotPath is the file of stateDir on the first tmpfs there is; in the state folder itself where there is none.
func hotPath(hotDir, stateDir string) (path string, onDisk bool) {
	sum := sha256.Sum256([]byte(stateDir))
	name := "orderwire-" + strconv.Itoa(os.Geteuid()) + "-" + hex.EncodeToString(sum[:8])
	for _, dir := range []string{hotDir, "/dev/shm", os.Getenv("XDG_RUNTIME_DIR")} {
		var fs unix.Statfs_t
		if dir != "" && unix.Statfs(dir, &fs) == nil && fs.Type == unix.TMPFS_MAGIC {
			return filepath.Join(dir, name), false
		}
	}
	return filepath.Join(stateDir, "hot"), true
}

func mapHot(file *os.File, places uint64) (hot *hotLog, fresh bool, err error) {
	var info unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &info); err != nil {
		return nil, false, err
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || int(info.Uid) != os.Geteuid() || info.Mode&0o077 != 0 {
		return nil, false, errors.New("is not a private file of ours: somebody else made it, remove it")
	}
	if there := uint64(info.Size-hotPage) / recordBytes; info.Size > hotPage && there&(there-1) == 0 {
		places = there
	}
	size := int64(hotPage + places*recordBytes)
	if info.Size != size {
		fresh = true
		if err := errors.Join(file.Truncate(0), unix.Fallocate(int(file.Fd()), 0, 0, size)); err != nil {
			return nil, false, fmt.Errorf("needs %d bytes: %w", size, err)
		}
	}
	mem, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, false, fmt.Errorf("cannot be mapped: %w", err)
	}
	_ = unix.Mlock(mem) // RLIMIT_MEMLOCK may forbid it: tmpfs pages can then be swapped, which costs time and no record
	// SAFETY: mem is page-aligned and outlives every use of head (unmap is the last thing that close does).
	head := (*atomic.Uint64)(unsafe.Pointer(&mem[hotHead]))
	return &hotLog{file: file, mem: mem, mask: places - 1, head: head}, fresh, nil
}

// reset makes the ring that of identity, empty, with next as the sequence number that comes next.
func (h *hotLog) reset(identity [identityLen]byte, next uint64) {
	clear(h.mem)
	copy(h.mem, hotMagic)
	binary.LittleEndian.PutUint64(h.mem[8:], h.mask+1)
	copy(h.mem[16:], identity[:])
	binary.LittleEndian.PutUint32(h.mem[hotCRC:], crc32.Checksum(h.mem[:hotCRC], castagnoli))
	h.head.Store(next)
}

// belongs tells whether the ring is one of identity.
func (h *hotLog) belongs(identity [identityLen]byte) bool {
	return h.valid() && bytes.Equal(h.mem[16:16+identityLen], identity[:])
}

func (h *hotLog) valid() bool {
	return string(h.mem[:len(hotMagic)]) == hotMagic && binary.LittleEndian.Uint64(h.mem[8:]) == h.mask+1 &&
		binary.LittleEndian.Uint32(h.mem[hotCRC:]) == crc32.Checksum(h.mem[:hotCRC], castagnoli)
}

// untouched tells a ring that was made and never reset.
func (h *hotLog) untouched() bool {
	for _, b := range h.mem[:hotPage] {
		if b != 0 {
			return false
		}
	}
	return true
}

// has tells whether the record seq is there and whole.
func (h *hotLog) has(seq uint64) bool {
	b := h.place(seq)
	return intact(b) && seqOf(b) == seq && numbered(b) && b[atVersion] == formatVersion
}

// oldest is the number of the first record that is there, of those that head leaves in the ring; head where there is none.
func (h *hotLog) oldest(head uint64) uint64 {
	seq := uint64(1)
	if places := h.mask + 1; head > places {
		seq = head - places
	}
	for seq < head && !h.has(seq) {
		seq++
	}
	return seq
}

// place is where the record seq lies.
func (h *hotLog) place(seq uint64) []byte {
	at := hotPage + int(seq&h.mask)*recordBytes
	return h.mem[at : at+recordBytes : at+recordBytes]
}

// replace makes a new ring of another size at the same path. What the old one held must be on the disk.
func (h *hotLog) replace(places uint64) (*hotLog, error) {
	path, onDisk := h.file.Name(), h.onDisk
	if err := h.remove(); err != nil {
		return nil, fmt.Errorf("journal: hot log %s cannot be replaced: %w", path, err)
	}
	hot, _, err := openHotFile(path, places)
	if err != nil {
		return nil, err
	}
	hot.onDisk = onDisk
	return hot, nil
}

// remove closes the hot log and takes its file away: everything in it is on the disk.
func (h *hotLog) remove() error {
	path := h.file.Name()
	return errors.Join(h.close(), os.Remove(path))
}

// close unmaps. The loop must have ended.
func (h *hotLog) close() error {
	mem := h.mem
	h.mem, h.head = nil, nil
	return errors.Join(unix.Munmap(mem), h.file.Close())
}
