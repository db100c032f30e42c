package runtime

import "orderwire/orders"

// What the loop asks the control plane to find out, and what it is told.

// ticket is what the peer sent for a later handshake, on its way to the session cache.
type ticket struct {
	session  *session
	size     int
	messages [4 << 10]byte
}

// doubt is an order about which something may have been missed: it is Unknown, or it was open when its connection ended.
type doubt struct {
	id       uint64
	symbol   string
	venueID  string // where the venue has named it
	pushedAt int64  // loop clock, ns
	number   uint64 // rises from doubt to doubt
}

// finding is one piece of evidence, or the end of a round of questions.
type finding struct {
	kind   findingKind
	report orders.Report // of foundReport; owns its bytes
	id     uint64        // of foundAbsent: the order; of foundAll: the last doubt that was looked into
	proof  orders.Absence
}

type findingKind uint8

const (
	foundReport findingKind = iota + 1 // the venue said something about an order
	foundAbsent                        // status, open orders and fills agree that it is not there
	foundAll                           // everything that was asked is answered: the session may go Live
)

// suspect asks the control plane about one order. It allocates: an order in doubt is no hurry any more.
func (l *Loop) suspect(id uint64) {
	info, known := l.track.Order(id)
	if !known {
		return // too old to be asked about
	}
	l.doubtNumber++
	d := doubt{id: id, symbol: info.Symbol, venueID: info.VenueID, pushedAt: info.PushedAt, number: l.doubtNumber}
	if !l.doubts.put(&d) {
		l.counts.dropped++
	}
}

// suspectOpen asks about every order that is open: what happened to it while nobody listened is not known (R6).
func (l *Loop) suspectOpen() {
	for id := l.placed.oldest(); id != 0 && id <= l.placed.last; id++ {
		if state, known := l.track.State(id); known && !state.Ended() {
			l.suspect(id)
		}
	}
}

// found books what the control plane has found out.
func (l *Loop) found(now int64) (work int) {
	for l.findings.take(&l.finding) {
		work++
		f := &l.finding
		switch f.kind {
		case foundReport:
			l.bookFound(&f.report, now)
		case foundAbsent:
			_, f.proof.BoundNanos, _ = l.venue.Offset(now)
			if receipt, news := l.track.Absent(f.id, f.proof, now); news {
				l.settle(receipt, now)
			}
		case foundAll:
			if f.id >= l.doubtNumber { // else something came up while that was being asked
				l.reconciling = false
			}
		}
	}
	return work
}

// bookFound settles a report from a query, as book does one from a stream.
func (l *Loop) bookFound(r *orders.Report, now int64) {
	id, ours := l.idOf(r)
	if !ours {
		l.counts.foreignReports++
		return
	}
	if receipt, news := l.track.Apply(r, id, now); news {
		l.settle(receipt, now)
	}
}
