package simex

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strconv"
	"strings"
)

// krakenREST is one REST request. Errors come as HTTP 200 with {"error":[...]}, as at the venue.
//
// Source: guides/rest/authentication: API-Sign is HMAC-SHA512 over path and SHA-256 of nonce and body.
type krakenREST struct {
	k       *kraken
	v       *Venue
	r       *request
	now     int64
	key     *apiKey
	account *account
}

func (k *kraken) rest(c *Conn, now int64, r *request) *reply {
	call := &krakenREST{k: k, v: k.v, r: r, now: now}
	path := string(r.path)
	run := map[string]func() ([]byte, string){
		"GET /0/public/Time":                   call.time,
		"GET /0/public/SystemStatus":           call.status,
		"GET /0/public/AssetPairs":             call.pairs,
		"POST /0/private/GetWebSocketsToken":   call.token,
		"POST /0/private/OpenOrders":           call.openOrders,
		"POST /0/private/ClosedOrders":         call.closedOrders,
		"POST /0/private/QueryOrders":          call.queryOrders,
		"POST /0/private/TradesHistory":        call.trades,
		"POST /0/private/Balance":              fixedKraken("{}"),
		"POST /0/private/GetApiKeyInfo":        call.keyInfo,
		"POST /0/private/CancelOrder":          call.cancel,
		"POST /0/private/CancelAll":            call.cancelAll,
		"POST /0/private/CancelAllOrdersAfter": call.cancelAfter,
	}[r.method+" "+path]
	if run == nil {
		k.v.tally.add(cUnexpected)
		answer := krakenReply(nil, "EGeneral:Unknown method")
		answer.status = 404
		return answer
	}
	k.v.mu.Lock()
	defer k.v.mu.Unlock()
	if now < k.v.closedUntil {
		return krakenReply(nil, "EService:Unavailable")
	}
	if strings.HasPrefix(path, "/0/private/") {
		if why := call.authenticate(); why != nil {
			why.count(k.v)
			return krakenReply(nil, why.text)
		}
	}
	plan := call.plan()
	if plan.Reject != "" {
		return krakenReply(nil, plan.Reject)
	}
	result, fault := run()
	return c.planned(now, krakenReply(result, fault), &plan)
}

// plan asks the script about requests that a client reconciles by. The venue's lock is held.
func (call *krakenREST) plan() Plan {
	switch string(call.r.path) {
	case "/0/private/OpenOrders", "/0/private/ClosedOrders", "/0/private/QueryOrders", "/0/private/TradesHistory":
		client, _ := formValue(call.r.body, "cl_ord_id")
		return call.v.planFor("query", call.now, call.account, "", client)
	}
	return Plan{}
}

func fixedKraken(text string) func() ([]byte, string) {
	return func() ([]byte, string) { return []byte(text), "" }
}

func krakenReply(result []byte, fault string) *reply {
	if fault != "" {
		return &reply{status: 200, body: append(appendQuoted([]byte(`{"error":[`), []byte(fault)), ']', '}')}
	}
	return &reply{status: 200, body: append(append([]byte(`{"error":[],"result":`), result...), '}')}
}

// authenticate checks key, signature and nonce. The venue's lock is held.
func (call *krakenREST) authenticate() *refusal {
	name, _ := call.r.header("API-Key")
	sign, _ := call.r.header("API-Sign")
	if _, n := call.r.header("User-Agent"); n != 1 {
		return &refusal{counter: cBadParams, text: "EGeneral:Permission denied"}
	}
	call.key = call.v.keys[string(name)]
	if call.key == nil {
		return &refusal{counter: cBadKeys, text: "EAPI:Invalid key"}
	}
	call.account = call.key.account
	secret, err := base64.StdEncoding.DecodeString(call.key.Secret)
	if err != nil {
		return &refusal{counter: cBadKeys, text: "EAPI:Invalid key"}
	}
	nonce, _ := formValue(call.r.body, "nonce")
	inner := sha256.Sum256(append(append([]byte(nil), nonce...), call.r.body...))
	mac := hmac.New(sha512.New, secret)
	mac.Write(call.r.path)
	mac.Write(inner[:])
	given, err := base64.StdEncoding.Strict().DecodeString(string(sign))
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return &refusal{counter: cBadSignatures, text: "EAPI:Invalid signature"}
	}
	value, err := strconv.ParseUint(string(nonce), 10, 64)
	if err != nil || value <= call.key.nonce {
		return &refusal{counter: cBadNonce, text: "EAPI:Invalid nonce"}
	}
	call.key.nonce = value
	return nil
}

const krakenTokenNanos = 900e9

func (call *krakenREST) token() ([]byte, string) {
	text := call.v.issue(call.key, 20, call.now+krakenTokenNanos)
	return append(appendQuoted([]byte(`{"token":`), []byte(text)), `,"expires":900}`...), ""
}

func (call *krakenREST) time() ([]byte, string) {
	dst := appendInt([]byte(`{"unixtime":`), call.v.clock(call.now)/1e9)
	return append(appendRFC3339(append(dst, `,"rfc1123":"`...), call.v.clock(call.now)), `"}`...), ""
}

func (call *krakenREST) status() ([]byte, string) {
	dst := appendRFC3339([]byte(`{"status":"online","timestamp":"`), call.v.clock(call.now))
	return append(dst, `"}`...), ""
}

// altName is a symbol as REST writes it: BTC/USD is XBTUSD there.
func altName(symbol string) string {
	return strings.ReplaceAll(strings.ReplaceAll(symbol, "/", ""), "BTC", "XBT")
}

func (call *krakenREST) pairs() ([]byte, string) {
	dst := []byte{'{'}
	for i, ins := range call.v.instruments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), altName(ins.Symbol)...), `":{"altname":"`...)
		dst = append(append(append(dst, altName(ins.Symbol)...), `","wsname":"`...), strings.ReplaceAll(ins.Symbol, "BTC", "XBT")...)
		dst = append(append(dst, `","base":"`...), ins.Base...)
		dst = append(append(dst, `","quote":"`...), ins.Quote...)
		dst = appendInt(append(dst, `","pair_decimals":`...), decimalsOf(ins.tick))
		dst = appendInt(append(dst, `,"lot_decimals":`...), decimalsOf(ins.step))
		dst = ins.minQty.appendShort(append(dst, `,"ordermin":"`...))
		dst = ins.minNotional.appendShort(append(dst, `","costmin":"`...))
		dst = append(append(dst, `","tick_size":"`...), ins.Tick...)
		dst = append(dst, `","status":"online"}`...)
	}
	return append(dst, '}'), ""
}

// orders lists those that pass keep, by venue id.
func (call *krakenREST) orders(keep func(*order) bool) []byte {
	dst := []byte{'{'}
	for _, o := range call.v.orders {
		if o.account != call.account || call.now < o.hiddenUntil || !keep(o) {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(append(append(append(dst, '"'), o.uid...), `":`...), call.describe(o)...)
	}
	return append(dst, '}')
}

func (call *krakenREST) describe(o *order) []byte {
	dst := append(append([]byte(`{"refid":null,"userref":null,"status":"`), krakenRESTStates[o.state]...), `","opentm":`...)
	dst = appendSeconds(dst, call.v.clock(o.created))
	if o.client != "" {
		dst = appendQuoted(append(dst, `,"cl_ord_id":`...), []byte(o.client))
	}
	dst = append(append(dst, `,"descr":{"pair":"`...), altName(o.instrument.Symbol)...)
	dst = append(append(dst, `","type":"`...), krakenSides[o.side]...)
	dst = append(append(dst, `","ordertype":"`...), krakenTypes[o.kind]...)
	dst = o.price.appendShort(append(dst, `","price":"`...))
	dst = o.qty.appendFixed(append(dst, `"},"vol":"`...))
	dst = o.done.appendFixed(append(dst, `","vol_exec":"`...))
	dst = o.value.appendFixed(append(dst, `","cost":"`...))
	return append(dst, `","fee":"0","trades":[]}`...)
}

// appendSeconds writes wall time as seconds with four decimals.
func appendSeconds(dst []byte, now int64) []byte {
	dst = append(appendInt(dst, now/1e9), '.')
	tenths := now % 1e9 / 1e5
	for unit := int64(1000); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+tenths/unit%10))
	}
	return dst
}

func (call *krakenREST) openOrders() ([]byte, string) {
	client, only := formValue(call.r.body, "cl_ord_id")
	list := call.orders(func(o *order) bool { return o.open() && (!only || o.client == string(client)) })
	return append(append([]byte(`{"open":`), list...), '}'), ""
}

func (call *krakenREST) closedOrders() ([]byte, string) {
	client, only := formValue(call.r.body, "cl_ord_id")
	n := int64(0)
	list := call.orders(func(o *order) bool {
		keep := !o.open() && (!only || o.client == string(client))
		if keep {
			n++
		}
		return keep
	})
	return append(appendInt(append(append([]byte(`{"closed":`), list...), `,"count":`...), n), '}'), ""
}

func (call *krakenREST) queryOrders() ([]byte, string) {
	ids, _ := formValue(call.r.body, "txid")
	list := bytes.Split(ids, []byte(","))
	return call.orders(func(o *order) bool {
		for _, id := range list {
			if o.uid == string(id) {
				return true
			}
		}
		return false
	}), ""
}

// trades is TradesHistory: start is exclusive, in seconds.
func (call *krakenREST) trades() ([]byte, string) {
	start := 0.0
	if text, ok := formValue(call.r.body, "start"); ok {
		value, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			return nil, "EGeneral:Invalid arguments:start"
		}
		start = value
	}
	dst, n := []byte(`{"trades":{`), int64(0)
	for _, f := range call.v.fills(call.account, nil, call.now) {
		if float64(call.v.clock(f.at))/1e9 <= start {
			continue
		}
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		dst = append(appendExecID(append(dst, '"'), f.id, f.order.side), `":{"ordertxid":"`...)
		dst = append(append(append(dst, f.order.uid...), `","pair":"`...), altName(f.order.instrument.Symbol)...)
		dst = appendSeconds(append(dst, `","time":`...), call.v.clock(f.at))
		dst = append(append(dst, `,"type":"`...), krakenSides[f.order.side]...)
		dst = f.price.appendShort(append(dst, `","price":"`...))
		dst = f.qty.appendFixed(append(dst, `","vol":"`...))
		dst = f.price.times(f.qty).appendFixed(append(dst, `","cost":"`...))
		dst = appendInt(append(dst, `","fee":"0","trade_id":`...), int64(f.id))
		dst = append(appendBool(append(dst, `,"maker":`...), f.maker), '}')
	}
	return append(appendInt(append(dst, `},"count":`...), n), '}'), ""
}

func (call *krakenREST) keyInfo() ([]byte, string) {
	rights := `"query-open-trades","query-closed-trades","access-websockets-api"`
	if !call.key.NoTrade {
		rights += `,"modify-trades","close-trades"`
	}
	if call.key.Withdraws {
		rights += `,"withdraw-funds"`
	}
	addresses := `["127.0.0.1"]`
	if call.key.AnyAddress {
		addresses = "[]"
	}
	return []byte(`{"permissions":[` + rights + `],"ip_allowlist":` + addresses + "}"), ""
}

func (call *krakenREST) cancel() ([]byte, string) {
	id, _ := formValue(call.r.body, "txid")
	o := call.v.byUID[string(id)]
	if o == nil {
		client, _ := formValue(call.r.body, "cl_ord_id")
		o = call.account.latest[string(client)]
	}
	if o == nil || o.account != call.account || !o.open() {
		return nil, "EOrder:Unknown order"
	}
	call.v.cancel(call.now, o, "User requested")
	call.v.publish(call.now, nil, &Plan{})
	return []byte(`{"count":1}`), ""
}

func (call *krakenREST) cancelAll() ([]byte, string) {
	n := int64(0)
	for _, o := range call.v.openOrders(call.account, nil) {
		call.v.cancel(call.now, o, "User requested")
		n++
	}
	call.v.publish(call.now, nil, &Plan{})
	return append(appendInt([]byte(`{"count":`), n), '}'), ""
}

func (call *krakenREST) cancelAfter() ([]byte, string) {
	text, _ := formValue(call.r.body, "timeout")
	seconds, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil || seconds < 0 || seconds > 86400 {
		return nil, "EGeneral:Invalid arguments:timeout"
	}
	dst := append(appendRFC3339([]byte(`{"currentTime":"`), call.v.clock(call.now)), `","triggerTime":"`...)
	at := int64(0)
	if seconds > 0 {
		at = call.now + seconds*1e9
		dst = appendRFC3339(dst, call.v.clock(at))
	} else {
		dst = append(dst, '0')
	}
	call.v.arm(call.account, nil, at)
	return append(dst, '"', '}'), ""
}

var krakenRESTStates = [...]string{"open", "open", "closed", "canceled", "expired", "canceled"}
