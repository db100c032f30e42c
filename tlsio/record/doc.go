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
// # Kernels
//
// AES-GCM runs on one of the rows of kernel.go, the best that tier and CPU allow: "vaes" (two blocks a register, never 512
// bits), "aesni" (one block), "std" (the standard library: the reference in tests, and all there is elsewhere, in FIPS mode and
// for ChaCha20-Poly1305). Ours are made by the program in _asm, a module of its own, through go generate. PrepareNext makes the
// keystream of the next record in idle time, so that only the hash is left to do; what it made dies with the next record that
// leaves, whichever that is. With -tags owcheck each seal of ours is done again by the standard library and compared.
//
// # Who owns the bytes
//
// SealInPlace borrows buf until it returns. Next decrypts inside the bytes it was given: Event.Data aliases them and lives until
// the caller reuses them. Only fragments of handshake messages are copied, into one buffer of MaxHandshake bytes that is
// allocated when the Opener is made.
//
// # What allocates
//
// Seal, open and Next do not. A KeyUpdate does: a new key gets memory of its own.
//
// # What it does not do
//
// No handshake, no renegotiation, no early data, no CBC, no RC4, no compression, no DTLS. The kernels of the standard library
// hold their expanded keys in memory that nobody can wipe; Wipe clears what is ours (secrets, IVs, the last text, and all that
// our kernels made from a key: round keys, powers of H, keystream).
//
// Start reading at Link (link.go), then SealInPlace (sealer.go) and Next (opener.go).
package record
