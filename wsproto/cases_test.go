package wsproto_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"orderwire/wsproto"
)

// wireCase is one thing that a server may do on the wire, and what must be made of it.
type wireCase struct {
	name   string
	rfc    string // the paragraph of RFC 6455 (or of another RFC, named) that decides
	stream []byte
	events []heard // what must be heard, in order
	code   uint16  // the close code that the failure wants sent; 0 where the stream breaks no rule
	rule   string  // words of the broken rule
	limit  int     // MaxMessage; 0 means: as the stream needs
	end    ending  // what the end of the stream must mean where nothing broke
}

// ending is what End must say.
type ending uint8

const (
	openEnd    ending = iota // no Close was heard: the end of the stream is an error
	closedEnd                // a Close was heard
	frameEnd                 // inside a frame
	messageEnd               // between fragments
)

// caseList is the whole list by section. The sections are those of the examiner that browsers use, but for compression.
func caseList() map[string][]wireCase {
	return map[string][]wireCase{
		"01-framing":       framingCases(),
		"02-ping-pong":     pingCases(),
		"03-reserved-bits": reservedBitCases(),
		"04-opcodes":       opcodeCases(),
		"05-fragmentation": fragmentCases(),
		"06-utf8":          textCases(),
		"07-close":         closeCases(),
		"09-limits":        limitCases(),
		"10-misc":          miscCases(),
		"11-server-rules":  serverRuleCases(),
	}
}

// TestCases runs each case whole, byte by byte and at random cuts, each both with everything in place and with large
// frames gathered. All runs must hear the same.
func TestCases(t *testing.T) {
	total := 0
	for section, cases := range caseList() {
		t.Run(section, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.name, c.run)
			}
		})
		total += len(cases)
	}
	t.Logf("%d cases", total)
}

// TestCaseListIsSound: every case cites its paragraph, and names are unique within a section.
func TestCaseListIsSound(t *testing.T) {
	for section, cases := range caseList() {
		seen := map[string]bool{}
		for _, c := range cases {
			if c.rfc == "" || c.name == "" || seen[c.name] || (c.code == 0) != (c.rule == "") {
				t.Errorf("%s/%s: no name, no paragraph, a name twice, or a code without its rule", section, c.name)
			}
			seen[c.name] = true
		}
	}
}

func (c wireCase) run(t *testing.T) {
	if c.limit == 0 {
		c.limit = max(len(c.stream), 1<<10)
	}
	ways := []struct {
		name string
		cut  cutter
	}{
		{"whole", wholly},
		{"byte by byte", bytewise},
		{"random cuts, small", randomCuts(1, 17)},
		{"random cuts, large", randomCuts(2, 1+len(c.stream)/3)},
	}
	for _, inPlace := range []int{0, 200} {
		for _, way := range ways {
			if len(c.stream) > 1<<20 && (way.name == "random cuts, small" || (way.name == "byte by byte" && inPlace != 0)) {
				continue // a second and a half of test time that says nothing new
			}
			config := wsproto.ReaderConfig{MaxMessage: c.limit, InPlace: inPlace}
			if err := c.judge(hear(config, c.stream, way.cut)); err != nil {
				t.Errorf("%s, in place up to %d: %v", way.name, inPlace, err)
			}
		}
	}
}

// judge compares what was heard with what the case wants.
func (c wireCase) judge(got outcome) error {
	want := outcome{events: c.events, broken: got.broken, end: got.end}
	if err := got.differs(want); err != nil {
		return err
	}
	if c.code != 0 {
		var broken *wsproto.ProtocolError
		if !errors.As(got.broken, &broken) || broken.Code != c.code || !strings.Contains(broken.Rule, c.rule) {
			return fmt.Errorf("broken: %v, want code %d for %q", got.broken, c.code, c.rule)
		}
		if got.end != got.broken {
			return fmt.Errorf("end: %v, want the broken rule", got.end)
		}
		return nil
	}
	if got.broken != nil {
		return fmt.Errorf("broken: %v, want nothing broken", got.broken)
	}
	return c.end.judge(got.end)
}

func (e ending) judge(end error) error {
	if e == closedEnd {
		if end != nil {
			return fmt.Errorf("end after a close: %v", end)
		}
		return nil
	}
	words := map[ending]string{openEnd: "without a close", frameEnd: "inside a frame", messageEnd: "inside a fragmented message"}[e]
	if !errors.Is(end, io.ErrUnexpectedEOF) || !strings.Contains(end.Error(), words) {
		return fmt.Errorf("end: %v, want an unexpected end %s", end, words)
	}
	return nil
}

// Short words for the tables.

func text(payload string) heard   { return heard{wsproto.EventText, 0, payload} }
func octets(payload string) heard { return heard{wsproto.EventBinary, 0, payload} }
func ping(payload string) heard   { return heard{wsproto.EventPing, 0, payload} }
func pong(payload string) heard   { return heard{wsproto.EventPong, 0, payload} }
func bye(code uint16, reason string) heard {
	return heard{wsproto.EventClose, code, reason}
}

func events(list ...heard) []heard { return list }

func stream(frames ...[]byte) []byte { return slices.Concat(frames...) }

// whole, first, middle and final are data frames; control is a control frame. The opcodes are RFC 6455 §5.2's.
func whole(opcode byte, payload string) []byte { return serverFrame(true, opcode, []byte(payload)) }

func first(opcode byte, payload string) []byte   { return serverFrame(false, opcode, []byte(payload)) }
func middle(payload string) []byte               { return serverFrame(false, 0x0, []byte(payload)) }
func final(payload string) []byte                { return serverFrame(true, 0x0, []byte(payload)) }
func control(opcode byte, payload string) []byte { return serverFrame(true, opcode, []byte(payload)) }

func closing(code uint16, reason string) []byte {
	return control(0x8, string([]byte{byte(code >> 8), byte(code)})+reason)
}

// inFragments cuts a message into frames of at most size bytes.
func inFragments(opcode byte, payload string, size int) []byte {
	if len(payload) <= size {
		return whole(opcode, payload)
	}
	out := first(opcode, payload[:size])
	for payload = payload[size:]; len(payload) > size; payload = payload[size:] {
		out = append(out, middle(payload[:size])...)
	}
	return append(out, final(payload)...)
}
