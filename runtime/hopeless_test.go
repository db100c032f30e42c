package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/tlsio"
	"orderwire/wsproto"
)

// TestJudge: what a person has to mend ends a run that was never live; what the venue or time mends does not.
func TestJudge(t *testing.T) {
	reject := func(kind orders.ReportKind) error { return refusal("venue", &orders.Report{Kind: kind, Code: 7}) }
	for _, row := range []struct {
		name string
		err  error
		want verdict
	}{
		{"unknown host", &netpoll.OpError{Op: "resolve", Cause: netpoll.ErrUnknownHost}, hopeless},
		{"black hole", &netpoll.OpError{Op: "connect", Cause: netpoll.ErrBlackHole}, hopeless},
		{"no answer in time", fmt.Errorf("read: %w", os.ErrDeadlineExceeded), hopeless},
		{"out of time", context.DeadlineExceeded, hopeless},
		{"refused connection", &netpoll.OpError{Op: "connect", Errno: syscall.ECONNREFUSED}, mayBe},
		{"reset", &netpoll.OpError{Op: "read", Errno: syscall.ECONNRESET}, mayBe},
		{"no route", &netpoll.OpError{Op: "connect", Errno: syscall.EHOSTUNREACH}, mayBe},
		{"wrong name", &tlsio.HandshakeError{Class: tlsio.ClassName}, hopeless},
		{"expired", &tlsio.HandshakeError{Class: tlsio.ClassExpired}, hopeless},
		{"unknown authority", &tlsio.HandshakeError{Class: tlsio.ClassUnknownAuthority}, hopeless},
		{"pin", &tlsio.HandshakeError{Class: tlsio.ClassPin}, hopeless},
		{"not TLS", &tlsio.HandshakeError{Class: tlsio.ClassNotTLS}, hopeless},
		{"TLS timeout", &tlsio.HandshakeError{Class: tlsio.ClassTimeout, Err: os.ErrDeadlineExceeded}, hopeless},
		{"TLS cut", &tlsio.HandshakeError{Class: tlsio.ClassNetwork, Err: io.EOF}, mayBe},
		{"a session that was not taken", &tlsio.HandshakeError{Class: tlsio.ClassPin, Again: true}, mayHeal},
		{"400", &wsproto.StatusError{Status: 400}, hopeless},
		{"401", &wsproto.StatusError{Status: 401}, hopeless},
		{"404", &wsproto.StatusError{Status: 404}, hopeless},
		{"redirect", &wsproto.StatusError{Status: 301}, hopeless},
		{"418", &wsproto.StatusError{Status: 418}, mayHeal},
		{"429", &wsproto.StatusError{Status: 429}, mayHeal},
		{"503", &wsproto.StatusError{Status: 503}, mayHeal},
		{"REST 403", &StatusError{Status: 403}, hopeless},
		{"REST 502", &StatusError{Status: 502}, mayHeal},
		{"rejected", reject(orders.ReportRejected), hopeless},
		{"session error", reject(orders.ReportSessionError), hopeless},
		{"throttled", reject(orders.ReportThrottled), mayHeal},
		{"venue in trouble", reject(orders.ReportUnknown), mayHeal},
		{"close", &wsproto.CloseError{Code: 1012}, mayHeal},
		{"anything else", errors.New("surprise"), mayHeal},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := judge(fmt.Errorf("runtime: wrapped: %w", row.err)); got != row.want {
				t.Errorf("verdict %d, want %d", got, row.want)
			}
		})
	}
}
