package simex

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"slices"
)

const cryptoSHA256 = crypto.SHA256

// authenticate finds the key, checks the signature over the sorted parameters, and the time.
//
// Source: web-socket-api.md, Request security: all parameters but signature, apiKey among them, sorted by name,
// joined as name=value with &, not percent-encoded. REST signs what it sends, in the order sent (binance_rest.go).
func (s *binanceSession) authenticate(call *binanceCall) *refusal {
	auth := call.method.auth
	if auth == authNone {
		return nil
	}
	name, given := s.keyName(call)
	signature := call.find("signature")
	if !given && signature == nil && auth != authAlways && auth != authLogon {
		if s.revoked {
			return &refusal{counterCount, 401, -2015, "Invalid API-key, IP, or permissions for action.", 0}
		}
		if s.logged == nil {
			return &refusal{cBadSignatures, 401, -2014, "API-key format invalid.", 0}
		}
		call.key = s.logged
		return s.checkTime(call)
	}
	switch {
	case auth == authSession:
		return &refusal{cBadParams, 400, -1104, "Not all sent parameters were read.", 0}
	case !given:
		return missing("apiKey")
	}
	if call.key = s.v.keys[string(name)]; call.key == nil {
		return &refusal{cBadKeys, 401, -2015, "Invalid API-key, IP, or permissions for action.", 0}
	}
	if auth == authKey {
		return nil
	}
	switch {
	case !signature.is(jsonString):
		return missing("signature")
	case auth == authLogon && call.key.Ed25519 == nil:
		return &refusal{cUnexpected, 400, -4056, "HMAC_SHA256 API key is not supported.", 0}
	case !s.verify(call, signature.value):
		return &refusal{cBadSignatures, 400, -1022, "Signature for this request is not valid.", 0}
	}
	return s.checkTime(call)
}

// keyName is the API key's name: a parameter on WebSocket, a header on REST.
func (s *binanceSession) keyName(call *binanceCall) ([]byte, bool) {
	if s.http != nil {
		return s.http.key, s.http.key != nil
	}
	return call.text("apiKey"), call.has("apiKey")
}

// verify checks signature by the key's kind.
func (s *binanceSession) verify(call *binanceCall, signature []byte) bool {
	if s.http != nil {
		s.payload = append(s.payload[:0], s.http.signed...)
	} else {
		s.payload = call.sorted(s.payload[:0])
	}
	if !call.key.publicKey() {
		var want, given [32]byte
		call.key.hmacSHA256(want[:0], s.payload)
		if len(signature) != 64 {
			return false
		}
		if _, err := hex.Decode(given[:], signature); err != nil {
			return false
		}
		return hmac.Equal(want[:], given[:])
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(string(signature))
	if err != nil {
		return false
	}
	if call.key.Ed25519 != nil {
		return call.key.verifyEd25519(s.payload, raw)
	}
	return call.key.RSA != nil && call.key.verifyRSA(s.payload, raw)
}

// sorted brings the arguments into the order of their names and appends the text that is signed.
func (call *binanceCall) sorted(dst []byte) []byte {
	slices.SortFunc(call.args, func(a, b argument) int { return bytes.Compare(a.name, b.name) })
	for i := range call.args {
		a := &call.args[i]
		if string(a.name) == "signature" {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, '&')
		}
		dst = append(append(append(dst, a.name...), '='), a.value...)
	}
	return dst
}

const (
	defaultWindowMicros = 5_000_000
	maxWindowMicros     = 60_000_000
	microsFrom          = 100_000_000_000_000 // a timestamp from here on is in microseconds: the year 5138 in ms
)

// checkTime applies timestamp < server + 1000 ms and server - timestamp <= recvWindow, in microseconds.
func (s *binanceSession) checkTime(call *binanceCall) *refusal {
	if call.method.auth == authSession {
		return nil
	}
	given := call.find("timestamp")
	if !given.is(jsonNumber) || !allDigits(given.value) || len(given.value) > 18 {
		return missing("timestamp")
	}
	stamp := int64(0)
	for _, c := range given.value {
		stamp = stamp*10 + int64(c-'0')
	}
	server := s.v.clock(call.now) / 1000
	if stamp < microsFrom { // the venue compares in the unit of the stamp
		stamp, server = stamp*1000, server-server%1000
	}
	window, why := s.window(call)
	if why != nil {
		return why
	}
	if stamp >= server+1_000_000 {
		return &refusal{cBadWindow, 400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.", 0}
	}
	if server-stamp > window {
		return &refusal{cBadWindow, 400, -1021, "Timestamp for this request is outside of the recvWindow.", 0}
	}
	return nil
}

// window reads recvWindow in microseconds: a JSON number of milliseconds with up to three decimals.
func (s *binanceSession) window(call *binanceCall) (int64, *refusal) {
	given := call.find("recvWindow")
	if given == nil {
		return defaultWindowMicros, nil
	}
	value, fault := parseAmount(given.value)
	if !given.is(jsonNumber) || fault != numberFine || value%(amountOne/1000) != 0 {
		return 0, missing("recvWindow")
	}
	micros := int64(value / (amountOne / 1000))
	if micros > maxWindowMicros {
		return 0, &refusal{cBadWindow, 400, -1131, "recvWindow must be less than 60000.", 0}
	}
	return micros, nil
}

// logon is session.logon: from here on the key stands for the connection.
func (s *binanceSession) logon(call *binanceCall) *refusal {
	s.logged, s.logonAt, s.revoked = call.key, call.now, false
	s.reply(call, s.sessionStatus(call, nil))
	return nil
}

func (s *binanceSession) status(call *binanceCall) *refusal {
	s.reply(call, s.sessionStatus(call, nil))
	return nil
}

func (s *binanceSession) logout(call *binanceCall) *refusal {
	s.logged = nil
	s.reply(call, s.sessionStatus(call, nil))
	return nil
}

func (s *binanceSession) sessionStatus(call *binanceCall, dst []byte) []byte {
	if s.logged != nil {
		dst = appendQuoted(append(dst, `{"apiKey":`...), []byte(s.logged.ID))
		dst = s.stamp(append(dst, `,"authorizedSince":`...), s.logonAt)
	} else {
		dst = append(dst, `{"apiKey":null,"authorizedSince":null`...)
	}
	dst = s.stamp(append(dst, `,"connectedSince":`...), s.c.born)
	dst = append(dst, `,"returnRateLimits":`...)
	dst = appendBool(dst, s.limits)
	dst = s.stamp(append(dst, `,"serverTime":`...), call.now)
	dst = append(dst, `,"userDataStream":`...)
	return append(appendBool(dst, s.stream > 0), '}')
}

func appendBool(dst []byte, value bool) []byte {
	if value {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}

// subscribe opens the user data stream of the call's account on this connection.
func (s *binanceSession) subscribe(call *binanceCall) *refusal {
	if s.stream > 0 {
		return &refusal{cUnexpected, 400, -2035, "Subscription already active.", 0}
	}
	s.v.mu.Lock()
	id := call.key.account.subscribe(s.c, "")
	s.v.mu.Unlock()
	s.stream = id + 1
	dst := appendInt([]byte(`{"subscriptionId":`), int64(id))
	s.reply(call, append(dst, '}'))
	return nil
}

func (s *binanceSession) unsubscribe(call *binanceCall) *refusal {
	s.dropStream()
	s.reply(call, []byte("{}"))
	return nil
}

func (s *binanceSession) dropStream() {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	for _, a := range s.v.accounts {
		a.unsubscribe(s.c)
	}
	s.stream = 0
}
