// Package host tells what a host is and lacks for a spinning loop, and sets what can be set at run time.
//
//	Look   -> Report: one Row a fact, each pass, warn or fail, with the reason and the command that mends it
//	Measure -> Hiccup: what the kernel and the hypervisor steal from an empty spin
//	Plan   -> []Change -> Apply (keeps an undo file) -> Undo
//	TameCollector, LockMemory, HoldLatency, SetProcs, CanSpin, SafeScheduler: what a loop's process does for itself
//	PickCPUs: where loops belong
//
// All of it is cold. It reads /proc and /sys through one tree, which tests replace by a folder; it needs
// no root to look, and says of what it cannot see that it cannot. Nothing but Apply and Undo writes.
//
// How a row comes about: a check reads one or two files of the tree, compares, and gives a Row with the
// value seen, the ideal, why it matters and the command that mends it. A file that is not there is said
// to be unseen, and counts as a warning: in a container most of the host is hidden.
//
// It does not decide: whether a warning matters is the operator's business. It prints nothing: the rows
// are values, for a table or JSON.
//
// Read first: Look in report.go, then the table in rows_cpu.go.
package host
