package simex

import (
	"bytes"
	"strconv"
)

// binanceREST is what a REST request adds to a call, and where its answer goes.
//
// Source: rest-api.md, Request security: the payload is the query string followed by the body without a separator,
// as sent and percent-encoded, up to the signature, which comes last; the key is in X-MBX-APIKEY.
type binanceREST struct {
	key    []byte
	signed []byte
	answer *reply
	due    int64 // when the answer may leave
}

func binanceRoutes() map[string]string {
	return map[string]string{
		"GET /api/v3/ping":                     "ping",
		"GET /api/v3/time":                     "time",
		"GET /api/v3/exchangeInfo":             "exchangeInfo",
		"GET /api/v3/depth":                    "depth",
		"POST /api/v3/order":                   "order.place",
		"POST /api/v3/order/test":              "order.test",
		"GET /api/v3/order":                    "order.status",
		"DELETE /api/v3/order":                 "order.cancel",
		"POST /api/v3/order/cancelReplace":     "order.cancelReplace",
		"PUT /api/v3/order/amend/keepPriority": "order.amend.keepPriority",
		"GET /api/v3/openOrders":               "openOrders.status",
		"DELETE /api/v3/openOrders":            "openOrders.cancelAll",
		"GET /api/v3/myTrades":                 "myTrades",
		"GET /api/v3/account":                  "account.status",
		"GET /api/v3/rateLimit/order":          "account.rateLimits.orders",
		"GET /sapi/v1/account/apiRestrictions": "account.restrictions",
		"GET /fapi/v1/ping":                    "ping",
		"GET /fapi/v1/time":                    "time",
		"GET /fapi/v1/exchangeInfo":            "exchangeInfo",
		"GET /fapi/v1/depth":                   "depth",
		"POST /fapi/v1/order":                  "order.place",
		"POST /fapi/v1/order/test":             "order.test",
		"GET /fapi/v1/order":                   "order.status",
		"DELETE /fapi/v1/order":                "order.cancel",
		"PUT /fapi/v1/order":                   "order.modify",
		"GET /fapi/v1/openOrders":              "openOrders.status",
		"DELETE /fapi/v1/allOpenOrders":        "openOrders.cancelAll",
		"GET /fapi/v1/userTrades":              "myTrades",
		"GET /fapi/v2/account":                 "account.status",
		"GET /fapi/v3/account":                 "account.status",
		"GET /fapi/v2/positionRisk":            "account.position",
		"GET /fapi/v3/positionRisk":            "account.position",
		"GET /fapi/v1/positionSide/dual":       "account.positionMode",
		"GET /fapi/v1/rateLimit/order":         "account.rateLimits.orders",
		"POST /fapi/v1/listenKey":              "userDataStream.start",
		"PUT /fapi/v1/listenKey":               "userDataStream.ping",
		"DELETE /fapi/v1/listenKey":            "userDataStream.stop",
		"POST /fapi/v1/countdownCancelAll":     "countdownCancelAll",
	}
}

// rest answers one REST request through the same methods as the WebSocket API.
func (b *binance) rest(c *Conn, now int64, r *request) *reply {
	name, known := b.routes[r.method+" "+string(r.path)]
	method := b.methods[name]
	if !known || method == nil {
		b.v.tally.add(cUnexpected)
		return &reply{status: 404, body: []byte(`{"code":-1000,"msg":"unknown path"}`)}
	}
	s := &binanceSession{b: b, v: b.v, c: c, http: &binanceREST{due: now}}
	s.call = binanceCall{now: now, method: method}
	why := s.readForms(&s.call, r)
	if why == nil {
		why = s.serve(&s.call)
	}
	if why != nil {
		why.count(s.v)
		s.refuse(&s.call, why)
	}
	if s.http.answer != nil && s.http.due > now {
		c.respondLater(now, s.http.due, s.http.answer)
		return nil
	}
	return s.http.answer
}

// readForms takes the parameters of query and body; one that is in both counts as in the query.
func (s *binanceSession) readForms(call *binanceCall, r *request) *refusal {
	if key, n := r.header("X-MBX-APIKEY"); n == 1 {
		s.http.key = key
	} else if n > 1 {
		return &refusal{cBadKeys, 401, -2014, "API-key format invalid.", 0}
	}
	all := append(append([]byte(nil), r.query...), r.body...)
	if at := bytes.LastIndex(all, []byte("signature=")); at >= 0 {
		if bytes.IndexByte(all[at:], '&') >= 0 {
			return &refusal{cBadSignatures, 400, -1022, "Signature for this request is not valid.", 0} // it is not the last one
		}
		s.http.signed = bytes.TrimSuffix(all[:at], []byte("&"))
	}
	for i, form := range [][]byte{r.query, r.body} {
		fixed := len(call.args)
		for pair := range bytes.SplitSeq(form, []byte("&")) {
			if len(pair) == 0 {
				continue
			}
			name, value, _ := bytes.Cut(pair, []byte("="))
			decoded, ok := percentDecode(value)
			if !ok {
				return &refusal{cBadParams, 400, -1100, "Illegal characters found in a parameter.", 0}
			}
			if earlier := call.find(string(name)); earlier != nil {
				if i == 1 && within(call.args[:fixed], earlier) {
					continue
				}
				return &refusal{cBadParams, 400, -1101, "Duplicate values for a parameter detected.", 0}
			}
			call.args = append(call.args, argument{name, decoded, formValueKind})
		}
	}
	return nil
}

func within(args []argument, one *argument) bool {
	for i := range args {
		if &args[i] == one {
			return true
		}
	}
	return false
}

// percentDecode undoes %XX; + stays, since these are not HTML forms.
func percentDecode(text []byte) ([]byte, bool) {
	if bytes.IndexByte(text, '%') < 0 {
		return text, true
	}
	out := make([]byte, 0, len(text))
	for at := 0; at < len(text); at++ {
		if text[at] != '%' {
			out = append(out, text[at])
			continue
		}
		if at+2 >= len(text) {
			return nil, false
		}
		high, low := hexValue(text[at+1]), hexValue(text[at+2])
		if high < 0 || low < 0 {
			return nil, false
		}
		out = append(out, byte(high<<4|low))
		at += 2
	}
	return out, true
}

// respond keeps the answer, as the plan wants it.
func (h *binanceREST) respond(s *binanceSession, call *binanceCall, status int, body []byte, plan *Plan) {
	switch {
	case plan.Cut:
		s.c.end(ErrReset)
		return
	case plan.AckLost:
		s.c.hung = true
		return
	}
	h.due = call.now + plan.AckDelay
	h.answer = &reply{status: status, body: bytes.Clone(body), headers: h.usage(call)}
}

func (h *binanceREST) refuse(s *binanceSession, call *binanceCall, why *refusal) {
	body := appendQuoted(append(appendInt([]byte(`{"code":`), int64(why.code)), `,"msg":`...), []byte(why.text))
	h.respond(s, call, why.status, append(body, '}'), &Plan{})
	if why.retryAt > 0 {
		seconds := max(1, why.retryAt/1e3-call.now/1e9)
		h.answer.headers = append(h.answer.headers, header{[]byte("Retry-After"), strconv.AppendInt(nil, seconds, 10)})
	}
}

// usage is the limits' use as headers.
func (h *binanceREST) usage(call *binanceCall) []header {
	list := []header{{[]byte("X-MBX-USED-WEIGHT-1M"), strconv.AppendInt(nil, call.weight, 10)}}
	if call.ordering {
		list = append(
			list,
			header{[]byte("X-MBX-ORDER-COUNT-10S"), strconv.AppendInt(nil, call.tens, 10)},
			header{[]byte("X-MBX-ORDER-COUNT-1D"), strconv.AppendInt(nil, call.day, 10)},
		)
	}
	return list
}
