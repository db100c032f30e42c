package main

import (
	"context"
	"crypto/tls"
	"net"
)

// carefulTLS is crypto/tls over a socket that spins, for any library that takes a net.Conn.
func carefulTLS(t *target) (*tls.Conn, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	raw, err := dialSpin(t)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, config)
	return conn, conn.Handshake()
}

// handOver gives conn to a library that wants to dial by itself.
func handOver(conn net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return conn, nil }
}
