package runtime

import "orderwire/orders"

// What a report is about: matching by the ids that it names and, where it names none, by its connection (R14).

// idOf finds the counter of the order that a report is about: by client id first, then by request id, then by
// the venue's own id where an earlier message named both.
func (l *Loop) idOf(r *orders.Report) (uint64, bool) {
	for _, text := range [...][]byte{r.ClientID, r.RequestID} {
		epoch, id, ok := l.space.Parse(text)
		if !ok {
			continue
		}
		if epoch == l.space.Epoch {
			return id, true
		}
		if id = EarlierID(epoch, id); l.remembers(id) {
			return id, true
		}
	}
	if r.VenueID != nil {
		if id, known := l.track.ByVenueID(r.VenueID); known {
			return id, true
		}
	}
	if id, bare := orders.ParseCounter(r.RequestID); bare && answersOrder(r.Kind) && l.remembers(id) {
		return id, true // the venue takes numbers alone as request ids (Kraken), and so does the login: only orders are meant here
	}
	return 0, false
}

// remembers tells whether an order is known here.
func (l *Loop) remembers(id uint64) bool { _, known := l.track.State(id); return known }

// answersOrder tells whether a report of this kind can be the answer to an order or a cancel.
func answersOrder(kind orders.ReportKind) bool {
	switch kind {
	case orders.ReportReceived, orders.ReportAcked, orders.ReportTested, orders.ReportRejected, orders.ReportUnknown,
		orders.ReportCancelRejected, orders.ReportThrottled:
		return true
	}
	return false
}

// unnamed is the order that an answer without any id is about: the one that waits on this connection. Where several wait
// nobody knows, and all of them are Unknown.
func (l *Loop) unnamed(s *session, r *orders.Report) (uint64, bool) {
	if s.role != OrderRole || !answersOrder(r.Kind) || r.ClientID != nil || r.RequestID != nil || r.VenueID != nil {
		return 0, false
	}
	id, alone, _ := s.track.FirstWaiting(s.index)
	if alone {
		return id, true
	}
	for {
		receipt, more := s.track.LoseOn(s.index, l.now)
		if !more {
			return 0, false
		}
		l.settle(receipt, l.now)
	}
}
