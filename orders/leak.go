package orders

// leak is a bucket that leaks: at most burst units at once, refilled evenly over a window.
// Source: the generic cell rate algorithm, ITU-T I.371 annex A, with time as the level.
type leak struct {
	burstNanos int64 // what a full bucket is worth
	unitNanos  int64 // what one unit is worth
	fullAt     int64 // when the bucket would be empty again; in the past: it is
}

// newLeak admits units per window.
//
// Shape: units >= 1, windowNanos >= units.
func newLeak(units, windowNanos int64) leak {
	unit := (windowNanos + units - 1) / units
	return leak{burstNanos: units * unit, unitNanos: unit}
}

// room tells whether n units fit now.
func (l *leak) room(n, now int64) bool {
	return max(l.fullAt, now)+n*l.unitNanos-now <= l.burstNanos
}

// take charges n units.
func (l *leak) take(n, now int64) { l.fullAt = max(l.fullAt, now) + n*l.unitNanos }

// level is how many units are in the bucket, rounded up.
func (l *leak) level(now int64) int64 {
	return (max(l.fullAt-now, 0) + l.unitNanos - 1) / l.unitNanos
}
