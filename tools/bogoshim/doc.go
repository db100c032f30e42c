// Command bogoshim lets BoringSSL's conformance runner (BoGo, ssl/test/runner) examine the rooms tlsio and tlsio/record.
//
// The runner is a TLS server that breaks one rule per test. It starts this program with flags that say how to behave, and this
// program connects to it: first the 8-byte id of the test, then the handshake, then it reads, inverts every byte and writes it
// back until the runner ends the connection. Exit status 0 means that all went as the flags expect, 1 that something failed (the
// reason is on stderr), and 89 that a flag, or what it asks for, is not implemented here: the runner skips such a test.
//
//	runner ──flags──► flags.go: options of the first and of the resumed connections
//	   ▲                  │
//	   └──────TLS─────► exchange.go: connect, handshake, expectations, echo, close
//
// Nothing of BoringSSL is in this repository. Which tests are switched off, each with its reason, is in tlsio/testdata/bogo.json,
// in the runner's own format (-shim-config). Two flags are ours: -backend golang|chrome|firefox chooses the hello, -driver
// goroutine|coroutine how the handshake is driven. The runner's -async makes every read give one byte.
//
// What the flags compare is what tlsio reports (Link.Info); a difference fails the test. Where this client is stricter than
// BoringSSL, or where the test asks for something that it never does (TLS 1.1, CBC, early data, renegotiation), the test is
// switched off or skipped, never made to pass.
//
// It is a client only, and it verifies: the runner names its own certificate authority with -trust-cert.
package main
