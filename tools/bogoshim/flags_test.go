package main

import (
	"errors"
	"reflect"
	"testing"
)

func TestParseFlags(t *testing.T) {
	initial, resumed, err := parseFlags([]string{
		"-port", "4433", "-shim-id", "18446744073709551615", "-on-initial-no-tls13", "-on-resume-expect-alpn", "foo",
		"-on-shim-async", "-on-retry-no-tls12", "-curves", "23", "-curves", "29", "-key-update",
	})
	if err != nil {
		t.Fatal(err)
	}
	if initial.port != 4433 || initial.shimID != 1<<64-1 || !initial.noTLS13 || resumed.noTLS13 || initial.noTLS12 || resumed.noTLS12 {
		t.Fatalf("%+v\n%+v", initial, resumed)
	}
	if initial.expectALPN != "" || resumed.expectALPN != "foo" || !initial.async || !resumed.async || !initial.keyUpdate {
		t.Fatalf("%+v\n%+v", initial, resumed)
	}
	if want := []int{23, 29}; !reflect.DeepEqual(initial.curves, want) || !reflect.DeepEqual(resumed.curves, want) {
		t.Fatalf("%v, %v", initial.curves, resumed.curves)
	}
}

func TestFlagFailures(t *testing.T) {
	for _, args := range [][]string{{"-server"}, {"-on-resume-dtls"}, {"-quic", "-port", "1"}} {
		if _, _, err := parseFlags(args); !errors.Is(err, errUnimplemented) {
			t.Fatalf("%v: %v", args, err)
		}
	}
	for _, args := range [][]string{{"-port"}, {"-port", "x"}, {"-shim-id", "-1"}, {"-expect-ocsp-response", "%"}} {
		if _, _, err := parseFlags(args); err == nil || errors.Is(err, errUnimplemented) {
			t.Fatalf("%v: %v", args, err)
		}
	}
}

func TestVersions(t *testing.T) {
	rows := []struct {
		options   options
		low, high int
	}{
		{options{maxVersion: 0x0304}, 0x0303, 0x0304},
		{options{maxVersion: 0x0304, noTLS13: true}, 0x0303, 0x0303},
		{options{maxVersion: 0x0304, noTLS12: true}, 0x0304, 0x0304},
		{options{maxVersion: 0x0302}, 0, 0},
		{options{maxVersion: 0x0304, noTLS12: true, noTLS13: true}, 0, 0},
		{options{minVersion: 0x0304, maxVersion: 0x0303}, 0, 0},
	}
	for _, row := range rows {
		low, high, err := row.options.versions()
		if row.low == 0 {
			if !errors.Is(err, errUnimplemented) {
				t.Fatalf("%+v: %v", row.options, err)
			}
			continue
		}
		if err != nil || int(low) != row.low || int(high) != row.high {
			t.Fatalf("%+v: %v to %v, %v", row.options, low, high, err)
		}
	}
}
