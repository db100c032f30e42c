// Package kraken is the dialect of Kraken Spot, WebSocket API v2.
//
// Orders and their reports share one connection (ws-auth), which is opened with a token that the REST API gives
// for a signature; market data come from another one (ws):
//
//	REST:     Token ──► API-Sign (HMAC-SHA512, nonce)              ParseToken ◄── the token, good for 15 minutes
//	private:  Login ──► subscribe executions                       Classify ◄── snapshot of open orders, reports
//	          Compile ──► add_order, cancel_order                  Classify ◄── accepted, or the error's text
//	public:   Subscribe ──► trade, ticker, book                    Market ◄── trades, quotes, ladders
//
// What must be known about this venue:
//   - the token is a parameter of each order; no order is signed. It stays good while the executions channel that
//     was opened with it is up, and every connection needs a fresh one. Templates are compiled for one token.
//   - numbers are JSON numbers both ways. Their text counts: trailing zeros are part of the ladder's checksum.
//   - every order carries a deadline, which is this venue's receive window: past it the engine refuses.
//   - errors have texts, not codes. The text decides (kindOfError), and Report.Text keeps it.
//   - the ladder has no numbers but a CRC-32 of its best ten levels a side: Depth.Checksum, which the Book asks.
//   - reports carry only what changed: a later one may lack the client id, so VenueID must be an index too.
//   - cancel_all and cancel_all_orders_after are account-wide: CancelAll of one symbol does not compile, and the
//     dead man's switch fires once and must be armed again before trading goes on.
//   - there is no test venue; validate (Action Test) is the dry run.
//
// Source of the wire facts: docs.kraken.com, pages as stored on 2026-11-22. Nothing here was run against the live
// venue. The first generation of its ladders was (orders/market).
//
// Start reading at Dialect, then ClassifyNext.
package kraken
