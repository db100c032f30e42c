package world

// Bug is a mistake planted on purpose, to show that the world finds it.
type Bug uint8

// The bugs.
const (
	NoBug          Bug = iota
	ResendUnknown      // an order without an answer is sent again
	SkipJournal        // some intents are not journalled
	ReuseID            // a restart does not take a new boot epoch
	OneShotCancel      // a cancel is asked for once
	NotFoundIsDead     // "not found" is taken for the end of an order
	NoAbort            // a connection with a late order is closed politely, so that the order leaves late
)

var bugNames = [...]string{"none", "resend_unknown", "skip_journal", "reuse_id", "one_shot_cancel", "not_found_is_dead", "no_abort"}

// String is the bug's name.
func (b Bug) String() string { return bugNames[b] }

// bug tells whether b is planted, and would show here.
func (w *world) bug(b Bug, here bool) bool { return here && w.options.Bug == b }
