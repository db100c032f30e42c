package tlsio_test

import (
	"context"
	"net"
	"testing"
	"time"

	"orderwire/tlsio"
)

// chunked is a connection that gives at most size bytes a read.
type chunked struct {
	net.Conn
	size int
}

func newChunked(conn net.Conn, size int) net.Conn {
	if size == 0 {
		return conn
	}
	return &chunked{conn, size}
}

func (c *chunked) Read(p []byte) (int, error) { return c.Conn.Read(p[:min(len(p), c.size)]) }

func connectOver(tb testing.TB, conn net.Conn, c tlsio.Config) (*tlsio.Link, error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return tlsio.Handshake(ctx, conn, c)
}
