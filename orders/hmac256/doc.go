// Package hmac256 is HMAC-SHA256 for messages whose key and whose front never change.
//
// The signature of an order is the slowest thing that our own CPU does at the trigger, so all of it that can be done
// before is done before. HMAC hashes the key's inner pad, the message, then the key's outer pad and the digest. Both
// pads are one block each and never change; nor does the front of a signed request, up to the first field:
//
//	inner pad | apiKey=...&newClient  |  OrderId=ow...&price=...&timestamp=...  | padding
//	          absorbed (Key.Prefix)   |  tail: hashed by Sum
//	outer pad | digest | padding         hashed by Sum, from its own midstate
//
// A [Key] is the two midstates behind the pads. A [Prefix] is a key and the whole blocks of a constant text; begin
// there, at [Key.Prefix]. [Sum], [SumHex] and [SumBase64] hash a tail and allocate nothing. [Prefix.Extend] absorbs
// more, when it becomes known before the trigger.
//
// A key belongs to whoever made it and may be shared to read; a prefix holds its work space, so one goroutine owns it.
// Midstates are as good as the secret: Wipe zeroes them, and neither type prints itself. fmt does not ask what hangs
// under unexported fields, so whoever holds one puts it behind a closure (orders.Signer). Copies that a compiler or the
// operating system made are out of reach.
//
// The kernels are rows of one table (kernel.go): "shani" runs inner tail, outer block and hex in one piece of assembly
// without leaving the registers, on amd64 with the SHA extensions; "standard" is crypto/sha256 continued from the same
// midstates through its BinaryAppender, everywhere else, and the reference in tests. The best one that the CPU has is
// picked once; Force limits it (ORDERWIRE_CPU). In FIPS 140 mode only the standard library runs.
//
// The assembly is made by the program in _asm, a module of its own, through go generate. Neither kernel has a branch
// or an address that depends on key or message bytes; the number of blocks depends on the length only.
//
// What it does not do: other hashes (SHA-512 for Kraken's REST calls is cold: orders.SignText), and verification.
package hmac256
