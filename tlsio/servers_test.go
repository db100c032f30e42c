package tlsio_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// interopVariable switches the tests against installed servers on (`make interop`): they start other people's programs.
const interopVariable = "ORDERWIRE_INTEROP"

// foreign is a server program. Every one answers an HTTP request with status 200 and a long page.
type foreign struct {
	name   string
	binary string
	// command builds the process; curve, if set, is the only one that it may use (its name in OpenSSL).
	command func(s *site, port, curve string) *exec.Cmd
	// small: it can send records of at most 512 bytes, as fragments() asks.
	fragments func(s *site, port string) *exec.Cmd
}

// site is what a server needs on disk: certificates of both kinds under one authority, and a page.
type site struct {
	dir   string
	roots *x509.CertPool
	page  []byte
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(tb testing.TB, name string, text []byte) {
	tb.Helper()
	if err := os.WriteFile(s.path(name), text, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func newSite(tb testing.TB) *site {
	tb.Helper()
	ca := newAuthority(tb, "interop root")
	s := &site{dir: tb.TempDir(), roots: ca.pool(), page: bytes.Repeat([]byte("all that glitters is not gold\n"), 2000)}
	for name, o := range map[string]leafOptions{"rsa": {rsa: true}, "ecdsa": {}} {
		leaf := ca.issue(tb, o)
		key, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
		if err != nil {
			tb.Fatal(err)
		}
		cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[0]})
		private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
		s.write(tb, name+".pem", cert)
		s.write(tb, name+".key", private)
		s.write(tb, "both.pem."+name, append(append([]byte(nil), cert...), private...)) // haproxy's way to name a bundle
	}
	s.write(tb, "page", s.page)
	return s
}

var foreigners = []foreign{
	{name: "openssl", binary: "openssl", command: opensslServer, fragments: opensslFragments},
	{name: "nginx", binary: "nginx", command: nginxServer},
	{name: "haproxy", binary: "haproxy", command: haproxyServer, fragments: haproxyFragments},
	{name: "gnutls", binary: "gnutls-serv", command: gnutlsServer},
	{name: "node", binary: "node", command: nodeServer},
}

func opensslServer(s *site, port, curve string) *exec.Cmd {
	args := []string{
		"s_server", "-quiet", "-WWW", "-accept", "127.0.0.1:" + port, "-cert", s.path("rsa.pem"), "-key", s.path("rsa.key"),
		"-dcert", s.path("ecdsa.pem"), "-dkey", s.path("ecdsa.key"), "-cipher", "ALL",
	}
	if curve != "" {
		args = append(args, "-groups", curve)
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = s.dir
	return cmd
}

func opensslFragments(s *site, port string) *exec.Cmd {
	cmd := opensslServer(s, port, "")
	cmd.Args = append(cmd.Args, "-max_send_frag", "512")
	return cmd
}

func nginxServer(s *site, port, curve string) *exec.Cmd {
	if curve == "" {
		curve = "auto"
	}
	config := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/nginx.pid; error_log stderr crit;
events { worker_connections 64; }
http { access_log off; client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
server { listen 127.0.0.1:%[2]s ssl; server_name %[4]s; root %[1]s;
ssl_certificate rsa.pem; ssl_certificate_key rsa.key; ssl_certificate ecdsa.pem; ssl_certificate_key ecdsa.key;
ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ALL; ssl_ecdh_curve %[3]s; ssl_session_tickets on; } }
`, s.dir, port, curve, host)
	if err := os.WriteFile(s.path("nginx.conf"), []byte(config), 0o600); err != nil {
		panic(err)
	}
	return exec.Command("nginx", "-p", s.dir, "-c", s.path("nginx.conf"))
}

func haproxyConfig(s *site, port, curve, global string) *exec.Cmd {
	curves := ""
	if curve != "" {
		curves = "curves " + curve
	}
	config := fmt.Sprintf(`global
  ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20
  %s
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 30s
frontend f
  bind 127.0.0.1:%s ssl crt %s %s
  http-request return status 200 content-type text/plain file %s
`, global, port, s.path("both.pem"), curves, s.path("page"))
	if err := os.WriteFile(s.path("haproxy.cfg"), []byte(config), 0o600); err != nil {
		panic(err)
	}
	return exec.Command("haproxy", "-db", "-f", s.path("haproxy.cfg"))
}

func haproxyServer(s *site, port, curve string) *exec.Cmd {
	return haproxyConfig(s, port, curve, "tune.bufsize 131072")
}

func haproxyFragments(s *site, port string) *exec.Cmd {
	return haproxyConfig(s, port, "", "tune.bufsize 131072\n  tune.ssl.maxrecord 512")
}

func gnutlsServer(s *site, port, curve string) *exec.Cmd {
	priority := "NORMAL"
	if curve != "" {
		priority += ":-GROUP-ALL:+GROUP-SECP384R1"
	}
	return exec.Command("gnutls-serv", "--http", "--port", port, "--priority", priority,
		"--x509certfile", s.path("rsa.pem"), "--x509keyfile", s.path("rsa.key"),
		"--x509certfile", s.path("ecdsa.pem"), "--x509keyfile", s.path("ecdsa.key"))
}

func nodeServer(s *site, port, curve string) *exec.Cmd {
	if curve == "" {
		curve = "auto"
	}
	script := `const https = require("https"), fs = require("fs"), [dir, port, curve] = process.argv.slice(2);
const read = name => fs.readFileSync(dir + "/" + name);
https.createServer({cert: [read("rsa.pem"), read("ecdsa.pem")], key: [read("rsa.key"), read("ecdsa.key")], ecdhCurve: curve, minVersion: "TLSv1.2", ciphers: "ALL"},
  (request, response) => response.end(read("page"))).listen(+port, "127.0.0.1");`
	if err := os.WriteFile(s.path("server.js"), []byte(script), 0o600); err != nil {
		panic(err)
	}
	return exec.Command("node", s.path("server.js"), s.dir, port, curve)
}

// start runs a server until the test ends, and returns its address once it listens.
func start(tb testing.TB, build func(port string) *exec.Cmd) (address string) {
	tb.Helper()
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	address = probe.Addr().String()
	_ = probe.Close()
	_, port, _ := net.SplitHostPort(address)
	var output bytes.Buffer
	cmd := build(port)
	if cmd.Stdout == nil {
		cmd.Stdout = &output
	}
	cmd.Stderr = &output
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	// Another program's start can only be seen by asking again.
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for range 500 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return address
		}
		select {
		case err := <-ended:
			ended <- err
			tb.Fatalf("%s ended at its start: %v\n%s", cmd.Path, err, output.String())
		case <-ticker.C:
		}
	}
	tb.Fatalf("%s does not listen after 10 s", cmd.Path)
	return ""
}

// visit connects, optionally asks for new keys, gets the page, and reads to the end of it.
func visit(tb testing.TB, address string, c tlsio.Config, chunk int, update bool) (info tlsio.Info, updates int) {
	tb.Helper()
	raw, err := net.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	conn := newChunked(raw, chunk)
	link, err := connectOver(tb, conn, c)
	if err != nil {
		tb.Fatal(err)
	}
	defer link.Wipe()
	if err := raw.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		tb.Fatal(err)
	}
	if update {
		rec, err := link.AppendKeyUpdate(nil, true)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := raw.Write(rec); err != nil {
			tb.Fatal(err)
		}
	}
	s := newStream(link, conn, chunk)
	if err := s.send([]byte("GET /page HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")); err != nil {
		tb.Fatal(err)
	}
	var answer []byte
	for err == nil {
		var text []byte
		text, err = s.next()
		answer = append(answer, text...)
	}
	if err != io.EOF && !strings.Contains(err.Error(), record.ErrTruncated.Error()) {
		tb.Fatalf("after %d bytes: %v", len(answer), err)
	}
	if !bytes.HasPrefix(answer, []byte("HTTP/1.")) || !bytes.Contains(answer[:20], []byte(" 200 ")) || len(answer) < 300 {
		tb.Fatalf("%d bytes: %.200q", len(answer), answer)
	}
	return link.Info, s.updates
}

// TestServers is `make interop`: real servers in every version, suite and hello, resumed, updated, asked again, in small records.
func TestServers(t *testing.T) {
	if os.Getenv(interopVariable) == "" {
		t.Skip("servers: set " + interopVariable + "=1, or run make interop")
	}
	run, skipped := 0, []string(nil)
	for _, server := range foreigners {
		t.Run(server.name, func(t *testing.T) {
			if _, err := exec.LookPath(server.binary); err != nil {
				skipped = append(skipped, server.name)
				t.Skipf("server %s is not installed", server.binary)
			}
			run++
			serverMatrix(t, server)
		})
	}
	t.Logf("servers: %d examined, %d skipped %v", run, len(skipped), skipped)
}

var hellos = []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome, tlsio.HelloFirefox}

func serverMatrix(t *testing.T, server foreign) {
	s := newSite(t)
	trust := tlsio.Trust{Roots: s.roots}
	address := start(t, func(port string) *exec.Cmd { return server.command(s, port, "") })
	for _, suite := range append(record.Suites(record.TLS12), record.Suites(record.TLS13)...) {
		for _, hello := range hellos {
			for _, chunk := range []int{0, 1} {
				t.Run(fmt.Sprintf("%v/%s/chunk=%d", suite, hello, chunk), func(t *testing.T) {
					c := tlsio.WithSuite(tlsio.Config{ServerName: host, Hello: hello, Trust: trust}, suite)
					info, updates := visit(t, address, c, chunk, c.MinVersion == record.TLS13)
					if info.Suite != suite || c.MinVersion == record.TLS13 && updates != 1 {
						t.Fatalf("%+v, %d updates", info, updates)
					}
				})
			}
		}
	}
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		for _, hello := range hellos {
			t.Run(fmt.Sprintf("resumed/%v/%s", version, hello), func(t *testing.T) {
				c := tlsio.Config{ServerName: host, Hello: hello, Trust: trust, MinVersion: version, MaxVersion: version, Sessions: tlsio.NewSessions(0, 0, nil)}
				first, _ := visit(t, address, c, 0, false)
				second, _ := visit(t, address, c, 0, false)
				if first.Resumed || !second.Resumed {
					t.Fatalf("resumed: %v, then %v", first.Resumed, second.Resumed)
				}
			})
		}
	}
	again := start(t, func(port string) *exec.Cmd { return server.command(s, port, "secp384r1") })
	for _, hello := range hellos {
		t.Run("asked again/"+string(hello), func(t *testing.T) {
			c := tlsio.Config{ServerName: host, Hello: hello, Trust: trust, MinVersion: record.TLS13}
			if info, _ := visit(t, again, c, 0, false); !info.Retried || info.Curve != tls.CurveP384 {
				t.Fatalf("%+v", info)
			}
		})
	}
	if server.fragments == nil {
		return
	}
	small := start(t, func(port string) *exec.Cmd { return server.fragments(s, port) })
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		t.Run(fmt.Sprintf("small records/%v", version), func(t *testing.T) {
			visit(t, small, tlsio.Config{ServerName: host, Trust: trust, MinVersion: version, MaxVersion: version}, 0, false)
		})
	}
}

// TestServerUpdatesItsKey lets openssl s_server change its keys in the middle of a conversation, and ask us to do the same.
func TestServerUpdatesItsKey(t *testing.T) {
	if os.Getenv(interopVariable) == "" {
		t.Skip("servers: set " + interopVariable + "=1, or run make interop")
	}
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("server openssl is not installed")
	}
	s := newSite(t)
	var keyboard io.WriteCloser
	screen := &screen{news: make(chan struct{}, 1)}
	address := start(t, func(port string) *exec.Cmd {
		cmd := exec.Command("openssl", "s_server", "-accept", "127.0.0.1:"+port, "-cert", s.path("ecdsa.pem"), "-key", s.path("ecdsa.key"), "-naccept", "2")
		var err error
		if keyboard, err = cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = screen
		return cmd
	})
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	link, err := connectOver(t, conn, tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: s.roots}, MinVersion: record.TLS13})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	stream := newStream(link, conn, 0)
	for i, command := range []string{"k", "K", "k", "K"} {
		if _, err := io.WriteString(keyboard, command+"\n"); err != nil {
			t.Fatal(err)
		}
		if err := stream.untilUpdate(i + 1); err != nil { // it takes one line a read, and drops what stands behind a command
			t.Fatal(err)
		}
		line := fmt.Sprintf("line %d of the server\n", i)
		if _, err := io.WriteString(keyboard, line); err != nil {
			t.Fatal(err)
		}
		if text, err := stream.read(len(line)); err != nil || string(text) != line {
			t.Fatalf("%q, %v", text, err)
		}
		if err := stream.send([]byte(fmt.Sprintf("line %d of ours\n", i))); err != nil {
			t.Fatal(err)
		}
		screen.wait(t, fmt.Sprintf("line %d of ours", i))
	}
	if epoch, _ := link.Opener.Gate(); epoch != 4 || stream.updates != 4 {
		t.Fatalf("the server's epoch is %d after %d updates", epoch, stream.updates)
	}
	if epoch, _ := link.Sealer.Gate(); epoch != 2 {
		t.Fatalf("ours is %d", epoch)
	}
}

// screen is what a program has printed.
type screen struct {
	mu   sync.Mutex
	text []byte
	news chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.text = append(s.text, p...)
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
	return len(p), nil
}

// wait returns once the text has been printed.
func (s *screen) wait(tb testing.TB, text string) {
	tb.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		s.mu.Lock()
		found := bytes.Contains(s.text, []byte(text))
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-s.news:
		case <-limit.C:
			tb.Fatalf("never printed: %q", text)
		}
	}
}
