package tlsio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orderwire/tlsio"
)

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestLoadRoots(t *testing.T) {
	ca, second := newAuthority(t, "root"), newAuthority(t, "second")
	one := pemOf("CERTIFICATE", ca.cert.Raw)
	two := append(append([]byte("# a comment\n"), one...), pemOf("CERTIFICATE", second.cert.Raw)...)
	rows := []struct {
		name string
		text []byte
		good bool
		says string
	}{
		{"one root", one, true, ""},
		{"two roots and a comment", two, true, ""},
		{"empty", nil, false, "empty"},
		{"blank", []byte(" \n\t\r\n"), false, "empty"},
		{"DER", ca.cert.Raw, false, "not PEM"},
		{"text", []byte("hello"), false, "not PEM"},
		{"broken certificate", pemOf("CERTIFICATE", ca.cert.Raw[:100]), false, "certificate 1 does not parse"},
		{"a broken one behind a good one", append(append([]byte(nil), one...), pemOf("CERTIFICATE", []byte{1})...), false, "certificate 2 does not parse"},
		{"a key", append(append([]byte(nil), one...), pemOf("PRIVATE KEY", []byte{1})...), false, "private key"},
		{"only a request", pemOf("CERTIFICATE REQUEST", []byte{1}), false, "not PEM"},
		{"cut off", one[:len(one)-30], false, "not PEM"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "roots.pem")
			if err := os.WriteFile(path, row.text, 0o600); err != nil {
				t.Fatal(err)
			}
			pool, err := tlsio.LoadRoots(path)
			if row.good {
				if err != nil || pool == nil {
					t.Fatalf("%v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), path) {
				t.Fatalf("%v", err)
			}
		})
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "missing.pem"), t.TempDir()} {
		if pool, err := tlsio.LoadRoots(path); err == nil || pool != nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("%v", err)
		}
	}
	for _, path := range []string{"", "system"} {
		if pool, err := tlsio.LoadRoots(path); err != nil || pool != nil {
			t.Fatalf("%q: %v", path, err)
		}
	}
}

func FuzzRoots(f *testing.F) {
	ca := newAuthority(f, "root")
	f.Add(pemOf("CERTIFICATE", ca.cert.Raw))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN X-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		pool, err := tlsio.ParseRoots(text)
		if (pool == nil) == (err == nil) {
			t.Fatalf("a pool and an error, or neither: %v", err)
		}
		if err == nil && !bytes.Contains(text, []byte("-----BEGIN ")) {
			t.Fatal("roots out of nothing")
		}
	})
}

func TestParseSPKI(t *testing.T) {
	want := tlsio.SPKI{0: 0xfb, 31: 1}
	for _, text := range []string{
		want.String(), strings.TrimPrefix(want.String(), "sha256/"),
		"fb00000000000000000000000000000000000000000000000000000000000001",
		"FB:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01",
	} {
		if got, err := tlsio.ParseSPKI(text); err != nil || got != want {
			t.Fatalf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "sha256/", "sha256/AAAA", "sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "zz", want.String() + "A"} {
		if _, err := tlsio.ParseSPKI(text); err == nil {
			t.Fatalf("%q was taken for a pin", text)
		}
	}
}

func TestPinWarnings(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	set := tlsio.PinSet{}
	set.Add("One.Test.", tlsio.Pin{SPKI: tlsio.SPKI{1}})
	set.Add("two.test", tlsio.Pin{SPKI: tlsio.SPKI{1}, Expires: now.AddDate(0, 0, 10)})
	set.Add("two.test", tlsio.Pin{SPKI: tlsio.SPKI{2}, Expires: now.AddDate(0, 0, -1)})
	set.Add("good.test", tlsio.Pin{SPKI: tlsio.SPKI{1}, Expires: now.AddDate(1, 0, 0)})
	set.Add("good.test", tlsio.Pin{SPKI: tlsio.SPKI{2}})
	rows := []struct {
		host string
		want []string
	}{
		{"one.test", []string{"no backup"}},
		{"TWO.test", []string{"expires on 2026-03-11", "expired on 2026-02-28"}},
		{"good.test", nil},
		{"unknown.test", nil},
	}
	for _, row := range rows {
		got := set.Warnings(row.host, now)
		if len(got) != len(row.want) {
			t.Fatalf("%s: %q", row.host, got)
		}
		for i := range got {
			if !strings.Contains(got[i], row.want[i]) {
				t.Fatalf("%s: %q, want %q", row.host, got[i], row.want[i])
			}
		}
	}
	for _, mode := range []tlsio.TrustMode{tlsio.TrustSystem, tlsio.TrustPin, tlsio.TrustHybrid} {
		if back, err := tlsio.ParseTrustMode(mode.String()); err != nil || back != mode {
			t.Fatalf("%v: %v, %v", mode, back, err)
		}
	}
	if _, err := tlsio.ParseTrustMode("none"); err == nil {
		t.Fatal("a trust mode that trusts everybody")
	}
}

func TestInspect(t *testing.T) {
	ca := newAuthority(t, "root")
	middle := ca.intermediate(t, "middle")
	leaf := middle.issue(t, leafOptions{})
	leaf.Certificate = append(leaf.Certificate, middle.cert.Raw)
	expired := ca.issue(t, leafOptions{from: time.Now().Add(-2 * time.Hour), to: time.Now().Add(-time.Hour)})
	inspect := func(t *testing.T, cert tls.Certificate, trust tlsio.Trust) *tlsio.ChainReport {
		t.Helper()
		p := serve(t, &tls.Config{Certificates: []tls.Certificate{cert}}, nil)
		report, err := tlsio.Inspect(context.Background(), p.near, tlsio.Config{ServerName: host, Trust: trust})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	t.Run("trusted", func(t *testing.T) {
		r := inspect(t, leaf, tlsio.Trust{Roots: ca.pool()})
		if r.Refused != nil || len(r.Presented) != 2 || len(r.Verified) != 3 || r.Info == nil || r.Policy() != "trusted by its root" {
			t.Fatalf("%+v", r)
		}
		if roles := r.Verified[0].Role + r.Verified[1].Role + r.Verified[2].Role; roles != "leafintermediateroot" {
			t.Fatal(roles)
		}
		if s := r.Snippet(); !strings.Contains(s, tlsio.SPKIOf(leaf.Leaf).String()) || !strings.Contains(s, tlsio.SPKIOf(ca.cert).String()) || strings.Contains(s, tlsio.SPKIOf(middle.cert).String()) {
			t.Fatal(s)
		}
		if len(r.Warnings) != 2 { // both certificates end tomorrow
			t.Fatalf("%q", r.Warnings)
		}
	})
	t.Run("unknown root", func(t *testing.T) {
		r := inspect(t, leaf, tlsio.Trust{})
		if r.Refused == nil || len(r.Presented) != 2 || len(r.Verified) != 0 || r.Info != nil || !strings.Contains(r.Snippet(), "no snippet") {
			t.Fatalf("%+v", r)
		}
	})
	t.Run("expired", func(t *testing.T) {
		if r := inspect(t, expired, tlsio.Trust{Roots: ca.pool()}); r.Refused == nil || !strings.HasPrefix(r.Policy(), "refused: ") {
			t.Fatalf("%+v", r)
		}
	})
	t.Run("wrong pin", func(t *testing.T) {
		pins := tlsio.PinSet{host: {{SPKI: tlsio.SPKIOf(ca.cert)}, {SPKI: tlsio.SPKI{9}}}}
		if r := inspect(t, leaf, tlsio.Trust{Roots: ca.pool(), Mode: tlsio.TrustPin, Pins: pins}); r.Refused != nil || !r.Verified[2].Pinned || r.Policy() != "trusted by its root and by a pin" {
			t.Fatalf("%+v", r)
		}
		pins[host][0].SPKI[0]++
		r := inspect(t, leaf, tlsio.Trust{Roots: ca.pool(), Mode: tlsio.TrustPin, Pins: pins})
		var pin *tlsio.PinError
		if !errors.As(r.Refused, &pin) || len(r.Verified) != 3 {
			t.Fatalf("%+v", r)
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		near, far := loopback(t)
		_ = far.Close()
		if r, err := tlsio.Inspect(context.Background(), near, tlsio.Config{ServerName: host}); err == nil || r != nil {
			t.Fatalf("%+v, %v", r, err)
		}
	})
}
