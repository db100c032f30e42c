package wsproto_test

import (
	"fmt"
	"strings"
)

// framingCases: whole messages at each border of the length forms, both kinds.
func framingCases() (cases []wireCase) {
	for _, size := range []int{0, 1, 2, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537} {
		long := strings.Repeat("*", size)
		cases = append(cases, wireCase{
			name: fmt.Sprintf("text of %d", size), rfc: "§5.2 payload length, §5.6",
			stream: whole(0x1, long), events: events(text(long)),
		})
		long = strings.Repeat("\xfe", size)
		cases = append(cases, wireCase{
			name: fmt.Sprintf("binary of %d", size), rfc: "§5.2 payload length, §5.6",
			stream: whole(0x2, long), events: events(octets(long)),
		})
	}
	return append(cases,
		wireCase{
			name: "messages behind each other", rfc: "§5.2",
			stream: stream(whole(0x1, "a"), whole(0x2, ""), whole(0x1, ""), whole(0x2, "b")),
			events: events(text("a"), octets(""), text(""), octets("b")),
		},
		wireCase{
			name: "16-bit length for 125 bytes", rfc: "§5.2: the minimal number of bytes MUST be used",
			stream: append([]byte{0x82, 126, 0, 125}, make([]byte, 125)...), code: 1002, rule: "shortest form",
		},
		wireCase{
			name: "16-bit length for nothing", rfc: "§5.2: the minimal number of bytes MUST be used",
			stream: []byte{0x81, 126, 0, 0}, code: 1002, rule: "shortest form",
		},
		wireCase{
			name: "64-bit length for 65535 bytes", rfc: "§5.2: the minimal number of bytes MUST be used",
			stream: append([]byte{0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, make([]byte, 65535)...), code: 1002, rule: "shortest form",
		},
		wireCase{
			name: "64-bit length for nothing, in a continuation", rfc: "§5.2: the minimal number of bytes MUST be used",
			stream: stream(first(0x2, "a"), []byte{0x80, 127, 0, 0, 0, 0, 0, 0, 0, 0}), code: 1002, rule: "shortest form",
		},
		wireCase{
			name: "64-bit length with its top bit", rfc: "§5.2: the most significant bit MUST be 0",
			stream: []byte{0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 1}, code: 1002, rule: "top bit",
		},
		wireCase{
			name: "64-bit length of all ones", rfc: "§5.2: the most significant bit MUST be 0",
			stream: []byte{0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, code: 1002, rule: "top bit",
		},
	)
}

// pingCases: pings and pongs, asked for or not.
func pingCases() []wireCase {
	full := strings.Repeat("\xfe", 125)
	var ten []byte
	var tenHeard []heard
	for i := range 10 {
		ten = append(ten, control(0x9, fmt.Sprintf("payload-%d", i))...)
		tenHeard = append(tenHeard, ping(fmt.Sprintf("payload-%d", i)))
	}
	return []wireCase{
		{name: "ping without payload", rfc: "§5.5.2", stream: control(0x9, ""), events: events(ping(""))},
		{name: "ping with text", rfc: "§5.5.2", stream: control(0x9, "Hello, world!"), events: events(ping("Hello, world!"))},
		{
			name: "ping with bytes that are no text", rfc: "§5.5.2",
			stream: control(0x9, "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"), events: events(ping("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")),
		},
		{name: "ping of 125", rfc: "§5.5", stream: control(0x9, full), events: events(ping(full))},
		{name: "ping of 126", rfc: "§5.5", stream: control(0x9, full+"x"), code: 1002, rule: "over 125 bytes"},
		{name: "ping with a 64-bit length", rfc: "§5.5", stream: []byte{0x89, 127}, code: 1002, rule: "over 125 bytes"},
		{name: "pong of 126", rfc: "§5.5", stream: control(0xA, full+"x"), code: 1002, rule: "over 125 bytes"},
		{name: "pong without payload", rfc: "§5.5.3 unsolicited", stream: control(0xA, ""), events: events(pong(""))},
		{name: "pong with payload", rfc: "§5.5.3 unsolicited", stream: control(0xA, "unasked"), events: events(pong("unasked"))},
		{
			name: "pong, then ping", rfc: "§5.5.3 unsolicited",
			stream: stream(control(0xA, "unasked"), control(0x9, "ping")), events: events(pong("unasked"), ping("ping")),
		},
		{name: "ten pings", rfc: "§5.5.2", stream: ten, events: tenHeard},
		{name: "ping over a tiny message limit", rfc: "§5.5", stream: control(0x9, full), events: events(ping(full)), limit: 1},
	}
}

// reservedBitCases: each combination of the reserved bits, on each kind of frame.
func reservedBitCases() (cases []wireCase) {
	frames := map[string][]byte{
		"text": whole(0x1, "x"), "empty text": whole(0x1, ""), "binary": whole(0x2, "x"), "ping": control(0x9, "x"),
		"pong": control(0xA, ""), "close": closing(1000, ""), "first fragment": first(0x1, "x"),
	}
	for kind, frame := range frames {
		for bits := byte(1); bits <= 7; bits++ {
			bad := append([]byte{frame[0] | bits<<4}, frame[1:]...)
			cases = append(
				cases,
				wireCase{
					name: fmt.Sprintf("%s with bits %03b", kind, bits), rfc: "§5.2 RSV1-3",
					stream: bad, code: 1002, rule: "reserved bit",
				},
				wireCase{
					name: fmt.Sprintf("%s with bits %03b behind a message", kind, bits), rfc: "§5.2 RSV1-3",
					stream: stream(whole(0x1, "good"), bad, control(0x9, "never seen")), events: events(text("good")),
					code: 1002, rule: "reserved bit",
				},
			)
		}
	}
	return append(cases, wireCase{
		name: "continuation with a bit", rfc: "§5.2 RSV1-3",
		stream: stream(first(0x1, "a"), []byte{0xC0, 0}), code: 1002, rule: "reserved bit",
	})
}

// opcodeCases: each reserved opcode, alone, behind a message, and inside one.
func opcodeCases() (cases []wireCase) {
	for _, opcode := range []byte{0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		for _, payload := range []string{"", "reserved"} {
			cases = append(
				cases,
				wireCase{
					name: fmt.Sprintf("opcode %X with %q", opcode, payload), rfc: "§5.2 opcode",
					stream: whole(opcode, payload), code: 1002, rule: "reserved opcode",
				},
				wireCase{
					name: fmt.Sprintf("opcode %X with %q, not final", opcode, payload), rfc: "§5.2 opcode",
					stream: first(opcode, payload), code: 1002, rule: "reserved opcode",
				},
				wireCase{
					name: fmt.Sprintf("opcode %X with %q behind a message", opcode, payload), rfc: "§5.2 opcode",
					stream: stream(whole(0x1, "good"), whole(opcode, payload), control(0x9, "")), events: events(text("good")),
					code: 1002, rule: "reserved opcode",
				},
				wireCase{
					name: fmt.Sprintf("opcode %X with %q between fragments", opcode, payload), rfc: "§5.2 opcode",
					stream: stream(first(0x1, "a"), whole(opcode, payload), final("b")), code: 1002, rule: "reserved opcode",
				},
			)
		}
	}
	return cases
}

// serverRuleCases: what only a client can see.
func serverRuleCases() []wireCase {
	return []wireCase{
		{
			name: "masked text", rfc: "§5.1: a client MUST close upon a masked frame",
			stream: []byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}, code: 1002, rule: "masked",
		},
		{name: "masked empty text", rfc: "§5.1", stream: []byte{0x81, 0x80, 0, 0, 0, 0}, code: 1002, rule: "masked"},
		{name: "masked ping", rfc: "§5.1", stream: []byte{0x89, 0x80, 1, 2, 3, 4}, code: 1002, rule: "masked"},
		{name: "masked close", rfc: "§5.1", stream: []byte{0x88, 0x82, 0, 0, 0, 0, 3, 0xe8}, code: 1002, rule: "masked"},
		{
			name: "masked continuation", rfc: "§5.1",
			stream: stream(first(0x1, "a"), []byte{0x80, 0x80, 0, 0, 0, 0}), code: 1002, rule: "masked",
		},
		{
			name: "the first bad byte counts", rfc: "§5.2: reserved bits stand before mask and length",
			stream: []byte{0xF9, 0xFF, 0xFF, 0xFF}, code: 1002, rule: "reserved bit",
		},
	}
}
