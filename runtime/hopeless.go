package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/tlsio"
	"orderwire/wsproto"
)

// What ends a run that has hardly begun: an operator who mistyped a host wants a sentence, not a program that tries for ever.
// A connection that was live once is made again for ever, whatever the error: then it is the world that has changed.

// errRefused marks what the venue said no to when we introduced ourselves.
var errRefused = errors.New("the venue refuses us")

// errAtRest marks a venue that is throttling, or in trouble: that heals.
var errAtRest = errors.New("the venue takes nothing at the moment")

// verdict is what an error means for a connection that was never live.
type verdict uint8

const (
	mayHeal  verdict = iota // the venue is in trouble, or wants us to wait: it is tried for ever
	mayBe                   // nobody listens, or the connection breaks: it is tried some times
	hopeless                // trust, credentials, a wrong address: trying again cannot help
)

// judge reads err.
func judge(err error) verdict {
	var (
		handshake *tlsio.HandshakeError
		upgrade   *wsproto.StatusError
		rest      *StatusError
	)
	switch {
	case errors.Is(err, errAtRest):
		return mayHeal
	case errors.Is(err, errRefused), errors.Is(err, netpoll.ErrUnknownHost), errors.Is(err, netpoll.ErrBlackHole):
		return hopeless
	case errors.As(err, &handshake):
		return judgeHandshake(handshake)
	case errors.As(err, &upgrade):
		return judgeStatus(upgrade.Status)
	case errors.As(err, &rest):
		return judgeStatus(rest.Status)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return hopeless // it had all the time that a connection may take
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return mayBe
	}
	return mayHeal
}

func judgeHandshake(e *tlsio.HandshakeError) verdict {
	switch e.Class {
	case tlsio.ClassNetwork, tlsio.ClassAlert, tlsio.ClassProtocol, tlsio.ClassLibrary, tlsio.ClassTrailing:
		return mayBe
	}
	if e.Again {
		return mayHeal
	}
	return hopeless
}

// judgeStatus reads an HTTP status: a 4xx is ours to mend, but for those that ask us to wait.
func judgeStatus(status int) verdict {
	switch {
	case status == 408, status == 418, status == 425, status == 429, status >= 500:
		return mayHeal
	}
	return hopeless
}

// beginning is shared by all connections to one address: whether one was ever live, and how often it was tried before.
type beginning struct {
	lived atomic.Bool
	tries atomic.Int32
}

// beginnings by role and path.
type beginnings map[string]*beginning

func (b beginnings) of(role Role, path string) *beginning {
	key := role.String() + " " + path
	if b[key] == nil {
		b[key] = new(beginning)
	}
	return b[key]
}

// givesUp tells whether err ends the run, and ends it then.
func (v *supervisor) givesUp(ctx context.Context, err error) bool {
	first := v.engine.plan.FirstTries
	if first == 0 || v.beginning.lived.Load() || ctx.Err() != nil {
		return false
	}
	switch judge(err) {
	case mayHeal:
		return false
	case mayBe:
		if tries := v.beginning.tries.Add(1); int(tries) < first {
			return false
		}
		err = fmt.Errorf("%w, %d times", err, first)
	}
	v.engine.giveUp(fmt.Errorf("the %s connection to %s was never live: %w", v.role, v.endpoint.URL, err))
	return true
}

// giveUp ends the run with err; the first one stays.
func (e *Engine) giveUp(err error) {
	e.failed.CompareAndSwap(nil, &err)
	e.stop()
}

// failure is why the run gave up, nil where it did not.
func (e *Engine) failure() error {
	if err := e.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// refusal is the error for an answer that is a no.
func refusal(venue string, r *orders.Report) error {
	mark := errRefused
	if r.Kind == orders.ReportThrottled || r.Kind == orders.ReportUnknown {
		mark = errAtRest
	}
	return fmt.Errorf("%w: %w", mark, &orders.RejectError{Venue: venue, Code: r.Code, Text: string(r.Text)})
}
