// Package journal is the room that keeps state on disk: what must survive a restart, and nothing else.
//
//	state_dir/                    0700, locked (flock) by the one process that uses it
//	  format, epoch               the folder was used; the boot epoch given out last, with its CRC32C
//	  journal/0000000000000001.owj ...   records of 128 bytes: intents, outcomes, seals
//	/dev/shm/orderwire-UID-HASH   the hot log: a ring of the same records, mapped
//
//	loop ── Intent, Outcome ──► hot log ── flusher, every 1 ms ──► file ── fdatasync ──► synced
//
// # The boot epoch
//
// It is a part of every client id. Each start takes the next one, and it is on the disk (file and directory) before the
// first order is signed: the venues do not protect us from an id given twice. What does not check is refused.
//
// # The journal
//
// An intent is in the hot log before its order's bytes leave. The hot log lies on tmpfs: its pages are never written
// back, so the kernel never write-protects them under the loop, and they outlive a killed process. The flusher copies records to
// the file, seals each batch with a SHA-256 chain, and syncs. A killed process loses nothing; a crashed host loses
// what was not synced, and recovery then adopts the venue's orders that bear our prefix. SyncBeforeSend closes that gap.
//
// Each file begins with all open orders, so that it can be read without the older ones. After a failed write or sync the file is
// given up and the next one is begun from the last seal that is surely on the disk; meanwhile new orders are refused, and cancels
// and outcomes use the ring's reserve.
//
// # Damage
//
// A record has its CRC32C, records their numbers, batches their chain, files their joints. What is bad before a good record is
// damage: it is reported, never mended by a guess, and the files are set aside. What is bad at the very end is a write that did
// not end. Recovery.Clean is true only where nothing is missing and the last life, by its epoch, closed in good order.
//
// # What it does not do
//
// It holds no secret and talks to no network. The chain is not keyed: it finds faults, not a forger who owns the disk.
// A state folder put back from a backup as a whole cannot be told from the truth: take another instance prefix then.
//
// Read OpenState, then Log.Intent, then OpenLog.
package journal
