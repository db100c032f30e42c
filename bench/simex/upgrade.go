package simex

import (
	"crypto/sha1"
	"encoding/base64"
)

// wantsUpgrade tells whether a request is meant to open a WebSocket.
func (r *request) wantsUpgrade() bool {
	_, n := r.header("Upgrade")
	return n > 0
}

// upgradeFault judges the client's half of the opening handshake; "" when it is sound.
//
// Source: RFC 6455 §4.1, §4.2.1.
func (r *request) upgradeFault() string {
	upgrade, upgrades := r.header("Upgrade")
	key, keys := r.header("Sec-WebSocket-Key")
	version, versions := r.header("Sec-WebSocket-Version")
	_, lengths := r.header("Content-Length")
	switch {
	case r.method != "GET":
		return "the method is not GET"
	case upgrades != 1 || !asciiEqualFold(upgrade, "websocket"):
		return "Upgrade is not websocket"
	case !r.lists("Connection", "Upgrade"):
		return "Connection does not list Upgrade"
	case versions != 1 || string(version) != "13":
		return "Sec-WebSocket-Version is not 13"
	case lengths != 0:
		return "a body with an upgrade"
	case keys != 1:
		return "exactly one Sec-WebSocket-Key is needed"
	}
	var raw [24]byte
	if len(key) != 24 {
		return "Sec-WebSocket-Key is not 16 bytes in base64"
	}
	if n, err := base64.StdEncoding.Strict().Decode(raw[:], key); err != nil || n != 16 {
		return "Sec-WebSocket-Key is not 16 bytes in base64"
	}
	return ""
}

// appendSwitch writes the 101. Extensions and subprotocols are never taken.
func (r *request) appendSwitch(dst []byte) []byte {
	key, _ := r.header("Sec-WebSocket-Key")
	hash := sha1.New() //nolint:gosec // RFC 6455 §4.2.2 fixes SHA-1; it protects nothing here
	hash.Write(key)
	hash.Write([]byte("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	dst = base64.StdEncoding.AppendEncode(dst, hash.Sum(nil))
	return append(dst, "\r\n\r\n"...)
}
