// Package simex is the embedded exchange: the independent examiner that orderwire trades against in the demo, in
// benchmarks, in soak runs and in the deterministic world. It imports nothing of ours, not even fixed or scan, and
// nothing but the standard library: whoever examines a client must not share its mistakes. So it has its own server
// half of RFC 6455, its own JSON parser, its own decimals and its own reading of each venue's rules.
//
//	            ┌────────────── Venue: keys, accounts, orders, matching, streams, counts ──────────────┐
//	bytes ─► Conn: HTTP ─► RFC 6455 ─► session (one a path) ─► placement ─► engine ─► reply, events ─► bytes
//	            └─ time ─► Tick: PINGs, deadlines, held-back replies, paced market data ────────────────┘
//
// The core is functions over (now, random bytes, bytes in): Conn.Feed, Conn.Tick, Conn.Output, and Venue.Tick for dead
// man's switches, which must fire when no connection is left. It reads no clock, does no input or output and starts no
// goroutine, so that a simulation drives it as it is, and the same bytes at the same times give the same bytes out.
// Serve is the thin server around it: TLS on loopback with a certificate authority made at start; one goroutine a
// connection reads, works and writes the replies, a second sleeps until time or another connection has something for
// the client.
//
//	kind               orders                       reports                    market               files
//	binance            /ws-api/v3, /api/v3          same socket                /ws, /stream         binance*.go
//	binance-usdm       /ws-fapi/v1, /fapi           /private/ws/<listen key>   /public, /market     binance*.go, usdm*.go
//	bybit              /v5/trade, /v5/order         /v5/private                /v5/public/...       bybit*.go
//	kraken             /v2                          same socket                /v2                  kraken*.go
//	coinbase           POST /orders                 / (user channel)           /                    coinbase*.go
//	coinbase-advanced  POST /api/v3/brokerage/...   / (user channel)           /                    advanced*.go, jwt.go
//
// Two things are counted apart (Counts): what became of lawful orders, and what clients did wrong. A request that breaks
// a rule is counted under that one rule. Selftest proves for every rule that one bad client raises its counter to one
// and no other, and that the documented good frames raise none.
//
// What goes wrong on purpose is a Script: a function from request number and intent to a Plan (reply lost, late, twice,
// before or after the reports; rejects; unknown outcomes; hidden orders; cut connections; partial fills), and
// Venue.Inject for what happens to whole connections (notices, closes, resets, silence, bans, maintenance, clock steps,
// expired tokens, gaps in the market). What a script causes is not counted as a client's fault, but for clock steps:
// those a client has to notice.
//
// Money is exact: units of 10^-8 in an int64, never a float. Market data goes out as it was recorded, byte for byte; for
// venues of which no recording exists, Recording.As words the Binance one in their messages.
//
// What it does not do: book depth beyond its own resting orders and the replayed best bid and ask, fees, balances that
// run out, conditional orders, more than one client IP. It is not a model of latency. Nothing in it was checked against
// a live server: it enforces what the venues document.
//
// Read first: Conn.Feed in conn.go, then binanceSession.message in binance_call.go, then Venue.place in engine.go.
package simex
