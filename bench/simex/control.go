package simex

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// control answers the examiner's own paths, on the same port as the venue: GET /simex/counts, GET /simex/orders,
// POST /simex/go and POST /simex/inject?kind=reset&conn=0&nanos=0&code=0&count=0, and the same without /simex where the
// venue has no such paths itself (Coinbase has /orders). nil means that the request is for the venue.
func (v *Venue) control(c *Conn, r *request) *reply {
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
	case "POST /inject":
		incident, ok := readIncident(r)
		if !ok {
			return &reply{status: 400, body: []byte(`{"msg":"kind is none of the incidents, or a number is none"}`)}
		}
		incident.Spare = c.number
		c.inject = &incident // once this connection's lock is free
		return &reply{status: 200, body: []byte("{}")}
	case "POST /go":
		v.Go()
		return &reply{status: 200, body: []byte("{}")}
	}
	return nil
}

// readIncident reads the query of POST /inject.
func readIncident(r *request) (in Incident, ok bool) {
	name, _ := r.parameter("kind")
	kind := slices.Index(incidentNames[:], string(name))
	ok = kind >= 0
	number := func(name string, low, high int64) int64 {
		text, given := r.parameter(name)
		if !given {
			return 0
		}
		value, err := strconv.ParseInt(string(text), 10, 64)
		ok = ok && err == nil && value >= low && value <= high
		return value
	}
	const most = 1 << 62
	in.Conn = uint64(number("conn", 0, most))
	in.Nanos = number("nanos", -most, most)
	in.Code = uint16(number("code", 1000, 4999))
	in.Count = int(number("count", 0, 1<<30))
	if ok {
		in.Kind = IncidentKind(kind)
	}
	return in, ok
}
