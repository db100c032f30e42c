package main

import (
	"crypto/tls"
	"net"

	"github.com/gorilla/websocket"
)

// gorillaClient is the most used WebSocket library of Go.
type gorillaClient struct {
	t     *target
	conn  *websocket.Conn
	order *carefulOrder // nil: as a normal user
	sealed
}

func newGorilla(t *target) (client, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{TLSClientConfig: config}
	conn, _, err := dialer.Dial(t.url(), nil)
	if err != nil {
		return nil, err
	}
	return &gorillaClient{t: t, conn: conn, sealed: sealedBy(conn.NetConn())}, nil
}

func newGorillaCareful(t *target) (client, error) {
	conn, err := carefulTLS(t)
	if err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{NetDialTLSContext: handOver(conn), ReadBufferSize: 16 << 10, WriteBufferSize: 4 << 10}
	ws, _, err := dialer.Dial(t.url(), nil)
	if err != nil {
		return nil, err
	}
	return &gorillaClient{t: t, conn: ws, order: newCarefulOrder(t), sealed: sealedBy(conn)}, nil
}

func (c *gorillaClient) push(id uint64, price, qty int64) error {
	if c.order != nil {
		return c.conn.WriteMessage(websocket.TextMessage, c.order.build(id, price, qty))
	}
	payload, err := plainOrder(c.t, id, price, qty)
	if err != nil {
		return err
	}
	return c.conn.WriteMessage(websocket.TextMessage, payload)
}

func (c *gorillaClient) answer() (ack, error) {
	_, message, err := c.conn.ReadMessage()
	if err != nil {
		return ack{}, err
	}
	if c.order != nil {
		return carefulAck(message)
	}
	return plainAck(message)
}

// sealed tells what TLS a connection has.
type sealed struct{ conn *tls.Conn }

func sealedBy(conn net.Conn) sealed {
	sealing, _ := conn.(*tls.Conn)
	return sealed{sealing}
}

func (s sealed) suite() string {
	if s.conn == nil {
		return "?"
	}
	return tls.CipherSuiteName(s.conn.ConnectionState().CipherSuite)
}
