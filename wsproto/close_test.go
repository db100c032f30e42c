package wsproto_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"orderwire/wsproto"
)

func TestAppendClose(t *testing.T) {
	for _, c := range []struct {
		name, reason, want string
		code               uint16
	}{
		{"nothing to echo", "unheard", "", wsproto.CloseNone},
		{"code alone", "", "\x03\xe8", 1000},
		{"with reason", "bye", "\x03\xe9bye", 1001},
		{"reason of 123", strings.Repeat("x", 123), "\x0f\xa0" + strings.Repeat("x", 123), 4000},
		{"reason of 124 is cut", strings.Repeat("x", 124), "\x0f\xa0" + strings.Repeat("x", 123), 4000},
		{"cut at a rune", strings.Repeat("x", 122) + "é", "\x03\xe8" + strings.Repeat("x", 122), 1000},
		{"a rune that just fits", strings.Repeat("x", 121) + "éé", "\x03\xe8" + strings.Repeat("x", 121) + "é", 1000},
		{"nothing behind the cut", strings.Repeat("x", 122) + "éy", "\x03\xe8" + strings.Repeat("x", 122), 1000},
		{"bytes that are no text", "a\xffb", "\x03\xe8a\ufffdb", 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := wsproto.AppendClose([]byte("before"), c.code, c.reason)
			if string(got) != "before"+c.want {
				t.Fatalf("payload %q, want %q", got, c.want)
			}
		})
	}
	for _, code := range []uint16{0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65535} {
		mustPanic(t, func() { wsproto.AppendClose(nil, code, "") })
	}
}

// TestAppendCloseIsAlwaysReadable: what we send, a strict reader takes.
func TestAppendCloseIsAlwaysReadable(t *testing.T) {
	for _, reason := range []string{"", "plain", strings.Repeat("€", 100), strings.Repeat("\xff", 200), "a\x00b"} {
		payload := wsproto.AppendClose(nil, wsproto.CloseProtocol, reason)
		if len(payload) > 125 || !utf8.Valid(payload[2:]) {
			t.Fatalf("reason %q makes %q", reason, payload)
		}
	}
}

func TestCloseError(t *testing.T) {
	ev, _, err := wsproto.NewReader(wsproto.ReaderConfig{}).Next(closing(1008, "too many\r\n\x1b[31mrequests  now"))
	if err != nil {
		t.Fatal(err)
	}
	closed := ev.CloseError()
	if closed.Code != 1008 || closed.Reason != "too many ?[31mrequests now" {
		t.Errorf("close error %d %q", closed.Code, closed.Reason)
	}
	if got := closed.Error(); got != "wsproto: closed by the peer with code 1008" {
		t.Errorf("text %q", got)
	}
	mustPanic(t, func() { (wsproto.Event{Kind: wsproto.EventPing}).CloseError() })
}

func TestCloseAdvice(t *testing.T) {
	for code, want := range map[uint16]wsproto.CloseAdvice{
		1000: wsproto.Reconnect, 1001: wsproto.Reconnect, 1005: wsproto.Reconnect, 1011: wsproto.Reconnect, 1012: wsproto.Reconnect,
		1014: wsproto.Reconnect, 3000: wsproto.Reconnect, 4999: wsproto.Reconnect,
		1008: wsproto.SlowDown, 1013: wsproto.SlowDown,
		1002: wsproto.FixFirst, 1003: wsproto.FixFirst, 1007: wsproto.FixFirst, 1009: wsproto.FixFirst, 1010: wsproto.FixFirst,
	} {
		if got := (&wsproto.CloseError{Code: code}).Advice(); got != want {
			t.Errorf("code %d: advice %d, want %d", code, got, want)
		}
	}
}
