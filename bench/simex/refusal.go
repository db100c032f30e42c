package simex

// refusal is why a request is answered with an error: what the venue says, and which counter it raises.
// counterCount as counter means that it raises none of its own.
type refusal struct {
	counter counter
	status  int
	code    int
	text    string
	retryAt int64 // epoch ms for limits, else 0
}

func (r *refusal) count(v *Venue) {
	if r.counter < counterCount {
		v.tally.add(r.counter)
	}
}
