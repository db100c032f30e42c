package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	goruntime "runtime"
	"syscall"
	"time"

	"orderwire/netpoll"
)

// serveRaw answers bare sockets: the floor under every client. A client first says how long its messages and their answers
// are (two little-endian uint32); then each message is answered at once by that many bytes, which begin with the time at
// which it had come (CLOCK_MONOTONIC, ns, little-endian).
func serveRaw(ctx context.Context, clock netpoll.Clock) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("the port for bare sockets: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() }) // the process ends with ctx
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			if tcp, ok := conn.(*net.TCPConn); ok {
				go answerRaw(ctx, tcp, clock)
			}
		}
	}()
	return listener.Addr().String(), nil
}

// rawMax bounds a message and an answer.
const rawMax = 64 << 10

func answerRaw(ctx context.Context, tcp *net.TCPConn, clock netpoll.Clock) {
	defer tcp.Close()
	defer context.AfterFunc(ctx, func() { _ = tcp.Close() })()
	var hello [8]byte
	if _, err := io.ReadFull(tcp, hello[:]); err != nil {
		return // it never spoke
	}
	size, reply := binary.LittleEndian.Uint32(hello[:]), binary.LittleEndian.Uint32(hello[4:])
	if size < 1 || size > rawMax || reply < 8 || reply > rawMax {
		return // not one of ours
	}
	r := rawReader{tcp: tcp, last: time.Now()}
	if r.raw, r.err = tcp.SyscallConn(); r.err != nil {
		return
	}
	in, out := make([]byte, size), make([]byte, reply)
	for {
		if !r.full(in) {
			return // the client has left
		}
		binary.LittleEndian.PutUint64(out, uint64(clock.Now()))
		if _, err := tcp.Write(out); err != nil {
			return // the client has left
		}
	}
}

// rawReader reads without sleeping, as the exchange does (simex.ServeConfig.Spin, SpinRest).
type rawReader struct {
	tcp  *net.TCPConn
	raw  syscall.RawConn
	last time.Time
	err  error
}

// rawYield is how many empty reads pass before other goroutines get their turn.
const rawYield = 64

func (r *rawReader) full(p []byte) bool {
	for len(p) > 0 {
		n, err := r.some(p)
		if err != nil || n == 0 {
			return false
		}
		p = p[n:]
	}
	return true
}

func (r *rawReader) some(p []byte) (n int, err error) {
	for tries := 1; ; tries++ {
		var failed error
		err = r.raw.Read(func(fd uintptr) bool {
			n, failed = syscall.Read(int(fd), p)
			return true // never wait
		})
		switch {
		case err != nil:
			return 0, err
		case failed == nil:
			r.last = time.Now()
			return n, nil
		case !errors.Is(failed, syscall.EAGAIN) && !errors.Is(failed, syscall.EINTR):
			return 0, failed
		}
		if tries%rawYield == 0 {
			if time.Since(r.last) > farRest {
				return r.tcp.Read(p)
			}
			goruntime.Gosched()
		}
	}
}
