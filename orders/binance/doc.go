// Package binance is the dialect of Binance: Spot, and USD-M futures where they differ.
//
// It stands between bytes and meaning, and owns neither a socket nor a clock:
//
//	cold:  orders.Spec ── Compile ──► orders.Template (bytes, slots, sign plan); the loop runs the template
//	loop:  market frame ── Market ──► market.Event
//	       reply, report ── Classify ──► orders.Report
//	cold:  Logon, Subscribe, Query...: the frames around orders, written behind a byte slice
//
// A frame is walked once, in whatever order its keys come. One-letter keys mean different things in different
// messages ("a" is an id, a price or a ladder), so the walk takes each by the form of its value and decides at
// the end by "e" what it has. What it does not know it skips with full checks and calls Other: a new field or
// message type must never stop a stream (requirement R15). What it knows must be whole: a missing, doubled or
// malformed field of a trade, a quote, a ladder or a report is an error, never a zero.
//
// Decimals are exact (orders/fixed). Times come in milliseconds, or in microseconds where the connection asked
// for them; both become nanoseconds, told apart by size.
//
// Source of the wire facts: github.com/binance/binance-spot-api-docs, commit a5e0bc3d (2026-07-21). Nothing
// here was run against the live venue; it was run against recordings of it (hftbacktest, 2024-08-08) and the
// documentation's own frames (testdata).
//
// Start reading at Dialect, then Market.
package binance
