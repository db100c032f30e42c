package orders

// Event is one thing learned about an order: from the venue, or about our own sending of it.
type Event uint8

// The events. All but NotHanded, ConnectionLost and ProvenAbsent are words of the venue.
const (
	NothingNew     Event = iota // a message that proves nothing: a refused cancel, one "not found"
	NotHanded                   // its last byte was never handed to the kernel
	ConnectionLost              // the connection it was sent on ended
	VenueReceived               //
	VenueAcked                  // accepted by the engine, or by the venue's dry run
	VenueTraded                 // an execution
	VenueFilled                 // filled to the end, said by the venue or by the sum of its executions
	VenueCancelled              //
	VenueExpired                //
	VenueRejected               // evidence that it was not executed
	VenueUnsure                 // the venue says that it does not know
	ProvenAbsent                // absence by the whole rule of design.md section 4, never one "not found" (Absence)
)

const (
	stateCount = int(Unknown) + 1
	eventCount = int(ProvenAbsent) + 1
)

// life is what becomes of an order: life[state][event]. It is written out, so that each pair was thought of.
//
// What the venue says is evidence, and evidence adds up the same in whatever order it comes (R5): among the states
// reached by it the later one of this chain stays,
//
//	Unknown < Received < Acked < PartiallyFilled < Rejected < Cancelled < Expired < Filled
//
// so that a late ack never revives a closed order, and a fill beats the cancel that raced it. Rejected and traded
// contradict each other: what traded was not rejected, so the pair is Cancelled. NotSent is our own knowledge;
// should a venue know of such an order all the same, the venue is right.
var life = [stateCount][eventCount]State{
	Armed: { // nothing was pushed: no message can be about it
		Armed, Armed, Armed, Armed, Armed, Armed, Armed, Armed, Armed, Armed, Armed, Armed,
	},
	Pushed: {
		NothingNew: Pushed, NotHanded: NotSent, ConnectionLost: Unknown,
		VenueReceived: Received, VenueAcked: Acked, VenueTraded: PartiallyFilled, VenueFilled: Filled,
		VenueCancelled: Cancelled, VenueExpired: Expired, VenueRejected: Rejected,
		VenueUnsure: Unknown, ProvenAbsent: Pushed, // it may still be on its way
	},
	Received: {
		NothingNew: Received, NotHanded: Received, ConnectionLost: Received,
		VenueReceived: Received, VenueAcked: Acked, VenueTraded: PartiallyFilled, VenueFilled: Filled,
		VenueCancelled: Cancelled, VenueExpired: Expired, VenueRejected: Rejected,
		VenueUnsure: Received, ProvenAbsent: Received, // the venue had it: only the venue can end it
	},
	Acked: {
		NothingNew: Acked, NotHanded: Acked, ConnectionLost: Acked,
		VenueReceived: Acked, VenueAcked: Acked, VenueTraded: PartiallyFilled, VenueFilled: Filled,
		VenueCancelled: Cancelled, VenueExpired: Expired, VenueRejected: Rejected,
		VenueUnsure: Acked, ProvenAbsent: Acked,
	},
	PartiallyFilled: {
		NothingNew: PartiallyFilled, NotHanded: PartiallyFilled, ConnectionLost: PartiallyFilled,
		VenueReceived: PartiallyFilled, VenueAcked: PartiallyFilled, VenueTraded: PartiallyFilled, VenueFilled: Filled,
		VenueCancelled: Cancelled, VenueExpired: Expired, VenueRejected: Cancelled,
		VenueUnsure: PartiallyFilled, ProvenAbsent: PartiallyFilled,
	},
	Filled: {
		Filled, Filled, Filled, Filled, Filled, Filled, Filled, Filled, Filled, Filled, Filled, Filled,
	},
	Cancelled: {
		NothingNew: Cancelled, NotHanded: Cancelled, ConnectionLost: Cancelled,
		VenueReceived: Cancelled, VenueAcked: Cancelled, VenueTraded: Cancelled, VenueFilled: Filled,
		VenueCancelled: Cancelled, VenueExpired: Expired, VenueRejected: Cancelled,
		VenueUnsure: Cancelled, ProvenAbsent: Cancelled,
	},
	Expired: {
		NothingNew: Expired, NotHanded: Expired, ConnectionLost: Expired,
		VenueReceived: Expired, VenueAcked: Expired, VenueTraded: Expired, VenueFilled: Filled,
		VenueCancelled: Expired, VenueExpired: Expired, VenueRejected: Expired,
		VenueUnsure: Expired, ProvenAbsent: Expired,
	},
	Rejected: {
		NothingNew: Rejected, NotHanded: Rejected, ConnectionLost: Rejected,
		VenueReceived: Rejected, VenueAcked: Rejected, VenueTraded: Cancelled, VenueFilled: Filled,
		VenueCancelled: Cancelled, VenueExpired: Expired, VenueRejected: Rejected,
		VenueUnsure: Rejected, ProvenAbsent: Rejected,
	},
	NotSent: {
		NothingNew: NotSent, NotHanded: NotSent, ConnectionLost: NotSent,
		VenueReceived: Received, VenueAcked: Acked, VenueTraded: PartiallyFilled, VenueFilled: Filled,
		VenueCancelled: Cancelled, VenueExpired: Expired, VenueRejected: Rejected,
		VenueUnsure: Unknown, ProvenAbsent: NotSent,
	},
	Unknown: { // ends by venue evidence only
		NothingNew: Unknown, NotHanded: Unknown, ConnectionLost: Unknown,
		VenueReceived: Received, VenueAcked: Acked, VenueTraded: PartiallyFilled, VenueFilled: Filled,
		VenueCancelled: Cancelled, VenueExpired: Expired, VenueRejected: Rejected,
		VenueUnsure: Unknown, ProvenAbsent: Rejected,
	},
}

// After is the state that follows s when e is learned.
//
// Panics: on a state or event that does not exist.
func (s State) After(e Event) State { return life[s][e] }

// Ended tells whether nothing more can happen to the order, executions that come late aside.
func (s State) Ended() bool {
	switch s {
	case Filled, Cancelled, Expired, Rejected, NotSent:
		return true
	}
	return false
}

// contradicts tells whether e cannot be true if s is: something is wrong at the venue, in the matching of its
// messages, or here. It is counted, and what the venue says about executions wins.
func (s State) contradicts(e Event) bool {
	venue := e >= VenueReceived && e <= VenueUnsure
	traded := e == VenueTraded || e == VenueFilled
	return s == NotSent && venue || s == Rejected && traded || s == PartiallyFilled && e == VenueRejected
}

// eventOf is what a report of this kind means for the order that it names.
func eventOf(kind ReportKind) Event {
	switch kind {
	case ReportReceived:
		return VenueReceived
	case ReportAcked, ReportTested:
		return VenueAcked
	case ReportTrade:
		return VenueTraded
	case ReportFilled:
		return VenueFilled
	case ReportCancelled:
		return VenueCancelled
	case ReportExpired:
		return VenueExpired
	case ReportRejected, ReportThrottled: // a throttled request was not executed
		return VenueRejected
	case ReportUnknown:
		return VenueUnsure
	}
	return NothingNew
}

var stateNames = [stateCount]string{
	"armed", "pushed", "received", "acked", "partially_filled", "filled", "cancelled", "expired", "rejected", "not_sent", "unknown",
}

// String is the name used in logs, JSON and metrics.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "state?"
}
