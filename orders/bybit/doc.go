// Package bybit is the dialect of Bybit v5: spot and the linear (USDT) contracts.
//
// Three connections speak it, and none of its orders is signed: the trade socket and the private socket are
// authenticated once, the public one never.
//
//	trade socket:    Compile ──► order.create, order.cancel        Classify ◄── "received" (retCode 0), or why not
//	private socket:  ReportLogin ──► auth, order, execution        Classify ◄── what became of the orders
//	public socket:   Subscribe ──► publicTrade, orderbook          Market ◄── trades, quotes, ladders
//
// What must be known about this venue:
//   - retCode 0 on the trade socket means that the order was received, not that the engine took it. The order topic
//     tells New, Rejected or Cancelled. So the reply is ReportReceived, and without the private socket there is no
//     trading. A post-only order that would take is Cancelled there, after its reply said 0.
//   - one message may hold many orders, executions or trades: MarketNext and ClassifyNext hand them on one by one.
//   - orderLinkId is our client id. In execution.fast it is empty for maker fills: VenueID must be an index too.
//   - keys come in another order from channel to channel, and names are spelled differently (reqId, req_id).
//   - times and numbers are mostly strings. All prices and sizes are.
//   - there is no dry run and no cancel-all on the socket: Compile refuses both.
//
// Trades have no running number here (seq jumps), so Trade.ID is 0 and no gap can be seen in them. The ladder's u
// rises by one from message to message, and a snapshot inside the stream sets it anew.
//
// Source of the wire facts: github.com/bybit-exchange/docs, commit 072c197d (2026-07-24). Nothing here was run
// against the live venue; the ladder was run against a capture of it.
//
// Start reading at Dialect, then MarketNext.
package bybit
