package orders

// likeness remembers the last orders by what they are, to find one that is sent again and again by mistake.
type likeness struct {
	recent [likeMax]like
	next   int
}

// like is one kind of order: when it was admitted last, and how often since first.
type like struct {
	key   uint64
	first int64
	last  int64
	count int
}

// likeMax bounds the walk at the trigger; an order that comes again after sixteen others is no repetition by mistake.
const likeMax = 16

// likeKey is what makes two orders alike.
func likeKey(spec *Spec, price, qty uint64) uint64 {
	return mix(mix(nameKey(spec.Symbol)^uint64(spec.Side)<<56^price) ^ qty)
}

// ask refuses a duplicate or a repetition, and remembers what it admits.
func (l *likeness) ask(limits *AccountLimits, key uint64, now int64) Rule {
	if limits.DuplicateNanos == 0 && limits.RepeatsMax == 0 {
		return RuleNone
	}
	for i := range l.recent {
		known := &l.recent[i]
		if known.key != key || known.count == 0 {
			continue
		}
		if now-known.last < limits.DuplicateNanos {
			return RuleDuplicate
		}
		if now-known.first > limits.RepeatNanos {
			known.first, known.count = now, 0
		}
		if limits.RepeatsMax > 0 && known.count >= limits.RepeatsMax {
			return RuleRepeats
		}
		known.last = now
		known.count++
		return RuleNone
	}
	l.recent[l.next] = like{key: key, first: now, last: now, count: 1}
	l.next = (l.next + 1) % likeMax
	return RuleNone
}
