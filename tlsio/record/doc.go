// Package record is the TLS 1.2 and 1.3 record layer after the handshake: it seals one record in place, opens one record in
// place, and knows the few messages that may still arrive.
//
// It is sans-IO. It never reads a socket, a clock or random bytes: keys and counted sequence numbers come in (from the room
// tlsio, which has watched the handshake), bytes come in, bytes go out. The same code serves the loop, the tests and the fuzzers.
//
//	buf:   | head room | text ............ | tail room |
//	          ^from      ^at            at+n        ^to       (from >= at-MaxHead, to <= at+n+MaxTail)
//
//	TLS 1.3:  5 byte header | text + type byte, encrypted | 16 byte tag
//	TLS 1.2:  5 byte header | 8 byte explicit nonce (AES-GCM only) | text, encrypted | 16 byte tag
//
// # One gate
//
// A Sealer owns (epoch, seq) of one direction. Everything that leaves goes through its one private function seal: data, alerts
// and KeyUpdates alike. The sequence number rises before the first byte is written, so no nonce can be used twice, whatever
// happens afterwards: a record that was sealed and not sent ends the connection, it is never sealed again. Whoever prepares
// something for the next record binds it to Gate() and drops it when Gate has moved.
//
// # Who owns the bytes
//
// SealInPlace borrows buf until it returns. Next decrypts inside the bytes it was given: Event.Data aliases them and lives until
// the caller reuses them. Only fragments of handshake messages are copied, into one buffer of MaxHandshake bytes that is
// allocated when the Opener is made.
//
// # What allocates
//
// Seal, open and Next do not. A KeyUpdate does: the standard library offers no way to rekey an AEAD in place.
//
// # What it does not do
//
// No handshake, no renegotiation, no early data, no CBC, no RC4, no compression, no DTLS. The kernels of the standard library
// hold their expanded keys in memory that nobody can wipe; Wipe clears what is ours (secrets, IVs, the last text).
//
// Start reading at Link (link.go), then SealInPlace (sealer.go) and Next (opener.go).
package record
