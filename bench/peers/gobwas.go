package main

import (
	"bufio"
	"context"
	"io"
	"net"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// gobwasClient works on the connection itself: the library is a set of functions.
type gobwasClient struct {
	t      *target
	conn   net.Conn
	order  *carefulOrder // nil: as a normal user
	reader *bufio.Reader
	frame  []byte
	buf    []byte
	sealed
}

func newGobwas(t *target) (client, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	dialer := ws.Dialer{TLSConfig: config}
	conn, _, _, err := dialer.Dial(context.Background(), t.url())
	if err != nil {
		return nil, err
	}
	return &gobwasClient{t: t, conn: conn, sealed: sealedBy(conn)}, nil
}

func newGobwasCareful(t *target) (client, error) {
	conn, err := carefulTLS(t)
	if err != nil {
		return nil, err
	}
	dialer := ws.Dialer{
		NetDial:   handOver(conn),
		TLSClient: func(conn net.Conn, _ string) net.Conn { return conn }, // it is TLS already
	}
	if _, _, _, err := dialer.Dial(context.Background(), t.url()); err != nil {
		return nil, err
	}
	return &gobwasClient{
		t: t, conn: conn, order: newCarefulOrder(t), reader: bufio.NewReaderSize(conn, 16<<10),
		frame: make([]byte, 0, 2048), buf: make([]byte, 64<<10), sealed: sealed{conn},
	}, nil
}

func (c *gobwasClient) push(id uint64, price, qty int64) error {
	if c.order == nil {
		payload, err := plainOrder(c.t, id, price, qty)
		if err != nil {
			return err
		}
		return wsutil.WriteClientText(c.conn, payload)
	}
	payload := c.order.build(id, price, qty)
	mask := ws.NewMask()
	ws.Cipher(payload, mask, 0)
	// Header and payload leave in one write: the record must be one.
	out := sliceWriter{c.frame[:0]}
	if err := ws.WriteHeader(&out, ws.Header{Fin: true, OpCode: ws.OpText, Masked: true, Mask: mask, Length: int64(len(payload))}); err != nil {
		return err
	}
	c.frame = append(out.buf, payload...)
	_, err := c.conn.Write(c.frame)
	return err
}

// sliceWriter appends what is written.
type sliceWriter struct{ buf []byte }

func (w *sliceWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}

func (c *gobwasClient) answer() (ack, error) {
	if c.order == nil {
		message, err := wsutil.ReadServerText(c.conn)
		if err != nil {
			return ack{}, err
		}
		return plainAck(message)
	}
	header, err := ws.ReadHeader(c.reader)
	if err != nil {
		return ack{}, err
	}
	payload := c.buf[:header.Length]
	if _, err := io.ReadFull(c.reader, payload); err != nil {
		return ack{}, err
	}
	return carefulAck(payload)
}
