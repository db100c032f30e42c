// Package journal is the room that keeps state on disk: what must survive a restart, and nothing else.
//
// # What lies in a state folder
//
//	state_dir/                0700, locked (flock) by the one process that uses it
//	  format                  "orderwire state 1": this folder was used, in this layout
//	  epoch                   the boot epoch that was given out last, with its CRC32C
//
// The boot epoch is a part of every client id. Each start of the program takes the next one, and it is on the disk
// (file and directory) before the first order is signed, so that no restart can give an id twice: the
// venues do not protect us there (ids are unique among open orders only, and at some not even that).
//
// # What is defended
//
// A file is replaced whole: written beside, synced, renamed, the directory synced. A crash leaves the old or the new
// text, never a mixture. What does not check (torn, flipped, another version, missing though the folder was used) is
// refused with a sentence that says what to do. Nothing is repaired by a guess: a reused id could cancel or double a
// live order, a start that is refused costs a minute.
//
// # What it does not do
//
// It holds no secret, reads no clock and talks to no network. It does not defend against a state folder that is put
// back from a backup as a whole: an older epoch with a good checksum cannot be told from the truth here. After such a
// restore take another instance prefix.
//
// Read OpenState first.
package journal
