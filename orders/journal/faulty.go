package journal

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// What simulations and tests need: a process that is killed without its end, and a disk that fails.

// Abandon ends a Log as a kill would: nothing is flushed, nothing is said; only what this process holds is let go.
func (l *Log) Abandon() error {
	close(l.stop)
	l.stopped.Wait()
	f := &l.flusher
	var err error
	if f.out != nil {
		err = f.out.Close()
	}
	return errors.Join(err, l.hot.close())
}

// HotPath is where the hot log of a state folder lies: what a crash of the host takes away.
func HotPath(stateDir string) string {
	path, _ := hotPath("", stateDir)
	return path
}

// FaultyDisk is a real folder that fails when it is told to. It may be changed while the Log is in use only by whoever
// also calls Sync, and where FlushEvery is longer than the Log lives.
type FaultyDisk struct {
	folder
	Free   int64 // bytes that may still be written or reserved; negative: no limit
	Broken error // what Sync says, nil where it works
}

// UseDisk makes the journal of stateDir write to d.
func (c *Config) UseDisk(stateDir string, d *FaultyDisk) {
	d.folder = folder{filepath.Join(stateDir, journalFolder)}
	c.disk = d
}

func (d *FaultyDisk) create(name string, sizeBytes int64) (output, error) {
	if d.Free >= 0 && d.Free < recordBytes {
		return nil, syscall.ENOSPC
	}
	file, err := os.OpenFile(filepath.Join(d.path, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, d}, nil
}

type faultyFile struct {
	*os.File
	disk *FaultyDisk
}

// WriteAt writes what fits, as a full disk does.
func (f *faultyFile) WriteAt(p []byte, at int64) (int, error) {
	if f.disk.Free < 0 || int64(len(p)) <= f.disk.Free {
		if f.disk.Free >= 0 {
			f.disk.Free -= int64(len(p))
		}
		return f.File.WriteAt(p, at)
	}
	n, err := f.File.WriteAt(p[:f.disk.Free], at)
	f.disk.Free = 0
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f *faultyFile) Sync() error { return f.disk.Broken }
