// Package coinbase is the dialect of Coinbase: the Exchange API and the Advanced Trade API.
//
// Neither takes orders over WebSocket. An order is one HTTP/1.1 request on a warm connection, one in flight at a
// time, and a template of it is the whole request, head and body:
//
//	                    Exchange                                       Advanced
//	order               POST /orders                                   POST /api/v3/brokerage/orders
//	credential          HMAC-SHA256 over time, method, path and body   a JWT in a header, made ahead (JWT), good for 120 s
//	reply               Reply ◄── status and body: the order exists    Reply ◄── 200 with "success": true or false
//	reports             Classify ◄── received, open, match, done       Classify ◄── the state of each order, with totals
//	market data         Market ◄── match, ticker, snapshot, l2update   MarketNext ◄── market_trades, ticker, l2_data
//
// What must be known about this venue:
//   - client_oid is no idempotency key at Exchange: a request sent twice is two orders. A reply that was lost is
//     Unknown, and so is any status of 500 or above.
//   - client ids are UUIDs; Compile sets the form of the IDSpace itself.
//   - client_oid comes back in "received" only; every later message has the venue's id. So VenueID must be an index.
//   - a match names both orders, one of which is ours: ClassifyNext hands on both halves, taker first.
//   - Advanced reports totals, no executions: ReportAcked with a CumQty that has grown is a fill.
//   - the side of a public trade is the maker's: the aggressor is the other one.
//   - the seconds of the Exchange signature are whole, so one signature serves a fixed order for a second.
//   - the ladders of Exchange have no numbers, those of Advanced are numbered by connection (Event.Sequence).
//   - there is no dry run. Advanced cancels by the venue's id only, so Cancel does not compile there.
//
// Source of the wire facts: docs.cdp.coinbase.com, pages as stored on 2026-11-22. Nothing here was run against the
// live venue; the Exchange feed was run against a recording of its older name.
//
// Start reading at Dialect, then compile.go.
package coinbase
