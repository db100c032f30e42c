package coinbase

import (
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/scan"
)

// Reply reads the answer to one HTTP request.
//
//	status                       a new order                          a cancel
//	200                          by the body: ReportAcked, or refused ReportOther: it proves nothing yet
//	429                          ReportThrottled                      ReportThrottled
//	500 and above, 408, others   ReportUnknown: the order may live    ReportCancelRejected: no proof of anything
//	other 4xx                    ReportRejected                       ReportCancelRejected
//
// Code is the status, Text the venue's message. The body of a refusal may be anything, a proxy's HTML too: only
// the body of a 200 must be sound.
func (d *Dialect) Reply(action orders.Action, status int, body []byte, r *orders.Report) error {
	r.Reset()
	r.Status = status
	if status == 200 {
		return d.accepted(action, body, r)
	}
	r.Kind, r.Code = kindOfStatus(status), status
	if action == orders.Cancel || action == orders.CancelAll {
		if r.Kind != orders.ReportThrottled {
			r.Kind = orders.ReportCancelRejected
		}
	}
	var a answer
	if a.read(body) == nil {
		r.Text = a.text()
	}
	return nil
}

// kindOfStatus tells what is known of a new order that was answered with this status.
func kindOfStatus(status int) orders.ReportKind {
	switch {
	case status == 429:
		return orders.ReportThrottled
	case status >= 400 && status < 500 && status != 408:
		return orders.ReportRejected
	}
	return orders.ReportUnknown
}

func (d *Dialect) accepted(action orders.Action, body []byte, r *orders.Report) error {
	var a answer
	if action == orders.Cancel || action == orders.CancelAll {
		return nil // an id, or a list of ids
	}
	if err := a.read(body); err != nil {
		r.Kind = orders.ReportUnknown // the order may live, whatever this is
		return err
	}
	err := a.order
	if d.API == Advanced {
		err = a.advanced
	}
	if err := err(r); err != nil {
		r.Reset()
		r.Status, r.Kind = 200, orders.ReportUnknown
		return err
	}
	return nil
}

const (
	saidID = 1 << iota
	saidClientID
	saidStatus
	saidFilled
	saidReason
	saidDone
	saidCreated
	saidMessage
	saidSuccess
	saidOrderID
	saidAdvancedID
	saidError
	saidErrorText
)

// answer is the body of a reply of either API.
type answer struct {
	c scan.Cursor
	m scan.Marks

	id, clientID, status, reason, done []byte
	message, errorName, errorText      []byte
	filled                             fixed.Number
	created                            int64
	success                            bool
}

// read takes the whole body.
func (a *answer) read(body []byte) error {
	a.c.Reset(body)
	a.c.Object()
	for {
		key, more := a.c.Key()
		if !more {
			return a.c.End()
		}
		switch string(key) {
		case "id":
			a.m.Text(&a.c, &a.id, saidID)
		case "client_oid":
			a.m.Text(&a.c, &a.clientID, saidClientID)
		case "status":
			a.m.Text(&a.c, &a.status, saidStatus)
		case "filled_size":
			decimal(&a.c, &a.m, &a.filled, saidFilled)
		case "reject_reason":
			a.raw(&a.reason, saidReason)
		case "done_reason":
			a.m.Text(&a.c, &a.done, saidDone)
		case "created_at":
			stamp(&a.c, &a.m, &a.created, saidCreated)
		case "message":
			a.raw(&a.message, saidMessage)
		case "success":
			a.m.Bool(&a.c, &a.success, saidSuccess)
		case "success_response", "error_response":
			a.inner()
		default:
			a.c.Skip()
		}
	}
}

// inner reads what Advanced wraps.
func (a *answer) inner() {
	if a.c.Kind() != scan.Object {
		a.c.Skip()
		return
	}
	a.c.Object()
	for {
		key, more := a.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "order_id":
			a.m.Text(&a.c, &a.id, saidOrderID)
		case "client_order_id":
			a.m.Text(&a.c, &a.clientID, saidAdvancedID)
		case "error":
			a.raw(&a.errorName, saidError)
		case "message":
			a.raw(&a.errorText, saidErrorText)
		default:
			a.c.Skip()
		}
	}
}

func (a *answer) raw(into *[]byte, field uint64) {
	if a.c.Kind() != scan.String {
		a.c.Skip()
		return
	}
	*into = a.c.Raw()
	a.m.Saw(field)
}

// text is the venue's word on a refusal.
func (a *answer) text() []byte {
	for _, text := range [][]byte{a.errorName, a.errorText, a.message, a.reason} {
		if len(text) > 0 {
			return text
		}
	}
	return nil
}

// order is an Exchange order as it was created: what it became since is told by the user's feed.
func (a *answer) order(r *orders.Report) error {
	switch {
	case !a.m.Has(saidID | saidStatus):
		return ErrMissing
	case a.m.Twice():
		return ErrDuplicate
	case len(a.id) == 0:
		return ErrValue
	}
	r.VenueID, r.CumQty, r.VenueNanos = a.id, a.filled, a.created
	if len(a.clientID) > 0 {
		r.ClientID = a.clientID
	}
	r.Kind = orders.ReportAcked
	switch string(a.status) {
	case "rejected":
		r.Kind, r.Text = orders.ReportRejected, a.text()
	case "done":
		if r.Kind = orders.ReportFilled; string(a.done) == "canceled" {
			r.Kind = orders.ReportCancelled
		}
	}
	return nil
}

// advanced is the answer of Advanced: a refusal comes with status 200 too.
func (a *answer) advanced(r *orders.Report) error {
	switch {
	case !a.m.Has(saidSuccess):
		return ErrMissing
	case a.m.Twice() && a.success:
		return ErrDuplicate
	case !a.success:
		r.Kind, r.Text = orders.ReportRejected, a.text()
		return nil
	case !a.m.Has(saidOrderID) || len(a.id) == 0:
		return ErrMissing
	}
	r.Kind, r.VenueID = orders.ReportAcked, a.id
	if len(a.clientID) > 0 {
		r.ClientID = a.clientID
	}
	return nil
}
