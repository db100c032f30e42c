package orders

// IDSpace makes client ids that never repeat: instance prefix, boot epoch, counter. The epoch is fsynced
// before the first signature of a process (orders/journal), so that no restart reuses an id.
type IDSpace struct {
	Prefix string // 1..3 of [a-z0-9]: tells our orders from all others of the account
	Epoch  uint32 // boot epoch, strictly rising over the life of a state folder
}
