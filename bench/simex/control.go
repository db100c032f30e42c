package simex

import (
	"encoding/json"
	"strings"
)

// control answers the examiner's own paths, on the same port as the venue: GET /simex/counts, GET /simex/orders and
// POST /simex/go, and the same without /simex where the venue has no such paths itself (Coinbase has /orders).
// nil means that the request is for the venue.
func (v *Venue) control(r *request) *reply {
	path, own := strings.CutPrefix(string(r.path), "/simex")
	if !own && strings.HasPrefix(v.config.Kind, "coinbase") {
		return nil
	}
	switch r.method + " " + path {
	case "GET /counts":
		counts := v.Counts()
		return &reply{status: 200, body: counts.appendJSON(nil)}
	case "GET /orders":
		body, err := json.Marshal(v.Orders())
		if err != nil {
			return &reply{status: 500, body: []byte(`{"msg":"orders cannot be written"}`)}
		}
		return &reply{status: 200, body: body}
	case "POST /go":
		v.Go()
		return &reply{status: 200, body: []byte("{}")}
	}
	return nil
}
