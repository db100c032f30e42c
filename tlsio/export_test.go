package tlsio

import "orderwire/tlsio/record"

// WithSuite narrows the suites of TLS 1.3 that c offers to one.
func WithSuite(c Config, suite record.Suite) Config {
	if record.Supports(record.TLS13, suite) {
		c.suites = []record.Suite{suite}
	}
	return c
}

// ParseKeyLogLine is the parser of the library's key log.
var ParseKeyLogLine = parseKeyLogLine
