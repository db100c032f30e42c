// Package market is what a market is: trades, quotes, books, and the gaps between what was sent and what came.
//
// A dialect turns bytes into an Event. What follows here is the same for every venue:
//
//	frame ── dialect.Market ──► Event ─┬─► Arbiter.See: did another connection bring it before?
//	                                   ├─► Gaps.See: is a message missing before this one?
//	                                   ├─► Book.Apply: the ladder, and whether it may be believed
//	                                   └─► the strategy
//
// Everything is owned by one loop and holds memory of fixed size from the start: a Book has room for so many
// levels a side, an Event for so many changes, Gaps for so many symbols. What does not fit is an error or a
// counted refusal; nothing grows and nothing is cut off in silence.
//
// A Book is good only between a snapshot that joins the changes and the first sign of a gap. While it is not
// good it shows no best price: a stale ladder that looks alive has cost others an hour of wrong orders
// (requirement R16). Who asks for the next snapshot is the supervisor; the room only says that it is needed.
//
// Prices are fixed.Number. There is no float here, and no clock: times are the venue's, from the message.
//
// Start reading at Event, then Book.
package market
