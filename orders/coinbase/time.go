package coinbase

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"orderwire/orders"
)

// TimeRequest asks for the venue's clock. It needs no credentials.
func (d *Dialect) TimeRequest() *orders.Request { return &orders.Request{Method: "GET", Path: "/time"} }

// ParseTime reads the answer to TimeRequest. Units: ns since the Unix epoch. Its text has milliseconds or better.
func (d *Dialect) ParseTime(body []byte) (venueNanos int64, err error) {
	var answer struct{ ISO string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, errors.New("coinbase: the answer to the question for the time is not JSON")
	}
	at, err := time.Parse(time.RFC3339Nano, answer.ISO)
	if err != nil {
		return 0, fmt.Errorf("coinbase: the venue's time %.40q is no RFC 3339 time", answer.ISO)
	}
	return at.UnixNano(), nil
}
