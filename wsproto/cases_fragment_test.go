package wsproto_test

import (
	"fmt"
	"strings"
)

// fragmentCases: messages in pieces, what may come between them, and what may not.
func fragmentCases() []wireCase {
	return append(append(soundFragmentCases(), brokenFragmentCases()...), endFragmentCases()...)
}

func soundFragmentCases() []wireCase {
	return []wireCase{
		{name: "text in two", rfc: "§5.4", stream: stream(first(0x1, "frag1"), final("frag2")), events: events(text("frag1frag2"))},
		{name: "binary in two", rfc: "§5.4", stream: stream(first(0x2, "\xff"), final("\xfe")), events: events(octets("\xff\xfe"))},
		{
			name: "text in five", rfc: "§5.4",
			stream: inFragments(0x1, "onetwo345", 2), events: events(text("onetwo345")),
		},
		{
			name: "ping between fragments", rfc: "§5.4: control frames MAY be injected",
			stream: stream(first(0x1, "frag1"), control(0x9, "now"), final("frag2")), events: events(ping("now"), text("frag1frag2")),
		},
		{
			name: "pong between fragments", rfc: "§5.4",
			stream: stream(first(0x1, "frag1"), control(0xA, ""), final("frag2")), events: events(pong(""), text("frag1frag2")),
		},
		{
			name: "pings between five fragments", rfc: "§5.4",
			stream: stream(
				first(0x1, "f1,"), middle("f2,"), control(0x9, "p1"), middle("f3,"), middle("f4,"), control(0x9, "p2"), final("f5"),
			),
			events: events(ping("p1"), ping("p2"), text("f1,f2,f3,f4,f5")),
		},
		{
			name: "two fragmented messages", rfc: "§5.4",
			stream: stream(first(0x1, "a"), final("b"), first(0x2, "c"), middle(""), final("d"), whole(0x1, "e")),
			events: events(text("ab"), octets("cd"), text("e")),
		},
		{name: "empty final", rfc: "§5.4", stream: stream(first(0x1, "all"), final("")), events: events(text("all"))},
		{name: "all fragments empty", rfc: "§5.4", stream: stream(first(0x2, ""), middle(""), final("")), events: events(octets(""))},
		{
			name: "hundred empty fragments", rfc: "§5.4",
			stream: stream(first(0x1, ""), []byte(strings.Repeat("\x00\x00", 100)), final("end")), events: events(text("end")),
		},
		{
			name: "fragment with a 16-bit length", rfc: "§5.4, §5.2",
			stream: stream(first(0x2, strings.Repeat("a", 300)), final(strings.Repeat("b", 70000))),
			events: events(octets(strings.Repeat("a", 300) + strings.Repeat("b", 70000))),
		},
	}
}

func brokenFragmentCases() (cases []wireCase) {
	for opcode, kind := range map[byte]string{0x8: "close", 0x9: "ping", 0xA: "pong"} {
		cases = append(
			cases,
			wireCase{
				name: "fragmented " + kind, rfc: "§5.5: control frames MUST NOT be fragmented",
				stream: stream(first(opcode, "\x03\xe8"), final("")), code: 1002, rule: "fragmented control",
			},
			wireCase{
				name: "fragmented " + kind + " inside a message", rfc: "§5.5",
				stream: stream(first(0x1, "a"), first(opcode, ""), final("")), code: 1002, rule: "fragmented control",
			},
		)
	}
	for _, opcode := range []byte{0x1, 0x2} {
		for _, payload := range []string{"", "new"} {
			cases = append(
				cases,
				wireCase{
					name: fmt.Sprintf("whole frame of opcode %d with %q inside a message", opcode, payload), rfc: "§5.4: no interleaving",
					stream: stream(first(0x1, "a"), whole(opcode, payload), final("b")), code: 1002, rule: "inside a fragmented one",
				},
				wireCase{
					name: fmt.Sprintf("first fragment of opcode %d with %q inside a message", opcode, payload), rfc: "§5.4",
					stream: stream(first(0x2, "a"), first(opcode, payload), final("b")), code: 1002, rule: "inside a fragmented one",
				},
			)
		}
	}
	for name, frame := range map[string][]byte{"final": final("x"), "middle": middle("x"), "empty": middle("")} {
		cases = append(
			cases,
			wireCase{
				name: name + " continuation at the start", rfc: "§5.4: nothing to continue",
				stream: stream(frame, whole(0x1, "never seen")), code: 1002, rule: "without a message",
			},
			wireCase{
				name: name + " continuation behind a message", rfc: "§5.4",
				stream: stream(whole(0x1, "done"), frame, whole(0x1, "")), events: events(text("done")), code: 1002, rule: "without a message",
			},
			wireCase{
				name: name + " continuation behind a fragmented message", rfc: "§5.4",
				stream: stream(first(0x1, "a"), final("b"), frame), events: events(text("ab")), code: 1002, rule: "without a message",
			},
			wireCase{
				name: name + " continuation behind a ping", rfc: "§5.4",
				stream: stream(control(0x9, ""), frame), events: events(ping("")), code: 1002, rule: "without a message",
			},
		)
	}
	return cases
}

func endFragmentCases() []wireCase {
	return []wireCase{
		{name: "end at once", rfc: "§7.1.1", stream: nil},
		{name: "end behind a message", rfc: "§7.1.1", stream: whole(0x1, "a"), events: events(text("a"))},
		{name: "end in a header", rfc: "§7.1.7", stream: []byte{0x81}, end: frameEnd},
		{name: "end in a 64-bit length", rfc: "§7.1.7", stream: []byte{0x82, 127, 0, 0, 0, 0, 0, 1}, end: frameEnd},
		{name: "end in a text", rfc: "§7.1.7", stream: whole(0x1, "abc")[:4], end: frameEnd},
		{name: "end in a ping", rfc: "§7.1.7", stream: control(0x9, "abc")[:4], end: frameEnd},
		{name: "end in a close", rfc: "§7.1.7", stream: closing(1000, "bye")[:5], end: frameEnd},
		{name: "end in a fragment", rfc: "§7.1.7", stream: first(0x1, "abc")[:4], end: frameEnd},
		{name: "end between fragments", rfc: "§7.1.7", stream: first(0x1, "abc"), end: messageEnd},
		{
			name: "end behind a ping between fragments", rfc: "§7.1.7",
			stream: stream(first(0x1, "abc"), control(0x9, "")), events: events(ping("")), end: messageEnd,
		},
	}
}
