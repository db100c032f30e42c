package wsproto_test

import (
	"fmt"
	"strings"
)

// closeCases: how a connection ends, with which codes and reasons, and what may follow.
func closeCases() []wireCase {
	return append(closeOrderCases(), closeCodeCases()...)
}

func closeOrderCases() []wireCase {
	reason := strings.Repeat("*", 123)
	const discard = "§5.5.1: no data may follow a Close"
	return []wireCase{
		{
			name: "message, then close", rfc: "§5.5.1, §7.1.2", end: closedEnd,
			stream: stream(whole(0x1, "Hello"), closing(1000, "")), events: events(text("Hello"), bye(1000, "")),
		},
		{name: "close twice", rfc: discard, stream: stream(closing(1000, ""), closing(1001, "")), events: events(bye(1000, "")), end: closedEnd},
		{name: "ping behind close", rfc: discard, stream: stream(closing(1000, ""), control(0x9, "")), events: events(bye(1000, "")), end: closedEnd},
		{name: "text behind close", rfc: discard, stream: stream(closing(1000, ""), whole(0x1, "a")), events: events(bye(1000, "")), end: closedEnd},
		{
			name: "broken frames behind close", rfc: discard, end: closedEnd,
			stream: stream(closing(1000, ""), []byte("\xff\xff\xff\xff not a frame")), events: events(bye(1000, "")),
		},
		{
			name: "close between fragments", rfc: "§5.4, §5.5.1", end: closedEnd,
			stream: stream(first(0x1, "frag1"), closing(1000, ""), final("frag2")), events: events(bye(1000, "")),
		},
		{
			name: "large message, close, ping", rfc: discard, end: closedEnd,
			stream: stream(whole(0x1, strings.Repeat("x", 256<<10)), closing(1000, ""), control(0x9, "")),
			events: events(text(strings.Repeat("x", 256<<10)), bye(1000, "")),
		},
		{name: "close without payload", rfc: "§7.1.5: 1005 is presumed", stream: control(0x8, ""), events: events(bye(1005, "")), end: closedEnd},
		{name: "close of one byte", rfc: "§5.5.1: the first two bytes MUST be a code", stream: control(0x8, "\x03"), code: 1002, rule: "one byte"},
		{name: "close with reason", rfc: "§5.5.1", stream: closing(1000, "Hello World!"), events: events(bye(1000, "Hello World!")), end: closedEnd},
		{name: "reason of 123", rfc: "§5.5.1", stream: closing(1000, reason), events: events(bye(1000, reason)), end: closedEnd},
		{name: "reason of 124", rfc: "§5.5", stream: closing(1000, reason+"*"), code: 1002, rule: "over 125 bytes"},
		{name: "reason with runes", rfc: "§5.5.1", stream: closing(3000, "κόσμε"), events: events(bye(3000, "κόσμε")), end: closedEnd},
		{name: "reason that is no UTF-8", rfc: "§5.5.1, §8.1", stream: closing(1000, "\xce\xba\xed\xa0\x80edited"), code: 1007, rule: "reason"},
		{name: "reason cut in a rune", rfc: "§5.5.1, §8.1", stream: closing(1000, "κ\xcf"), code: 1007, rule: "reason"},
		{name: "bad code before bad reason", rfc: "§7.4", stream: closing(999, "\xff"), code: 1002, rule: "close code"},
	}
}

func closeCodeCases() (cases []wireCase) {
	const (
		defined = "§7.4.1 and the registry that it opens"
		free    = "§7.4.2: 3000-3999 by registry, 4000-4999 by agreement"
		barred  = "§7.4: not to be sent, or nobody's"
	)
	valid := map[uint16]string{
		1000: defined, 1001: defined, 1002: defined, 1003: defined, 1007: defined, 1008: defined, 1009: defined, 1010: defined,
		1011: defined, 1012: defined, 1013: defined, 1014: defined, 3000: free, 3999: free, 4000: free, 4999: free,
	}
	for code, why := range valid {
		cases = append(
			cases,
			wireCase{name: fmt.Sprintf("code %d", code), rfc: why, stream: closing(code, ""), events: events(bye(code, "")), end: closedEnd},
			wireCase{
				name: fmt.Sprintf("code %d with reason", code), rfc: why,
				stream: closing(code, "why"), events: events(bye(code, "why")), end: closedEnd,
			},
		)
	}
	for _, code := range []uint16{
		0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535,
	} {
		cases = append(
			cases,
			wireCase{name: fmt.Sprintf("code %d", code), rfc: barred, stream: closing(code, ""), code: 1002, rule: "close code"},
			wireCase{name: fmt.Sprintf("code %d with reason", code), rfc: barred, stream: closing(code, "why"), code: 1002, rule: "close code"},
		)
	}
	return cases
}
