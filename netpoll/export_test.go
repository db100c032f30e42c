package netpoll

// Restore puts a slot back that a failed assertion left off the free list.
func (a *Arena) Restore(s Slot) { a.free = append(a.free, s) }

// NewRingOf60 is a ring without what came after Linux 6.0.
func NewRingOf60(a *Arena, clock Clock, c PortConfig) (Port, error) {
	return newRingPort(a, clock, c, without{deferTaskrun: true, registeredRing: true})
}

// NewRingOf515 is a ring with what Linux 5.15 has: no hints, no buffer ring, no multishot.
func NewRingOf515(a *Arena, clock Clock, c PortConfig) (Port, error) {
	return newRingPort(a, clock, c, without{
		deferTaskrun: true, taskrunFlag: true, registeredRing: true, fixedFiles: true, bufferRing: true, multishot: true,
	})
}

// Interleave is the order in which Dial tries addresses.
var Interleave = interleave

// SlowedClock is a counter clock that is behind by lag.
func SlowedClock(lag int64) (AnchoredClock, bool) {
	clock, _ := NewClock()
	c, ok := clock.(*tscClock)
	if ok {
		late := *c.line.Load()
		late.nanos -= lag
		c.draw(late)
	}
	return c, ok
}

// Parsers of what the kernel writes beside a receive.
var (
	ReadControl = readControl
	ReadDated   = readDated
)

// SendNow is the bare sendto that all ways to send are measured against.
var SendNow = sendNow

// ParseSiblings reads the kernel's list of a core's CPUs.
var ParseSiblings = parseSiblings

// Pick draws the conclusion from told figures.
func Pick(c Calibration) Calibration {
	c.pick()
	return c
}

// NewRingOf is a ring whose completion queue has n places.
func NewRingOf(a *Arena, clock Clock, c PortConfig, n uint32) (Port, error) {
	return newRingPort(a, clock, c, without{cqEntries: n})
}

// UserData names an operation.
var UserData = userData

// Kinds of operation.
const (
	UdReceive = udReceive
	UdSend    = udSend
	UdCancel  = udCancel
)

// Inject lets a completion of the kernel arrive that the kernel never sent.
func Inject(p Port, data uint64, res int32, flags uint32) int {
	var out [1]Completion
	return p.(*Ring).handle(cqe{userData: data, res: res, flags: flags}, 0, out[:])
}

// BreakRing makes each enter of p fail (EBADF), until the returned function mends it. dropped forgets what
// was prepared meanwhile, as if the kernel had taken it.
func BreakRing(p Port) (mend func(drop bool)) {
	r := p.(*Ring).ring
	fd, flags := r.enterFD, r.enterFlags
	r.enterFD, r.enterFlags = uintptr(1<<30), 0
	return func(drop bool) {
		if drop {
			r.prepared = r.entered
			*r.sqTail = r.entered
		}
		r.enterFD, r.enterFlags = fd, flags
	}
}

// MaxRefusals is after how many refused enters a ring is given up.
const MaxRefusals = maxRefusals
