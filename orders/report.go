package orders

import "orderwire/orders/fixed"

// ReportKind is what a venue's message says about an order or about the session.
type ReportKind uint8

// The kinds of report, in the words of design.md section 4.
const (
	ReportOther          ReportKind = iota // well-formed, and about no order of ours
	ReportReceived                         // the venue has it, its engine has not spoken
	ReportAcked                            // its engine accepted
	ReportTested                           // the venue's dry run accepted
	ReportTrade                            // an execution: LastQty at LastPrice under ExecID
	ReportFilled                           // filled to the end
	ReportCancelled                        //
	ReportExpired                          //
	ReportRejected                         // evidence that it was not executed
	ReportUnknown                          // the venue says that it does not know (5xx, -1006, -1007)
	ReportCancelRejected                   // not a proof of anything about the order
	ReportNotFound                         // a query did not find it: no proof of absence (R4)
	ReportLoggedOn
	ReportSubscribed
	ReportTime      // server time
	ReportShutdown  // the venue announces the end of this connection
	ReportThrottled // 429, 418: nothing more before RetryAtNanos
	ReportSessionError
	ReportStreamOver // the connection stays, and reports nothing any more: it is of no use
)

// Report is one message of an order connection, read. It is filled in place; text fields alias the message, or
// Digits where the message has the number in binary: they live until the message or the Report is reused.
type Report struct {
	Kind                        ReportKind
	Status                      int    // the venue's status of the reply (HTTP-like), 0 where it has none
	Code                        int    // the venue's error code, 0 for none
	Text                        []byte // the venue's error text, aliases the message
	RequestID                   []byte // as echoed, without quotes; nil where the venue left it out
	ClientID                    []byte // the order's client id where the message has it
	VenueID                     []byte // the venue's order id
	ExecID                      []byte // execution id
	LastQty                     fixed.Number
	LastPrice                   fixed.Number
	CumQty                      fixed.Number
	VenueNanos                  int64    // the venue's time of the event, ns since the Unix epoch, 0 where unknown
	RetryAtNanos                int64    // ReportThrottled: venue time before which nothing may be sent
	Weight, WeightLimit         int32    // request weight used and its limit as reported, 0 where not
	OrderCount, OrderCountLimit int32    // the shortest order-count window as reported
	Digits                      [40]byte // room for ids that a dialect had to write
}

// Reset empties r for the next message.
func (r *Report) Reset() { *r = Report{} }
