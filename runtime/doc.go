// Package runtime composes the rooms into one pinned loop and its supervisors: it is the library's front door.
//
//	                control plane                          │              data plane (one pinned thread)
//	supervisor: resolve, connect, TLS, upgrade, login ──births──► turn: reap ─► open ─► read ─► classify
//	           ▲  back off, try again                      │        │                           │
//	           └───────────────────────────────ends────────┤        │ market event        report ▼ receipt
//	observer ◄────────────────────timings, receipts────────┤        ▼                        strategy
//	                                                       │     strategy ─► Push ─► push ─► submit
//
// An Engine is made from a Config and runs until its context ends. A Strategy decides, on the loop thread; an Observer is
// told what happened, off it. A connection is born in its supervisor (Open, then the dialect's Login) and handed to the
// loop with its socket, its record keys and its unread bytes; a dead one is handed back with the reason.
//
// Who owns what: a session, its link, reader and masks belong to the supervisor until they are handed over, then to the
// loop. Slots belong to whom netpoll.Port says. A market.Event and all it holds belong to the strategy until it returns.
//
// What it does not do: it retries no order, guesses no order's fate, and takes no order while its session is not Live.
//
// Read first: push in push.go, then turn in loop.go.
//
// Inside this repository "runtime" is this package; the standard one is imported as goruntime.
package runtime
