//go:build owcheck

package netpoll

import "fmt"

// OwnershipChecked tells whether this build asserts who owns each slot.
const OwnershipChecked = true

type owner uint8

const (
	ownedByArena  owner = iota // free
	ownedByTaker               // filling
	ownedByKernel              // in flight
	ownedByLoop                // filled
)

var ownerNames = [...]string{"free", "filling", "in flight", "filled"}

func (o owner) String() string { return ownerNames[o] }

// ownership knows who owns each slot, and panics on a step that the house does not allow:
//
//	free -> filling (Take) -> in flight (Send, Recv) -> filled (completion) -> free (Put) or in flight again
//	filling -> free (Put)
type ownership struct {
	owners []owner
}

func (w *ownership) start(a *Arena) {
	w.owners = make([]owner, a.slots+1)
	for i := range a.mem {
		a.mem[i] = poison
	}
}

func (w *ownership) take(a *Arena, s Slot) {
	w.must(s, "taken", ownedByArena)
	for i, b := range a.raw(s) {
		if b != poison {
			panic(fmt.Sprintf("netpoll: slot %d was written at byte %d while it was free", s, i))
		}
	}
	w.owners[s] = ownedByTaker
}

func (w *ownership) put(a *Arena, s Slot) {
	w.must(s, "put", ownedByTaker, ownedByLoop)
	b := a.raw(s)
	for i := range b {
		b[i] = poison
	}
	w.owners[s] = ownedByArena
}

func (w *ownership) look(s Slot) { w.must(s, "looked at", ownedByTaker, ownedByLoop) }

// lend is the step to in flight.
func (w *ownership) lend(s Slot) {
	w.must(s, "lent to the kernel", ownedByTaker, ownedByLoop)
	w.owners[s] = ownedByKernel
}

// fill is the step that a completion makes.
func (w *ownership) fill(s Slot) {
	w.must(s, "completed", ownedByKernel)
	w.owners[s] = ownedByLoop
}

func (w *ownership) must(s Slot, verb string, allowed ...owner) {
	if s == 0 || int(s) >= len(w.owners) {
		panic(fmt.Sprintf("netpoll: slot %d %s: there is no such slot", s, verb))
	}
	for _, o := range allowed {
		if w.owners[s] == o {
			return
		}
	}
	panic(fmt.Sprintf("netpoll: slot %d %s while %s", s, verb, w.owners[s]))
}
