// Package tlsio does the TLS handshake of an outgoing connection, decides whether the server is trusted, and hands the
// connection over to our own record layer.
//
//	        conn (the caller's, from netpoll)
//	          │
//	        gate ──────────► flight      one record at a time: counts, checks, refuses
//	          │                 │
//	        utls ── key log ────┘        the handshake itself, and the verification of the chain
//	          │
//	──────────┴── take-over ──────────► Link = record.Link + Info
//
// The handshake is utls's. It reads ahead, so it never sees the real connection but a gate that yields no byte past the current
// record: when it is done, what follows is still in the socket and belongs to the record layer, whose sequence numbers are the
// ones that the flight has counted. The flight reads the same bytes as the library, from the wire's side, and refuses what the
// library lets pass: data behind Finished (CVE-2025-61730), versions and suites outside the policy that a browser's hello offers
// and does not want.
//
// # Trust
//
// A chain must reach a root, carry the host's name and be in time. Pins add to that and never replace it; see Trust. There is
// no switch that checks less.
//
// # Secrets
//
// Ours are wiped when the handshake ends (attempt.run) and when the Link is wiped. The library's copies cannot be: it keeps the
// secrets in its own state, and the key log through which we learn them passes as hex text through strings. Config.Collect lets
// the garbage collector take them once after the hand-over. What stays is covered by the process, which in live mode
// forbids core dumps (PR_SET_DUMPABLE 0, RLIMIT_CORE 0).
//
// # What it does not do
//
// It opens and closes no connection, resolves no name, retries nothing, sends no early data, and never speaks below TLS 1.2.
//
// Start reading at Handshake (handshake.go), then attempt.run; the rules of the wire are in flight.go.
package tlsio
