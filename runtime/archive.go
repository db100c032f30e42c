package runtime

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"orderwire/orders"
	"orderwire/wsproto"
)

// archive is where the venue is asked about the past: over the protocol of orders, or by REST. Its reports own their
// bytes. An error leaves it to be closed; connect then begins anew.
type archive interface {
	connect(ctx context.Context) error
	close()
	// status asks about one order. "Not found" is no report, and no proof.
	status(ctx context.Context, d *doubt, text string) ([]orders.Report, error)
	// standing and trades ask for the open orders and the executions, of one symbol or, where wide, of the account.
	standing(ctx context.Context, symbol string) ([]orders.Report, error)
	trades(ctx context.Context, symbol string, sinceNanos int64) ([]orders.Report, error)
	wide() bool
	// cancel asks for the end of an order of an earlier life.
	cancel(ctx context.Context, symbol string, epoch uint32, counter uint64, venueID string) ([]orders.Report, error)
}

// archiveOf is where this venue is asked, nil where it cannot be.
func archiveOf(e *Engine) archive {
	if e.plan.Orders.URL == "" {
		return nil
	}
	if h, can := e.plan.Dialect.(RESTHistorian); can {
		if manner, byREST := h.Inquiry(); byREST {
			return newRESTArchive(e, h, manner)
		}
	}
	if h, can := e.plan.Dialect.(Historian); can {
		return &wireArchive{engine: e, historian: h}
	}
	return nil
}

// Historian is a dialect whose order connection answers questions about the past. Cold.
type Historian interface {
	OrderStatus(id, symbol, clientID string, signer *orders.Signer, wallNanos int64) ([]byte, error)
	OpenOrders(id, symbol string, signer *orders.Signer, wallNanos int64) ([]byte, error)
	Trades(id, symbol string, sinceNanos int64, signer *orders.Signer, wallNanos int64) ([]byte, error)
	// ReadOrders and ReadTrades read the answers; their reports own their bytes.
	ReadOrders(message []byte) ([]orders.Report, error)
	ReadTrades(message []byte) ([]orders.Report, error)
}

// wireArchive asks on a connection of its own that is like an order connection.
type wireArchive struct {
	engine    *Engine
	historian Historian
	w         *Wire // nil: not connected
}

func (a *wireArchive) wide() bool { return false }

// connect makes a connection that may ask: the login of an order connection, and nothing more.
func (a *wireArchive) connect(ctx context.Context) (err error) {
	if a.w == nil {
		a.w, err = a.engine.openLine(ctx)
	}
	if err != nil {
		return err
	}
	return a.w.SetDeadline(a.engine.plan.Tasks.Now().Add(a.engine.plan.ConnectTimeout)) // of a whole round
}

func (a *wireArchive) close() {
	if a.w != nil {
		_ = a.w.Close() // nothing is owed on it; where it failed before, that error says why
		a.w = nil
	}
}

func (a *wireArchive) status(_ context.Context, d *doubt, text string) ([]orders.Report, error) {
	message, err := a.historian.OrderStatus("ask-"+strconv.FormatUint(d.id, 10), d.symbol, text, a.engine.plan.Signer, a.engine.wallNow())
	if err != nil {
		return nil, err
	}
	answer, err := a.exchange(message)
	if err != nil {
		return nil, err
	}
	var r orders.Report
	if err := a.engine.plan.Dialect.Classify(answer, &r); err != nil {
		return nil, err
	}
	refused := &orders.RejectError{Venue: a.engine.plan.Dialect.Venue(), Code: r.Code, Text: string(r.Text)}
	switch r.Kind {
	case orders.ReportNotFound:
		return nil, nil
	case orders.ReportThrottled, orders.ReportSessionError, orders.ReportStreamOver, orders.ReportUnknown, orders.ReportOther:
		return nil, refused
	case orders.ReportRejected:
		if string(r.ClientID) != text {
			return nil, refused // the question was refused, not the order
		}
	}
	return []orders.Report{r}, nil
}

func (a *wireArchive) standing(_ context.Context, symbol string) ([]orders.Report, error) {
	message, err := a.historian.OpenOrders("open-"+symbol, symbol, a.engine.plan.Signer, a.engine.wallNow())
	if err != nil {
		return nil, err
	}
	answer, err := a.exchange(message)
	if err != nil {
		return nil, err
	}
	return a.historian.ReadOrders(answer)
}

func (a *wireArchive) trades(_ context.Context, symbol string, sinceNanos int64) ([]orders.Report, error) {
	message, err := a.historian.Trades("trades-"+symbol, symbol, sinceNanos, a.engine.plan.Signer, a.engine.wallNow())
	if err != nil {
		return nil, err
	}
	answer, err := a.exchange(message)
	if err != nil {
		return nil, err
	}
	return a.historian.ReadTrades(answer)
}

func (a *wireArchive) cancel(_ context.Context, symbol string, epoch uint32, counter uint64, _ string) ([]orders.Report, error) {
	template, err := a.engine.cancelOf(symbol, epoch)
	if err != nil {
		return nil, err
	}
	answer, err := a.exchange(a.engine.render(template, counter))
	if err != nil {
		return nil, err
	}
	return a.engine.oneReport(answer)
}

// exchange sends a question and returns its answer: the next message that is a reply. Events of the user stream, which
// come on the same connection, are evidence as well and go to the loop.
func (a *wireArchive) exchange(message []byte) ([]byte, error) {
	if err := a.w.Send(wsproto.OpText, message); err != nil {
		return nil, err
	}
	for {
		answer, err := a.w.message()
		if err != nil {
			return nil, err
		}
		var r orders.Report
		if err := a.engine.plan.Dialect.Classify(answer, &r); err == nil && r.RequestID == nil && r.Kind != orders.ReportOther {
			a.engine.inquirer.tell(r)
			continue
		}
		return answer, nil
	}
}

// message waits for the next whole message, in memory of its own.
func (w *Wire) message() ([]byte, error) {
	ev, err := w.Next()
	if err != nil {
		return nil, err
	}
	if ev.Kind == wsproto.EventClose {
		return nil, ev.CloseError()
	}
	return slices.Clone(ev.Payload), nil
}

// openLine makes a connection like those of orders, logged in.
func (e *Engine) openLine(ctx context.Context) (*Wire, error) {
	v := supervisor{engine: e, role: OrderRole, endpoint: e.plan.Orders, path: e.plan.Dialect.OrderPath()}
	ctx, cancel := e.plan.Tasks.Timeout(ctx, e.plan.ConnectTimeout)
	defer cancel()
	w, err := v.open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := v.login(w); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// cancelOf compiles the request that cancels an order of one life.
func (e *Engine) cancelOf(symbol string, epoch uint32) (*orders.Template, error) {
	signer, err := e.signerFor(OrderRole)
	if err != nil {
		return nil, err
	}
	space := e.plan.IDs
	space.Epoch = epoch
	return e.plan.Dialect.Compile(orders.Spec{Action: orders.Cancel, Symbol: symbol, WindowMillis: windowMillis}, space, signer)
}

// render writes a cancel of the order that has counter. The request's own name lies beyond every counter that was used: it
// never meets an order's.
func (e *Engine) render(template *orders.Template, counter uint64) []byte {
	payload := make([]byte, template.Len())
	template.Patch(payload, orders.Values{ID: orders.CounterMax, Target: counter, WallNanos: e.wallNow()})
	template.Sign(payload, e.plan.Signer)
	return payload
}

// oneReport reads an answer of the order protocol. It keeps answer.
func (e *Engine) oneReport(answer []byte) ([]orders.Report, error) {
	var r orders.Report
	if err := e.plan.Dialect.Classify(answer, &r); err != nil {
		return nil, err
	}
	return []orders.Report{r}, nil
}

// wallNow is the host's wall time, ns.
func (e *Engine) wallNow() int64 { return e.plan.Clock.Wall(e.plan.Clock.Now()) }
