// Package http1 is a client's HTTP/1.1 as functions over bytes, for venues that take orders without WebSockets: the head of
// a request as preformatted text, and an incremental reader of responses.
//
// Like wsproto it reads no socket, no clock and no random numbers.
//
//	outward   Request.AppendHead ─► head text, made when cold; a template patches and signs it, and the body follows
//	inward    bytes of the stream ─► Reader.Next ─► Event{Response, Status, Body, Close}
//
// One request is in flight on a connection at a time: Expect says which method's response comes next, and bytes that
// nobody expects fail the connection. A late or second reply can therefore never be taken for the answer to another order.
//
// Ownership: the Reader copies what it reads into memory of fixed size, made by NewReader. It uses every byte that it is
// given, so a receive buffer may have any size. Body and header values live until the next Expect or Next.
//
// Strictness: a response whose end could be seen in two ways is refused (RFC 9112 §6.3, §11): Content-Length beside
// Transfer-Encoding, lengths that differ, any coding but chunked, lines that do not end in CR LF, folded lines, a space
// before a colon, control characters, sloppy chunk lines. Interim responses are skipped, but for 101, which nobody asked
// for. A body without a length ends with the stream, and End has the response: ask it only at a clean end (a close_notify).
//
// Not here: no connection pool, no redirects, no content coding (a coded body is refused), no pipelining, no
// request with a chunked body, no time-outs.
//
// Start reading at Reader.Next; framing decisions are in framing.go.
package http1
