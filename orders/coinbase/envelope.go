package coinbase

import "orderwire/orders/scan"

// envelope is a message of the Advanced feed: {"channel","timestamp","sequence_num","events":[{...},...]}. What it
// tells lies one or two lists deep, so reading it is in two steps: the envelope as a whole, with all checks, then
// its items by their place.
type envelope struct {
	channel channel
	kind    []byte // type, of a message that is no event
	at      int64
	number  int64
	m       scan.Marks
	events  int // where the list of events begins
}

type channel uint8

const (
	channelOther channel = iota
	channelTrades
	channelTicker
	channelLadder
	channelUser
	channelSubscriptions
)

const (
	hasChannel = 1 << iota
	hasKind
	hasAt
	hasNumber
	hasEvents
	hasMessage
)

// read takes the whole message. It returns the first fault.
func (e *envelope) read(message []byte, text *[]byte) error {
	var c scan.Cursor
	var name []byte
	c.Reset(message)
	c.Object()
	for {
		key, more := c.Key()
		if !more {
			break
		}
		switch string(key) {
		case "channel":
			e.m.Text(&c, &name, hasChannel)
		case "type":
			e.m.Text(&c, &e.kind, hasKind)
		case "timestamp":
			stamp(&c, &e.m, &e.at, hasAt)
		case "sequence_num":
			e.m.Int(&c, &e.number, hasNumber)
		case "events":
			e.m.Saw(hasEvents)
			e.events = c.At()
			c.Skip()
		case "message":
			if c.Kind() != scan.String {
				c.Skip()
				continue
			}
			*text = c.Raw()
			e.m.Saw(hasMessage)
		default:
			c.Skip()
		}
	}
	if err := c.End(); err != nil {
		return err
	}
	e.channel = channelOf(name)
	switch {
	case e.channel == channelOther || e.channel == channelSubscriptions:
		return nil
	case !e.m.Has(hasEvents | hasNumber | hasAt):
		return ErrMissing
	case e.m.Twice():
		return ErrDuplicate
	case e.number < 0 || e.number == 1<<63-1:
		return ErrValue
	}
	return nil
}

func channelOf(name []byte) channel {
	switch string(name) {
	case "market_trades":
		return channelTrades
	case "ticker":
		return channelTicker
	case "l2_data":
		return channelLadder
	case "user":
		return channelUser
	case "subscriptions":
		return channelSubscriptions
	}
	return channelOther
}

// list is the name of the list inside each event of a channel; a ladder's event is itself the item.
func (c channel) list() string {
	switch c {
	case channelTrades:
		return "trades"
	case channelTicker:
		return "tickers"
	case channelUser:
		return "orders"
	}
	return ""
}

// item is where the first item begins that lies in an event behind message[after]; 0 where there is none.
func (e *envelope) item(message []byte, after int) (at int, err error) {
	var c scan.Cursor
	c.Reset(message[e.events:])
	if c.Kind() != scan.Array {
		return 0, ErrMissing
	}
	c.Array()
	for c.More() {
		begin := e.events + c.At()
		if begin <= after {
			c.Skip()
			continue
		}
		if c.Kind() != scan.Object {
			return 0, ErrMissing
		}
		if e.channel == channelLadder {
			return begin, nil
		}
		at, err := e.inside(&c)
		if err != nil || at > 0 {
			return at, err
		}
	}
	return 0, nil
}

// inside reads one event and returns where the first item of its list begins, 0 where it holds none for us.
func (e *envelope) inside(c *scan.Cursor) (at int, err error) {
	const gotType, gotList = 1, 2
	var m scan.Marks
	var kind []byte
	c.Object()
	for {
		key, more := c.Key()
		if !more {
			break
		}
		switch {
		case string(key) == "type":
			m.Text(c, &kind, gotType)
		case string(key) == e.channel.list():
			m.Saw(gotList)
			at = e.events + c.At()
			c.Skip()
		default:
			c.Skip()
		}
	}
	switch {
	case !m.Has(gotType | gotList):
		return 0, ErrMissing
	case m.Twice():
		return 0, ErrDuplicate
	case e.channel == channelTrades && string(kind) == "snapshot":
		return 0, nil // what happened before the subscription
	}
	return at, nil
}

// firstOf steps into the list at message[list]; 0 where it is empty.
func firstOf(message []byte, list int) (at int, err error) {
	var c scan.Cursor
	c.Reset(message[list:])
	if c.Kind() != scan.Array {
		return 0, ErrMissing
	}
	c.Array()
	if !c.More() {
		return 0, nil
	}
	return list + c.At(), nil
}

// start is the first item of all.
func (e *envelope) start(message []byte) (at int, err error) { return e.step(message, 0) }

// next is the item behind one that began at message[began] and ended at message[end].
func (e *envelope) next(message []byte, began, end int) (at int, err error) {
	if e.channel == channelLadder {
		return e.step(message, began)
	}
	for ; end < len(message) && message[end] != ']'; end++ {
		if message[end] == ',' {
			return end + 1, nil
		}
	}
	return e.step(message, end)
}

// step finds the first item in the events behind message[after], passing over events without any.
func (e *envelope) step(message []byte, after int) (at int, err error) {
	for {
		list, err := e.item(message, after)
		if err != nil || list == 0 || e.channel == channelLadder {
			return list, err
		}
		if at, err = firstOf(message, list); err != nil || at > 0 {
			return at, err
		}
		after = list
	}
}
