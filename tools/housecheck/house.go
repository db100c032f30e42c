package housecheck

// Limits of shape; tests and generated files are excluded.
const (
	module         = "orderwire"
	funcLinesMax   = 70
	fileLinesMax   = 500
	docLinesMin    = 20
	docLinesMax    = 60
	textSizeMax    = 1 << 20 // larger files are data, not text that people write
	runtimeAlias   = "goruntime"
	secretAccessor = "Reveal"
)

// topLevel is everything that may stand beside go.mod; names that begin with a dot are free.
var topLevel = []string{
	"runtime", "netpoll", "tlsio", "wsproto", "orders", "bench", "tools",
	"go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "NOTICE", "SECURITY.md", "docs",
	"build", // made by make, never committed
}

// room is one folder of Go code: one purpose, one border.
type room struct {
	path   string
	ours   []string // rooms that it may import
	others []string // modules and packages outside the standard library that it may import, with what lies under them
	pure   bool     // standard library without sockets, files, clock, log, goroutines; see pure.go
	asm    bool     // may hold assembly, and unsafe in its *_amd64.go files
	loop   bool     // runs on the data plane, which never sleeps
	strict bool     // its tests get no more of ours than the room itself
}

const (
	cpuid    = "github.com/klauspost/cpuid/v2"
	xsys     = "golang.org/x/sys"
	giouring = "github.com/pawelgaczynski/giouring"
)

// dialects know one exchange each; only the binary and the benchmarks know them by name.
var dialects = []string{"orders/binance", "orders/coinbase", "orders/kraken", "orders/bybit"}

// belowRuntime is "all above except dialects" of the table in the style page.
var belowRuntime = []string{
	"wsproto", "wsproto/http1", "tlsio/record", "tlsio",
	"orders/fixed", "orders/scan", "orders/hmac256", "orders/market", "orders", "orders/journal", "orders/whale",
	"netpoll", "netpoll/host",
}

// rooms is the house, from the ground up. An arrow that is not here is an error: move the code, or change the table
// with a decision entry.
var rooms = []room{
	{path: "wsproto", pure: true, asm: true, loop: true},
	{path: "wsproto/http1", pure: true, loop: true},
	{path: "tlsio/record", pure: true, asm: true, loop: true, others: []string{cpuid, "golang.org/x/crypto/chacha20poly1305"}},
	{path: "tlsio", ours: []string{"tlsio/record"}, others: []string{"github.com/refraction-networking/utls"}},
	{path: "orders/fixed", pure: true, loop: true},
	{path: "orders/scan", pure: true, loop: true},
	{path: "orders/hmac256", pure: true, asm: true, loop: true, others: []string{cpuid}},
	{path: "orders/market", pure: true, loop: true, ours: []string{"orders/fixed"}},
	{path: "orders", pure: true, loop: true, ours: []string{"orders/fixed", "orders/hmac256", "orders/market"}},
	{path: "orders/journal", loop: true, ours: []string{"orders"}, others: []string{xsys}},
	dialect("binance"), dialect("coinbase"), dialect("kraken"), dialect("bybit"),
	{path: "orders/whale", pure: true, loop: true, ours: []string{"orders", "orders/fixed", "orders/market"}},
	{path: "netpoll", asm: true, loop: true, others: []string{xsys, "golang.org/x/net/proxy"}},
	{path: "netpoll/host", ours: []string{"netpoll"}, others: []string{xsys}},
	{path: "runtime", loop: true, ours: belowRuntime},
	{path: "runtime/rest", ours: []string{"netpoll", "tlsio", "wsproto/http1", "orders"}},
	{path: "bench", ours: join(belowRuntime, dialects, "runtime", "runtime/rest"), others: []string{"github.com/HdrHistogram/hdrhistogram-go", "gonum.org/v1/plot"}},
	{path: "bench/simex", strict: true},
	{path: "runtime/world", ours: join(belowRuntime, dialects, "runtime", "runtime/rest", "bench", "bench/simex")},
	{path: "tools/orderwire", ours: []string{"..."}, others: []string{"github.com/spf13/cobra", "github.com/pelletier/go-toml/v2", "github.com/prometheus/client_golang"}},
	{path: "tools/bogoshim", ours: []string{"tlsio", "tlsio/record"}},
	{path: "tools/housecheck", strict: true},
}

func dialect(venue string) room {
	return room{
		path: "orders/" + venue, pure: true, loop: true,
		ours: []string{"orders", "orders/fixed", "orders/scan", "orders/market", "orders/hmac256"},
	}
}

// Tests have a law of their own: what their room may import, the rooms here, the standard library and these peers.
var (
	testOurs   = append([]string{"bench/simex", "orders/whale"}, dialects...)
	testOthers = []string{
		"github.com/coder/websocket", "github.com/gobwas/ws", "github.com/miekg/dns", "github.com/google/go-cmp",
		"github.com/refraction-networking/utls", "golang.org/x/crypto", "golang.org/x/net", xsys, cpuid,
		"github.com/HdrHistogram/hdrhistogram-go", "github.com/c2sp/wycheproof",
	}
)

// fileImports lists imports that one file may have beyond its room.
var fileImports = map[string][]string{
	"netpoll/ring_giouring.go":      {giouring}, // behind its build tag: any other importer breaks a plain go build
	"netpoll/ring_giouring_test.go": {giouring},
	"orders/secret.go":              {"log/slog"}, // slog.LogValuer is how a Secret stays out of logs; nothing is logged
}

// unsafeFiles may import unsafe (path.Match patterns), besides the *_amd64.go files of rooms with assembly.
var unsafeFiles = []string{
	"netpoll/arena*.go", "netpoll/ring*.go", "netpoll/direct*.go", "netpoll/sockaddr*.go", "netpoll/stamp*.go",
	"orders/journal/hotlog*.go",
}

// sleepers are files of data-plane rooms with a wait that ends before any loop starts.
var sleepers = []string{"netpoll/clock_tsc.go"} // calibration, once, in the control plane: a spin would only take the CPU

// asmFiles are the places for assembly (path.Match patterns).
var asmFiles = []string{"orders/hmac256/*_amd64.s", "tlsio/record/*_amd64.s", "wsproto/*_amd64.s", "netpoll/clock_amd64.s"}

// wordless folder names say nothing about what is in them.
var wordlessFolders = []string{"internal", "pkg", "util", "utils", "common", "helpers", "misc"}

// registries are hosts that only a package manager should know. They are written in two halves, since this file is
// read by its own law.
var registries = []string{
	"proxy.golang" + ".org", "sum.golang" + ".org", "registry.npmjs" + ".org", "registry.yarnpkg" + ".com",
	"pypi" + ".org", "pythonhosted" + ".org", "index.crates" + ".io", "static.crates" + ".io", "rubygems" + ".org",
	"registry-1.docker" + ".io", "goproxy" + ".io", "goproxy" + ".cn",
}

// machineFolders begin paths that exist on one machine only.
var machineFolders = []string{"work", "root", "home", "Users"}

// join returns one list; the "all above" of the table is built with it.
func join(first, second []string, more ...string) []string {
	all := make([]string, 0, len(first)+len(second)+len(more))
	return append(append(append(all, first...), second...), more...)
}
