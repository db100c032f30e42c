package tlsio_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	goruntime "runtime"
	"syscall"
	"testing"

	utls "github.com/refraction-networking/utls"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// cpuNanos is the CPU time of this thread: the server works in other threads, and does not count.
func cpuNanos(b *testing.B) int64 {
	b.Helper()
	const thread = 1 // RUSAGE_THREAD
	var usage syscall.Rusage
	if err := syscall.Getrusage(thread, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// BenchmarkHandshake compares the CPU of one handshake with the library alone. Read cpu-ns/op; ns/op holds the server too.
func BenchmarkHandshake(b *testing.B) {
	ca := newAuthority(b, "root")
	leaf := ca.issue(b, leafOptions{})
	roots := ca.pool()
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		server := &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: uint16(version), MaxVersion: uint16(version), NextProtos: []string{"http/1.1"}}
		for _, hello := range []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome} {
			name := fmt.Sprintf("version=%v/hello=%s", version, hello)
			b.Run(name+"/of=tlsio", func(b *testing.B) {
				handshakes(b, server, func(conn net.Conn) error {
					link, err := connectOver(b, conn, tlsio.Config{ServerName: host, Hello: hello, Trust: tlsio.Trust{Roots: roots}})
					if err == nil {
						link.Wipe()
					}
					return err
				})
			})
			b.Run(name+"/of=utls", func(b *testing.B) {
				handshakes(b, server, func(conn net.Conn) error { return aloneHandshake(conn, hello, roots) })
			})
		}
	}
}

func aloneHandshake(conn net.Conn, hello tlsio.Hello, roots *x509.CertPool) error {
	config := &utls.Config{ServerName: host, RootCAs: roots, NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true, OmitEmptyPsk: true}
	id := utls.HelloGolang
	if hello == tlsio.HelloChrome {
		id = utls.HelloChrome_Auto
	}
	return utls.UClient(conn, config, id).Handshake()
}

func handshakes(b *testing.B, server *tls.Config, client func(net.Conn) error) {
	b.Helper()
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	used := int64(0)
	for b.Loop() {
		near, far := loopback(b)
		done := make(chan error, 1)
		go func() {
			done <- tls.Server(far, server).Handshake()
		}()
		before := cpuNanos(b)
		if err := client(near); err != nil {
			b.Fatal(err)
		}
		used += cpuNanos(b) - before
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		_ = near.Close()
		_ = far.Close()
	}
	b.ReportMetric(float64(used)/float64(b.N), "cpu-ns/op")
}
