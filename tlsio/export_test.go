package tlsio

import (
	"fmt"
	"net"

	"orderwire/tlsio/record"
)

// WithSuite narrows the suites that c offers to one, and the version to that suite's.
func WithSuite(c Config, suite record.Suite) Config {
	c.suites = []record.Suite{suite}
	c.MinVersion, c.MaxVersion = record.TLS12, record.TLS12
	if record.Supports(record.TLS13, suite) {
		c.MinVersion, c.MaxVersion = record.TLS13, record.TLS13
	}
	return c
}

// ParseKeyLogLine is the parser of the library's key log.
var ParseKeyLogLine = parseKeyLogLine

// Watch shows a flight our hello and then the server's records, as the gate would, and returns what it makes of them. The secret
// stands for the server's handshake traffic secret.
func Watch(hello []byte, secret []byte, records [][]byte) (verdict string) {
	f := &flight{keys: &secrets{serverHandshake: secret}, minimum: record.TLS12, limit: record.TLS13}
	f.sending(typeHand)
	f.sendingBody(typeHand, hello)
	for _, rec := range records {
		if err := f.received(rec); err != nil {
			return err.Error()
		}
	}
	if err := f.ended(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%v %v %d %d", f.version, f.suite, f.curve, f.signature)
}

// HandshakeHolding is Handshake without its deadline; held are the secrets that it was told, as they lie in memory afterwards.
func HandshakeHolding(conn net.Conn, c Config) (link *Link, held [][]byte, err error) {
	a := newAttempt(conn, c)
	a.keys.copyTo = holder{a.keys, &held}
	link, err = a.run()
	return link, held, err
}

// holder is told of each secret after it was taken.
type holder struct {
	keys *secrets
	held *[][]byte
}

func (h holder) Write(line []byte) (int, error) {
	*h.held = nil
	for _, secret := range [][]byte{h.keys.clientHandshake, h.keys.serverHandshake, h.keys.clientTraffic, h.keys.serverTraffic, h.keys.master} {
		if secret != nil {
			*h.held = append(*h.held, secret)
		}
	}
	return len(line), nil
}
