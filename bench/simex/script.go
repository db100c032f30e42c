package simex

// Script decides, per request that passed every check, what goes wrong with it. n counts these requests from 0.
// It runs under the venue's lock, so it must be quick and call nothing of the venue.
type Script func(n uint64, intent Intent) Plan

// Intent is what a script may look at.
type Intent struct {
	Action   string // "place", "cancel", "query"
	Account  string
	Symbol   string
	ClientID string
	Now      int64
}

// Plan is the fate of one request. The zero Plan is an honest venue.
type Plan struct {
	Reject       string   // the venue's own code or text; the order is refused
	Status       int      // with Reject: the HTTP-like status where the venue has one; default 400
	Fill         FillRule // overrides the Config's rule
	PartPermille int64    // with FillPart

	AckLost     bool  // executed, but nobody is told on this connection
	AckTwice    bool  // the same reply two times
	AckDelay    int64 // ns
	ReportLost  bool  // no user-stream events for this request
	ReportTwice bool
	ReportDelay int64 // ns
	ReportFirst bool  // the user-stream events leave before the reply
	Unknown     bool  // executed, but answered as "execution status unknown"
	Vanish      bool  // answered as unknown and never executed
	HideFor     int64 // ns for which queries do not see the order
	Cut         bool  // the connection is reset after execution, before the reply
	Close       uint16
}

// honest tells whether nothing is out of the ordinary.
func (p *Plan) honest() bool { return *p == Plan{} }
