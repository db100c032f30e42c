//go:build !owcheck

package netpoll

// ownership is empty without -tags owcheck: its methods vanish when they are inlined.
type ownership struct{}

func (ownership) start(*Arena)      {}
func (ownership) take(*Arena, Slot) {}
func (ownership) put(*Arena, Slot)  {}
func (ownership) look(Slot)         {}
func (ownership) lend(Slot)         {}
func (ownership) fill(Slot)         {}

// OwnershipChecked tells whether this build asserts who owns each slot.
const OwnershipChecked = false
