package simex

import "encoding/json"

// control answers the examiner's own paths, on the same port as the venue: GET /counts, GET /orders and POST /go.
// nil means that the request is for the venue.
func (v *Venue) control(r *request) *reply {
	switch r.method + " " + string(r.path) {
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
