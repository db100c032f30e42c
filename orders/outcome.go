package orders

// Outcome is what became of a trigger at once. A refusal is a value, not an error: it is counted and
// switched on. Nothing was written to the wire where it is not Sent.
type Outcome uint8

// The outcomes of a push.
const (
	Sent          Outcome = iota // handed to the port
	NotLive                      // the order session is not in state Live
	Killed                       // the kill switch is latched
	BreakerOpen                  // the circuit breaker has halted new orders
	RateLimited                  // the venue's budget has no room
	RiskRefused                  // a pre-trade rule says no
	BackPressured                // the port has no room, or earlier bytes still wait
	NoSlot                       // the arena has no free slot
	TrackFull                    // no room to remember one more open order
	NoMask                       // the mask pool is empty
	BadValue                     // price or quantity cannot be written exactly in this template
	KeyExhausted                 // the record key is at its limit; the session is about to rekey
	JournalFull                  // the intent could not be journalled
	Stale                        // what was signed ahead is too old to be sent
	ClockDoubt                   // the venue's clock is not known well enough to stamp an order
)

var outcomeNames = [...]string{
	"sent", "not_live", "killed", "breaker_open", "rate_limited", "risk_refused", "back_pressured", "no_slot",
	"track_full", "no_mask", "bad_value", "key_exhausted", "journal_full", "stale", "clock_doubt",
}

// OutcomeCount is how many outcomes there are.
const OutcomeCount = len(outcomeNames)

// String is the name used in logs, JSON and metrics.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "outcome?"
}
