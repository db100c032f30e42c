package world

// Fault is one way in which something goes wrong.
type Fault uint8

// The faults, by where they happen. Each has a counter of how often it took effect.
const (
	DNSTimeout Fault = iota
	DNSNotFound
	DNSWrong // the address of somebody else, who has another certificate
	DNSSlow
	DNSChanged // the set of addresses changes, the first of them is dead

	ConnectRefused
	ConnectSilent
	Reset       // both ends, nothing on the way arrives
	ResetInside // after some bytes of what the venue sends, wherever that is
	ResetUpward // after some bytes of what we send
	HoleUp      // what we send does not arrive, for a while
	HoleDown
	HoleBoth
	HoleForEver // half open: until somebody gives up
	SlowWay
	SliceBytes // everything arrives byte by byte

	ShortSends
	SendAgain // the kernel takes nothing for now: EAGAIN
	SendStuck // and for longer than a record may wait
	NoBuffers // ENOBUFS
	LateCompletion
	Reordered // completions in another order
	CutReceives

	TLSAlert
	TLSBadRecord
	TLSBadRecordUp
	TLSTickets
	TLSExpired
	TLSTruncated // the stream ends without close_notify

	Fragments
	Oversize
	BadUTF8
	CloseCode
	PingFlood
	SlowUpgrade

	AckLost
	AckLate
	AckTwice
	ReportLost
	ReportLate
	ReportTwice
	ReportFirst
	Reject
	UnknownStatus
	Vanish
	CutAfterExecution
	Hide
	FillNone
	FillPart

	Ban
	Maintenance
	TokenExpiry
	Silence
	Shutdown
	ShutdownCut // announced, and then done
	VenueClockStep

	HostClockStep
	LoopStall
	DiskFull
	SyncFails
	JournalFlip
	JournalTorn
	Kill
	KillInTurn
	HostCrash
	KillSwitch
	faultCount
)

var faultNames = [faultCount]string{
	"dns_timeout", "dns_not_found", "dns_wrong", "dns_slow", "dns_changed",
	"connect_refused", "connect_silent", "reset", "reset_inside", "reset_upward", "hole_up", "hole_down", "hole_both",
	"hole_for_ever", "slow_way", "slice_bytes",
	"short_sends", "send_again", "send_stuck", "no_buffers", "late_completion", "reordered", "cut_receives",
	"tls_alert", "tls_bad_record", "tls_bad_record_up", "tls_tickets", "tls_expired", "tls_truncated",
	"fragments", "oversize", "bad_utf8", "close_code", "ping_flood", "slow_upgrade",
	"ack_lost", "ack_late", "ack_twice", "report_lost", "report_late", "report_twice", "report_first", "reject",
	"unknown_status", "vanish", "cut_after_execution", "hide", "fill_none", "fill_part",
	"ban", "maintenance", "token_expiry", "silence", "shutdown", "shutdown_cut", "venue_clock_step",
	"host_clock_step", "loop_stall", "disk_full", "sync_fails", "journal_flip", "journal_torn", "kill", "kill_in_turn",
	"host_crash", "kill_switch",
}

// String is the name used in logs and JSON.
func (f Fault) String() string { return faultNames[f] }

// FaultCounts is how often each fault took effect.
type FaultCounts [faultCount]uint64

// Faults are all kinds.
func Faults() []Fault {
	all := make([]Fault, faultCount)
	for i := range all {
		all[i] = Fault(i)
	}
	return all
}
