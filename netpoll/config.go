package netpoll

import "fmt"

// PortConfig fixes the capacities of a Port. The zero value is a good default; nothing grows later.
type PortConfig struct {
	// Sockets is how many sockets may be attached at a time. Range 1..1024, default 32.
	Sockets int
	// QueueSlots is how many sends one socket holds that were not reaped yet. A power of two, 1..1024, default 64.
	QueueSlots int
	// ReceiveSlots is how many arena slots a ring lends to the kernel to receive into. A power of two,
	// 1..32768, default 64. Direct uses one slot for each socket instead.
	ReceiveSlots int
	// Entries is the size of a ring's submission queue. A power of two, 8..4096, default 256.
	Entries int
	// FanOutMin is from how many sockets in one Submit an auto port sends through its ring instead of by
	// one sendto each. Range 1..1024, default 8 (measured on Linux 6.18: one enter for 8 sends costs 0.98 of 8 sendto).
	FanOutMin int
	// ReceiveStampEvery lets the kernel date one receive in so many on watched sockets (see Stamper). A ring
	// dates all or none: any value above 0 is all. Range 0..1,000,000, default 0: none.
	ReceiveStampEvery int
	// ZeroCopyMin is from how many bytes a ring sends without copying (SEND_ZC, 6.0), where it sends at all.
	// It pays off from some 10 kB on; a record of 300 bytes takes 1.2 times as long. Default 0: never.
	ZeroCopyMin int
	// NAPIMicros lets a ring that waits, or its polling thread, poll the card's queue for so long (6.9). It does
	// nothing where a socket's NAPI id is 0 (lo, veth). Default 0: no.
	NAPIMicros int
	// SQPoll lets a kernel thread submit in place of the loop. Default: no.
	SQPoll SQPoll
}

// SQPoll is a ring whose submissions a kernel thread picks up: the loop makes no system call at all, and the
// wire sees a record about twice as late. The thread spins: it needs a CPU of its own.
type SQPoll struct {
	On         bool
	CPU        int   // the thread's
	IdleMillis int   // after how long without work it sleeps; the next send wakes it up. Default 1000
	LoopCPUs   []int // those of the loops. Default: the one CPU to which the calling thread is pinned
}

const (
	defaultSockets      = 32
	defaultQueueSlots   = 64
	defaultReceiveSlots = 64
	defaultEntries      = 256
	defaultFanOutMin    = 8
	maxSockets          = 1024
	maxQueueSlots       = 1024
	maxReceiveSlots     = 32768 // the kernel's own limit for one buffer ring
	maxEntries          = 4096
)

// filled is the config with its defaults in place, or why it cannot be.
func (c PortConfig) filled() (PortConfig, error) {
	for _, row := range []struct {
		name     string
		value    *int
		standard int
		least    int
		most     int
		power    bool
	}{
		{"sockets", &c.Sockets, defaultSockets, 1, maxSockets, false},
		{"queue_slots", &c.QueueSlots, defaultQueueSlots, 1, maxQueueSlots, true},
		{"receive_slots", &c.ReceiveSlots, defaultReceiveSlots, 1, maxReceiveSlots, true},
		{"entries", &c.Entries, defaultEntries, 8, maxEntries, true},
		{"zero_copy_min", &c.ZeroCopyMin, 0, 0, maxSlotBytes, false},
		{"napi_micros", &c.NAPIMicros, 0, 0, 1_000_000, false},
		{"receive_stamp_every", &c.ReceiveStampEvery, 0, 0, 1_000_000, false},
		{"fan_out_min", &c.FanOutMin, defaultFanOutMin, 1, maxSockets, false},
	} {
		if *row.value == 0 {
			*row.value = row.standard
		}
		v := *row.value
		if v < row.least || v > row.most || (row.power && v&(v-1) != 0) {
			shape := ""
			if row.power {
				shape = " and a power of two"
			}
			return c, fmt.Errorf("netpoll: port config: %s = %d: want %d..%d%s", row.name, v, row.least, row.most, shape)
		}
	}
	return c, nil
}
