package main

import "github.com/lxzan/gws"

// gwsClient gets its answers by callback.
type gwsClient struct {
	gws.BuiltinEventHandler
	t     *target
	conn  *gws.Conn
	order *carefulOrder // nil: as a normal user
	acks  chan gwsAck
	sealed
}

type gwsAck struct {
	ack ack
	err error
}

// OnMessage parses an answer in the library's read loop.
func (c *gwsClient) OnMessage(_ *gws.Conn, message *gws.Message) {
	defer message.Close()
	var a gwsAck
	if c.order != nil {
		a.ack, a.err = carefulAck(message.Bytes())
	} else {
		a.ack, a.err = plainAck(message.Bytes())
	}
	c.acks <- a
}

// OnClose ends whoever waits.
func (c *gwsClient) OnClose(_ *gws.Conn, err error) { c.acks <- gwsAck{err: err} }

func newGws(t *target) (client, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	c := &gwsClient{t: t, acks: make(chan gwsAck, 4096)}
	if c.conn, _, err = gws.NewClient(c, &gws.ClientOption{Addr: t.url(), TlsConfig: config}); err != nil {
		return nil, err
	}
	c.sealed = sealedBy(c.conn.NetConn())
	go c.conn.ReadLoop()
	return c, nil
}

// newGwsCareful has the careful order on the library's framing. Reading stays the library's: its read loop is a goroutine of
// its own, and one that spun would take a core also while others are timed.
func newGwsCareful(t *target) (client, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	c := &gwsClient{t: t, acks: make(chan gwsAck, 4096), order: newCarefulOrder(t)}
	if c.conn, _, err = gws.NewClient(c, &gws.ClientOption{Addr: t.url(), TlsConfig: config}); err != nil {
		return nil, err
	}
	c.sealed = sealedBy(c.conn.NetConn())
	go c.conn.ReadLoop()
	return c, nil
}

func (c *gwsClient) push(id uint64, price, qty int64) error {
	if c.order != nil {
		return c.conn.WriteMessage(gws.OpcodeText, c.order.build(id, price, qty))
	}
	payload, err := plainOrder(c.t, id, price, qty)
	if err != nil {
		return err
	}
	return c.conn.WriteMessage(gws.OpcodeText, payload)
}

func (c *gwsClient) answer() (ack, error) {
	a := <-c.acks
	return a.ack, a.err
}
