// Package orders is what an order is: templates, patching, signing, ids, limits, risk and the state of each order.
//
// It is the vocabulary of the program and its conscience. It holds no socket, clock or file: it is given bytes, a loop
// time (now, ns of CLOCK_MONOTONIC) and keys, and gives back bytes and values, so that the loop, tests and the simulated
// world run the same code. Money is fixed.Number and integers; there is no float here.
//
// An order goes down one stair and comes up another:
//
//	Spec --Dialect.Compile--> Template                    cold: every mistake is an error here (TemplateBuilder)
//	Admission.Check           kill, breaker, budgets, risk: an Outcome, and nothing was written
//	Template.Patch, Sign      id, price, quantity, time into fixed slots; the signature behind them
//	Tracker.Add               state Pushed
//	Dialect.Classify          a message becomes a Report
//	Tracker.Apply             the report becomes a state, by the table in life.go, and a Receipt if it is news
//
// Template: the payload as bytes with slots of fixed width, and beside it the text that the venue will rebuild and that is
// signed, always complete and in place. The loop patches both; no dialect is asked at the trigger. A shorter number is
// followed by white space outside its quotes, so that the length never changes.
//
// Signer, Secret: credentials never print, in no verb and no marshaller: their bytes sit behind closures (secret.go says
// why). SignText signs cold, for logins and for the `sign` command.
//
// IDSpace, IDs: client ids that never repeat over restarts, in each venue's alphabet, and back to counters.
//
// Tracker: what is known about each order, and what that adds up to by symbol. Ends come from the venue's evidence only;
// a lost reply is Unknown, and stays so until there is evidence or the whole proof of absence (Absence). Executions count
// once, in any state.
//
// Admission (Kill, Breaker, Limiter, Gate): refusals are values. Each fails closed: a limit that is missing, a reference
// price that is old, a tracker that is not there refuse. Cancels pass every gate of ours, and never a venue's ban.
//
// VenueClock: the venue's time with a bound of its error, from the replies themselves.
//
// One loop owns each of these; Kill alone may be touched from everywhere. After their making none of them allocates on
// the paths named above. What does not lie here: connections and the loop (runtime), durable records (orders/journal), one
// exchange's language (orders/binance and its neighbours), numbers, JSON and hashing (orders/fixed, scan, hmac256).
//
// Read first: [Template.Patch] in template.go, then the table in life.go.
package orders
