package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"
)

// flusher copies records from the ring to the disk, off the loop. Whatever fails, it gives the file up and begins the
// next one from the last record that is surely on the disk: after a failed fdatasync nobody knows what the pages hold.
type flusher struct {
	mu       sync.Mutex
	log      *Log
	config   Config
	identity [identityLen]byte
	epoch    uint32 // of this life
	ordinal  uint64
	out      output // nil: none is begun
	at       int64  // where the next record goes
	size     int64  // of the file's room
	links    *chain
	good     [sha256.Size]byte // the last seal that is surely on the disk
	budget   []byte            // the last KindBudget note: each file begins with it
	open     *openSet
	batch    []byte
	failed   error
	untidy   error // old files that could not be removed: no reason to stop
}

const (
	// batchMax is how many records one sync takes along.
	batchMax = 1024
	// retryMax bounds the pause after a failed write.
	retryMax = time.Second
)

// run flushes until it is stopped. While the disk takes nothing it asks again, ever less often.
func (f *flusher) run(stop <-chan struct{}, every time.Duration) {
	timer := time.NewTimer(every)
	defer timer.Stop()
	pause := every
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		if f.flush() == nil {
			pause = every
		} else {
			pause = min(2*pause, retryMax)
		}
		timer.Reset(pause)
	}
}

// flush brings everything that is below head to the disk.
func (f *flusher) flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.drain()
}

func (f *flusher) drain() error {
	l := f.log
	for {
		from, head := l.synced.Load(), l.hot.head.Load()
		if from == head && f.failed != nil {
			return f.settle(f.rotate(from - 1)) // nothing waits: whether the disk works again shows by a new file
		}
		if from == head {
			return nil
		}
		to := min(head, from+batchMax)
		f.batch = f.batch[:0]
		for seq := from; seq < to; seq++ {
			f.batch = append(f.batch, l.hot.place(seq)...)
		}
		if err := f.write(to - 1); err != nil {
			return f.settle(err)
		}
		f.open.applyAll(f.batch)
		f.works()
		l.synced.Store(to)
	}
}

// settle remembers whether the disk works, and returns err; while it does not, new orders are refused.
func (f *flusher) settle(err error) error {
	if err != nil && f.out != nil {
		err = errors.Join(err, f.out.Close())
		f.out = nil
	}
	if err == nil {
		f.works()
		return nil
	}
	f.failed = err
	f.log.halted.Store(true)
	return err
}

func (f *flusher) works() {
	if f.failed != nil {
		f.failed = nil
		f.log.halted.Store(false)
	}
}

// write appends the batch and its seal to the file, durably. seq is the batch's last.
func (f *flusher) write(seq uint64) error {
	if f.out == nil || f.at+int64(len(f.batch))+recordBytes > f.size {
		if err := f.rotate(seq - uint64(len(f.batch)/recordBytes)); err != nil {
			return err
		}
	}
	return f.put(f.batch, seq)
}

// put writes records and their seal at the end of the file, and syncs.
func (f *flusher) put(records []byte, seq uint64) error {
	f.links.add(records)
	value := f.links.seal()
	var seal [recordBytes]byte
	putSeal(seal[:], seq, f.config.Wall(), value)
	if _, err := f.out.WriteAt(records, f.at); err != nil {
		return f.fault("written", err)
	}
	if _, err := f.out.WriteAt(seal[:], f.at+int64(len(records))); err != nil {
		return f.fault("written", err)
	}
	if err := f.out.Sync(); err != nil {
		return f.fault("synced", err)
	}
	f.at += int64(len(records)) + recordBytes
	f.good = value
	return nil
}

func (f *flusher) fault(what string, err error) error {
	return fmt.Errorf("journal: %s cannot be %s (new orders are refused until it can): %w", segmentName(f.ordinal), what, err)
}

// rotate ends the file in use and begins the next: header, the limiter's state, all that is known of open orders.
func (f *flusher) rotate(seq uint64) error {
	if f.out != nil {
		if err := f.leave(); err != nil {
			return err
		}
	}
	if err := f.begin(seq, f.heading(seq)); err != nil {
		return err
	}
	f.untidy = f.retain()
	return nil
}

// leave closes a file whose records are all on the disk.
func (f *flusher) leave() error {
	out := f.out
	f.out = nil
	if err := errors.Join(out.Truncate(f.at), out.Close()); err != nil {
		return f.fault("closed", err)
	}
	return nil
}

// heading is what stands between the header of a new file and its first new record: all that must be known where this
// file is the only one left.
func (f *flusher) heading(seq uint64) []byte {
	records := f.open.carried()
	var b [recordBytes]byte
	if f.budget != nil {
		putNote(b[:], KindBudget, seq, f.config.Wall(), f.budget)
		records = append(records, b[:]...)
	}
	putNote(b[:], KindStart, seq, f.config.Wall(), binary.LittleEndian.AppendUint32(nil, f.epoch))
	return append(records, b[:]...)
}

// begin makes the next file with these records behind its header, durably. What could not be begun is removed.
func (f *flusher) begin(seq uint64, records []byte) error {
	f.ordinal++
	name := segmentName(f.ordinal)
	f.size = max(f.config.FileMaxBytes, 2*int64(len(records)+batchMax*recordBytes))
	out, err := f.config.disk.create(name, f.size)
	if err != nil {
		f.ordinal-- // nothing of it is there: the name can be used again
		return fmt.Errorf("journal: %s cannot be made (new orders are refused until it can): %w", name, err)
	}
	f.out, f.at = out, 0
	first := make([]byte, recordBytes, recordBytes+len(records))
	putSegmentHeader(first, f.identity, f.ordinal, seq, f.config.Wall(), f.good)
	f.links = newChain(f.good)
	if err := f.put(append(first, records...), seq); err != nil {
		f.out = nil
		return errors.Join(err, out.Close(), f.config.disk.remove(name))
	}
	return nil
}

// retain removes the oldest files. They hold no open order: the file in use began with all of those.
func (f *flusher) retain() error {
	last := f.ordinal - uint64(f.config.KeepFiles)
	if f.ordinal <= uint64(f.config.KeepFiles) {
		return nil
	}
	names, err := f.config.disk.names()
	if err != nil {
		return f.fault("cleared of old files", err)
	}
	for _, name := range names {
		if ordinal, ok := ordinalOf(name); ok && ordinal <= last {
			if err := f.config.disk.remove(name); err != nil {
				return f.fault("cleared of old files", err)
			}
		}
	}
	return nil
}

// resume begins this life's file with what the past left: open orders, the ring's rest, and the start itself.
func (f *flusher) resume(past *past) error {
	if err := f.begin(past.fileSeq, append(f.heading(past.fileSeq), past.rest...)); err != nil {
		return err
	}
	f.open.applyAll(past.rest)
	f.untidy = f.retain()
	return nil
}

// note writes a record of the control plane, durably.
func (f *flusher) note(kind Kind, text []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.drain(); err != nil {
		return err
	}
	if kind == KindBudget {
		f.budget = append([]byte(nil), text...)
	}
	seq := f.log.synced.Load() - 1
	f.batch = append(f.batch[:0], make([]byte, recordBytes)...)
	putNote(f.batch, kind, seq, f.config.Wall(), text)
	return f.settle(f.writeSide(seq))
}

// writeSide writes the batch where it counts in no sequence.
func (f *flusher) writeSide(seq uint64) error {
	if f.out == nil || f.at+2*recordBytes > f.size {
		if err := f.rotate(seq); err != nil {
			return err
		}
	}
	return f.put(f.batch, seq)
}

// end is the last word of a life in good order.
func (f *flusher) end() error {
	if err := f.note(KindEnd, nil); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.leave()
}
