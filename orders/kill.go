package orders

import "sync/atomic"

// Kill is the kill switch: once latched no new order passes, until a person resets it. It is the one thing here that
// every thread may touch: a signal handler, a file watcher, a socket, a strategy. The loop reads it once a push.
type Kill struct{ by atomic.Uint32 }

// KillSource is who latched the switch.
type KillSource uint32

// The sources. KilledByNobody is an open switch.
const (
	KilledByNobody KillSource = iota
	KilledByCall
	KilledBySignal
	KilledByFile
	KilledBySocket
	KilledByBan // the venue banned us with orders open
)

// Latch refuses all new orders from now on. The first source stays.
func (k *Kill) Latch(by KillSource) { k.by.CompareAndSwap(uint32(KilledByNobody), uint32(by)) }

// Latched tells who latched the switch, KilledByNobody where it is open.
func (k *Kill) Latched() KillSource { return KillSource(k.by.Load()) }

// Reset opens the switch again: a person's decision, never a program's.
func (k *Kill) Reset() { k.by.Store(uint32(KilledByNobody)) }

// String is the name used in logs, JSON and metrics.
func (s KillSource) String() string {
	names := [...]string{"nobody", "call", "signal", "file", "socket", "ban"}
	if int(s) < len(names) {
		return names[s]
	}
	return "source?"
}
