package wsproto

import (
	"strconv"
	"unicode/utf8"
)

// Close codes that are named here (RFC 6455 §7.4.1 and the IANA registry of close codes).
const (
	CloseNormal      = 1000
	CloseGoingAway   = 1001
	CloseProtocol    = 1002
	CloseUnsupported = 1003
	CloseNone        = 1005 // no code was in the frame; never on the wire
	CloseBadData     = 1007
	ClosePolicy      = 1008
	CloseTooBig      = 1009
	CloseExtension   = 1010
	CloseInternal    = 1011
	CloseRestart     = 1012
	CloseTryLater    = 1013
	CloseBadGateway  = 1014
)

// maxReason is what a close frame holds beside its code.
const maxReason = maxControl - 2

// CloseError is a peer's Close frame as an error: why the connection is over.
type CloseError struct {
	Code   uint16 // CloseNone where the frame had no code
	Reason string // the peer's words, made printable: at most 123 bytes, '?' for what does not print, one blank for white space
}

// Error tells the code; the reason is foreign text and stays in its field.
func (e *CloseError) Error() string {
	return "wsproto: closed by the peer with code " + strconv.Itoa(int(e.Code))
}

// CloseAdvice says how to go on after a peer's Close.
type CloseAdvice uint8

// What a close code asks for.
const (
	Reconnect CloseAdvice = iota // the peer has gone or restarts: connect again, with the usual back-off
	SlowDown                     // the peer is overloaded or a policy was broken: a long back-off, never at once
	FixFirst                     // our own frames were refused: the same frames would be refused again
)

// Advice reads the code: 1008 and 1013 slow down, codes that blame our own frames want a fix, all else reconnects.
func (e *CloseError) Advice() CloseAdvice {
	switch e.Code {
	case ClosePolicy, CloseTryLater:
		return SlowDown
	case CloseProtocol, CloseUnsupported, CloseBadData, CloseTooBig, CloseExtension:
		return FixFirst
	}
	return Reconnect
}

// AppendClose appends the payload of a Close frame: the code and as much of the reason as fits (123 bytes), cut at a
// rune, bytes that are not UTF-8 replaced. With CloseNone the payload is empty, so that an Event's Code can be echoed.
//
// Panics: on a code that must not be sent.
// Source: RFC 6455 §5.5.1, §7.4.
func AppendClose(dst []byte, code uint16, reason string) []byte {
	if code == CloseNone {
		return dst
	}
	if !validCloseCode(code) {
		panic("wsproto: close code that must not be sent")
	}
	dst = append(dst, byte(code>>8), byte(code))
	room := maxReason
	for _, letter := range reason { // an invalid byte yields utf8.RuneError
		room -= utf8.RuneLen(letter)
		if room < 0 {
			break
		}
		dst = utf8.AppendRune(dst, letter)
	}
	return dst
}

// validCloseCode tells whether a code may stand in a Close frame: 1000-1003, 1007-1014 and 3000-4999.
func validCloseCode(code uint16) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}
