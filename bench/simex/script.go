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
	OmitID      bool  // an error reply without the request's id (Bybit)
	Cut         bool  // the connection is reset after execution, before the reply
	Close       uint16
}

// honest tells whether nothing is out of the ordinary.
func (p *Plan) honest() bool { return *p == Plan{} }

// Rates are how often each fault befalls a request, in millionths.
type Rates struct {
	Reject      uint32
	RejectText  string // with Reject; default: the venue's insufficient balance
	AckLost     uint32
	AckTwice    uint32
	AckLate     uint32 // by up to LateNanos, so that replies overtake each other
	ReportLost  uint32
	ReportTwice uint32
	ReportLate  uint32
	ReportFirst uint32
	Unknown     uint32
	Vanish      uint32
	Cut         uint32
	FillNone    uint32
	FillPart    uint32
	Hide        uint32 // for up to LateNanos
	LateNanos   int64  // default 200 ms
}

// SeededScript draws the fate of request n from seed and n alone, so that a run can be repeated.
func SeededScript(kind string, seed uint64, rates Rates) Script {
	if rates.LateNanos == 0 {
		rates.LateNanos = 200e6
	}
	if rates.RejectText == "" {
		rates.RejectText = insufficient(kind)
	}
	return func(n uint64, intent Intent) Plan {
		state := seed ^ n*0xD1342543DE82EF95
		hit := func(rate uint32) bool { return splitmix64(&state)%1_000_000 < uint64(rate) }
		late := func(rate uint32) int64 {
			if !hit(rate) {
				return 0
			}
			return 1 + int64(splitmix64(&state)%uint64(rates.LateNanos))
		}
		plan := Plan{
			AckLost: hit(rates.AckLost), AckTwice: hit(rates.AckTwice), AckDelay: late(rates.AckLate),
			ReportLost: hit(rates.ReportLost), ReportTwice: hit(rates.ReportTwice), ReportDelay: late(rates.ReportLate),
			ReportFirst: hit(rates.ReportFirst), Unknown: hit(rates.Unknown), Vanish: hit(rates.Vanish), Cut: hit(rates.Cut),
			HideFor: late(rates.Hide),
		}
		if hit(rates.Reject) && intent.Action == "place" {
			plan.Reject = rates.RejectText
		}
		if hit(rates.FillPart) {
			plan.Fill, plan.PartPermille = FillPart, int64(splitmix64(&state)%1000)
		}
		if hit(rates.FillNone) {
			plan.Fill = FillNone
		}
		return plan
	}
}

// insufficient is how a venue says that the account cannot pay.
func insufficient(kind string) string {
	switch kind {
	case "binance-usdm":
		return "-2019 Margin is insufficient."
	case "bybit":
		return "170131 Insufficient balance."
	case "kraken":
		return "EOrder:Insufficient funds"
	case "coinbase":
		return "Insufficient funds"
	case "coinbase-advanced":
		return "INSUFFICIENT_FUND"
	}
	return "-2010 Account has insufficient balance for requested action."
}
