// Package world is the deterministic simulation: one seed makes a process, its host, a network, an exchange, and
// everything that goes wrong between them, and the same seed makes the same world again. It is public, so that a strategy
// can be tested in it.
//
//	          ┌───────────── one process (life): runtime.Engine, orders/journal, the trader ─────────────┐
//	seed ─►   │ loop ── port (netpoll.Fake) ── Conn ── supervisor, inquirer: utls handshakes, logins     │
//	          └───────────────────│ pipes: delay, loss, slices, resets │─────────────────────────────────┘
//	                              line: crypto/tls server ── simex.Conn ── simex.Venue: the truth
//
// What is ours runs as it is: engine, supervisors, handshakes, record layer, WebSocket, dialect, tracker, journal. What
// the kernel and the venue do is simulated. All blocking code runs in tasks, which are coroutines: one runs at a time,
// until it waits, and time stands still while it does (stage). The seams are those of runtime.Config: Tasks, Clock, Rand,
// Network, Journal; the journal writes to a real folder, on a disk that fails when it is told to.
//
// The trader decides at times that follow from the seed, cancels what rests, and keeps design.md's rules. At the end of
// its decisions the faults stop; then every doubt must end, and check compares the journal with the venue's own record of
// its orders. It looks at nothing else: nothing may be lost, executed twice, called ended that has not, or left open that has.
//
// Ownership: everything belongs to the goroutine that calls Run. Several worlds may run beside each other.
//
// What it does not do: it does not model latency, the kernel's own TCP, or several loops of one process. The hash is over
// decisions, venue and journal, not over ciphertext: keys of a handshake are random.
//
// Read first: Run in world.go, then stage.run in stage.go, then world.judge in check.go.
package world
