package world

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"orderwire/orders"
	"orderwire/orders/journal"
)

// Faults of our own host, of the process and of its disk.

// errDisk is what a disk says that does not work.
var errDisk = errors.New("input/output error")

// host lets the clock step, the loop stall, or the disk fail.
func (f *faults) host(kind Fault) {
	w := f.w
	switch kind {
	case HostClockStep:
		w.host.aheadNanos = f.d.between(-500_000_000, 500_000_000)
		f.hit(kind)
	case LoopStall:
		if w.life != nil {
			w.life.stall = f.d.between(1_000_000, 5_000_000_000)
		}
	case DiskFull, SyncFails:
		nanos := f.d.between(50_000_000, 3_000_000_000)
		if kind == DiskFull {
			w.disk.Free = f.d.between(0, 4096)
		} else {
			w.disk.Broken = errDisk
		}
		f.darken(nanos + diskNoticed)
		w.after(nanos, func() {
			if w.life != nil && w.life.log.Stats().Err != nil {
				f.hit(kind)
			}
			w.disk.Free, w.disk.Broken = -1, nil
		})
	}
}

// diskNoticed is how soon a disk that works again is used again.
const diskNoticed = 10_000_000

// die ends the process: between two turns, in the middle of one, or with its host.
func (f *faults) die(kind Fault) {
	w := f.w
	if w.life == nil || w.life.port == nil {
		return
	}
	down := f.d.between(10_000_000, 2_000_000_000)
	switch kind {
	case KillInTurn:
		w.life.dieNext, w.life.dieAt = true, killPoint(1+f.d.IntN(int(killPoints)-1))
		w.life.down = down
		return
	case HostCrash:
		if err := w.crash(w.life); err != nil {
			w.fail("host crash: %v", err)
			return
		}
	default:
		w.kill(w.life)
	}
	f.hit(kind)
	w.reboot(down)
}

// reboot starts the next life after a while.
func (w *world) reboot(nanos int64) {
	w.faults.darken(nanos + bootNanosMax)
	w.after(nanos, func() {
		if err := w.start(); err != nil {
			w.broken = fmt.Errorf("life %d does not start: %w", w.lives, err)
		}
	})
}

// bootNanosMax is how soon a new process must be able to send: it connects, logs on and asks about the past.
const bootNanosMax = 1_000_000_000

// throwSwitch latches the kill switch, and lets a person open it again later.
func (f *faults) throwSwitch(kind Fault) {
	w := f.w
	l := w.life
	if l == nil {
		return
	}
	nanos := f.d.between(100_000_000, 4_000_000_000)
	l.engine.Kill(orders.KilledByCall)
	f.hit(kind)
	f.darken(nanos)
	l.poke()
	w.after(nanos, func() {
		if !l.dead {
			l.engine.Reset()
			l.poke()
		}
	})
}

// damage flips a bit in a copy of the journal, or cuts its end off, and looks whether that is noticed or harmless.
func (f *faults) damage(kind Fault) {
	w := f.w
	copied := w.dir + "-copy" // beside the folder: a copy inside it would hold itself
	if err := f.damaged(kind, copied); err != nil {
		w.fail("%s: %v", kind, err)
	}
	if err := os.RemoveAll(copied); err != nil {
		w.fail("%s: %v", kind, err)
	}
}

func (f *faults) damaged(kind Fault, copied string) error {
	if err := os.CopyFS(copied, os.DirFS(f.w.dir)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	names, err := filepath.Glob(filepath.Join(copied, "journal", "*.owj"))
	if err != nil || len(names) == 0 {
		return err
	}
	before, err := entries(copied)
	if err != nil {
		return err
	}
	name := names[len(names)-1]
	text, err := os.ReadFile(name)
	if err != nil || len(text) == 0 {
		return err
	}
	if kind == JournalTorn {
		text = text[:f.d.IntN(len(text))]
	} else {
		text[f.d.IntN(len(text))] ^= 1 << f.d.IntN(8)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return err
	}
	f.hit(kind)
	return harmless(copied, before)
}

// harmless tells whether damage is reported, or what is left is the beginning of what was there.
func harmless(dir string, before []string) error {
	report, err := journal.Verify(dir)
	if err != nil || len(report.Damage) > 0 {
		return nil // it was noticed
	}
	after, err := entries(dir)
	if err != nil {
		return nil
	}
	if len(after) > len(before) || !slices.Equal(after, before[:len(after)]) {
		return errors.New("the damage was not noticed, and the journal says something else")
	}
	return nil
}

// entries are the journal's records as text.
func entries(dir string) ([]string, error) {
	var list []string
	err := journal.Walk(dir, func(e journal.Entry) error {
		switch {
		case e.Carried:
		case e.Intent != nil:
			list = append(list, fmt.Sprint(*e.Intent))
		case e.Outcome != nil:
			list = append(list, fmt.Sprint(*e.Outcome))
		}
		return nil
	})
	return list, err
}
