package binance

import (
	"orderwire/orders"
	"orderwire/orders/scan"
)

// The venue's codes that decide what we do. Source: errors.md of the documentation.
const (
	codeUnknown        = -1000 // an unknown error occurred while processing the request
	codeDisconnected   = -1001 // internal error
	codeLimits         = -1003 // request weight
	codeUnexpected     = -1006 // execution status unknown
	codeTimeout        = -1007 // send status unknown; execution status unknown
	codeOverloaded     = -1008 // not executed
	codeTooManyOrders  = -1015 // unfilled order count
	codeCancelRejected = -2011
	codeNoSuchOrder    = -2013
	codeHalfReplaced   = -2021 // cancelReplace: one half done
)

// fault reads the error of a reply.
func (p *reply) fault() {
	if p.c.Kind() != scan.Object {
		p.c.Skip()
		return
	}
	p.saw(sawError)
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "code":
			p.code()
		case "msg":
			if p.c.Kind() != scan.String {
				p.c.Skip()
				continue
			}
			p.r.Text = p.c.Raw()
			p.saw(sawText)
		case "data":
			p.faultData()
		default:
			p.c.Skip()
		}
	}
}

func (p *reply) code() {
	code, ok := p.c.TryInt()
	if ok && code == int64(int32(code)) {
		p.r.Code = int(code)
		p.saw(sawCode)
	}
}

// faultData reads when we may send again.
func (p *reply) faultData() {
	if p.c.Kind() != scan.Object {
		p.c.Skip()
		return
	}
	p.c.Object()
	for {
		key, more := p.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "retryAfter":
			p.whole(&p.retryAt, sawRetryAt)
		case "serverTime":
			p.whole(&p.serverAt, sawServerAt)
		default:
			p.c.Skip()
		}
	}
}

func (p *reply) decideError() error {
	if !p.has(sawCode | sawText) {
		return ErrMissing
	}
	p.r.Kind = kindOfError(p.r.Status, p.r.Code)
	if p.r.RequestID == nil && p.r.Kind != orders.ReportThrottled {
		p.r.Kind = orders.ReportSessionError
	}
	if p.has(sawRetryAt) {
		at, ok := nanos(p.retryAt)
		if !ok {
			return ErrValue
		}
		p.r.RetryAtNanos = at
	}
	return p.at(p.serverAt, sawServerAt)
}

// kindOfError tells what is known of a request that the venue answered with an error.
func kindOfError(status, code int) orders.ReportKind {
	switch {
	case code == codeOverloaded: // comes with 503, and yet is documented as never executed
		return orders.ReportRejected
	case status >= 500, code == codeUnknown, code == codeDisconnected, code == codeUnexpected, code == codeTimeout:
		return orders.ReportUnknown
	case status == 429, status == 418, code == codeLimits, code == codeTooManyOrders:
		return orders.ReportThrottled
	case code == codeCancelRejected:
		return orders.ReportCancelRejected
	case code == codeNoSuchOrder:
		return orders.ReportNotFound
	case code == codeHalfReplaced: // which half, only the reports tell
		return orders.ReportUnknown
	}
	return orders.ReportRejected
}
