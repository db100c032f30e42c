package tlsio_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	goruntime "runtime"
	"slices"
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

// BenchmarkHandshake compares the CPU of one handshake with the library alone, one after the other in one loop. ratio is that of
// the medians; ns/op holds both handshakes and the servers.
func BenchmarkHandshake(b *testing.B) {
	ca := newAuthority(b, "root")
	leaf := ca.issue(b, leafOptions{})
	roots := ca.pool()
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		server := &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: uint16(version), MaxVersion: uint16(version), NextProtos: []string{"http/1.1"}}
		for _, hello := range []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome} {
			b.Run(fmt.Sprintf("version=%v/hello=%s", version, hello), func(b *testing.B) {
				goruntime.LockOSThread()
				defer goruntime.UnlockOSThread()
				var ours, alone []int64
				for b.Loop() {
					ours = append(ours, handshakeNanos(b, server, func(conn net.Conn) error {
						link, err := connectOver(b, conn, tlsio.Config{ServerName: host, Hello: hello, Trust: tlsio.Trust{Roots: roots}})
						if err == nil {
							link.Wipe()
						}
						return err
					}))
					alone = append(alone, handshakeNanos(b, server, func(conn net.Conn) error { return aloneHandshake(conn, hello, roots) }))
				}
				slices.Sort(ours)
				slices.Sort(alone)
				mine, theirs := float64(ours[len(ours)/2]), float64(alone[len(alone)/2])
				b.ReportMetric(mine, "tlsio-cpu-ns")
				b.ReportMetric(theirs, "utls-cpu-ns")
				b.ReportMetric(mine/theirs, "ratio")
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

// handshakeNanos is the CPU time of the client's side of one handshake.
func handshakeNanos(b *testing.B, server *tls.Config, client func(net.Conn) error) int64 {
	b.Helper()
	near, far := loopback(b)
	done := make(chan error, 1)
	go func() { done <- tls.Server(far, server).Handshake() }()
	before := cpuNanos(b)
	if err := client(near); err != nil {
		b.Fatal(err)
	}
	used := cpuNanos(b) - before
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	_ = near.Close()
	_ = far.Close()
	return used
}
