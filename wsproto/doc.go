// Package wsproto is the client side of RFC 6455 as functions over bytes.
//
// It reads no socket, no clock and no random numbers: it gets bytes, and gives back bytes, events and typed errors. The
// same code therefore serves a ring, a plain send, a test and a fuzzer, and every failure can be replayed.
//
//	outward   payload in its slot ─► FrameInPlace ─► [ head room | header | masked payload | tail room ]
//	                                     ▲
//	                                   Masks: keys drawn ahead in idle turns, each used for one frame
//
//	inward    bytes of the stream ─► Reader.Next ─► Event{Text, Binary, Ping, Pong, Close}
//	                                     │
//	                                     ├─ an unfragmented message aliases the caller's bytes: it is never copied
//	                                     └─ fragments are gathered in one buffer of fixed size
//
//	opening   Upgrade.AppendRequest ─► ... ─► UpgradeReader.Next: done, and bytes behind the 101 stay the caller's
//
// Ownership: the package keeps no slice of a caller past the call, but for what NewReader and NewMasks were given. An
// Event's Payload lives until the next call of Next or until the caller reuses its bytes, whichever comes first.
//
// Strictness: what RFC 6455 forbids ends the connection with the close code that it names (ProtocolError.Code): 1002 for
// framing, 1007 for text that is not UTF-8 (at the first byte that cannot be, even inside an incomplete frame), 1009 for
// a message over the limit, known from its frame header alone. The opening handshake is as strict: exactly HTTP/1.1 101,
// the whole accept key, no extension and no subprotocol that was not asked for, no folded or doubtful header line.
//
// Not here: permessage-deflate is never offered, messages are never sent in fragments (a client may always send whole
// ones), there is no server half, and there are no timers. Who answers a ping, when to give up on a silent peer, and how
// long a close may take are decisions of the loop.
//
// Start reading at Reader.Next and FrameInPlace; http1, the sibling below, is for venues that take orders without
// WebSockets.
package wsproto
