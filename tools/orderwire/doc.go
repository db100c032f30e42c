// Command orderwire is the one binary of this module. It knows every dialect by name and composes the rooms; nothing
// imports it.
//
//	orderwire demo                 the main job against the embedded exchange
//	orderwire run --config FILE    the same against the endpoints of a file
//	orderwire sim                  the embedded exchange alone
//	orderwire config check FILE    what a file means, secrets redacted
//	orderwire sign, resolve, certs one step of a connection by itself
//	orderwire journal verify       what was written before each order left
//	orderwire ws echo, ws drive    a bare WebSocket client, for foreign examiners
//
// # The shape of the code
//
// One file a subcommand, each with one function xCommand that returns its cobra command. A command reads what it
// was given through its streams (never os.Stdin and so on), so that the tests run the whole tree in this process.
// Loading a config turns text into a Config that cannot be wrong, or into one sentence that says where it is.
//
// # Errors
//
// A user sees one sentence: what failed, where, and what to do. Rooms say the first two, explain.go adds the third.
// Exit codes: 0 it worked, 1 it failed, 2 it was called wrongly (flags, arguments, config file).
//
// # Secrets
//
// They come from the environment or from a file that only its owner can read, never from a flag. They live in
// orders.Secret, which no printer opens. Payloads, signatures and keys are never printed, but for what `sign` is asked for.
//
// Read main.go first, then config.go.
package main
