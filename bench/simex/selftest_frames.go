package simex

import (
	"fmt"
	"strings"
)

// frameClients break the rules of RFC 6455 and HTTP/1.1 that hold at every venue.
func frameClients(path string) []badClient {
	if path == "" {
		return nil
	}
	open := func(then func(*probe)) func(*probe) error {
		return func(p *probe) error {
			if err := p.upgrade(path); err != nil {
				return err
			}
			then(p)
			return nil
		}
	}
	closed := func(code int, then func(*probe)) func(*probe) error {
		return func(p *probe) error {
			if err := open(then)(p); err != nil {
				return err
			}
			if p.close != code {
				return fmt.Errorf("the connection was closed with %d, not %d", p.close, code)
			}
			return nil
		}
	}
	header := func(first, second byte, more ...byte) func(*probe) {
		return func(p *probe) { p.raw(append([]byte{first, second}, more...)) }
	}
	clients := []badClient{
		{name: "ping is answered, close is echoed", play: closed(1000, func(p *probe) {
			p.frame(0x89, []byte("hello"))
			p.frame(0x88, []byte{0x03, 0xE8})
		})},
		{name: "reserved bit", rule: "bad_frames", play: closed(1002, header(0xC1, 0x80, 1, 2, 3, 4))},
		{name: "reserved opcode 3", rule: "bad_frames", play: closed(1002, header(0x83, 0x80, 1, 2, 3, 4))},
		{name: "reserved opcode 11", rule: "bad_frames", play: closed(1002, header(0x8B, 0x80, 1, 2, 3, 4))},
		{name: "fragmented ping", rule: "bad_frames", play: closed(1002, header(0x09, 0x80, 1, 2, 3, 4))},
		{name: "ping of 126 bytes", rule: "bad_frames", play: closed(1002, header(0x89, 0xFE, 0, 126))},
		{name: "16-bit length below 126", rule: "bad_frames", play: closed(1002, header(0x81, 0xFE, 0, 125))},
		{name: "64-bit length below 65536", rule: "bad_frames", play: closed(1002, header(0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF))},
		{name: "64-bit length with the top bit", rule: "bad_frames", play: closed(1002, header(0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0))},
		{name: "message too big", rule: "bad_frames", play: closed(1009, header(0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1))},
		{name: "fragments too big together", rule: "bad_frames", play: closed(1009, func(p *probe) {
			p.frame(0x01, make([]byte, 40<<10))
			p.frame(0x80, make([]byte, 40<<10))
		})},
		{name: "continuation of nothing", rule: "bad_frames", play: closed(1002, func(p *probe) { p.frame(0x80, nil) })},
		{name: "message inside a message", rule: "bad_frames", play: closed(1002, func(p *probe) {
			p.frame(0x01, []byte("{"))
			p.frame(0x81, []byte("{}"))
		})},
		{name: "text that is not UTF-8", rule: "bad_frames", play: closed(1007, func(p *probe) { p.frame(0x81, []byte{'"', 0xC0, 0x80, '"'}) })},
		{name: "close of one byte", rule: "bad_frames", play: closed(1002, func(p *probe) { p.frame(0x88, []byte{3}) })},
		{name: "close code 1005", rule: "bad_frames", play: closed(1002, func(p *probe) { p.frame(0x88, []byte{0x03, 0xED}) })},
		{name: "close code 999", rule: "bad_frames", play: closed(1002, func(p *probe) { p.frame(0x88, []byte{0x03, 0xE7}) })},
		{name: "close reason that is not UTF-8", rule: "bad_frames", play: closed(1007, func(p *probe) { p.frame(0x88, []byte{0x03, 0xE8, 0xFF}) })},
		{name: "binary message", rule: "unexpected", play: closed(1003, func(p *probe) { p.frame(0x82, []byte("{}")) })},
	}
	clients = append(clients, maskClients(open, closed)...)
	clients = append(clients, pongClients(path)...)
	return append(clients, httpClients(path)...)
}

// maskClients break RFC 6455 §5.3.
func maskClients(open func(func(*probe)) func(*probe) error, closed func(int, func(*probe)) func(*probe) error) []badClient {
	ping := func(masks ...[4]byte) func(*probe) error {
		return open(func(p *probe) {
			for _, mask := range masks {
				p.maskedFrame(0x89, mask, nil)
			}
		})
	}
	return []badClient{
		{name: "frame without a mask", rule: "bad_masks", play: closed(1002, func(p *probe) { p.raw([]byte{0x89, 0x00}) })},
		{name: "fixed mask", rule: "bad_masks", play: ping([4]byte{1, 2, 3, 4}, [4]byte{1, 2, 3, 4})},
		{name: "mask of zeros, twice", rule: "bad_masks", play: ping([4]byte{}, [4]byte{})},
		{name: "masks that repeat after three", rule: "bad_masks", play: ping([4]byte{1, 2, 3, 4}, [4]byte{8, 9, 1, 7}, [4]byte{3, 1, 4, 1}, [4]byte{1, 2, 3, 4})},
		{name: "masks that count up", rule: "bad_masks", play: ping([4]byte{0, 0, 0, 254}, [4]byte{0, 0, 0, 255}, [4]byte{0, 0, 1, 0}, [4]byte{0, 0, 1, 1})},
		{name: "masks that count by 1000, little-endian", rule: "bad_masks", play: ping([4]byte{0xE8, 3}, [4]byte{0xD0, 7}, [4]byte{0xB8, 0xB}, [4]byte{0xA0, 0xF})},
		{name: "a mask used on two connections", rule: "bad_masks", play: func(p *probe) error {
			if err := ping([4]byte{1, 2, 3, 4})(p); err != nil {
				return err
			}
			p.connect()
			return ping([4]byte{1, 2, 3, 4})(p)
		}},
		{name: "2000 fresh masks", play: open(func(p *probe) {
			for range 2000 {
				p.frame(0x89, nil)
			}
		})},
	}
}

// pongClients break the venue's PING rule.
func pongClients(path string) []badClient {
	afterPing := func(play func(*probe)) func(*probe) error {
		return func(p *probe) error {
			if err := p.upgrade(path); err != nil {
				return err
			}
			p.settle()
			p.now += 20e9
			p.c.Tick(p.now)
			p.read()
			if len(p.pings) != 1 {
				return fmt.Errorf("%d PINGs came after the interval, not 1", len(p.pings))
			}
			play(p)
			return nil
		}
	}
	pinging := func(c *Config) { c.PingEvery, c.PongWait = 20e9, 60e9 }
	return []badClient{
		{name: "pong with the same payload", setup: pinging, play: afterPing(func(p *probe) { p.frame(0x8A, p.pings[0]) })},
		{name: "unsolicited empty pong", setup: pinging, play: func(p *probe) error {
			if err := p.upgrade(path); err != nil {
				return err
			}
			p.frame(0x8A, nil)
			return nil
		}},
		{name: "pong with another payload", rule: "bad_pong", setup: pinging, play: afterPing(func(p *probe) { p.frame(0x8A, []byte("other")) })},
		{name: "no pong in time", rule: "bad_pong", setup: pinging, play: afterPing(func(p *probe) {
			p.now += 60e9
			p.c.Tick(p.now)
			p.read()
		})},
	}
}

// httpClients break the opening handshake.
func httpClients(path string) []badClient {
	lines := []string{
		"GET " + path + " HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}
	send := func(at int, line string) func(*probe) error {
		return func(p *probe) error {
			changed := append([]string(nil), lines...)
			changed[at] = line
			reply := p.http(strings.Join(changed, "\r\n") + "\r\n\r\n")
			if !strings.HasPrefix(reply, "HTTP/1.1 400 ") {
				return fmt.Errorf("the handshake got %q, not 400", reply)
			}
			return nil
		}
	}
	return []badClient{
		{name: "HTTP/1.0", rule: "bad_http", play: send(0, "GET "+path+" HTTP/1.0")},
		{name: "POST upgrade", rule: "bad_http", play: send(0, "POST "+path+" HTTP/1.1")},
		{name: "no Host", rule: "bad_http", play: send(1, "X-Other: x")},
		{name: "space before the colon", rule: "bad_http", play: send(1, "Host : x")},
		{name: "folded header", rule: "bad_http", play: send(1, "Host: x\r\n folded")},
		{name: "NUL in a header", rule: "bad_http", play: send(1, "Host: x\x00")},
		{name: "Upgrade to something else", rule: "bad_http", play: send(2, "Upgrade: h2c")},
		{name: "Connection without Upgrade", rule: "bad_http", play: send(3, "Connection: keep-alive")},
		{name: "version 8", rule: "bad_http", play: send(4, "Sec-WebSocket-Version: 8")},
		{name: "key of 15 bytes", rule: "bad_http", play: send(5, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j")},
		{name: "two keys", rule: "bad_http", play: send(1, "Host: x\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")},
		{name: "not HTTP at all", rule: "bad_http", play: func(p *probe) error {
			p.http("\x16\x03\x01 hello")
			return nil
		}},
		{name: "unknown path", rule: "unexpected", play: func(p *probe) error {
			if reply := p.http("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(reply, "HTTP/1.1 404 ") {
				return fmt.Errorf("the request got %q, not 404", reply)
			}
			return nil
		}},
	}
}
