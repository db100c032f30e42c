package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orderwire/orders"
	"orderwire/wsproto"
)

// RESTHistorian is a dialect whose venue is asked about the past by REST. Cold.
type RESTHistorian interface {
	// Inquiry says how it is asked; ok is false where the order connection answers (Historian).
	Inquiry() (manner orders.Inquiry, ok bool)
	// Ask writes one question; nil: this venue needs it not.
	Ask(what orders.Query, q *orders.Question) (*orders.Request, error)
	// Answer reads what Ask brought: reports that own their bytes, and the name of the next page, empty for none.
	Answer(what orders.Query, q *orders.Question, status int, body []byte) (reports []orders.Report, next string, err error)
}

// restArchive asks by REST, on one connection for a round, no faster than the venue wants it.
type restArchive struct {
	engine  *Engine
	dialect RESTHistorian
	manner  orders.Inquiry
	w       *Wire // nil: not connected
	credit  int   // questions that may be asked at once
	grown   time.Time
}

// pagesMax bounds an answer of many pages: beyond it, absence is not to be proven.
const pagesMax = 50

func newRESTArchive(e *Engine, d RESTHistorian, manner orders.Inquiry) *restArchive {
	return &restArchive{engine: e, dialect: d, manner: manner, credit: max(1, manner.Burst), grown: e.plan.Tasks.Now()}
}

func (a *restArchive) wide() bool { return a.manner.AccountWide }

// connect does nothing yet: each question makes the connection where there is none.
func (a *restArchive) connect(context.Context) error { return nil }

func (a *restArchive) close() {
	if a.w != nil {
		_ = a.w.Close() // nothing is owed on it; where it failed before, that error says why
		a.w = nil
	}
}

func (a *restArchive) status(ctx context.Context, d *doubt, text string) ([]orders.Report, error) {
	q := orders.Question{
		Symbol: d.symbol, ClientID: text, VenueID: d.venueID, SinceNanos: a.engine.plan.Clock.Wall(d.pushedAt) - tradesPad,
	}
	list, err := a.all(ctx, orders.QueryOrder, q)
	if err != nil || len(list) > 0 {
		return list, err
	}
	return a.all(ctx, orders.QueryEnded, q)
}

func (a *restArchive) standing(ctx context.Context, symbol string) ([]orders.Report, error) {
	return a.all(ctx, orders.QueryOpen, orders.Question{Symbol: symbol})
}

func (a *restArchive) trades(ctx context.Context, symbol string, sinceNanos int64) ([]orders.Report, error) {
	return a.all(ctx, orders.QueryTrades, orders.Question{Symbol: symbol, SinceNanos: sinceNanos})
}

// all asks for every page.
func (a *restArchive) all(ctx context.Context, what orders.Query, q orders.Question) (list []orders.Report, err error) {
	for range pagesMax {
		some, next, err := a.ask(ctx, what, &q)
		list = append(list, some...)
		if err != nil || next == "" {
			return list, err
		}
		q.Page = next
	}
	return list, fmt.Errorf("runtime: more than %d pages: %w", pagesMax, orders.ErrTruncated)
}

// ask asks one question. Requests under one key go one after the other: a venue with nonces refuses any other order.
func (a *restArchive) ask(ctx context.Context, what orders.Query, q *orders.Question) (list []orders.Report, next string, err error) {
	if err := a.wait(ctx); err != nil {
		return nil, "", err
	}
	plan := &a.engine.plan
	ctx, cancel := plan.Tasks.Timeout(ctx, plan.ConnectTimeout)
	defer cancel()
	err = a.engine.underKey(ctx, func(nonce uint64) error {
		q.Nonce, q.WallNanos, q.Signer = nonce, a.engine.wallNow(), plan.Signer
		request, err := a.dialect.Ask(what, q)
		if err != nil || request == nil {
			return err
		}
		status, body, err := a.do(ctx, request)
		if err != nil {
			return err
		}
		list, next, err = a.dialect.Answer(what, q, status, body)
		return err
	})
	return list, next, err
}

// do sends one request, on the connection of the round where that still serves.
func (a *restArchive) do(ctx context.Context, r *orders.Request) (status int, body []byte, err error) {
	if a.w != nil && !a.w.http.Ready() {
		a.close()
	}
	if a.w == nil {
		if a.w, err = a.engine.openREST(ctx); err != nil {
			return 0, nil, err
		}
	}
	if err := a.w.SetDeadline(a.engine.plan.Tasks.Now().Add(a.engine.plan.ConnectTimeout)); err != nil {
		return 0, nil, err
	}
	return a.w.Do(r)
}

// wait keeps the pace.
func (a *restArchive) wait(ctx context.Context) error {
	tasks := a.engine.plan.Tasks
	for {
		for now := tasks.Now(); a.credit < a.manner.Burst && now.Sub(a.grown) >= a.manner.Every; a.credit++ {
			a.grown = a.grown.Add(a.manner.Every)
		}
		if a.credit > 0 {
			if a.credit == a.manner.Burst {
				a.grown = tasks.Now() // what was not used before does not add up
			}
			a.credit--
			return nil
		}
		if tasks.Wait(ctx, a.grown.Add(a.manner.Every), nil); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// cancel asks for the end of an order of an earlier life, where orders go: a line of its own, or a request.
func (a *restArchive) cancel(ctx context.Context, symbol string, epoch uint32, counter uint64, venueID string) ([]orders.Report, error) {
	e := a.engine
	if cold := coldCancels(e.plan.Dialect); cold != nil {
		nonce, err := e.randomText()
		if err != nil {
			return nil, err
		}
		request, err := cold.CancelCold([]string{venueID}, nonce, e.wallNow(), e.plan.Signer)
		if err != nil {
			return nil, err
		}
		_, err = e.rest(ctx, request)
		return nil, err
	}
	if err := e.renewToken(ctx); err != nil {
		return nil, err
	}
	template, err := e.cancelOf(symbol, epoch)
	if err != nil {
		return nil, err
	}
	w, err := e.openLine(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.SetDeadline(e.plan.Tasks.Now().Add(e.plan.ConnectTimeout)); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	list, err := e.cancelOver(w, template, counter)
	return list, errors.Join(err, w.Close())
}

// cancelOver sends a cancel and waits for its answer, which proves nothing: what became of the order is asked again.
func (e *Engine) cancelOver(w *Wire, template *orders.Template, counter uint64) ([]orders.Report, error) {
	payload := e.render(template, counter)
	if template.Framing() == orders.FrameHTTP {
		_, _, err := w.raw("DELETE", payload)
		return nil, err
	}
	if err := w.Send(wsproto.OpText, payload); err != nil {
		return nil, err
	}
	for {
		answer, err := w.message()
		if err != nil {
			return nil, err
		}
		var r orders.Report
		if err := e.plan.Dialect.Classify(answer, &r); err == nil && r.RequestID != nil {
			return nil, nil
		}
	}
}
