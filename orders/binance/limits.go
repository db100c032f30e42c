package binance

import (
	"math"

	"orderwire/orders/scan"
)

// limits reads the usage that the venue reports with each reply: the request weight, and of the order counts
// the one with the shortest window, which is the one that is hit first.
func (p *reply) limits() {
	if p.c.Kind() != scan.Array {
		p.c.Skip()
		return
	}
	p.c.Array()
	for p.c.More() {
		if p.c.Kind() != scan.Object {
			p.c.Skip()
			continue
		}
		p.limit()
	}
}

func (p *reply) limit() {
	var kind, interval []byte
	var intervals, limit, count int64
	sound := true
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			break
		}
		ok := true
		switch string(key) {
		case "rateLimitType":
			kind, ok = p.c.TryText()
		case "interval":
			interval, ok = p.c.TryText()
		case "intervalNum":
			intervals, ok = p.c.TryInt()
		case "limit":
			limit, ok = p.c.TryInt()
		case "count":
			count, ok = p.c.TryInt()
		default:
			p.c.Skip()
		}
		sound = sound && ok
	}
	if !sound || limit <= 0 || limit > math.MaxInt32 || count < 0 || count > math.MaxInt32 {
		return // a form we do not know is no reason to lose the reply
	}
	switch string(kind) {
	case "REQUEST_WEIGHT":
		p.r.Weight, p.r.WeightLimit = int32(count), int32(limit)
	case "ORDERS":
		if intervals <= 0 || intervals > math.MaxInt32 {
			return
		}
		window := seconds(interval) * intervals
		if window > 0 && (p.window == 0 || window < p.window) {
			p.window = window
			p.r.OrderCount, p.r.OrderCountLimit = int32(count), int32(limit)
		}
	}
}

// seconds is the length of a rate limiter's interval; 0 for one that is unknown.
func seconds(interval []byte) int64 {
	switch string(interval) {
	case "SECOND":
		return 1
	case "MINUTE":
		return 60
	case "HOUR":
		return 3600
	case "DAY":
		return 86400
	}
	return 0
}
