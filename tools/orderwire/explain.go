package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/journal"
	"orderwire/runtime"
	"orderwire/tlsio"
	"orderwire/wsproto"
)

// sentence is an error as a user reads it: on one line, with what can be done about it.
func sentence(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	text := harmless(strings.Join(lines, "; "))
	if fix := remedy(err); fix != "" {
		text += " (" + fix + ")"
	}
	return text
}

// harmless is foreign text for a terminal: what does not print is a question mark.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}

// remedy is what can be done about err, "" where its text says so itself.
func remedy(err error) string {
	var (
		usage     *usageError
		handshake *tlsio.HandshakeError
		status    *wsproto.StatusError
		protocol  *wsproto.ProtocolError
		op        *netpoll.OpError
		rest      *runtime.StatusError
		rejected  *orders.RejectError
	)
	switch {
	case errors.As(err, &usage), errors.As(err, &handshake) && handshake.Fix != "":
		return ""
	case errors.As(err, &status):
		return statusRemedy(status)
	case errors.As(err, &rest):
		return statusRemedy(&wsproto.StatusError{Status: rest.Status})
	case errors.As(err, &rejected):
		return "check the key, its secret and permissions, the addresses that it is allowed from, and this host's clock"
	case errors.As(err, &protocol) && protocol.Code == 0:
		return "the server does not speak the WebSocket handshake there: check the port and the path"
	case errors.Is(err, netpoll.ErrUnknownHost):
		return "check the spelling of the host, and the name servers in /etc/resolv.conf"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check host and port, or start the server"
	case errors.Is(err, netpoll.ErrBlackHole):
		return "check the address and the firewalls on the way"
	case errors.As(err, &op) && (op.Errno == syscall.ENETUNREACH || op.Errno == syscall.EHOSTUNREACH):
		return "there is no route: check the network and the address family"
	case errors.Is(err, syscall.ECONNRESET):
		return "the server cut the connection: check that this port speaks what was asked for"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "the server did not answer in time: check that this port speaks what was asked for"
	case errors.Is(err, journal.ErrNoJournal):
		return "give the state folder of a run with --state-dir"
	case errors.Is(err, fs.ErrPermission):
		return "check the owner and the mode of the file"
	}
	return ""
}

// statusRemedy reads the status that came in place of 101.
func statusRemedy(e *wsproto.StatusError) string {
	said := ""
	if e.Body != "" {
		said = fmt.Sprintf("the server says %q; ", e.Body)
	}
	switch {
	case e.Status == 401 || e.Status == 403:
		return said + "check the credentials, and whether this address is allowed in"
	case e.Status == 404 || e.Status == 400:
		return said + "check the path of the URL"
	case e.Status == 429 || e.Status == 418:
		if e.RetryAfter != "" {
			said += "it asks to wait " + e.RetryAfter + "; "
		}
		return said + "too many requests: wait before the next try"
	case e.Status >= 300 && e.Status < 400:
		return said + "redirects are not followed: use the final address"
	case e.Status >= 500:
		return said + "the server is in trouble: try again later"
	}
	return said + "only 101 opens a WebSocket: check host and path"
}
