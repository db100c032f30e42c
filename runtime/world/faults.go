package world

import (
	"net"
	"net/netip"
	"syscall"

	"orderwire/bench/simex"
)

// faults is what goes wrong in a world: some of it at given times, some of it when an opportunity comes.
type faults struct {
	w      *world
	d      dice
	counts FaultCounts
	off    bool // the quiet time at the end
	dark   int64

	dns          window
	dial         window
	nextAlert    bool
	nextExpired  bool
	slowUpgrades int
	rates        [faultCount]uint32 // of request faults, in millionths
}

// window is a fault that lasts.
type window struct {
	kind  Fault
	until int64
}

// rows are the faults that happen at a time; weight is how often one is drawn.
type row struct {
	kind   Fault
	weight int
	fire   func(f *faults, kind Fault)
}

// newFaults draws what will go wrong: a share of the timed faults at random times, and rates of those that befall requests.
func newFaults(w *world) *faults {
	return &faults{w: w, d: diceFor(w.options.Seed, "faults")}
}

// arrange puts this world's faults on its calendar, from..to.
func (f *faults) arrange(from, to int64) {
	if f.w.options.Calm {
		return
	}
	for kind := AckLost; kind <= FillPart; kind++ {
		if f.d.chance(0.5) {
			f.rates[kind] = uint32(f.d.between(2_000, 60_000))
		}
	}
	rows := timedFaults()
	total := 0
	for _, r := range rows {
		total += r.weight
	}
	mean := f.d.between(1_000_000_000, 12_000_000_000) // between two faults
	for at := from + f.d.between(0, mean); at < to; at += f.d.between(1, 2*mean) {
		pick := f.d.IntN(total)
		for _, r := range rows {
			if pick -= r.weight; pick < 0 {
				f.w.at(at, func() { r.fire(f, r.kind) })
				break
			}
		}
	}
	f.w.at(to, f.stop)
}

// timedFaults is the calendar's stock.
func timedFaults() []row {
	rows := []row{}
	add := func(weight int, fire func(f *faults, kind Fault), kinds ...Fault) {
		for _, kind := range kinds {
			rows = append(rows, row{kind, weight, fire})
		}
	}
	add(4, (*faults).resolve, DNSTimeout, DNSNotFound, DNSWrong, DNSSlow, DNSChanged)
	add(4, (*faults).refuse, ConnectRefused, ConnectSilent)
	add(6, (*faults).cut, Reset, ResetInside, ResetUpward)
	add(6, (*faults).hole, HoleUp, HoleDown, HoleBoth)
	add(3, (*faults).hole, HoleForEver)
	add(6, (*faults).slow, SlowWay, SliceBytes)
	add(6, (*faults).disturb, ShortSends, SendAgain, LateCompletion, Reordered, CutReceives)
	add(6, (*faults).stuck, SendStuck, NoBuffers)
	add(5, (*faults).spoilTLS, TLSAlert, TLSBadRecord, TLSBadRecordUp, TLSTickets, TLSExpired, TLSTruncated)
	add(5, (*faults).spoilFrames, Fragments, Oversize, BadUTF8, PingFlood, SlowUpgrade)
	add(5, (*faults).incident, CloseCode, Ban, Maintenance, TokenExpiry, Silence, Shutdown, ShutdownCut, VenueClockStep)
	add(5, (*faults).host, HostClockStep, LoopStall, DiskFull, SyncFails)
	add(4, (*faults).damage, JournalFlip, JournalTorn)
	add(5, (*faults).die, Kill, KillInTurn, HostCrash)
	add(4, (*faults).throwSwitch, KillSwitch)
	return rows
}

// stop ends everything that would go on: from here the world is quiet.
func (f *faults) stop() {
	w := f.w
	f.off = true
	f.dns, f.dial = window{}, window{}
	f.nextAlert, f.nextExpired, f.slowUpgrades = false, false, 0
	w.host.aheadNanos = 0
	w.disk.Free, w.disk.Broken = -1, nil
	if w.life != nil {
		w.life.dieNext = false
	}
	w.heal()
	w.record.line("quiet")
}

// hit counts a fault that took effect.
func (f *faults) hit(kind Fault) {
	f.counts[kind]++
	f.w.record.line("fault %s", kind)
}

// darken says that the venue cannot be reached, or nothing can be sent, until a time.
func (f *faults) darken(nanos int64) { f.dark = max(f.dark, f.w.now+nanos) }

// lookup answers the resolver's question.
func (f *faults) lookup(host string) (answer []netip.Addr, nanos int64, err error) {
	answer, nanos = []netip.Addr{venueAddr}, lookupNanos
	if f.w.now >= f.dns.until {
		return answer, nanos, nil
	}
	f.hit(f.dns.kind)
	switch f.dns.kind {
	case DNSTimeout:
		return nil, 2_000_000_000, &net.DNSError{Err: "i/o timeout", Name: host, IsTimeout: true, IsTemporary: true}
	case DNSNotFound:
		return nil, nanos, errNotFound(host)
	case DNSWrong:
		return []netip.Addr{strangerAddr}, nanos, nil
	case DNSSlow:
		nanos = f.d.between(100_000_000, 2_000_000_000)
	case DNSChanged:
		answer = []netip.Addr{deadAddr, venueAddr}
	}
	return answer, nanos, nil
}

// resolve lets the resolver fail for a while. It shows where a connection is made anew, so one is cut.
func (f *faults) resolve(kind Fault) {
	f.dns = window{kind, f.w.now + f.d.between(100_000_000, 3_000_000_000)}
	f.darken(f.dns.until - f.w.now)
	if k := f.pick(); k != nil {
		k.reset()
	}
}

// refuse lets connects fail for a while.
func (f *faults) refuse(kind Fault) {
	f.dial = window{kind, f.w.now + f.d.between(100_000_000, 3_000_000_000)}
	f.darken(f.dial.until - f.w.now)
	if k := f.pick(); k != nil {
		k.reset()
	}
}

// connect tells what becomes of a connect.
func (f *faults) connect() (errno syscall.Errno, silent bool) {
	if f.w.now >= f.dial.until {
		return 0, false
	}
	f.hit(f.dial.kind)
	if f.dial.kind == ConnectSilent {
		return 0, true
	}
	return syscall.ECONNREFUSED, false
}

// pick is a connection that is in use, nil where there is none.
func (f *faults) pick() *link {
	if f.w.life == nil {
		return nil
	}
	var open []*link
	for _, k := range f.w.life.links {
		if k.open() {
			open = append(open, k)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[f.d.IntN(len(open))]
}

// script is the fate of one request at the venue.
func (f *faults) script(_ uint64, intent simex.Intent) (plan simex.Plan) {
	if f.off || f.w.options.Calm {
		return plan
	}
	late := func() int64 { return f.d.between(1_000_000, 1_200_000_000) }
	for kind := AckLost; kind <= FillPart; kind++ {
		if f.rates[kind] == 0 || f.d.IntN(1_000_000) >= int(f.rates[kind]) {
			continue
		}
		if intent.Action == "query" && kind != AckLost && kind != AckLate {
			continue
		}
		switch kind {
		case AckLost:
			plan.AckLost = true
		case AckLate:
			plan.AckDelay = late()
		case AckTwice:
			plan.AckTwice = true
		case ReportLost:
			plan.ReportLost = true
		case ReportLate:
			plan.ReportDelay = late()
		case ReportTwice:
			plan.ReportTwice = true
		case ReportFirst:
			plan.ReportFirst = true
		case Reject:
			if intent.Action != "place" {
				continue
			}
			plan.Reject = f.w.market.refusal
		case UnknownStatus:
			plan.Unknown = true
		case Vanish:
			plan.Vanish = true
		case CutAfterExecution:
			plan.Cut = true
		case Hide:
			plan.HideFor = late()
		case FillNone:
			plan.Fill = simex.FillNone
		case FillPart:
			plan.Fill, plan.PartPermille = simex.FillPart, f.d.Int64N(1000)
		}
		f.hit(kind)
	}
	return plan
}
