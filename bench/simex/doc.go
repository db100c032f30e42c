// Package simex is the embedded exchange: the independent examiner that orderwire trades against in the demo, in
// benchmarks, in soak runs and in the deterministic world. It imports nothing of ours, not even fixed or scan, and
// nothing but the standard library: whoever examines a client must not share its mistakes. So it has its own server
// half of RFC 6455, its own JSON parser, its own decimals and its own reading of each venue's rules.
//
//	            ┌────────────── Venue: keys, accounts, orders, matching, streams, counts ──────────────┐
//	bytes ─► Conn: HTTP ─► RFC 6455 ─► session (one a path) ─► placement ─► engine ─► reply, events ─► bytes
//	            └─ time ─► Tick: PINGs, deadlines, held-back replies, paced market data ────────────────┘
//
// The core is functions over (now, random bytes, bytes in): Conn.Feed, Conn.Tick, Conn.Output. It reads no clock, does
// no input or output and starts no goroutine, so that a simulation drives it as it is, and the same bytes at the same
// times give the same bytes out. Serve is the thin server around it: TLS on loopback with a certificate authority made at
// start; one goroutine a connection reads, works and writes the replies, a second sleeps until time or another
// connection has something for the client.
//
// Two things are counted apart (Counts): what became of lawful orders, and what clients did wrong. A request that breaks
// a rule is counted under that one rule. Selftest proves for every rule that one bad client raises its counter to one
// and no other, and that the documented good frames raise none.
//
// What goes wrong on purpose is a Script: a function from request number and intent to a Plan (reply lost, late, twice,
// before or after the reports; rejects; bans; unknown outcomes; hidden orders; cut connections), and Venue.Inject for
// what happens to whole connections.
//
// Money is exact: units of 10^-8 in an int64, never a float. Market data goes out as it was recorded, byte for byte.
//
// What it does not do: order book depth beyond its own resting orders and the replayed best bid and ask, fees, balances
// that run out, conditional orders. It is not a model of latency.
//
// Read first: Conn.Feed in conn.go, then binanceSession.message in binance.go, then Venue.place in engine.go.
package simex
