package coinbase

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"orderwire/orders"
)

// TimeRequest asks for the venue's clock. It needs no credentials.
func (d *Dialect) TimeRequest() *orders.Request {
	if d.API == Advanced {
		return &orders.Request{Method: "GET", Path: "/api/v3/brokerage/time"}
	}
	return &orders.Request{Method: "GET", Path: "/time"}
}

// ParseTime reads the answer to TimeRequest. Units: ns since the Unix epoch. Its text has milliseconds or better.
func (d *Dialect) ParseTime(body []byte) (venueNanos int64, err error) {
	var answer struct {
		ISO         string
		EpochMillis string // Advanced: its ISO text may have whole seconds
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, errors.New("coinbase: the answer to the question for the time is not JSON")
	}
	if millis, err := strconv.ParseInt(answer.EpochMillis, 10, 64); err == nil && millis > 0 && millis < 1<<43 {
		return millis * 1_000_000, nil
	}
	at, err := time.Parse(time.RFC3339Nano, answer.ISO)
	if err != nil {
		return 0, fmt.Errorf("coinbase: the venue's time %.40q is no RFC 3339 time", answer.ISO)
	}
	return at.UnixNano(), nil
}
