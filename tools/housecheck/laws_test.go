package housecheck

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// breaches are small trees, each of which breaks one law in one place, and neighbours of them that break none.
// A breach's want is a part of its only finding; an empty want stands for none.
var breaches = []struct {
	law, name, path, text, want string
}{
	{"imports of ours", "a room calls up", "wsproto/reader.go", `package p; import _ "orderwire/netpoll"`, "wsproto may not import netpoll"},
	{"imports of ours", "runtime knows no dialect", "runtime/push.go", `package p; import _ "orderwire/orders/kraken"`, "may not import orders/kraken"},
	{"imports of ours", "a test may know one", "runtime/push_test.go", `package p; import _ "orderwire/orders/kraken"`, ""},
	{"imports of ours", "a test may not import a stranger", "wsproto/reader_test.go", `package p; import _ "orderwire/netpoll"`, "may not import netpoll"},
	{"imports of ours", "the examiner stays independent", "bench/simex/core.go", `package p; import _ "orderwire/wsproto"`, "may not import wsproto"},
	{"imports of ours", "and so do its tests", "bench/simex/core_test.go", `package p; import _ "orderwire/orders/binance"`, "may not import orders/binance"},
	{"imports of ours", "the binary knows all", "tools/orderwire/run.go", `package p; import _ "orderwire/orders/kraken"`, ""},
	{"imports of ours", "an arrow of the table", "runtime/rest/call.go", `package p; import _ "orderwire/wsproto/http1"`, ""},
	{"imports of ours", "a nested module is outside", "bench/peers/main.go", `package p; import _ "orderwire/netpoll"`, ""},

	{"imports of others", "a stranger", "netpoll/ring.go", `package p; import _ "example.com/ring"`, "may not import example.com/ring"},
	{"imports of others", "another room's module", "runtime/loop.go", `package p; import _ "golang.org/x/sys/unix"`, "may not import golang.org/x/sys/unix"},
	{"imports of others", "a name that only begins alike", "netpoll/proxy.go", `package p; import _ "golang.org/x/net/proxyless"`, "may not import"},
	{"imports of others", "cgo", "netpoll/ring.go", `package p; import "C"`, "cgo"},
	{"imports of others", "giouring outside its file", "netpoll/ring.go", `package p; import _ "github.com/pawelgaczynski/giouring"`, "may not import"},
	{"imports of others", "giouring in its file, behind its tag", "netpoll/ring_giouring.go", "//go:build giouring\n\npackage p; import _ \"github.com/pawelgaczynski/giouring\"", ""},
	{"imports of others", "a peer in a test", "wsproto/reader_test.go", `package p; import _ "github.com/coder/websocket"`, ""},
	{"imports of others", "a peer outside tests", "wsproto/reader.go", `package p; import _ "github.com/coder/websocket"`, "may not import"},

	{"runtime alias", "plain", "runtime/loop.go", `package p; import "runtime"`, "goruntime"},
	{"runtime alias", "plain in a test", "runtime/loop_test.go", `package p; import "runtime"`, "goruntime"},
	{"runtime alias", "of ours", "runtime/world/world.go", `package p; import goruntime "orderwire/runtime"`, "name of the standard runtime"},
	{"runtime alias", "aliased", "runtime/loop.go", `package p; import goruntime "runtime"`, ""},

	{"pure imports", "sockets", "orders/scan/scan.go", `package p; import _ "net/http"`, "orders/scan is pure"},
	{"pure imports", "random bytes", "wsproto/mask.go", `package p; import _ "crypto/rand"`, "crypto/rand"},
	{"pure imports", "log", "orders/risk.go", `package p; import _ "log/slog"`, "log/slog"},
	{"pure imports", "the one file that names slog", "orders/secret.go", `package p; import _ "log/slog"`, ""},
	{"pure imports", "unsafe beside a kernel", "wsproto/mask_amd64.go", `package p; import _ "unsafe"`, ""},
	{"pure imports", "unsafe elsewhere", "orders/fixed/number.go", `package p; import _ "unsafe"`, "unsafe"},
	{"pure imports", "a test reads files", "orders/scan/scan_test.go", `package p; import _ "os"`, ""},
	{"pure imports", "text below net", "orders/kraken/rest.go", `package p; import _ "net/url"`, ""},

	{"pure code", "clock", "orders/id.go", `package p; import "time"; var at = time.Now()`, "time.Now"},
	{"pure code", "goroutine", "wsproto/reader.go", `package p; func f() { go f() }`, "no goroutine"},
	{"pure code", "a duration", "orders/id.go", `package p; import "time"; var at = time.Second`, ""},
	{"pure code", "a room that is not pure", "netpoll/clock.go", `package p; import "time"; var at = time.Now()`, ""},

	{"top level", "a new folder", "scripts/build.sh", "", "scripts: does not belong"},
	{"top level", "a loose file", "main.go", "package main", "main.go: does not belong"},
	{"top level", "a dotfile", ".editorconfig", "", ""},

	{"rooms", "a room that nobody announced", "orders/okx/dialect.go", "package okx", "orders/okx: is no room"},
	{"rooms", "golden bytes", "orders/testdata/x/x.go", "package x", ""},

	{"doc.go", "none", "wsproto/reader.go", "package p", "wsproto: has no doc.go"},
	{"doc.go", "too short", "wsproto/doc.go", "// Package p.\npackage p\n", "has 2 lines"},
	{"doc.go", "too long", "wsproto/doc.go", strings.Repeat("// Package p.\n", 60) + "package p\n", "has 61 lines"},
	{"doc.go", "right", "wsproto/doc.go", strings.Repeat("// Package p.\n", 30) + "package p\n", ""},

	{"function length", "71 lines", "runtime/push.go", "package p\n\nfunc push() {" + strings.Repeat("\n", 70) + "}\n", "push has 71 lines"},
	{"function length", "70 lines", "runtime/push.go", "package p\n\nfunc push() {" + strings.Repeat("\n", 69) + "}\n", ""},
	{"function length", "a test", "runtime/push_test.go", "package p\n\nfunc push() {" + strings.Repeat("\n", 90) + "}\n", ""},
	{"file length", "501 lines", "runtime/push.go", "package p\n" + strings.Repeat("\n", 500), "has 501 lines"},
	{"file length", "500 lines", "runtime/push.go", "package p\n" + strings.Repeat("\n", 499), ""},
	{"file length", "generated", "runtime/push.go", "// Code generated by hand. DO NOT EDIT.\npackage p\n" + strings.Repeat("\n", 499), ""},

	{"folder names", "util", "orders/util/x.go", "package util", "orders/util"},
	{"folder names", "internal above", "netpoll/internal/ring/x.go", "package ring", "netpoll/internal"},

	{"assembly", "a room without kernels", "runtime/push_amd64.s", "", "assembly stands in"},
	{"assembly", "another file of the clock's room", "netpoll/ring_amd64.s", "", "assembly stands in"},
	{"assembly", "a kernel", "wsproto/mask_amd64.s", "", ""},

	{"unsafe files", "an open door", "runtime/push.go", `package p; import _ "unsafe"`, "unsafe is for the files listed"},
	{"unsafe files", "a listed one", "netpoll/ring_sq.go", `package p; import _ "unsafe"`, ""},
	{"unsafe files", "a kernel's declarations", "orders/hmac256/block_amd64.go", `package p; import _ "unsafe"`, ""},
	{"unsafe files", "amd64 in a room without kernels", "runtime/push_amd64.go", `package p; import _ "unsafe"`, "unsafe is for"},

	{"unsafe explained", "silent", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\nvar a = 1\n\nvar b = unsafe.Pointer(&a)\n", "unsafe.Pointer has no // SAFETY:"},
	{"unsafe explained", "above", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\nvar a = 1\n\n// SAFETY: rule (1), a lives as long as b.\nvar b = unsafe.Pointer(&a)\n", ""},
	{"unsafe explained", "one of two", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\nfunc f(a *int) {\n\t// SAFETY: rule (1).\n\t_ = unsafe.Pointer(a)\n\n\t_ = unsafe.Pointer(a)\n}\n", "arena.go:9: "},
	{"unsafe explained", "a comment above the function is too far away", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\n// SAFETY: rule (1).\nfunc f(a *int) {\n\n\t_ = unsafe.Pointer(a)\n}\n", "arena.go:8: "},
	{"unsafe explained", "inside a long statement", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\nfunc f(a *int) {\n\tg(1,\n\t\t// SAFETY: rule (1).\n\t\tunsafe.Pointer(a))\n}\n", ""},

	{"unsafe explained", "in the paragraph", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\nfunc f(a *int) {\n\t// SAFETY: rule (1).\n\tb := a\n\t_ = unsafe.Pointer(b)\n}\n", ""},
	{"unsafe explained", "a long way down", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\nfunc f(a *int) {\n\t// SAFETY: rule (1).\n" + strings.Repeat("\ta = a\n", 8) + "\t_ = unsafe.Pointer(a)\n}\n", "arena.go:15: "},
	{"unsafe explained", "behind the use", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\nvar a = 1\n\nvar b = unsafe.Pointer(&a) // SAFETY: rule (1).\n", ""},
	{"unsafe explained", "a size and a type", "netpoll/arena.go", "package p\n\nimport \"unsafe\"\n\nconst n = unsafe.Sizeof(0)\n\nvar b unsafe.Pointer\n", ""},

	{"no linkname", "linkname", "netpoll/clock.go", "package p\n\n//go:" + "linkname nanotime runtime.nanotime\nfunc nanotime() int64\n", "no linkname"},

	{"no init", "registration", "orders/binance/dialect.go", `package p; func init() {}`, "no init()"},
	{"no init", "a method of that name", "orders/binance/dialect.go", `package p; type d struct{}; func (d) init() {}`, ""},

	{"no sleep", "on the loop", "netpoll/direct.go", `package p; import "time"; func f() { time.Sleep(1) }`, "nothing here sleeps"},
	{"no sleep", "calibration", "netpoll/clock_tsc.go", `package p; import "time"; func f() { time.Sleep(1) }`, ""},
	{"no sleep", "in a test", "tlsio/gate_test.go", `package p; import "time"; func f() { time.Sleep(1) }`, "a test does not sleep"},
	{"no sleep", "in the control plane", "tools/orderwire/sim.go", `package p; import "time"; func f() { time.Sleep(1) }`, ""},

	{"secrets", "outside orders", "runtime/supervisor.go", `package p; func f(s S) { s.Reveal(nil) }`, "orders/** only"},
	{"secrets", "inside", "orders/binance/sign.go", `package p; func f(s S) { s.Reveal(nil) }`, ""},

	{"verification stays on", "switched off", "tlsio/trust.go", "package p; var c = T{" + verificationSwitch + ": true}", "never switched off"},
	{"verification stays on", "in a test of a nested module", "bench/peers/peer_test.go", "package p; var c = T{" + verificationSwitch + ":   true}", "never switched off"},
	{"verification stays on", "assigned", "tlsio/trust.go", "package p; func f(c *T) { c." + verificationSwitch + " = true }", "never switched off"},
	{"verification stays on", "by a flag", "tlsio/trust.go", "package p; func f(c *T, off bool) { c." + verificationSwitch + " = off }", "does not depend on a variable"},
	{"verification stays on", "by a flag in a literal", "tlsio/trust.go", "package p; var c = T{" + verificationSwitch + ": off}", "does not depend on a variable"},
	{"verification stays on", "on", "tlsio/trust.go", "package p; var c = T{" + verificationSwitch + ": false}", ""},

	{"no floats in orders", "type", "orders/risk.go", `package p; type r struct{ price float64 }`, "no float"},
	{"no floats in orders", "literal", "orders/binance/weights.go", `package p; var w = 0.5`, "no float"},
	{"no floats in orders", "a whole constant", "orders/binance/weights.go", `package p; const scale = 1e8`, ""},
	{"no floats in orders", "elsewhere", "bench/ratio.go", `package p; var w = 0.5`, ""},

	{"plain names", "manager", "runtime/session.go", `package p; type sessionManager struct{}`, "sessionManager"},
	{"plain names", "getter", "orders/order.go", `package p; func (o O) GetPrice() int { return 0 }`, "GetPrice"},
	{"plain names", "the session cache's word", "tlsio/sessions.go", `package p; func (s S) Get(key string) int { return 0 }`, ""},
	{"plain names", "a word that begins with get", "orders/order.go", `package p; func (o O) Getaway() int { return 0 }`, ""},

	{"unfinished work", "without a number", "runtime/push.go", "package p\n\n// TO" + "DO: later.\n", "names its issue's number"},
	{"unfinished work", "in a script", "Makefile", "# FIX" + "ME: later\n", "names its issue's number"},
	{"unfinished work", "with a number", "runtime/push.go", "package p\n\n// TO" + "DO(#3): by rings.\n", ""},
	{"unfinished work", "in a string of Go code", "orders/scan/scan.go", "package p; var mark = `TO" + "DO`", ""},

	{"registries", "module proxy", "Makefile", "GOPROXY=https://proxy.golang" + ".org\n", "names the registry"},
	{"machine paths", "in a script", ".ci/run", "cd /" + "work/main\n", "path of one machine"},
	{"machine paths", "in code", "bench/scenario.go", "package p\n\nvar at = \"/" + "home/someone/data\"\n", "path of one machine"},
	{"machine paths", "a path inside the project", "README.md", "see orders/work/x and docs/home/\n", ""},
}

// TestLawsCanFail runs each law over trees that break it, and over their lawful neighbours.
func TestLawsCanFail(t *testing.T) {
	for _, b := range breaches {
		t.Run(b.law+"/"+b.name, func(t *testing.T) {
			at := slices.IndexFunc(laws, func(l law) bool { return l.name == b.law })
			if at < 0 {
				t.Fatalf("no law is called %q", b.law)
			}
			house, err := newTree(map[string][]byte{b.path: []byte(b.text), "bench/peers/go.mod": nil})
			if err != nil {
				t.Fatal(err)
			}
			found := fmt.Sprint(laws[at].check(house))
			switch n := len(laws[at].check(house)); {
			case b.want == "" && n != 0:
				t.Errorf("found %s, want nothing", found)
			case b.want != "" && (n != 1 || !strings.Contains(found, b.want)):
				t.Errorf("found %s, want one finding with %q", found, b.want)
			}
		})
	}
}

// TestEachLawIsBroken: a law without a tree that breaks it may be one that cannot fail.
func TestEachLawIsBroken(t *testing.T) {
	for _, l := range laws {
		if !slices.ContainsFunc(breaches, func(b struct{ law, name, path, text, want string }) bool { return b.law == l.name && b.want != "" }) {
			t.Errorf("law %q has no breach in this file", l.name)
		}
	}
}
