package netpoll

// Counters tell what a port met since it was made. Written by the loop thread; read there.
type Counters struct {
	Sends         uint64 // slots handed over whole
	SentBytes     uint64
	Receives      uint64 // receives that returned bytes
	ReceivedBytes uint64
	Again         uint64 // sends that the kernel refused for now
	ShortSends    uint64 // sends of which the kernel took a part
	Interrupted   uint64 // calls that a signal cut short
	Transient     uint64 // ENOBUFS and ENOMEM: tried again
	NoSlot        uint64 // receives that had no arena slot to write to
	Stale         uint64 // completions of an older generation, dropped
	Enters        uint64 // io_uring_enter calls
	Overflows     uint64 // times the completion queue had overflowed
	Rearms        uint64 // multishot receives that had to be armed again
	RingSends     uint64 // sends that went through a ring
	DirectSends   uint64 // sends that went by sendto
}

// Counted is a Port that counts. All ports of this room do.
type Counted interface {
	Counters() Counters
}
