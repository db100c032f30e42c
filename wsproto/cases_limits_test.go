package wsproto_test

import (
	"fmt"
	"strings"
)

// limitCases: large messages in all shapes, and the limit itself.
func limitCases() []wireCase {
	return append(largeCases(), overLimitCases()...)
}

func largeCases() (cases []wireCase) {
	const large = "§5.2, §5.4: no size is too large for the protocol"
	for _, kib := range []int{64, 256, 1024, 4096, 8192, 16384} {
		size := kib << 10
		long := strings.Repeat("*", size)
		cases = append(
			cases,
			wireCase{name: fmt.Sprintf("text of %d KiB", kib), rfc: large, stream: whole(0x1, long), events: events(text(long)), limit: size},
			wireCase{name: fmt.Sprintf("binary of %d KiB", kib), rfc: large, stream: whole(0x2, long), events: events(octets(long)), limit: size},
		)
	}
	long := strings.Repeat("€*", 1<<20)
	for _, size := range []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20} {
		cases = append(
			cases,
			wireCase{
				name: fmt.Sprintf("text of 4 MiB in fragments of %d", size), rfc: large, limit: 4 << 20,
				stream: inFragments(0x1, long, size), events: events(text(long)),
			},
			wireCase{
				name: fmt.Sprintf("binary of 4 MiB in fragments of %d", size), rfc: large, limit: 4 << 20,
				stream: inFragments(0x2, long, size), events: events(octets(long)),
			},
		)
	}
	for _, size := range []int{0, 16, 64, 256, 1024, 4096} {
		short := strings.Repeat("*", size)
		many := wireCase{name: fmt.Sprintf("1000 texts of %d", size), rfc: "§5.2"}
		manyBinary := wireCase{name: fmt.Sprintf("1000 binaries of %d", size), rfc: "§5.2"}
		for range 1000 {
			many.stream = append(many.stream, whole(0x1, short)...)
			many.events = append(many.events, text(short))
			manyBinary.stream = append(manyBinary.stream, whole(0x2, short)...)
			manyBinary.events = append(manyBinary.events, octets(short))
		}
		cases = append(cases, many, manyBinary)
	}
	return cases
}

func overLimitCases() []wireCase {
	const limit = "§7.4.1: 1009; §10.4: limits on frames and on reassembled messages"
	exact := strings.Repeat("*", 1000)
	return []wireCase{
		{name: "exactly the limit", rfc: limit, limit: 1000, stream: whole(0x1, exact), events: events(text(exact))},
		{
			name: "exactly the limit in fragments", rfc: limit, limit: 1000,
			stream: inFragments(0x1, exact, 300), events: events(text(exact)),
		},
		{name: "one byte over, header alone", rfc: limit, limit: 1000, stream: whole(0x1, exact+"*")[:4], code: 1009, rule: "over the limit"},
		{name: "small form over a small limit", rfc: limit, limit: 10, stream: []byte{0x82, 11}, code: 1009, rule: "over the limit"},
		{name: "4 GiB, header alone", rfc: limit, stream: []byte{0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0}, code: 1009, rule: "over the limit"},
		{
			name: "the largest length there is", rfc: limit,
			stream: []byte{0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, code: 1009, rule: "over the limit",
		},
		{
			name: "first fragment over, header alone", rfc: limit, limit: 1000,
			stream: first(0x2, exact+"*")[:4], code: 1009, rule: "over the limit",
		},
		{
			name: "sum of fragments over, header alone", rfc: limit, limit: 1000,
			stream: stream(first(0x2, exact[:999]), []byte{0x00, 0x02}), code: 1009, rule: "over the limit",
		},
		{
			name: "sum with the largest length there is", rfc: limit, limit: 1000,
			stream: stream(first(0x2, exact[:999]), []byte{0x80, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
			code:   1009, rule: "over the limit",
		},
		{
			name: "full, then an empty final", rfc: limit, limit: 1000,
			stream: stream(first(0x2, exact), final("")), events: events(octets(exact)),
		},
		{
			name: "the limit is per message", rfc: limit, limit: 1000,
			stream: stream(inFragments(0x1, exact, 600), inFragments(0x2, exact, 999), whole(0x1, exact)),
			events: events(text(exact), octets(exact), text(exact)),
		},
		{
			name: "message over the limit behind a ping", rfc: limit, limit: 10,
			stream: stream(control(0x9, exact[:125]), whole(0x1, exact[:11])), events: events(ping(exact[:125])), code: 1009, rule: "over the limit",
		},
	}
}

// miscCases: many fragments of one large message, and control frames within.
func miscCases() []wireCase {
	long := strings.Repeat("*", 65536)
	chatty := first(0x1, long[:1300])
	var heard []heard
	for rest := long[1300:]; len(rest) > 0; rest = rest[min(1300, len(rest)):] {
		chatty = append(chatty, control(0x9, "still here?")...)
		chatty = append(chatty, serverFrame(len(rest) <= 1300, 0x0, []byte(rest[:min(1300, len(rest))]))...)
		heard = append(heard, ping("still here?"))
	}
	return []wireCase{
		{name: "65536 bytes in fragments of 1300", rfc: "§5.4", stream: inFragments(0x1, long, 1300), events: events(text(long))},
		{name: "the same with a ping in each gap", rfc: "§5.4", stream: chatty, events: append(heard, text(long))},
	}
}
