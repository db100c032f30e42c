package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ack is what the far end answers.
type ack struct {
	status                    int
	rx, bad, rec, seg, length int64
}

// plainOrder is the order as most people write it: a map, fmt, encoding/json, a new HMAC.
func plainOrder(t *target, id uint64, price, qty int64) ([]byte, error) {
	text := fmt.Sprintf("%010d", id)
	params := map[string]any{
		"apiKey":           t.key,
		"newClientOrderId": "ow-" + text,
		"price":            fmt.Sprintf("%d.%02d", price/100, price%100),
		"quantity":         fmt.Sprintf("%d.%05d", qty/100000, qty%100000),
		"side":             "BUY",
		"symbol":           "BTCUSDT",
		"timeInForce":      "GTC",
		"timestamp":        time.Now().UnixMilli(),
		"type":             "LIMIT",
	}
	values := url.Values{}
	for name, value := range params {
		values.Set(name, fmt.Sprint(value))
	}
	mac := hmac.New(sha256.New, []byte(t.secret))
	mac.Write([]byte(values.Encode())) // Encode sorts; nothing here needs escaping
	params["signature"] = hex.EncodeToString(mac.Sum(nil))
	return json.Marshal(map[string]any{"id": text, "method": "order.place", "params": params})
}

// plainAck parses an answer as most people do.
func plainAck(message []byte) (ack, error) {
	var reply struct {
		Status int `json:"status"`
		Result struct {
			RX  int64 `json:"rx"`
			Bad int64 `json:"bad"`
			Rec int64 `json:"rec"`
			Seg int64 `json:"seg"`
			Len int64 `json:"len"`
		} `json:"result"`
	}
	if err := json.Unmarshal(message, &reply); err != nil {
		return ack{}, err
	}
	r := &reply.Result
	return ack{reply.Status, r.RX, r.Bad, r.Rec, r.Seg, r.Len}, nil
}

// carefulOrder is the order as somebody writes it who counts allocations: appended to one buffer, with one HMAC that is
// reset.
type carefulOrder struct {
	t      *target
	mac    hash.Hash
	signed []byte
	frame  []byte
	sum    []byte
}

func newCarefulOrder(t *target) *carefulOrder {
	return &carefulOrder{
		t: t, mac: hmac.New(sha256.New, []byte(t.secret)),
		signed: make([]byte, 0, 1024), frame: make([]byte, 0, 1024), sum: make([]byte, 0, sha256.Size),
	}
}

// build returns the frame's payload, valid until the next call.
func (o *carefulOrder) build(id uint64, price, qty int64) []byte {
	now := time.Now().UnixMilli()
	s := append(o.signed[:0], "apiKey="...)
	s = append(append(s, o.t.key...), "&newClientOrderId=ow-"...)
	s = appendPadded(s, id, 10)
	s = appendDecimal(append(s, "&price="...), price, 100, 2)
	s = appendDecimal(append(s, "&quantity="...), qty, 100000, 5)
	s = append(s, "&side=BUY&symbol=BTCUSDT&timeInForce=GTC&timestamp="...)
	s = strconv.AppendInt(s, now, 10)
	s = append(s, "&type=LIMIT"...)
	o.mac.Reset()
	o.mac.Write(s)
	o.sum = o.mac.Sum(o.sum[:0])

	f := append(o.frame[:0], `{"id":"`...)
	f = appendPadded(f, id, 10)
	f = append(append(append(f, `","method":"order.place","params":{"apiKey":"`...), o.t.key...), `","newClientOrderId":"ow-`...)
	f = appendPadded(f, id, 10)
	f = appendDecimal(append(f, `","price":"`...), price, 100, 2)
	f = appendDecimal(append(f, `","quantity":"`...), qty, 100000, 5)
	f = append(f, `","side":"BUY","symbol":"BTCUSDT","timeInForce":"GTC","timestamp":`...)
	f = strconv.AppendInt(f, now, 10)
	f = append(f, `,"type":"LIMIT","signature":"`...)
	f = hex.AppendEncode(f, o.sum)
	o.frame = append(f, `"}}`...)
	return o.frame
}

func appendPadded(dst []byte, v uint64, width int) []byte {
	var digits [20]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + v%10)
		v /= 10
	}
	return append(dst, digits[:width]...)
}

func appendDecimal(dst []byte, v, scale int64, decimals int) []byte {
	dst = append(strconv.AppendInt(dst, v/scale, 10), '.')
	return appendPadded(dst, uint64(v%scale), decimals)
}

// carefulAck finds the numbers that it needs in an answer of known shape, without a JSON library.
func carefulAck(message []byte) (ack, error) {
	a := ack{status: int(numberAfter(message, `"status":`))}
	if a.status == 0 {
		return a, fmt.Errorf("an answer without a status: %.100q", message)
	}
	a.rx = numberAfter(message, `"rx":`)
	a.bad = numberAfter(message, `"bad":`)
	a.rec = numberAfter(message, `"rec":`)
	a.seg = numberAfter(message, `"seg":`)
	a.length = numberAfter(message, `"len":`)
	return a, nil
}

func numberAfter(message []byte, name string) (v int64) {
	at := bytes.Index(message, []byte(name))
	if at < 0 {
		return 0
	}
	for _, b := range message[at+len(name):] {
		if b < '0' || b > '9' {
			break
		}
		v = v*10 + int64(b-'0')
	}
	return v
}

// query is the order as the body of a POST.
func query(t *target, id uint64, price, qty int64) string {
	values := url.Values{}
	values.Set("newClientOrderId", fmt.Sprintf("ow-%010d", id))
	values.Set("price", fmt.Sprintf("%d.%02d", price/100, price%100))
	values.Set("quantity", fmt.Sprintf("%d.%05d", qty/100000, qty%100000))
	values.Set("side", "BUY")
	values.Set("symbol", "BTCUSDT")
	values.Set("timeInForce", "GTC")
	values.Set("timestamp", strconv.FormatInt(time.Now().UnixMilli(), 10))
	values.Set("type", "LIMIT")
	text := values.Encode()
	mac := hmac.New(sha256.New, []byte(t.secret))
	mac.Write([]byte(text))
	var b strings.Builder
	b.WriteString(text)
	b.WriteString("&signature=")
	b.WriteString(hex.EncodeToString(mac.Sum(nil)))
	return b.String()
}
