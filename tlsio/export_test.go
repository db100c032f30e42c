package tlsio

import (
	"fmt"

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
