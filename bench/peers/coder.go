package main

import (
	"context"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// coderClient is the library that was nhooyr.io/websocket.
type coderClient struct {
	t     *target
	conn  *websocket.Conn
	order *carefulOrder // nil: as a normal user
	buf   []byte
	name  func() string
}

func newCoder(t *target) (client, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	name := "?"
	config.NextProtos = nil
	transport := &http.Transport{TLSClientConfig: config}
	conn, reply, err := websocket.Dial(context.Background(), t.url(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		return nil, err
	}
	if reply.TLS != nil {
		name = suiteName(reply.TLS.CipherSuite)
	}
	return &coderClient{t: t, conn: conn, name: func() string { return name }}, nil
}

func newCoderCareful(t *target) (client, error) {
	conn, err := carefulTLS(t)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DialTLSContext: handOver(conn)}
	ws, _, err := websocket.Dial(context.Background(), t.url(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	return &coderClient{t: t, conn: ws, order: newCarefulOrder(t), buf: make([]byte, 64<<10), name: sealed{conn}.suite}, nil
}

func (c *coderClient) push(id uint64, price, qty int64) error {
	if c.order != nil {
		return c.conn.Write(context.Background(), websocket.MessageText, c.order.build(id, price, qty))
	}
	payload, err := plainOrder(c.t, id, price, qty)
	if err != nil {
		return err
	}
	return c.conn.Write(context.Background(), websocket.MessageText, payload)
}

func (c *coderClient) answer() (ack, error) {
	if c.order == nil {
		_, message, err := c.conn.Read(context.Background())
		if err != nil {
			return ack{}, err
		}
		return plainAck(message)
	}
	_, reader, err := c.conn.Reader(context.Background())
	if err != nil {
		return ack{}, err
	}
	n := 0
	for {
		k, err := reader.Read(c.buf[n:])
		n += k
		if err == io.EOF {
			return carefulAck(c.buf[:n])
		}
		if err != nil {
			return ack{}, err
		}
	}
}

func (c *coderClient) suite() string { return c.name() }
